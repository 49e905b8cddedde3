// SPDX-License-Identifier: Apache-2.0
import type { Thing } from '../api/types';
import { Link } from '../router';
import { count } from '../ui/number';
import { Badge } from '../ui/parts';
import { ListPage } from './kit';

export default function Handlers() {
	return (
		<ListPage<Thing>
			noun="event-handler"
			icon="handler"
			search="name"
			every={5000}
			about="Receivers of events. Each is told in order, signed, and tried again until it has taken them."
			columns={[
				{ head: 'Name', sort: 'name', cell: (row) => <Link to={'/eventhandlers/' + row.moniker}>{row.name}</Link> },
				{ head: 'Receiver', cell: (row) => <span class="mono">{row.summaryDescription as string | null}</span> },
				{ head: 'Waiting', end: true, cell: (row) => count(row.pendingEvents as number | null) },
				{ head: 'Given up', end: true, cell: (row) => (row.deadLetters ? <Badge tone="bad">{count(row.deadLetters as number)}</Badge> : count(row.deadLetters as number | null)) },
			]}
		/>
	);
}
