// SPDX-License-Identifier: Apache-2.0
// What the other side needs: the configuration of an LNS that matches this VSlice, to copy.
import { useState } from 'preact/hooks';
import { useQuery } from '../api/query';
import type { VSlice } from '../api/types';
import { Faults } from '../ui/faults';
import { Card, CodeBlock } from '../ui/parts';

const kinds: [string, string][] = [
	['l2tpns', 'l2tpns'],
	['xl2tpd', 'xl2tpd and pppd'],
	['accel-ppp', 'accel-ppp'],
	['mpd5', 'mpd5'],
	['ios', 'Cisco IOS'],
	['junos', 'Juniper Junos'],
	['routeros', 'MikroTik RouterOS'],
];

export function LnsConfig({ vslice }: { vslice: VSlice }) {
	const [kind, setKind] = useState('');
	const text = useQuery<string>(kind ? `vslices/${vslice.id}/lnsconfig?for=${kind}` : null);
	if (!vslice.l2tpNetworkServers?.length) return null;
	return (
		<Card title="What your LNS needs" about="A configuration that matches this VSlice. Secrets stand in it as placeholders: they are never shown again.">
			<label class="field short">
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
			<Faults error={text.error} />
			{text.data && <CodeBlock label={kinds.find(([value]) => value === kind)?.[1] ?? kind} text={text.data} />}
		</Card>
	);
}
