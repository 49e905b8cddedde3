// SPDX-License-Identifier: Apache-2.0
// A form drawn from a noun's rows. It checks while one types what can be told here, sends only what changed, puts each fault of the answer beside
// its member, and when somebody else was faster it shows both versions instead of choosing one.
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import { ApiError, get, patch, post, type Envelope } from '../api/client';
import { touch } from '../api/query';
import { mayWrite, type Field, type Noun } from '../api/schema';
import type { Thing } from '../api/types';
import { setGuard } from '../router';
import { Button } from '../ui/button';
import { confirm } from '../ui/dialog';
import { Icon } from '../ui/icons';
import { tell } from '../ui/toast';
import { checkValue } from './checks';
import { Conflict } from './conflict';
import { Context, type FormContext } from './context';
import { FieldSet } from './fieldset';
import { sortFaults, type FaultMap } from './faults';
import { fixedValue, forgetReferred, isRequired, isShown, type Place } from './when';
import { fromRead, toPatch, toWrite, type Values } from './values';

interface FormProps {
	noun: Noun;
	thing?: Thing; // absent: a new one
	etag?: string | null;
	only?: (field: Field) => boolean; // the members that this form is about
	preset?: Values; // as read, of a new one
	path?: string; // of the collection, when it is not the noun's own
	saved: (id: string, answer: Envelope<string>) => void;
	cancel?: () => void;
	act?: string; // the button's word
	top?: (values: Values) => ComponentChildren; // above the members, by what is chosen
	children?: ComponentChildren;
}

// The faults that can be told here, of every member that is shown.
function check(fields: Field[], place: Place, path: string, only: FormProps['only'], faults: FaultMap) {
	for (const field of fields) {
		if (field.readOnly || field.type === 'value' || (only && !only(field)) || !isShown(field, place)) continue;
		const at = path ? path + '.' + field.name : field.name;
		const value = place.values[field.name];
		if (field.type === 'object') {
			const touched = JSON.stringify(value) !== JSON.stringify(fromRead(field.fields ?? [], {}));
			if (touched || field.required || field.visibleWhen) check(field.fields ?? [], { fields: field.fields ?? [], values: value as Values, outer: place }, at, undefined, faults);
		} else if (field.type === 'list') {
			(value as Values[]).forEach((row, i) => check(field.fields ?? [], { fields: field.fields ?? [], values: row, outer: place }, `${at}[${i}]`, undefined, faults));
		} else {
			const fault = fixedValue(field, place) === null ? checkValue(field, value, isRequired(field, place)) : null;
			if (fault) faults.set(at, [fault]);
		}
	}
}

const labelOf = (fields: Field[], path: string): string => {
	const [head = '', ...rest] = path.split('.');
	const field = fields.find((row) => row.name === head.replace(/\[.*/, ''));
	const index = /\[(\d+)\]/.exec(head);
	const label = (field?.label ?? head) + (index ? ' ' + (Number(index[1]) + 1) : '');
	return rest.length ? label + ', ' + labelOf(field?.fields ?? [], rest.join('.')) : label;
};

export function Form({ noun, thing, etag, only, preset, path, saved, cancel, act, top: above, children }: FormProps) {
	const id = useId();
	const isNew = !thing;
	const fields = noun.fields;
	const [base, setBase] = useState(() => ({ thing, etag, values: fromRead(fields, thing ?? preset ?? {}) }));
	const [values, setValues] = useState(base.values);
	const [faults, setFaults] = useState<FaultMap>(new Map());
	const [theirs, setTheirs] = useState<{ thing: Thing; etag: string | null } | null>(null);
	const [busy, setBusy] = useState(false);
	const top = useRef<HTMLFormElement>(null);
	const shown = (field: Field, inner: Values, outer?: Values) => isShown(field, { fields: fieldsAround(fields, field), values: inner, outer: outer && { fields, values: outer } });
	const mine = only ? fields.filter(only) : fields;
	const changes = useMemo(() => (isNew ? values : toPatch(mine, base.values, values, shown)), [values, base]);
	const isDirty = isNew ? JSON.stringify(values) !== JSON.stringify(base.values) : Object.keys(changes).length > 0;
	const mayChange = mayWrite(noun.noun);

	// Somebody else's change arrives while nothing is typed here: take it.
	useEffect(() => {
		if (thing && etag !== base.etag && !isDirty) {
			const fresh = fromRead(fields, thing);
			setBase({ thing, etag, values: fresh });
			setValues(fresh);
		}
	}, [thing, etag]);

	useEffect(() => {
		if (!isDirty) return;
		setGuard(() =>
			confirm({ title: 'Leave without saving?', text: <p>What you changed here has not been saved.</p>, act: 'Leave', danger: true }),
		);
		return () => setGuard(null);
	}, [isDirty]);

	const show = (found: FaultMap) => {
		setFaults(found);
		requestAnimationFrame(() => top.current?.querySelector<HTMLElement>('.fault-summary')?.focus());
	};

	const send = async (tag: string | null | undefined) => {
		const collection = path ?? noun.path;
		return (isNew ? await post(collection, toWrite(mine, values, shown)) : await patch(`${collection}/${thing.id}`, changes, tag)).envelope;
	};

	const finish = (answer: Envelope<string>) => {
		setFaults(new Map());
		setTheirs(null);
		setGuard(null);
		forgetReferred();
		tell(`${noun.title} ${isNew ? 'created' : 'saved'}`);
		touch(path ?? noun.path, noun.path);
		saved(thing?.id ?? answer.data, answer);
	};

	const submit = async (tag = base.etag) => {
		const found: FaultMap = new Map();
		check(mine, { fields, values }, '', only, found);
		if (found.size) return show(found);
		setBusy(true);
		try {
			const answer = await send(tag);
			if (thing) {
				const now = await get<Thing>(`${path ?? noun.path}/${thing.id}`);
				const fresh = fromRead(fields, now.data);
				setBase({ thing: now.data, etag: now.etag, values: fresh });
				setValues(fresh);
			}
			finish(answer);
		} catch (error) {
			if (error instanceof ApiError && error.status === 412 && thing) {
				const now = await get<Thing>(`${path ?? noun.path}/${thing.id}`);
				setTheirs({ thing: now.data, etag: now.etag });
			} else if (error instanceof ApiError) show(sortFaults(fields, error.messages));
			else show(new Map([['', [String(error)]]]));
		} finally {
			setBusy(false);
		}
	};

	const context: FormContext = {
		id,
		isNew,
		disabled: !mayChange || busy,
		faults,
		noun: noun.noun,
		self: thing ?? null,
		onLeave: (left) => {
			const found: FaultMap = new Map();
			check(mine, { fields, values }, '', only, found);
			const now = new Map(faults);
			const fault = found.get(left)?.[0];
			// What was left empty is told on saving only; what is wrong is told at once.
			if (fault && fault !== 'is missing') now.set(left, [fault]);
			else now.delete(left);
			setFaults(now);
		},
	};

	const discard = () => {
		setValues(base.values);
		setFaults(new Map());
	};

	return (
		<Context.Provider value={context}>
			<form
				ref={top}
				class="form"
				noValidate
				onSubmit={(event) => {
					event.preventDefault();
					void submit();
				}}
			>
				{faults.size > 0 && (
					<div class="notice bad fault-summary" role="alert" tabIndex={-1}>
						<Icon name="warn" />
						<div>
							<p>
								<b>Not saved.</b> {faults.size === 1 ? 'One thing' : `${faults.size} things`} to mend:
							</p>
							<ul>
								{[...faults].flatMap(([at, texts]) =>
									texts.map((text) => (
										<li key={at + text}>
											{at ? (
												<a href={'#' + id + '-' + at.replace(/[^A-Za-z0-9]+/g, '-')} onClick={(event) => jump(event, top.current, at)}>
													{labelOf(fields, at)}
												</a>
											) : null}
											{at ? ' ' : ''}
											{text}
										</li>
									)),
								)}
							</ul>
						</div>
					</div>
				)}
				{theirs && (
					<Conflict
						fields={mine}
						base={base.values}
						mine={values}
						theirs={fromRead(fields, theirs.thing)}
						changedAt={theirs.thing.changedAt ?? null}
						keepMine={() => submit(theirs.etag)}
						takeTheirs={() => {
							const fresh = fromRead(fields, theirs.thing);
							setBase({ thing: theirs.thing, etag: theirs.etag, values: fresh });
							setValues(fresh);
							setTheirs(null);
						}}
					/>
				)}
				{above?.(values)}
				<FieldSet fields={fields} values={values} path="" only={only} onChange={setValues} />
				{children}
				{mayChange && (
					<footer class={isDirty && !isNew ? 'form-foot dirty' : 'form-foot'}>
						<button class="button primary" type="submit" disabled={busy || (!isNew && !isDirty)} aria-busy={busy || undefined}>
							{act ?? (isNew ? `Create ${noun.title}` : 'Save')}
						</button>
						{cancel && <Button onClick={cancel}>Cancel</Button>}
						{!isNew && isDirty && <Button onClick={discard}>Discard changes</Button>}
						{!isNew && <span class="faint">{isDirty ? 'Unsaved changes' : ''}</span>}
					</footer>
				)}
			</form>
		</Context.Provider>
	);
}

// The rows that a member stands among: conditions look at its neighbours.
function fieldsAround(fields: Field[], wanted: Field): Field[] {
	if (fields.includes(wanted)) return fields;
	for (const field of fields) {
		const found = field.fields && fieldsAround(field.fields, wanted);
		if (found?.includes(wanted)) return found;
	}
	return fields;
}

function jump(event: Event, form: HTMLFormElement | null, at: string) {
	event.preventDefault();
	const field = form?.querySelector<HTMLElement>(`[data-field="${CSS.escape(at)}"]`);
	field?.querySelector<HTMLElement>('input, select, textarea')?.focus();
	field?.scrollIntoView({ block: 'center' });
}
