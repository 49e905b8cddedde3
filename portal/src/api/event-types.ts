// SPDX-License-Identifier: Apache-2.0
// The types of events, asked for once: they come with the program.
import { signal } from '@preact/signals';
import { get } from './client';
import type { Thing } from './types';

export const eventTypes = signal<Thing[]>([]);

export async function loadEventTypes() {
	eventTypes.value = (await get<Thing[]>('eventtypes?limit=200&sortBy=asc(name)')).data;
}

export const eventTypeName = (moniker: string) => eventTypes.value.find((type) => type.moniker === moniker)?.name ?? moniker;
