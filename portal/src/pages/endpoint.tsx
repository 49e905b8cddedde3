// SPDX-License-Identifier: Apache-2.0
// One Endpoint: whether it is attached, with what address, and if not, why not.
import { patch, post } from '../api/client';
import { touch, useQuery } from '../api/query';
import { mayWrite } from '../api/schema';
import { mayAct } from '../api/session';
import type { Attach, Endpoint, EventRow, Session } from '../api/types';
import { Link } from '../router';
import { Button } from '../ui/button';
import { confirm } from '../ui/dialog';
import { Icon } from '../ui/icons';
import { count, octets } from '../ui/number';
import { Await, Badge, Card, Empty, Facts, PageHead, State, Tabs } from '../ui/parts';
import { ToGateway, ToGroup, ToVSlice } from '../ui/refs';
import { Table } from '../ui/table';
import { Since, Time } from '../ui/time';
import { tell } from '../ui/toast';
import { Trace, Verdict } from '../ui/trace';
import { Address } from './endpoint-table';
import { EventText } from '../ui/event';
import { useLnsName } from './lns-name';
import { CaptureButton } from './capture';
import { DeleteButton, EditForm, useThing } from './kit';
import { UsageCard } from './usage';

const ON = /endpoint|l2tpsession/;

function Actions({ endpoint }: { endpoint: Endpoint }) {
	const path = 'endpoints/' + endpoint.id;
	const status = endpoint.endpointStatus.moniker;
	const set = (to: string, said: string) => async () => {
		await patch(path, { endpointStatus: to });
		touch('endpoints');
		tell(said);
	};
	const detach = () =>
		confirm({
			title: 'Detach this Endpoint?',
			text: <p>Its session ends now. The device may attach again at once; suspend it to keep it out.</p>,
			act: 'Detach',
			danger: true,
			run: async () => {
				await post(path + '/detach');
				tell('A detach was asked for');
			},
		});
	const suspend = () =>
		confirm({ title: 'Suspend this Endpoint?', text: <p>It is refused until it is active again{endpoint.session ? ', and its session ends now' : ''}.</p>, act: 'Suspend', danger: true, run: set('suspended', 'Suspended') });
	return (
		<>
			<CaptureButton of={{ endpoint: endpoint.id }} name={endpoint.name ?? endpoint.iccid} />
			{mayAct() && endpoint.session && <Button run={detach}>Detach</Button>}
			{mayWrite('endpoint') && status === 'active' && <Button run={suspend}>Suspend</Button>}
			{mayWrite('endpoint') && status === 'suspended' && <Button run={set('active', 'Active again')}>Activate</Button>}
			<DeleteButton noun="endpoint" thing={endpoint} breaks={<p>The SIM is refused from then on{endpoint.session ? ', and its session ends now' : ''}.</p>} />
		</>
	);
}

export function SessionCard({ session, lns }: { session: Session; lns: string | null }) {
	const phases = Object.entries(session.phases ?? {});
	return (
		<Card title="Live session">
			<Facts
				rows={[
					['IP address', <Address of={session} />],
					['Attached for', <Since at={session.startedAt} />],
					['LNS', session.tunnel ? <Link to={`/tunnels?vslice=${session.vslice?.moniker ?? ''}`}>{lns ?? 'its tunnel'}</Link> : 'none: Slicegate gives the address'],
					['DNS servers', session.dnsServers?.join(', ')],
					['MTU', session.mtu],
					['Access point name', session.apn],
					['Radio access', session.rat],
					['Serving network', session.servingNetwork],
					['Mobile peer', session.gtpPeer && `${session.gtpPeer} (GTPv${session.gtpVersion})`],
					['Regional Gateway', <ToGateway of={session.regionalGateway} />],
					['Up', `${octets(session.bytesUplink)} in ${count(session.packetsUplink)} packets`],
					['Down', `${octets(session.bytesDownlink)} in ${count(session.packetsDownlink)} packets`],
					['Attach took', session.attachMs !== null && `${session.attachMs} ms${phases.length ? ' (' + phases.map(([phase, ms]) => `${phase.replace(/Ms$/, '')} ${ms}`).join(', ') + ')' : ''}`],
				]}
			/>
		</Card>
	);
}

// The first thing that one wants to know at three in the morning.
function Answer({ endpoint, attaches, lns }: { endpoint: Endpoint; attaches: Attach[] | undefined; lns: string | null }) {
	if (endpoint.session)
		return (
			<div class="notice good">
				<Icon name="check" />
				<div>
					<p>
						<b>Attached</b> with <span class="mono">{endpoint.session.ipAddress}</span>
						{endpoint.session.ipSource === 'lns' && ', supplied by the LNS'}
						{lns && ` (${lns})`}, <Time at={endpoint.session.startedAt} />.
					</p>
				</div>
			</div>
		);
	const last = attaches?.[0];
	if (!endpoint.endpointGroup)
		return (
			<div class="notice warn">
				<Icon name="warn" />
				<div>
					<p>
						<b>It is in no Endpoint Group</b>, so every attach is refused. Choose a group under Details.
					</p>
				</div>
			</div>
		);
	if (endpoint.endpointStatus.moniker === 'suspended' || endpoint.endpointStatus.moniker === 'terminated')
		return (
			<div class="notice bad">
				<Icon name="warn" />
				<div>
					<p>
						<b>It is {endpoint.endpointStatus.name.toLowerCase()}</b>, so every attach is refused.
					</p>
				</div>
			</div>
		);
	if (!last) return <div class="notice">Not attached. No attach of it has reached a Regional Gateway yet.</div>;
	return (
		<div class={last.ok ? 'notice' : 'notice bad'}>
			<Icon name={last.ok ? 'info' : 'warn'} />
			<div>
				<p>
					<b>{last.ok ? 'Not attached now.' : 'The last attach failed'}</b> <Time at={last.startedAt} />
					{!last.ok && (
						<>
							: <Verdict text={last.verdict} />
						</>
					)}
				</p>
			</div>
		</div>
	);
}

function Attaches({ attaches }: { attaches: Attach[] | undefined }) {
	if (!attaches?.length)
		return (
			<Empty icon="clock" title="No attach yet">
				<p>When the SIM asks for a session, each step of it is written down here: GTP, L2TP and PPP on one line, with a verdict in words.</p>
			</Empty>
		);
	return (
		<div class="traces">
			{attaches.map((attach, i) => (
				<Trace key={attach.startedAt + i} attach={attach} open={i === 0} />
			))}
		</div>
	);
}

export default function EndpointPage({ params }: { params: Record<string, string> }) {
	const id = params.id!;
	const tab = params.tab ?? 'overview';
	const query = useThing<Endpoint>('endpoint', id, { on: ON, every: 3000 });
	const attaches = useQuery<Attach[]>(`endpoints/${id}/attaches`, { on: ON });
	const lns = useLnsName();
	const to = (name: string) => `/endpoints/${id}${name === 'overview' ? '' : '/' + name}`;
	return (
		<Await query={query} what="Endpoint">
			{(endpoint) => (
				<>
					<PageHead
						crumbs={[['/endpoints', 'Endpoints']]}
						title={
							<>
								{endpoint.name ?? endpoint.iccid} <State of={endpoint.endpointStatus} /> {endpoint.session ? <Badge tone="good">Live</Badge> : <Badge tone="none">Not attached</Badge>}
							</>
						}
						actions={<Actions endpoint={endpoint} />}
					/>
					<Answer endpoint={endpoint} attaches={attaches.data} lns={lns(endpoint.session)} />
					<Tabs
						label="Parts of the Endpoint"
						at={tab}
						items={[
							{ id: 'overview', label: 'Overview', to: to('overview') },
							{ id: 'attaches', label: 'Attaches', to: to('attaches'), count: attaches.data?.length },
							{ id: 'events', label: 'Events', to: to('events') },
							{ id: 'details', label: 'Details', to: to('details') },
						]}
					/>
					{tab === 'overview' && (
						<>
							{endpoint.session && <SessionCard session={endpoint.session} lns={lns(endpoint.session)} />}
							<Card title="Endpoint">
								<Facts
									rows={[
										['ICCID', <span class="mono">{endpoint.iccid}</span>],
										['IMSIs', <span class="mono">{endpoint.imsis.join(', ')}</span>],
										['MSISDN', endpoint.msisdn],
										['Endpoint Group', <ToGroup of={endpoint.endpointGroup} />],
										['VSlice', <ToVSlice of={endpoint.vslice} />],
										['Tags', endpoint.tags?.length ? endpoint.tags.map((tag) => <span class="tag">{tag}</span>) : null],
										['Reference', endpoint.reference],
										['Last activity', <Time at={endpoint.lastActivity} />],
									]}
								/>
							</Card>
							<UsageCard of={`endpoints/${endpoint.id}/`} />
							{attaches.data?.[0] && (
								<Card title="Last attach" actions={<Link to={to('attaches')}>All attaches</Link>}>
									<Trace attach={attaches.data[0]} />
								</Card>
							)}
						</>
					)}
					{tab === 'attaches' && <Attaches attaches={attaches.data} />}
					{tab === 'events' && (
						<Table<EventRow>
							path="events"
							label="Events of the Endpoint"
							fixed={'endpointId:' + endpoint.id}
							order="desc(sequence)"
							on={ON}
							empty={<Empty icon="event" title="Nothing has happened yet" />}
							columns={[
								{ head: 'Time', cell: (row) => <Time at={row.eventTime} as="full" /> },
								{ head: 'What happened', cell: (row) => <EventText event={row} /> },
							]}
						/>
					)}
					{tab === 'details' && (
						<Card>
							<EditForm noun="endpoint" query={query} />
						</Card>
					)}
				</>
			)}
		</Await>
	);
}
