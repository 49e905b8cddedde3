// SPDX-License-Identifier: Apache-2.0
// Objects as the API shows them, as far as pages look into them by name.
export interface Ref {
	id: string;
	moniker: string | null;
	name: string | null;
}

export interface Enum {
	key: number;
	moniker: string;
	name: string;
	active: boolean;
}

export interface Thing {
	id: string;
	moniker: string;
	name: string;
	changedAt?: string | null;
	[member: string]: unknown;
}

export interface Check {
	check: string;
	ok: boolean;
	message: string;
}

export interface Lac {
	id: string;
	moniker: string | null;
	name: string | null;
	address: string;
	port: number;
	tunnelSecretSet?: boolean;
}

export interface Lns extends Lac {
	preference: number;
	equalPreference: boolean;
}

export interface VSlice extends Thing {
	vsliceType: Enum;
	defaultRoutingPolicy: Ref | null;
	regionalGateway: Ref | null;
	l2tpAccessConcentrators: Lac[] | null;
	l2tpNetworkServers: Lns[] | null;
	readiness: Check[] | null;
	endpointGroupCount: number;
	endpointCount: number;
}

export interface Session {
	id: string;
	endpoint: Ref | null;
	imsi: string | null;
	vslice: Ref | null;
	regionalGateway: Ref | null;
	state: Enum | null;
	ipAddress: string | null;
	ipSource: string | null;
	dnsServers: string[] | null;
	mtu: number | null;
	apn: string | null;
	rat: string | null;
	servingNetwork: string | null;
	gtpVersion: number | null;
	gtpPeer: string | null;
	tunnel: Ref | null;
	lns: string | null;
	startedAt: string | null;
	attachMs: number | null;
	phases: Record<string, number> | null;
	bytesUplink: number;
	bytesDownlink: number;
	packetsUplink: number;
	packetsDownlink: number;
}

export interface Endpoint extends Thing {
	iccid: string;
	imsis: string[];
	msisdn: string | null;
	endpointGroup: Ref | null;
	endpointStatus: Enum;
	vslice: Ref | null;
	tags: string[] | null;
	reference: string | null;
	session: Session | null;
	ipAddress: string | null;
	ipSource: string | null;
	lastActivity: string | null;
}

export interface Step {
	ms: number;
	layer: string;
	direction: string;
	text: string;
}

export interface Attach {
	id?: string;
	startedAt: string;
	imsi: string | null;
	ok: boolean;
	verdict: string;
	steps: Step[];
	[member: string]: unknown;
}

export interface Tunnel {
	id: string;
	vslice: Ref | null;
	lac: Ref | null;
	lns: Ref | null;
	regionalGateway: Ref | null;
	state: Enum | null;
	since: string | null;
	localTunnelId: number | null;
	peerTunnelId: number | null;
	peerHostName: string | null;
	peerVendor: string | null;
	sessions: number | null;
	lastError: string | null;
	rttMs: number | null;
}

export interface EventRow {
	id: string;
	sequence: number;
	eventTime: string;
	eventType: string;
	endpointId: string | null;
	routingTargetId: string | null;
	vsliceId: string | null;
	endpointGroupId: string | null;
	regionalGatewayId: string | null;
	detail: Record<string, string | number | null> | null;
}
