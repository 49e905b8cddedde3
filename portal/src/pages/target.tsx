// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';
import type { Enum, Ref, Thing } from '../api/types';
import { Await, Card, CodeBlock, Copyable, Facts, PageHead, State } from '../ui/parts';
import { ToEndpoint, ToVSlice } from '../ui/refs';
import { Table } from '../ui/table';
import { DeleteButton, EditForm, useThing } from './kit';

type Config = Record<string, string | null | undefined>;

interface Binding {
	endpoint?: Ref | null;
	innerAddress: string;
	innerPort: number;
	publicAddress?: string | null;
	publicPort?: number | null;
	remoteAddress: string;
	remotePort: number;
	transportProtocol: string;
	expiresSeconds: number;
}

function read(text: unknown): Config {
	try {
		return JSON.parse(String(text ?? '{}')) as Config;
	} catch {
		return {};
	}
}

// The WireGuard configuration of the customer's end. What only they know is left for them to fill in.
function wireguardPeer(config: Config, open: Config): string {
	return [
		'[Interface]',
		'PrivateKey = <your private key>',
		config.remotePeerPortNumber ? `ListenPort = ${config.remotePeerPortNumber}` : null,
		'',
		'[Peer]',
		`PublicKey = ${config.localPublicKey ?? '<not known yet: the gateway makes it>'}`,
		config.localSubnets ? `AllowedIPs = ${config.localSubnets.replace(/,\s*/g, ', ')}` : 'AllowedIPs = <our networks>',
		open.endpoint || open.publicIp ? `Endpoint = ${open.endpoint ?? open.publicIp}` : null,
		'PersistentKeepalive = 25',
	]
		.filter((row) => row !== null)
		.join('\n');
}

function vpnPeer(config: Config, open: Config): string {
	return [
		'connections {',
		'  slicegate {',
		'    version = 2',
		`    remote_addrs = ${open.publicIp ?? '<our address>'}`,
		`    proposals = ${config.vpnIkeOption ?? 'default'}`,
		'    local { auth = psk }',
		'    remote { auth = psk }',
		'    children { slicegate {',
		`      local_ts = ${config.remoteEncryptionDomain ?? config.remoteSubnets ?? '<your networks>'}`,
		`      remote_ts = ${config.localEncryptionDomain ?? config.localSubnets ?? '<our networks>'}`,
		`      esp_proposals = ${config.vpnEspOption ?? 'default'}`,
		'      start_action = trap',
		'    } }',
		'  }',
		'}',
	].join('\n');
}

function OtherSide({ target }: { target: Thing }) {
	const data = (target.configurationData ?? {}) as Record<string, Config | null>;
	const open = read(target.publicInstanceConfiguration);
	const told = Object.entries(open).filter(([, value]) => typeof value === 'string' || typeof value === 'number');
	const type = (target.routingTargetType as Enum).moniker;
	const wireguard = data.wireGuardConfig;
	const vpn = data.vpnConfig;
	if (type === 'peering') return null;
	return (
		<Card title={type === 'internet' ? 'What the other side sees' : 'What the other side needs'} about={type === 'internet' ? 'Traffic leaves with this source address; nothing comes in.' : undefined}>
			<Facts
				rows={[
					...(wireguard ? ([['Our WireGuard public key', wireguard.localPublicKey ? <Copyable text={wireguard.localPublicKey} /> : 'made when a gateway sets the target up']] as [string, ComponentChildren][]) : []),
					...told.map(([name, value]) => [name.replace(/([A-Z])/g, ' $1').toLowerCase(), <Copyable text={String(value)} />] as [string, ComponentChildren]),
				]}
			/>
			{type === 'wireguard' && wireguard && <CodeBlock label="Your end, for wg-quick" text={wireguardPeer(wireguard, open)} />}
			{type === 'vpn' && vpn && <CodeBlock label="Your end, for strongSwan (swanctl.conf); the preshared key is the one you typed here" text={vpnPeer(vpn, open)} />}
		</Card>
	);
}

const end = (address?: string | null, port?: number | null) => (address ? <code>{port ? `${address}:${port}` : address}</code> : null);

// Who has which public port at present: the gateway is asked, whenever the page is.
function Bindings({ target }: { target: Thing }) {
	return (
		<Card title="Public ports in use" about="Which endpoint has which public address and port just now, as the gateway's connections say.">
			<Table<Binding>
				label="NAT bindings"
				path={`routingtargets/${target.id}/natbindings`}
				prefix="nat-"
				size={20}
				search="publicPort"
				searchLabel="Public port"
				keyOf={(row) => `${row.innerAddress}:${row.innerPort}>${row.remoteAddress}:${row.remotePort}`}
				columns={[
					{ head: 'Endpoint', cell: (row) => <ToEndpoint of={row.endpoint} /> },
					{ head: 'Inside', cell: (row) => end(row.innerAddress, row.innerPort) },
					{ head: 'Public', cell: (row) => end(row.publicAddress, row.publicPort) },
					{ head: 'Remote', cell: (row) => end(row.remoteAddress, row.remotePort), wide: true },
					{ head: 'Protocol', cell: (row) => row.transportProtocol, wide: true },
					{ head: 'Ends in', cell: (row) => `${row.expiresSeconds} s`, end: true, wide: true },
				]}
				empty="Nobody uses it at present."
			/>
		</Card>
	);
}

export default function Target({ params }: { params: Record<string, string> }) {
	const query = useThing<Thing>('routing-target', params.id!, { on: /routingtarget|vpn/, every: 5000 });
	return (
		<Await query={query} what="Routing Target">
			{(target) => (
				<>
					<PageHead
						crumbs={[['/routingtargets', 'Routing Targets']]}
						title={
							<>
								{target.name} <State of={target.routingTargetStatus as Enum} />
							</>
						}
						about={
							<>
								{(target.routingTargetType as Enum).name} of VSlice <ToVSlice of={(target.vSlice ?? target.vslice) as Ref} />
								{target.statusMessage ? `: ${target.statusMessage as string}` : ''}
							</>
						}
						actions={<DeleteButton noun="routing-target" thing={target} breaks={<p>What leaves through it stops. Rules that name it must name another target first.</p>} />}
					/>
					<Card>
						<EditForm noun="routing-target" query={query} />
					</Card>
					<OtherSide target={target} />
					{(target.routingTargetType as Enum).moniker === 'internet' && (target.routingTargetStatus as Enum).moniker === 'available' && <Bindings target={target} />}
				</>
			)}
		</Await>
	);
}
