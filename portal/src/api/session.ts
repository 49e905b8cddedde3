// SPDX-License-Identifier: Apache-2.0
// Who is signed in. A person has a cookie that scripts cannot read and a CSRF token beside it; an API token, where one is pasted instead, stays
// in this tab's memory of the session. The customer that a platform owner acts for is this tab's too.
import { computed, signal } from '@preact/signals';
import { ApiError, get, post } from './client';

export type Role = 'viewer' | 'operator' | 'administrator' | 'owner';
const ranks: Role[] = ['viewer', 'operator', 'administrator', 'owner'];

interface Named {
	id: string;
	moniker: string;
	name: string;
}

export interface Me {
	user: { id: string; email: string; name: string } | null;
	token?: { name: string } | null;
	customer: Named | null;
	role: Role;
	platform: boolean; // may act for any customer
	readOnly: boolean;
	csrfToken?: string | null;
	expiresAt?: string | null;
}

const TOKEN = 'slicegate.token';
const CUSTOMER = 'slicegate.customer';

// undefined: not known yet; null: nobody.
export const me = signal<Me | null | undefined>(undefined);
export const customer = signal<string | null>(sessionStorage.getItem(CUSTOMER));
// Has this page been used by somebody already? Then signing in again goes on where it was.
export const wasSignedIn = signal(false);
export const isPlatformOwner = computed(() => me.value?.platform === true);

let token = sessionStorage.getItem(TOKEN);

export const credentials = () => ({ token, csrf: me.peek()?.csrfToken ?? null, customer: customer.peek() });

export function may(least: Role | undefined, platform = false): boolean {
	const role = me.value?.role ?? 'viewer';
	return ranks.indexOf(role) >= ranks.indexOf(least ?? 'viewer') && (!platform || me.value?.platform === true);
}

// Actions on what is live (detach, restart, test, capture) ask for an operator.
export const mayAct = () => may('operator') && !me.value?.readOnly;

export function actFor(moniker: string | null) {
	customer.value = moniker;
	if (moniker) sessionStorage.setItem(CUSTOMER, moniker);
	else sessionStorage.removeItem(CUSTOMER);
}

export function signedOut() {
	token = null;
	sessionStorage.removeItem(TOKEN);
	me.value = null;
}

async function enter(who: Me) {
	wasSignedIn.value = true;
	me.value = who;
}

export async function whoAmI() {
	try {
		await enter((await get<Me>('me', { quiet: true, asSelf: true })).data);
	} catch (error) {
		signedOut();
		if (!(error instanceof ApiError && (error.status === 401 || error.status === 404))) throw error;
	}
}

export async function signIn(email: string, password: string) {
	await enter((await post<Me>('login', { email, password }, { quiet: true, asSelf: true })).data);
}

export async function useToken(pasted: string) {
	token = pasted;
	try {
		await enter((await get<Me>('me', { quiet: true, asSelf: true })).data);
		sessionStorage.setItem(TOKEN, pasted);
	} catch (error) {
		token = null;
		throw error;
	}
}

export async function signOut() {
	if (!token) await post('logout').catch(() => undefined);
	actFor(null);
	wasSignedIn.value = false;
	signedOut();
}
