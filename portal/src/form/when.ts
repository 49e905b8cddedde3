// SPDX-License-Identifier: Apache-2.0
// Conditions of the field tables: "the member reads this". A member may stand one step away, through a reference ("vslice.vsliceType") or in
// the object around ("^type"). What is hidden hides what depends on it.
import { signal } from '@preact/signals';
import { get } from '../api/client';
import { nounOf, type Field, type When } from '../api/schema';
import type { Ref, Thing } from '../api/types';
import type { Values } from './values';

const referred = signal<Map<string, Thing | null>>(new Map());

// The object that a reference names, asked for once; undefined until it is there.
function referredThing(word: string, ref: Ref): Thing | undefined {
	const key = word + '/' + ref.id;
	const known = referred.value.get(key);
	if (known === undefined) {
		referred.peek().set(key, null);
		get<Thing>(`${nounOf(word).path}/${ref.id}`).then(
			({ data }) => (referred.value = new Map(referred.peek()).set(key, data)),
			() => referred.peek().delete(key),
		);
	}
	return known ?? undefined;
}

export function forgetReferred() {
	referred.value = new Map();
}

const monikerOf = (value: unknown) =>
	typeof value === 'object' && value !== null && 'moniker' in value ? (value as { moniker: string }).moniker : value;

export interface Place {
	fields: Field[];
	values: Values;
	outer?: Place | undefined;
}

// undefined: not known yet.
export function holds(when: When | undefined, place: Place): boolean | undefined {
	if (!when) return true;
	if (when.field.startsWith('^')) return place.outer ? holds({ field: when.field.slice(1), is: when.is }, place.outer) : true;
	const [name, through] = when.field.split('.') as [string, string | undefined];
	let value = place.values[name];
	if (through) {
		const word = place.fields.find((field) => field.name === name)?.refersTo;
		if (!word || !value) return undefined;
		const thing = referredThing(word, value as Ref);
		if (!thing) return undefined;
		value = thing[through];
	}
	if (when.is === '*') return value !== undefined && value !== null && value !== '';
	return String(monikerOf(value)) === when.is;
}

export function isShown(field: Field, place: Place): boolean {
	for (const when of [field.visibleWhen, field.shownWhen]) {
		if (!when) continue;
		if (holds(when, place) !== true) return false;
		const other = place.fields.find((row) => row.name === when.field);
		if (other && other !== field && !isShown(other, place)) return false;
	}
	return true;
}

export const isRequired = (field: Field, place: Place) => field.required === true || (field.requiredWhen !== undefined && holds(field.requiredWhen, place) === true);

// The one value that an enumeration has here, where it is fixed.
export const fixedValue = (field: Field, place: Place) => (field.fixedWhen && holds(field.fixedWhen, place) === true ? (field.fixedTo ?? null) : null);
