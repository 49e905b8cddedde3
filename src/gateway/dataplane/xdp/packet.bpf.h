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
	uint32_t at[2]; // the SIM's address, or the first half of it
	uint8_t family, tos;
	bool is_syn;
};

enum inner_error { INNER_OK, INNER_BAD, INNER_FAR };

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
	out->is_syn = false;
	if (at[0] >> 4 == 4) {
		head = 4 * (at[0] & 15);
		out->len = be16_at(at + 2);
		if (head < 20 || out->len < head || out->len > room)
			return INNER_BAD;
		out->family = ABI_FAMILY_V4;
		out->tos = at[1];
		out->at[0] = *(uint32_t *)(at + (is_source ? 12 : 16));
		out->at[1] = 0;
		if (at[9] == PROTO_TCP && !(be16_at(at + 6) & 0x1fff) && out->len >= head + 14) {
			at += head;
			out->is_syn = at + 14 <= end && at[13] & 2;
		}
		return INNER_OK;
	}
	if (at[0] >> 4 != 6 || room < 40 || at + 40 > end)
		return INNER_BAD;
	out->len = 40 + be16_at(at + 4);
	if (out->len > room)
		return INNER_BAD;
	out->family = ABI_FAMILY_V6;
	out->tos = (uint8_t)(be16_at(at) >> 4);
	out->at[0] = *(uint32_t *)(at + (is_source ? 8 : 24));
	out->at[1] = *(uint32_t *)(at + (is_source ? 12 : 28));
	if (at[6] == PROTO_TCP && out->len >= 54 && at + 54 <= end)
		out->is_syn = at[53] & 2;
	return INNER_OK;
}

// The frame's headers before UDP's payload, all anew. The UDP checksum is off (RFC 2661 8.1, TS 29.281 4.4.1).
static __always_inline void outer_write(struct outer *outer, const struct abi_hop *hop, uint32_t saddr, uint32_t daddr,
	uint16_t sport, uint16_t dport, uint8_t tos, uint16_t id, uint32_t payload)
{
	uint32_t sum;

	__builtin_memcpy(outer->eth.dmac, hop->dmac, 6);
	__builtin_memcpy(outer->eth.smac, hop->smac, 6);
	outer->eth.type = bpf_htons(0x0800);
	outer->ip.vihl = 0x45;
	outer->ip.tos = tos & 0xfc; // the inner packet's class (RFC 2983), not its ECN
	outer->ip.len = bpf_htons((uint16_t)(IP_LEN + UDP_LEN + payload));
	outer->ip.id = id;
	outer->ip.frag = 0;
	outer->ip.ttl = 64;
	outer->ip.proto = PROTO_UDP;
	outer->ip.saddr = saddr;
	outer->ip.daddr = daddr;
	sum = bpf_htons((uint16_t)(0x4500 | (tos & 0xfc))) + outer->ip.len + id + bpf_htons(64 << 8 | PROTO_UDP);
	sum += (saddr & 0xffff) + (saddr >> 16) + (daddr & 0xffff) + (daddr >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	outer->ip.sum = (uint16_t)~sum;
	outer->udp.sport = sport;
	outer->udp.dport = dport;
	outer->udp.len = bpf_htons((uint16_t)(UDP_LEN + payload));
	outer->udp.sum = 0;
}
