// SPDX-License-Identifier: Apache-2.0
// The link between an Integrated session's SIM and us, as IPv6 sees it (RFC 4861): we are its router, and nobody else is there.
#include "gateway/integrated_priv.h"

#include "base/clean.h"
#include "proto/ip6/nd.h"

#define RA_LIFETIME_S 9000 // the longest that a router may say (RFC 4861 6.2.1): a SIM is not woken to hear it again

void integrated_advertise(struct session *session, const uint8_t *to)
{
	static const uint8_t router_id[8] = {[7] = 1};
	struct pco_answer servers = {0};
	uint8_t packet[ND_RA_MAX];
	struct nd_ra ra = {
		.hop_limit = 64,
		.router_lifetime_s = RA_LIFETIME_S,
		.mtu = session->facts->mtu,
		.prefix_count = 1,
		.prefixes = {{.len = 64,
			.autonomous = true,
			.valid_s = ND_FOREVER,
			.preferred_s = ND_FOREVER}}, // not on link: TS 29.061 11.2.1.3.2a
		.servers_s = RA_LIFETIME_S,
	};
	size_t len;

	ip6_link_local(router_id, ra.src);
	memcpy(ra.dst, to, sizeof(ra.dst));
	memcpy(ra.prefixes[0].prefix, session->ip6->prefix, sizeof(session->ip6->prefix));
	session->way->dns(session, &servers);
	for (size_t i = 0; i < array_len(servers.dns6); i++)
		if (servers.dns6[i].family)
			memcpy(ra.servers[ra.server_count++], servers.dns6[i].bytes, IP6_LEN);
	if (session->dp && !nd_ra_write(&ra, packet, sizeof(packet), &len))
		(void)dp_session_send(session->dp, packet, len);
}

// On this link are the SIM and we. Its solicitation of a router is answered; of a neighbour too, when it asks for us.
void integrated_on_inner6(struct session *session, const uint8_t *packet, size_t len)
{
	static const uint8_t router_id[8] = {[7] = 1};
	uint8_t from[IP6_LEN], router[IP6_LEN], answer[128];
	struct nd_ns asked;
	size_t size;

	if (!session->ip6)
		return;
	ip6_link_local(router_id, router);
	switch (ip6_kind(packet, len)) {
	case IP6_ROUTER_SOLICITATION:
		if (!nd_rs_read(packet, len, from))
			integrated_advertise(session, ip6_is_link_local(from) ? from : ip6_all_nodes);
		return;
	case IP6_NEIGHBOR_SOLICITATION:
		if (!nd_ns_read(packet, len, &asked) && !memcmp(asked.target, router, sizeof(router)) &&
			!nd_na_write(&asked, true, answer, sizeof(answer), &size))
			(void)dp_session_send(session->dp, answer, size);
		return;
	default:
		return;
	}
}
