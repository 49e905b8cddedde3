// SPDX-License-Identifier: Apache-2.0
// One member: its label, its control, its help with range and default, and its faults beside it.
import type { Field } from '../api/schema';
import { Icon } from '../ui/icons';
import { useForm } from './context';
import { controlOf, type ControlProps } from './controls';
import { isRequired, type Place } from './when';
import type { Values } from './values';

interface FieldProps {
	field: Field;
	place: Place;
	path: string; // of the member, from the form's top
	onChange: (value: unknown) => void;
	setBeside: (changes: Values) => void;
}

// What is worth saying beyond the help: the range and the default, where there are such.
function boundsOf(field: Field): string[] {
	const bounds: string[] = [];
	if (field.type === 'integer' && field.maximum !== undefined) bounds.push(`${field.minimum}–${field.maximum}${field.unit ? ' ' + field.unit : ''}`);
	if (field.default !== undefined && field.default !== '' && field.type !== 'reference') {
		const word = field.values?.find((value) => value.moniker === field.default);
		const text = field.type === 'boolean' ? (field.default === 'true' ? 'on' : 'off') : (word?.name ?? field.default);
		bounds.push(`default ${text}`);
	}
	return bounds;
}

const sentence = (text: string) => text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.');

export function FieldView({ field, place, path, onChange, setBeside }: FieldProps) {
	const form = useForm();
	const id = form.id + '-' + path.replace(/[^A-Za-z0-9]+/g, '-');
	const faults = form.faults.get(path) ?? [];
	const required = isRequired(field, place);
	const bounds = boundsOf(field);
	const hasHelp = !!field.help || bounds.length > 0;
	const props: ControlProps = {
		field,
		place,
		path,
		id,
		required,
		invalid: faults.length > 0,
		describedBy: [hasHelp && id + '-help', faults.length && id + '-fault'].filter(Boolean).join(' ') || undefined,
		disabled: form.disabled || (!form.isNew && field.readOnlyAfterCreate === true),
		onChange,
		setBeside,
		onLeave: () => form.onLeave(path),
	};
	const { Control, isGroup, isInline } = controlOf(field);
	const Wrap = isGroup ? 'fieldset' : 'div';
	const Label = isGroup ? 'legend' : 'label';
	const isChanged = field.default !== undefined && field.type !== 'reference' && String(place.values[field.name] ?? '') !== field.default;
	const help = hasHelp && (
		<p class="field-help" id={id + '-help'}>
			{field.help && sentence(field.help)}
			{bounds.length > 0 && <span class={isChanged ? 'bounds changed' : 'bounds'}>{bounds.join(' · ')}</span>}
		</p>
	);
	return (
		<Wrap class={`field${isInline ? ' inline' : ''}${faults.length ? ' has-fault' : ''}`} data-field={path}>
			{isInline && <Control {...props} />}
			<Label class="field-label" {...(isGroup ? {} : { for: id })}>
				{field.label}
				{required && !isInline && (
					<span class="required" title="required" aria-hidden="true">
						*
					</span>
				)}
			</Label>
			{isGroup && help}
			{!isInline && <Control {...props} />}
			{!form.isNew && field.readOnlyAfterCreate && <p class="field-note">Chosen at creation; it cannot be changed later.</p>}
			{faults.length > 0 && (
				<div class="field-fault" id={id + '-fault'}>
					<Icon name="warn" />
					<div>
						{faults.map((fault) => (
							<p key={fault}>{sentence(fault)}</p>
						))}
					</div>
				</div>
			)}
			{!isGroup && help}
		</Wrap>
	);
}
