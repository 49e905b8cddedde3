// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { messagesOf, post } from '../api/client';
import { useQuery } from '../api/query';
import { mayWrite } from '../api/schema';
import type { EventRow, Thing } from '../api/types';
import { Button } from '../ui/button';
import { EventText } from '../ui/event';
import { Icon } from '../ui/icons';
import { count } from '../ui/number';
import { Await, Card, Facts, PageHead } from '../ui/parts';
import { Time } from '../ui/time';
import { tell } from '../ui/toast';
import { DeleteButton, EditForm, useThing } from './kit';

function Test({ id }: { id: string }) {
	const [result, setResult] = useState<{ ok: boolean; said: string } | null>(null);
	const test = async () => {
		try {
			const { data, envelope } = await post<unknown>(`eventhandlers/${id}/test`);
			setResult({ ok: true, said: [...envelope.messages, typeof data === 'string' ? data : JSON.stringify(data)].filter((text) => text && text !== 'null').join(' · ') });
		} catch (error) {
			setResult({ ok: false, said: messagesOf(error).join(' · ') });
		}
	};
	return (
		<>
			<Button icon="play" run={test}>
				Send a test
			</Button>
			{result && (
				<div class={result.ok ? 'notice good' : 'notice bad'} role="status">
					<Icon name={result.ok ? 'check' : 'warn'} />
					<div>
						<b>{result.ok ? 'The receiver took it.' : 'The receiver did not take it.'}</b>
						<p>{result.said}</p>
					</div>
				</div>
			)}
		</>
	);
}

export default function Handler({ params }: { params: Record<string, string> }) {
	const query = useThing<Thing>('event-handler', params.id!, { every: 5000 });
	const dead = useQuery<EventRow[]>(`eventhandlers/${params.id}/deadletters?limit=50`, { every: 5000 });
	const replay = async () => {
		await post(`eventhandlers/${params.id}/replay`);
		tell('They are told again');
		await Promise.all([query.reload(), dead.reload()]);
	};
	return (
		<Await query={query} what="Event Handler">
			{(handler) => (
				<>
					<PageHead
						crumbs={[['/eventhandlers', 'Event Handlers']]}
						title={handler.name}
						about={<span class="mono">{handler.summaryDescription as string}</span>}
						actions={<DeleteButton noun="event-handler" thing={handler} breaks={<p>It is told nothing any more; {count(handler.pendingEvents as number)} event(s) are waiting for it.</p>} />}
					/>
					<Card title="Delivery" actions={mayWrite('event-handler') && <Test id={handler.id} />}>
						<Facts
							rows={[
								['Waiting', count(handler.pendingEvents as number | null)],
								['Given up', count(handler.deadLetters as number | null)],
							]}
						/>
						{!!dead.data?.length && (
							<>
								<ul class="plain-list">
									{dead.data.map((event) => (
										<li key={event.id}>
											<Time at={event.eventTime} /> <EventText event={event} />
										</li>
									))}
								</ul>
								{mayWrite('event-handler') && (
									<Button icon="refresh" run={replay}>
										Tell it again
									</Button>
								)}
							</>
						)}
					</Card>
					<Card>
						<EditForm noun="event-handler" query={query} />
					</Card>
				</>
			)}
		</Await>
	);
}
