// SPDX-License-Identifier: Apache-2.0
// The frame: menu, header, and the page in the middle.
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { useQuery } from '../api/query';
import { mayRead } from '../api/schema';
import { actFor, customer, isPlatformOwner, me, signOut } from '../api/session';
import { line, retryAt } from '../api/stream';
import type { Thing } from '../api/types';
import { Link, matchPath, path } from '../router';
import { routes, type Route } from '../routes';
import { Button } from '../ui/button';
import { Icon } from '../ui/icons';
import { setVSliceFilter, theme, vsliceFilter, withFilter, isDark } from './state';

const menuIsOpen = signal(false);

const isOffered = (route: Route) => route.menu && (!route.noun || mayRead(route.noun));
const isAt = (route: Route) => (route.path === '/' ? path.value === '/' : path.value === route.path || path.value.startsWith(route.path + '/'));

function Menu() {
	const offered = routes.filter(isOffered);
	const sections = [...new Set(offered.map((route) => route.menu!.section))];
	return (
		<nav class="menu" id="menu" aria-label="Main">
			{sections.map((section) => (
				<div key={section}>
					{section && <h2>{section}</h2>}
					<ul>
						{offered
							.filter((route) => route.menu!.section === section)
							.map((route) => (
								<li key={route.path}>
									<Link to={withFilter(route.path)} aria-current={isAt(route) ? 'page' : undefined}>
										<Icon name={route.menu!.icon} />
										{route.menu!.label ?? route.title}
									</Link>
								</li>
							))}
					</ul>
				</div>
			))}
		</nav>
	);
}

function VSliceFilter() {
	const list = useQuery<Thing[]>('vslices?limit=200&sortBy=asc(name)');
	if (!list.data?.length) return null;
	return (
		<label class="header-select">
			<span class="visually-hidden">VSlice filter</span>
			<Icon name="vslice" />
			<select value={vsliceFilter.value} onChange={(event) => setVSliceFilter(event.currentTarget.value)}>
				<option value="">All VSlices</option>
				{list.data.map((vslice) => (
					<option key={vslice.id} value={vslice.moniker} selected={vslice.moniker === vsliceFilter.value}>
						{vslice.name}
					</option>
				))}
			</select>
		</label>
	);
}

function CustomerSwitch() {
	const list = useQuery<Thing[]>('customers?limit=200&sortBy=asc(name)');
	const own = me.value?.customer?.moniker;
	if (!list.data || list.data.length < 2) return null;
	return (
		<label class="header-select">
			<span class="visually-hidden">Customer</span>
			<Icon name="customer" />
			<select
				value={customer.value ?? own ?? ''}
				onChange={(event) => {
					actFor(event.currentTarget.value === own ? null : event.currentTarget.value);
				}}
			>
				{list.data.map((one) => (
					<option key={one.id} value={one.moniker} selected={one.moniker === (customer.value ?? own)}>
						{one.name}
					</option>
				))}
			</select>
		</label>
	);
}

function LineState() {
	useEffect(() => {
		const tick = setInterval(() => line.value === 'lost' && (retryAt.value = retryAt.value + 0), 1000);
		return () => clearInterval(tick);
	}, []);
	const text = { live: 'Live', connecting: 'Connecting…', lost: 'Reconnecting…' }[line.value];
	return (
		<span class={'line ' + line.value} role="status" title={line.value === 'live' ? 'Changes appear here as they happen' : 'What is shown may be old'}>
			<i aria-hidden="true" />
			{text}
		</span>
	);
}

function ThemeButton() {
	return <Button kind="quiet" icon={isDark.value ? 'sun' : 'moon'} label={isDark.value ? 'Light colours' : 'Dark colours'} onClick={() => (theme.value = isDark.value ? 'light' : 'dark')} />;
}

function Header() {
	const who = me.value;
	return (
		<header class="header">
			<button type="button" class="button quiet alone menu-button" aria-label="Menu" aria-expanded={menuIsOpen.value} aria-controls="menu" onClick={() => (menuIsOpen.value = !menuIsOpen.value)}>
				<Icon name="menu" />
			</button>
			<Link to="/" class="brand" aria-label="Slicegate">
				<svg viewBox="0 0 32 32" aria-hidden="true">
					<rect width="32" height="32" rx="8" />
					<path d="M7 11h18M7 16h12M7 21h18" />
				</svg>
				<b>Slicegate</b>
			</Link>
			<VSliceFilter />
			<span class="spring" />
			<LineState />
			{isPlatformOwner.value && <CustomerSwitch />}
			<ThemeButton />
			<span class="who" title={who?.customer?.name}>
				<Icon name="user" />
				<span>{who?.user?.name ?? who?.user?.email ?? who?.token?.name ?? 'API token'}</span>
				<small>{who?.role}</small>
			</span>
			<Button kind="quiet" icon="out" label="Sign out" run={signOut} />
		</header>
	);
}

function ActingFor() {
	if (!customer.value || customer.value === me.value?.customer?.moniker) return null;
	return (
		<div class="acting" role="status">
			<Icon name="customer" />
			<span>
				Acting for customer <b>{customer.value}</b>. What you see and change here is theirs.
			</span>
			<Button small onClick={() => actFor(null)}>
				Stop
			</Button>
		</div>
	);
}

export function Layout({ children }: { children: ComponentChildren }) {
	useEffect(() => {
		menuIsOpen.value = false;
	}, [path.value]);
	return (
		<div class={menuIsOpen.value ? 'layout menu-open' : 'layout'}>
			<a class="skip" href="#main">
				Skip to the page
			</a>
			<Header />
			<Menu />
			<main id="main" tabIndex={-1}>
				<ActingFor />
				{children}
			</main>
		</div>
	);
}

export const routeAt = (at: string) => {
	for (const route of routes) {
		const match = matchPath(route.path, at);
		if (match) return { route, params: { ...route.fixed, ...match.params } };
	}
	return null;
};
