// SPDX-License-Identifier: Apache-2.0
// To the SIM: L2TP, or a packet of the slice, to GTP-U.
#pragma once

#include "gateway/dataplane/xdp/session.bpf.h"

struct l2tp {
	uint16_t tunnel_id, session_id;
	uint32_t payload, end; // offsets in the frame
	bool is_numbered;
	uint32_t to_count; // all ones; none of them when it has been through the slice's stack, which has counted it
};

// A data message's header; false: control, malformed, or not easily said.
static __always_inline bool l2tp_read(struct xdp_md *ctx, uint32_t len, struct l2tp *out)
{
	uint8_t *data = (uint8_t *)(long)ctx->data, *end = (uint8_t *)(long)ctx->data_end, *at = data + OUTER_LEN;
	uint32_t offset = OUTER_LEN + 2, need;
	uint8_t flags;

	if (at + 8 > end || len < 8 || (at[1] & 0x0f) != 2 || at[0] & 0x80)
		return false;
	flags = at[0];
	out->end = OUTER_LEN + len;
	if (flags & 0x40) {
		uint32_t said = be16_at(at + 2);

		if (said > len)
			return false;
		out->end = OUTER_LEN + said;
		offset += 2;
	}
	OPAQUE(offset);
	at = data + (offset & 63);
	if (at + 4 > end)
		return false;
	out->tunnel_id = be16_at(at);
	out->session_id = be16_at(at + 2);
	offset += 4;
	out->is_numbered = flags & 0x08;
	need = offset + (out->is_numbered ? 4 : 0) + (flags & 0x02 ? 2 : 0);
	if (need > out->end)
		return false;
	if (out->is_numbered)
		offset += 4;
	if (flags & 0x02) {
		OPAQUE(offset);
		at = data + (offset & 63);
		if (at + 2 > end)
			return false;
		offset += 2 + be16_at(at);
	}
	out->payload = offset;
	return offset < out->end && offset < 512;
}

// PPP's framing (RFC 1661 6.5, 6.6): where the packet begins, or 0 when it is not IP. `is_v6` as the protocol number says.
static __always_inline uint32_t ppp_packet(struct xdp_md *ctx, const struct l2tp *l2tp, bool *is_v6)
{
	uint8_t *data = (uint8_t *)(long)ctx->data, *end = (uint8_t *)(long)ctx->data_end, *at;
	uint32_t offset = l2tp->payload, protocol;

	OPAQUE(offset);
	at = data + (offset & 511);
	if (at + 4 > end || offset + 4 > l2tp->end)
		return 0;
	if (at[0] == 0xff && at[1] == 0x03) {
		at += 2;
		offset += 2;
	}
	protocol = at[0];
	offset++;
	if (!(protocol & 1)) {
		protocol = protocol << 8 | at[1];
		offset++;
	}
	*is_v6 = protocol == 0x57;
	return protocol == 0x21 || protocol == 0x57 ? offset : 0;
}

static __always_inline uint32_t number_at(void *map, uint32_t place)
{
	uint32_t piece = place / ABI_IDS;
	struct abi_ids *numbers = bpf_map_lookup_elem(map, &piece);

	return numbers ? numbers->at[place % ABI_IDS] : 0;
}

// The tunnel of this slice and id, and its number.
static __always_inline struct abi_tunnel *tunnel_find(uint32_t slice_number, uint16_t id, uint32_t *out)
{
	struct abi_slice *slice = bpf_map_lookup_elem(&slices, &slice_number);
	uint32_t leaf = id / ABI_LEAF, place;
	struct abi_tunnel *tunnel;

	if (!slice || leaf >= ABI_LEAVES)
		return 0;
	place = slice->leaves[leaf & (ABI_LEAVES - 1)] * ABI_LEAF + id % ABI_LEAF;
	*out = number_at(&tunnel_ids, place);
	tunnel = bpf_map_lookup_elem(&tunnels, out);
	return tunnel && tunnel->slice == slice_number && tunnel->id == id ? tunnel : 0;
}

struct downlink {
	uint32_t slot, place;
	struct abi_count *mine;
	struct abi_downlink *session;
	const struct inner *inner;
	uint32_t offset; // of the inner packet
	uint32_t outer; // octets that came in around it; 0: the slice's stack has counted them
};

static __always_inline void downlink_count(const struct downlink *to, struct abi_stats *all)
{
	uint32_t tunnel = to->session->tunnel;
	struct abi_flow *flow = bpf_map_lookup_elem(&flows, &tunnel);

	COUNT(to->mine->packets, 1);
	COUNT(to->mine->bytes, to->inner->len);
	all->downlink_packets++;
	all->downlink_bytes += to->inner->len;
	if (flow && to->outer) {
		flow->downlink_packets++;
		flow->downlink_bytes += to->outer;
	}
}

static __always_inline int downlink_send(struct xdp_md *ctx, const struct abi_config *here, const struct downlink *to)
{
	struct abi_downlink *session = to->session;
	const struct inner *inner = to->inner;
	uint32_t seq = *(volatile uint32_t *)&session->seq, teid, way;
	struct ends ends = {.saddr = here->gtpu_addr, .sport = here->gtpu_port};
	struct abi_stats *all = stats_get();
	struct abi_hop hop;
	uint8_t *data;
	int verdict;

	if (!all)
		return XDP_PASS;
	MEMORY_BARRIER();
	teid = session->peer_teid;
	ends.dport = session->sgw_port;
	way = session->hop;
	MEMORY_BARRIER();
	if (seq & 1 || *(volatile uint32_t *)&session->seq != seq)
		return PASS_DATA;
	if (!hop_get(way, &hop) || IP_LEN + UDP_LEN + GTPU_LEN + inner->len > hop.mtu)
		return PASS_DATA;
	ends.daddr = hop.daddr;
	if (inner->tcp && session->tcp_mss &&
		mss_clamp(ctx, to->offset + inner->tcp, to->offset + inner->len,
			(uint32_t)session->tcp_mss - (inner->family == ABI_FAMILY_V6 ? 20 : 0)))
		return PASS_DATA;
	verdict = session->limit ? limit_apply(to->slot, session->limit, 1, inner->len) : XDP_PASS;
	if (verdict != XDP_PASS)
		return verdict;
	if (!reframe(ctx, to->offset, OUTER_LEN + GTPU_LEN, inner->len))
		return PASS_DATA;
	data = (uint8_t *)(long)ctx->data;
	if (data + OUTER_LEN + GTPU_LEN > (uint8_t *)(long)ctx->data_end)
		return XDP_DROP;
	data[OUTER_LEN] = 0x30;
	data[OUTER_LEN + 1] = 255;
	*(uint16_t *)(data + OUTER_LEN + 2) = bpf_htons((uint16_t)inner->len);
	*(uint32_t *)(data + OUTER_LEN + 4) = teid;
	outer_write((struct outer *)data, &hop, &ends, inner->tos & 0xfc, false, next_id(all->downlink_packets),
		GTPU_LEN + inner->len);
	downlink_count(to, all);
	return hop_send(ctx, &hop);
}

// Whether the SIM may be the packet's destination: XDP_TX stands for yes.
static __always_inline int downlink_destination(uint32_t slot, const struct abi_downlink *session, const struct inner *inner)
{
	if (inner->family == ABI_FAMILY_V4) {
		if (!session->ue4)
			return DROPPED(INNER_FAMILY);
		return inner->at == session->ue4 ? XDP_TX : DROPPED(INNER_FOREIGN_DESTINATION);
	}
	if (!(session->flags & ABI_HAS_V6))
		return DROPPED(INNER_FAMILY);
	if (inner->is_own)
		return PASS_DATA;
	if (is_prefix(slot, inner->at))
		return XDP_TX;
	return session->flags & ABI_HAS_MORE ? PASS_DATA : DROPPED(INNER_FOREIGN_DESTINATION);
}

// RFC 2661 5.4: we number when the LNS does. What it did last stands with the downlink, so that only a change touches the uplink's line.
static __always_inline void follow_order(uint32_t slot, struct abi_downlink *session, bool is_numbered)
{
	struct abi_uplink *up;

	if (!(session->flags & ABI_NUMBERED) == !is_numbered)
		return;
	up = bpf_map_lookup_elem(&uplinks, &slot);
	if (!up)
		return;
	*(volatile bool *)&up->order.on = up->order.required || is_numbered;
	*(volatile uint16_t *)&session->flags = (uint16_t)((session->flags & ~ABI_NUMBERED) | (is_numbered ? ABI_NUMBERED : 0));
}

// The verifier of Linux 6.1 does not know how large a number is whose octets were swapped, and the compiler does: the barrier keeps the mask.
static __always_inline uint32_t page_of(const struct abi_tunnel *tunnel, uint32_t session_id)
{
	barrier_var(session_id);
	return tunnel->pages[session_id / ABI_PAGE % ABI_PAGES];
}

static __always_inline int downlink_l2tp(struct xdp_md *ctx, const struct abi_config *here, const struct l2tp *l2tp,
	const struct abi_tunnel *tunnel, uint32_t number, uint32_t *slot)
{
	uint32_t page = page_of(tunnel, l2tp->session_id), place = page * ABI_PAGE + l2tp->session_id % ABI_PAGE, offset;
	struct abi_count *mine = count_get(&downlink_counts, place);
	struct abi_downlink *session = bpf_map_lookup_elem(&downlinks, &place);
	struct downlink to;
	struct inner inner;
	bool is_v6;
	int verdict;

	if (!page || !session || !mine || !session->slot || session->session_id != l2tp->session_id || session->tunnel != number)
		return PASS_DATA;
	offset = ppp_packet(ctx, l2tp, &is_v6);
	if (!offset)
		return XDP_PASS;
	*slot = session->slot - 1;
	to = (struct downlink){*slot, place, mine, session, &inner, offset, (l2tp->end - ETH_LEN) & l2tp->to_count};
	follow_order(to.slot, session, l2tp->is_numbered);
	switch (inner_read(ctx, offset, l2tp->end - offset, false, &inner)) {
	case INNER_OK:
		break;
	case INNER_BAD:
		return DROPPED(INNER_MALFORMED);
	default:
		return PASS_DATA;
	}
	if (is_v6 != (inner.family == ABI_FAMILY_V6))
		return DROPPED(INNER_MALFORMED);
	verdict = downlink_destination(to.slot, session, &inner);
	if (verdict != XDP_TX)
		return verdict;
	if (inner.len > session->mtu)
		return PASS_DATA;
	return downlink_send(ctx, here, &to);
}

// Whether the session's packets may come by this interface past the slice's stack.
static __always_inline bool is_way(const struct abi_downlink *session, uint32_t ifindex)
{
	uint32_t number = session->tunnel;
	struct abi_tunnel *tunnel = bpf_map_lookup_elem(&tunnels, &number);

	return tunnel && tunnel->way_in == ifindex;
}

// A packet of an Integrated slice, bare in its frame, to whoever has its destination. From the cable it has been through the slice's stack
// (`is_routed`); from the way out it has not, and a hop is taken off its life here.
static __always_inline int downlink_slice(
	struct xdp_md *ctx, const struct abi_config *here, uint32_t slice, bool is_routed, uint32_t *slot)
{
	struct abi_address key = {.slice = slice};
	struct abi_downlink *session;
	struct abi_count *mine;
	struct downlink to;
	struct inner inner;
	uint32_t *place;

	if (inner_read(ctx, ETH_LEN, frame_len(ctx) - ETH_LEN, false, &inner) != INNER_OK || inner.is_own)
		return XDP_PASS;
	key.bytes = inner.at;
	key.family = inner.family;
	place = bpf_map_lookup_elem(&addresses, &key);
	if (!place)
		return XDP_PASS;
	mine = count_get(&downlink_counts, *place);
	session = bpf_map_lookup_elem(&downlinks, place);
	if (!session || !mine || !session->slot)
		return PASS_DATA;
	if (!is_routed && !is_way(session, ctx->ingress_ifindex))
		return XDP_PASS;
	if (inner.len > session->mtu || !session->tunnel || (!is_routed && !hop_off(ctx, ETH_LEN)))
		return PASS_DATA;
	*slot = session->slot - 1;
	to = (struct downlink){*slot, *place, mine, session, &inner, ETH_LEN, is_routed ? 0 : inner.len};
	return downlink_send(ctx, here, &to);
}
