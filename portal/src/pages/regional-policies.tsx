// SPDX-License-Identifier: Apache-2.0
import type { Thing } from '../api/types';
import { Link } from '../router';
import { ListPage } from './kit';

export default function RegionalPolicies() {
	return (
		<ListPage<Thing>
			noun="regional-policy"
			icon="region"
			search="name"
			about="Which Regional Gateway serves an Endpoint Group of an Integrated VSlice, by country and operator."
			columns={[
				{
					head: 'Name',
					sort: 'name',
					cell: (row) => (
						<>
							<Link to={'/regionalpolicies/' + row.id}>{row.name}</Link>
							<small>{row.moniker}</small>
						</>
					),
				},
				{ head: 'Built in', cell: (row) => (row.isFixed ? 'yes' : '') },
				{ head: 'Entries', end: true, cell: (row) => (row.entries as unknown[] | null)?.length ?? 0 },
			]}
		/>
	);
}
