// SPDX-License-Identifier: Apache-2.0
// What gateways report: Sessions (one SIM, one PDN connection) and Tunnels (one LAC, one LNS). Read-only.
#pragma once

#include "model/noun.h"

enum tunnel_state { TUNNEL_IDLE = 1, TUNNEL_OPENING, TUNNEL_ESTABLISHED, TUNNEL_CLOSING };
enum session_state { SESSION_UP = 1, SESSION_DOWN };

struct session {
	struct object object;
	struct field_ref endpoint, vslice, gateway, tunnel;
	char *imsi, *apn, *rat, *serving_network, *gtp_peer, *lns, *ip_address, *ip_source, *ipv6_prefix, *ipv6_delegated;
	struct field_texts dns_servers;
	int64_t state, gtp_version, mtu, started_ms, attach_ms;
	char *phases;
	int64_t bytes_up, bytes_down, packets_up, packets_down;
};

struct tunnel {
	struct object object;
	struct field_ref vslice, lac, lns, gateway;
	int64_t state, since_ms, local_id, peer_id, sessions, rtt_ms;
	char *peer_host_name, *peer_vendor, *proxy_behaviour, *ipv6_behaviour, *data_path, *last_error;
};
