// SPDX-License-Identifier: Apache-2.0
// The field tables of all nouns, as the controller validates with them. Forms, lists and details are drawn from these rows, so they cannot drift.
import { signal } from '@preact/signals';
import { get } from './client';
import { may, me, type Role } from './session';

export interface When {
	field: string;
	is: string;
}

export interface Word {
	key: number;
	moniker: string;
	name: string;
	help?: string;
}

export interface Field {
	name: string;
	type: 'text' | 'integer' | 'boolean' | 'enumeration' | 'time' | 'reference' | 'texts' | 'list' | 'object' | 'value';
	label: string;
	group: string;
	order: number;
	help?: string;
	accepts?: string;
	default?: string;
	unit?: string;
	format?: string;
	minimum?: number;
	maximum?: number;
	minimumLength?: number;
	maximumLength?: number;
	required?: boolean;
	readOnly?: boolean;
	readOnlyAfterCreate?: boolean;
	createOnly?: boolean;
	secret?: boolean;
	summary?: boolean;
	visibleWhen?: When;
	requiredWhen?: When;
	shownWhen?: When;
	fixedWhen?: When;
	fixedTo?: string;
	refusal?: string;
	values?: Word[];
	refersTo?: string;
	within?: string; // of a reference to a row: the member that names the row's owner
	path?: string; // of a list of rows: its sub-collection
	fields?: Field[];
}

export interface Noun {
	noun: string;
	title: string;
	path: string;
	help?: string;
	readOnly?: boolean;
	readRole?: Role; // the least that may read one
	writeRole?: Role; // and change one
	platformRead?: boolean; // only acting for the platform
	platformWrite?: boolean;
	fields: Field[];
}

const nouns = signal<Map<string, Noun> | null>(null);

export async function loadSchema() {
	const { data } = await get<Noun[]>('schema');
	nouns.value = new Map(data.map((noun) => [noun.noun, noun]));
}

export const schemaIsLoaded = () => nouns.value !== null;

export function nounOf(word: string): Noun {
	const noun = nouns.value?.get(word);
	if (!noun) throw new Error(`The controller knows no ${word}`);
	return noun;
}

export const allNouns = () => [...(nouns.value?.values() ?? [])];
export const hasNoun = (word: string) => nouns.value?.has(word) ?? false;

// The noun of a row that lives inside its owner's list: its path below the owner.
export function rowPathOf(word: string): { owner: Noun; path: string } | null {
	for (const owner of nouns.value?.values() ?? [])
		for (const field of owner.fields)
			if (field.type === 'list' && field.path && (field.path === word + 's' || field.path === word + 'es')) return { owner, path: field.path };
	return null;
}

export function fieldOf(noun: Noun, name: string): Field {
	const field = noun.fields.find((row) => row.name === name);
	if (!field) throw new Error(`${noun.title} has no ${name}`);
	return field;
}

export const mayRead = (word: string) => hasNoun(word) && may(nounOf(word).readRole, nounOf(word).platformRead);
export function mayWrite(word: string): boolean {
	const noun = nounOf(word);
	return !noun.readOnly && !me.value?.readOnly && may(noun.writeRole ?? 'administrator', noun.platformWrite);
}
