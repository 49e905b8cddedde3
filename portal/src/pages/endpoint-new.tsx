// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '../api/query';
import type { Thing } from '../api/types';
import { query } from '../router';
import { Loading } from '../ui/parts';
import { NewPage } from './kit';

export default function NewEndpoint() {
	const moniker = query.value.get('group');
	const group = useQuery<Thing>(moniker ? 'endpointgroups/' + moniker : null);
	if (group.loading) return <Loading />;
	return <NewPage noun="endpoint" {...(group.data ? { preset: { endpointGroup: { id: group.data.id, moniker: group.data.moniker, name: group.data.name } } } : {})} />;
}
