// SPDX-License-Identifier: Apache-2.0
import type { Enum, Ref, Thing } from '../api/types';
import { Link } from '../router';
import { State } from '../ui/parts';
import { ToVSlice } from '../ui/refs';
import { ListPage } from './kit';

export default function Policies() {
	return (
		<ListPage<Thing>
			noun="routing-policy"
			icon="policy"
			search="name"
			vsliceMember="vslice"
			about="Rules in their order: the first that matches decides where a packet of the VSlice goes; what matches none is dropped."
			first={<p>A Routing Policy is created against a VSlice, after its Routing Target: its rules forward to it.</p>}
			columns={[
				{
					head: 'Name',
					sort: 'name',
					cell: (row) => (
						<>
							<Link to={'/routingpolicies/' + row.moniker}>{row.name}</Link>
							<small>{row.moniker}</small>
						</>
					),
				},
				{ head: 'Status', cell: (row) => <State of={row.routingPolicyStatus as Enum} /> },
				{ head: 'VSlice', cell: (row) => <ToVSlice of={row.vslice as Ref} /> },
				{ head: 'Rules', end: true, cell: (row) => (row.routingPolicyRules as unknown[] | null)?.length ?? 0 },
			]}
		/>
	);
}
