// SPDX-License-Identifier: Apache-2.0
// Times in the reader's zone; UTC stands on hover, and in the datetime attribute.
import { signal } from '@preact/signals';

const tick = signal(0);
setInterval(() => document.visibilityState === 'visible' && tick.value++, 5000);

// The time, anew with each drawing and every few seconds.
const now = () => (tick.value, Date.now());

const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const words = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const steps: [Intl.RelativeTimeFormatUnit, number][] = [
	['day', 86400],
	['hour', 3600],
	['minute', 60],
	['second', 1],
];

export function ago(at: number, from: number): string {
	const seconds = Math.round((at - from) / 1000);
	if (Math.abs(seconds) < 2) return 'just now';
	const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
	return words.format(Math.trunc(seconds / size), unit);
}

export function Time({ at, as = 'ago' }: { at: string | null | undefined; as?: 'ago' | 'full' | 'clock' }) {
	if (!at) return <span class="faint">never</span>;
	const date = new Date(at);
	const utc = date.toISOString().replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
	const text = as === 'full' ? full.format(date) : as === 'clock' ? clock.format(date) : ago(date.getTime(), now());
	return (
		<time dateTime={date.toISOString()} title={as === 'ago' ? `${full.format(date)} (${utc})` : utc}>
			{text}
		</time>
	);
}

export function duration(ms: number): string {
	if (ms > 0 && ms < 1000) return `${Math.round(ms)} ms`;
	const seconds = Math.floor(ms / 1000);
	if (seconds < 60) return `${(ms / 1000).toFixed(ms % 1000 ? 1 : 0)} s`;
	if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
	if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
	return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

export function Since({ at }: { at: string | null | undefined }) {
	if (!at) return <span class="faint">–</span>;
	return <span title={full.format(new Date(at))}>{duration(Math.max(0, Math.round((now() - new Date(at).getTime()) / 1000) * 1000))}</span>;
}
