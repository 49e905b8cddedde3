// SPDX-License-Identifier: Apache-2.0
// Session and Tunnel rows: what gateways report, kept in memory by the controller and read-only.
#include "model/live.h"

static const struct word tunnel_states[] = {
	{TUNNEL_IDLE, "idle", "Idle", NULL},
	{TUNNEL_OPENING, "opening", "Opening", NULL},
	{TUNNEL_ESTABLISHED, "established", "Established", NULL},
	{TUNNEL_CLOSING, "closing", "Closing", NULL},
	{0},
};

static const struct word session_states[] = {
	{SESSION_UP, "up", "Up", NULL},
	{SESSION_DOWN, "down", "Down", NULL},
	{0},
};

#define ROW_(symbol, row_type, extra, json, member, its_label, its_help)                                                         \
	.name = (json), .link = (json), .type = (row_type), .flags = FIELD_READ_ONLY | FIELD_LIVE | (extra),                     \
	FIELD_AT(symbol, member), .label = (its_label), .help = (its_help)
#define S(row_type, json, member, label, help)                                                                                   \
	{                                                                                                                        \
		ROW_(struct session, row_type, 0, json, member, label, help)                                                     \
	}
#define S_SUM(row_type, json, member, label, help)                                                                               \
	{                                                                                                                        \
		ROW_(struct session, row_type, FIELD_SUMMARY, json, member, label, help)                                         \
	}
#define S_REF(extra, json, member, which, label, help)                                                                           \
	{                                                                                                                        \
		ROW_(struct session, FIELD_REF, extra, json, member, label, help), .noun = &(which)                              \
	}
#define T(row_type, json, member, label, help)                                                                                   \
	{                                                                                                                        \
		ROW_(struct tunnel, row_type, 0, json, member, label, help)                                                      \
	}
#define T_SUM(row_type, json, member, label, help)                                                                               \
	{                                                                                                                        \
		ROW_(struct tunnel, row_type, FIELD_SUMMARY, json, member, label, help)                                          \
	}
#define T_REF(json, member, which, label, help)                                                                                  \
	{                                                                                                                        \
		ROW_(struct tunnel, FIELD_REF, FIELD_SUMMARY, json, member, label, help), .noun = &(which)                       \
	}

static const struct field session_fields[] = {
	S(FIELD_TEXT, "id", object.id, "Id", "The session's UUID, given by the gateway"),
	S_REF(FIELD_SUMMARY, "endpoint", endpoint, noun_endpoint, "Endpoint", "The endpoint whose session it is"),
	S_SUM(FIELD_TEXT, "imsi", imsi, "IMSI", "The IMSI that attached"),
	S_REF(0, "vslice", vslice, noun_vslice, "VSlice", "The VSlice that it is in"),
	S_REF(0, "regionalGateway", gateway, noun_gateway, "Regional Gateway", "The gateway that serves it"),
	{ROW_(struct session, FIELD_ENUM, FIELD_SUMMARY, "state", state, "State", "Whether traffic can flow"),
		.words = session_states},
	S_SUM(FIELD_TEXT, "ipAddress", ip_address, "IP address", "The device's address"),
	S(FIELD_TEXT, "ipv6Prefix", ipv6_prefix, "IPv6 prefix", "The /64 that the device makes its addresses of"),
	S(FIELD_TEXT, "ipv6DelegatedPrefix", ipv6_delegated, "Delegated IPv6 prefix",
		"What the LNS gave the network behind the device, by DHCPv6"),
	S_SUM(FIELD_TEXT, "ipSource", ip_source, "IP source", "Who gave the address: lns or platform"),
	S(FIELD_TEXTS, "dnsServers", dns_servers, "DNS servers", "The DNS servers told to the device"),
	S(FIELD_INT, "mtu", mtu, "MTU", "The link MTU told to the device"),
	S_SUM(FIELD_TEXT, "apn", apn, "APN", "The access point name that the device asked for"),
	S(FIELD_TEXT, "rat", rat, "RAT", "The radio access technology"),
	S(FIELD_TEXT, "servingNetwork", serving_network, "Serving network", "MCC and MNC of the visited network"),
	S(FIELD_INT, "gtpVersion", gtp_version, "GTP version", "1 (SGSN) or 2 (SGW)"),
	S(FIELD_TEXT, "gtpPeer", gtp_peer, "GTP peer", "The SGSN's or SGW's address"),
	S_REF(0, "tunnel", tunnel, noun_tunnel, "Tunnel", "The L2TP tunnel that carries it"),
	S(FIELD_TEXT, "lns", lns, "LNS", "The LNS at its other end"),
	S_SUM(FIELD_TIME, "startedAt", started_ms, "Started", "When it was up"),
	S(FIELD_INT, "attachMs", attach_ms, "Attach time", "Milliseconds from the GTP request to its answer"),
	S(FIELD_RAW, "phases", phases, "Phases", "Milliseconds of each phase of the attach"),
	S(FIELD_INT, "bytesUplink", bytes_up, "Bytes up", "Octets from the device"),
	S(FIELD_INT, "bytesDownlink", bytes_down, "Bytes down", "Octets to the device"),
	S(FIELD_INT, "packetsUplink", packets_up, "Packets up", "Packets from the device"),
	S(FIELD_INT, "packetsDownlink", packets_down, "Packets down", "Packets to the device"),
};

static const struct field tunnel_fields[] = {
	T(FIELD_TEXT, "id", object.id, "Id", "The tunnel's UUID, given by the gateway"),
	T_REF("vslice", vslice, noun_vslice, "VSlice", "The VSlice that it is in"),
	T_REF("lac", lac, noun_lac, "LAC", "Our end"),
	T_REF("lns", lns, noun_lns, "LNS", "The customer's end"),
	{ROW_(struct tunnel, FIELD_REF, 0, "regionalGateway", gateway, "Regional Gateway", "The gateway that holds it"),
		.noun = &noun_gateway},
	{ROW_(struct tunnel, FIELD_ENUM, FIELD_SUMMARY, "state", state, "State", "How far it is"), .words = tunnel_states},
	T_SUM(FIELD_TIME, "since", since_ms, "Since", "When it came into this state"),
	T(FIELD_INT, "localTunnelId", local_id, "Local tunnel id", "The tunnel id that the LNS sends to"),
	T(FIELD_INT, "peerTunnelId", peer_id, "Peer tunnel id", "The tunnel id that we send to"),
	T(FIELD_TEXT, "peerHostName", peer_host_name, "Peer host name", "What the LNS calls itself"),
	T(FIELD_TEXT, "peerVendor", peer_vendor, "Peer vendor", "What the LNS says it is"),
	T_SUM(FIELD_INT, "sessions", sessions, "Sessions", "Sessions inside it"),
	T(FIELD_TEXT, "proxyBehaviour", proxy_behaviour, "Proxy behaviour",
		"What the LNS was seen to do with proxy LCP and authentication"),
	T(FIELD_TEXT, "ipv6Behaviour", ipv6_behaviour, "IPv6 behaviour", "What the LNS was seen to do with IPv6"),
	T(FIELD_TEXT, "dataPath", data_path, "Data path",
		"How its sessions' packets go: fast (BPF programs alone), stack (BPF programs and the slice's network stack) or "
		"sockets"),
	T(FIELD_TEXT, "lastError", last_error, "Last error", "Why it last failed"),
	T(FIELD_INT, "rttMs", rtt_ms, "Round trip", "Milliseconds to the LNS and back"),
};

const struct noun noun_session = {
	.word = "session",
	.title = "Session",
	.path = "sessions",
	.spelling = "Sessions",
	.help = "A device's live connection",
	.size = sizeof(struct session),
	.flags = NOUN_LIVE,
	NOUN_FIELDS(session_fields),
};

const struct noun noun_tunnel = {
	.word = "tunnel",
	.title = "Tunnel",
	.path = "tunnels",
	.spelling = "Tunnels",
	.help = "A live L2TP tunnel between a LAC and an LNS",
	.size = sizeof(struct tunnel),
	.flags = NOUN_LIVE,
	NOUN_FIELDS(tunnel_fields),
};
