// SPDX-License-Identifier: Apache-2.0
// The API as everyone else speaks it: the envelope, ETag and If-Match, the CSRF token of a signed-in browser, the customer acted for.
import { credentials, signedOut } from './session';

export interface Envelope<T> {
	success: boolean;
	messages: string[];
	data: T;
	totalItems?: number;
	limit?: number;
	offset?: number;
}

export interface Reply<T> {
	data: T;
	etag: string | null;
	total: number;
	envelope: Envelope<T>;
}

export class ApiError extends Error {
	constructor(
		readonly status: number,
		readonly messages: string[],
	) {
		super(messages.join('\n'));
	}
}

export interface CallOptions {
	etag?: string | null;
	body?: unknown;
	raw?: { content: BodyInit; type: string };
	signal?: AbortSignal;
	quiet?: boolean; // a 401 is for the caller, not the end of the session
	asSelf?: boolean; // not for the customer acted for
}

export const BASE = '/api/v1/';

export function headersOf(method: string, options: CallOptions = {}): Headers {
	const headers = new Headers({ Accept: 'application/json' });
	const { token, csrf, customer } = credentials();
	if (token) headers.set('Authorization', 'Bearer ' + token);
	if (csrf && method !== 'GET') headers.set('X-CSRF-Token', csrf);
	if (customer && !options.asSelf) headers.set('X-Customer', customer);
	if (options.etag) headers.set('If-Match', options.etag);
	if (options.body !== undefined) headers.set('Content-Type', 'application/json');
	if (options.raw) headers.set('Content-Type', options.raw.type);
	return headers;
}

async function failure(reply: Response): Promise<ApiError> {
	const said = (await reply.json().catch(() => null)) as Envelope<unknown> | null;
	const messages = said?.messages?.length ? said.messages : [`The controller answered ${reply.status} ${reply.statusText}`];
	return new ApiError(reply.status, messages);
}

export async function fetchRaw(method: string, path: string, options: CallOptions = {}): Promise<Response> {
	let reply: Response;
	try {
		reply = await fetch(BASE + path.replace(/^\//, ''), {
			method,
			headers: headersOf(method, options),
			body: options.raw ? options.raw.content : options.body === undefined ? null : JSON.stringify(options.body),
			signal: options.signal ?? null,
			credentials: 'same-origin',
		});
	} catch (error) {
		if (options.signal?.aborted) throw error;
		throw new ApiError(0, ['The controller cannot be reached. What you typed is kept; try again in a moment.']);
	}
	if (reply.status === 401 && !options.quiet) signedOut();
	if (!reply.ok) throw await failure(reply);
	return reply;
}

export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<Reply<T>> {
	const reply = await fetchRaw(method, path, options);
	const envelope = (await reply.json()) as Envelope<T>;
	if (!envelope.success) throw new ApiError(reply.status, envelope.messages);
	return { data: envelope.data, etag: reply.headers.get('ETag'), total: envelope.totalItems ?? 0, envelope };
}

export const get = <T>(path: string, options?: CallOptions) => call<T>('GET', path, options);
export const post = <T = string>(path: string, body?: unknown, options?: CallOptions) => call<T>('POST', path, { ...options, body: body ?? {} });
export const patch = (path: string, body: unknown, etag?: string | null) => call<string>('PATCH', path, { body, etag: etag ?? null });
export const put = (path: string, body: unknown, etag?: string | null) => call<string>('PUT', path, { body, etag: etag ?? null });
export const remove = (path: string, etag?: string | null) => call<string>('DELETE', path, { etag: etag ?? null });

export function messagesOf(error: unknown): string[] {
	return error instanceof ApiError ? error.messages : [error instanceof Error ? error.message : String(error)];
}
