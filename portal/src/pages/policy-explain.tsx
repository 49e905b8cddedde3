// SPDX-License-Identifier: Apache-2.0
// "Where would this packet go?": the policy judges a packet that one describes, and says by which rule and why.
import { useState } from 'preact/hooks';
import { post } from '../api/client';
import type { Ref, Thing } from '../api/types';
import { Faults } from '../ui/faults';
import { Icon } from '../ui/icons';
import { Card } from '../ui/parts';
import { RuleTable, type Rule } from './policy';

interface Answer {
	verdict: 'forward' | 'drop';
	rule: { precedence: number } | null;
	routingTarget: Ref | null;
	reason: string;
}

const members: { name: string; label: string; numeric?: boolean }[] = [
	{ name: 'sourceIp', label: 'From address' },
	{ name: 'sourcePort', label: 'From port', numeric: true },
	{ name: 'destinationIp', label: 'To address' },
	{ name: 'destinationPort', label: 'To port', numeric: true },
];

export function Explain({ policy, rules }: { policy: Thing; rules: Rule[] }) {
	const [packet, setPacket] = useState<Record<string, string>>({ ruleDirection: 'uplink', transportProtocol: 'udp' });
	const [answer, setAnswer] = useState<Answer | null>(null);
	const [error, setError] = useState<unknown>(null);
	const set = (name: string, value: string) => setPacket({ ...packet, [name]: value });
	const ask = async (event: Event) => {
		event.preventDefault();
		setError(null);
		const body = Object.fromEntries(
			Object.entries(packet)
				.filter(([, value]) => value !== '')
				.map(([name, value]) => [name, name.endsWith('Port') && /^\d+$/.test(value) ? Number(value) : value]),
		);
		try {
			setAnswer((await post<Answer>(`routingpolicies/${policy.id}/explain`, body)).data);
		} catch (failed) {
			setAnswer(null);
			setError(failed);
		}
	};
	return (
		<>
			<Card title="A packet" about="Of an L2TP VSlice the policy judges the tunnel's own packets: from LAC to LNS, UDP port 1701.">
				<form class="fields" onSubmit={ask}>
					<label class="field">
						<span class="field-label">Direction</span>
						<select value={packet.ruleDirection} onChange={(event) => set('ruleDirection', event.currentTarget.value)}>
							<option value="uplink">Uplink, from the device</option>
							<option value="downlink">Downlink, to the device</option>
						</select>
					</label>
					<label class="field">
						<span class="field-label">Protocol</span>
						<select value={packet.transportProtocol} onChange={(event) => set('transportProtocol', event.currentTarget.value)}>
							<option value="tcp">TCP</option>
							<option value="udp">UDP</option>
							<option value="icmp">ICMP</option>
							<option value="">another</option>
						</select>
					</label>
					{members
						.filter((member) => !member.numeric || ['tcp', 'udp'].includes(packet.transportProtocol ?? ''))
						.map((member) => (
							<label key={member.name} class="field">
								<span class="field-label">{member.label}</span>
								<input class="code-input" value={packet[member.name] ?? ''} inputMode={member.numeric ? 'numeric' : 'text'} onInput={(event) => set(member.name, event.currentTarget.value)} />
							</label>
						))}
					<div class="form-foot">
						<button type="submit" class="button primary">
							Where would it go?
						</button>
					</div>
				</form>
			</Card>
			<Faults error={error} />
			{answer && (
				<>
					<div class={answer.verdict === 'forward' ? 'notice good' : 'notice bad'} role="status">
						<Icon name={answer.verdict === 'forward' ? 'check' : 'cross'} />
						<div>
							<p>
								<b>{answer.verdict === 'forward' ? `To ${answer.routingTarget?.name ?? 'the device'}` : 'Dropped'}</b>: {answer.reason}.
							</p>
						</div>
					</div>
					<RuleTable rules={rules} hit={answer.rule?.precedence} />
				</>
			)}
		</>
	);
}
