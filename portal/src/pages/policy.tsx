// SPDX-License-Identifier: Apache-2.0
import type { Enum, Ref, Thing } from '../api/types';
import { count, octets } from '../ui/number';
import { Await, Badge, Card, PageHead, State, Tabs } from '../ui/parts';
import { ToTarget, ToVSlice } from '../ui/refs';
import { Explain } from './policy-explain';
import { DeleteButton, EditForm, useThing } from './kit';

export interface Rule {
	id: string;
	precedence: number;
	description: string;
	ruleAction: Enum;
	ruleDirection: Enum;
	sourceIpPattern: string | null;
	destinationIpPattern: string | null;
	transportProtocol: Enum | null;
	sourcePortPattern: string | null;
	destinationPortPattern: string | null;
	divertIp: string | null;
	divertPort: string | null;
	routingTarget: Ref | null;
	reflexive: boolean;
	enabled: boolean;
	packets: number | null;
	bytes: number | null;
}

const side = (address: string | null, port: string | null) => (address ?? 'any') + (port ? ' port ' + port : '');

function Match({ rule }: { rule: Rule }) {
	return (
		<span class="mono">
			{rule.transportProtocol?.moniker ?? 'any'} {side(rule.sourceIpPattern, rule.sourcePortPattern)} → {side(rule.destinationIpPattern, rule.destinationPortPattern)}
		</span>
	);
}

export function RuleTable({ rules, hit }: { rules: Rule[]; hit?: number | undefined }) {
	return (
		<div class="table-wrap" tabIndex={0} role="region" aria-label="Rules">
			<table>
				<thead>
					<tr>
						<th scope="col" class="end">
							#
						</th>
						<th scope="col">Rule</th>
						<th scope="col">Direction</th>
						<th scope="col">Matches</th>
						<th scope="col">Action</th>
						<th scope="col" class="end wide">
							Packets
						</th>
						<th scope="col" class="end wide">
							Octets
						</th>
					</tr>
				</thead>
				<tbody>
					{rules.map((rule) => (
						<tr key={rule.id} class={[!rule.enabled && 'off', rule.precedence === hit && 'hit'].filter(Boolean).join(' ') || undefined}>
							<td class="end">{rule.precedence}</td>
							<td>
								{rule.description || <span class="faint">–</span>} {!rule.enabled && <Badge tone="none">Off</Badge>}
							</td>
							<td>{rule.ruleDirection.name}</td>
							<td>
								<Match rule={rule} />
							</td>
							<td>
								{rule.ruleAction.moniker === 'drop' ? <Badge tone="bad">Drop</Badge> : <ToTarget of={rule.routingTarget} />}
								{rule.divertIp && <small>diverted to {side(rule.divertIp, rule.divertPort)}</small>}
								{rule.reflexive && <small>and what answers it</small>}
							</td>
							<td class="end wide">{count(rule.packets)}</td>
							<td class="end wide">{octets(rule.bytes)}</td>
						</tr>
					))}
					{!rules.length && (
						<tr>
							<td colSpan={7}>No rule: every packet is dropped.</td>
						</tr>
					)}
				</tbody>
			</table>
		</div>
	);
}

export default function Policy({ params }: { params: Record<string, string> }) {
	const id = params.id!;
	const tab = params.tab ?? 'rules';
	const query = useThing<Thing>('routing-policy', id, { every: 5000 });
	const to = (name: string) => `/routingpolicies/${id}${name === 'rules' ? '' : '/' + name}`;
	return (
		<Await query={query} what="Routing Policy">
			{(policy) => {
				const rules = (policy.routingPolicyRules ?? []) as Rule[];
				return (
					<>
						<PageHead
							crumbs={[['/routingpolicies', 'Routing Policies']]}
							title={
								<>
									{policy.name} <State of={policy.routingPolicyStatus as Enum} />
								</>
							}
							about={
								<>
									Of VSlice <ToVSlice of={policy.vslice as Ref} />. The first rule that matches decides; a policy may be edited while it is in use.
								</>
							}
							actions={<DeleteButton noun="routing-policy" thing={policy} breaks={<p>What it forwards stops.</p>} />}
						/>
						<Tabs
							label="Parts of the policy"
							at={tab}
							items={[
								{ id: 'rules', label: 'Rules', to: to('rules'), count: rules.length },
								{ id: 'edit', label: 'Edit rules', to: to('edit') },
								{ id: 'explain', label: 'Where would this packet go?', to: to('explain') },
								{ id: 'details', label: 'Details', to: to('details') },
							]}
						/>
						{tab === 'rules' && <RuleTable rules={rules} />}
						{tab === 'edit' && <EditForm noun="routing-policy" query={query} only={(field) => field.name === 'routingPolicyRules'} />}
						{tab === 'explain' && <Explain policy={policy} rules={rules} />}
						{tab === 'details' && (
							<Card>
								<EditForm noun="routing-policy" query={query} only={(field) => !['routingPolicyRules', 'routingPolicyEdgeServices'].includes(field.name)} />
							</Card>
						)}
					</>
				);
			}}
		</Await>
	);
}
