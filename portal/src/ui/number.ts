// SPDX-License-Identifier: Apache-2.0
const whole = new Intl.NumberFormat();
const units = ['', 'k', 'M', 'G', 'T'];

export const count = (n: number | null | undefined) => (n === null || n === undefined ? '–' : whole.format(n));

export function octets(n: number | null | undefined): string {
	if (n === null || n === undefined) return '–';
	let value = n;
	let unit = 0;
	while (value >= 1000 && unit < units.length - 1) {
		value /= 1000;
		unit++;
	}
	return `${unit && value < 100 ? value.toFixed(1) : Math.round(value)} ${units[unit]}B`;
}
