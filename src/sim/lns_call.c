// SPDX-License-Identifier: Apache-2.0
// A session at the LNS: its PPP server, its address, its echo, and the faults that come later.

#include <stdio.h>
#include <string.h>

#include "base/clean.h"
#include "sim/lns.h"
#include "sim/traffic.h"

#define OFFSET_PAD 6 // octets, with --data-header offset

static struct lns_call *call_of_link(struct ppp_link *link)
{
	return container_of(link, struct lns_call, link);
}

static struct lns *lns_of_link(struct ppp_link *link)
{
	return lns_of(call_of_link(link)->session.tunnel);
}

// The header of a data packet to the LAC and the one of the frame; gives their length.
static size_t write_head(struct lns_call *call, uint16_t protocol, size_t len, uint8_t *out, size_t size)
{
	struct lns *lns = lns_of(call->session.tunnel);
	uint8_t frame[PPP_FRAME_HEAD_MAX], want = lns->headers;
	size_t frame_len = ppp_frame_head(frame, protocol, want & LNS_HEADER_ACFC);
	struct l2tp_header header = {
		.tunnel_id = call->session.tunnel->peer_id,
		.session_id = call->session.peer_id,
		.len = (uint16_t)(frame_len + len),
	};
	struct wire_out head = wire_out(out, size);

	header.flags = (uint16_t)((want & LNS_HEADER_LENGTH ? L2TP_FLAG_LENGTH : 0) |
		(want & LNS_HEADER_PRIORITY ? L2TP_FLAG_PRIORITY : 0));
	if (want & LNS_HEADER_SEQUENCE || call->session.sequencing) {
		header.flags |= L2TP_FLAG_SEQUENCE;
		header.ns = call->ns++;
	}
	if (want & LNS_HEADER_OFFSET) {
		header.flags |= L2TP_FLAG_OFFSET;
		header.offset = OFFSET_PAD;
	}
	l2tp_header_build(&head, &header);
	wire_put_bytes(&head, frame, frame_len);
	return head.error ? 0 : wire_used(&head);
}

void lns_call_send(struct lns_call *call, uint16_t protocol, const uint8_t *packet, size_t len)
{
	uint8_t head[64];
	size_t head_len = write_head(call, protocol, len, head, sizeof(head));

	lns_send(lns_of(call->session.tunnel), &call->session.tunnel->peer, head, head_len, packet, len);
}

static void on_send(struct ppp_link *link, uint16_t protocol, const uint8_t *packet, size_t len)
{
	struct lns *lns = lns_of_link(link);

	if (lns->faults.set && lns_has(&lns->faults, LNS_FAULT_no_lcp))
		return;
	lns_call_send(call_of_link(link), protocol, packet, len);
}

static void on_random(struct ppp_link *link, void *out, size_t len)
{
	uint8_t *bytes = out;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)lns_random(lns_of_link(link));
}

static int on_password(struct ppp_link *link, const void *name, size_t name_len, const void **password, size_t *password_len)
{
	struct lns *lns = lns_of_link(link);
	const struct opt_list *users = &lns->config.users;

	if (lns_has(&lns->faults, LNS_FAULT_refuse_auth))
		return -ENOENT;
	if (!users->count)
		return PPP_ANYBODY;
	for (size_t i = 0; i < users->count; i++) {
		const char *colon = strchr(users->items[i], ':');

		if ((size_t)(colon - users->items[i]) == name_len && memcmp(users->items[i], name, name_len) == 0) {
			*password = colon + 1;
			*password_len = strlen(colon + 1);
			return 0;
		}
	}
	return -ENOENT;
}

static int on_assign(struct ppp_link *link, uint32_t asked, uint32_t *address)
{
	struct lns_call *call = call_of_link(link);
	struct lns *lns = lns_of_link(link);
	struct ip_addr wanted = ip_addr_v4(asked);

	if (lns_has(&lns->faults, LNS_FAULT_no_address))
		return -ENOSPC;
	// A SIM that comes back asks for the address that it had: it gets it when nobody else has.
	if (!call->address && asked && ip_prefix_has(&lns->config.pool, &wanted) && idset_claim(lns->addresses, asked) == 0)
		call->address = asked;
	if (!call->address && idset_take(lns->addresses, io_ms(), &call->address) < 0)
		call->address = 0;
	*address = call->address;
	return call->address ? 0 : -ENOSPC;
}

static void release(struct lns_call *call)
{
	struct lns *lns = lns_of(call->session.tunnel);

	ppp_link_down(&call->link);
	wheel_disarm(&lns->wheel, &call->timer);
	if (call->address)
		idset_give(lns->addresses, call->address, io_ms());
	call->address = 0;
	if (call->counted) {
		lns->counters.up_now--;
		lns->counters.calls_down++;
	}
	call->counted = false;
}

static void on_up(struct lns_call *call)
{
	struct lns *lns = lns_of(call->session.tunnel);
	static const enum lns_fault later[] = {LNS_FAULT_cdn_after, LNS_FAULT_terminate_after, LNS_FAULT_renegotiate_after};
	struct ip_addr address = ip_addr_v4(call->address);
	char text[IP_ADDR_TEXT];

	if (!call->counted) {
		lns->counters.calls_up++;
		lns->counters.up_now++;
		lns->counters.up_peak =
			lns->counters.up_now > lns->counters.up_peak ? lns->counters.up_now : lns->counters.up_peak;
	}
	call->counted = true;
	for (size_t i = 0; i < array_len(later); i++)
		if (lns_has(&lns->faults, later[i]))
			call->fault_due_ms = io_ms() + lns->faults.number[later[i]];
	if (lns->config.verbose)
		printf("session-up tunnel=%u session=%u address=%s auth=%s\n", call->session.tunnel->local_id,
			call->session.local_id, ip_addr_text(&address, text), ppp_auth_name(ppp_link_result(&call->link)->auth));
}

static void on_event(struct ppp_link *link, const struct ppp_event *event)
{
	struct lns_call *call = call_of_link(link);
	struct lns *lns = lns_of_link(link);

	switch (event->kind) {
	case PPP_EVENT_UP:
		on_up(call);
		break;
	case PPP_EVENT_IPV6_UP:
		lns_ip6_advertise(call);
		break;
	case PPP_EVENT_AUTH_FAILED:
		lns->counters.auth_refused++;
		break;
	case PPP_EVENT_ENDED:
		call->ended = true;
		call->reason = (uint8_t)event->reason;
		if (lns->config.verbose)
			printf("session-ended tunnel=%u session=%u reason=%s\n", call->session.tunnel->local_id,
				call->session.local_id, ppp_reason_info(event->reason)->name);
		break;
	default:
		break;
	}
}

static const struct ppp_ops ppp_ops = {
	.send = on_send,
	.event = on_event,
	.random = on_random,
	.password = on_password,
	.assign = on_assign,
};

void lns_call_hangup(struct lns_call *call, uint16_t result)
{
	const struct ppp_reason_info *info = ppp_reason_info(call->reason);
	struct l2tp_disconnect cause = {
		.code = info->code,
		.protocol = info->protocol,
		.direction = info->direction,
		.text = {.bytes = (const uint8_t *)info->words, .len = (uint16_t)strlen(info->words)},
	};
	struct lns_tunnel *tunnel = call->session.tunnel->owner;
	bool is_told = tunnel->lns->config.disconnect_cause && call->reason;

	release(call);
	tunnel->touched = true;
	l2tp_session_hangup(&call->session, result, L2TP_ERROR_none, is_told ? &cause : NULL, NULL, io_ms()); // may be its end
}

void lns_call_terminate(struct lns_call *call)
{
	ppp_link_close(&call->link, io_ms());
	lns_call_settle(call);
}

void lns_call_renegotiate(struct lns_call *call)
{
	ppp_link_down(&call->link);
	ppp_link_init(&call->link, &ppp_ops, &lns_of(call->session.tunnel)->ppp);
	ppp_link_up(&call->link, io_ms());
	lns_call_settle(call);
}

void lns_call_settle(struct lns_call *call)
{
	uint64_t next = ppp_link_next(&call->link);

	// The words of the LCP exchange are said; the CDN follows, as real LNSs do (3: administrative).
	if (call->ended) {
		lns_call_hangup(call, L2TP_CDN_administrative);
		return;
	}
	if (call->fault_due_ms < next)
		next = call->fault_due_ms;
	wheel_arm(&lns_of(call->session.tunnel)->wheel, &call->timer, next);
}

static void run_fault(struct lns_call *call)
{
	const struct lns_faults *faults = &lns_of(call->session.tunnel)->faults;

	call->fault_due_ms = PPP_NEVER;
	if (lns_has(faults, LNS_FAULT_cdn_after))
		lns_call_hangup(call, L2TP_CDN_administrative);
	else if (lns_has(faults, LNS_FAULT_terminate_after))
		lns_call_terminate(call);
	else
		lns_call_renegotiate(call);
}

static void on_fire(struct timer *timer, uint64_t now_ms)
{
	struct lns_call *call = container_of(timer, struct lns_call, timer);

	if (now_ms >= call->fault_due_ms) {
		run_fault(call);
		return;
	}
	ppp_link_tick(&call->link, now_ms);
	lns_call_settle(call);
}

enum l2tp_call_verdict lns_call_new(struct lns_tunnel *tunnel, const struct l2tp_msg *, struct l2tp_call_answer *answer)
{
	struct lns *lns = tunnel->lns;
	struct lns_call *call;

	lns->counters.calls++;
	if (lns_has(&lns->faults, LNS_FAULT_no_icrp))
		return L2TP_CALL_IGNORE;
	answer->result = lns_has(&lns->faults, LNS_FAULT_cdn) ? (uint16_t)lns->faults.number[LNS_FAULT_cdn] : 0;
	call = answer->result ? NULL : pool_take(&lns->calls);
	if (!call) {
		lns->counters.calls_refused++;
		answer->result = answer->result ? answer->result : L2TP_CDN_temporary;
		return L2TP_CALL_REFUSE;
	}
	do
		tunnel->next_id++;
	while (!tunnel->next_id || l2tp_tunnel_session(&tunnel->tunnel, tunnel->next_id));
	call->timer.fire = on_fire;
	call->fault_due_ms = PPP_NEVER;
	ppp_link_init(&call->link, &ppp_ops, &lns->ppp);
	answer->session = &call->session;
	answer->local_id = tunnel->next_id;
	return L2TP_CALL_ACCEPT;
}

// The ICCN's proxy AVPs, where this LNS is one that goes by them.
static bool up_by_proxy(struct lns_call *call, const struct l2tp_msg *iccn)
{
	const struct lns_config *config = &lns_of(call->session.tunnel)->config;
	struct ppp_proxy proxy = {.trust_auth = config->proxy > 1};

	if (!config->proxy || !iccn || !l2tp_has(iccn, last_received_lcp) || !l2tp_has(iccn, last_sent_lcp))
		return false;
	proxy.received_lcp = iccn->last_received_lcp.bytes;
	proxy.received_lcp_len = iccn->last_received_lcp.len;
	proxy.sent_lcp = iccn->last_sent_lcp.bytes;
	proxy.sent_lcp_len = iccn->last_sent_lcp.len;
	if (l2tp_has(iccn, proxy_authen_type) && l2tp_has(iccn, proxy_authen_name) && l2tp_has(iccn, proxy_authen_response)) {
		proxy.auth_type = iccn->proxy_authen_type;
		proxy.auth_id = l2tp_has(iccn, proxy_authen_id) ? (uint8_t)iccn->proxy_authen_id : 0;
		proxy.name = iccn->proxy_authen_name.bytes;
		proxy.name_len = iccn->proxy_authen_name.len;
		proxy.response = iccn->proxy_authen_response.bytes;
		proxy.response_len = iccn->proxy_authen_response.len;
	}
	if (l2tp_has(iccn, proxy_authen_challenge)) {
		proxy.challenge = iccn->proxy_authen_challenge.bytes;
		proxy.challenge_len = iccn->proxy_authen_challenge.len;
	}
	return ppp_link_up_proxied(&call->link, &proxy, io_ms());
}

void lns_call_event(struct l2tp_session *session, const struct l2tp_session_event *event)
{
	struct lns_call *call = lns_call_of(session);

	switch (event->type) {
	case L2TP_SESSION_UP:
		if (up_by_proxy(call, event->msg))
			lns_of(session->tunnel)->counters.proxied++;
		else
			ppp_link_up(&call->link, io_ms());
		lns_call_settle(call);
		break;
	case L2TP_SESSION_FAILED:
	case L2TP_SESSION_DOWN:
		release(call);
		break;
	case L2TP_SESSION_GONE:
		release(call);
		pool_give(&lns_of(session->tunnel)->calls, call);
		break;
	case L2TP_SESSION_INFO:
		break;
	}
}

static void echo(struct lns_call *call, uint16_t protocol, uint8_t *packet, size_t len)
{
	struct lns *lns = lns_of(call->session.tunnel);
	const struct ppp_result *result = ppp_link_result(&call->link);

	lns->counters.packets_in++;
	if (protocol == PPP_IPV6 && result->has_ipv6 && lns_ip6_serve(call, packet, len))
		return;
	if (!(protocol == PPP_IP ? result->has_ipv4 : result->has_ipv6) || lns->config.no_echo || !traffic_echo(packet, len)) {
		lns->counters.packets_dropped++;
		return;
	}
	lns->counters.packets_echoed++;
	lns_call_send(call, protocol, packet, len);
}

static bool is_ignored(struct lns *lns, uint16_t protocol, const uint8_t *packet, size_t len)
{
	const struct lns_faults *faults = &lns->faults;

	return lns_has(faults, LNS_FAULT_no_lcp) || (protocol == PPP_IPCP && lns_has(faults, LNS_FAULT_no_ipcp)) ||
		(protocol == PPP_IPV6CP && lns_has(faults, LNS_FAULT_no_ip6cp)) ||
		(protocol == PPP_LCP && len && packet[0] == 9 && lns_has(faults, LNS_FAULT_no_echo));
}

void lns_call_data(struct lns_call *call, uint8_t *frame, size_t len)
{
	struct lns *lns = lns_of(call->session.tunnel);
	const uint8_t *packet;
	uint16_t protocol;
	size_t packet_len;

	if (ppp_frame_parse(frame, len, &protocol, &packet, &packet_len) < 0) {
		lns->counters.packets_dropped++;
		return;
	}
	if (protocol == PPP_IP || protocol == PPP_IPV6) {
		echo(call, protocol, frame + (packet - frame), packet_len);
		return;
	}
	if (lns->faults.set && is_ignored(lns, protocol, packet, packet_len)) {
		lns->counters.faults_hit++;
		return;
	}
	ppp_link_recv(&call->link, protocol, packet, packet_len, io_ms());
	lns_call_settle(call);
}
