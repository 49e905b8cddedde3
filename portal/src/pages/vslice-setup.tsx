// SPDX-License-Identifier: Apache-2.0
// The guided set-up of an L2TP VSlice, in the order in which it must be done: VSlice, Routing Target, Routing Policy, the VSlice again; then LAC, LNS,
// Endpoint Group, Endpoints. It knows what is done, opens at the next step with its form filled in as far as can be, and ends at "ready" or at
// the one thing that is missing.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { patch } from '../api/client';
import { touch, useQuery } from '../api/query';
import { mayWrite, nounOf, type Field } from '../api/schema';
import type { Thing, VSlice } from '../api/types';
import { Form } from '../form/form';
import type { Values } from '../form/values';
import { Link } from '../router';
import { Button, ButtonLink } from '../ui/button';
import { Icon } from '../ui/icons';
import { Badge, Card } from '../ui/parts';
import { tell } from '../ui/toast';
import { CheckList } from './vslice-readiness';

interface Step {
	title: string;
	why: string;
	done: boolean;
	result?: ComponentChildren; // of a step that is done
	form: () => ComponentChildren;
}

const only =
	(...names: string[]) =>
	(field: Field) =>
		names.includes(field.name);

const refOf = (thing: Thing | VSlice) => ({ id: thing.id, moniker: thing.moniker, name: thing.name });

function useParts(vslice: VSlice) {
	const on = { on: /endpoint|routingtarget|tunnel/ };
	const filter = encodeURIComponent(vslice.moniker);
	const mine = (thing: Thing) => ((thing.vslice ?? thing.vSlice) as { id: string } | null)?.id === vslice.id;
	const targets = useQuery<Thing[]>(`routingtargets?limit=200&filter=vSlice:${filter}`, on).data?.filter(mine);
	const policies = useQuery<Thing[]>(`routingpolicies?limit=200&filter=vslice:${filter}`, on).data?.filter(mine);
	const groups = useQuery<Thing[]>(`endpointgroups?limit=200&filter=vslice:${filter}`, on).data?.filter(mine);
	return { targets, policies, groups, areKnown: !!(targets && policies && groups) };
}

function DefaultPolicy({ vslice, policies }: { vslice: VSlice; policies: Thing[] }) {
	const [chosen, choose] = useState(policies[0]?.id ?? '');
	const set = async () => {
		await patch(`vslices/${vslice.id}`, { defaultRoutingPolicy: chosen || policies[0]?.id });
		touch('vslices');
		tell('Default Routing Policy set');
	};
	return (
		<div class="setup-choice">
			<label class="field">
				<span class="field-label">Default Routing Policy</span>
				<select value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
					{policies.map((policy) => (
						<option key={policy.id} value={policy.id}>
							{policy.name}
						</option>
					))}
				</select>
			</label>
			<Button kind="primary" run={set}>
				Set it on the VSlice
			</Button>
		</div>
	);
}

// One entry of the VSlice's LACs or LNSs: the form of a row, sent to the sub-collection.
function RowForm({ vslice, member, title, preset }: { vslice: VSlice; member: string; title: string; preset: Values }) {
	const list = nounOf('vslice').fields.find((field) => field.name === member)!;
	const noun = { ...nounOf('vslice'), title, path: `vslices/${vslice.id}/${list.path}`, fields: list.fields ?? [] };
	return <Form noun={noun} preset={preset} act={'Add ' + title} saved={() => touch('vslices')} only={(field) => !['moniker', 'nextTunnelSecret', 'equalPreference'].includes(field.name)} />;
}

function steps(vslice: VSlice, parts: ReturnType<typeof useParts>): Step[] {
	const { targets = [], policies = [], groups = [] } = parts;
	const lacs = vslice.l2tpAccessConcentrators ?? [];
	const lnss = vslice.l2tpNetworkServers ?? [];
	const refresh = (...paths: string[]) => () => touch(...paths, 'vslices');
	return [
		{
			title: 'The VSlice',
			why: 'Created with its Default Routing Policy left blank.',
			done: true,
			result: vslice.name,
			form: () => null,
		},
		{
			title: 'A Routing Target',
			why: 'The way out of the VSlice toward your LNS: a VPN or WireGuard tunnel, a private interface, or the Internet.',
			done: targets.length > 0,
			result: targets.map((target) => <Link to={'/routingtargets/' + target.moniker}>{target.name}</Link>),
			form: () => (
				<Form
					noun={nounOf('routing-target')}
					preset={{ name: vslice.name + ' target', vSlice: refOf(vslice) }}
					only={(field) => !['moniker', 'subnetAddress', 'routingTargetTypeInstanceId'].includes(field.name)}
					saved={refresh('routingtargets')}
				/>
			),
		},
		{
			title: 'A Routing Policy',
			why: 'Created against this VSlice, with an uplink rule that forwards to the Routing Target.',
			done: policies.length > 0,
			result: policies.map((policy) => <Link to={'/routingpolicies/' + policy.moniker}>{policy.name}</Link>),
			form: () => (
				<Form
					noun={nounOf('routing-policy')}
					preset={{
						name: vslice.name + ' policy',
						vslice: refOf(vslice),
						routingPolicyStatus: 'active',
						routingPolicyRules: [
							{ description: 'All traffic to the LNS', ruleAction: 'forward', ruleDirection: 'uplink', enabled: true, routingTarget: targets[0] ? refOf(targets[0]) : null },
						],
					}}
					only={only('name', 'vslice', 'routingPolicyRules')}
					saved={refresh('routingpolicies')}
				/>
			),
		},
		{
			title: 'Back to the VSlice: its Default Routing Policy',
			why: 'A policy is created against a VSlice, and the VSlice needs one: so it is touched a second time, now.',
			done: vslice.defaultRoutingPolicy !== null,
			result: vslice.defaultRoutingPolicy?.name,
			form: () => <DefaultPolicy vslice={vslice} policies={policies} />,
		},
		{
			title: 'A LAC',
			why: 'Our end of the tunnels. You choose its address; your LNS must accept it, with the same tunnel secret.',
			done: lacs.length > 0,
			result: lacs.map((lac) => <span class="tag">{lac.address}</span>),
			form: () => <RowForm vslice={vslice} member="l2tpAccessConcentrators" title="LAC" preset={{ name: 'LAC 1' }} />,
		},
		{
			title: 'An LNS',
			why: 'Your end of the tunnels: one to five, tried in their order.',
			done: lnss.length > 0,
			result: lnss.map((lns) => <span class="tag">{lns.address}</span>),
			form: () => <RowForm vslice={vslice} member="l2tpNetworkServers" title="LNS" preset={{ name: 'LNS 1' }} />,
		},
		{
			title: 'An Endpoint Group',
			why: 'Binds its Endpoints to one LAC of this VSlice.',
			done: groups.length > 0,
			result: groups.map((group) => <Link to={'/endpointgroups/' + group.moniker}>{group.name}</Link>),
			form: () => (
				<Form
					noun={nounOf('endpoint-group')}
					preset={{ name: vslice.name.slice(0, 43) + ' group', vslice: refOf(vslice), l2tpAccessConcentrator: lacs[0] ? { id: lacs[0].id, moniker: lacs[0].moniker, name: lacs[0].name } : null }}
					only={only('name', 'vslice', 'l2tpAccessConcentrator')}
					saved={refresh('endpointgroups')}
				/>
			),
		},
		{
			title: 'Endpoints',
			why: 'The SIMs. Import them from a file, or create one to try.',
			done: vslice.endpointCount > 0,
			result: `${vslice.endpointCount}`,
			form: () => (
				<Form
					noun={nounOf('endpoint')}
					preset={{ endpointGroup: groups[0] ? refOf(groups[0]) : null }}
					only={only('name', 'iccid', 'imsis', 'msisdn', 'endpointGroup', 'pppUsername', 'pppPassword')}
					saved={refresh('endpoints')}
				>
					<p>
						Many at once: <Link to="/endpoints/import">import a file</Link>.
					</p>
				</Form>
			),
		},
	];
}

function StepView({ step, number, isNext }: { step: Step; number: number; isNext: boolean }) {
	return (
		<li class={step.done ? 'setup-step done' : isNext ? 'setup-step next' : 'setup-step'} aria-current={isNext ? 'step' : undefined}>
			<span class="setup-mark">{step.done ? <Icon name="check" label="Done" /> : number}</span>
			<div>
				<h2>{step.title}</h2>
				{step.done ? <p class="setup-result">{step.result}</p> : <p class="about">{step.why}</p>}
				{isNext && mayWrite('vslice') && <Card>{step.form()}</Card>}
			</div>
		</li>
	);
}

export function Setup({ vslice }: { vslice: VSlice }) {
	const parts = useParts(vslice);
	if (!parts.areKnown) return null;
	const all = steps(vslice, parts);
	const next = all.findIndex((step) => !step.done);
	const done = all.filter((step) => step.done).length;
	const open = (vslice.readiness ?? []).filter((row) => !row.ok);
	return (
		<>
			<div class="setup-head">
				<Badge tone={next < 0 && !open.length ? 'good' : 'warn'}>
					{done} of {all.length} steps done
				</Badge>
				<div class="meter" aria-hidden="true">
					<i style={{ width: (done / all.length) * 100 + '%' }} />
				</div>
			</div>
			{next < 0 &&
				(open.length ? (
					<Card title="Everything is declared. This is still missing:" about="Looked at anew whenever something changes.">
						<CheckList vslice={vslice} checks={open} />
					</Card>
				) : (
					<div class="notice good" role="status">
						<Icon name="check" />
						<div>
							<p>
								<b>Ready.</b> A SIM of this VSlice that attaches now gets its address from your LNS.
							</p>
							<ButtonLink to={`/endpoints?vslice=${vslice.moniker}`}>To its Endpoints</ButtonLink>
						</div>
					</div>
				))}
			<ol class="setup">
				{all.map((step, i) => (
					<StepView key={step.title + String(step.done)} step={step} number={i + 1} isNext={i === next} />
				))}
			</ol>
		</>
	);
}

