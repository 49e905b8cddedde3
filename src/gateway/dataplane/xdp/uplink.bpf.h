// SPDX-License-Identifier: Apache-2.0
// From the SIM: GTP-U to L2TP, or into the slice.
#pragma once

#include "gateway/dataplane/xdp/session.bpf.h"

#define EXTENSIONS_MAX 4

// TS 29.281 5.2.1; as gtpu_extension_is_known in soft/parse.h.
static __always_inline bool is_known_extension(uint8_t type)
{
	return !(type & 0x80) || (type >= 0x81 && type <= 0x85) || (type >= 0xc0 && type <= 0xc2);
}

// Where the G-PDU's packet begins in the frame, 0 when that is not easily said. `end` is the message's end in the frame.
static __always_inline uint32_t gpdu_packet(struct xdp_md *ctx, uint8_t flags, uint32_t end)
{
	uint8_t *data = (uint8_t *)(long)ctx->data, *data_end = (uint8_t *)(long)ctx->data_end, *at;
	uint32_t offset = OUTER_LEN + GTPU_LEN + 4;
	uint8_t next;

	if (data + OUTER_LEN + GTPU_LEN + 4 > data_end || end < offset)
		return 0;
	next = flags & 4 ? data[OUTER_LEN + GTPU_LEN + 3] : 0;
#pragma unroll
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		uint32_t len;

		if (!next)
			return offset;
		if (!is_known_extension(next) || offset > 512)
			return 0;
		OPAQUE(offset);
		at = data + (offset & 1023);
		if (at + 1 > data_end)
			return 0;
		len = 4 * (uint32_t)at[0];
		if (len == 0 || offset + len > end)
			return 0;
		offset += len;
		if (offset > 512)
			return 0;
		OPAQUE(offset);
		at = data + (offset & 1023);
		if (at > data_end)
			return 0;
		at = data + ((offset - 1) & 1023);
		if (at + 1 > data_end)
			return 0;
		next = at[0];
	}
	return next ? 0 : offset;
}

// The L2TP data header with PPP's protocol number, in the form `flags` and `is_numbered` say; its length is l2tp_len's.
static __always_inline void l2tp_write(
	uint8_t *at, uint32_t flags, bool is_numbered, uint32_t ids, uint16_t ns, uint16_t protocol, uint32_t len)
{
	*(uint16_t *)at = bpf_htons((uint16_t)((flags & ABI_LENGTH ? 0x4000 : 0) | (is_numbered ? 0x0800 : 0) | 2));
	at += 2;
	if (flags & ABI_LENGTH) {
		*(uint16_t *)at = bpf_htons((uint16_t)len);
		at += 2;
	}
	*(uint32_t *)at = ids;
	at += 4;
	if (is_numbered) {
		*(uint32_t *)at = bpf_htonl((uint32_t)ns << 16); // Nr is reserved in data messages
		at += 4;
	}
	if (flags & ABI_ADDRESS_CONTROL) {
		*(uint16_t *)at = bpf_htons(0xff03);
		at += 2;
	}
	*(uint16_t *)at = protocol;
}

static __always_inline uint32_t l2tp_len(uint32_t flags, bool is_numbered)
{
	return 8 + (flags & ABI_LENGTH ? 2 : 0) + (is_numbered ? 4 : 0) + (flags & ABI_ADDRESS_CONTROL ? 2 : 0);
}

#define L2TP_VARIANT(n)                                                                                                          \
	case n:                                                                                                                  \
		l2tp_write(at, (n)&3, (n)&4, ids, ns, protocol, len);                                                            \
		break

static __always_inline void l2tp_write_any(
	uint8_t *at, uint32_t flags, bool is_numbered, uint32_t ids, uint16_t ns, uint16_t protocol, uint32_t len)
{
	switch ((flags & 3) | (is_numbered ? 4 : 0)) {
		L2TP_VARIANT(0);
		L2TP_VARIANT(1);
		L2TP_VARIANT(2);
		L2TP_VARIANT(3);
		L2TP_VARIANT(4);
		L2TP_VARIANT(5);
		L2TP_VARIANT(6);
		L2TP_VARIANT(7);
	}
}

// What of a session a packet needs once it has been checked; copied, since the frame's pointers do not last.
struct uplink {
	uint32_t slot;
	struct abi_count *mine;
	struct abi_uplink *session;
	const struct inner *inner;
	uint32_t offset; // of the inner packet
};

static __always_inline int uplink_clamp(struct xdp_md *ctx, const struct uplink *to)
{
	const struct inner *inner = to->inner;

	if (!inner->tcp || !to->session->tcp_mss)
		return 0;
	return mss_clamp(ctx, to->offset + inner->tcp, to->offset + inner->len,
		(uint32_t)to->session->tcp_mss - (inner->family == ABI_FAMILY_V6 ? 20 : 0));
}

static __always_inline void uplink_count(const struct uplink *to, struct abi_stats *all, uint32_t tunnel, uint32_t octets)
{
	struct abi_flow *flow = bpf_map_lookup_elem(&flows, &tunnel);

	COUNT(to->mine->packets, 1);
	COUNT(to->mine->bytes, to->inner->len);
	all->uplink_packets++;
	all->uplink_bytes += to->inner->len;
	if (flow && octets) {
		flow->uplink_packets++;
		flow->uplink_bytes += octets;
	}
}

static __always_inline int uplink_l2tp(struct xdp_md *ctx, const struct uplink *to, struct abi_tunnel *tunnel, uint32_t number,
	const struct abi_hop *hop, struct abi_stats *all)
{
	const struct inner *inner = to->inner;
	bool is_numbered = *(volatile bool *)&to->session->order.on;
	uint32_t flags = tunnel->flags, head = l2tp_len(flags, is_numbered), ids;
	struct ends ends = {tunnel->lac, tunnel->lns, tunnel->lac_port, tunnel->lns_port};
	uint16_t ns = 0;
	uint8_t *data;

	if (IP_LEN + UDP_LEN + head + inner->len > hop->mtu || !reframe(ctx, to->offset, OUTER_LEN + head, inner->len))
		return PASS_DATA;
	data = (uint8_t *)(long)ctx->data;
	if (data + OUTER_LEN + 16 > (uint8_t *)(long)ctx->data_end)
		return XDP_DROP; // cannot be: an inner packet has 20 octets
	if (is_numbered)
		ns = (uint16_t)(__sync_fetch_and_add((uint32_t *)&to->session->order, ABI_ORDER_STEP) >> 16);
	ids = tunnel->peer_id | (uint32_t)to->session->peer_session_id << 16;
	l2tp_write_any(data + OUTER_LEN, flags, is_numbered, ids, ns,
		inner->family == ABI_FAMILY_V4 ? bpf_htons(0x0021) : bpf_htons(0x0057), head + inner->len);
	outer_write((struct outer *)data, hop, &ends, tos_of(inner->tos, tunnel->dscp),
		flags & ABI_DF_SET || (flags & ABI_DF_COPY && inner->is_df), next_id(all->uplink_packets), head + inner->len);
	if (flags & ABI_CHECKSUM && udp_checksum(ctx, UDP_LEN + head + inner->len))
		return XDP_DROP; // cannot be: it is no longer than the hop's MTU
	uplink_count(to, all, number, hop->is_used == ABI_HOP_CABLE ? 0 : IP_LEN + UDP_LEN + head + inner->len);
	return hop_send(ctx, hop);
}

static __always_inline int uplink_slice(
	struct xdp_md *ctx, const struct uplink *to, const struct abi_hop *hop, struct abi_stats *all)
{
	uint32_t tag = to->session->tag;
	struct eth *eth;

	if (to->inner->len > hop->mtu || !reframe(ctx, to->offset, ETH_LEN, to->inner->len))
		return PASS_DATA;
	eth = (struct eth *)(long)ctx->data;
	if ((uint8_t *)(eth + 1) > (uint8_t *)(long)ctx->data_end)
		return XDP_DROP;
	__builtin_memcpy(eth->dmac, hop->dmac, 6);
	__builtin_memcpy(eth->smac, hop->smac, 6);
	eth->type = to->inner->family == ABI_FAMILY_V4 ? bpf_htons(0x0800) : bpf_htons(0x86dd);
	if (tag) {
		eth->smac[3] = (uint8_t)(tag >> 16);
		eth->smac[4] = (uint8_t)(tag >> 8);
		eth->smac[5] = (uint8_t)tag;
	}
	uplink_count(to, all, 0, 0); // the slice's stack counts by its own rules; past it, uplink_way does
	return (int)bpf_redirect_map(&ports, hop->port, XDP_DROP);
}

static __always_inline bool route_key(struct xdp_md *ctx, const struct uplink *to, uint32_t tunnel, struct abi_route *key)
{
	uint8_t *data = (uint8_t *)(long)ctx->data, *end = (uint8_t *)(long)ctx->data_end, *at;
	uint32_t offset = to->offset;

	OPAQUE(offset);
	at = data + (offset & 2047);
	key->bits = 32 + 128;
	key->tunnel = tunnel;
	if (to->inner->family == ABI_FAMILY_V4) {
		if (at + 20 > end)
			return false;
		__builtin_memset(key->to, 0, 8);
		*(uint32_t *)(key->to + 8) = bpf_htonl(0xffff);
		*(uint32_t *)(key->to + 12) = *(uint32_t *)(at + 16);
		return true;
	}
	if (at + 40 > end)
		return false;
	__builtin_memcpy(key->to, at + 24, 16);
	return true;
}

// Past the slice's stack, where its routes lead; XDP_PASS: it has to see the packet.
static __always_inline int uplink_way(struct xdp_md *ctx, const struct uplink *to, uint32_t tunnel, struct abi_stats *all)
{
	struct abi_route key;
	struct abi_hop hop;
	struct eth *eth;
	uint32_t *way;

	if (!route_key(ctx, to, tunnel, &key))
		return XDP_PASS;
	way = bpf_map_lookup_elem(&routes, &key);
	if (!way || !hop_get(*way, &hop) || to->inner->len > hop.mtu || !hop_off(ctx, to->offset))
		return XDP_PASS;
	if (!reframe(ctx, to->offset, ETH_LEN, to->inner->len))
		return XDP_DROP; // cannot be: the frame gets shorter
	eth = (struct eth *)(long)ctx->data;
	if ((uint8_t *)(eth + 1) > (uint8_t *)(long)ctx->data_end)
		return XDP_DROP;
	__builtin_memcpy(eth->dmac, hop.dmac, 6);
	__builtin_memcpy(eth->smac, hop.smac, 6);
	eth->type = to->inner->family == ABI_FAMILY_V4 ? bpf_htons(0x0800) : bpf_htons(0x86dd);
	uplink_count(to, all, tunnel, to->inner->len);
	return hop_send(ctx, &hop);
}

static __always_inline int uplink_integrated(
	struct xdp_md *ctx, const struct uplink *to, struct abi_tunnel *tunnel, uint32_t number, struct abi_stats *all)
{
	struct abi_hop cable;
	int verdict;

	if (tunnel->way) {
		verdict = uplink_way(ctx, to, number, all);
		if (verdict != XDP_PASS)
			return verdict;
	}
	return hop_get(tunnel->hop, &cable) ? uplink_slice(ctx, to, &cable, all) : PASS_DATA;
}

static __always_inline int uplink_send(struct xdp_md *ctx, const struct uplink *to)
{
	uint32_t number = to->session->tunnel;
	struct abi_tunnel *tunnel = bpf_map_lookup_elem(&tunnels, &number);
	struct abi_stats *all = stats_get();
	struct abi_hop hop;
	int verdict;

	if (!tunnel || !all || !(tunnel->flags & ABI_OPEN))
		return PASS_DATA;
	if ((!(tunnel->flags & ABI_INTEGRATED) && !hop_get(tunnel->hop, &hop)) || uplink_clamp(ctx, to))
		return PASS_DATA;
	verdict = to->session->limit ? limit_apply(to->slot, to->session->limit, 0, to->inner->len) : XDP_PASS;
	if (verdict != XDP_PASS)
		return verdict;
	return tunnel->flags & ABI_INTEGRATED ? uplink_integrated(ctx, to, tunnel, number, all)
					      : uplink_l2tp(ctx, to, tunnel, number, &hop, all);
}

// Whether the SIM may be the packet's source: XDP_TX stands for yes.
static __always_inline int uplink_source(uint32_t slot, const struct abi_uplink *session, const struct inner *inner)
{
	if (inner->family == ABI_FAMILY_V4) {
		if (!session->ue4)
			return DROPPED(INNER_FAMILY);
		return inner->at == session->ue4 ? XDP_TX : DROPPED(INNER_FOREIGN_SOURCE);
	}
	if (!(session->flags & ABI_HAS_V6))
		return DROPPED(INNER_FAMILY);
	if (inner->is_own)
		return PASS_DATA;
	if (is_prefix(slot, inner->at))
		return XDP_TX;
	return session->flags & ABI_HAS_MORE ? PASS_DATA : DROPPED(INNER_FOREIGN_SOURCE);
}

static __always_inline int uplink(struct xdp_md *ctx, struct abi_config *here, uint32_t *slot)
{
	uint32_t len, teid, seq, offset = OUTER_LEN + GTPU_LEN, message;
	struct outer *outer = outer_read(ctx, &len);
	struct abi_uplink *session;
	struct abi_count *mine;
	struct inner inner;
	struct uplink to;
	uint8_t *gtpu;
	int verdict;

	if (!outer || outer->ip.daddr != here->gtpu_addr || outer->udp.dport != here->gtpu_port)
		return XDP_PASS;
	gtpu = (uint8_t *)(outer + 1);
	if ((gtpu[0] & 0xf0) != 0x30 || gtpu[1] != 255)
		return XDP_PASS;
	message = be16_at(gtpu + 2);
	if (GTPU_LEN + message > len)
		return XDP_PASS;
	teid = bpf_ntohl(*(uint32_t *)(gtpu + 4));
	*slot = teid & here->slot_mask;
	mine = count_get(&uplink_counts, *slot);
	session = bpf_map_lookup_elem(&uplinks, slot);
	if (!session || !mine || !teid)
		return XDP_PASS;
	seq = *(volatile uint32_t *)&session->seq;
	if (seq & 1 || *(volatile uint32_t *)&session->teid != teid || !session->tunnel)
		return PASS_DATA;
	if (gtpu[0] & 7) {
		offset = gpdu_packet(ctx, gtpu[0], OUTER_LEN + GTPU_LEN + message);
		if (!offset)
			return PASS_DATA;
	}
	if (outer->ip.saddr != session->sgw)
		return DROPPED(GTPU_WRONG_PEER);
	switch (inner_read(ctx, offset, OUTER_LEN + GTPU_LEN + message - offset, true, &inner)) {
	case INNER_OK:
		break;
	case INNER_BAD:
		return DROPPED(INNER_MALFORMED);
	default:
		return PASS_DATA;
	}
	verdict = uplink_source(*slot, session, &inner);
	if (verdict != XDP_TX)
		return verdict;
	if (inner.len > session->mtu || *(volatile uint32_t *)&session->seq != seq)
		return PASS_DATA;
	to = (struct uplink){*slot, mine, session, &inner, offset};
	return uplink_send(ctx, &to);
}
