// SPDX-License-Identifier: Apache-2.0
import { useQuery } from '../api/query';
import type { Session, VSlice } from '../api/types';

// A session names its LNS by id; people know it by name and address.
export function useLnsName(): (session: Session | null) => string | null {
	const vslices = useQuery<VSlice[]>('vslices?limit=1000&filter=vsliceType:l2tp');
	return (session) => {
		const lns = vslices.data?.flatMap((vslice) => vslice.l2tpNetworkServers ?? []).find((one) => one.id === session?.lns);
		return lns ? (lns.name && lns.name !== lns.address ? `${lns.name} (${lns.address})` : lns.address) : null;
	};
}
