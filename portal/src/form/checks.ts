// SPDX-License-Identifier: Apache-2.0
// What can be said while it is typed, from the rows of the field tables. The API judges in the end; these only save a round trip, so they are
// never stricter than it.
import type { Field } from '../api/schema';

const address = (text: string) => {
	const parts = text.split('.');
	return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
};
const number = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const anyPrefix = (text: string) => {
	const [base = '', length = '', ...more] = text.split('/');
	return !more.length && address(base) && /^\d{1,2}$/.test(length) && Number(length) <= 32;
};
const prefix = (text: string) => anyPrefix(text) && number(text.split('/')[0]!) % 2 ** (32 - Number(text.split('/')[1])) === 0;
const range = (text: string) => {
	const [from = '', to = '', ...more] = text.split('-');
	return !more.length && address(from) && address(to) && number(from) <= number(to);
};
const each = (check: (part: string) => boolean) => (text: string) => text.split(',').every((part) => check(part.trim()));
const port = (text: string) => /^\d{1,5}$/.test(text) && Number(text) <= 65535;
const ports = (text: string) => {
	const [from = '', to, ...more] = text.split('-');
	return !more.length && port(from) && (to === undefined || (port(to) && Number(from) <= Number(to)));
};

export function luhn(digits: string): boolean {
	let sum = 0;
	[...digits].reverse().forEach((digit, i) => {
		const doubled = Number(digit) * (i % 2 ? 2 : 1);
		sum += doubled > 9 ? doubled - 9 : doubled;
	});
	return sum % 10 === 0;
}

const formats: Record<string, (text: string) => boolean> = {
	moniker: (text) => /^[a-z0-9-]{1,30}$/.test(text),
	ipv4: address,
	prefix,
	'address-or-prefix': (text) => address(text) || anyPrefix(text),
	prefixes: each(prefix),
	addresses: each((part) => address(part) || anyPrefix(part) || range(part)),
	ports: each(ports),
	digits: (text) => /^\d+$/.test(text),
	iccid: (text) => /^\d{18,22}$/.test(text) && luhn(text),
	imsi: (text) => /^\d{14,15}$/.test(text),
	iso3: (text) => /^[A-Z]{3}$/.test(text),
	url: (text) => /^https?:\/\/.+/.test(text),
	numbers: each((part) => /^\d+$/.test(part)),
};

function checkText(field: Field, text: string): string | null {
	if (field.type === 'text' && field.maximumLength && text.length > field.maximumLength) return `is ${text.length} characters long; at most ${field.maximumLength}`;
	const isOurs = !text.includes(':') || field.format === 'url'; // IPv6 is left to the API
	if (isOurs && field.format && formats[field.format] && !formats[field.format]!(text)) return `"${text}" is not ${field.accepts}`;
	return null;
}

// One fault, or null.
export function checkValue(field: Field, value: unknown, required: boolean): string | null {
	const blank = value === '' || value === null || value === undefined || (Array.isArray(value) && !value.length);
	if (blank) return required && !field.secret ? 'is missing' : null;
	if (field.type === 'integer') {
		const text = String(value).trim();
		if (!/^-?\d+$/.test(text)) return `"${text}" is not a whole number`;
		if (field.maximum !== undefined && (Number(text) < (field.minimum ?? 0) || Number(text) > field.maximum))
			return `is ${text}; accepted: ${field.minimum} to ${field.maximum}${field.unit ? ' ' + field.unit : ''}`;
	}
	if (field.type === 'text') return checkText(field, String(value));
	if (field.type === 'texts') return (value as string[]).map((text) => checkText(field, text)).find(Boolean) ?? null;
	return null;
}
