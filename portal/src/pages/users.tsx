// SPDX-License-Identifier: Apache-2.0
import type { Enum, Thing } from '../api/types';
import { Link } from '../router';
import { Badge } from '../ui/parts';
import { Time } from '../ui/time';
import { ListPage } from './kit';

export default function Users() {
	return (
		<ListPage<Thing>
			noun="user"
			icon="user"
			search="name"
			about="People who sign in here. Their role says what they may do."
			columns={[
				{
					head: 'Name',
					sort: 'name',
					cell: (row) => (
						<>
							<Link to={'/users/' + row.id}>{row.name}</Link>
							<small>{row.moniker}</small>
						</>
					),
				},
				{ head: 'Email', cell: (row) => row.email as string },
				{ head: 'Role', cell: (row) => (row.role as Enum).name },
				{ head: 'State', cell: (row) => (!row.enabled ? <Badge tone="none">Off</Badge> : row.lockedUntil ? <Badge tone="bad">Locked</Badge> : <Badge tone="good">On</Badge>) },
				{ head: 'Last sign-in', wide: true, cell: (row) => <Time at={row.lastLoginAt as string | null} /> },
			]}
		/>
	);
}
