// SPDX-License-Identifier: Apache-2.0
// A reference: the objects that may be named, by their names. Where both sides live on a VSlice, only those of the same one are offered.
import { useState } from 'preact/hooks';
import { useQuery } from '../api/query';
import { hasNoun, nounOf, rowPathOf, type Field } from '../api/schema';
import type { Ref, Thing } from '../api/types';
import { useForm } from './context';
import { aria, type ControlProps } from './controls';
import type { Values } from './values';

const LIMIT = 200;

const vsliceMember = (word: string) => nounOf(word).fields.find((row) => row.type === 'reference' && row.refersTo === 'vslice' && !row.readOnly);

// The VSlice that this object is on, or is.
function vsliceOf(values: Values, noun: string, self: Thing | null): Ref | null {
	if (noun === 'vslice') return self ? { id: self.id, moniker: self.moniker, name: self.name } : null;
	return ((values.vslice ?? values.vSlice) as Ref | null | undefined) ?? ((self?.vslice ?? self?.vSlice) as Ref | null | undefined) ?? null;
}

interface Source {
	path: string | null; // null: nothing can be chosen yet
	sameVSlice: Ref | null | undefined; // undefined: it does not matter
	blocked?: string;
}

function sourceOf(field: Field, values: Values, noun: string, self: Thing | null, typed: string): Source {
	const word = field.refersTo ?? '';
	const search = typed ? `&filter=name:${encodeURIComponent(typed)}` : '';
	if (field.within) {
		const owner = values[field.within] as Ref | null;
		const rows = rowPathOf(word);
		if (!owner || !rows) return { path: null, sameVSlice: undefined, blocked: 'choose the VSlice first' };
		return { path: `${rows.owner.path}/${owner.id}/${rows.path}`, sameVSlice: undefined };
	}
	if (!hasNoun(word)) return { path: null, sameVSlice: undefined };
	const other = nounOf(word);
	const isBound = noun === 'vslice' || vsliceMember(noun) !== undefined;
	const member = isBound && word !== 'vslice' ? vsliceMember(word) : undefined;
	const vslice = member ? vsliceOf(values, noun, self) : undefined;
	if (member && vslice === null) {
		const blocked = noun === 'vslice' ? 'left blank for now: it is created on this VSlice, so save this one first' : 'choose the VSlice first';
		return { path: null, sameVSlice: null, blocked };
	}
	const filter = vslice && member ? `&filter=${member.name}:${encodeURIComponent(vslice.moniker ?? '')}${typed ? ',name:' + encodeURIComponent(typed) : ''}` : search;
	return { path: `${other.path}?limit=${LIMIT}&sortBy=asc(name)${filter}`, sameVSlice: vslice };
}

export const nameOf = (thing: { name?: string | null; moniker?: string | null; id: string; address?: unknown }) =>
	(thing.name ?? thing.moniker ?? thing.id) + (typeof thing.address === 'string' ? ` (${thing.address})` : '');

export function ReferenceControl(props: ControlProps) {
	const { field, place, onChange, required } = props;
	const form = useForm();
	const [typed, setTyped] = useState('');
	const outermost = place.outer ? topOf(place) : place;
	const source = sourceOf(field, { ...outermost.values, ...place.values }, form.noun, form.self, typed);
	const list = useQuery<Thing[]>(source.path);
	const value = (place.values[field.name] as Ref | null) ?? null;
	const options = (list.data ?? []).filter((thing) => {
		const on = (thing.vslice ?? thing.vSlice) as Ref | undefined;
		return !source.sameVSlice || !on || on.id === source.sameVSlice.id;
	});
	const isMissing = value && !options.some((thing) => thing.id === value.id || thing.moniker === value.moniker);
	const choose = (id: string) => {
		const thing = options.find((option) => option.id === id);
		onChange(thing ? { id: thing.id, moniker: thing.moniker, name: thing.name ?? null } : null);
	};
	const selected = options.find((thing) => value && (thing.id === value.id || thing.moniker === value.moniker))?.id ?? (value ? value.id : '');
	return (
		<div class="reference">
			{(list.total > LIMIT || typed) && (
				<input type="search" aria-label={'Search ' + field.label} placeholder="Search by name" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
			)}
			<select {...aria(props)} disabled={props.disabled || !!source.blocked} value={selected} onChange={(event) => choose(event.currentTarget.value)}>
				<option value="">{source.blocked ?? (list.loading ? 'Loading…' : required ? 'Choose…' : 'None')}</option>
				{isMissing && value && <option value={value.id}>{nameOf(value)}</option>}
				{options.map((thing) => (
					<option key={thing.id} value={thing.id} selected={thing.id === selected}>
						{nameOf(thing)}
					</option>
				))}
			</select>
			{!source.blocked && list.data && !options.length && !isMissing && <p class="field-note">There is none yet.</p>}
		</div>
	);
}

function topOf(place: ControlProps['place']): ControlProps['place'] {
	return place.outer ? topOf(place.outer) : place;
}
