// SPDX-License-Identifier: Apache-2.0
// What still stands between a SIM and its traffic, each with the place where it is mended.
import type { Check, VSlice } from '../api/types';
import { Link } from '../router';
import { Icon } from '../ui/icons';
import { Card } from '../ui/parts';

// What a check is about, and where one mends it.
const about: Record<string, { name: string; at?: (vslice: VSlice) => string }> = {
	defaultRoutingPolicy: { name: 'Default Routing Policy', at: (vslice) => `/vslices/${vslice.moniker}/setup` },
	l2tpAccessConcentrators: { name: 'LACs', at: (vslice) => `/vslices/${vslice.moniker}/lacs` },
	lacAddresses: { name: 'LAC addresses', at: (vslice) => `/vslices/${vslice.moniker}/lacs` },
	tunnelSecret: { name: 'Tunnel secret', at: (vslice) => `/vslices/${vslice.moniker}/lacs` },
	l2tpNetworkServers: { name: 'LNSs', at: (vslice) => `/vslices/${vslice.moniker}/lnss` },
	lnsRoute: { name: 'Way to the LNS', at: (vslice) => (vslice.defaultRoutingPolicy ? `/routingpolicies/${vslice.defaultRoutingPolicy.moniker}` : `/vslices/${vslice.moniker}/setup`) },
	regionalGateway: { name: 'Regional Gateway', at: (vslice) => `/vslices/${vslice.moniker}` },
	gtpPeers: { name: 'Mobile networks', at: (vslice) => `/regionalgateways/${vslice.regionalGateway?.moniker}` },
	configuration: { name: 'Configuration' },
	network: { name: 'Network' },
	tunnel: { name: 'Tunnel', at: (vslice) => `/tunnels?vslice=${vslice.moniker}` },
	endpointGroups: { name: 'Endpoint Groups', at: (vslice) => `/endpointgroups/new?vslice=${vslice.moniker}` },
};

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

export function CheckList({ vslice, checks }: { vslice: VSlice; checks: Check[] }) {
	return (
		<ul class="checks">
			{checks.map((row, i) => {
				const kind = about[row.check];
				return (
					<li key={row.check + i} class={row.ok ? 'check good' : 'check bad'}>
						<Icon name={row.ok ? 'check' : 'cross'} label={row.ok ? 'Done' : 'Missing'} />
						<div>
							<b>{kind?.name ?? row.check}</b>
							<p>{sentence(row.message)}</p>
						</div>
						{!row.ok && kind?.at && (
							<Link to={kind.at(vslice)} class="button small">
								Mend it
							</Link>
						)}
					</li>
				);
			})}
		</ul>
	);
}

export function Readiness({ vslice }: { vslice: VSlice }) {
	const checks = vslice.readiness ?? [];
	const open = checks.filter((row) => !row.ok);
	return (
		<>
			<div class={open.length ? 'notice warn' : 'notice good'} role="status">
				<Icon name={open.length ? 'warn' : 'check'} />
				<div>
					<p>
						<b>{open.length ? `${open.length} of ${checks.length} checks say no.` : 'Ready: a SIM that attaches now has traffic.'}</b>
					</p>
					{open[0] && <p>{sentence(open[0].message)}.</p>}
				</div>
			</div>
			<Card title="Checks" about="Looked at anew whenever something changes.">
				<CheckList vslice={vslice} checks={[...open, ...checks.filter((row) => row.ok)]} />
			</Card>
		</>
	);
}
