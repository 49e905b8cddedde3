// SPDX-License-Identifier: Apache-2.0
// The phases of a PPP link (RFC 1661 3): dead, establish (LCP), authenticate (PAP, CHAP), network (IPCP, IPv6CP), terminate.
//
// The host owns the link and its options; the link owns nothing. Three automata (cp.c) and the authentication (auth.c) do the work;
// this file lets them in by phase, keeps the result, and tells the host. Events are gathered during a call and raised at its end, in
// the order of their enum, so the host never sees a link between two states and may free it in ENDED.
//
// L2TP's own end of a session (CDN) follows each of ours, so a failure does not wait: one Terminate-Request, and ENDED at once. Only
// ppp_link_close waits for the peer's Terminate-Ack.
//
// Proxy (RFC 2661 6.12 - 6.13): with `proxy_sent`, LCP counts as open and the link waits half a first restart period. An LNS that
// takes the proxied values goes on from there with CHAP, its verdict, or IPCP; one that does not opens LCP anew, which restarts the
// link as any renegotiation does. When the LNS is silent our IPCP starts, and LCP itself after two vain requests.

#include "proto/ppp/internal.h"

_Static_assert(sizeof(struct ppp_link) <= 320, "there are very many of them");

#define PROXY_TRIES 2 // unanswered IPCP requests before LCP is negotiated after all
#define IPV4_TRIES 2 // unanswered IPCP requests before IPv6CP waits no longer for it

void ppp_options_init(struct ppp_options *options)
{
	*options = (struct ppp_options){
		.first_restart_ms = 1000,
		.restart_ms = 3000,
		.echo_interval_ms = 30000,
		.auth_timeout_ms = 10000,
		.max_configure = 10,
		.max_terminate = 2,
		.max_failure = 5,
		.echo_failures = 3,
		.mru = 1460,
		.magic = true,
		.ipcp = true,
		.auth_accept = PPP_AUTH_PAP | PPP_AUTH_CHAP_MD5 | PPP_AUTH_MSCHAPV2,
		.ask_dns = true,
		.name = "lns",
	};
}

void ppp_link_send(struct ppp_link *link, uint16_t protocol, const struct wire_out *packet)
{
	struct wire_out out = *packet;

	wire_patch_be16(&out, 2, (uint16_t)wire_used(&out));
	if (out.error)
		return;
	ppp_count(link, sent);
	link->ops->send(link, protocol, out.start, wire_used(&out));
}

void ppp_link_raise(struct ppp_link *link, enum ppp_event_kind kind)
{
	link->pending |= (uint16_t)(1u << kind);
}

void ppp_link_text(struct ppp_link *link, struct wire_in text)
{
	link->text = (const char *)text.pos;
	link->text_len = text.error ? 0 : (uint16_t)wire_left(&text);
}

static void raise(struct ppp_link *link, enum ppp_event_kind kind)
{
	struct ppp_event event = {
		.kind = kind,
		.reason = link->reason,
		.text = link->text_len ? link->text : "",
		.text_len = link->text_len,
	};

	if (kind == PPP_EVENT_DOWN && !event.reason)
		event.reason = PPP_REASON_PEER_RENEGOTIATES;
	if (kind == PPP_EVENT_ENDED) {
		link->text = NULL;
		link->text_len = 0;
	}
	link->ops->event(link, &event);
}

// The end of every call: raises what it caused. After ENDED the link may be gone.
void ppp_link_settle(struct ppp_link *link)
{
	if (link->settling)
		return;
	link->settling = true;
	while (link->pending & ~(1u << PPP_EVENT_ENDED)) {
		enum ppp_event_kind kind = (enum ppp_event_kind)__builtin_ctz(link->pending);

		link->pending &= (uint16_t) ~(1u << kind);
		raise(link, kind);
	}
	link->settling = false;
	if (link->pending) {
		link->pending = 0;
		raise(link, PPP_EVENT_ENDED);
		return;
	}
	link->text = NULL;
	link->text_len = 0;
}

static void silence(struct ppp_link *link)
{
	ppp_cp_init(&link->lcp);
	ppp_cp_init(&link->ipcp);
	ppp_cp_init(&link->ip6cp);
	ppp_auth_reset(link);
	link->echo_due_ms = PPP_NEVER;
	link->result.has_ipv4 = link->result.has_ipv6 = false;
	link->phase = PPP_PHASE_DEAD;
	link->proxied = link->closing = false;
}

void ppp_link_init(struct ppp_link *link, const struct ppp_ops *ops, const struct ppp_options *options)
{
	*link = (struct ppp_link){.ops = ops, .options = options};
	silence(link);
}

void ppp_link_want_address(struct ppp_link *link, uint32_t address)
{
	link->want_address = address;
}

void ppp_link_want_mru(struct ppp_link *link, uint16_t mru)
{
	link->want_mru = mru;
}

void ppp_link_want_families(struct ppp_link *link, bool ipv4, bool ipv6)
{
	link->no_ipv4 = !ipv4;
	link->no_ipv6 = !ipv6;
}

void ppp_link_want_ip6_when(struct ppp_link *link, enum ppp_ip6_when when)
{
	link->ip6_when = (uint8_t)when;
}

void ppp_link_want_proxy(struct ppp_link *link, bool is_sent)
{
	link->no_proxy = !is_sent;
}

enum ppp_proxy_use ppp_link_proxy_use(const struct ppp_link *link)
{
	return (enum ppp_proxy_use)link->proxy_use;
}

void ppp_link_want_interface_id(struct ppp_link *link, const uint8_t id[8])
{
	memcpy(link->result.interface_id, id, sizeof(link->result.interface_id));
}

void ppp_link_up(struct ppp_link *link, uint64_t now_ms)
{
	if (link->phase != PPP_PHASE_DEAD)
		return;
	link->now_ms = now_ms;
	link->reason = PPP_REASON_NONE;
	link->phase = PPP_PHASE_ESTABLISH;
	if (link->options->proxy_sent && !link->no_proxy && !link->options->server) {
		link->proxied = true;
		link->phase = PPP_PHASE_AUTHENTICATE;
		link->result.mru = link->options->mru;
		link->result.local_mru = link->want_mru ? link->want_mru : link->options->mru;
		ppp_cp_assume_open(&link->lcp);
		link->auth.due_ms = now_ms + link->options->first_restart_ms / 2;
	} else {
		ppp_cp_run(link, &ppp_lcp, PPP_CP_OPEN);
		ppp_cp_run(link, &ppp_lcp, PPP_CP_UP);
	}
	ppp_link_settle(link);
}

void ppp_link_down(struct ppp_link *link)
{
	silence(link);
	link->is_up = false;
	link->pending = 0;
}

void ppp_link_restart(struct ppp_link *link)
{
	ppp_link_lcp_down(link, PPP_REASON_NONE);
	ppp_cp_init(&link->lcp);
	ppp_cp_run(link, &ppp_lcp, PPP_CP_OPEN);
	ppp_cp_run(link, &ppp_lcp, PPP_CP_UP);
}

void ppp_link_close(struct ppp_link *link, uint64_t now_ms)
{
	if (link->phase == PPP_PHASE_DEAD || link->closing)
		return;
	link->now_ms = now_ms;
	if (link->lcp.state == PPP_CP_OPENED && !link->proxied) {
		link->closing = true;
		ppp_cp_run(link, &ppp_lcp, PPP_CP_CLOSE);
	} else {
		ppp_link_fail(link, PPP_REASON_CLOSED);
	}
	ppp_link_settle(link);
}

static void send_last_words(struct ppp_link *link)
{
	uint8_t buffer[4];
	struct wire_out out = ppp_packet(buffer, sizeof(buffer), PPP_TERM_REQ, ++link->lcp.id);

	ppp_link_send(link, PPP_LCP, &out);
}

// An LCP that ends over a demand for authentication has that for its reason, whichever way it ends.
static enum ppp_reason refined(const struct ppp_link *link, enum ppp_reason reason)
{
	bool is_general = reason == PPP_REASON_LCP_TIMEOUT || reason == PPP_REASON_LCP_NOT_CONVERGING ||
		reason == PPP_REASON_PEER_TERMINATED;

	return is_general && link->auth_disliked ? PPP_REASON_AUTH_PROTOCOL : reason;
}

void ppp_link_fail(struct ppp_link *link, enum ppp_reason reason)
{
	if (link->phase == PPP_PHASE_DEAD)
		return;
	link->reason = link->reason ? link->reason : (uint8_t)refined(link, reason);
	if (link->lcp.state >= PPP_CP_REQ_SENT && link->lcp.heard)
		send_last_words(link);
	if (link->is_up)
		ppp_link_raise(link, PPP_EVENT_DOWN);
	link->is_up = false;
	silence(link);
	// What came true in this very call is void by now.
	link->pending &= (uint16_t) ~(1u << PPP_EVENT_UP | 1u << PPP_EVENT_IPV4_UP | 1u << PPP_EVENT_IPV6_UP);
	ppp_link_raise(link, PPP_EVENT_ENDED);
}

// LCP left Opened: everything above it falls (RFC 1661 3.2).
void ppp_link_lcp_down(struct ppp_link *link, enum ppp_reason reason)
{
	if (reason == PPP_REASON_PEER_RENEGOTIATES) {
		ppp_count(link, renegotiations);
		link->phase = PPP_PHASE_ESTABLISH;
	} else {
		link->reason = link->reason ? link->reason : (uint8_t)reason;
		link->phase = reason ? PPP_PHASE_TERMINATE : PPP_PHASE_ESTABLISH;
	}
	if (link->proxied && (!reason || reason == PPP_REASON_PEER_RENEGOTIATES))
		link->proxy_use = PPP_PROXY_IGNORED;
	link->proxied = false;
	if (link->is_up)
		ppp_link_raise(link, PPP_EVENT_DOWN);
	link->is_up = false;
	link->echo_due_ms = PPP_NEVER;
	link->result.has_ipv4 = link->result.has_ipv6 = false;
	ppp_cp_init(&link->ipcp);
	ppp_cp_init(&link->ip6cp);
	ppp_auth_reset(link);
}

static bool wants_ipv4(const struct ppp_link *link)
{
	return link->options->ipcp && !link->no_ipv4;
}

static bool wants_ipv6(const struct ppp_link *link)
{
	return link->options->ip6cp && !link->no_ipv6;
}

static void start(struct ppp_link *link, const struct ppp_cp_class *class)
{
	ppp_cp_run(link, class, PPP_CP_OPEN);
	ppp_cp_run(link, class, PPP_CP_UP);
}

static void begin_ip6(struct ppp_link *link)
{
	if (wants_ipv6(link) && link->ip6cp.state == PPP_CP_INITIAL)
		start(link, &ppp_ip6cp);
}

void ppp_link_network(struct ppp_link *link)
{
	link->phase = PPP_PHASE_NETWORK;
	link->result.ipv4_reason = link->result.ipv6_reason = PPP_REASON_NONE;
	link->auth.due_ms = link->auth.deadline_ms = PPP_NEVER;
	if (wants_ipv4(link))
		start(link, &ppp_ipcp);
	if (link->ip6_when == PPP_IP6_WITH_IPV4 || !wants_ipv4(link))
		begin_ip6(link);
	if (!wants_ipv4(link) && !wants_ipv6(link))
		ppp_link_fail(link, PPP_REASON_NCP_REJECTED);
}

static bool ipv4_is_open(const struct ppp_link *link)
{
	return wants_ipv4(link) && !link->result.has_ipv4 && !link->result.ipv4_reason;
}

static bool ipv6_is_open(const struct ppp_link *link)
{
	return wants_ipv6(link) && !link->result.has_ipv6 && !link->result.ipv6_reason;
}

// Is every wanted family decided? Then the link is up, or it has failed for the reason of the first family.
static void judge_families(struct ppp_link *link)
{
	const struct ppp_result *result = &link->result;

	if (link->phase != PPP_PHASE_NETWORK || ipv4_is_open(link) || ipv6_is_open(link))
		return;
	if (!result->has_ipv4 && !result->has_ipv6) {
		ppp_link_fail(link, wants_ipv4(link) ? result->ipv4_reason : result->ipv6_reason);
	} else if (!link->is_up) {
		link->is_up = true;
		if (link->proxied && link->proxy_use == PPP_PROXY_UNKNOWN)
			link->proxy_use = PPP_PROXY_ALL;
		ppp_link_raise(link, PPP_EVENT_UP);
	}
}

void ppp_link_family_up(struct ppp_link *link, const struct ppp_cp_class *class)
{
	bool ipv4 = class == &ppp_ipcp;

	*(ipv4 ? &link->result.has_ipv4 : &link->result.has_ipv6) = true;
	*(ipv4 ? &link->result.ipv4_reason : &link->result.ipv6_reason) = PPP_REASON_NONE;
	if (ipv4 && link->ip6_when == PPP_IP6_INSTEAD && link->ip6cp.state == PPP_CP_INITIAL)
		link->no_ipv6 = true;
	if (ipv4)
		begin_ip6(link);
	ppp_link_raise(link, ipv4 ? PPP_EVENT_IPV4_UP : PPP_EVENT_IPV6_UP);
	judge_families(link);
}

void ppp_link_family_down(struct ppp_link *link, const struct ppp_cp_class *class, enum ppp_reason reason)
{
	bool ipv4 = class == &ppp_ipcp;
	uint8_t *why = ipv4 ? &link->result.ipv4_reason : &link->result.ipv6_reason;

	*(ipv4 ? &link->result.has_ipv4 : &link->result.has_ipv6) = false;
	if (reason != PPP_REASON_PEER_RENEGOTIATES && !*why)
		*why = (uint8_t)reason;
	if (link->is_up)
		ppp_link_raise(link, PPP_EVENT_DOWN);
	link->is_up = false;
	if (reason == PPP_REASON_PEER_RENEGOTIATES)
		ppp_count(link, renegotiations); // otherwise its tlf follows, and judges
}

void ppp_link_family_refused(struct ppp_link *link, const struct ppp_cp_class *class, enum ppp_reason reason)
{
	bool ipv4 = class == &ppp_ipcp;
	uint8_t *why = ipv4 ? &link->result.ipv4_reason : &link->result.ipv6_reason;
	struct ppp_cp *cp = ppp_cp_of(link, class);

	if (link->phase != PPP_PHASE_NETWORK)
		return;
	*why = *why ? *why : (uint8_t)reason;
	*(ipv4 ? &link->result.has_ipv4 : &link->result.has_ipv6) = false;
	// Told to a peer that may still be asking; the automaton rests until it asks anew.
	if (cp->state >= PPP_CP_REQ_SENT)
		ppp_cp_run(link, class, PPP_CP_CLOSE);
	if (ipv4)
		begin_ip6(link);
	judge_families(link);
}

void ppp_link_decide(struct ppp_link *link, uint64_t now_ms)
{
	if (link->phase != PPP_PHASE_NETWORK || (!link->result.has_ipv4 && !link->result.has_ipv6))
		return;
	link->now_ms = now_ms;
	if (ipv4_is_open(link))
		ppp_link_family_refused(link, &ppp_ipcp, PPP_REASON_NCP_TIMEOUT);
	if (ipv6_is_open(link))
		ppp_link_family_refused(link, &ppp_ip6cp, PPP_REASON_NCP_TIMEOUT);
	ppp_link_settle(link);
}

static void recv_ncp(struct ppp_link *link, const struct ppp_cp_class *class, const uint8_t *packet, size_t len)
{
	if (ppp_auth_implied(link) && len > 0 && packet[0] == PPP_CONF_REQ)
		ppp_auth_passed(link, (enum ppp_auth)link->auth.method);
	if (link->phase == PPP_PHASE_NETWORK && class == &ppp_ip6cp)
		begin_ip6(link); // the peer speaks of it by itself
	if (link->phase == PPP_PHASE_NETWORK)
		ppp_cp_recv(link, class, packet, len);
	else
		ppp_count(link, out_of_phase); // RFC 1661 3.4, 3.5: silently discarded
}

static void dispatch(struct ppp_link *link, uint16_t protocol, const uint8_t *packet, size_t len)
{
	switch (protocol) {
	case PPP_LCP:
		ppp_cp_recv(link, &ppp_lcp, packet, len);
		return;
	case PPP_PAP:
	case PPP_CHAP:
		if (link->phase == PPP_PHASE_AUTHENTICATE || link->phase == PPP_PHASE_NETWORK)
			ppp_auth_recv(link, protocol, packet, len);
		else
			ppp_count(link, out_of_phase);
		return;
	case PPP_IP:
	case PPP_IPV6:
		ppp_count(link, out_of_phase);
		return;
	case PPP_IPCP:
		if (wants_ipv4(link)) {
			recv_ncp(link, &ppp_ipcp, packet, len);
			return;
		}
		break;
	case PPP_IPV6CP:
		if (wants_ipv6(link)) {
			recv_ncp(link, &ppp_ip6cp, packet, len);
			return;
		}
		break;
	default:
		break;
	}
	if (link->lcp.state == PPP_CP_OPENED) {
		ppp_count(link, unknown_protocol);
		ppp_lcp_protocol_reject(link, protocol, packet, len);
	} else {
		ppp_count(link, out_of_phase);
	}
}

void ppp_link_recv(struct ppp_link *link, uint16_t protocol, const void *packet, size_t len, uint64_t now_ms)
{
	ppp_count(link, received);
	if (link->phase == PPP_PHASE_DEAD) {
		ppp_count(link, out_of_phase);
		return;
	}
	link->now_ms = now_ms;
	dispatch(link, protocol, packet, len);
	ppp_link_settle(link);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t ppp_link_next(const struct ppp_link *link)
{
	uint64_t auth = earlier(link->auth.due_ms, link->auth.deadline_ms);

	return earlier(
		earlier(earlier(link->lcp.due_ms, link->ipcp.due_ms), earlier(link->ip6cp.due_ms, auth)), link->echo_due_ms);
}

static void echo_tick(struct ppp_link *link)
{
	if (link->echo_missed)
		ppp_count(link, echo_lost);
	if (link->echo_missed >= link->options->echo_failures) {
		ppp_link_fail(link, PPP_REASON_ECHO_TIMEOUT);
		return;
	}
	link->echo_missed++;
	link->echo_due_ms = ppp_backoff(link, link->echo_missed);
	ppp_lcp_echo(link);
}

static void ncp_tick(struct ppp_link *link, const struct ppp_cp_class *class)
{
	struct ppp_cp *cp = ppp_cp_of(link, class);

	if (link->now_ms < cp->due_ms)
		return;
	if (link->proxied && !cp->heard && !link->is_up && cp->tries >= PROXY_TRIES)
		ppp_link_restart(link);
	else
		ppp_cp_timeout(link, class);
}

void ppp_link_tick(struct ppp_link *link, uint64_t now_ms)
{
	if (link->phase == PPP_PHASE_DEAD)
		return;
	link->now_ms = now_ms;
	if (now_ms >= link->lcp.due_ms)
		ppp_cp_timeout(link, &ppp_lcp);
	if (now_ms >= earlier(link->auth.due_ms, link->auth.deadline_ms))
		ppp_auth_tick(link);
	ncp_tick(link, &ppp_ipcp);
	if (link->phase == PPP_PHASE_NETWORK && !link->ipcp.heard && link->ipcp.tries >= IPV4_TRIES)
		begin_ip6(link);
	ncp_tick(link, &ppp_ip6cp);
	if (now_ms >= link->echo_due_ms)
		echo_tick(link);
	ppp_link_settle(link);
}

void ppp_link_probe(struct ppp_link *link, uint64_t now_ms)
{
	if (link->lcp.state != PPP_CP_OPENED || link->echo_missed || link->phase == PPP_PHASE_DEAD)
		return;
	link->now_ms = now_ms;
	echo_tick(link);
	ppp_link_settle(link);
}

void ppp_link_alive(struct ppp_link *link, uint64_t now_ms)
{
	if (link->lcp.state != PPP_CP_OPENED)
		return;
	link->echo_missed = 0;
	link->echo_due_ms = link->options->echo_interval_ms ? now_ms + link->options->echo_interval_ms : PPP_NEVER;
}

enum ppp_reason ppp_link_suspect(const struct ppp_link *link)
{
	if (link->is_up || link->reason)
		return link->reason;
	switch ((enum ppp_phase)link->phase) {
	case PPP_PHASE_ESTABLISH:
		return refined(link, link->lcp.heard ? PPP_REASON_LCP_TIMEOUT : PPP_REASON_LCP_SILENT);
	case PPP_PHASE_AUTHENTICATE:
		return PPP_REASON_AUTH_TIMEOUT;
	case PPP_PHASE_NETWORK:
		return PPP_REASON_NCP_TIMEOUT;
	default:
		return PPP_REASON_CLOSED;
	}
}

bool ppp_link_is_up(const struct ppp_link *link)
{
	return link->is_up;
}

enum ppp_phase ppp_link_phase(const struct ppp_link *link)
{
	return link->phase;
}

const struct ppp_result *ppp_link_result(const struct ppp_link *link)
{
	return &link->result;
}
