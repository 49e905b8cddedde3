// SPDX-License-Identifier: Apache-2.0
// The fast path: established sessions in BPF maps, rewritten and redirected by relay.bpf.c before any socket hears of them.
//
// Who does what
//   relay.bpf.c   the programs: uplink on the access interface, downlink on peering interfaces inside the slices
//   objects.c     programs and maps: loaded, pinned, found again
//   xdp.c         this: begin and end; what an earlier process left, claimed
//   tunnel.c      slices, tunnels and cables that the control side installs, written into the mapped arrays
//   session.c     sessions, likewise
//   older.c       maps of another layout, which earlier programs still use
//   hop.c         next hops, counted
//   port.c        a thread that attaches programs where next hops lead (attach.c), and keeps MAC addresses as the kernel's neighbour tables have them
//
// An uplink packet's TEID is its slot. A downlink packet is found by arrays: the slice it came in by and its tunnel id lead to a leaf of 64 tunnels,
// the session id to a page of 256 places; on an Integrated slice its destination leads to a place, by a hash. Numbers are ours to give, so the
// arrays are dense (base/idset.h). Where an array has no room left, the session simply stays with the sockets.
//
// Everything here is written while programs run. A session or hop is changed under its sequence number; a session appears by its TEID, last, and
// goes by it, first. Counters and L2TP sequence numbers are the same memory for programs and sockets and are only added to atomically.
//
// Restart: each place that the maps use is unclaimed at first. What the control side installs again from its state file claims the place that
// is there, counters and numbers included, and packets never stop. fast_settle gives back what nobody claimed.
#include "gateway/dataplane/xdp/xdp.h"

#include "base/clean.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

LOG_CATEGORY(xdp);

_Static_assert(DP_DROP_COUNT <= ABI_DROPS, "drop reasons");

uint32_t xdp_be_addr(const struct ip_addr *addr)
{
	uint32_t be;

	memcpy(&be, addr->bytes, 4);
	return be;
}

uint32_t xdp_place_take(struct xdp_place *places, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		if (!places[i].is_used) {
			places[i] = (struct xdp_place){.is_used = true, .is_claimed = true};
			return i;
		}
	return 0;
}

// A write that a kill cut short is not ended any more.
static void adopt_sessions(struct fast *fast)
{
	const struct xdp_objects *objects = &fast->objects;

	for (uint32_t i = 0; i < fast->options.slots; i++) {
		uint32_t page = objects->extras[i].place / ABI_PAGE;

		objects->uplinks[i].seq &= ~1u;
		fast->session_places[i].is_used = objects->uplinks[i].teid;
		if (!objects->uplinks[i].teid || !page || page >= objects->pages)
			continue;
		objects->downlinks[objects->extras[i].place].seq &= ~1u;
		fast->page_places[page].is_used = true;
	}
}

static void adopt(struct fast *fast)
{
	const struct xdp_objects *objects = &fast->objects;

	for (uint32_t i = 1; i < ABI_SLICES; i++) {
		fast->slice_places[i].is_used = objects->slices[i].netns;
		for (uint32_t j = 0; j < ABI_LEAVES; j++)
			fast->leaf_places[objects->slices[i].leaves[j]].is_used = true;
	}
	for (uint32_t i = 1; i < ABI_TUNNELS; i++) {
		fast->tunnel_places[i].is_used = objects->tunnels[i].slice;
		for (uint32_t j = 0; objects->tunnels[i].slice && j < ABI_PAGES; j++)
			fast->page_places[objects->tunnels[i].pages[j] % objects->pages].is_used = true;
	}
	for (uint32_t i = 1; i < ABI_HOPS; i++) {
		objects->hops[i].seq &= ~1u;
		fast->hop_places[i].is_used = objects->hops[i].is_used;
		if (objects->hops[i].is_used)
			fast->hops_end = i + 1;
		if (objects->hops[i].is_used && !objects->hops[i].slice)
			(void)map_put(&fast->sgw_hops, objects->hops[i].daddr, (void *)(uintptr_t)i);
	}
	for (uint32_t i = 1; i < ABI_PORTS; i++) {
		fast->port_places[i].is_used = objects->port_keys[i].netns;
		fast->ports[i].is_old = objects->port_keys[i].netns;
	}
	adopt_sessions(fast);
}

void fast_settle(struct fast *fast)
{
	unsigned sessions = 0, tunnels = 0;

	if (fast->is_settled)
		return;
	fast->is_settled = true;
	for (uint32_t i = 0; i < fast->options.slots; i++)
		if (fast->session_places[i].is_used && !fast->session_places[i].is_claimed) {
			xdp_session_clear(fast, i);
			sessions++;
		}
	for (uint32_t i = 1; i < ABI_TUNNELS; i++)
		if (fast->tunnel_places[i].is_used && !fast->tunnel_places[i].is_claimed) {
			xdp_tunnel_clear(fast, i);
			tunnels++;
		}
	for (uint32_t i = 1; i < fast->hops_end; i++)
		if (fast->hop_places[i].is_used && !fast->hop_places[i].is_claimed) {
			fast->hops[i].refs = 1;
			xdp_hop_put(fast, i);
		}
	for (uint32_t i = 1; i < ABI_SLICES; i++)
		if (fast->slice_places[i].is_used && !fast->slice_places[i].is_claimed)
			xdp_slice_clear(fast, i);
	xdp_session_settle(fast);
	if (!fast->older)
		xdp_objects_switch(fast);
	if (fast->thread) {
		xdp_ports_sweep(fast);
	} else {
		xdp_older_prepare(fast);
		xdp_objects_switch(fast);
		xdp_objects_sweep(fast);
	}
	if (sessions || tunnels)
		log_info("what nobody claimed is gone from the fast path sessions=%u tunnels=%u", sessions, tunnels);
}

static void tables_free(struct fast *fast)
{
	xdp_older_free(fast);
	free(fast->tunnel_places);
	free(fast->session_places);
	free(fast->page_places);
	map_fini(&fast->sgw_hops);
	vec_free(&fast->cable_places);
	for (uint32_t i = 0; i < ABI_SLICES; i++)
		if (fast->slices[i].netns >= 0)
			close(fast->slices[i].netns);
	pthread_mutex_destroy(&fast->lock);
	free(fast);
}

int fast_new(const struct fast_options *options, struct fast **out, char *why)
{
	struct fast *fast = calloc(1, sizeof(*fast));
	int error;

	if (!fast)
		return -ENOMEM;
	pthread_mutex_init(&fast->lock, NULL);
	fast->options = *options;
	fast->hops_end = 1;
	for (uint32_t i = 0; i < ABI_SLICES; i++)
		fast->slices[i].netns = -1;
	for (uint32_t i = 0; i < ABI_PORTS; i++)
		fast->ports[i].link = -1;
	if (options->gtpu.addr.family != IP_V4) {
		tables_free(fast);
		return snprintf(why, FAST_WHY, "the GTP-U address is not IPv4"), -EAFNOSUPPORT;
	}
	error = xdp_objects_open(fast, why);
	fast->tunnel_places = calloc(ABI_TUNNELS, sizeof(*fast->tunnel_places));
	fast->session_places = calloc(options->slots, sizeof(*fast->session_places));
	fast->page_places = calloc(fast->objects.pages, sizeof(*fast->page_places));
	if (!error && (!fast->tunnel_places || !fast->session_places || !fast->page_places))
		error = -ENOMEM;
	if (!error) {
		adopt(fast);
		error = xdp_thread_start(fast, why);
	}
	if (error) {
		xdp_objects_close(fast, true);
		tables_free(fast);
		return error;
	}
	*out = fast;
	return 0;
}

void fast_free(struct fast **pointer, bool keep)
{
	struct fast *fast = *pointer;

	if (!fast)
		return;
	*pointer = NULL;
	xdp_thread_stop(fast, keep);
	xdp_objects_close(fast, keep);
	tables_free(fast);
}

uint32_t fast_slots(const struct fast *fast)
{
	return fast->options.slots;
}

void fast_totals(struct fast *fast, struct dp_counters *out, uint64_t *passed, uint64_t *drops)
{
	struct abi_stats stats;

	xdp_objects_stats(fast, &stats);
	*out = (struct dp_counters){
		.uplink_packets = stats.uplink_packets,
		.uplink_bytes = stats.uplink_bytes,
		.downlink_packets = stats.downlink_packets,
		.downlink_bytes = stats.downlink_bytes,
	};
	*passed = stats.passed;
	for (uint32_t i = 0; i < DP_DROP_COUNT; i++) {
		drops[i] = stats.drops[i];
		out->dropped += stats.drops[i];
	}
}
