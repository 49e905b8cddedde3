// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '../api/query';
import type { EventRow, Session, Tunnel, VSlice } from '../api/types';
import { Link } from '../router';
import { ButtonLink } from '../ui/button';
import { EventText } from '../ui/event';
import { count } from '../ui/number';
import { Card, Empty, PageHead } from '../ui/parts';
import { Table } from '../ui/table';
import { Time } from '../ui/time';

function Number({ to, value, label }: { to: string; value: number | undefined; label: string }) {
	return (
		<Link to={to} class="card stat">
			<b>{count(value)}</b>
			<span>{label}</span>
		</Link>
	);
}

export default function Dashboard() {
	const sessions = useQuery<Session[]>('sessions?limit=1', { on: /session/, every: 5000 });
	const tunnels = useQuery<Tunnel[]>('tunnels?limit=1&filter=state:established', { on: /tunnel/, every: 5000 });
	const vslices = useQuery<VSlice[]>('vslices?limit=1');
	const endpoints = useQuery<unknown[]>('endpoints?limit=1', { on: /endpoint/ });
	if (vslices.data && !vslices.total)
		return (
			<Empty
				icon="vslice"
				title="Begin with a VSlice"
				action={
					<ButtonLink kind="primary" icon="plus" to="/vslices/new">
						New VSlice
					</ButtonLink>
				}
			>
				<p>A VSlice is your private network for devices. Its set-up page leads you from there, step by step, to the first SIM that attaches.</p>
			</Empty>
		);
	return (
		<>
			<PageHead title="Dashboard" />
			<div class="stats">
				<Number to="/sessions" value={sessions.data && sessions.total} label="live sessions" />
				<Number to="/tunnels" value={tunnels.data && tunnels.total} label="tunnels established" />
				<Number to="/endpoints" value={endpoints.data && endpoints.total} label="Endpoints" />
				<Number to="/vslices" value={vslices.data && vslices.total} label="VSlices" />
			</div>
			<Card title="Recent events">
				<Table<EventRow>
					path="events"
					label="Recent events"
					order="desc(sequence)"
					size={12}
					on={/./}
					empty={<Empty icon="event" title="Nothing has happened yet" />}
					columns={[
						{ head: 'Time', cell: (row) => <Time at={row.eventTime} /> },
						{ head: 'What happened', cell: (row) => <EventText event={row} /> },
					]}
				/>
			</Card>
		</>
	);
}
