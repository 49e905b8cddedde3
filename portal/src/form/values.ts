// SPDX-License-Identifier: Apache-2.0
// Between what the API shows and what a form holds. A form holds monikers for enumerations, {id, moniker, name} for references, texts for
// numbers (so that nothing typed is lost), and for a secret only what was typed now: undefined keeps it, null takes it away.
import type { Field } from '../api/schema';
import type { Ref } from '../api/types';

export type Values = Record<string, unknown>;

export const KEY = '#'; // a row's name while it is edited: ids are given by the platform only once it is saved
let keys = 0;
export const newKey = () => 'new-' + ++keys;

const isRef = (value: unknown): value is Ref => typeof value === 'object' && value !== null && 'id' in value;

function refOf(value: unknown): Ref | null {
	if (isRef(value)) return value;
	// Some are read as enumerations are, by their moniker alone.
	if (typeof value === 'object' && value !== null && 'moniker' in value) {
		const { moniker, name } = value as { moniker: string; name: string | null };
		return { id: moniker, moniker, name };
	}
	return typeof value === 'string' && value ? { id: value, moniker: value, name: null } : null;
}

// On, off, or not said: a switch that has no default is decided elsewhere when it is not said.
export const isThreefold = (field: Field) => field.type === 'boolean' && field.default === undefined && !field.required;

function initialOf(field: Field): unknown {
	switch (field.type) {
		case 'boolean':
			return isThreefold(field) ? null : field.default === 'true';
		case 'texts':
			return [];
		case 'list':
			return [];
		case 'object':
			return fromRead(field.fields ?? [], {});
		case 'reference':
			return refOf(field.default);
		case 'enumeration':
			return field.default ?? null;
		default:
			return field.default ?? '';
	}
}

function readValue(field: Field, value: unknown): unknown {
	if (field.secret) return undefined;
	if (value === null || value === undefined) {
		if (field.type === 'boolean') return value === null && !isThreefold(field) ? false : initialOf(field);
		if (field.type === 'enumeration' || field.type === 'reference') return value === null ? null : initialOf(field);
		if (field.type === 'text' || field.type === 'integer' || field.type === 'time') return value === null ? '' : initialOf(field);
		return initialOf(field);
	}
	switch (field.type) {
		case 'enumeration':
			return typeof value === 'object' ? (value as { moniker: string }).moniker : value;
		case 'reference':
			return refOf(value);
		case 'integer':
			return String(value);
		case 'object':
			return fromRead(field.fields ?? [], value as Values);
		case 'list':
			return (value as Values[]).map((row) => ({ ...fromRead(field.fields ?? [], row), [KEY]: row.id ?? newKey() }));
		default:
			return value;
	}
}

// Of an object as read ({} for a new one). Besides the members there stands "<secret>Set", as read.
export function fromRead(fields: Field[], read: Values): Values {
	const values: Values = {};
	for (const field of fields) {
		values[field.name] = readValue(field, read[field.name]);
		if (field.secret) values[field.name + 'Set'] = read[field.name + 'Set'] === true;
	}
	return values;
}

export function newRow(fields: Field[]): Values {
	return { ...fromRead(fields, {}), [KEY]: newKey() };
}

function writeValue(field: Field, value: unknown): unknown {
	switch (field.type) {
		case 'integer':
			if (value === '') return null;
			return /^-?\d+$/.test(String(value).trim()) ? Number(value) : value; // the API says what is wrong with it
		case 'text':
			return value === '' ? null : value;
		case 'time':
			return value ? new Date(value as string).toISOString() : null;
		case 'reference':
			return isRef(value) ? (value.moniker ?? value.id) : null;
		case 'list':
			return (value as Values[]).map((row) => toWrite(field.fields ?? [], row));
		case 'object':
			return toWrite(field.fields ?? [], value as Values);
		default:
			return value;
	}
}

export type Shown = (field: Field, values: Values, outer?: Values) => boolean;

// A whole body. What the API sets itself, what is not shown and what was left blank stays out; of a row that exists (it has an id) what is blank is
// said, because what is absent there keeps its value.
export function toWrite(fields: Field[], values: Values, shown: Shown = () => true, outer?: Values, isKept = false): Values {
	const body: Values = {};
	const saysBlank = isKept || (typeof values.id === 'string' && values.id !== '');
	if (typeof values.id === 'string' && values.id) body.id = values.id;
	for (const field of fields) {
		const value = values[field.name];
		if (field.readOnly || field.type === 'value' || value === undefined || !shown(field, values, outer)) continue;
		if (field.type === 'object') {
			const inner = toWrite(field.fields ?? [], value as Values, shown, values, saysBlank);
			const plain = toWrite(field.fields ?? [], fromRead(field.fields ?? [], {}), shown, values, saysBlank);
			const isPlain = JSON.stringify(inner) === JSON.stringify(plain);
			if (!isPlain || saysBlank || (field.required && Object.keys(inner).length)) body[field.name] = inner;
			continue;
		}
		const written = writeValue(field, value);
		if (written !== null || saysBlank || field.secret) body[field.name] = written;
	}
	return body;
}

// What changed since `before`, as a merge patch (RFC 7396): lists are sent whole, objects by their changed members.
export function toPatch(fields: Field[], before: Values, now: Values, shown: Shown = () => true, outer?: Values): Values {
	const body: Values = {};
	for (const field of fields) {
		if (field.readOnly || field.type === 'value' || field.createOnly || !shown(field, now, outer)) continue;
		const value = now[field.name];
		if (field.secret) {
			if (value !== undefined) body[field.name] = value;
		} else if (field.type === 'object') {
			const inner = toPatch(field.fields ?? [], (before[field.name] ?? {}) as Values, value as Values, shown, now);
			if (Object.keys(inner).length) body[field.name] = inner;
		} else if (JSON.stringify(writeValue(field, value)) !== JSON.stringify(writeValue(field, before[field.name]))) {
			body[field.name] = writeValue(field, value);
		}
	}
	return body;
}
