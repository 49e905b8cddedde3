// SPDX-License-Identifier: Apache-2.0
// What of an open link outlives its process: the result, and the few numbers that the peer would notice the loss of.

#include "proto/ppp/internal.h"

_Static_assert(sizeof(struct ppp_record) == 92, "the record is stored: raise PPP_RECORD_VERSION with its size");

int ppp_link_save(const struct ppp_link *link, struct ppp_record *out)
{
	if (!link->is_up)
		return -EAGAIN;
	*out = (struct ppp_record){
		.result = link->result,
		.magic = link->magic,
		.peer_magic = link->peer_magic,
		.lcp_hash = link->lcp.acked_hash,
		.ipcp_hash = link->ipcp.acked_hash,
		.ip6cp_hash = link->ip6cp.acked_hash,
		.lcp_asked = link->lcp.asked,
		.ipcp_asked = link->ipcp.asked,
		.ip6cp_asked = link->ip6cp.asked,
		.lcp_id = link->lcp.id,
		.ipcp_id = link->ipcp.id,
		.ip6cp_id = link->ip6cp.id,
		.lcp_peer_id = link->lcp.peer_id,
		.ipcp_peer_id = link->ipcp.peer_id,
		.ip6cp_peer_id = link->ip6cp.peer_id,
		.next_id = link->next_id,
		.auth_id = link->auth.id,
		.version = PPP_RECORD_VERSION,
		.auth_flags =
			(uint8_t)((link->auth.answered ? PPP_RECORD_ANSWERED : 0) | (link->auth.done ? PPP_RECORD_PASSED : 0)),
		.lcp_repeats = link->lcp.repeats,
		.ipcp_repeats = link->ipcp.repeats,
		.ip6cp_repeats = link->ip6cp.repeats,
		.ip6_when = link->ip6_when,
	};
	return 0;
}

static void reopen(struct ppp_cp *cp, uint32_t hash, uint16_t asked, uint8_t id, uint8_t peer_id, uint8_t repeats)
{
	ppp_cp_assume_open(cp);
	cp->acked_hash = hash;
	cp->asked = asked;
	cp->id = id;
	cp->peer_id = peer_id;
	cp->heard = true;
	cp->repeats = repeats;
}

// The file is ours, but a bad one must not make a link that lies about itself.
static bool makes_sense(const struct ppp_record *record)
{
	const struct ppp_result *r = &record->result;

	return record->version == PPP_RECORD_VERSION && (r->has_ipv4 || r->has_ipv6) && (!r->has_ipv4 || r->address) && r->mru &&
		r->ipv4_reason < PPP_REASON_COUNT && r->ipv6_reason < PPP_REASON_COUNT && record->ip6_when <= PPP_IP6_INSTEAD &&
		(r->auth & (r->auth - 1)) == 0 && r->auth <= PPP_AUTH_MSCHAPV2;
}

int ppp_link_resume(struct ppp_link *link, const struct ppp_ops *ops, const struct ppp_options *options,
	const struct ppp_record *record, uint64_t now_ms)
{
	if (!makes_sense(record))
		return -EINVAL;
	ppp_link_init(link, ops, options);
	link->now_ms = now_ms;
	link->result = record->result;
	ppp_link_want_families(link, record->result.has_ipv4, record->result.has_ipv6);
	ppp_link_want_ip6_when(link, (enum ppp_ip6_when)record->ip6_when);
	link->magic = record->magic;
	link->peer_magic = record->peer_magic;
	link->want_mru = link->result.local_mru;
	link->next_id = record->next_id;
	link->auth.method = link->result.auth;
	link->auth.id = record->auth_id;
	link->auth.answered = record->auth_flags & PPP_RECORD_ANSWERED;
	link->auth.done = record->auth_flags & PPP_RECORD_PASSED;
	link->phase = PPP_PHASE_NETWORK;
	link->is_up = true;
	reopen(&link->lcp, record->lcp_hash, record->lcp_asked, record->lcp_id, record->lcp_peer_id, record->lcp_repeats);
	if (link->result.has_ipv4)
		reopen(&link->ipcp, record->ipcp_hash, record->ipcp_asked, record->ipcp_id, record->ipcp_peer_id,
			record->ipcp_repeats);
	if (link->result.has_ipv6)
		reopen(&link->ip6cp, record->ip6cp_hash, record->ip6cp_asked, record->ip6cp_id, record->ip6cp_peer_id,
			record->ip6cp_repeats);
	if (options->echo_interval_ms)
		link->echo_due_ms = now_ms + options->echo_interval_ms;
	return 0;
}
