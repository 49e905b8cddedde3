// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '../api/query';
import type { Thing } from '../api/types';
import { query } from '../router';
import { Loading } from '../ui/parts';
import { NewPage } from './kit';

// Reached from a VSlice, that VSlice is chosen already.
export function useVSlicePreset(member: 'vslice' | 'vSlice') {
	const moniker = query.value.get('vslice');
	const vslice = useQuery<Thing>(moniker ? 'vslices/' + moniker : null);
	const preset = vslice.data ? { [member]: { id: vslice.data.id, moniker: vslice.data.moniker, name: vslice.data.name } } : {};
	return { isReady: !vslice.loading, preset };
}

export default function NewGroup() {
	const { isReady, preset } = useVSlicePreset('vslice');
	return isReady ? <NewPage noun="endpoint-group" preset={preset} /> : <Loading />;
}
