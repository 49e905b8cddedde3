// SPDX-License-Identifier: Apache-2.0
// The data plane in the kernel: established sessions, GTP-U to L2TP and back, rewritten in the frame that came in and redirected.
//
//   access_xdp   on the interface of the GTP-U address: uplink
//   target_xdp   on a peering interface inside a slice, behind a few instructions that say which slice (port.c): downlink
//
// The order of checks is that of soft/forward.c: parse, find, peer, inner header, address, length. What is plainly wrong in a packet of a
// known session is dropped and counted here. Everything that is not a plain packet of an established session is passed: control, PPP,
// fragments, IP options, unknown ids, TCP SYNs whose segment size is to be lowered, packets longer than the MTU, and all of it while the
// next hop is not known. The sockets of soft/ hear those and do what is right, so nothing here needs to be complete, only correct.
//
// Nothing is hashed: the TEID's low bits are the session's place; slice, tunnel id and session id lead there by three arrays (abi.h).
// TS 29.281 5, RFC 2661 3.1, RFC 1661 2 and 6.5, RFC 791.
#include "gateway/dataplane/xdp/maps.bpf.h"

#include "gateway/dataplane/drops.h"
#include "gateway/dataplane/xdp/packet.bpf.h"

#define EXTENSIONS_MAX 4
// Loads of one CPU are not reordered on x86 by it; elsewhere the sequence number is checked once more by the next packet.
#define MEMORY_BARRIER() asm volatile("" ::: "memory")
#define COUNT(counter, n) __sync_fetch_and_add(&(counter), (n))

static const uint32_t zero;

static __always_inline struct abi_stats *stats_get(void)
{
	return bpf_map_lookup_elem(&stats, &zero);
}

static __always_inline int pass_data(void)
{
	struct abi_stats *all = stats_get();

	if (all)
		all->passed++;
	return XDP_PASS;
}

// The counters of a session. Read at once, so that memory brings their cache line and the session's together and not one after the other.
static __always_inline struct abi_counters *counters_get(uint32_t slot)
{
	struct abi_counters *mine = bpf_map_lookup_elem(&counters, &slot);

	if (mine)
		(void)*(volatile uint64_t *)&mine->dropped;
	return mine;
}

static __always_inline int drop(struct abi_counters *mine, enum dp_drop reason)
{
	struct abi_stats *all = stats_get();

	if (all)
		all->drops[reason]++;
	COUNT(mine->dropped, 1);
	return XDP_DROP;
}

// A copy of a hop that was not written meanwhile; false: unknown.
static __always_inline bool hop_get(uint32_t number, struct abi_hop *out)
{
	struct abi_hop *hop = bpf_map_lookup_elem(&hops, &number);

	if (!hop)
		return false;
	out->seq = *(volatile uint32_t *)&hop->seq;
	MEMORY_BARRIER();
	out->port = hop->port;
	__builtin_memcpy(out->dmac, hop->dmac, 6);
	__builtin_memcpy(out->smac, hop->smac, 6);
	out->mtu = hop->mtu;
	MEMORY_BARRIER();
	return out->port && !(out->seq & 1) && *(volatile uint32_t *)&hop->seq == out->seq;
}

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

// Makes the frame begin so that `offset` of now comes to stand at `wanted`, and end `len` octets behind that.
static __always_inline bool reframe(struct xdp_md *ctx, uint32_t offset, uint32_t wanted, uint32_t len)
{
	int surplus = (int)frame_len(ctx) - (int)(offset + len);

	if (surplus < 0 || (surplus && bpf_xdp_adjust_tail(ctx, -surplus)))
		return false;
	return offset == wanted || !bpf_xdp_adjust_head(ctx, (int)offset - (int)wanted);
}

static __always_inline uint16_t next_id(uint64_t count)
{
	return (uint16_t)(count + bpf_get_smp_processor_id() * 0x2001u); // a fragment on the way is put together by it (RFC 6864)
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

static __always_inline int uplink_send(
	struct xdp_md *ctx, struct abi_counters *mine, struct abi_session *session, const struct inner *inner, uint32_t offset)
{
	struct abi_tunnel *tunnel = bpf_map_lookup_elem(&tunnels, &session->tunnel);
	struct abi_stats *all = stats_get();
	bool is_numbered = *(volatile bool *)&session->order.on;
	uint32_t flags, head, ids;
	struct abi_hop hop;
	uint16_t ns = 0;
	uint8_t *data;

	if (!tunnel || !all)
		return XDP_PASS;
	flags = tunnel->flags;
	head = l2tp_len(flags, is_numbered);
	if (!(flags & ABI_OPEN) || !hop_get(tunnel->hop, &hop) || IP_LEN + UDP_LEN + head + inner->len > hop.mtu)
		return pass_data();
	if (!reframe(ctx, offset, OUTER_LEN + head, inner->len))
		return pass_data();
	data = (uint8_t *)(long)ctx->data;
	if (data + OUTER_LEN + 16 > (uint8_t *)(long)ctx->data_end)
		return XDP_DROP; // cannot be: an inner packet has 20 octets
	if (is_numbered)
		ns = (uint16_t)(__sync_fetch_and_add((uint32_t *)&session->order, ABI_ORDER_STEP) >> 16);
	ids = tunnel->peer_id | (uint32_t)session->peer_session_id << 16;
	l2tp_write_any(data + OUTER_LEN, flags, is_numbered, ids, ns,
		inner->family == ABI_FAMILY_V4 ? bpf_htons(0x0021) : bpf_htons(0x0057), head + inner->len);
	outer_write((struct outer *)data, &hop, tunnel->lac, tunnel->lns, tunnel->lac_port, tunnel->lns_port, inner->tos,
		next_id(all->uplink_packets), head + inner->len);
	COUNT(mine->uplink_packets, 1);
	COUNT(mine->uplink_bytes, inner->len);
	all->uplink_packets++;
	all->uplink_bytes += inner->len;
	return (int)bpf_redirect_map(&ports, hop.port, XDP_DROP);
}

SEC("xdp")
int access_xdp(struct xdp_md *ctx)
{
	struct abi_config *here = bpf_map_lookup_elem(&config, &zero);
	uint32_t len, teid, slot, seq, offset = OUTER_LEN + GTPU_LEN, message;
	struct outer *outer = outer_read(ctx, &len);
	struct abi_counters *mine;
	struct abi_session *session;
	struct inner inner;
	uint8_t *gtpu;

	if (!outer || !here || outer->ip.daddr != here->gtpu_addr || outer->udp.dport != here->gtpu_port)
		return XDP_PASS;
	gtpu = (uint8_t *)(outer + 1);
	if ((gtpu[0] & 0xf0) != 0x30 || gtpu[1] != 255)
		return XDP_PASS;
	message = be16_at(gtpu + 2);
	if (GTPU_LEN + message > len)
		return XDP_PASS;
	teid = bpf_ntohl(*(uint32_t *)(gtpu + 4));
	slot = teid & here->slot_mask;
	session = bpf_map_lookup_elem(&sessions, &slot);
	mine = counters_get(slot);
	if (!session || !mine || !teid)
		return XDP_PASS;
	seq = *(volatile uint32_t *)&session->seq;
	if (seq & 1 || *(volatile uint32_t *)&session->teid != teid)
		return pass_data();
	if (gtpu[0] & 7) {
		offset = gpdu_packet(ctx, gtpu[0], OUTER_LEN + GTPU_LEN + message);
		if (!offset)
			return pass_data();
	}
	if (outer->ip.saddr != session->sgw)
		return drop(mine, DP_DROP_GTPU_WRONG_PEER);
	switch (inner_read(ctx, offset, OUTER_LEN + GTPU_LEN + message - offset, true, &inner)) {
	case INNER_OK:
		break;
	case INNER_BAD:
		return drop(mine, DP_DROP_INNER_MALFORMED);
	default:
		return pass_data();
	}
	if (inner.family != session->family)
		return drop(mine, DP_DROP_INNER_FAMILY);
	if (inner.at[0] != *(uint32_t *)session->ue || inner.at[1] != *(uint32_t *)(session->ue + 4))
		return drop(mine, DP_DROP_INNER_FOREIGN_SOURCE);
	if (inner.len > session->mtu || (inner.is_syn && session->clamp))
		return pass_data();
	if (*(volatile uint32_t *)&session->seq != seq)
		return pass_data();
	return uplink_send(ctx, mine, session, &inner, offset);
}

struct l2tp {
	uint16_t tunnel_id, session_id;
	uint32_t payload, end; // offsets in the frame
	bool is_numbered;
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

// The tunnel of this slice and id.
static __always_inline struct abi_tunnel *tunnel_find(uint32_t slice_number, uint16_t id)
{
	struct abi_slice *slice = bpf_map_lookup_elem(&slices, &slice_number);
	uint32_t leaf = id / ABI_LEAF, place, number;
	struct abi_tunnel *tunnel;

	if (!slice || leaf >= ABI_LEAVES)
		return 0;
	place = slice->leaves[leaf & (ABI_LEAVES - 1)] * ABI_LEAF + id % ABI_LEAF;
	number = number_at(&tunnel_ids, place);
	tunnel = bpf_map_lookup_elem(&tunnels, &number);
	return tunnel && tunnel->slice == slice_number && tunnel->id == id ? tunnel : 0;
}

static __always_inline int downlink_send(struct xdp_md *ctx, const struct abi_config *here, struct abi_counters *mine,
	struct abi_session *session, const struct inner *inner, uint32_t offset)
{
	uint32_t seq = *(volatile uint32_t *)&session->seq, teid, sgw, way;
	uint16_t port;
	struct abi_stats *all = stats_get();
	struct abi_hop hop;
	uint8_t *data;

	if (!all)
		return XDP_PASS;
	MEMORY_BARRIER();
	teid = session->peer_teid;
	sgw = session->sgw;
	port = session->sgw_port;
	way = session->hop;
	MEMORY_BARRIER();
	if (seq & 1 || *(volatile uint32_t *)&session->seq != seq)
		return pass_data();
	if (!hop_get(way, &hop) || IP_LEN + UDP_LEN + GTPU_LEN + inner->len > hop.mtu)
		return pass_data();
	if (!reframe(ctx, offset, OUTER_LEN + GTPU_LEN, inner->len))
		return pass_data();
	data = (uint8_t *)(long)ctx->data;
	if (data + OUTER_LEN + GTPU_LEN > (uint8_t *)(long)ctx->data_end)
		return XDP_DROP;
	data[OUTER_LEN] = 0x30;
	data[OUTER_LEN + 1] = 255;
	*(uint16_t *)(data + OUTER_LEN + 2) = bpf_htons((uint16_t)inner->len);
	*(uint32_t *)(data + OUTER_LEN + 4) = teid;
	outer_write((struct outer *)data, &hop, here->gtpu_addr, sgw, here->gtpu_port, port, inner->tos,
		next_id(all->downlink_packets), GTPU_LEN + inner->len);
	COUNT(mine->downlink_packets, 1);
	COUNT(mine->downlink_bytes, inner->len);
	all->downlink_packets++;
	all->downlink_bytes += inner->len;
	return (int)bpf_redirect_map(&ports, hop.port, XDP_DROP);
}

// The slot that a session id of a tunnel stands for, plus 1; 0: none.
static __always_inline uint32_t slot_find(const struct abi_tunnel *tunnel, uint16_t id)
{
	uint32_t page = tunnel->pages[id / ABI_PAGE % ABI_PAGES];

	return page ? number_at(&ids, page * ABI_PAGE + id % ABI_PAGE) : 0;
}

static __always_inline int downlink(
	struct xdp_md *ctx, const struct abi_config *here, const struct l2tp *l2tp, const struct abi_tunnel *tunnel)
{
	uint32_t slot = slot_find(tunnel, l2tp->session_id) - 1, offset;
	struct abi_session *session = bpf_map_lookup_elem(&sessions, &slot);
	struct abi_counters *mine = counters_get(slot);
	struct inner inner;
	bool is_v6, on;

	if (!session || !mine || !session->teid || session->session_id != l2tp->session_id)
		return pass_data();
	offset = ppp_packet(ctx, l2tp, &is_v6);
	if (!offset)
		return XDP_PASS;
	on = session->order.required || l2tp->is_numbered; // RFC 2661 5.4: we number when the LNS does
	if (session->order.on != on)
		*(volatile bool *)&session->order.on = on;
	switch (inner_read(ctx, offset, l2tp->end - offset, false, &inner)) {
	case INNER_OK:
		break;
	case INNER_BAD:
		return drop(mine, DP_DROP_INNER_MALFORMED);
	default:
		return pass_data();
	}
	if (is_v6 != (inner.family == ABI_FAMILY_V6))
		return drop(mine, DP_DROP_INNER_MALFORMED);
	if (inner.family != session->family)
		return drop(mine, DP_DROP_INNER_FAMILY);
	if (inner.at[0] != *(uint32_t *)session->ue || inner.at[1] != *(uint32_t *)(session->ue + 4))
		return drop(mine, DP_DROP_INNER_FOREIGN_DESTINATION);
	if (inner.len > session->mtu || (inner.is_syn && session->clamp))
		return pass_data();
	return downlink_send(ctx, here, mine, session, &inner, offset);
}

SEC("xdp")
int target_xdp(struct xdp_md *ctx)
{
	struct abi_config *here = bpf_map_lookup_elem(&config, &zero);
	uint32_t *slice = bpf_map_lookup_elem(&ingress, &zero), len;
	struct outer *outer = outer_read(ctx, &len);
	struct abi_tunnel *tunnel;
	struct abi_hop *path;
	struct l2tp l2tp;

	if (!here || !slice || !outer || !l2tp_read(ctx, len, &l2tp))
		return XDP_PASS;
	tunnel = tunnel_find(*slice, l2tp.tunnel_id);
	if (!tunnel || outer->ip.daddr != tunnel->lac || outer->udp.dport != tunnel->lac_port)
		return XDP_PASS;
	if (outer->ip.saddr != tunnel->lns || outer->udp.sport != tunnel->lns_port || !(tunnel->flags & ABI_OPEN))
		return pass_data(); // counted by the sockets, when the policy lets it come so far
	path = bpf_map_lookup_elem(&hops, &tunnel->hop);
	if (!path || path->ifindex != ctx->ingress_ifindex)
		return pass_data(); // the Routing Policy was asked about one interface only, or does not let it go past the slice's stack
	return downlink(ctx, here, &l2tp, tunnel);
}

char _license[] SEC("license") = "Apache-2.0";
