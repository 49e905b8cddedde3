// SPDX-License-Identifier: Apache-2.0
import { fetchRaw } from '../api/client';
import { mayWrite } from '../api/schema';
import { query, setQuery } from '../router';
import { Button, ButtonLink } from '../ui/button';
import { PageHead } from '../ui/parts';
import { EndpointTable } from './endpoint-table';

export async function download(path: string, name: string) {
	const reply = await fetchRaw('GET', path);
	const link = document.createElement('a');
	link.href = URL.createObjectURL(await reply.blob());
	link.download = name;
	link.click();
	setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export default function Endpoints() {
	const narrowed = (['group', 'tag'] as const).filter((member) => query.value.get(member));
	return (
		<>
			<PageHead
				title="Endpoints"
				about="SIMs: their identities, their group, their state, and whether they are attached now."
				actions={
					<>
						<Button icon="download" run={() => download('endpoints/export?format=csv', 'endpoints.csv')}>
							Export
						</Button>
						{mayWrite('endpoint') && (
							<>
								<ButtonLink icon="upload" to="/endpoints/import">
									Import
								</ButtonLink>
								<ButtonLink kind="primary" icon="plus" to="/endpoints/new">
									New Endpoint
								</ButtonLink>
							</>
						)}
					</>
				}
			/>
			<EndpointTable
				tools={narrowed.map((member) => (
					<span key={member} class="chip">
						{member} {query.value.get(member)}
						<button type="button" aria-label={`Show every ${member}`} onClick={() => setQuery({ [member]: null, page: null })}>
							×
						</button>
					</span>
				))}
			/>
		</>
	);
}
