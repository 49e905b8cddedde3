// SPDX-License-Identifier: Apache-2.0
// What a page shows, kept fresh: asked for when the page opens, again when an event says that it changed, and by the clock where only counters move.
// The last answer of each path is kept, so that going back shows something at once.
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, type Reply } from './client';
import { customer } from './session';
import { onEvent, onRenewed } from './stream';

export interface Query<T> {
	data: T | undefined;
	etag: string | null;
	total: number;
	error: unknown;
	loading: boolean;
	reload: () => Promise<void>;
}

export interface QueryOptions {
	on?: RegExp; // types of events after which it is asked for again
	every?: number; // ms
}

const kept = new Map<string, Reply<unknown>>();
const underWay = new Map<string, { since: number; reply: Promise<Reply<unknown>> }>();
const SHARED_MS = 40; // shorter than the pause before something is asked again for a change
const KEPT_MAX = 200;
const changed = new Set<(path: string) => void>();

const keyOf = (path: string) => (customer.peek() ?? '') + ' ' + path;

// Rows that ask for the same thing at the same time ask once.
function ask<T>(path: string): Promise<Reply<T>> {
	const key = keyOf(path);
	const known = underWay.get(key);
	if (known && Date.now() - known.since < SHARED_MS) return known.reply as Promise<Reply<T>>;
	const reply = call<T>('GET', path);
	underWay.set(key, { since: Date.now(), reply });
	void reply.catch(() => undefined).finally(() => underWay.get(key)?.reply === reply && underWay.delete(key));
	return reply;
}

function keep(path: string, reply: Reply<unknown>) {
	kept.delete(keyOf(path));
	kept.set(keyOf(path), reply);
	if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value as string);
}

// After a change: every page that shows something below the path asks again.
export function touch(...paths: string[]) {
	for (const key of kept.keys()) if (paths.some((path) => key.includes(' ' + path))) kept.delete(key);
	for (const path of paths) for (const tell of changed) tell(path);
}

export function forgetAll() {
	kept.clear();
}

export function useQuery<T>(path: string | null, options: QueryOptions = {}): Query<T> {
	const known = path === null ? undefined : (kept.get(keyOf(path)) as Reply<T> | undefined);
	const [state, setState] = useState<{ path: string | null; reply: Reply<T> | undefined; error: unknown }>({ path, reply: known, error: null });
	const turn = useRef(0);
	const current = state.path === path ? state : { path, reply: known, error: null };

	const askAgain = async () => {
		if (path === null) return;
		const own = ++turn.current;
		try {
			const reply = await ask<T>(path);
			keep(path, reply);
			if (own === turn.current) setState({ path, reply, error: null });
		} catch (error) {
			if (own === turn.current) setState((before) => ({ path, reply: before.path === path ? before.reply : undefined, error }));
		}
	};
	const latest = useRef(askAgain);
	latest.current = askAgain;

	useEffect(() => {
		void latest.current();
		return () => void turn.current++;
	}, [path, customer.value]);

	useEffect(() => {
		let timer: ReturnType<typeof setTimeout> | undefined;
		const soon = () => {
			timer ??= setTimeout(() => {
				timer = undefined;
				void latest.current();
			}, 60);
		};
		const tell = (changedPath: string) => path?.startsWith(changedPath) && soon();
		const leave = [onRenewed(soon), options.on ? onEvent((event) => options.on?.test(event.eventType) && soon()) : () => undefined];
		changed.add(tell);
		const clock = options.every ? setInterval(() => document.visibilityState === 'visible' && soon(), options.every) : undefined;
		return () => {
			leave.forEach((quit) => quit());
			changed.delete(tell);
			clearTimeout(timer);
			clearInterval(clock);
		};
	}, [path]);

	return {
		data: current.reply?.data,
		etag: current.reply?.etag ?? null,
		total: current.reply?.total ?? 0,
		error: current.error,
		loading: path !== null && !current.reply && !current.error,
		reload: () => latest.current(),
	};
}
