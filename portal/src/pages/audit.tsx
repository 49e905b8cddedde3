// SPDX-License-Identifier: Apache-2.0
// Who changed what: each entry with what it was before and after, member by member.
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

const tones: Record<string, Tone> = { create: 'good', delete: 'bad', login: 'none', logout: 'none' };
const quiet = new Set(['id', 'changedAt', 'customerId']);

function words(value: unknown): string {
	if (value === null || value === undefined || value === '') return '–';
	if (typeof value !== 'object') return String(value);
	if ('name' in value && typeof value.name === 'string') return value.name;
	return JSON.stringify(value);
}

function Changes({ entry }: { entry: Entry }) {
	const { before, after } = entry;
	const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter(
		(name) => !quiet.has(name) && JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]) && (words(before?.[name]) !== '–' || words(after?.[name]) !== '–'),
	);
	if (!names.length) return <span class="faint">–</span>;
	return (
		<details>
			<summary>
				{names.slice(0, 3).join(', ')}
				{names.length > 3 && ` and ${names.length - 3} more`}
			</summary>
			<dl class="changes">
				{names.map((name) => (
					<div key={name}>
						<dt>{name}</dt>
						<dd>
							{before && <del>{words(before[name])}</del>} {after && <ins>{words(after[name])}</ins>}
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
				filters={[
					{
						member: 'action',
						label: 'Action',
						values: [
							['create', 'create'],
							['update', 'update'],
							['delete', 'delete'],
						],
					},
				]}
				empty={<Empty icon="audit" title="Nothing was changed yet" />}
				columns={[
					{ head: 'Time', cell: (row) => <Time at={row.time} as="full" /> },
					{ head: 'Who', cell: (row) => row.actor ?? '–' },
					{ head: 'Action', cell: (row) => <Badge tone={tones[row.action] ?? 'warn'}>{row.action}</Badge> },
					{
						head: 'What',
						cell: (row) => (
							<>
								{row.objectType}
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

