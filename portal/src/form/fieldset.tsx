// SPDX-License-Identifier: Apache-2.0
// The members of one object, in their groups.
import type { Field } from '../api/schema';
import { useForm } from './context';
import { FieldView } from './field';
import type { Values } from './values';
import { isShown, type Place } from './when';

interface FieldSetProps {
	fields: Field[];
	values: Values;
	outer?: Place | undefined;
	path: string;
	onChange: (values: Values) => void;
	only?: ((field: Field) => boolean) | undefined;
}

const isOffered = (field: Field, isNew: boolean) => !field.readOnly && field.type !== 'value' && (isNew || !field.createOnly);

export function FieldSet({ fields, values, outer, path, onChange, only }: FieldSetProps) {
	const { isNew } = useForm();
	const place: Place = { fields, values, outer };
	const shown = fields.filter((field) => isOffered(field, isNew) && (!only || only(field)) && isShown(field, place)).sort(byOrder);
	const groups = [...new Set(shown.map((field) => field.group))];
	const view = (field: Field) => (
		<FieldView
			key={field.name}
			field={field}
			place={place}
			path={path ? path + '.' + field.name : field.name}
			onChange={(value) => onChange({ ...values, [field.name]: value })}
			setBeside={(changes) => onChange({ ...values, ...changes })}
		/>
	);
	if (groups.length < 3) return <div class="fields">{shown.map(view)}</div>;
	return (
		<>
			{groups.map((group) => (
				<details key={group} class="group" open>
					<summary>{group}</summary>
					<div class="fields">{shown.filter((field) => field.group === group).map(view)}</div>
				</details>
			))}
		</>
	);
}

// As the tables stand, but the name comes first: it is what people start with.
function byOrder(a: Field, b: Field): number {
	const rank = (field: Field) => (field.name === 'name' ? -1 : field.order);
	return rank(a) - rank(b);
}
