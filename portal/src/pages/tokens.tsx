// SPDX-License-Identifier: Apache-2.0
import type { Enum, Thing } from '../api/types';
import { Link } from '../router';
import { Badge } from '../ui/parts';
import { Time } from '../ui/time';
import { ListPage } from './kit';

export default function Tokens() {
	return (
		<ListPage<Thing>
			noun="api-token"
			icon="key"
			search="name"
			about="Keys to the API for programs and gateways. Each is shown once, when it is made."
			columns={[
				{
					head: 'Name',
					sort: 'name',
					cell: (row) => (
						<>
							<Link to={'/apitokens/' + row.id}>{row.name}</Link>
							<small>{row.moniker}</small>
						</>
					),
				},
				{ head: 'Scope', cell: (row) => (row.scope as Enum).name },
				{ head: 'Role', cell: (row) => (row.role as Enum | null)?.name ?? '–' },
				{ head: 'State', cell: (row) => (row.enabled ? <Badge tone="good">On</Badge> : <Badge tone="none">Off</Badge>) },
				{ head: 'Expires', wide: true, cell: (row) => <Time at={row.expiresAt as string | null} /> },
			]}
		/>
	);
}
