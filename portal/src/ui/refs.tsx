// SPDX-License-Identifier: Apache-2.0
// Names of other objects, as links to them.
import type { Ref } from '../api/types';
import { Link } from '../router';

const at = (path: string) =>
	function To({ of, tab }: { of: Ref | null | undefined; tab?: string }) {
		if (!of) return <span class="faint">–</span>;
		return <Link to={`/${path}/${of.moniker ?? of.id}${tab ? '/' + tab : ''}`}>{of.name ?? of.moniker ?? of.id}</Link>;
	};

export const ToVSlice = at('vslices');
export const ToGroup = at('endpointgroups');
export const ToTarget = at('routingtargets');
export const ToPolicy = at('routingpolicies');
export const ToEndpoint = at('endpoints');
export const ToGateway = at('regionalgateways');
