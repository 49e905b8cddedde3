// SPDX-License-Identifier: Apache-2.0
import type { Enum, Thing } from '../api/types';
import { Link } from '../router';
import { ListPage } from './kit';

export default function Maps() {
	return (
		<ListPage<Thing>
			noun="event-map"
			icon="map"
			search="name"
			about="Which Event Handlers are told of which events: of everything, of a VSlice, or of an Endpoint Group."
			columns={[
				{
					head: 'Name',
					sort: 'name',
					cell: (row) => (
						<>
							<Link to={'/eventmaps/' + row.id}>{row.name}</Link>
							<small>{row.moniker}</small>
						</>
					),
				},
				{ head: 'Scope', cell: (row) => (row.eventScope as Enum).name },
				{ head: 'Subscriptions', end: true, cell: (row) => (row.subscriptions as unknown[] | null)?.length ?? 0 },
			]}
		/>
	);
}
