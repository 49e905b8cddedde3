// SPDX-License-Identifier: Apache-2.0
// What comes in on a LAC's socket: control messages to their tunnel, PPP frames to their session's link; and an LNS that opens the tunnel itself.
#include "base/clean.h"
#include "gateway/capture/capture.h"
#include "gateway/session_ip6.h"

#include <errno.h>
#include <stdio.h>

LOG_CATEGORY(lac);

static struct pair *pair_by_address(const struct lac *lac, const struct ip_addr *address)
{
	for (struct pair *pair = lac->pairs; pair; pair = pair->next)
		if (ip_addr_equal(&pair->lns.addr, address) ||
			(pair->has_redirect && ip_addr_equal(&pair->redirect.addr, address)))
			return pair;
	return NULL;
}

static void recv_in(struct tunnel *tunnel, const struct ip_end *peer, const struct l2tp_header *header)
{
	l2tp_tunnel_recv(&tunnel->l2tp, peer, header, tunnel->lac->vslice->gateway->now_ms);
	tunnel_touch(tunnel);
}

// A control message without a tunnel of ours: the peer is told that it is gone, at a bounded rate.
static void answer_unknown(struct lac *lac, const struct ip_end *peer, const struct l2tp_header *header)
{
	struct gateway *gateway = lac->vslice->gateway;
	uint8_t out[L2TP_STOPCCN_SIZE];
	size_t len;
	char text[IP_END_TEXT];

	gateway->counters.unknown_tunnels++;
	if (!log_rate_ok(&gateway->unknown_rate, gateway->now_ms, 20))
		return;
	log_info("a control message for an unknown tunnel vslice=%s peer=%s tunnel=%u", lac->vslice->moniker,
		ip_end_text(peer, text), header->tunnel_id);
	if (!l2tp_stopccn_for_unknown(header, out, sizeof(out), &len))
		(void)dp_lac_send(lac->dp, peer, out, len);
}

static struct tunnel *tunnel_of_peer(const struct lac *lac, const struct ip_end *peer, uint16_t peer_id)
{
	for (struct pair *pair = lac->pairs; pair; pair = pair->next)
		for (struct tunnel *tunnel = pair->tunnels; tunnel; tunnel = tunnel->next)
			if (tunnel->l2tp.peer_id == peer_id && ip_end_equal(&tunnel->l2tp.peer, peer))
				return tunnel;
	return NULL;
}

static struct tunnel *crossing(struct pair *pair)
{
	for (struct tunnel *tunnel = pair->tunnels; tunnel; tunnel = tunnel->next)
		if (tunnel->l2tp.state == L2TP_TUNNEL_WAIT_REPLY)
			return tunnel;
	return NULL;
}

// The LNS opens a tunnel to us (RFC 2661 5.1: either side may).
static void accept_tunnel(
	struct pair *pair, const struct ip_end *peer, const struct l2tp_header *header, const struct l2tp_peek *peek)
{
	struct gateway *gateway = pair->lac->vslice->gateway;
	struct tunnel *ours = crossing(pair), *tunnel;
	uint32_t id;

	if (ours) {
		enum l2tp_glare glare = l2tp_tunnel_glare(&ours->l2tp, peek, gateway->now_ms);

		tunnel_settle(ours);
		if (glare == L2TP_GLARE_OURS || glare == L2TP_GLARE_NEITHER)
			return;
	}
	if (idset_take(pair->lac->vslice->tunnel_ids, gateway->now_ms, &id))
		return;
	if (tunnel_new(pair, peer, (uint16_t)id, &tunnel)) {
		idset_give(pair->lac->vslice->tunnel_ids, id, gateway->now_ms);
		return;
	}
	if (l2tp_tunnel_accept(&tunnel->l2tp, (uint16_t)id, peer, header, gateway->now_ms)) {
		tunnel_free(tunnel);
		return;
	}
	tunnel_touch(tunnel);
	tunnel_report(tunnel);
}

static void recv_without_id(struct lac *lac, const struct ip_end *peer, const struct l2tp_header *header)
{
	struct pair *pair = pair_by_address(lac, &peer->addr);
	struct l2tp_peek peek;
	struct tunnel *tunnel;

	if (l2tp_peek(header, &peek))
		return;
	tunnel = tunnel_of_peer(lac, peer, peek.assigned_tunnel_id);
	if (tunnel)
		recv_in(tunnel, peer, header);
	else if (peek.type != L2TP_sccrq)
		return; // a StopCCN for what is gone already
	else if (pair)
		accept_tunnel(pair, peer, header, &peek);
	else
		lac->vslice->gateway->counters.unknown_lns++;
}

void lac_on_control(struct lac *lac, const struct ip_end *peer, const uint8_t *datagram, size_t len)
{
	struct l2tp_header header;
	struct tunnel *tunnel;

	if (l2tp_header_parse(datagram, len, &header)) {
		lac->vslice->gateway->l2tp_counters.at[L2TP_COUNT_rx_malformed]++;
		return;
	}
	if (!header.tunnel_id) {
		recv_without_id(lac, peer, &header);
		return;
	}
	tunnel = map_get(&lac->vslice->tunnels, header.tunnel_id);
	if (tunnel && lac->vslice->gateway->captures)
		capture_l2tp_control(tunnel, false, peer, datagram, len);
	if (!tunnel || tunnel->lac != lac || tunnel->gone)
		answer_unknown(lac, peer, &header);
	else
		recv_in(tunnel, peer, &header);
}

void lac_on_frame(struct lac *lac, const struct ip_end *peer, const struct dp_l2tp_frame *frame)
{
	struct gateway *gateway = lac->vslice->gateway;
	struct tunnel *tunnel = map_get(&lac->vslice->tunnels, frame->tunnel_id);
	struct l2tp_session *l2tp = tunnel && tunnel->lac == lac ? l2tp_tunnel_session(&tunnel->l2tp, frame->session_id) : NULL;
	struct session *session = l2tp ? container_of(l2tp, struct call, l2tp)->session : NULL;
	const uint8_t *packet;
	uint16_t protocol;
	size_t len;

	if (!session || !session_has_ppp(session) || !ip_end_equal(peer, &tunnel->l2tp.peer))
		return;
	if (ppp_frame_parse(frame->ppp, frame->len, &protocol, &packet, &len)) {
		gateway->ppp_counters.malformed++;
		return;
	}
	if (protocol == PPP_IPV6)
		session_on_ip6(session, packet, len);
	if (protocol == PPP_IP || protocol == PPP_IPV6)
		return; // data before the network phase
	session_on_ppp(session, protocol, packet, len);
}
