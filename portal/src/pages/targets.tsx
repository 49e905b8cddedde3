// SPDX-License-Identifier: Apache-2.0
import type { Enum, Ref, Thing } from '../api/types';
import { Link } from '../router';
import { State } from '../ui/parts';
import { ToVSlice } from '../ui/refs';
import { ListPage } from './kit';

export default function Targets() {
	return (
		<ListPage<Thing>
			noun="routing-target"
			icon="target"
			search="name"
			vsliceMember="vSlice"
			on={/routingtarget|vpn/}
			every={5000}
			about="Where traffic leaves a VSlice: a VPN or WireGuard tunnel, a private interface, the Internet. Each belongs to one VSlice."
			first={<p>A Routing Target is the second step, after the VSlice. For an L2TP VSlice it leads to the LNS.</p>}
			columns={[
				{
					head: 'Name',
					sort: 'name',
					cell: (row) => (
						<>
							<Link to={'/routingtargets/' + row.moniker}>{row.name}</Link>
							<small>{row.moniker}</small>
						</>
					),
				},
				{ head: 'Type', cell: (row) => (row.routingTargetType as Enum).name },
				{
					head: 'Status',
					cell: (row) => (
						<>
							<State of={row.routingTargetStatus as Enum} />
							{(row.routingTargetStatus as Enum).moniker !== 'available' && <small>{row.statusMessage as string | null}</small>}
						</>
					),
				},
				{ head: 'VSlice', cell: (row) => <ToVSlice of={(row.vSlice ?? row.vslice) as Ref} /> },
				{ head: 'Regional Gateway', wide: true, cell: (row) => (row.regionalGatewayName as string | null) ?? '–' },
			]}
		/>
	);
}
