// SPDX-License-Identifier: Apache-2.0
// LCP (RFC 1661 5 and 6, RFC 1570): its options, its own codes (Protocol-Reject, Echo), and the option lists for proxy LCP.

#include "proto/ppp/internal.h"

#include "base/clean.h"

#define MRU_DEFAULT 1500
#define MRU_LEAST 128 // a peer that wants less gets this for a Nak
#define LOOPS_MAX 4 // requests with our own magic number before the line counts as looped (RFC 1661 6.4)
#define ACCM_LEN 4

// The wire forms of "authenticate by": protocol number, and for CHAP the algorithm (RFC 1994 3, RFC 2759 3).
static const struct {
	uint16_t protocol;
	int16_t algorithm; // -1: the option ends with the protocol
	uint8_t auth;
} auth_values[] = {
	{PPP_CHAP, 0x81, PPP_AUTH_MSCHAPV2},
	{PPP_CHAP, 0x05, PPP_AUTH_CHAP_MD5},
	{PPP_PAP, -1, PPP_AUTH_PAP},
};

void ppp_lcp_put_auth(enum ppp_auth auth, struct wire_out *out)
{
	for (size_t i = 0; i < array_len(auth_values); i++) {
		if (auth_values[i].auth != auth)
			continue;
		wire_put_be16(out, auth_values[i].protocol);
		if (auth_values[i].algorithm >= 0)
			wire_put_u8(out, (uint8_t)auth_values[i].algorithm);
	}
}

enum ppp_auth ppp_lcp_get_auth(struct wire_in value)
{
	uint16_t protocol = wire_get_be16(&value);
	int algorithm = wire_left(&value) ? wire_get_u8(&value) : -1;

	for (size_t i = 0; i < array_len(auth_values); i++)
		if (auth_values[i].protocol == protocol && auth_values[i].algorithm == algorithm && !wire_left(&value))
			return auth_values[i].auth;
	return PPP_AUTH_NONE;
}

// The strongest of a mask, skipping the first `skip`, round and round; 0 for an empty mask.
static enum ppp_auth strongest(uint8_t mask, unsigned int skip)
{
	unsigned int count = (unsigned int)__builtin_popcount(mask & 7u), n = 0;

	for (size_t i = 0; i < array_len(auth_values); i++)
		if (mask & auth_values[i].auth && n++ == skip % count)
			return auth_values[i].auth;
	return PPP_AUTH_NONE;
}

static void mru_put(struct ppp_link *link, uint8_t, struct wire_out *out)
{
	wire_put_be16(out, link->want_mru);
}

static enum ppp_verdict mru_judge(
	struct ppp_link *, uint8_t, struct wire_in value, struct ppp_offer *offer, struct wire_out *better)
{
	offer->mru = wire_get_be16(&value);
	wire_put_be16(better, MRU_LEAST);
	return offer->mru >= MRU_LEAST ? PPP_ACK : PPP_NAK;
}

// A smaller one is fine. A larger one is more than we can take: stop asking, as the peer would not hear us.
static bool mru_nak(struct ppp_link *link, uint8_t, struct wire_in value)
{
	uint16_t mru = wire_get_be16(&value);

	if (mru < MRU_LEAST || mru > link->want_mru)
		return false;
	link->want_mru = mru;
	return true;
}

// Control character maps mean nothing without octet stuffing (RFC 2661 4.4.6): agreed to, and forgotten.
static enum ppp_verdict accept_judge(struct ppp_link *, uint8_t, struct wire_in, struct ppp_offer *, struct wire_out *)
{
	return PPP_ACK;
}

static void auth_put(struct ppp_link *link, uint8_t, struct wire_out *out)
{
	ppp_lcp_put_auth(link->auth.method, out);
}

// Only a client is authenticated. A peer that offers what we don't accept is shown each thing that we do, in turn.
static enum ppp_verdict auth_judge(
	struct ppp_link *link, uint8_t, struct wire_in value, struct ppp_offer *offer, struct wire_out *better)
{
	enum ppp_auth auth = ppp_lcp_get_auth(value);

	if (link->options->server)
		return PPP_REJ;
	link->auth_disliked = !(auth & link->options->auth_accept);
	if (!link->options->auth_accept)
		return PPP_REJ;
	ppp_lcp_put_auth(strongest(link->options->auth_accept, link->lcp.naks_sent), better);
	offer->auth = (uint8_t)auth;
	return link->auth_disliked ? PPP_NAK : PPP_ACK;
}

static bool auth_nak(struct ppp_link *link, uint8_t, struct wire_in value)
{
	uint8_t wanted = (uint8_t)ppp_lcp_get_auth(value), left;

	link->auth.refused |= link->auth.method;
	left = (uint8_t)(link->options->auth_require & ~link->auth.refused);
	if (!left) {
		ppp_link_fail(link, PPP_REASON_AUTH_PROTOCOL);
		return false;
	}
	link->auth.method = wanted & left ? wanted : (uint8_t)strongest(left, 0);
	return true;
}

static uint32_t random_magic(struct ppp_link *link)
{
	uint8_t bytes[4] = {0};
	struct wire_in in = wire_in(bytes, sizeof(bytes));
	uint32_t magic;

	link->ops->random(link, bytes, sizeof(bytes));
	magic = wire_get_be32(&in);
	return magic ? magic : 1;
}

static void magic_put(struct ppp_link *link, uint8_t, struct wire_out *out)
{
	wire_put_be32(out, link->magic);
}

static enum ppp_verdict magic_judge(
	struct ppp_link *link, uint8_t, struct wire_in value, struct ppp_offer *offer, struct wire_out *better)
{
	offer->magic = wire_get_be32(&value);
	if (offer->magic && offer->magic != link->magic)
		return PPP_ACK;
	if (offer->magic) {
		ppp_count(link, looped);
		if (++link->loops >= LOOPS_MAX)
			ppp_link_fail(link, PPP_REASON_LOOPED);
	}
	wire_put_be32(better, random_magic(link));
	return PPP_NAK;
}

static bool magic_nak(struct ppp_link *link, uint8_t, struct wire_in)
{
	link->magic = random_magic(link);
	return true;
}

static void nothing_put(struct ppp_link *, uint8_t, struct wire_out *)
{
}

static enum ppp_verdict pfc_judge(struct ppp_link *, uint8_t, struct wire_in, struct ppp_offer *offer, struct wire_out *)
{
	offer->pfc = true;
	return PPP_ACK;
}

static enum ppp_verdict acfc_judge(struct ppp_link *, uint8_t, struct wire_in, struct ppp_offer *offer, struct wire_out *)
{
	offer->acfc = true;
	return PPP_ACK;
}

static const struct ppp_option options[] = {
	{.type = 1,
		.name = "mru",
		.min = 2,
		.max = 2,
		.kind = PPP_VALUE_NUMBER,
		.put = mru_put,
		.judge = mru_judge,
		.nak = mru_nak},
	{.type = 2, .name = "accm", .min = ACCM_LEN, .max = ACCM_LEN, .kind = PPP_VALUE_HEX, .judge = accept_judge},
	{.type = 3,
		.name = "auth",
		.min = 2,
		.max = 253,
		.kind = PPP_VALUE_AUTH,
		.put = auth_put,
		.judge = auth_judge,
		.nak = auth_nak},
	{.type = 4, .name = "quality", .min = 2, .max = 253, .kind = PPP_VALUE_HEX},
	{.type = 5,
		.name = "magic",
		.min = 4,
		.max = 4,
		.kind = PPP_VALUE_HEX,
		.put = magic_put,
		.judge = magic_judge,
		.nak = magic_nak},
	{.type = 7, .name = "pfc", .kind = PPP_VALUE_NOTHING, .put = nothing_put, .judge = pfc_judge},
	{.type = 8, .name = "acfc", .kind = PPP_VALUE_NOTHING, .put = nothing_put, .judge = acfc_judge},
	{.type = 13, .name = "callback", .min = 1, .max = 253, .kind = PPP_VALUE_HEX},
	{.type = 17, .name = "mrru", .min = 2, .max = 2, .kind = PPP_VALUE_NUMBER}, // multilink: not over L2TP sessions of SIMs
	{.type = 18, .name = "short-sequence", .kind = PPP_VALUE_NOTHING},
	{.type = 19,
		.name = "endpoint",
		.min = 1,
		.max = 253,
		.kind = PPP_VALUE_HEX,
		.judge = accept_judge}, // harmless without 17
};

enum { ROW_MRU = 0, ROW_AUTH = 2, ROW_MAGIC = 4, ROW_PFC = 5, ROW_ACFC = 6 };

static void lcp_prepare(struct ppp_link *link, struct ppp_cp *cp)
{
	const struct ppp_options *o = link->options;

	cp->asked = 0;
	link->want_mru = link->want_mru && link->want_mru < o->mru ? link->want_mru : o->mru;
	if (link->want_mru != MRU_DEFAULT)
		cp->asked |= 1u << ROW_MRU;
	if (o->server && o->auth_require) {
		cp->asked |= 1u << ROW_AUTH;
		link->auth.refused = 0;
		link->auth.method = (uint8_t)strongest(o->auth_require, 0);
	}
	if (o->magic)
		cp->asked |= 1u << ROW_MAGIC;
	cp->asked |= (uint16_t)(o->pfc << ROW_PFC | o->acfc << ROW_ACFC);
	link->magic = o->magic ? random_magic(link) : 0;
	link->loops = 0;
	link->auth_disliked = false;
}

static void lcp_agree(struct ppp_link *link, const struct ppp_offer *offer)
{
	uint16_t mru = offer->mru ? offer->mru : MRU_DEFAULT;

	link->result.mru = mru < link->options->mru ? mru : link->options->mru;
	link->result.pfc = offer->pfc;
	link->result.acfc = offer->acfc;
	link->peer_magic = offer->magic;
	if (!link->options->server)
		link->auth.method = offer->auth;
}

static void lcp_rejected(struct ppp_link *link, uint8_t type)
{
	if (type == options[ROW_AUTH].type)
		ppp_link_fail(link, PPP_REASON_AUTH_PROTOCOL);
	if (type == options[ROW_MAGIC].type)
		link->magic = 0; // RFC 1661 6.4: zero where it was not negotiated
}

static void lcp_up(struct ppp_link *link)
{
	link->result.local_mru = link->lcp.asked & 1u << ROW_MRU ? link->want_mru : MRU_DEFAULT;
	link->echo_missed = 0;
	link->echo_due_ms = link->options->echo_interval_ms ? link->now_ms + link->options->echo_interval_ms : PPP_NEVER;
	ppp_link_raise(link, PPP_EVENT_LCP_UP);
	ppp_auth_begin(link);
}

static enum ppp_reason lcp_reason(const struct ppp_link *link, enum ppp_cp_event why)
{
	switch (why) {
	case PPP_CP_CLOSE:
	case PPP_CP_RTA:
		return PPP_REASON_CLOSED;
	case PPP_CP_RTR:
		return PPP_REASON_PEER_TERMINATED;
	case PPP_CP_RXJ_MINUS:
		return PPP_REASON_LCP_REJECTED;
	case PPP_CP_TO_MINUS:
		return link->closing ? PPP_REASON_CLOSED : link->lcp.heard ? PPP_REASON_LCP_TIMEOUT : PPP_REASON_LCP_SILENT;
	default:
		return PPP_REASON_PEER_RENEGOTIATES;
	}
}

static void lcp_down(struct ppp_link *link, enum ppp_cp_event why)
{
	ppp_link_lcp_down(link, link->closing ? PPP_REASON_CLOSED : lcp_reason(link, why));
}

static void lcp_finished(struct ppp_link *link, enum ppp_cp_event why)
{
	ppp_link_fail(link, link->closing ? PPP_REASON_CLOSED : lcp_reason(link, why));
}

static void lcp_diverged(struct ppp_link *link)
{
	ppp_link_fail(link, PPP_REASON_LCP_NOT_CONVERGING);
}

// RFC 1661 would start over. A peer that leaves because we don't accept its authentication will ask the same again.
static void lcp_left(struct ppp_link *link)
{
	if (link->phase == PPP_PHASE_ESTABLISH && link->auth_disliked)
		ppp_link_fail(link, PPP_REASON_AUTH_PROTOCOL);
}

static void echo_request(struct ppp_link *link, uint8_t id, struct wire_in data)
{
	uint8_t buffer[PPP_PACKET_MAX];
	struct wire_out reply = ppp_packet(buffer, sizeof(buffer), PPP_ECHO_REPLY, id);
	size_t room = link->result.mru > 8 ? link->result.mru - 8u : MRU_LEAST;
	uint32_t magic = wire_get_be32(&data);

	if (data.error) {
		ppp_count(link, malformed);
		return;
	}
	if (magic && magic == link->magic) {
		ppp_count(link, looped);
		return;
	}
	// RFC 1661 4.3 answers only in Opened; peers ask while they negotiate (SoftEther does), and count what stays unanswered.
	if (link->lcp.state < PPP_CP_REQ_SENT)
		return;
	wire_put_be32(&reply, link->magic);
	wire_put_bytes(&reply, data.pos, wire_left(&data) < room ? wire_left(&data) : room);
	ppp_link_send(link, PPP_LCP, &reply);
}

static void protocol_rejected(struct ppp_link *link, struct wire_in data)
{
	uint16_t protocol = wire_get_be16(&data);

	if (data.error) {
		ppp_count(link, malformed);
		return;
	}
	if (link->lcp.state != PPP_CP_OPENED)
		return; // RFC 1661 5.7: only in Opened
	switch (protocol) {
	case PPP_LCP:
		ppp_cp_run(link, &ppp_lcp, PPP_CP_RXJ_MINUS);
		return;
	case PPP_IPCP:
	case PPP_IP:
		ppp_link_family_refused(link, &ppp_ipcp, PPP_REASON_NCP_REJECTED);
		return;
	case PPP_IPV6CP:
	case PPP_IPV6:
		ppp_link_family_refused(link, &ppp_ip6cp, PPP_REASON_NCP_REJECTED);
		return;
	case PPP_PAP:
	case PPP_CHAP:
		if (link->phase == PPP_PHASE_AUTHENTICATE)
			ppp_auth_failed(link, PPP_REASON_AUTH_PROTOCOL);
		return;
	default:
		return;
	}
}

static void lcp_extra(struct ppp_link *link, uint8_t code, uint8_t id, struct wire_in data)
{
	switch (code) {
	case PPP_PROTO_REJ:
		protocol_rejected(link, data);
		return;
	case PPP_ECHO_REQ:
		echo_request(link, id, data);
		return;
	case PPP_ECHO_REPLY:
		if (link->magic && wire_get_be32(&data) == link->magic) { // our own words
			ppp_count(link, looped);
			return;
		}
		ppp_link_alive(link, link->now_ms);
		return;
	default: // Discard-Request, Identification, Time-Remaining: heard, and that is all
		return;
	}
}

void ppp_lcp_echo(struct ppp_link *link)
{
	uint8_t buffer[8];
	struct wire_out out = ppp_packet(buffer, sizeof(buffer), PPP_ECHO_REQ, link->next_id++);

	wire_put_be32(&out, link->magic);
	ppp_count(link, echo_sent);
	ppp_link_send(link, PPP_LCP, &out);
}

int ppp_link_echo_write(const struct ppp_link *link, uint8_t id, void *bytes, size_t len)
{
	struct wire_out out = ppp_packet(bytes, len, PPP_ECHO_REQ, id);

	wire_put_be32(&out, link->magic);
	wire_patch_be16(&out, 2, (uint16_t)len);
	if (!out.error)
		wire_put_zeros(&out, len - wire_used(&out));
	return out.error;
}

void ppp_lcp_protocol_reject(struct ppp_link *link, uint16_t protocol, const uint8_t *packet, size_t len)
{
	uint8_t buffer[PPP_PACKET_MAX];
	struct wire_out out = ppp_packet(buffer, sizeof(buffer), PPP_PROTO_REJ, link->next_id++);
	size_t room = link->result.mru > 6 ? link->result.mru - 6u : MRU_LEAST;

	room = room < sizeof(buffer) - 6 ? room : sizeof(buffer) - 6;
	wire_put_be16(&out, protocol);
	wire_put_bytes(&out, packet, len < room ? len : room);
	ppp_link_send(link, PPP_LCP, &out);
}

const struct ppp_cp_class ppp_lcp = {
	.name = "LCP",
	.protocol = PPP_LCP,
	.codes = 0x3ffe, // 1 to 13
	.options = options,
	.option_count = array_len(options),
	.offset = offsetof(struct ppp_link, lcp),
	.prepare = lcp_prepare,
	.agree = lcp_agree,
	.rejected = lcp_rejected,
	.up = lcp_up,
	.down = lcp_down,
	.finished = lcp_finished,
	.diverged = lcp_diverged,
	.left = lcp_left,
	.extra = lcp_extra,
};

static void put_proxy_option(struct wire_out *out, uint8_t type, uint32_t value, uint8_t len)
{
	wire_put_u8(out, type);
	wire_put_u8(out, (uint8_t)(len + 2));
	if (len == 4)
		wire_put_be32(out, value);
	else
		wire_put_be16(out, (uint16_t)value);
}

int ppp_link_proxy_lcp(struct ppp_link *link, enum ppp_auth auth, struct wire_out *received, struct wire_out *sent)
{
	size_t at;

	link->now_ms = 0;
	lcp_prepare(link, &link->lcp);
	ppp_cp_put_request(link, &ppp_lcp, received);
	if (link->want_mru != MRU_DEFAULT)
		put_proxy_option(sent, options[ROW_MRU].type, link->want_mru, 2);
	if (auth) {
		at = wire_used(sent);
		wire_put_be16(sent, (uint16_t)(options[ROW_AUTH].type << 8));
		ppp_lcp_put_auth(auth, sent);
		if (!sent->error)
			sent->start[at + 1] = (uint8_t)(wire_used(sent) - at);
	}
	link->peer_magic = link->options->magic ? random_magic(link) : 0;
	if (link->options->magic)
		put_proxy_option(sent, options[ROW_MAGIC].type, link->peer_magic, 4);
	link->auth.method = (uint8_t)auth;
	return received->error ? received->error : sent->error;
}
