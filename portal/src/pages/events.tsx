// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { eventTypes } from '../api/event-types';
import type { EventRow } from '../api/types';
import { Link } from '../router';
import { Button } from '../ui/button';
import { EventText } from '../ui/event';
import { Empty, PageHead } from '../ui/parts';
import { Table } from '../ui/table';
import { Time } from '../ui/time';

const NEVER = /^\b$/;
const places: [keyof EventRow, string, string][] = [
	['endpointId', 'endpoints', 'Endpoint'],
	['vsliceId', 'vslices', 'VSlice'],
	['routingTargetId', 'routingtargets', 'Routing Target'],
	['regionalGatewayId', 'regionalgateways', 'Regional Gateway'],
	['endpointGroupId', 'endpointgroups', 'Endpoint Group'],
];

export function About({ event }: { event: EventRow }) {
	return (
		<>
			{places
				.filter(([member]) => event[member])
				.slice(0, 2)
				.map(([member, path, label]) => (
					<Link key={member} class="about-link" to={`/${path}/${event[member] as string}`}>
						{label}
					</Link>
				))}
		</>
	);
}

export default function Events() {
	const [isPaused, pause] = useState(false);
	return (
		<>
			<PageHead
				title="Events"
				about="What happened, newest first, as it happens."
				actions={
					<Button icon={isPaused ? 'play' : 'pause'} onClick={() => pause(!isPaused)} aria-pressed={isPaused}>
						{isPaused ? 'Go on' : 'Hold still'}
					</Button>
				}
			/>
			<Table<EventRow>
				key={String(isPaused)}
				path="events"
				label="Events"
				search="detail"
				searchLabel="Search in the details"
				vsliceMember="vsliceId"
				order="desc(sequence)"
				on={isPaused ? NEVER : /./}
				filters={[{ member: 'eventType', label: 'Type', values: eventTypes.value.map((type) => [type.moniker, type.name]) }]}
				empty={
					<Empty icon="event" title="Nothing has happened yet">
						<p>Attaches, tunnels, changes of status: each leaves an event. An Event Handler is told of those that an Event Map names.</p>
					</Empty>
				}
				columns={[
					{ head: 'Time', cell: (row) => <Time at={row.eventTime} as="full" /> },
					{ head: 'What happened', cell: (row) => <EventText event={row} /> },
					{ head: 'About', cell: (row) => <About event={row} /> },
				]}
			/>
		</>
	);
}
