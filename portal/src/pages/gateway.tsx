// SPDX-License-Identifier: Apache-2.0
import type { Enum, Thing } from '../api/types';
import { Link } from '../router';
import { count } from '../ui/number';
import { Await, Card, CodeBlock, Facts, PageHead, State } from '../ui/parts';
import { Time } from '../ui/time';
import { DeleteButton, EditForm, useThing } from './kit';

export default function Gateway({ params }: { params: Record<string, string> }) {
	const query = useThing<Thing>('regional-gateway', params.id!, { on: /regionalgateway/, every: 5000 });
	return (
		<Await query={query} what="Regional Gateway">
			{(gateway) => (
				<>
					<PageHead
						crumbs={[['/regionalgateways', 'Regional Gateways']]}
						title={
							<>
								{gateway.name} <State of={gateway.status as Enum} />
							</>
						}
						actions={<DeleteButton noun="regional-gateway" thing={gateway} typed breaks={<p>Its sessions and tunnels end when it is told so; VSlices that name it must name another first.</p>} />}
					/>
					<Card title="Now">
						<Facts
							rows={[
								['Last seen', <Time at={gateway.lastSeen as string | null} />],
								['Running since', <Time at={gateway.startedAt as string | null} />],
								['Sessions', <Link to="/sessions">{count(gateway.sessions as number)}</Link>],
								['Tunnels', <Link to="/tunnels">{count(gateway.tunnels as number)}</Link>],
								['Load', gateway.load === null ? null : `${gateway.load as number} %`],
								['Version', gateway.version as string | null],
								['Addresses', (gateway.addresses as string[] | null)?.join(', ')],
								['Configuration', gateway.configRevision === null ? null : `revision ${gateway.configRevision as number}`],
							]}
						/>
					</Card>
					<Card>
						<EditForm noun="regional-gateway" query={query} />
					</Card>
					{(gateway.status as Enum).moniker !== 'connected' && (
						<Card title="To join it" about="Make an API token of scope gateway for it, then, on the machine that is to be it:">
							<CodeBlock
								label="slicegate-gateway"
								text={`slicegate-gateway --controller ${location.origin} --token-file gateway.token \\\n\t--name ${gateway.moniker} --gtp-address <the address that mobile networks speak GTP to>`}
							/>
						</Card>
					)}
				</>
			)}
		</Await>
	);
}
