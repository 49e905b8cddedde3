// SPDX-License-Identifier: Apache-2.0
import type { Enum, Thing } from '../api/types';
import { Link } from '../router';
import { count } from '../ui/number';
import { State } from '../ui/parts';
import { Time } from '../ui/time';
import { ListPage } from './kit';

export default function Gateways() {
	return (
		<ListPage<Thing>
			noun="regional-gateway"
			icon="gateway"
			search="name"
			on={/regionalgateway/}
			every={5000}
			about="Where mobile networks hand sessions over, and where tunnels start. Each is one slicegate-gateway."
			columns={[
				{
					head: 'Name',
					sort: 'name',
					cell: (row) => (
						<>
							<Link to={'/regionalgateways/' + row.moniker}>{row.name}</Link>
							<small>{row.moniker}</small>
						</>
					),
				},
				{ head: 'Status', cell: (row) => <State of={row.status as Enum} /> },
				{ head: 'Last seen', cell: (row) => <Time at={row.lastSeen as string | null} /> },
				{ head: 'Sessions', end: true, cell: (row) => count(row.sessions as number) },
				{ head: 'Tunnels', end: true, cell: (row) => count(row.tunnels as number) },
				{ head: 'Load', end: true, wide: true, cell: (row) => (row.load === null ? '–' : `${row.load as number} %`) },
				{ head: 'Version', wide: true, cell: (row) => (row.version as string | null) ?? '–' },
			]}
		/>
	);
}
