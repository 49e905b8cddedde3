// SPDX-License-Identifier: Apache-2.0
// IPv6 at the simulated LNS: each SIM gets a /64 of the pool, told by router advertisements, when IPv6CP is up and whenever it asks. The /64 follows
// from the SIM's interface identifier, so that a SIM that comes back, here or to another LNS with the same pool, has the same.

#include <string.h>

#include "base/clean.h"
#include "proto/ip6/dhcp6.h"
#include "proto/ip6/nd.h"
#include "sim/lns.h"

#define LIFETIME_S 1800

static void prefix_of(const struct lns_call *call, uint8_t out[IP6_LEN])
{
	const struct ip_prefix *pool = &lns_of(call->session.tunnel)->config.pool6;
	const uint8_t *id = ppp_link_result(&call->link)->peer_interface_id;
	uint8_t number[8];

	memcpy(number, id, sizeof(number));
	number[7] ^= (uint8_t)call->renumbered;
	memcpy(out, pool->addr.bytes, IP6_LEN);
	for (unsigned bit = pool->len; bit < 64; bit++)
		if (number[bit / 8] & 0x80 >> bit % 8)
			out[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
}

static void own_address(const struct lns_call *call, uint8_t out[IP6_LEN])
{
	ip6_link_local(ppp_link_result(&call->link)->interface_id, out);
}

void lns_ip6_advertise(struct lns_call *call)
{
	struct lns *lns = lns_of(call->session.tunnel);
	uint8_t packet[ND_RA_MAX];
	struct nd_ra ra = {.hop_limit = 64,
		.router_lifetime_s = LIFETIME_S,
		.mtu = lns->config.mru,
		.prefix_count = 1,
		.prefixes = {{.len = 64, .autonomous = true, .valid_s = LIFETIME_S, .preferred_s = LIFETIME_S}}};
	size_t len;

	if (!ppp_link_result(&call->link)->has_ipv6 || lns->config.pool6.addr.family != IP_V6 ||
		lns_has(&lns->faults, LNS_FAULT_no_ra))
		return;
	own_address(call, ra.src);
	memcpy(ra.dst, ip6_all_nodes, IP6_LEN);
	prefix_of(call, ra.prefixes[0].prefix);
	if (lns->config.dns6.family == IP_V6) {
		ra.server_count = 1;
		ra.servers_s = LIFETIME_S;
		memcpy(ra.servers[0], lns->config.dns6.bytes, IP6_LEN);
	}
	if (!nd_ra_write(&ra, packet, sizeof(packet), &len))
		lns_call_send(call, PPP_IPV6, packet, len);
}

void lns_ip6_renumber(struct lns_call *call)
{
	call->renumbered ^= 1;
	lns_ip6_advertise(call);
}

void lns_ip6_delegate(struct lns_call *call)
{
	struct dhcp6_delegation delegation = {.len = 56, .valid_s = LIFETIME_S};
	uint8_t packet[256], from[IP6_LEN], to[IP6_LEN];
	size_t len;

	prefix_of(call, delegation.prefix);
	delegation.prefix[1] ^= 0x10; // beside the pool
	delegation.prefix[7] = 0;
	own_address(call, from);
	ip6_link_local(ppp_link_result(&call->link)->peer_interface_id, to);
	if (ppp_link_result(&call->link)->has_ipv6 &&
		!dhcp6_delegation_write(from, to, &delegation, packet, sizeof(packet), &len))
		lns_call_send(call, PPP_IPV6, packet, len);
}

bool lns_ip6_serve(struct lns_call *call, const uint8_t *packet, size_t len)
{
	uint8_t from[IP6_LEN];

	if (nd_rs_read(packet, len, from))
		return false;
	lns_ip6_advertise(call);
	return true;
}
