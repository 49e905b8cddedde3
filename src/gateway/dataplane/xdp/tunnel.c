// SPDX-License-Identifier: Apache-2.0
// Slices, L2TP tunnels and cables as the control side has them, written where the programs read them.
#include "gateway/dataplane/xdp/xdp.h"

#include "base/fd.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

uint32_t *xdp_number(struct abi_ids *ids, uint32_t place)
{
	return &ids[place / ABI_IDS].at[place % ABI_IDS];
}

void xdp_slice_clear(struct fast *fast, uint32_t slice)
{
	for (uint32_t i = 0; i < ABI_LEAVES; i++) {
		uint32_t leaf = fast->objects.slices[slice].leaves[i];

		if (!leaf)
			continue;
		memset(xdp_number(fast->objects.tunnel_ids, leaf * ABI_LEAF), 0, ABI_LEAF * sizeof(uint32_t));
		fast->leaf_places[leaf] = (struct xdp_place){0};
	}
	fast->objects.slices[slice] = (struct abi_slice){0};
	fast->slice_places[slice] = (struct xdp_place){0};
}

uint32_t fast_slice_get(struct fast *fast, int socket_fd)
{
	int netns = fd_high(ioctl(socket_fd, SIOCGSKNS));
	uint32_t slice = 0;
	struct stat stat;

	if (netns < 0 || fstat(netns, &stat)) {
		if (netns >= 0)
			close(netns);
		return 0;
	}
	for (uint32_t i = 1; i < ABI_SLICES && !slice; i++)
		if (fast->slice_places[i].is_used && fast->objects.slices[i].netns == stat.st_ino)
			slice = i;
	if (!slice)
		slice = xdp_place_take(fast->slice_places, ABI_SLICES);
	if (!slice || fast->slices[slice].refs++) {
		close(netns);
		return slice;
	}
	pthread_mutex_lock(&fast->lock);
	fast->slice_places[slice].is_claimed = true;
	fast->objects.slices[slice].netns = stat.st_ino;
	fast->slices[slice].netns = netns;
	pthread_mutex_unlock(&fast->lock);
	return slice;
}

void fast_slice_put(struct fast *fast, uint32_t slice)
{
	int netns = fast->slices[slice].netns;

	if (!slice || --fast->slices[slice].refs)
		return;
	pthread_mutex_lock(&fast->lock);
	fast->slices[slice].netns = -1;
	xdp_slice_clear(fast, slice);
	pthread_mutex_unlock(&fast->lock);
	close(netns);
	xdp_thread_kick(fast);
}

// The entry of `tunnel_ids` for this id, its leaf made when there is none; NULL: no room.
static uint32_t *tunnel_number(struct fast *fast, uint32_t slice, uint16_t id, bool make)
{
	uint32_t *leaf = &fast->objects.slices[slice].leaves[id / ABI_LEAF % ABI_LEAVES];

	if (id / ABI_LEAF >= ABI_LEAVES)
		return NULL;
	if (!*leaf && make)
		*leaf = xdp_place_take(fast->leaf_places, ABI_LEAVES_MAX);
	return *leaf ? xdp_number(fast->objects.tunnel_ids, *leaf * ABI_LEAF + id % ABI_LEAF) : NULL;
}

// One that an earlier process left. `wire`: the interface, where it is a cable's.
static void claim_hop(struct fast *fast, uint32_t hop, const char *wire)
{
	xdp_hop_claim(fast, hop);
	if (hop && !fast->objects.hops[hop].daddr)
		strcpy(fast->hops[hop].interface, wire);
}

uint32_t fast_tunnel_new(struct fast *fast, uint32_t slice, const struct ip_end *lac, uint16_t id)
{
	uint32_t *entry = slice && lac->addr.family == IP_V4 ? tunnel_number(fast, slice, id, true) : NULL;
	struct abi_tunnel *tunnel;

	if (!entry)
		return 0;
	if (*entry && !fast->tunnel_places[*entry].is_claimed && fast->objects.tunnels[*entry].lac == xdp_be_addr(&lac->addr) &&
		fast->objects.tunnels[*entry].lac_port == htons(lac->port)) {
		fast->tunnel_places[*entry].is_claimed = true;
		claim_hop(fast, fast->objects.tunnels[*entry].hop, DP_LAC_WIRE); // it goes on over that until a path is said
		return *entry;
	}
	if (*entry)
		return 0;
	*entry = xdp_place_take(fast->tunnel_places, ABI_TUNNELS);
	if (!*entry)
		return 0;
	tunnel = &fast->objects.tunnels[*entry];
	memset(tunnel, 0, sizeof(*tunnel));
	xdp_objects_flow_clear(fast, *entry);
	tunnel->id = id;
	tunnel->lac = xdp_be_addr(&lac->addr);
	tunnel->lac_port = htons(lac->port);
	__atomic_store_n(&tunnel->slice, slice, __ATOMIC_SEQ_CST);
	return *entry;
}

static uint32_t flags_of(const struct dp_framing *framing)
{
	return (framing->address_control ? ABI_ADDRESS_CONTROL : 0) | (framing->length ? ABI_LENGTH : 0) |
		(framing->udp_checksum ? ABI_CHECKSUM : 0) | (framing->df == DP_DF_SET ? ABI_DF_SET : 0) |
		(framing->df == DP_DF_COPY ? ABI_DF_COPY : 0);
}

void fast_tunnel_set(
	struct fast *fast, uint32_t place, uint16_t peer_id, const struct ip_end *lns, const struct dp_framing *framing)
{
	struct abi_tunnel *tunnel = &fast->objects.tunnels[place];
	uint32_t flags = flags_of(framing);

	if (!peer_id)
		return; // not open yet, or taken over and about to be said
	if (lns->addr.family == IP_V4)
		flags |= ABI_OPEN;
	if (tunnel->flags == flags && tunnel->dscp == framing->dscp && tunnel->lns == xdp_be_addr(&lns->addr) &&
		tunnel->lns_port == htons(lns->port) && tunnel->peer_id == htons(peer_id))
		return;
	__atomic_store_n(&tunnel->flags, 0, __ATOMIC_SEQ_CST); // closed while it changes
	tunnel->lns = xdp_be_addr(&lns->addr);
	tunnel->lns_port = htons(lns->port);
	tunnel->peer_id = htons(peer_id);
	tunnel->dscp = framing->dscp;
	__atomic_store_n(&tunnel->flags, flags, __ATOMIC_SEQ_CST);
}

void fast_tunnel_path(struct fast *fast, uint32_t place, const struct dp_path *path)
{
	struct abi_tunnel *tunnel = &fast->objects.tunnels[place];
	uint32_t old = tunnel->hop, hop = 0;

	if (!strcmp(path->interface, DP_LAC_WIRE) && tunnel->lns)
		hop = xdp_hop_get(fast, tunnel->slice, 0, 0, 0, DP_LAC_WIRE);
	else if (*path->interface && tunnel->lns)
		hop = xdp_hop_get(fast, tunnel->slice, path->mark, tunnel->lac, tunnel->lns, path->interface);
	__atomic_store_n(&tunnel->hop, hop, __ATOMIC_SEQ_CST);
	if (old)
		xdp_hop_put(fast, old);
}

void xdp_tunnel_clear(struct fast *fast, uint32_t place)
{
	struct abi_tunnel *tunnel = &fast->objects.tunnels[place];
	uint32_t *entry = tunnel_number(fast, tunnel->slice, tunnel->id, false);

	__atomic_store_n(&tunnel->flags, 0, __ATOMIC_SEQ_CST);
	if (entry && *entry == place)
		*entry = 0;
	for (uint32_t i = 0; i < ABI_PAGES; i++) {
		if (!tunnel->pages[i])
			continue;
		memset(&fast->objects.downlinks[tunnel->pages[i] * ABI_PAGE], 0, ABI_PAGE * sizeof(struct abi_downlink));
		fast->page_places[tunnel->pages[i]] = (struct xdp_place){0};
	}
	memset(tunnel, 0, sizeof(*tunnel));
	fast->tunnel_places[place] = (struct xdp_place){0};
}

void fast_tunnel_free(struct fast *fast, uint32_t place)
{
	uint32_t hop = fast->objects.tunnels[place].hop;

	xdp_tunnel_clear(fast, place);
	xdp_hop_put(fast, hop);
}

static bool is_cable(const struct abi_tunnel *tunnel, uint32_t slice, const struct dp_path *path, uint32_t tag)
{
	return tunnel->slice == slice && tunnel->flags & ABI_INTEGRATED && tunnel->mark == path->mark && tunnel->tag == tag &&
		!strncmp(tunnel->interface, path->interface, sizeof(tunnel->interface));
}

uint32_t fast_cable_new(struct fast *fast, uint32_t slice, const struct dp_path *path, uint32_t tag)
{
	struct abi_tunnel *tunnel;
	uint32_t place = 1;

	while (place < ABI_TUNNELS &&
		(!fast->tunnel_places[place].is_used || fast->tunnel_places[place].is_claimed ||
			!is_cable(&fast->objects.tunnels[place], slice, path, tag)))
		place++;
	if (place < ABI_TUNNELS) { // an earlier process left it
		fast->tunnel_places[place].is_claimed = true;
		claim_hop(fast, fast->objects.tunnels[place].hop, DP_SLICE_WIRE);
		return place;
	}
	place = xdp_place_take(fast->tunnel_places, ABI_TUNNELS);
	if (!place)
		return 0;
	tunnel = &fast->objects.tunnels[place];
	memset(tunnel, 0, sizeof(*tunnel));
	xdp_objects_flow_clear(fast, place);
	tunnel->hop = xdp_hop_get(fast, slice, 0, 0, 0, DP_SLICE_WIRE);
	tunnel->flags = ABI_OPEN | ABI_INTEGRATED;
	tunnel->mark = path->mark;
	tunnel->tag = tag;
	memcpy(tunnel->interface, path->interface, sizeof(tunnel->interface));
	__atomic_store_n(&tunnel->slice, slice, __ATOMIC_SEQ_CST);
	xdp_thread_kick(fast);
	return place;
}

bool fast_cable_has_way(struct fast *fast, uint32_t tunnel)
{
	return fast->objects.tunnels[tunnel].way;
}

bool fast_tunnel_is_known(struct fast *fast, uint32_t tunnel)
{
	const struct abi_tunnel *at = &fast->objects.tunnels[tunnel];

	return at->flags & ABI_OPEN && at->hop && fast->objects.hops[at->hop].port;
}

bool fast_tunnel_is_cabled(struct fast *fast, uint32_t tunnel)
{
	uint32_t hop = fast->objects.tunnels[tunnel].hop;

	return hop &&
		(!fast->objects.hops[hop].daddr || fast->objects.hops[hop].is_used == ABI_HOP_CABLE ||
			__atomic_load_n(&fast->hops[hop].is_cabled, __ATOMIC_RELAXED));
}

void fast_tunnel_flow(struct fast *fast, uint32_t tunnel, struct dp_counters *out)
{
	struct abi_flow flow;

	xdp_objects_flow(fast, tunnel, &flow);
	*out = (struct dp_counters){
		.uplink_packets = flow.uplink_packets,
		.uplink_bytes = flow.uplink_bytes,
		.downlink_packets = flow.downlink_packets,
		.downlink_bytes = flow.downlink_bytes,
	};
}
