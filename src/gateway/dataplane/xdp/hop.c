// SPDX-License-Identifier: Apache-2.0
// Next hops: one for each SGW, and for each (slice, target, LAC, LNS). Counted; who uses one knows only its number. What stands in it is the
// thread's (port.c): as long as that is nothing, the programs leave the packets to the sockets.
#include "gateway/dataplane/xdp/xdp.h"

#include <string.h>

static bool is_same(const struct abi_hop *hop, uint32_t slice, uint32_t mark, uint32_t saddr, uint32_t daddr)
{
	return hop->slice == slice && hop->mark == mark && hop->saddr == saddr && hop->daddr == daddr;
}

static uint32_t find(const struct fast *fast, uint32_t slice, uint32_t mark, uint32_t saddr, uint32_t daddr)
{
	if (slice == 0)
		return (uint32_t)(uintptr_t)map_get(&fast->sgw_hops, daddr);
	for (uint32_t i = 1; i < fast->hops_end; i++)
		if (fast->hop_places[i].is_used && is_same(&fast->objects.hops[i], slice, mark, saddr, daddr))
			return i;
	return 0;
}

static uint32_t make(struct fast *fast, uint32_t slice, uint32_t mark, uint32_t saddr, uint32_t daddr)
{
	uint32_t i = 1;

	while (i < ABI_HOPS && fast->hop_places[i].is_used)
		i++;
	if (i == ABI_HOPS || (slice == 0 && map_put(&fast->sgw_hops, daddr, (void *)(uintptr_t)i)))
		return 0;
	fast->objects.hops[i] = (struct abi_hop){
		.seq = (fast->objects.hops[i].seq + 2) & ~1u,
		.is_used = ABI_HOP_PAST,
		.slice = slice,
		.mark = mark,
		.saddr = saddr,
		.daddr = daddr,
	};
	if (i >= fast->hops_end)
		fast->hops_end = i + 1;
	return i;
}

uint32_t xdp_hop_get(struct fast *fast, uint32_t slice, uint32_t mark, uint32_t saddr, uint32_t daddr, const char *interface)
{
	uint32_t hop;

	pthread_mutex_lock(&fast->lock);
	hop = find(fast, slice, mark, saddr, daddr);
	if (!hop)
		hop = make(fast, slice, mark, saddr, daddr);
	if (hop) {
		fast->hop_places[hop] = (struct xdp_place){.is_used = true, .is_claimed = true};
		if (fast->hops[hop].refs++ == 0) {
			fast->hops[hop].generation++;
			fast->hops[hop].port = 0;
			fast->hops[hop].is_cabled = false;
		}
		strncpy(fast->hops[hop].interface, interface, sizeof(fast->hops[hop].interface) - 1);
	}
	pthread_mutex_unlock(&fast->lock);
	if (hop && fast->hops[hop].refs == 1)
		xdp_thread_kick(fast);
	return hop;
}

void xdp_hop_claim(struct fast *fast, uint32_t hop)
{
	if (!hop)
		return;
	pthread_mutex_lock(&fast->lock);
	fast->hop_places[hop].is_claimed = true;
	fast->hops[hop].refs++;
	pthread_mutex_unlock(&fast->lock);
}

void xdp_hop_put(struct fast *fast, uint32_t hop)
{
	struct abi_hop *shared = &fast->objects.hops[hop];

	if (!hop)
		return;
	pthread_mutex_lock(&fast->lock);
	if (fast->hops[hop].refs && --fast->hops[hop].refs == 0) {
		fast->hops[hop].generation++;
		fast->hop_places[hop] = (struct xdp_place){0};
		if (shared->slice == 0)
			map_del(&fast->sgw_hops, shared->daddr);
		xdp_hop_write(fast, hop, &(struct xdp_way){0});
		shared->is_used = 0;
	}
	pthread_mutex_unlock(&fast->lock);
}

void xdp_hop_write(struct fast *fast, uint32_t hop, const struct xdp_way *way)
{
	struct abi_hop *shared = &fast->objects.hops[hop];

	if (shared->port == way->port && shared->mtu == way->mtu && shared->vlan == way->vlan &&
		(shared->is_used == ABI_HOP_CABLE) == way->is_cable && !memcmp(shared->dmac, way->dmac, 6) &&
		!memcmp(shared->smac, way->smac, 6))
		return;
	__atomic_fetch_add(&shared->seq, 1, __ATOMIC_SEQ_CST);
	shared->port = way->port;
	memcpy(shared->dmac, way->dmac, 6);
	memcpy(shared->smac, way->smac, 6);
	shared->mtu = way->mtu;
	shared->vlan = way->vlan;
	shared->is_used = way->is_cable ? ABI_HOP_CABLE : ABI_HOP_PAST;
	__atomic_fetch_add(&shared->seq, 1, __ATOMIC_SEQ_CST);
}
