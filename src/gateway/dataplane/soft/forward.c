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
		soft_count_dropped(dp, session, 1);
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
static unsigned dscp_of(const uint8_t *packet)
{
	return packet[0] >> 4 == 4 ? packet[1] >> 2 : (unsigned)(((packet[0] << 4 | packet[1] >> 4) & 0xff) >> 2);
}

unsigned soft_how(const struct dp_framing *framing, const uint8_t *packet)
{
	unsigned how = framing->udp_checksum ? UDP_CHECKSUM : 0;
	bool v4 = packet && packet[0] >> 4 == 4;

	how |= UDP_DSCP(framing->dscp != DP_DSCP_COPY ? framing->dscp - 1u : packet ? dscp_of(packet) : 0);
	if (framing->df == DP_DF_SET || (framing->df == DP_DF_COPY && packet && (!v4 || packet[6] & 0x40)))
		how |= UDP_DF;
	return how;
}

static int send_from(struct udp *udp, const struct ip_end *peer, const uint8_t *datagram, size_t len, bool borrowed, unsigned how)
{
	return borrowed ? udp_send_borrowed(udp, peer, datagram, len, how) : udp_send(udp, peer, datagram, len, how);
}

static int send_l2tp(struct dp *dp, struct dp_session *session, uint8_t *packet, size_t len, bool borrowed)
{
	struct dp_tunnel *tunnel = session->tunnel;
	unsigned how = soft_how(&tunnel->framing, packet);
	uint8_t *head = soft_l2tp_head(
		tunnel, soft_order(dp, session), session->peer_id, packet[0] >> 4 == 4 ? PPP_IP : PPP_IPV6, packet, len);

	len += (size_t)(packet - head);
	if (dp->is_watching)
		soft_show_l2tp(tunnel, session, session->id, true, head, len);
	return send_from(tunnel->lac->udp, &tunnel->peer, head, len, borrowed, how);
}

static int send_gtpu(struct dp *dp, const struct dp_session *session, uint8_t *packet, size_t len, bool borrowed)
{
	uint8_t *head = packet - 8;

	head[0] = GTPU_VERSION_1;
	head[1] = GTPU_G_PDU;
	put_be16(head + 2, (uint16_t)len);
	put_be32(head + 4, session->peer_teid);
	if (dp->is_watching)
		soft_show_gtpu(dp, session, true, head, len + 8);
	return send_from(dp->gtpu, &session->peer, head, len + 8, borrowed, UDP_CHECKSUM | UDP_DSCP(dscp_of(packet)));
}

void soft_send(struct dp_session *session, enum dp_direction direction, uint8_t *packet, size_t len, bool borrowed)
{
	struct dp *dp = soft_dp(session);
	int error;

	if (direction == DP_DOWNLINK)
		error = send_gtpu(dp, session, packet, len, borrowed);
	else if (session->kind == SOFT_L2TP)
		error = send_l2tp(dp, session, packet, len, borrowed);
	else
		error = soft_slice_send(session, packet, len);
	if (error)
		soft_drop(dp, session, DP_DROP_SEND_FAILED);
}

static bool is_of_family(const struct dp_session *session, const struct inner_in *inner)
{
	return inner->v6 ? session->has_v6 : session->has_v4;
}

// Whether the SIM's end of the packet is the SIM's: its address, its /64 (RFC 5072, TS 23.401 5.3.1.2.2) or what was delegated to it.
static bool is_of_session(const struct dp_session *session, const struct inner_in *inner, const uint8_t *address)
{
	uint8_t whole = session->delegated_len / 8, mask = (uint8_t)(0xff00 >> session->delegated_len % 8);

	if (!inner->v6)
		return memcmp(session->ue4, address, 4) == 0;
	if (memcmp(session->ue6, address, 8) == 0)
		return true;
	return session->delegated_len && !memcmp(session->delegated, address, whole) &&
		!(mask && (session->delegated[whole] ^ address[whole]) & mask);
}

static bool is_link_local(const uint8_t *address)
{
	return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

// Of link-local scope (RFC 4291 2.5.6, 2.7): what the two ends of the link say to each other.
static bool is_of_link(const struct inner_in *inner)
{
	static const uint8_t none[16];

	return inner->v6 &&
		(is_link_local(inner->source) || is_link_local(inner->destination) || !memcmp(inner->source, none, 16) ||
			(inner->destination[0] == 0xff && (inner->destination[1] & 0x0f) == 2));
}

static void count(struct dp *dp, struct dp_session *session, enum dp_direction direction, size_t octets)
{
	soft_count(dp, session, direction, 1, octets);
	if (direction == DP_UPLINK) {
		dp->totals.uplink_packets++;
		dp->totals.uplink_bytes += octets;
	} else {
		dp->totals.downlink_packets++;
		dp->totals.downlink_bytes += octets;
	}
}

// A checked packet of a session, on its way: limits, segment size, length.
static void pass(
	struct dp *dp, struct dp_session *session, enum dp_direction direction, uint8_t *packet, const struct inner_in *inner)
{
	if (session->limit && !soft_limit_passes(dp, session, direction, inner->len))
		return;
	if (session->tcp_mss)
		soft_clamp_mss(packet, inner, session->tcp_mss);
	if (inner->len <= session->mtu)
		soft_send(session, direction, packet, inner->len, true);
	else if (!soft_too_big(session, direction, packet, inner))
		return;
	count(dp, session, direction, inner->len);
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
	if (session->teid != gtpu.teid || !session->kind) {
		soft_drop(dp, NULL, DP_DROP_GTPU_UNKNOWN_TEID);
		return dp->host.on_gtpu(dp->host.owner, peer, datagram, len);
	}
	if (dp->is_watching)
		soft_show_gtpu(dp, session, false, datagram, len);
	if (!same_addr(&peer->addr, &session->peer.addr))
		return soft_drop(dp, session, DP_DROP_GTPU_WRONG_PEER);
	if (inner_parse(gtpu.packet, gtpu.len, &inner))
		return soft_drop(dp, session, DP_DROP_INNER_MALFORMED);
	if (!is_of_family(session, &inner))
		return soft_drop(dp, session, DP_DROP_INNER_FAMILY);
	if (is_of_link(&inner) && session->kind == SOFT_INTEGRATED) {
		if (dp->host.on_inner6)
			dp->host.on_inner6(dp->host.owner, session->teid, DP_UPLINK, gtpu.packet, inner.len);
		return;
	}
	if (!is_of_session(session, &inner, inner.source) && !is_of_link(&inner))
		return soft_drop(dp, session, DP_DROP_INNER_FOREIGN_SOURCE);
	pass(dp, session, DP_UPLINK, gtpu.packet, &inner);
}

// A router advertisement or an answer of DHCPv6: the control side learns the SIM's prefixes from them (RFC 4861 4.2, RFC 8415 7.2).
static bool tells_prefixes(const uint8_t *packet, const struct inner_in *inner)
{
	if (!inner->v6 || inner->len < 48)
		return false;
	return (packet[6] == 58 && packet[40] == 134) || (packet[6] == 17 && parse_be16(packet + 40) == 547);
}

static void recv_ip(struct dp *dp, struct dp_session *session, struct ppp_in *ppp)
{
	struct inner_in inner;

	if (inner_parse(ppp->packet, ppp->len, &inner) || inner.v6 != (ppp->protocol == PPP_IPV6))
		return soft_drop(dp, session, DP_DROP_INNER_MALFORMED);
	if (!is_of_family(session, &inner))
		return soft_drop(dp, session, DP_DROP_INNER_FAMILY);
	if (!is_of_session(session, &inner, inner.destination) && !is_of_link(&inner))
		return soft_drop(dp, session, DP_DROP_INNER_FOREIGN_DESTINATION);
	if (tells_prefixes(ppp->packet, &inner) && dp->host.on_inner6)
		dp->host.on_inner6(dp->host.owner, session->teid, DP_DOWNLINK, ppp->packet, inner.len);
	pass(dp, session, DP_DOWNLINK, ppp->packet, &inner);
}

void soft_recv_slice(struct dp_slice *slice, uint8_t *packet, size_t len)
{
	struct dp_session *session;
	struct inner_in inner;

	if (inner_parse(packet, len, &inner))
		return soft_drop(slice->dp, NULL, DP_DROP_INNER_MALFORMED);
	if (inner.v6 ? inner.destination[0] == 0xff || is_of_link(&inner) : inner.destination[0] >= 224)
		return; // the slice's own stack, to whoever is on the link
	session = soft_slice_find(slice, &inner);
	if (!session)
		return soft_drop(slice->dp, NULL, DP_DROP_INNER_UNKNOWN_DESTINATION);
	pass(slice->dp, session, DP_DOWNLINK, packet, &inner);
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
		if (session)
			return recv_ip(dp, session, &ppp);
		if (ppp.protocol == PPP_IP)
			return soft_drop(dp, NULL, DP_DROP_L2TP_UNKNOWN_SESSION);
	}
	frame = (struct dp_l2tp_frame){
		.tunnel_id = l2tp.tunnel_id,
		.session_id = l2tp.session_id,
		.ppp = l2tp.payload,
		.len = l2tp.len,
	};
	dp->host.on_l2tp_frame(dp->host.owner, lac, lac->owner, peer, &frame);
}
