// SPDX-License-Identifier: Apache-2.0
// What the frame around the pages holds: the VSlice filter, the theme.
import { computed, effect, signal } from '@preact/signals';
import { query, setQuery } from '../router';

// A moniker, or ''. It stands in the URL, so a filtered list can be sent to a colleague; the menu's links carry it along.
export const vsliceFilter = computed(() => query.value.get('vslice') ?? '');
export const setVSliceFilter = (moniker: string) => setQuery({ vslice: moniker || null, page: null });
export const withFilter = (to: string) => (vsliceFilter.value ? `${to}?vslice=${encodeURIComponent(vsliceFilter.value)}` : to);

export type Theme = 'light' | 'dark' | 'system';
const THEME = 'slicegate.theme';
export const theme = signal<Theme>((localStorage.getItem(THEME) as Theme | null) ?? 'system');
const prefersDark = matchMedia('(prefers-color-scheme: dark)');
const systemIsDark = signal(prefersDark.matches);
prefersDark.addEventListener('change', (event) => (systemIsDark.value = event.matches));
export const isDark = computed(() => theme.value === 'dark' || (theme.value === 'system' && systemIsDark.value));

effect(() => {
	document.documentElement.dataset.theme = isDark.value ? 'dark' : 'light';
	localStorage.setItem(THEME, theme.value);
});
