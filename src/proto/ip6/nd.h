// SPDX-License-Identifier: Apache-2.0
// Neighbour Discovery (RFC 4861) on a link that has two ends and no link-layer addresses: Router Solicitation and Advertisement with prefix, MTU,
// recursive DNS servers (RFC 8106), and Neighbour Solicitation and Advertisement. Whole IPv6 packets in and out.
//
//	struct nd_ra ra = {.router_lifetime_s = 1800, .prefix_count = 1, .prefixes = {{.len = 64, .on_link = ..., .valid_s = ND_FOREVER}}};
//	memcpy(ra.src, router_link_local, 16); memcpy(ra.dst, ip6_all_nodes, 16);
//	nd_ra_write(&ra, bytes, sizeof(bytes), &len);
#pragma once

#include "proto/ip6/ip6.h"

#define ND_PREFIXES 4
#define ND_SERVERS 4
#define ND_FOREVER UINT32_MAX
#define ND_RA_MAX 320 // octets of the longest one that is written

struct nd_prefix {
	uint8_t prefix[IP6_LEN];
	uint8_t len; // bits
	bool on_link, autonomous; // L and A: a SIM makes an address of it only with A
	uint32_t valid_s, preferred_s; // ND_FOREVER
};

struct nd_ra {
	uint8_t src[IP6_LEN], dst[IP6_LEN];
	uint8_t hop_limit; // 0 = not said
	bool managed, other; // M, O: there is DHCPv6
	uint16_t router_lifetime_s; // 0 = not a default router
	uint32_t reachable_ms, retransmit_ms; // 0 = not said
	uint32_t mtu; // 0 = no option
	uint8_t prefix_count, server_count; // of what is kept
	struct nd_prefix prefixes[ND_PREFIXES];
	uint8_t servers[ND_SERVERS][IP6_LEN];
	uint32_t servers_s; // lifetime of the first server
};

// 0, or -EBADMSG: malformed, or RFC 4861 6.1.2 says to discard it (hop limit, source, checksum, an option of length 0). Options past the room are
// left out, unknown ones are skipped.
int nd_ra_read(const void *packet, size_t len, struct nd_ra *out);
int nd_ra_write(const struct nd_ra *ra, void *out, size_t size, size_t *len); // 0 or -EMSGSIZE
// The first prefix that a SIM may make its addresses of: autonomous, 64 bits, alive. NULL when there is none.
const struct nd_prefix *nd_ra_slaac(const struct nd_ra *ra);

// A Router Solicitation from `src` (link-local or ::) to all routers. Reading gives its source; the same checks (6.1.1).
int nd_rs_read(const void *packet, size_t len, uint8_t src[IP6_LEN]);
int nd_rs_write(const uint8_t src[IP6_LEN], void *out, size_t size, size_t *len);

// A Neighbour Solicitation: who asks (:: = is the address taken?) and for which target (7.1.1). The answer goes to all nodes when nobody can be named.
struct nd_ns {
	uint8_t src[IP6_LEN], target[IP6_LEN];
};
int nd_ns_read(const void *packet, size_t len, struct nd_ns *out);
int nd_na_write(const struct nd_ns *asked, bool is_router, void *out, size_t size, size_t *len);
