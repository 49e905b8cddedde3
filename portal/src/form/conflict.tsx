// SPDX-License-Identifier: Apache-2.0
// A lost update: somebody saved this object while it was being edited here. Both versions are shown, and a person chooses.
import type { Field } from '../api/schema';
import { Button } from '../ui/button';
import { Icon } from '../ui/icons';
import { Time } from '../ui/time';
import { KEY, type Values } from './values';

interface ConflictProps {
	fields: Field[];
	base: Values;
	mine: Values;
	theirs: Values;
	changedAt: string | null;
	keepMine: () => Promise<unknown>;
	takeTheirs: () => void;
}

const plain = (value: unknown) => JSON.stringify(value, (name, member: unknown) => (name === KEY ? undefined : member));

export function wordsOf(field: Field, value: unknown): string {
	if (value === undefined && field.secret) return 'as it was';
	if (value === null || value === undefined || value === '') return '–';
	if (field.type === 'enumeration') return field.values?.find((word) => word.moniker === value)?.name ?? String(value);
	if (field.type === 'boolean') return value ? 'on' : 'off';
	if (field.secret) return 'another';
	if (field.type === 'reference') return (value as { name?: string; moniker?: string }).name ?? (value as { moniker?: string }).moniker ?? '–';
	if (field.type === 'texts') return (value as string[]).join(', ') || '–';
	if (field.type === 'list')
		return (
			(value as Values[])
				.map((row, i) => `${i + 1}. ` + inWords(field.fields ?? [], row))
				.join('\n') || '–'
		);
	if (field.type === 'object') return inWords(field.fields ?? [], value as Values);
	return String(value);
}

const inWords = (fields: Field[], values: Values): string =>
	fields
		.filter((field) => !field.readOnly && values[field.name] !== undefined && wordsOf(field, values[field.name]) !== '–' && String(values[field.name]) !== (field.default ?? ''))
		.map((field) => `${field.label} ${wordsOf(field, values[field.name])}`)
		.join(', ');

export function Conflict({ fields, base, mine, theirs, changedAt, keepMine, takeTheirs }: ConflictProps) {
	const rows = fields.filter((field) => !field.readOnly && !field.secret && (plain(mine[field.name]) !== plain(base[field.name]) || plain(theirs[field.name]) !== plain(base[field.name])));
	return (
		<section class="notice warn conflict" role="alert" aria-label="Changed by somebody else">
			<Icon name="warn" />
			<div>
				<p>
					<b>Somebody else saved this while you were editing</b> (<Time at={changedAt} />
					). Nothing of yours is lost: choose what is to be.
				</p>
				<div class="table-wrap">
					<table>
						<thead>
							<tr>
								<th scope="col">Field</th>
								<th scope="col">Theirs, saved now</th>
								<th scope="col">Yours</th>
							</tr>
						</thead>
						<tbody>
							{rows.map((field) => (
								<tr key={field.name} class={plain(mine[field.name]) !== plain(theirs[field.name]) ? 'differs' : ''}>
									<th scope="row">{field.label}</th>
									<td class="pre">{wordsOf(field, theirs[field.name])}</td>
									<td class="pre">{wordsOf(field, mine[field.name])}</td>
								</tr>
							))}
						</tbody>
					</table>
				</div>
				<p class="actions">
					<Button kind="primary" run={keepMine}>
						Save my changes over theirs
					</Button>
					<Button onClick={takeTheirs}>Take theirs</Button>
				</p>
			</div>
		</section>
	);
}
