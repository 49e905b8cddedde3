// SPDX-License-Identifier: Apache-2.0
import type { VSlice } from '../api/types';
import { Badge, Await, Card, Empty, PageHead, Tabs } from '../ui/parts';
import { DeleteButton, EditForm, useThing } from './kit';
import { Readiness } from './vslice-readiness';
import { Setup } from './vslice-setup';
import { LnsTests } from './lns-test';
import { UsageCard } from './usage';
import { ReadyBadge } from './vslices';
import { LnsConfig } from './lns-config';

const parts: Record<string, { label: string; member: string }> = {
	lacs: { label: 'L2TP Access Concentrator(s)', member: 'l2tpAccessConcentrators' },
	lnss: { label: 'L2TP Network Server(s)', member: 'l2tpNetworkServers' },
	settings: { label: 'Advanced Settings', member: 'advancedSettings' },
};
const members = Object.values(parts).map((part) => part.member);

export default function VSlicePage({ params }: { params: Record<string, string> }) {
	const id = params.id!;
	const tab = params.tab ?? 'details';
	const query = useThing<VSlice>('vslice', id, { on: /tunnel|regionalgateway|routingtarget|lns/, every: 5000 });
	return (
		<Await query={query} what="VSlice">
			{(vslice) => {
				const isL2tp = vslice.vsliceType.moniker === 'l2tp';
				const to = (name: string) => `/vslices/${id}${name === 'details' ? '' : '/' + name}`;
				const open = (vslice.readiness ?? []).filter((row) => !row.ok).length;
				const l2tpTabs = [
					{ id: 'setup', label: 'Set-up', to: to('setup') },
					{ id: 'lacs', label: parts.lacs!.label, to: to('lacs'), count: vslice.l2tpAccessConcentrators?.length ?? 0 },
					{ id: 'lnss', label: parts.lnss!.label, to: to('lnss'), count: vslice.l2tpNetworkServers?.length ?? 0 },
					{ id: 'settings', label: parts.settings!.label, to: to('settings') },
				];
				const part = parts[tab];
				return (
					<>
						<PageHead
							crumbs={[['/vslices', 'VSlices']]}
							title={
								<>
									{vslice.name} <Badge tone="none">{vslice.vsliceType.name}</Badge> <ReadyBadge vslice={vslice} />
								</>
							}
							about={isL2tp ? 'Traffic is tunnelled to your LNS, which gives each SIM its address.' : 'Slicegate gives each SIM its address and routes its traffic.'}
							actions={
								<DeleteButton
									noun="vslice"
									thing={vslice}
									typed
									breaks={
										<p>
											Its Routing Targets, Routing Policies, LACs and LNSs go with it, and its tunnels end.{' '}
											{vslice.endpointGroupCount > 0 && (
												<b>
													{vslice.endpointGroupCount} Endpoint Group(s) with {vslice.endpointCount} Endpoint(s) are still on it and must be moved first.
												</b>
											)}
										</p>
									}
								/>
							}
						/>
						<Tabs
							label="Parts of the VSlice"
							at={tab}
							items={[
								{ id: 'details', label: 'Details', to: to('details') },
								...(isL2tp ? l2tpTabs : []),
								{ id: 'readiness', label: 'Readiness', to: to('readiness'), count: open || undefined, bad: true },
							]}
						/>
						{tab === 'details' && (
							<>
								<Card>
									<EditForm noun="vslice" query={query} only={(field) => !members.includes(field.name)} />
								</Card>
								<UsageCard of={`vslices/${vslice.id}/`} />
							</>
						)}
						{part && isL2tp && (
							<div key={tab}>
								<EditForm noun="vslice" query={query} only={(field) => field.name === part.member} />
							</div>
						)}
						{tab === 'lnss' && isL2tp && <LnsTests vslice={vslice} />}
						{tab === 'lnss' && isL2tp && <LnsConfig vslice={vslice} />}
						{tab === 'setup' && isL2tp && <Setup vslice={vslice} />}
						{tab === 'readiness' && <Readiness vslice={vslice} />}
						{!isL2tp && part && <Empty icon="vslice" title="An Integrated VSlice has none" />}
					</>
				);
			}}
		</Await>
	);
}

