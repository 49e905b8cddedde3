// SPDX-License-Identifier: Apache-2.0
// An event in words: its type's name and what its detail says.
import { useQuery } from '../api/query';
import type { EventRow, Thing } from '../api/types';
import { Badge, type Tone } from './parts';

const tones: [RegExp, Tone][] = [
	[/failed|unreachable|down|unavailable|dead|refused|forcibly/, 'bad'],
	[/failover|steered|suspended|terminated/, 'warn'],
	[/created|up_|reachable|available|succeeded|active/, 'good'],
];

export const toneOf = (type: string): Tone => tones.find(([pattern]) => pattern.test(type))?.[1] ?? 'none';

const words = (name: string) => name.replace(/([A-Z])/g, ' $1').toLowerCase();

export function EventText({ event }: { event: EventRow }) {
	const types = useQuery<Thing[]>('eventtypes?limit=200');
	const name = types.data?.find((type) => type.moniker === event.eventType)?.name ?? event.eventType;
	const detail = Object.entries(event.detail ?? {}).filter(([, value]) => value !== null && value !== '');
	return (
		<>
			<Badge tone={toneOf(event.eventType)}>{name}</Badge>
			{detail.length > 0 && (
				<span class="event-detail">
					{detail.map(([key, value]) => (
						<span key={key}>
							<i>{words(key)}</i> {String(value)}
						</span>
					))}
				</span>
			)}
		</>
	);
}
