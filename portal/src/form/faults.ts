// SPDX-License-Identifier: Apache-2.0
// The API names the member in each message: "l2tpNetworkServers[1].address: is not an address". Here each message finds its place.
import type { Field } from '../api/schema';

export type FaultMap = Map<string, string[]>; // by the member's path; "" = of no member

const named = /^([A-Za-z][A-Za-z0-9]*(?:\[\d+\])?(?:\.[A-Za-z][A-Za-z0-9]*(?:\[\d+\])?)*): ([\s\S]+)$/;

function knows(fields: Field[], path: string): boolean {
	const [head = '', ...rest] = path.split('.');
	const name = head.replace(/\[\d+\]$/, '').toLowerCase();
	const field = fields.find((row) => row.name.toLowerCase() === name);
	return !!field && (!rest.length || knows(field.fields ?? [], rest.join('.')));
}

// The path as the rows spell it: the API's own spelling may differ in case (vslice, vSlice).
function spelled(fields: Field[], path: string): string {
	const [head = '', ...rest] = path.split('.');
	const index = /\[\d+\]$/.exec(head)?.[0] ?? '';
	const field = fields.find((row) => row.name.toLowerCase() === head.replace(/\[\d+\]$/, '').toLowerCase());
	return (field?.name ?? head) + index + (rest.length ? '.' + spelled(field?.fields ?? [], rest.join('.')) : '');
}

export function sortFaults(fields: Field[], messages: string[]): FaultMap {
	const faults: FaultMap = new Map();
	for (const message of messages) {
		const found = named.exec(message);
		const isKnown = found && knows(fields, found[1]!);
		const path = isKnown ? spelled(fields, found[1]!) : '';
		faults.set(path, [...(faults.get(path) ?? []), isKnown ? found[2]! : message]);
	}
	return faults;
}

export const faultsBelow = (faults: FaultMap, name: string) =>
	[...faults.keys()].filter((path) => path === name || path.startsWith(name + '.') || path.startsWith(name + '[')).length;
