// SPDX-License-Identifier: Apache-2.0
import { useState } from 'preact/hooks';
import { messagesOf, post } from '../api/client';
import { useQuery } from '../api/query';
import { mayAct } from '../api/session';
import type { EventRow, Thing } from '../api/types';
import { Button } from '../ui/button';
import { confirm } from '../ui/dialog';
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
			const { envelope } = await post(`eventhandlers/${id}/test`);
			setResult({ ok: true, said: envelope.messages.join(' · ') });
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

// What its receiver did not take, in spite of all attempts.
interface DeadLetter {
	event: EventRow;
	attempts: number;
	failedAt: string | null;
	error: string | null;
}

// Dead letters go out again; so does, when asked for, all that happened since a time.
function Replay({ id, dead, done }: { id: string; dead: number; done: () => Promise<unknown> }) {
	const [since, setSince] = useState('');
	const replay = async (from?: string) => {
		const { envelope } = await post(`eventhandlers/${id}/replay`, from ? { since: from } : {});
		tell(envelope.messages.join(' · '));
		await done();
	};
	const ask = () => {
		const from = new Date(since).toISOString();
		return confirm({
			title: 'Tell it again?',
			text: <p>Its receiver gets all that happened since {new Date(from).toLocaleString()} once more, also what it has taken already. Each event keeps its id.</p>,
			act: 'Tell it again',
			run: () => replay(from),
		});
	};
	return (
		<div class="actions">
			{dead > 0 && (
				<Button icon="refresh" run={() => replay()}>
					Tell it the {count(dead)} again
				</Button>
			)}
			<label class="inline-field">
				<span>All since</span> <input type="datetime-local" value={since} onInput={(event) => setSince(event.currentTarget.value)} />
			</label>
			<Button disabled={!since} run={ask}>
				Replay
			</Button>
		</div>
	);
}

export default function Handler({ params }: { params: Record<string, string> }) {
	const query = useThing<Thing>('event-handler', params.id!, { every: 5000 });
	const dead = useQuery<DeadLetter[]>(`eventhandlers/${params.id}/deadletters?limit=50`, { every: 5000 });
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
					<Card title="Delivery" actions={mayAct() && <Test id={handler.id} />}>
						<Facts
							rows={[
								['Waiting', count(handler.pendingEvents as number | null)],
								['Given up', count(handler.deadLetters as number | null)],
							]}
						/>
						{!!dead.data?.length && (
							<ul class="plain-list">
								{dead.data.map((letter) => (
									<li key={letter.event.id}>
										<Time at={letter.failedAt ?? letter.event.eventTime} /> <EventText event={letter.event} />{' '}
										<span class="bad-text">
											{letter.error ?? 'not taken'}, after {count(letter.attempts)} attempt(s)
										</span>
									</li>
								))}
							</ul>
						)}
						{mayAct() && <Replay id={handler.id} dead={Number(handler.deadLetters ?? 0)} done={() => Promise.all([query.reload(), dead.reload()])} />}
					</Card>
					<Card>
						<EditForm noun="event-handler" query={query} />
					</Card>
				</>
			)}
		</Await>
	);
}
