// SPDX-License-Identifier: Apache-2.0
// Every view has a URL: the path names the thing, the query says how it is looked at (page, order, filter, tab). Links are links, so they open in new
// tabs. A form with unsaved input is asked before it is left.
import { computed, signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';

const place = signal(new URL(location.href));
export const path = computed(() => place.value.pathname);
export const query = computed(() => place.value.searchParams);

// Answers whether the view may be left.
let guard: (() => Promise<boolean>) | null = null;

export function setGuard(ask: (() => Promise<boolean>) | null) {
	guard = ask;
}

function arrive() {
	place.value = new URL(location.href);
}

let at = location.href;
addEventListener('popstate', () => {
	const wanted = location.href;
	if (!guard) {
		at = wanted;
		arrive();
		return;
	}
	const ask = guard;
	history.pushState(null, '', at);
	void ask().then((leave) => {
		if (!leave) return;
		setGuard(null);
		void navigate(wanted);
	});
});
addEventListener('beforeunload', (event) => {
	if (guard) event.preventDefault();
});

export async function navigate(to: string, options: { replace?: boolean } = {}) {
	const url = new URL(to, location.href);
	const moves = url.pathname !== place.peek().pathname;
	if (moves && guard && !(await guard())) return;
	if (moves) guard = null;
	if (options.replace) history.replaceState(null, '', url);
	else history.pushState(null, '', url);
	at = location.href;
	arrive();
	if (moves) scrollTo(0, 0);
}

// Changes members of the query; null takes one away.
export function setQuery(changes: Record<string, string | null>, options: { replace?: boolean } = { replace: true }) {
	const url = new URL(place.peek());
	for (const [name, value] of Object.entries(changes)) {
		if (value === null || value === '') url.searchParams.delete(name);
		else url.searchParams.set(name, value);
	}
	void navigate(url.toString(), options);
}

export interface Match {
	params: Record<string, string>;
}

export function matchPath(pattern: string, actual: string): Match | null {
	const wanted = pattern.split('/').filter(Boolean);
	const parts = actual.split('/').filter(Boolean);
	const params: Record<string, string> = {};
	if (parts.length > wanted.length) return null;
	for (let i = 0; i < wanted.length; i++) {
		const word = wanted[i]!;
		const part = parts[i];
		if (word.startsWith(':')) {
			const optional = word.endsWith('?');
			if (part === undefined && !optional) return null;
			if (part !== undefined) params[word.slice(1, optional ? -1 : undefined)] = decodeURIComponent(part);
		} else if (word !== part) return null;
	}
	return { params };
}

type LinkProps = { to: string; children: ComponentChildren } & Omit<JSX.HTMLAttributes<HTMLAnchorElement>, 'href'>;

export function Link({ to, children, ...rest }: LinkProps) {
	const onClick = (event: JSX.TargetedMouseEvent<HTMLAnchorElement>) => {
		if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button) return;
		event.preventDefault();
		void navigate(to);
	};
	return (
		<a href={to} onClick={onClick} {...rest}>
			{children}
		</a>
	);
}
