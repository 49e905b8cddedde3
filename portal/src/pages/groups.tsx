// SPDX-License-Identifier: Apache-2.0
import type { Ref, Thing } from '../api/types';
import { Link } from '../router';
import { count } from '../ui/number';
import { ToPolicy, ToVSlice } from '../ui/refs';
import { ListPage } from './kit';

export default function Groups() {
	return (
		<ListPage<Thing>
			noun="endpoint-group"
			icon="group"
			search="name"
			vsliceMember="vslice"
			first={<p>An Endpoint carries traffic only in a group: the group says through which LAC, or by which Routing Policy. Create the VSlice first.</p>}
			columns={[
				{
					head: 'Name',
					sort: 'name',
					cell: (row) => (
						<>
							<Link to={'/endpointgroups/' + row.moniker}>{row.name}</Link>
							<small>{row.moniker}</small>
						</>
					),
				},
				{ head: 'VSlice', cell: (row) => <ToVSlice of={row.vslice as Ref} /> },
				{ head: 'L2TP Access Concentrator', wide: true, cell: (row) => (row.l2tpAccessConcentrator as Ref | null)?.name ?? (row.l2tpAccessConcentrator as Ref | null)?.moniker ?? '–' },
				{ head: 'Routing Policy', wide: true, cell: (row) => <ToPolicy of={row.routingPolicy as Ref | null} /> },
				{ head: 'Endpoints', end: true, cell: (row) => <Link to={`/endpoints?group=${row.moniker}`}>{count(row.endpointsAssigned as number)}</Link> },
			]}
		/>
	);
}
