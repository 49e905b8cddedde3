// SPDX-License-Identifier: Apache-2.0
// A list of rows: added, taken away, and put into another order by dragging the handle, by its arrow keys, or by the buttons beside it.
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Field } from '../api/schema';
import { Icon } from '../ui/icons';
import type { ControlProps } from './controls';
import { useForm } from './context';
import { FieldSet } from './fieldset';
import { faultsBelow } from './faults';
import { KEY, newRow, type Values } from './values';

const moved = <T,>(list: T[], from: number, to: number): T[] => {
	const copy = [...list];
	copy.splice(to, 0, ...copy.splice(from, 1));
	return copy;
};

// One row in a line: its summary members, as people read them.
function summaryOf(fields: Field[], row: Values): string {
	const parts = fields
		.filter((field) => field.summary && !field.readOnly && field.name !== 'moniker')
		.map((field) => {
			const value = row[field.name];
			if (field.type === 'enumeration') return field.values?.find((word) => word.moniker === value)?.name;
			if (typeof value === 'object' && value !== null && 'name' in value) return (value as { name: string }).name;
			return value === '' || value === null || value === undefined || typeof value === 'boolean' ? undefined : String(value);
		});
	return parts.filter(Boolean).join(' · ');
}

export function RowsControl({ field, place, path, onChange, disabled }: ControlProps) {
	const form = useForm();
	const rows = (place.values[field.name] ?? []) as Values[];
	const fields = field.fields ?? [];
	const isLong = fields.filter((row) => !row.readOnly).length > 8;
	const one = field.label.replace(/\(s\)$/, '').replace(/ies$/, 'y').replace(/s$/, '');
	const max = field.maximumLength || Infinity;
	const [said, setSaid] = useState('');
	const list = useRef<HTMLOListElement>(null);
	const [dragged, setDragged] = useState<string | null>(null);

	const move = (from: number, to: number) => {
		if (to < 0 || to >= rows.length || to === from) return;
		onChange(moved(rows, from, to));
		setSaid(`${one} ${from + 1} is now number ${to + 1} of ${rows.length}`);
	};
	const onHandleKey = (at: number) => (event: JSX.TargetedKeyboardEvent<HTMLButtonElement>) => {
		const step = event.key === 'ArrowUp' ? -1 : event.key === 'ArrowDown' ? 1 : 0;
		if (!step) return;
		event.preventDefault();
		move(at, at + step);
		const key = String(rows[at]?.[KEY]);
		requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(key)}"] .grip`)?.focus());
	};
	const onDrag = (key: string) => (event: JSX.TargetedPointerEvent<HTMLButtonElement>) => {
		if (dragged !== key) return;
		const from = rows.findIndex((row) => row[KEY] === key);
		const tops = [...(list.current?.children ?? [])].map((child) => child.getBoundingClientRect());
		const to = tops.findIndex((box) => event.clientY >= box.top && event.clientY <= box.bottom);
		const box = tops[to];
		// It moves once its new place's middle is passed, so that two rows of different heights do not flicker.
		if (box && from >= 0 && to !== from && (to > from ? event.clientY > box.top + box.height / 2 : event.clientY < box.top + box.height / 2)) move(from, to);
	};

	return (
		<div class="rows">
			<p class="visually-hidden" role="status">
				{said}
			</p>
			<ol ref={list}>
				{rows.map((row, i) => {
					const key = String(row[KEY]);
					const at = `${path}[${i}]`;
					const body = (
						<FieldSet fields={fields} values={row} outer={place} path={at} onChange={(value) => onChange(rows.map((other, j) => (j === i ? value : other)))} />
					);
					return (
						<li key={key} data-row={key} class={'row' + (dragged === key ? ' dragged' : '') + (isLong ? ' long' : '') + (row.enabled === false ? ' off' : '')}>
							<div class="row-tools">
								<button
									type="button"
									class="grip"
									disabled={disabled}
									aria-label={`Move ${one} ${i + 1}: use the arrow keys, or drag`}
									title="Drag, or use the arrow keys"
									onKeyDown={onHandleKey(i)}
									onPointerDown={(event) => {
										event.currentTarget.setPointerCapture(event.pointerId);
										setDragged(key);
									}}
									onPointerMove={onDrag(key)}
									onPointerUp={() => setDragged(null)}
									onPointerCancel={() => setDragged(null)}
								>
									<Icon name="grip" />
								</button>
								<span class="row-number">{i + 1}</span>
							</div>
							<div class="row-body">
								{isLong ? (
									<details open={!row.id || faultsBelow(form.faults, at) > 0}>
										<summary>{summaryOf(fields, row) || 'new'}</summary>
										{body}
									</details>
								) : (
									body
								)}
							</div>
							<div class="row-tools">
								{isLong && typeof row.enabled === 'boolean' && (
									<input
										type="checkbox"
										role="switch"
										aria-label={`${one} ${i + 1} enabled`}
										title="Enabled"
										checked={row.enabled}
										disabled={disabled}
										onChange={(event) => onChange(rows.map((other, j) => (j === i ? { ...row, enabled: event.currentTarget.checked } : other)))}
									/>
								)}
								<button type="button" class="button quiet small alone" aria-label={`Move ${one} ${i + 1} up`} disabled={disabled || i === 0} onClick={() => move(i, i - 1)}>
									<Icon name="up" />
								</button>
								<button type="button" class="button quiet small alone" aria-label={`Move ${one} ${i + 1} down`} disabled={disabled || i === rows.length - 1} onClick={() => move(i, i + 1)}>
									<Icon name="down" />
								</button>
								<button type="button" class="button quiet small alone" aria-label={`Remove ${one} ${i + 1}`} disabled={disabled} onClick={() => onChange(rows.filter((_, j) => j !== i))}>
									<Icon name="trash" />
								</button>
							</div>
						</li>
					);
				})}
			</ol>
			<button type="button" class="button" disabled={disabled || rows.length >= max} onClick={() => onChange([...rows, newRow(fields)])}>
				<Icon name="plus" />
				<span>Add {one}</span>
			</button>
			{max < Infinity && max <= 20 && (
				<span class="field-note">
					{rows.length} of at most {max}
				</span>
			)}
		</div>
	);
}
