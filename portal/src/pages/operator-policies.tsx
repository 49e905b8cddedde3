// SPDX-License-Identifier: Apache-2.0
import type { Thing } from '../api/types';
import { Link } from '../router';
import { ListPage } from './kit';

export default function OperatorPolicies() {
	return (
		<ListPage<Thing>
			noun="operator-policy"
			icon="operator"
			search="name"
			about="Which networks and radio technologies Endpoints may use; held at each attach."
			columns={[
				{
					head: 'Name',
					sort: 'name',
					cell: (row) => (
						<>
							<Link to={'/operatorpolicies/' + row.id}>{row.name}</Link>
							<small>{row.moniker}</small>
						</>
					),
				},
				{ head: 'Radio', cell: (row) => [row.allow2g && '2G', row.allow3g && '3G', row.allow45g && '4G and 5G'].filter(Boolean).join(', ') || 'none' },
				{ head: 'Entries', end: true, cell: (row) => (row.entries as unknown[] | null)?.length ?? 0 },
			]}
		/>
	);
}
