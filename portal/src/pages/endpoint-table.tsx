// SPDX-License-Identifier: Apache-2.0
// The list of Endpoints: search, filters, and what can be done with many at once.
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { ApiError, patch, post } from '../api/client';
import { touch, useQuery } from '../api/query';
import { mayWrite } from '../api/schema';
import { mayAct } from '../api/session';
import type { Endpoint, Thing } from '../api/types';
import { Link, query, setQuery } from '../router';
import { Button, ButtonLink } from '../ui/button';
import { confirm } from '../ui/dialog';
import { Empty, State } from '../ui/parts';
import { ToGroup, ToVSlice } from '../ui/refs';
import { Table } from '../ui/table';
import { tell } from '../ui/toast';
import { Time } from '../ui/time';

export function Address({ of }: { of: { ipAddress: string | null; ipSource: string | null } }) {
	if (!of.ipAddress) return <span class="faint">–</span>;
	return (
		<>
			<span class="mono">{of.ipAddress}</span>
			{of.ipSource === 'lns' && <small>supplied by the LNS</small>}
		</>
	);
}

const chosen = signal<Set<string>>(new Set());
const progress = signal<{ done: number; of: number } | null>(null);
const AT_ONCE = 6;

// One request for each, a few at a time; what failed is told at the end, the rest is done.
async function forEach(ids: string[], work: (id: string) => Promise<unknown>): Promise<string[]> {
	const failed: string[] = [];
	const left = [...ids];
	progress.value = { done: 0, of: ids.length };
	const worker = async () => {
		for (let id = left.pop(); id; id = left.pop()) {
			try {
				await work(id);
			} catch (error) {
				if (!(error instanceof ApiError)) throw error;
				failed.push(error.messages[0] ?? 'failed');
			}
			progress.value = { done: (progress.peek()?.done ?? 0) + 1, of: ids.length };
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, worker)).finally(() => (progress.value = null));
	return failed;
}

async function change(what: string, work: (id: string) => Promise<unknown>) {
	const ids = [...chosen.peek()];
	const failed = await forEach(ids, work);
	touch('endpoints', 'endpointgroups');
	chosen.value = new Set();
	const done = ids.length - failed.length;
	if (done) tell(`${done} Endpoint${done === 1 ? '' : 's'} ${what}`);
	if (failed.length) throw new Error(`${failed.length} not ${what}: ${[...new Set(failed)].slice(0, 3).join('; ')}`);
}

function Assign() {
	const groups = useQuery<Thing[]>('endpointgroups?limit=200&sortBy=asc(name)');
	const assign = async (group: Thing | undefined) => {
		if (!group) return;
		const n = chosen.peek().size;
		await confirm({
			title: `Put ${n} Endpoint(s) into ${group.name}?`,
			text: <p>Those that are in another group leave it, and a live session of theirs ends: the device attaches anew.</p>,
			act: 'Put them there',
			run: () => change('assigned', (id) => patch('endpoints/' + id, { endpointGroup: group.moniker })),
		});
	};
	return (
		<select aria-label="Put the selected into a group" value="" onChange={(event) => void assign(groups.data?.find((group) => group.id === event.currentTarget.value))}>
			<option value="">Put into group…</option>
			{groups.data?.map((group) => (
				<option key={group.id} value={group.id}>
					{group.name}
				</option>
			))}
		</select>
	);
}

const ask = (verb: string, breaks: string, run: () => Promise<unknown>) => () =>
	confirm({ title: `${verb} ${chosen.peek().size} Endpoint(s)?`, text: <p>{breaks}</p>, act: verb, danger: true, run });

function Selection() {
	const n = chosen.value.size;
	if (progress.value)
		return (
			<span role="status">
				{progress.value.done} of {progress.value.of} done…
			</span>
		);
	if (!n) return null;
	return (
		<>
			<b>{n} selected</b>
			{mayWrite('endpoint') && (
				<>
					<Assign />
					<Button
						small
						run={ask('Suspend', 'They are refused until they are active again. Their live sessions end now.', () => change('suspended', (id) => patch('endpoints/' + id, { endpointStatus: 'suspended' })))}
					>
						Suspend
					</Button>
					<Button small run={() => change('activated', (id) => patch('endpoints/' + id, { endpointStatus: 'active' }))}>
						Activate
					</Button>
				</>
			)}
			{mayAct() && (
				<Button small run={ask('Detach', 'Their live sessions end. The devices may attach again at once.', () => change('detached', (id) => post(`endpoints/${id}/detach`)))}>
					Detach
				</Button>
			)}
			<Button small kind="quiet" onClick={() => (chosen.value = new Set())}>
				Clear
			</Button>
		</>
	);
}

// The group and the tag of the URL narrow it; so does a fixed term, where it stands on another object's page.
export function EndpointTable({ fixed, prefix = '', tools }: { fixed?: string; prefix?: string; tools?: ComponentChildren }) {
	const by = query.value.get(prefix + 'by') ?? 'name';
	const terms = [fixed, query.value.get('group') && 'endpointGroup:' + query.value.get('group'), query.value.get('tag') && 'tags:' + query.value.get('tag')].filter(Boolean).join(',');
	return (
		<Table<Endpoint>
			path="endpoints"
			label="Endpoints"
			prefix={prefix}
			search={by}
			searchLabel={`Search by ${by}`}
			{...(terms ? { fixed: terms } : {})}
			{...(fixed ? {} : { vsliceMember: 'vslice' })}
			on={/endpoint/}
			selected={chosen.value}
			onSelect={(ids) => (chosen.value = ids)}
			filters={[
				{
					member: 'endpointStatus',
					label: 'Status',
					values: [
						['active', 'Active'],
						['pending', 'Pending'],
						['suspended', 'Suspended'],
						['terminated', 'Terminated'],
						['auto-activate', 'Auto-activate'],
					],
				},
			]}
			tools={
				<>
					<SearchBy prefix={prefix} by={by} />
					{tools}
					<Selection />
				</>
			}
			empty={
				<Empty
					icon="endpoint"
					title="No Endpoint yet"
					action={
						mayWrite('endpoint') && (
							<div class="actions">
								<ButtonLink kind="primary" icon="plus" to="/endpoints/new">
									New Endpoint
								</ButtonLink>
								<ButtonLink icon="upload" to="/endpoints/import">
									Import a file
								</ButtonLink>
							</div>
						)
					}
				>
					<p>An Endpoint is a SIM: its ICCID, its IMSIs, its group. Without a group it carries no traffic.</p>
				</Empty>
			}
			columns={[
				{
					head: 'Endpoint',
					sort: 'name',
					cell: (row) => (
						<>
							<Link to={'/endpoints/' + row.id}>{row.name ?? row.iccid}</Link>
							<small class="mono">{row.name ? row.iccid : row.imsis[0]}</small>
						</>
					),
				},
				{ head: 'Status', sort: 'endpointStatus', cell: (row) => <State of={row.endpointStatus} /> },
				{ head: 'Session', cell: (row) => (row.session ? <State of={{ key: 1, moniker: 'up', name: 'Live', active: true }} /> : <span class="faint">none</span>) },
				{ head: 'IP address', cell: (row) => <Address of={row} /> },
				{ head: 'Endpoint Group', wide: true, cell: (row) => <ToGroup of={row.endpointGroup} /> },
				{ head: 'VSlice', wide: true, cell: (row) => <ToVSlice of={row.vslice} /> },
				{ head: 'Tags', wide: true, cell: (row) => row.tags?.map((tag) => <Link key={tag} class="tag" to={'/endpoints?tag=' + encodeURIComponent(tag)}>{tag}</Link>) },
				{ head: 'Last activity', wide: true, cell: (row) => <Time at={row.lastActivity} /> },
			]}
		/>
	);
}

function SearchBy({ prefix, by }: { prefix: string; by: string }) {
	const members: [string, string][] = [
		['name', 'name'],
		['iccid', 'ICCID'],
		['imsis', 'IMSI'],
		['msisdn', 'MSISDN'],
		['reference', 'reference'],
		['tags', 'tag'],
	];
	return (
		<select aria-label="Search by" value={by} onChange={(event) => setQuery({ [prefix + 'by']: event.currentTarget.value === 'name' ? null : event.currentTarget.value, [prefix + 'page']: null })}>
			{members.map(([member, label]) => (
				<option key={member} value={member} selected={member === by}>
					by {label}
				</option>
			))}
		</select>
	);
}
