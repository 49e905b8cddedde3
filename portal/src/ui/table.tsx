// SPDX-License-Identifier: Apache-2.0
// A list of objects: paged, ordered and searched by the API, so that 100,000 are no slower than ten. All of it stands in the URL.
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useQuery, type QueryOptions } from '../api/query';
import { query as urlQuery, setQuery } from '../router';
import { vsliceFilter } from '../shell/state';
import { Faults } from './faults';
import { Icon } from './icons';
import { count } from './number';
import { Loading } from './parts';

export interface Column<T> {
	head: string;
	cell: (row: T) => ComponentChildren;
	sort?: string; // the member to order by
	end?: boolean; // numbers stand at the end
	wide?: boolean; // left out on a phone
}

interface TableProps<T> extends QueryOptions {
	path: string;
	columns: Column<T>[];
	keyOf?: (row: T) => string;
	search?: string; // the member that the search box looks into
	searchLabel?: string;
	filters?: { member: string; label: string; values: [string, string][] }[];
	fixed?: string; // filter terms that always hold
	vsliceMember?: string; // the member that the VSlice filter above holds against
	order?: string; // as sortBy, when nothing was chosen
	size?: number;
	empty: ComponentChildren;
	selected?: Set<string>;
	onSelect?: (ids: Set<string>) => void;
	label: string;
	prefix?: string; // of the members in the URL, where a page has two tables
	tools?: ComponentChildren;
	rowClass?: (row: T) => string | undefined;
	pageless?: boolean; // the first page is all that is wanted
}

const identity = (row: unknown) => (row as { id: string }).id;

export function Table<T>(props: TableProps<T>) {
	const { path, columns, keyOf = identity, search, filters = [], size = 50, prefix = '', selected, onSelect } = props;
	const q = urlQuery.value;
	const name = (member: string) => prefix + member;
	const text = q.get(name('q')) ?? '';
	const sort = q.get(name('sort')) ?? props.order ?? '';
	const page = Math.max(1, Number(q.get(name('page')) ?? 1));
	const [typed, setTyped] = useState(text);
	const terms = [
		props.fixed,
		text && search && `${search}:${text}`,
		props.vsliceMember && vsliceFilter.value && `${props.vsliceMember}:${vsliceFilter.value}`,
		...filters.map(({ member }) => q.get(name(member)) && `${member}:${q.get(name(member))}`),
	].filter(Boolean);
	const url = `${path}${path.includes('?') ? '&' : '?'}limit=${size}&offset=${(page - 1) * size}${sort ? '&sortBy=' + sort : ''}${terms.length ? '&filter=' + encodeURIComponent(terms.join(',')) : ''}`;
	const list = useQuery<T[]>(url, { ...(props.on ? { on: props.on } : {}), ...(props.every ? { every: props.every } : {}) });
	// While the next page is on its way the one before stays.
	const [rows, setRows] = useState<T[] | undefined>(list.data);
	useEffect(() => {
		if (list.data) setRows(list.data);
	}, [list.data]);
	const isFiltered = terms.length > (props.fixed ? 1 : 0);
	const pages = Math.max(1, Math.ceil(list.total / size));

	useEffect(() => {
		if (typed === text) return;
		const timer = setTimeout(() => setQuery({ [name('q')]: typed.replace(/[,:]/g, ' ') || null, [name('page')]: null }), 200);
		return () => clearTimeout(timer);
	}, [typed]);

	const all = (rows ?? []).map(keyOf);
	const hasAll = !!selected && all.length > 0 && all.every((id) => selected.has(id));
	const toggle = (ids: string[], on: boolean) => {
		const next = new Set(selected);
		ids.forEach((id) => (on ? next.add(id) : next.delete(id)));
		onSelect?.(next);
	};

	return (
		<div class="table-part">
			{(search || filters.length > 0 || props.tools) && (
				<div class="table-tools">
					{search && (
						<label class="search">
							<Icon name="search" />
							<span class="visually-hidden">{props.searchLabel ?? 'Search'}</span>
							<input type="search" placeholder={props.searchLabel ?? 'Search'} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
						</label>
					)}
					{filters.map((filter) => (
						<select
							key={filter.member}
							aria-label={filter.label}
							value={q.get(name(filter.member)) ?? ''}
							onChange={(event) => setQuery({ [name(filter.member)]: event.currentTarget.value || null, [name('page')]: null })}
						>
							<option value="">{filter.label}: all</option>
							{filter.values.map(([value, label]) => (
								<option key={value} value={value} selected={q.get(name(filter.member)) === value}>
									{label}
								</option>
							))}
						</select>
					))}
					{props.tools}
				</div>
			)}
			<Faults error={list.error} retry={list.reload} />
			{!rows && !list.error ? (
				<Loading />
			) : rows && !rows.length && !list.loading ? (
				isFiltered ? (
					<div class="empty small">
						<p>Nothing matches.</p>
						<button
							type="button"
							class="button"
							onClick={() => {
								setTyped('');
								setQuery(Object.fromEntries([name('q'), name('page'), ...filters.map((filter) => name(filter.member))].map((member) => [member, null])));
							}}
						>
							Show all
						</button>
					</div>
				) : (
					props.empty
				)
			) : rows ? (
				<>
					<div class="table-wrap" tabIndex={0} role="region" aria-label={props.label}>
						<table>
							<thead>
								<tr>
									{selected && (
										<th class="tick">
											<input type="checkbox" aria-label="Select all on this page" checked={hasAll} onChange={() => toggle(all, !hasAll)} />
										</th>
									)}
									{columns.map((column) => (
										<Head key={column.head} column={column} sort={sort} choose={(next) => setQuery({ [name('sort')]: next, [name('page')]: null })} />
									))}
								</tr>
							</thead>
							<tbody>
								{rows.map((row) => {
									const id = keyOf(row);
									return (
										<tr key={id} class={props.rowClass?.(row)}>
											{selected && (
												<td class="tick">
													<input type="checkbox" aria-label="Select" checked={selected.has(id)} onChange={(event) => toggle([id], event.currentTarget.checked)} />
												</td>
											)}
											{columns.map((column) => (
												<td key={column.head} class={[column.end && 'end', column.wide && 'wide'].filter(Boolean).join(' ') || undefined}>
													{column.cell(row)}
												</td>
											))}
										</tr>
									);
								})}
							</tbody>
						</table>
					</div>
					{!props.pageless && (list.total > size || page > 1) && (
						<nav class="pager" aria-label={'Pages of ' + props.label}>
							<span>
								{count((page - 1) * size + 1)}–{count(Math.min(page * size, list.total))} of {count(list.total)}
							</span>
							<button type="button" class="button small" disabled={page <= 1} onClick={() => setQuery({ [name('page')]: page > 2 ? String(page - 1) : null }, {})}>
								<Icon name="left" />
								<span>Previous</span>
							</button>
							<button type="button" class="button small" disabled={page >= pages} onClick={() => setQuery({ [name('page')]: String(page + 1) }, {})}>
								<span>Next</span>
								<Icon name="right" />
							</button>
						</nav>
					)}
				</>
			) : null}
		</div>
	);
}

function Head<T>({ column, sort, choose }: { column: Column<T>; sort: string; choose: (sort: string) => void }) {
	const cls = [column.end && 'end', column.wide && 'wide'].filter(Boolean).join(' ') || undefined;
	if (!column.sort)
		return (
			<th scope="col" class={cls}>
				{column.head}
			</th>
		);
	const up = sort === `asc(${column.sort})`;
	const down = sort === `desc(${column.sort})`;
	return (
		<th scope="col" class={cls} aria-sort={up ? 'ascending' : down ? 'descending' : undefined}>
			<button type="button" class="sort" onClick={() => choose(`${up ? 'desc' : 'asc'}(${column.sort})`)}>
				{column.head}
				<Icon name={down ? 'down' : 'up'} />
			</button>
		</th>
	);
}
