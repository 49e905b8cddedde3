// SPDX-License-Identifier: Apache-2.0
// The small parts that pages are made of.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Query } from '../api/query';
import type { Enum } from '../api/types';
import { Link } from '../router';
import { Faults, isNotFound } from './faults';
import { Icon, type IconName } from './icons';
import { tell } from './toast';

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'none';

const tones: Record<string, Tone> = {
	active: 'good',
	available: 'good',
	connected: 'good',
	established: 'good',
	up: 'good',
	ready: 'good',
	pending: 'warn',
	provisional: 'warn',
	'auto-activate': 'warn',
	opening: 'busy',
	closing: 'busy',
	idle: 'none',
	unallocated: 'none',
	inactive: 'none',
	'never-seen': 'none',
	suspended: 'bad',
	terminated: 'bad',
	unavailable: 'bad',
	disconnected: 'bad',
	down: 'bad',
};

export function Badge({ tone, children, title }: { tone: Tone; children: ComponentChildren; title?: string | undefined }) {
	return (
		<span class={'badge ' + tone} title={title}>
			<i aria-hidden="true" />
			{children}
		</span>
	);
}

export function State({ of, title }: { of: Enum | null | undefined; title?: string | undefined }) {
	return of ? (
		<Badge tone={tones[of.moniker] ?? 'none'} title={title}>
			{of.name}
		</Badge>
	) : (
		<span class="faint">–</span>
	);
}

export function PageHead({ title, about, actions, crumbs }: { title: ComponentChildren; about?: ComponentChildren; actions?: ComponentChildren; crumbs?: [string, string][] }) {
	return (
		<header class="page-head">
			<div>
				{crumbs && (
					<nav class="crumbs" aria-label="Where this is">
						{crumbs.map(([to, text]) => (
							<Link key={to} to={to}>
								{text}
							</Link>
						))}
					</nav>
				)}
				<h1>{title}</h1>
				{about && <p class="about">{about}</p>}
			</div>
			{actions && <div class="actions">{actions}</div>}
		</header>
	);
}

export function Card({ title, about, actions, children, id }: { title?: ComponentChildren; about?: ComponentChildren; actions?: ComponentChildren; children: ComponentChildren; id?: string }) {
	return (
		<section class="card" id={id}>
			{(title || actions) && (
				<header>
					<div>
						{title && <h2>{title}</h2>}
						{about && <p class="about">{about}</p>}
					</div>
					{actions && <div class="actions">{actions}</div>}
				</header>
			)}
			{children}
		</section>
	);
}

export function Empty({ icon, title, children, action }: { icon: IconName; title: string; children?: ComponentChildren; action?: ComponentChildren }) {
	return (
		<div class="empty">
			<Icon name={icon} />
			<h2>{title}</h2>
			{children && <div>{children}</div>}
			{action}
		</div>
	);
}

export function Loading() {
	return (
		<div class="loading" role="status">
			<span class="visually-hidden">Loading</span>
			<i />
			<i />
			<i />
		</div>
	);
}

// A page's object, or why it is not there.
export function Await<T>({ query, children, what }: { query: Query<T>; what?: string; children: (data: T) => ComponentChildren }) {
	if (query.data !== undefined)
		return (
			<>
				{query.error ? <Faults error={query.error} retry={query.reload} /> : null}
				{children(query.data)}
			</>
		);
	if (isNotFound(query.error))
		return (
			<Empty icon="search" title={`This ${what ?? 'page'} does not exist`}>
				<p>It may have been deleted, or belong to another customer.</p>
			</Empty>
		);
	return query.error ? <Faults error={query.error} retry={query.reload} /> : <Loading />;
}

export interface TabItem {
	id: string;
	label: string;
	to: string;
	count?: number | undefined;
	bad?: boolean | undefined;
}

export function Tabs({ items, at, label }: { items: TabItem[]; at: string; label: string }) {
	const bar = useRef<HTMLElement>(null);
	// On a narrow screen the tab that one is at may be out of sight.
	useEffect(() => {
		const tab = bar.current?.querySelector<HTMLElement>('[aria-current]');
		if (tab && bar.current) bar.current.scrollLeft = tab.offsetLeft - bar.current.offsetLeft - 40;
	}, [at]);
	return (
		<nav ref={bar} class="tabs" aria-label={label}>
			{items.map((item) => (
				<Link key={item.id} to={item.to} aria-current={item.id === at ? 'page' : undefined}>
					{item.label}
					{item.count !== undefined && <span class={item.bad ? 'count bad' : 'count'}>{item.count}</span>}
				</Link>
			))}
		</nav>
	);
}

// Pairs of name and value. A value that is absent is a dash.
export function Facts({ rows }: { rows: [string, ComponentChildren][] }) {
	return (
		<dl class="facts">
			{rows.map(([name, value]) => (
				<div key={name}>
					<dt>{name}</dt>
					<dd>{value === null || value === undefined || value === '' ? <span class="faint">–</span> : value}</dd>
				</div>
			))}
		</dl>
	);
}

export function Copyable({ text, label = 'Copy' }: { text: string; label?: string }) {
	const copy = async () => {
		await navigator.clipboard?.writeText(text);
		tell('Copied');
	};
	return (
		<span class="copyable">
			<code>{text}</code>
			<button type="button" class="button quiet small alone" aria-label={label} title={label} onClick={copy}>
				<Icon name="copy" />
			</button>
		</span>
	);
}

export function CodeBlock({ text, label }: { text: string; label: string }) {
	return (
		<figure class="code">
			<figcaption>
				{label}
				<button type="button" class="button quiet small" onClick={() => void navigator.clipboard?.writeText(text).then(() => tell('Copied'))}>
					<Icon name="copy" />
					<span>Copy</span>
				</button>
			</figcaption>
			<pre tabIndex={0}>{text}</pre>
		</figure>
	);
}
