// SPDX-License-Identifier: Apache-2.0
import { post } from '../api/client';
import { touch } from '../api/query';
import { mayAct } from '../api/session';
import type { Tunnel } from '../api/types';
import { Button } from '../ui/button';
import { confirm } from '../ui/dialog';
import { count } from '../ui/number';
import { Empty, PageHead, State } from '../ui/parts';
import { ToGateway, ToVSlice } from '../ui/refs';
import { Table } from '../ui/table';
import { Since } from '../ui/time';
import { tell } from '../ui/toast';
import { CaptureButton } from './capture';
import { LnsTestButton } from './lns-test';

const nameOf = (tunnel: Tunnel) => `${tunnel.lac?.name ?? tunnel.lac?.moniker ?? 'LAC'} → ${tunnel.lns?.name ?? tunnel.lns?.moniker ?? 'LNS'}`;

function Actions({ tunnel }: { tunnel: Tunnel }) {
	const sessions = tunnel.sessions ?? 0;
	const act = (verb: string, path: string, breaks: string) => () =>
		confirm({
			title: `${verb} ${nameOf(tunnel)}?`,
			text: <p>{breaks}</p>,
			act: verb,
			danger: true,
			run: async () => {
				await post(`tunnels/${tunnel.id}/${path}`);
				tell(`${verb}: asked for`);
				touch('tunnels');
			},
		});
	return (
		<div class="actions">
			<Button small run={act('Restart', 'restart', `The tunnel closes and opens again. ${sessions ? `Its ${sessions} session(s) are dialled again; traffic pauses meanwhile, and where the LNS gives another address the device attaches anew.` : 'It carries no session now.'}`)}>
				Restart
			</Button>
			<Button small run={act('Drain', 'drain', `The tunnel takes no new sessions. ${sessions ? `Its ${sessions} session(s) stay until they end.` : ''}`)}>
				Drain
			</Button>
			<CaptureButton small of={{ tunnel: tunnel.id }} name={nameOf(tunnel)} />
			{tunnel.vslice && tunnel.lns && <LnsTestButton vslice={tunnel.vslice} lns={tunnel.lns} />}
		</div>
	);
}

export default function Tunnels() {
	return (
		<>
			<PageHead title="Tunnels" about="L2TP tunnels between a LAC and an LNS. They are kept up, so that a fault is known before a SIM meets it." />
			<Table<Tunnel>
				path="tunnels"
				label="Tunnels"
				vsliceMember="vslice"
				on={/tunnel|lns|session/}
				every={3000}
				filters={[
					{
						member: 'state',
						label: 'State',
						values: [
							['established', 'Established'],
							['opening', 'Opening'],
							['closing', 'Closing'],
							['idle', 'Idle'],
						],
					},
				]}
				empty={
					<Empty icon="tunnel" title="No tunnel">
						<p>A tunnel opens when an L2TP VSlice has a LAC, an LNS and a way to it. The VSlice's readiness says what is missing.</p>
					</Empty>
				}
				columns={[
					{
						head: 'Tunnel',
						cell: (row) => (
							<>
								<span class="nowrap">{nameOf(row)}</span>
								{row.lastError && row.state?.moniker !== 'established' && <small class="bad-text">{row.lastError}</small>}
							</>
						),
					},
					{ head: 'State', cell: (row) => <State of={row.state} title={row.lastError ?? undefined} /> },
					{ head: 'VSlice', cell: (row) => <ToVSlice of={row.vslice} /> },
					{ head: 'For', wide: true, cell: (row) => <Since at={row.since} /> },
					{ head: 'Sessions', end: true, sort: 'sessions', cell: (row) => count(row.sessions) },
					{ head: 'Round trip', end: true, wide: true, cell: (row) => (row.rttMs === null ? '–' : row.rttMs + ' ms') },
					{
						head: 'LNS calls itself',
						wide: true,
						cell: (row) => (
							<>
								{row.peerHostName ?? '–'}
								<small>{row.peerVendor}</small>
								<small class="mono nowrap">
									ids {row.localTunnelId ?? '–'} / {row.peerTunnelId ?? '–'}
								</small>
							</>
						),
					},
					{ head: 'Regional Gateway', wide: true, cell: (row) => <ToGateway of={row.regionalGateway} /> },
					...(mayAct() ? [{ head: 'Actions', cell: (row: Tunnel) => <Actions tunnel={row} /> }] : []),
				]}
			/>
		</>
	);
}
