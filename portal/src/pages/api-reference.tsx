// SPDX-License-Identifier: Apache-2.0
// The API's own description, to read: every operation with its role, what it takes and gives. What the portal does is no more than this.
import { useEffect, useState } from 'preact/hooks';
import { BASE, fetchRaw } from '../api/client';
import { Button } from '../ui/button';
import { Faults } from '../ui/faults';
import { Icon } from '../ui/icons';
import { Badge, Loading, PageHead } from '../ui/parts';
import { download } from './endpoints';

interface Schema {
	$ref?: string;
	type?: string | string[];
	properties?: Record<string, Schema>;
	items?: Schema;
	required?: string[];
	description?: string;
	allOf?: Schema[];
	oneOf?: Schema[];
}

interface Operation {
	summary?: string;
	operationId?: string;
	parameters?: { name?: string; in?: string; description?: string; $ref?: string; required?: boolean }[];
	requestBody?: { content: Record<string, { schema?: Schema }> };
	'x-role'?: string;
	'x-platform'?: boolean;
}

interface Description {
	paths: Record<string, Record<string, Operation>>;
	components: { schemas?: Record<string, Schema>; parameters?: Record<string, { name: string; in: string; description?: string }> };
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const tones = { get: 'none', post: 'good', put: 'warn', patch: 'warn', delete: 'bad' } as const;

function typeOf(schema: Schema): string {
	if (schema.$ref) return schema.$ref.split('/').pop() ?? '';
	if (schema.type === 'array') return `list of ${schema.items ? typeOf(schema.items) : 'anything'}`;
	return [schema.type].flat().filter(Boolean).join(' or ') || 'anything';
}

function Members({ schema, all }: { schema: Schema; all: Record<string, Schema> }) {
	const real = schema.$ref ? (all[schema.$ref.split('/').pop() ?? ''] ?? schema) : schema;
	const members = Object.entries(real.properties ?? {});
	if (!members.length) return <p class="soft">{typeOf(schema)}</p>;
	return (
		<dl class="members">
			{members.map(([name, member]) => (
				<div key={name}>
					<dt>
						<code>{name}</code>
						{real.required?.includes(name) && <span class="required">*</span>}
					</dt>
					<dd>
						<span class="faint">{typeOf(member)}</span> {member.description}
					</dd>
				</div>
			))}
		</dl>
	);
}

function OperationView({ method, path, operation, description }: { method: string; path: string; operation: Operation; description: Description }) {
	const parameters = (operation.parameters ?? []).map((row) => (row.$ref ? description.components.parameters?.[row.$ref.split('/').pop() ?? ''] : row)).filter((row) => row !== undefined);
	const body = Object.entries(operation.requestBody?.content ?? {})[0];
	return (
		<details class="operation">
			<summary>
				<Badge tone={tones[method as keyof typeof tones]}>{method.toUpperCase()}</Badge>
				<code>{path}</code>
				<span class="soft">{operation.summary}</span>
			</summary>
			<div class="operation-body">
				<p class="soft">
					Least role: {operation['x-role'] ?? 'none'}
					{operation['x-platform'] && ', acting for the platform'}
				</p>
				{parameters.length > 0 && (
					<>
						<h3>Parameters</h3>
						<dl class="members">
							{parameters.map((row) => (
								<div key={row.name}>
									<dt>
										<code>{row.name}</code>
									</dt>
									<dd>
										<span class="faint">{row.in}</span> {row.description}
									</dd>
								</div>
							))}
						</dl>
					</>
				)}
				{body && (
					<>
						<h3>Body, {body[0]}</h3>
						{body[1].schema && <Members schema={body[1].schema} all={description.components.schemas ?? {}} />}
					</>
				)}
			</div>
		</details>
	);
}

export default function ApiReference() {
	const [description, setDescription] = useState<Description | null>(null);
	const [error, setError] = useState<unknown>(null);
	const [typed, setTyped] = useState('');
	useEffect(() => {
		fetchRaw('GET', 'openapi.json')
			.then((reply) => reply.json())
			.then((read: Description & { data?: Description }) => setDescription(read.data ?? read))
			.catch(setError);
	}, []);
	const wanted = typed.toLowerCase();
	const rows = Object.entries(description?.paths ?? {}).flatMap(([path, operations]) =>
		METHODS.filter((method) => operations[method]).map((method) => ({ path, method, operation: operations[method]! })),
	);
	const shown = rows.filter((row) => `${row.method} ${row.path} ${row.operation.summary}`.toLowerCase().includes(wanted));
	const groups = [...new Set(shown.map((row) => row.path.split('/')[1] ?? ''))];
	return (
		<>
			<PageHead
				title="API reference"
				about={
					<>
						Everything here is done through it, at <code>{location.origin + BASE}</code>, with a token in the header <code>Authorization: Bearer</code>.
					</>
				}
				actions={
					<Button icon="download" run={() => download('openapi.json', 'slicegate-openapi.json')}>
						OpenAPI 3.1
					</Button>
				}
			/>
			<Faults error={error} />
			{!description && !error ? <Loading /> : null}
			{description && (
				<div class="table-tools">
					<label class="search">
						<Icon name="search" />
						<span class="visually-hidden">Search operations</span>
						<input type="search" placeholder="Search operations" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
					</label>
					<span class="soft">
						{shown.length} of {rows.length}
					</span>
				</div>
			)}
			{groups.map((group) => (
				<section key={group} class="operations">
					<h2>{group}</h2>
					{shown
						.filter((row) => row.path.split('/')[1] === group)
						.map((row) => (
							<OperationView key={row.method + row.path} {...row} description={description!} />
						))}
				</section>
			))}
		</>
	);
}
