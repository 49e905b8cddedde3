// SPDX-License-Identifier: Apache-2.0
import { actFor, isPlatformOwner } from '../api/session';
import type { Thing } from '../api/types';
import { Link, navigate } from '../router';
import { Button } from '../ui/button';
import { Badge } from '../ui/parts';
import { ListPage } from './kit';

export default function Customers() {
	return (
		<ListPage<Thing>
			noun="customer"
			icon="customer"
			search="name"
			about="Accounts whose objects no other account sees."
			columns={[
				{
					head: 'Name',
					sort: 'name',
					cell: (row) => (
						<>
							<Link to={'/customers/' + row.id}>{row.name}</Link>
							<small>{row.moniker}</small>
						</>
					),
				},
				{ head: 'State', cell: (row) => (row.active === false ? <Badge tone="bad">Closed</Badge> : <Badge tone="good">Active</Badge>) },
				...(isPlatformOwner.value
					? [
							{
								head: 'Actions',
								cell: (row: Thing) => (
									<Button
										small
										onClick={() => {
											actFor(row.moniker);
											void navigate('/');
										}}
									>
										Act for it
									</Button>
								),
							},
						]
					: []),
			]}
		/>
	);
}
