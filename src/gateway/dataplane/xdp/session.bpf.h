// SPDX-License-Identifier: Apache-2.0
// What both directions do with a session: count, drop, limit, and find the next hop.
#pragma once

#include "gateway/dataplane/drops.h"
#include "gateway/dataplane/xdp/maps.bpf.h"
#include "gateway/dataplane/xdp/packet.bpf.h"

// Loads of one CPU are not reordered on x86 by it; elsewhere the sequence number is checked once more by the next packet.
#define MEMORY_BARRIER() asm volatile("" ::: "memory")
#define COUNT(counter, n) __sync_fetch_and_add(&(counter), (n))

static const uint32_t zero;

static __always_inline struct abi_stats *stats_get(void)
{
	return bpf_map_lookup_elem(&stats, &zero);
}

// What becomes of a packet, until `conclude` has counted it: a verdict of XDP, or one of these.
#define PASS_DATA 0x100 // to the sockets
#define DROPPED(reason) (0x200 + DP_DROP_##reason)

// Read at once, so that memory brings the count's cache line and the session's together and not one after the other.
static __always_inline struct abi_count *count_get(void *counts, uint32_t number)
{
	struct abi_count *mine = bpf_map_lookup_elem(counts, &number);

	if (mine)
		(void)*(volatile uint64_t *)&mine->packets;
	return mine;
}

// The end of every packet. `slot`: of the session that a drop is counted with.
static __always_inline int conclude(int verdict, uint32_t slot)
{
	struct abi_stats *all;
	struct abi_extra *extra;

	if (!(verdict & 0x300))
		return verdict;
	all = stats_get();
	if (!all)
		return XDP_PASS;
	if (verdict == PASS_DATA) {
		all->passed++;
		return XDP_PASS;
	}
	all->drops[verdict & (ABI_DROPS - 1)]++;
	extra = bpf_map_lookup_elem(&extras, &slot);
	if (extra)
		COUNT(extra->dropped, 1);
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
	out->vlan = hop->vlan;
	out->is_used = hop->is_used;
	out->daddr = hop->daddr;
	MEMORY_BARRIER();
	return out->port && !(out->seq & 1) && *(volatile uint32_t *)&hop->seq == out->seq;
}

static __always_inline int hop_send(struct xdp_md *ctx, const struct abi_hop *hop)
{
	if (hop->vlan && !vlan_push(ctx, hop->vlan))
		return XDP_DROP;
	return (int)bpf_redirect_map(&ports, hop->port, XDP_DROP);
}

static __always_inline uint16_t next_id(uint64_t count)
{
	return (uint16_t)(count + bpf_get_smp_processor_id() * 0x2001u); // a fragment on the way is put together by it (RFC 6864)
}

// As soft/limit.c. XDP_PASS: the packet may go on; else what becomes of it.
static __always_inline int limit_apply(uint32_t slot, uint32_t number, uint32_t direction, uint32_t len)
{
	struct abi_limit *limit = bpf_map_lookup_elem(&limits, &number);
	struct abi_extra *extra = bpf_map_lookup_elem(&extras, &slot);
	uint64_t now, until, cost;

	if (!limit || !extra)
		return XDP_PASS;
	if (limit->discard_percent[direction] && bpf_get_prandom_u32() % 100 < limit->discard_percent[direction])
		return DROPPED(DISCARDED);
	if (!limit->scale[direction])
		return XDP_PASS;
	now = bpf_ktime_get_coarse_ns();
	until = *(volatile uint64_t *)&extra->busy_until_ns[direction];
	cost = (len * limit->scale[direction]) >> ABI_LIMIT_SHIFT;
	if (until <= now)
		__sync_val_compare_and_swap(&extra->busy_until_ns[direction], until, now + cost);
	else if (until - now > limit->burst_ns[direction])
		return DROPPED(RATE_LIMITED);
	else
		COUNT(extra->busy_until_ns[direction], cost);
	return XDP_PASS;
}

static __always_inline bool is_prefix(uint32_t slot, uint64_t address)
{
	uint64_t *prefix = bpf_map_lookup_elem(&prefixes, &slot);

	return prefix && *prefix == address;
}

static __always_inline uint8_t tos_of(uint8_t inner, uint32_t dscp)
{
	return dscp ? (uint8_t)((dscp - 1) << 2) : inner & 0xfc; // the inner packet's class (RFC 2983), not its ECN
}
