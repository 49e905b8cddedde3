// SPDX-License-Identifier: Apache-2.0
// One object of a noun that needs nothing of its own: its form, and the way to delete it.
import { nounOf } from '../api/schema';
import type { Thing } from '../api/types';
import { Await, Badge, Card, PageHead } from '../ui/parts';
import { DeleteButton, EditForm, pluralOf, useThing } from './kit';

const breaks: Record<string, string> = {
	user: 'They are signed out everywhere, now.',
	'api-token': 'Whatever uses it is refused from now on.',
	customer: 'Only a Customer that has nothing left can go.',
	'operator-policy': 'Endpoint Groups that name it must name another first.',
	'regional-policy': 'Endpoint Groups that name it must name another first.',
	'event-map': 'What it subscribes to is not told any more.',
};

export default function Plain({ params }: { params: Record<string, string> }) {
	const noun = nounOf(params.noun!);
	const query = useThing<Thing>(noun.noun, params.id!);
	return (
		<Await query={query} what={noun.title}>
			{(thing) => (
				<>
					<PageHead
						crumbs={[['/' + noun.path, pluralOf(noun.title)]]}
						title={
							<>
								{thing.name ?? thing.moniker} {thing.isFixed === true && <Badge tone="none">Built in</Badge>}
							</>
						}
						actions={!thing.isFixed && <DeleteButton noun={noun.noun} thing={thing} breaks={<p>{breaks[noun.noun] ?? `This ${noun.title} goes for good.`}</p>} />}
					/>
					<Card>
						<EditForm noun={noun.noun} query={query} />
					</Card>
				</>
			)}
		</Await>
	);
}
