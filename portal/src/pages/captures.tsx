// SPDX-License-Identifier: Apache-2.0
import { remove } from '../api/client';
import { touch, useQuery } from '../api/query';
import { mayAct } from '../api/session';
import type { Tunnel } from '../api/types';
import { Link } from '../router';
import { Button } from '../ui/button';
import { confirm } from '../ui/dialog';
import { count, octets } from '../ui/number';
import { Badge, Empty, PageHead } from '../ui/parts';
import { Table } from '../ui/table';
import { Time } from '../ui/time';
import { CaptureActions, isRunning, type Capture } from './capture';

function DeleteCapture({ capture }: { capture: Capture }) {
	const ask = () =>
		confirm({
			title: 'Delete this capture?',
			text: <p>{isRunning(capture) ? 'It ends now, and its' : 'Its'} file goes for good.</p>,
			act: 'Delete',
			danger: true,
			run: async () => {
				await remove('captures/' + capture.id);
				touch('captures');
			},
		});
	return (
		<Button small kind="danger" icon="trash" label="Delete" run={ask} />
	);
}

function Subject({ of, tunnels }: { of: Capture; tunnels: Tunnel[] }) {
	const tunnel = tunnels.find((one) => one.id === of.tunnel);
	if (of.endpoint) return <Link to={'/endpoints/' + of.endpoint.id}>{of.endpoint.name ?? of.endpoint.moniker ?? 'Endpoint'}</Link>;
	if (of.lns) return <Link to={`/vslices/${of.vslice?.id}/lnss`}>LNS {of.lns.name ?? of.lns.moniker}</Link>;
	return <Link to="/tunnels">Tunnel {tunnel ? `${tunnel.lac?.name ?? 'LAC'} → ${tunnel.lns?.name ?? 'LNS'}` : (of.tunnel ?? '').slice(0, 8)}</Link>;
}

export default function Captures() {
	const tunnels = useQuery<Tunnel[]>('tunnels?limit=200');
	return (
		<>
			<PageHead title="Captures" about="Packets of an Endpoint, a tunnel or an LNS as a file for Wireshark, without secrets. A file is kept for an hour after its end." />
			<Table<Capture>
				path="captures"
				label="Captures"
				order="desc(startedAt)"
				every={2000}
				empty={
					<Empty icon="capture" title="No capture">
						<p>Begin one on the page of an Endpoint, of a VSlice's LNSs, or under Tunnels: the button is called Capture.</p>
					</Empty>
				}
				columns={[
					{ head: 'Of', cell: (row) => <Subject of={row} tunnels={tunnels.data ?? []} /> },
					{ head: 'Levels', wide: true, cell: (row) => row.levels?.join(', ') },
					{
						head: 'State',
						cell: (row) => (
							<>
								<Badge tone={isRunning(row) ? 'busy' : 'none'}>{row.state.name}</Badge>
								<small>{row.reason}</small>
							</>
						),
					},
					{ head: 'Packets', end: true, cell: (row) => count(row.packets) },
					{ head: 'File', end: true, cell: (row) => octets(row.size) },
					{ head: 'Begun', wide: true, cell: (row) => <Time at={row.startedAt} /> },
					...(mayAct()
						? [
								{
									head: 'Actions',
									cell: (row: Capture) => (
										<div class="actions">
											<CaptureActions capture={row} />
											<DeleteCapture capture={row} />
										</div>
									),
								},
							]
						: []),
				]}
			/>
		</>
	);
}
