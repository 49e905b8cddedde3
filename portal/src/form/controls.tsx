// SPDX-License-Identifier: Apache-2.0
// A control for each type of the field tables.
import type { ComponentType, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Field } from '../api/schema';
import { Icon } from '../ui/icons';
import { ReferenceControl } from './reference';
import { RowsControl } from './rows';
import { FieldSet } from './fieldset';
import { fromRead, isThreefold, type Values } from './values';
import { fixedValue, type Place } from './when';

export interface ControlProps {
	field: Field;
	place: Place;
	path: string;
	id: string;
	required: boolean;
	invalid: boolean;
	describedBy: string | undefined;
	disabled: boolean;
	onChange: (value: unknown) => void;
	setBeside: (changes: Values) => void;
	onLeave: () => void;
}

export const aria = (props: ControlProps) => ({
	id: props.id,
	disabled: props.disabled,
	'aria-invalid': props.invalid || undefined,
	'aria-describedby': props.describedBy,
	'aria-required': props.required || undefined,
	onBlur: props.onLeave,
});

const PAUSE_MS = 500; // in typing, after which a pattern is looked at

function TextControl(props: ControlProps) {
	const { field, place, onChange } = props;
	const value = String(place.values[field.name] ?? '');
	const latest = useRef(props.onLeave);
	latest.current = props.onLeave;
	const timer = useRef<ReturnType<typeof setTimeout>>();
	useEffect(() => () => clearTimeout(timer.current), []);
	const onInput = (event: JSX.TargetedInputEvent<HTMLInputElement | HTMLTextAreaElement>) => {
		onChange(event.currentTarget.value);
		clearTimeout(timer.current);
		if (field.format) timer.current = setTimeout(() => latest.current(), PAUSE_MS);
	};
	const isCode = !!field.format || field.name === 'moniker';
	if ((field.maximumLength ?? 0) > 400 && field.format !== 'url')
		return <textarea {...aria(props)} class={isCode ? 'code-input' : undefined} rows={2} value={value} onInput={onInput} spellcheck={false} />;
	return (
		<input
			{...aria(props)}
			class={isCode ? 'code-input' : undefined}
			value={value}
			onInput={onInput}
			autocomplete="off"
			spellcheck={false}
			placeholder={field.name === 'moniker' ? 'made from the name' : undefined}
		/>
	);
}

function SecretControl(props: ControlProps) {
	const { field, place, onChange } = props;
	const [isSeen, setSeen] = useState(false);
	const value = place.values[field.name] as string | null | undefined;
	const isSet = place.values[field.name + 'Set'] === true;
	return (
		<div class="secret">
			<input
				{...aria(props)}
				type={isSeen ? 'text' : 'password'}
				class="code-input"
				value={value ?? ''}
				onInput={(event) => onChange(event.currentTarget.value === '' ? undefined : event.currentTarget.value)}
				autocomplete="new-password"
				spellcheck={false}
				placeholder={value === null ? 'will be taken away when you save' : isSet ? 'set; leave empty to keep it' : 'not set'}
			/>
			{value && (
				<button type="button" class="button small" onClick={() => setSeen(!isSeen)} aria-pressed={isSeen}>
					{isSeen ? 'Hide' : 'Show'}
				</button>
			)}
			{isSet && !value && (
				<button type="button" class="button small" onClick={() => onChange(value === null ? undefined : null)} disabled={props.disabled}>
					{value === null ? 'Keep it' : 'Remove'}
				</button>
			)}
		</div>
	);
}

function IntegerControl(props: ControlProps) {
	const { field, place, onChange } = props;
	return (
		<div class="with-unit">
			<input
				{...aria(props)}
				inputMode="numeric"
				class="short"
				value={String(place.values[field.name] ?? '')}
				onInput={(event) => onChange(event.currentTarget.value)}
				autocomplete="off"
			/>
			{field.unit && <span class="unit">{field.unit}</span>}
		</div>
	);
}

function BooleanControl(props: ControlProps) {
	const { field, place, onChange } = props;
	return (
		<input {...aria(props)} type="checkbox" role="switch" checked={place.values[field.name] === true} onChange={(event) => onChange(event.currentTarget.checked)} />
	);
}

function ThreefoldControl(props: ControlProps) {
	const { field, place, onChange } = props;
	const value = place.values[field.name] as boolean | null;
	return (
		<select {...aria(props)} value={value === null ? '' : String(value)} onChange={(event) => onChange(event.currentTarget.value === '' ? null : event.currentTarget.value === 'true')}>
			<option value="">–</option>
			<option value="true">On</option>
			<option value="false">Off</option>
		</select>
	);
}

function TimeControl(props: ControlProps) {
	const { field, place, onChange } = props;
	const value = place.values[field.name] as string;
	const date = value ? new Date(value) : null;
	const local = date && !isNaN(+date) ? new Date(+date - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16) : '';
	return <input {...aria(props)} type="datetime-local" class="short" value={local} onInput={(event) => onChange(event.currentTarget.value)} />;
}

// What may be chosen here. A value that a condition fixes is offered only where it does.
function choices(field: Field) {
	return (field.values ?? []).filter((word) => word.moniker !== field.fixedTo);
}

function EnumControl(props: ControlProps) {
	const { field, place, onChange, required } = props;
	const fixed = fixedValue(field, place);
	if (fixed !== null) {
		const word = field.values?.find((row) => row.moniker === fixed);
		return (
			<select {...aria(props)} disabled>
				<option selected>
					{word?.name ?? fixed}
					{word?.help ? ': ' + word.help : ''}
				</option>
			</select>
		);
	}
	const value = (place.values[field.name] as string | null) ?? '';
	return (
		<select {...aria(props)} value={value} onChange={(event) => onChange(event.currentTarget.value || null)}>
			{(!required || !value) && !field.default && <option value="">{required ? 'Choose…' : '–'}</option>}
			{choices(field).map((word) => (
				<option key={word.moniker} value={word.moniker} selected={word.moniker === value}>
					{word.name}
				</option>
			))}
		</select>
	);
}

// Few choices that each need a sentence are cards.
function CardsControl(props: ControlProps) {
	const { field, place, onChange, id, disabled } = props;
	const value = place.values[field.name];
	return (
		<div class="choices">
			{choices(field).map((word) => (
				<label key={word.moniker} class={value === word.moniker ? 'choice chosen' : 'choice'}>
					<input type="radio" name={id} value={word.moniker} checked={value === word.moniker} disabled={disabled} onChange={() => onChange(word.moniker)} aria-describedby={props.describedBy} />
					<span>
						<b>{word.name}</b>
						<small>{word.help}</small>
					</span>
				</label>
			))}
		</div>
	);
}

function TextsControl(props: ControlProps) {
	const { field, place, onChange } = props;
	const items = (place.values[field.name] ?? []) as string[];
	const [typed, setTyped] = useState('');
	const add = (text: string) => {
		const more = text
			.split(/[\s,;]+/)
			.map((part) => part.trim())
			.filter(Boolean);
		if (more.length) onChange([...items, ...more.filter((part) => !items.includes(part))]);
		setTyped('');
	};
	const onKeyDown = (event: JSX.TargetedKeyboardEvent<HTMLInputElement>) => {
		if ((event.key === 'Enter' || event.key === ',') && typed) {
			event.preventDefault();
			add(typed);
		} else if (event.key === 'Backspace' && !typed && items.length) onChange(items.slice(0, -1));
	};
	return (
		<div class="chips">
			{items.map((item) => (
				<span key={item} class="chip">
					{item}
					<button type="button" aria-label={'Remove ' + item} onClick={() => onChange(items.filter((other) => other !== item))} disabled={props.disabled}>
						<Icon name="close" />
					</button>
				</span>
			))}
			<input
				{...aria(props)}
				class="code-input"
				value={typed}
				onInput={(event) => setTyped(event.currentTarget.value)}
				onKeyDown={onKeyDown}
				onBlur={() => (typed && add(typed), props.onLeave())}
				placeholder={items.length ? '' : 'type one, then Enter'}
				autocomplete="off"
				spellcheck={false}
			/>
		</div>
	);
}

// An object that may be left out whole stays folded until it is wanted.
function ObjectControl({ field, place, path, onChange, required }: ControlProps) {
	const values = (place.values[field.name] ?? {}) as Values;
	const isOptional = !required && !field.visibleWhen && place.fields.length > 1 && field.fields?.every((inner) => inner.type !== 'object');
	const [isOpen] = useState(() => JSON.stringify(values) !== JSON.stringify(fromRead(field.fields ?? [], {})));
	const members = <FieldSet fields={field.fields ?? []} values={values} outer={place} path={path} onChange={onChange} />;
	if (!isOptional) return members;
	return (
		<details class="group" open={isOpen}>
			<summary>{isOpen ? field.label : 'Add ' + field.label}</summary>
			{members}
		</details>
	);
}

interface Kind {
	Control: ComponentType<ControlProps>;
	isGroup?: boolean;
	isInline?: boolean;
}

export function controlOf(field: Field): Kind {
	if (field.secret) return { Control: SecretControl };
	switch (field.type) {
		case 'integer':
			return { Control: IntegerControl };
		case 'boolean':
			return isThreefold(field) ? { Control: ThreefoldControl } : { Control: BooleanControl, isInline: true };
		case 'time':
			return { Control: TimeControl };
		case 'enumeration':
			return (field.values?.length ?? 0) <= 4 && field.readOnlyAfterCreate && !field.fixedWhen && field.values?.every((word) => word.help)
				? { Control: CardsControl, isGroup: true }
				: { Control: EnumControl };
		case 'reference':
			return { Control: ReferenceControl };
		case 'texts':
			return { Control: TextsControl };
		case 'list':
			return { Control: RowsControl, isGroup: true };
		case 'object':
			return { Control: ObjectControl, isGroup: true };
		default:
			return { Control: TextControl };
	}
}
