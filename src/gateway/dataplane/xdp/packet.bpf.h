// SPDX-License-Identifier: Apache-2.0
// Reading and writing a frame. Every function that reads says by how far it looked; what it cannot judge is left to the sockets.
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "gateway/dataplane/xdp/abi.h"

#define ETH_LEN 14
#define IP_LEN 20
#define UDP_LEN 8
#define OUTER_LEN (ETH_LEN + IP_LEN + UDP_LEN) // where GTP-U or L2TP begins
#define PROTO_TCP 6
#define PROTO_UDP 17
#define GTPU_LEN 8

struct eth {
	uint8_t dmac[6], smac[6];
	uint16_t type;
} __attribute__((packed, aligned(2)));

struct ip {
	uint8_t vihl, tos;
	uint16_t len, id, frag;
	uint8_t ttl, proto;
	uint16_t sum;
	uint32_t saddr, daddr;
} __attribute__((packed, aligned(2)));

struct udp {
	uint16_t sport, dport, len, sum;
};

struct outer {
	struct eth eth;
	struct ip ip;
	struct udp udp;
} __attribute__((packed, aligned(2)));

_Static_assert(sizeof(struct outer) == OUTER_LEN, "packed");

// Keeps the compiler from joining a bound with what it guards (the verifier would lose sight of it).
#define OPAQUE(x) asm volatile("" : "+r"(x))

static __always_inline uint16_t be16_at(const void *at)
{
	return bpf_ntohs(*(const uint16_t *)at);
}

// Both pointers as 64 bits: of 32-bit pointers the verifier allows no arithmetic.
static __always_inline uint32_t frame_len(const struct xdp_md *ctx)
{
	uint64_t len = (uint64_t)((uint8_t *)(long)ctx->data_end - (uint8_t *)(long)ctx->data);

	OPAQUE(len);
	return (uint32_t)len;
}

// UDP over IPv4 without options, whole and not a fragment: its header, and in `len` the octets behind it. NULL: not for us.
static __always_inline struct outer *outer_read(struct xdp_md *ctx, uint32_t *len)
{
	uint8_t *data = (uint8_t *)(long)ctx->data, *end = (uint8_t *)(long)ctx->data_end;
	struct outer *outer = (struct outer *)data;
	uint32_t ip_len, udp_len;

	if (data + OUTER_LEN + 8 > end)
		return 0;
	if (outer->eth.type != bpf_htons(0x0800) || outer->ip.vihl != 0x45 || outer->ip.proto != PROTO_UDP ||
		outer->ip.frag & bpf_htons(0x3fff))
		return 0;
	ip_len = bpf_ntohs(outer->ip.len);
	udp_len = bpf_ntohs(outer->udp.len);
	if (udp_len < UDP_LEN || udp_len + IP_LEN > ip_len || ip_len > frame_len(ctx) - ETH_LEN)
		return 0;
	*len = udp_len - UDP_LEN;
	return outer;
}

struct inner {
	uint32_t len; // as its header says
	uint32_t tcp; // where in it the TCP header of a SYN stands; 0: it is none
	uint64_t at; // the SIM's address (in the first four octets), or the first half of it
	uint8_t family, tos;
	bool is_df;
	bool is_own; // of IPv6: of link-local scope, or from a DHCPv6 server; the sockets and the control side look at these
};

enum inner_error { INNER_OK, INNER_BAD, INNER_FAR };

static __always_inline bool is_link_local(const uint8_t *address)
{
	return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

static __always_inline enum inner_error inner_read6(
	const uint8_t *at, const uint8_t *end, uint32_t room, bool is_source, struct inner *out)
{
	if (room < 40 || at + 40 > end)
		return INNER_BAD;
	out->len = 40 + be16_at(at + 4);
	if (out->len > room)
		return INNER_BAD;
	out->family = ABI_FAMILY_V6;
	out->tos = (uint8_t)(be16_at(at) >> 4);
	out->is_df = true;
	__builtin_memcpy(&out->at, at + (is_source ? 8 : 24), 8);
	out->is_own = is_link_local(at + 8) || is_link_local(at + 24) || (at[24] == 0xff && (at[25] & 15) == 2) ||
		!(*(uint32_t *)(at + 8) | *(uint32_t *)(at + 12));
	if (at[6] == PROTO_TCP && out->len >= 60 && at + 54 <= end && at[53] & 2)
		out->tcp = 40;
	if (at[6] == PROTO_UDP && at + 42 <= end && be16_at(at + 40) == 547)
		out->is_own = true;
	return INNER_OK;
}

// The inner packet at `offset`, of which the outer headers say that it has `room`. `is_source`: the SIM is its source.
static __always_inline enum inner_error inner_read(
	struct xdp_md *ctx, uint32_t offset, uint32_t room, bool is_source, struct inner *out)
{
	uint8_t *data = (uint8_t *)(long)ctx->data, *end = (uint8_t *)(long)ctx->data_end, *at;
	uint32_t head;

	if (offset > 1024)
		return INNER_FAR;
	OPAQUE(offset);
	at = data + (offset & 2047);
	if (room < 20 || at + 20 > end)
		return INNER_BAD;
	out->tcp = 0;
	out->is_own = false;
	if (at[0] >> 4 == 6)
		return inner_read6(at, end, room, is_source, out);
	if (at[0] >> 4 != 4)
		return INNER_BAD;
	head = 4 * (at[0] & 15);
	out->len = be16_at(at + 2);
	if (head < 20 || out->len < head || out->len > room)
		return INNER_BAD;
	out->family = ABI_FAMILY_V4;
	out->tos = at[1];
	out->is_df = at[6] & 0x40;
	out->at = *(uint32_t *)(at + (is_source ? 12 : 16));
	if (at[9] == PROTO_TCP && !(be16_at(at + 6) & 0x1fff) && out->len >= head + 20) {
		at += head;
		if (at + 14 <= end && at[13] & 2)
			out->tcp = head;
	}
	return INNER_OK;
}

static __always_inline uint16_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

// A word under the checksum at `sum` becomes another (RFC 1624).
static __always_inline void mend(uint16_t *sum, uint16_t before, uint16_t after)
{
	*sum = (uint16_t)~fold((uint64_t)(uint16_t) ~*sum + (uint16_t)~before + after);
}

// Lowers the segment size of the SYN whose TCP header stands at `offset` and whose packet ends at `end` of the frame, where that is the first option,
// as everybody sends it. 0: nothing was to do, or it is done; else the sockets look at it (soft/mss.c).
__attribute__((noinline)) int mss_clamp(struct xdp_md *ctx, uint32_t offset, uint32_t end, uint32_t limit)
{
	uint8_t *data = (uint8_t *)(long)ctx->data, *data_end = (uint8_t *)(long)ctx->data_end, *at;
	uint32_t head;

	if (offset > 1800)
		return 1;
	OPAQUE(offset);
	at = data + (offset & 2047);
	if (at + 20 > data_end)
		return 1;
	head = 4 * (at[12] >> 4);
	if (head == 20)
		return 0;
	if (head < 24 || offset + head > end || at + 24 > data_end || at[20] != 2 || at[21] != 4)
		return 1;
	if (be16_at(at + 22) > limit) {
		uint16_t lower = bpf_htons((uint16_t)limit);

		mend((uint16_t *)(at + 16), *(uint16_t *)(at + 22), lower);
		*(uint16_t *)(at + 22) = lower;
	}
	return 0;
}

// Sums `count` times so many octets of a datagram, from `begin` on. Both are made of the length by masks, which the verifier does not see through: else
// it would walk through every way of ending one step times every way of ending the next.
#define SUM_BY(begin, octets, count, most, add)                                                                                  \
	_Pragma("clang loop unroll(disable)") for (uint32_t i = 0; i < (most) && i < (count); i++)                               \
	{                                                                                                                        \
		offset = ETH_LEN + IP_LEN + (begin) + i * (octets);                                                              \
		OPAQUE(offset);                                                                                                  \
		at = data + (offset & 4095);                                                                                     \
		if (at + (octets) > end)                                                                                         \
			return 1;                                                                                                \
		add;                                                                                                             \
	}

// Fills in the checksum of the UDP datagram of `len` octets behind the frame's first IPv4 header (RFC 768). 0, or 1 when the frame is too long.
__attribute__((noinline)) int udp_checksum(struct xdp_md *ctx, uint32_t len)
{
	uint8_t *data = (uint8_t *)(long)ctx->data, *end = (uint8_t *)(long)ctx->data_end, *at;
	struct outer *outer = (struct outer *)data;
	uint32_t offset;
	uint64_t sum;

	if (data + OUTER_LEN > end || len > 14 * 256)
		return 1;
	outer->udp.sum = 0;
	sum = (uint64_t)outer->ip.saddr + outer->ip.daddr + bpf_htons(PROTO_UDP) + bpf_htons((uint16_t)len);
	sum = (sum & 0xffffffff) + (sum >> 32);
	SUM_BY(0, 256, len >> 8 & 15, 14, sum = (uint64_t)bpf_csum_diff(0, 0, (void *)at, 256, (uint32_t)sum));
	SUM_BY((len & 0xf00), 32, len >> 5 & 7, 7, sum = (uint64_t)bpf_csum_diff(0, 0, (void *)at, 32, (uint32_t)sum));
	SUM_BY((len & 0xfe0), 4, len >> 2 & 7, 7, sum += *(uint32_t *)at);
	SUM_BY((len & 0xffc), 1, len & 3, 3, sum += i == 1 ? (uint32_t)*at << 8 : *at);
	outer->udp.sum = (uint16_t)~fold(sum);
	if (!outer->udp.sum)
		outer->udp.sum = 0xffff;
	return 0;
}

// Makes the frame begin so that `offset` of now comes to stand at `wanted`, and end `len` octets behind that.
static __always_inline bool reframe(struct xdp_md *ctx, uint32_t offset, uint32_t wanted, uint32_t len)
{
	int surplus = (int)frame_len(ctx) - (int)(offset + len);

	if (surplus < 0 || (surplus && bpf_xdp_adjust_tail(ctx, -surplus)))
		return false;
	return offset == wanted || !bpf_xdp_adjust_head(ctx, (int)offset - (int)wanted);
}

// Takes one off the life of the IP packet at `offset`; false: it would be its last.
static __always_inline bool hop_off(struct xdp_md *ctx, uint32_t offset)
{
	uint8_t *data = (uint8_t *)(long)ctx->data, *end = (uint8_t *)(long)ctx->data_end, *at;
	struct ip *ip;

	OPAQUE(offset);
	at = data + (offset & 2047);
	ip = (struct ip *)at;
	if (at + IP_LEN > end)
		return false;
	if (ip->vihl >> 4 == 6) {
		if (at[7] <= 1)
			return false;
		at[7]--;
		return true;
	}
	if (ip->ttl <= 1)
		return false;
	mend(&ip->sum, *(uint16_t *)&ip->ttl, (uint16_t)(*(uint16_t *)&ip->ttl - 1));
	ip->ttl--;
	return true;
}

struct ends { // of an outer packet; be
	uint32_t saddr, daddr;
	uint16_t sport, dport;
};

// The frame's headers before UDP's payload, all anew. The UDP checksum is off (RFC 2661 8.1, TS 29.281 4.4.1).
static __always_inline void outer_write(struct outer *outer, const struct abi_hop *hop, const struct ends *ends, uint8_t tos,
	bool is_df, uint16_t id, uint32_t payload)
{
	uint32_t sum;

	__builtin_memcpy(outer->eth.dmac, hop->dmac, 6);
	__builtin_memcpy(outer->eth.smac, hop->smac, 6);
	outer->eth.type = bpf_htons(0x0800);
	outer->ip.vihl = 0x45;
	outer->ip.tos = tos;
	outer->ip.len = bpf_htons((uint16_t)(IP_LEN + UDP_LEN + payload));
	outer->ip.id = id;
	outer->ip.frag = is_df ? bpf_htons(0x4000) : 0;
	outer->ip.ttl = 64;
	outer->ip.proto = PROTO_UDP;
	outer->ip.saddr = ends->saddr;
	outer->ip.daddr = ends->daddr;
	sum = bpf_htons((uint16_t)(0x4500 | tos)) + outer->ip.len + id + outer->ip.frag + bpf_htons(64 << 8 | PROTO_UDP);
	sum += (ends->saddr & 0xffff) + (ends->saddr >> 16) + (ends->daddr & 0xffff) + (ends->daddr >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	outer->ip.sum = (uint16_t)~sum;
	outer->udp.sport = ends->sport;
	outer->udp.dport = ends->dport;
	outer->udp.len = bpf_htons((uint16_t)(UDP_LEN + payload));
	outer->udp.sum = 0;
}

struct addresses {
	uint8_t octets[12]; // of Ethernet, both
} __attribute__((packed, aligned(2)));

// Puts an 802.1Q tag (be) into the frame.
static __always_inline bool vlan_push(struct xdp_md *ctx, uint16_t tag)
{
	struct addresses both;
	uint8_t *data;

	if (bpf_xdp_adjust_head(ctx, -4))
		return false;
	data = (uint8_t *)(long)ctx->data;
	if (data + 4 + ETH_LEN > (uint8_t *)(long)ctx->data_end)
		return false;
	both = *(struct addresses *)(data + 4);
	*(struct addresses *)data = both;
	*(uint16_t *)(data + 12) = bpf_htons(0x8100);
	*(uint16_t *)(data + 14) = tag;
	return true;
}

// Takes the tag out of a frame of that VLAN (both be); 0: it has none, or another.
static __always_inline uint16_t vlan_pop(struct xdp_md *ctx, uint16_t wanted)
{
	uint8_t *data = (uint8_t *)(long)ctx->data;
	struct addresses both;
	uint16_t tag;

	if (data + ETH_LEN + 4 > (uint8_t *)(long)ctx->data_end || *(uint16_t *)(data + 12) != bpf_htons(0x8100))
		return 0;
	tag = *(uint16_t *)(data + 14);
	if ((tag ^ wanted) & bpf_htons(0x0fff))
		return 0;
	both = *(struct addresses *)data;
	*(struct addresses *)(data + 4) = both;
	return bpf_xdp_adjust_head(ctx, 4) ? 0 : tag;
}
