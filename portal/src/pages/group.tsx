// SPDX-License-Identifier: Apache-2.0
import { mayWrite } from '../api/schema';
import type { Ref, Thing } from '../api/types';
import { ButtonLink } from '../ui/button';
import { Await, Card, PageHead } from '../ui/parts';
import { ToVSlice } from '../ui/refs';
import { DeleteButton, EditForm, useThing } from './kit';
import { EndpointTable } from './endpoint-table';
import { UsageCard } from './usage';

export default function Group({ params }: { params: Record<string, string> }) {
	const query = useThing<Thing>('endpoint-group', params.id!);
	return (
		<Await query={query} what="Endpoint Group">
			{(group) => (
				<>
					<PageHead
						crumbs={[['/endpointgroups', 'Endpoint Groups']]}
						title={group.name}
						about={
							<>
								On VSlice <ToVSlice of={group.vslice as Ref} />
							</>
						}
						actions={
							<>
								{mayWrite('endpoint') && (
									<ButtonLink to={`/endpoints/new?group=${group.moniker}`} icon="plus">
										New Endpoint
									</ButtonLink>
								)}
								<DeleteButton
									noun="endpoint-group"
									thing={group}
									breaks={
										Number(group.endpointsAssigned) > 0 ? (
											<p>
												<b>{String(group.endpointsAssigned)} Endpoint(s)</b> are in it. They must be put into another group first.
											</p>
										) : (
											<p>No Endpoint is in it.</p>
										)
									}
								/>
							</>
						}
					/>
					<Card>
						<EditForm noun="endpoint-group" query={query} />
					</Card>
					<UsageCard of={`endpointgroups/${group.id}/`} />
					<Card title="Endpoints">
						<EndpointTable fixed={'endpointGroup:' + group.moniker} prefix="e" />
					</Card>
				</>
			)}
		</Await>
	);
}
