// SPDX-License-Identifier: Apache-2.0
// What most pages are made of: a list of a noun, a form for a new one, the page of one, and the way to delete it.
import type { ComponentChildren } from 'preact';
import { remove } from '../api/client';
import { touch, useQuery, type Query, type QueryOptions } from '../api/query';
import { mayWrite, nounOf, type Field } from '../api/schema';
import type { Thing } from '../api/types';
import { Form } from '../form/form';
import type { Values } from '../form/values';
import { navigate, setGuard } from '../router';
import { Button, ButtonLink } from '../ui/button';
import { confirm } from '../ui/dialog';
import type { IconName } from '../ui/icons';
import { Card, Empty, PageHead } from '../ui/parts';
import { Table, type Column } from '../ui/table';
import { tell } from '../ui/toast';

export const pluralOf = (title: string) => title.replace(/y$/, 'ie') + 's';

interface ListPageProps<T> extends QueryOptions {
	noun: string;
	icon: IconName;
	columns: Column<T>[];
	about?: ComponentChildren;
	actions?: ComponentChildren;
	first?: ComponentChildren; // what to do first, when there is none
	search?: string;
	searchLabel?: string;
	filters?: { member: string; label: string; values: [string, string][] }[];
	vsliceMember?: string;
	order?: string;
	noNew?: boolean;
}

export function ListPage<T>(props: ListPageProps<T>) {
	const noun = nounOf(props.noun);
	const mayCreate = !props.noNew && mayWrite(props.noun);
	const create = mayCreate && (
		<ButtonLink kind="primary" icon="plus" to={`/${noun.path}/new`}>
			New {noun.title}
		</ButtonLink>
	);
	return (
		<>
			<PageHead
				title={pluralOf(noun.title)}
				about={props.about ?? noun.help + '.'}
				actions={
					<>
						{props.actions}
						{create}
					</>
				}
			/>
			<Table
				path={noun.path}
				columns={props.columns}
				label={pluralOf(noun.title)}
				order={props.order ?? 'asc(name)'}
				{...(props.search ? { search: props.search } : {})}
				{...(props.searchLabel ? { searchLabel: props.searchLabel } : {})}
				{...(props.filters ? { filters: props.filters } : {})}
				{...(props.vsliceMember ? { vsliceMember: props.vsliceMember } : {})}
				{...(props.on ? { on: props.on } : {})}
				{...(props.every ? { every: props.every } : {})}
				empty={
					<Empty icon={props.icon} title={`No ${noun.title} yet`} action={create}>
						{props.first ?? <p>{noun.help}.</p>}
					</Empty>
				}
			/>
		</>
	);
}

interface NewPageProps {
	noun: string;
	preset?: Values;
	only?: (field: Field) => boolean;
	after?: (id: string) => string; // where to go then
	about?: ComponentChildren;
	top?: (values: Values) => ComponentChildren;
}

export function NewPage({ noun: word, preset, only, after, about, top }: NewPageProps) {
	const noun = nounOf(word);
	return (
		<>
			<PageHead title={`New ${noun.title}`} about={about ?? noun.help + '.'} crumbs={[['/' + noun.path, pluralOf(noun.title)]]} />
			<Card>
				<Form
					noun={noun}
					{...(top ? { top } : {})}
					{...(preset ? { preset } : {})}
					{...(only ? { only } : {})}
					saved={(id) => void navigate(after?.(id) ?? `/${noun.path}/${id}`, { replace: true })}
					cancel={() => void navigate('/' + noun.path)}
				/>
			</Card>
		</>
	);
}

export const useThing = <T extends Thing>(word: string, id: string, options?: QueryOptions): Query<T> => useQuery<T>(`${nounOf(word).path}/${id}`, options);

// The form of one that is there. What somebody else saves meanwhile is shown when this one is saved.
export function EditForm<T extends Thing>({ noun: word, query, only, saved }: { noun: string; query: Query<T>; only?: (field: Field) => boolean; saved?: () => void }) {
	if (!query.data) return null;
	return <Form noun={nounOf(word)} thing={query.data} etag={query.etag} {...(only ? { only } : {})} saved={() => (saved?.(), void query.reload())} />;
}

interface DeleteProps {
	noun: string;
	thing: Thing;
	etag?: string | null;
	breaks?: ComponentChildren; // what ends with it
	typed?: boolean; // its name must be typed
}

export function DeleteButton({ noun: word, thing, breaks, typed }: DeleteProps) {
	const noun = nounOf(word);
	if (!mayWrite(word)) return null;
	const ask = async () => {
		const done = await confirm({
			title: `Delete ${thing.name ?? thing.moniker}?`,
			text: <>{breaks ?? <p>This {noun.title} goes for good.</p>}</>,
			act: `Delete ${noun.title}`,
			danger: true,
			...(typed ? { typed: thing.moniker } : {}),
			run: () => remove(`${noun.path}/${thing.id}`),
		});
		if (!done) return;
		touch(noun.path);
		setGuard(null);
		tell(`${noun.title} ${thing.name ?? ''} deleted`);
		void navigate('/' + noun.path);
	};
	return (
		<Button kind="danger" icon="trash" run={ask}>
			Delete
		</Button>
	);
}
