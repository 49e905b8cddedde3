// SPDX-License-Identifier: Apache-2.0
// How it goes, at one look: what is live, what failed, and where to look further.
import { useQuery } from '../api/query';
import { mayWrite } from '../api/schema';
import type { Enum, EventRow, Session, Thing, Tunnel, VSlice } from '../api/types';
import { Link } from '../router';
import { vsliceFilter } from '../shell/state';
import { ButtonLink } from '../ui/button';
import { EventText } from '../ui/event';
import { count } from '../ui/number';
import { Card, Empty, Loading, PageHead, State } from '../ui/parts';
import { Plot, type Bar } from '../ui/plot';
import { Table } from '../ui/table';
import { Time } from '../ui/time';
import { About } from './events';
import { UsageCard } from './usage';
import { ReadyBadge } from './vslices';

function Figure({ to, value, label, bad }: { to: string; value: number | undefined; label: string; bad?: boolean }) {
	return (
		<Link to={to} class={bad ? 'card stat bad' : 'card stat'}>
			<b>{count(value)}</b>
			<span>{label}</span>
		</Link>
	);
}

const BARS = 30;
const BAR_MS = 2 * 60 * 1000;
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

// The last hour in bars of two minutes: what attached, and what did not.
function barsOf(good: EventRow[], bad: EventRow[]): Bar[] {
	const begin = (Math.floor(Date.now() / BAR_MS) - BARS + 1) * BAR_MS;
	const bars = Array.from({ length: BARS }, (_, i) => ({ at: new Date(begin + i * BAR_MS).toISOString(), parts: [0, 0] }));
	[good, bad].forEach((rows, part) => {
		for (const row of rows) {
			const bar = bars[Math.floor((Date.parse(row.eventTime) - begin) / BAR_MS)];
			if (bar) bar.parts[part]!++;
		}
	});
	return bars;
}

function useAttaches() {
	const path = (type: string) => `events?limit=1000&sortBy=desc(sequence)&filter=${encodeURIComponent(`eventType:${type}${vsliceFilter.value ? ',vsliceId:' + vsliceFilter.value : ''}`)}`;
	const good = useQuery<EventRow[]>(path('endpointdatasessioncreated'), { on: /datasessioncreated/, every: 30000 });
	const bad = useQuery<EventRow[]>(path('endpointdatasessioncreatefailed'), { on: /createfailed/, every: 30000 });
	return { good: good.data, bad: bad.data };
}

function Attaches({ good, bad }: { good: EventRow[]; bad: EventRow[] }) {
	const failed = bad.slice(0, 5);
	return (
		<Card title="Attaches" about="The last hour, by two minutes." actions={<Link to="/events?eventType=endpointdatasessioncreatefailed_v1">All failures</Link>}>
			<Plot bars={barsOf(good, bad)} names={['attached', 'failed']} tones={['good', 'bad']} label="Attaches" format={count} when={(at) => clock.format(new Date(at))} />
			{failed.length > 0 && (
				<ul class="plain-list">
					{failed.map((event) => (
						<li key={event.id}>
							<Time at={event.eventTime} /> {event.endpointId ? <Link to={`/endpoints/${event.endpointId}/attaches`}>{String(event.detail?.imsi ?? 'Endpoint')}</Link> : String(event.detail?.imsi ?? '')}{' '}
							<span class="soft">{String(event.detail?.verdict ?? event.detail?.reason ?? '')}</span>
						</li>
					))}
				</ul>
			)}
		</Card>
	);
}

function Gateways() {
	const gateways = useQuery<Thing[]>('regionalgateways?limit=50', { on: /regionalgateway/, every: 5000 });
	const seen = gateways.data?.filter((gateway) => (gateway.status as Enum).moniker !== 'never-seen') ?? [];
	return (
		<Card title="Regional Gateways">
			{seen.length ? (
				<ul class="plain-list">
					{seen.map((gateway) => (
						<li key={gateway.id} class="spread">
							<Link to={'/regionalgateways/' + gateway.moniker}>{gateway.name}</Link>
							<State of={gateway.status as Enum} />
							<span class="soft">{gateway.load === null ? '' : `load ${gateway.load as number} %`}</span>
						</li>
					))}
				</ul>
			) : (
				<p class="soft">
					None has joined yet. <Link to="/regionalgateways">How one joins</Link>
				</p>
			)}
		</Card>
	);
}

function VSlices({ vslices }: { vslices: VSlice[] }) {
	return (
		<Card title="VSlices" actions={<Link to="/vslices">All</Link>}>
			<ul class="plain-list">
				{vslices.map((vslice) => (
					<li key={vslice.id} class="spread">
						<Link to={'/vslices/' + vslice.moniker}>{vslice.name}</Link>
						<ReadyBadge vslice={vslice} />
						<span class="soft">{count(vslice.endpointCount)} Endpoints</span>
					</li>
				))}
			</ul>
		</Card>
	);
}

export default function Dashboard() {
	const filter = (member: string) => (vsliceFilter.value ? `&filter=${member}:${vsliceFilter.value}` : '');
	const sessions = useQuery<Session[]>('sessions?limit=1' + filter('vslice'), { on: /session/, every: 5000 });
	const tunnels = useQuery<Tunnel[]>('tunnels?limit=1000' + filter('vslice'), { on: /tunnel/, every: 5000 });
	const endpoints = useQuery<unknown[]>('endpoints?limit=1' + filter('vslice'), { on: /endpoint/ });
	const vslices = useQuery<VSlice[]>('vslices?limit=8&sortBy=asc(name)', { on: /tunnel|routingtarget|regionalgateway/ });
	const attaches = useAttaches();
	const down = tunnels.data?.filter((tunnel) => tunnel.state?.moniker !== 'established').length ?? 0;
	const hourAgo = Date.now() - 3600000;
	const failures = attaches.bad?.filter((event) => Date.parse(event.eventTime) > hourAgo).length;
	if (vslices.loading) return <Loading />;
	if (vslices.data && !vslices.total)
		return (
			<Empty
				icon="vslice"
				title="Begin with a VSlice"
				action={
					mayWrite('vslice') && (
						<ButtonLink kind="primary" icon="plus" to="/vslices/new">
							New VSlice
						</ButtonLink>
					)
				}
			>
				<p>A VSlice is your private network for devices. Its set-up page leads you from there, step by step, to the first SIM that attaches.</p>
			</Empty>
		);
	return (
		<>
			<PageHead title="Dashboard" />
			<div class="stats">
				<Figure to="/sessions" value={sessions.data && sessions.total} label="live sessions" />
				<Figure to="/endpoints" value={endpoints.data && endpoints.total} label="Endpoints" />
				<Figure to="/tunnels" value={tunnels.data && tunnels.total - down} label="tunnels established" />
				<Figure to="/tunnels" value={tunnels.data && down} label="tunnels down" bad={down > 0} />
				<Figure to="/events?eventType=endpointdatasessioncreatefailed_v1" value={failures} label="failed attaches, last hour" bad={!!failures} />
			</div>
			<div class="columns">
				{attaches.good && attaches.bad && <Attaches good={attaches.good} bad={attaches.bad} />}
				<UsageCard of="" />
			</div>
			<div class="columns">
				<VSlices vslices={vslices.data ?? []} />
				<Gateways />
			</div>
			<Card title="Recent events" actions={<Link to="/events">All events</Link>}>
				<Table<EventRow>
					path="events"
					label="Recent events"
					order="desc(sequence)"
					vsliceMember="vsliceId"
					size={10}
					pageless
					on={/./}
					empty={<Empty icon="event" title="Nothing has happened yet" />}
					columns={[
						{ head: 'Time', cell: (row) => <Time at={row.eventTime} /> },
						{ head: 'What happened', cell: (row) => <EventText event={row} /> },
						{ head: 'About', wide: true, cell: (row) => <About event={row} /> },
					]}
				/>
			</Card>
		</>
	);
}

