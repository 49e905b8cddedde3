// SPDX-License-Identifier: Apache-2.0
// The hot path: one received datagram, checked and sent on (TS 29.281, RFC 2661 3.1 and 5.4, RFC 1661 2).
//
// Order of checks, the same in xdp/: parse, find, peer, inner header, address, length. The first that fails names the drop. Legal
// input is accepted in every variant; output is the one form that the tunnel's framing says.
#include "gateway/dataplane/soft/soft.h"

#include <string.h>

static bool same_addr(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

void soft_drop(struct dp *dp, struct dp_session *session, enum dp_drop reason)
{
	dp->drops[reason]++;
	dp->totals.dropped++;
	if (session)
		soft_count(&soft_counters(dp, session)->dropped, 1);
}

uint8_t *soft_l2tp_head(const struct dp_tunnel *tunnel, struct fast_order *order, uint16_t peer_session_id, uint16_t protocol,
	uint8_t *payload, size_t len)
{
	const struct dp_framing *framing = &tunnel->framing;
	bool address_control = framing->address_control || protocol == PPP_LCP; // RFC 1661 6.6: LCP always has them
	uint8_t *at = payload;

	at -= 2;
	put_be16(at, protocol);
	if (address_control) {
		at -= 2;
		put_be16(at, 0xff03);
	}
	if (order->on) {
		at -= 4;
		put_be16(at, __atomic_fetch_add(&order->ns, 1, __ATOMIC_RELAXED));
		put_be16(at + 2, 0); // Nr is reserved in data messages
	}
	at -= 4;
	put_be16(at, tunnel->peer_id);
	put_be16(at + 2, peer_session_id);
	if (framing->length) {
		at -= 2;
		put_be16(at, (uint16_t)((size_t)(payload - at) + 2 + len));
	}
	at -= 2;
	at[0] = (uint8_t)((framing->length ? L2TP_L : 0) | (order->on ? L2TP_S : 0));
	at[1] = 2;
	return at;
}

// DSCP only: congestion marks of the inner packet belong to its own ends, and nobody takes them back out (RFC 6040 4.1, compatibility mode).
unsigned soft_how(const struct dp_framing *framing, const uint8_t *packet)
{
	unsigned how = framing->udp_checksum ? UDP_CHECKSUM : 0;
	bool v4 = packet && packet[0] >> 4 == 4;
	unsigned tos = !packet ? 0 : v4 ? packet[1] : (unsigned)((packet[0] << 4 | packet[1] >> 4) & 0xff);

	how |= UDP_DSCP(framing->dscp == DP_DSCP_COPY ? tos >> 2 : framing->dscp - 1u);
	if (framing->df == DP_DF_SET || (framing->df == DP_DF_COPY && packet && (!v4 || packet[6] & 0x40)))
		how |= UDP_DF;
	return how;
}

static int send_from(struct udp *udp, const struct ip_end *peer, const uint8_t *datagram, size_t len, bool borrowed, unsigned how)
{
	return borrowed ? udp_send_borrowed(udp, peer, datagram, len, how) : udp_send(udp, peer, datagram, len, how);
}

void soft_send(struct dp_session *session, enum soft_direction direction, uint8_t *packet, size_t len, bool borrowed)
{
	struct dp_tunnel *tunnel = session->tunnel;
	struct dp *dp = tunnel->lac->dp;
	uint8_t *head;
	int error;

	if (direction == SOFT_UPLINK) {
		unsigned how = soft_how(&tunnel->framing, packet);

		head = soft_l2tp_head(
			tunnel, soft_order(dp, session), session->peer_id, packet[0] >> 4 == 4 ? PPP_IP : PPP_IPV6, packet, len);
		len += (size_t)(packet - head);
		if (dp->is_watching)
			soft_show_l2tp(tunnel, session, session->id, true, head, len);
		error = send_from(tunnel->lac->udp, &tunnel->peer, head, len, borrowed, how);
	} else {
		head = packet - 8;
		head[0] = GTPU_VERSION_1;
		head[1] = GTPU_G_PDU;
		put_be16(head + 2, (uint16_t)len);
		put_be32(head + 4, session->peer_teid);
		if (dp->is_watching)
			soft_show_gtpu(dp, session, true, head, len + 8);
		error = send_from(dp->gtpu, &session->peer, head, len + 8, borrowed, UDP_CHECKSUM);
	}
	if (error)
		soft_drop(dp, session, DP_DROP_SEND_FAILED);
}

// Whether `inner` is the session's family, and the SIM's end of it is `address`: an IPv6 SIM has a /64 (RFC 5072, TS 23.401 5.3.1.2.2).
static bool is_of_family(const struct dp_session *session, const struct inner_in *inner)
{
	return session->ue.family == (inner->v6 ? IP_V6 : IP_V4);
}

static bool is_of_session(const struct dp_session *session, const struct inner_in *inner, const uint8_t *address)
{
	return memcmp(session->ue.bytes, address, inner->v6 ? 8 : 4) == 0;
}

static void count(struct dp *dp, struct dp_session *session, enum soft_direction direction, size_t octets)
{
	struct dp_counters *mine = soft_counters(dp, session);

	if (direction == SOFT_UPLINK) {
		soft_count(&mine->uplink_packets, 1);
		soft_count(&mine->uplink_bytes, octets);
		dp->totals.uplink_packets++;
		dp->totals.uplink_bytes += octets;
	} else {
		soft_count(&mine->downlink_packets, 1);
		soft_count(&mine->downlink_bytes, octets);
		dp->totals.downlink_packets++;
		dp->totals.downlink_bytes += octets;
	}
}

void soft_recv_gtpu(struct dp *dp, const struct ip_end *peer, uint8_t *datagram, size_t len)
{
	struct dp_session *session;
	struct gtpu_in gtpu;
	struct inner_in inner;
	int error = gtpu_parse(datagram, len, &gtpu);

	if (error)
		return soft_drop(dp, NULL, error == -EBADMSG ? DP_DROP_GTPU_MALFORMED : DP_DROP_GTPU_EXTENSION);
	if (gtpu.type != GTPU_G_PDU)
		return dp->host.on_gtpu(dp->host.owner, peer, datagram, len);
	session = &dp->slots[gtpu.teid & (dp->slot_count - 1)];
	if (session->teid != gtpu.teid || !session->tunnel) {
		soft_drop(dp, NULL, DP_DROP_GTPU_UNKNOWN_TEID);
		return dp->host.on_gtpu(dp->host.owner, peer, datagram, len);
	}
	if (!same_addr(&peer->addr, &session->peer.addr))
		return soft_drop(dp, session, DP_DROP_GTPU_WRONG_PEER);
	if (dp->is_watching)
		soft_show_gtpu(dp, session, false, datagram, len);
	if (inner_parse(gtpu.packet, gtpu.len, &inner))
		return soft_drop(dp, session, DP_DROP_INNER_MALFORMED);
	if (!is_of_family(session, &inner))
		return soft_drop(dp, session, DP_DROP_INNER_FAMILY);
	if (!is_of_session(session, &inner, inner.source))
		return soft_drop(dp, session, DP_DROP_INNER_FOREIGN_SOURCE);
	if (session->tcp_mss)
		soft_clamp_mss(gtpu.packet, &inner, session->tcp_mss);
	if (inner.len <= session->mtu)
		soft_send(session, SOFT_UPLINK, gtpu.packet, inner.len, true);
	else if (!soft_too_big(session, SOFT_UPLINK, gtpu.packet, &inner))
		return;
	count(dp, session, SOFT_UPLINK, inner.len);
}

static void recv_ip(struct dp *dp, struct dp_session *session, struct ppp_in *ppp)
{
	struct inner_in inner;

	if (inner_parse(ppp->packet, ppp->len, &inner) || inner.v6 != (ppp->protocol == PPP_IPV6))
		return soft_drop(dp, session, DP_DROP_INNER_MALFORMED);
	if (!is_of_family(session, &inner))
		return soft_drop(dp, session, DP_DROP_INNER_FAMILY);
	if (!is_of_session(session, &inner, inner.destination))
		return soft_drop(dp, session, DP_DROP_INNER_FOREIGN_DESTINATION);
	if (session->tcp_mss)
		soft_clamp_mss(ppp->packet, &inner, session->tcp_mss);
	if (inner.len <= session->mtu)
		soft_send(session, SOFT_DOWNLINK, ppp->packet, inner.len, true);
	else if (!soft_too_big(session, SOFT_DOWNLINK, ppp->packet, &inner))
		return;
	count(dp, session, SOFT_DOWNLINK, inner.len);
}

// RFC 2661 5.4: unless we required sequencing, we number our data when the LNS numbers its own.
static void follow_order(struct fast_order *order, bool sequenced)
{
	order->on = order->required || sequenced;
}

void soft_recv_l2tp(struct dp_lac *lac, const struct ip_end *peer, uint8_t *datagram, size_t len)
{
	struct dp *dp = lac->dp;
	struct dp_tunnel *tunnel = NULL;
	struct dp_session *session = NULL;
	struct soft_entry *entry = NULL;
	struct l2tp_in l2tp;
	struct ppp_in ppp;
	struct dp_l2tp_frame frame;

	if (l2tp_parse(datagram, len, &l2tp))
		return soft_drop(dp, NULL, DP_DROP_L2TP_MALFORMED);
	if (l2tp.control)
		return dp->host.on_l2tp_control(dp->host.owner, lac, lac->owner, peer, datagram, len);
	if (lac->leaves[l2tp.tunnel_id / SOFT_LEAF])
		tunnel = lac->leaves[l2tp.tunnel_id / SOFT_LEAF]->tunnels[l2tp.tunnel_id % SOFT_LEAF];
	if (!tunnel)
		return soft_drop(dp, NULL, DP_DROP_L2TP_UNKNOWN_TUNNEL);
	if (peer->port != tunnel->peer.port || !same_addr(&peer->addr, &tunnel->peer.addr))
		return soft_drop(dp, NULL, DP_DROP_L2TP_WRONG_PEER);
	if (l2tp.session_id / SOFT_BLOCK < tunnel->block_count && tunnel->blocks[l2tp.session_id / SOFT_BLOCK])
		entry = &tunnel->blocks[l2tp.session_id / SOFT_BLOCK]->entries[l2tp.session_id % SOFT_BLOCK];
	if (entry && entry->slot)
		session = &dp->slots[entry->slot - 1];
	if (dp->is_watching)
		soft_show_l2tp(tunnel, session, l2tp.session_id, false, datagram, len);
	if (ppp_parse(l2tp.payload, l2tp.len, &ppp))
		return soft_drop(dp, session, DP_DROP_L2TP_MALFORMED);
	if (entry)
		follow_order(session ? soft_order(dp, session) : &entry->order, l2tp.sequenced);
	if (ppp.protocol == PPP_IP || ppp.protocol == PPP_IPV6) {
		if (!session)
			return soft_drop(dp, NULL, DP_DROP_L2TP_UNKNOWN_SESSION);
		return recv_ip(dp, session, &ppp);
	}
	frame = (struct dp_l2tp_frame){
		.tunnel_id = l2tp.tunnel_id,
		.session_id = l2tp.session_id,
		.ppp = l2tp.payload,
		.len = l2tp.len,
	};
	dp->host.on_l2tp_frame(dp->host.owner, lac, lac->owner, peer, &frame);
}
