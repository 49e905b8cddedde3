// SPDX-License-Identifier: Apache-2.0
// An event in words: its type's name and what its detail says.
import { eventTypeName } from '../api/event-types';
import type { EventRow } from '../api/types';
import { Badge, type Tone } from './parts';

const tones: [RegExp, Tone][] = [
	[/failed|unreachable|down|unavailable|dead|refused|forcibly/, 'bad'],
	[/failover|steered|suspended|terminated/, 'warn'],
	[/created|up_|reachable|available|succeeded|active/, 'good'],
];

export const toneOf = (type: string): Tone => tones.find(([pattern]) => pattern.test(type))?.[1] ?? 'none';

const words = (name: string) => name.replace(/([A-Z])/g, ' $1').toLowerCase();

// What is told first, and what is of use only to programs.
const first = ['verdict', 'reason', 'why', 'message'];
const isId = (value: unknown) => /^[0-9a-f]{8}-[0-9a-f]{4}-/.test(String(value));
const SHOWN = 6;

export function EventText({ event }: { event: EventRow }) {
	const detail = Object.entries(event.detail ?? {}).filter(([, value]) => value !== null && value !== '' && !isId(value));
	const said = detail.filter(([key]) => first.includes(key));
	const rest = detail.filter(([key]) => !first.includes(key));
	return (
		<>
			<Badge tone={toneOf(event.eventType)}>{eventTypeName(event.eventType)}</Badge>
			{said.map(([key, value]) => (
				<p key={key}>{String(value)}</p>
			))}
			{rest.length > 0 && (
				<span class="event-detail" title={rest.map(([key, value]) => `${words(key)} ${value}`).join('\n')}>
					{rest.slice(0, SHOWN).map(([key, value]) => (
						<span key={key}>
							<i>{words(key)}</i> {String(value)}
						</span>
					))}
				</span>
			)}
		</>
	);
}
