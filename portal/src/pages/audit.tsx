// SPDX-License-Identifier: Apache-2.0
// Who changed what: each entry with what differs, before and after, down to the single member.
import { allNouns, hasNoun, nounOf } from '../api/schema';
import { Badge, Empty, PageHead, type Tone } from '../ui/parts';
import { Table } from '../ui/table';
import { Time } from '../ui/time';

interface Entry {
	id: string;
	time: string;
	actor: string | null;
	action: string;
	objectType: string;
	objectId: string | null;
	objectMoniker: string | null;
	before: Record<string, unknown> | null;
	after: Record<string, unknown> | null;
}

const tones: Record<string, Tone> = { create: 'good', import: 'good', change: 'warn', delete: 'bad' };
const actions = ['create', 'change', 'delete', 'import', 'detach', 'test', 'replay', 'login', 'logout'];
const quiet = new Set(['id', 'changedAt', 'customerId']);

const kindOf = (word: string) => (hasNoun(word) ? nounOf(word).title : word);
const isNothing = (value: unknown) => value === null || value === undefined || value === '' || (Array.isArray(value) && !value.length);

// The members of a value by their paths, each as a text; a reference, or a word of those that a member may be, is its name.
function leaves(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
	if (isNothing(value)) return into;
	if (Array.isArray(value)) {
		if (value.some((item) => typeof item === 'object')) value.forEach((item, i) => leaves(item, `${path}[${i}]`, into));
		else into.set(path, value.join(', '));
	} else if (typeof value === 'object') {
		const members = value as Record<string, unknown>;
		if (path && !path.endsWith(']') && 'moniker' in members) into.set(path, String(members.name ?? members.moniker ?? members.id));
		else for (const [name, member] of Object.entries(members)) if (!quiet.has(name)) leaves(member, path ? `${path}.${name}` : name, into);
	} else into.set(path, String(value));
	return into;
}

function Changes({ entry }: { entry: Entry }) {
	const before = leaves(entry.before);
	const after = leaves(entry.after);
	const paths = [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));
	if (!paths.length) return <span class="faint">–</span>;
	return (
		<details>
			<summary>
				{paths.slice(0, 3).join(', ')}
				{paths.length > 3 && ` and ${paths.length - 3} more`}
			</summary>
			<dl class="changes">
				{paths.map((path) => (
					<div key={path}>
						<dt>{path}</dt>
						<dd>
							{before.has(path) && <del>{before.get(path)}</del>} {after.has(path) && <ins>{after.get(path)}</ins>}
						</dd>
					</div>
				))}
			</dl>
		</details>
	);
}

export default function Audit() {
	return (
		<>
			<PageHead title="Audit log" about="Who changed what, and when; kept even of what is gone. Secrets stand as asterisks." />
			<Table<Entry>
				path="auditlog"
				label="Audit log"
				search="actor"
				searchLabel="Search by actor"
				order="desc(time)"
				every={10000}
				filters={[
					{ member: 'action', label: 'Action', values: actions.map((action) => [action, action]) },
					{ member: 'objectType', label: 'Kind', values: allNouns().filter((noun) => !noun.readOnly).map((noun) => [noun.noun, noun.title]) },
				]}
				empty={<Empty icon="audit" title="Nothing was changed yet" />}
				columns={[
					{
						head: 'When and who',
						cell: (row) => (
							<>
								<Time at={row.time} as="full" />
								<small>{row.actor ?? 'the platform'}</small>
							</>
						),
					},
					{
						head: 'What',
						cell: (row) => (
							<>
								<Badge tone={tones[row.action] ?? 'none'}>{row.action}</Badge> {kindOf(row.objectType)}
								<small>{row.objectMoniker}</small>
							</>
						),
					},
					{ head: 'Before and after', cell: (row) => <Changes entry={row} /> },
				]}
			/>
		</>
	);
}
