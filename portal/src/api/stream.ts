// SPDX-License-Identifier: Apache-2.0
// Live events. Read with fetch rather than EventSource, because a token or a customer travels in a header. When the line is lost it is
// said, and tried again with growing pauses; the stream goes on after the last event that was seen.
import { signal } from '@preact/signals';
import { BASE, headersOf } from './client';
import type { EventRow } from './types';

export type Line = 'connecting' | 'live' | 'lost';

export const line = signal<Line>('connecting');
export const retryAt = signal(0);

type Listener = (event: EventRow) => void;
const listeners = new Set<Listener>();
const renewers = new Set<() => void>();
let stop: AbortController | null = null;
let lastId = '';

export function onEvent(listener: Listener): () => void {
	listeners.add(listener);
	return () => listeners.delete(listener);
}

// Called when the line is back after it was lost: what is on the page may be old.
export function onRenewed(renewer: () => void): () => void {
	renewers.add(renewer);
	return () => renewers.delete(renewer);
}

function take(block: string) {
	let data = '';
	for (const row of block.split('\n')) {
		if (row.startsWith('id:')) lastId = row.slice(3).trim();
		else if (row.startsWith('data:')) data += row.slice(5).trim();
	}
	if (!data) return;
	const event = JSON.parse(data) as EventRow;
	for (const listener of listeners) listener(event);
}

async function read(body: ReadableStream<Uint8Array>) {
	const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
	let rest = '';
	for (;;) {
		const { value, done } = await reader.read();
		if (done) return;
		const blocks = (rest + value.replace(/\r/g, '')).split('\n\n');
		rest = blocks.pop() ?? '';
		blocks.forEach(take);
	}
}

async function connectOnce(signal: AbortSignal): Promise<boolean> {
	const headers = headersOf('GET');
	headers.set('Accept', 'text/event-stream');
	if (lastId) headers.set('Last-Event-ID', lastId);
	try {
		const reply = await fetch(BASE + 'events/stream', { headers, signal, credentials: 'same-origin' });
		if (!reply.ok || !reply.body) return false;
		const wasLost = line.peek() === 'lost';
		line.value = 'live';
		if (wasLost) for (const renewer of renewers) renewer();
		await read(reply.body);
		return true;
	} catch {
		return line.peek() === 'live';
	}
}

const pause = (ms: number, signal: AbortSignal) =>
	new Promise<void>((resolve) => {
		const timer = setTimeout(resolve, ms);
		signal.addEventListener('abort', () => (clearTimeout(timer), resolve()));
		addEventListener('online', () => resolve(), { once: true, signal });
	});

export async function startStream() {
	stopStream();
	const own = (stop = new AbortController());
	let wait = 500;
	line.value = 'connecting';
	while (!own.signal.aborted) {
		if (await connectOnce(own.signal)) wait = 500;
		if (own.signal.aborted) return;
		line.value = 'lost';
		retryAt.value = Date.now() + wait;
		await pause(wait, own.signal);
		wait = Math.min(wait * 2, 10000);
	}
}

export function stopStream() {
	stop?.abort();
	stop = null;
	lastId = '';
}
