// SPDX-License-Identifier: Apache-2.0
import type { VSlice } from '../api/types';
import { Link } from '../router';
import { count } from '../ui/number';
import { Badge } from '../ui/parts';
import { ToGateway } from '../ui/refs';
import { ListPage } from './kit';

export function ReadyBadge({ vslice }: { vslice: VSlice }) {
	if (!vslice.readiness?.length) return <span class="faint">–</span>;
	const bad = vslice.readiness.filter((row) => !row.ok);
	return bad.length ? (
		<Badge tone="warn" title={bad.map((row) => row.message).join('\n')}>
			{bad.length} to do
		</Badge>
	) : (
		<Badge tone="good">Ready</Badge>
	);
}

export default function VSlices() {
	return (
		<ListPage<VSlice>
			noun="vslice"
			icon="vslice"
			search="name"
			searchLabel="Search by name"
			filters={[
				{
					member: 'vsliceType',
					label: 'Type',
					values: [
						['l2tp', 'L2TP'],
						['integrated', 'Integrated'],
					],
				},
			]}
			on={/tunnel|regionalgateway|routingtarget/}
			about="A VSlice is a private network of its own: its addresses may overlap with those of any other."
			first={
				<>
					<p>Everything starts with a VSlice. Create one of type L2TP when your own LNS is to give the addresses, of type Integrated when Slicegate is.</p>
				</>
			}
			columns={[
				{
					head: 'Name',
					sort: 'name',
					cell: (row) => (
						<>
							<Link to={'/vslices/' + row.moniker}>{row.name}</Link>
							<small>{row.moniker}</small>
						</>
					),
				},
				{ head: 'Type', cell: (row) => row.vsliceType.name },
				{ head: 'Readiness', cell: (row) => <ReadyBadge vslice={row} /> },
				{ head: 'Regional Gateway', wide: true, cell: (row) => <ToGateway of={row.regionalGateway} /> },
				{ head: 'Endpoint Groups', end: true, wide: true, cell: (row) => count(row.endpointGroupCount) },
				{ head: 'Endpoints', end: true, cell: (row) => count(row.endpointCount) },
			]}
		/>
	);
}
