// SPDX-License-Identifier: Apache-2.0
// Traffic by hour or by day.
import { useState } from 'preact/hooks';
import { useQuery } from '../api/query';
import { octets } from '../ui/number';
import { Await, Card } from '../ui/parts';
import { Plot } from '../ui/plot';

interface Usage {
	from: string;
	bytesUplink: number;
	bytesDownlink: number;
	sessions: number;
}

const hour = new Intl.DateTimeFormat(undefined, { weekday: 'short', hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

// `of` is a path such as "endpoints/ID/", or "" for everything.
export function UsageCard({ of }: { of: string }) {
	const [interval, setInterval] = useState<'hour' | 'day'>('hour');
	const query = useQuery<Usage[]>(`${of}usage?interval=${interval}`, { every: 10000 });
	const format = interval === 'hour' ? hour : day;
	return (
		<Card
			title="Traffic"
			actions={
				<select aria-label="By" value={interval} onChange={(event) => setInterval(event.currentTarget.value as 'hour' | 'day')}>
					<option value="hour">last day, by hour</option>
					<option value="day">last 30 days, by day</option>
				</select>
			}
		>
			<Await query={query}>
				{(rows) => (
					<Plot
						bars={rows.map((row) => ({ at: row.from, parts: [row.bytesUplink, row.bytesDownlink] }))}
						names={['up', 'down']}
						label="Octets"
						format={octets}
						when={(at) => format.format(new Date(at))}
					/>
				)}
			</Await>
		</Card>
	);
}
