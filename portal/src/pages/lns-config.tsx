// SPDX-License-Identifier: Apache-2.0
// What the other side needs: the configuration of an LNS that matches this VSlice, to copy.
import { useState } from 'preact/hooks';
import { useQuery } from '../api/query';
import type { VSlice } from '../api/types';
import { Faults } from '../ui/faults';
import { Badge, Card, CodeBlock } from '../ui/parts';

const kinds: [string, string][] = [
	['ios-xe', 'Cisco IOS XE'],
	['junos', 'Juniper Junos'],
	['sros', 'Nokia SR OS'],
	['routeros', 'MikroTik RouterOS'],
	['accel-ppp', 'accel-ppp'],
	['xl2tpd', 'xl2tpd and pppd'],
	['mpd5', 'mpd5'],
	['l2tpns', 'l2tpns'],
];

interface Config {
	name: string;
	isTested: boolean;
	text: string;
}

export function LnsConfig({ vslice }: { vslice: VSlice }) {
	const lnss = vslice.l2tpNetworkServers ?? [];
	const [kind, setKind] = useState('');
	const [lns, setLns] = useState('');
	const config = useQuery<Config>(kind ? `vslices/${vslice.id}/lnsconfig?for=${kind}&lns=${lns || lnss[0]?.id}` : null);
	if (!lnss.length) return null;
	return (
		<Card title="What your LNS needs" about="A configuration that matches this VSlice, in the words of your LNS. Secrets are not in it: they are never shown again.">
			<div class="fields">
				<label class="field">
					<span class="field-label">LNS software</span>
					<select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
						<option value="">Choose…</option>
						{kinds.map(([value, label]) => (
							<option key={value} value={value}>
								{label}
							</option>
						))}
					</select>
				</label>
				{lnss.length > 1 && (
					<label class="field">
						<span class="field-label">LNS</span>
						<select value={lns} onChange={(event) => setLns(event.currentTarget.value)}>
							{lnss.map((one) => (
								<option key={one.id} value={one.id}>
									{one.name ?? one.address}
								</option>
							))}
						</select>
					</label>
				)}
			</div>
			<Faults error={config.error} />
			{config.data && (
				<>
					<CodeBlock label={config.data.name} text={config.data.text} />
					{config.data.isTested && <Badge tone="good">Tested against this LNS</Badge>}
				</>
			)}
		</Card>
	);
}
