// SPDX-License-Identifier: Apache-2.0
// The fast path: established sessions in BPF maps, rewritten and redirected by relay.bpf.c before any socket hears of them.
//
// Who does what
//   relay.bpf.c   the programs: uplink on the access interface, downlink on peering interfaces inside the slices
//   objects.c     programs and maps: loaded, pinned, found again
//   xdp.c         this: what the control side installs, written into the mapped arrays; what an earlier process left, claimed
//   hop.c         next hops, counted
//   port.c        a thread that attaches programs where next hops lead, and keeps MAC addresses as the kernel's neighbour tables have them
//
// A downlink packet is found by three arrays: the slice it came in by and its tunnel id lead to a leaf of 64 tunnels, the session id to a page of
// 1024 slots. An uplink packet's TEID is its slot. Numbers are ours to give, so the arrays are dense (base/idset.h). Where an array has no
// room left, the session simply stays with the sockets.
//
// Everything here is written while programs run. A session or hop is changed under its sequence number; a session appears by its TEID, last, and
// goes by it, first. Counters and L2TP sequence numbers are the same memory for programs and sockets and are only added to atomically.
//
// Restart: each place that the maps use is unclaimed at first. What the control side installs again from its state file claims the place that
// is there, counters and numbers included, and packets never stop. fast_settle gives back what nobody claimed.
#include "gateway/dataplane/xdp/xdp.h"

#include "base/clean.h"
#include "gateway/dataplane/soft/parse.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

LOG_CATEGORY(xdp);

_Static_assert(sizeof(struct fast_counters) <= sizeof(struct abi_counters) &&
		offsetof(struct fast_counters, counters.dropped) == offsetof(struct abi_counters, dropped) &&
		offsetof(struct fast_counters, busy_until_ns) == offsetof(struct abi_counters, busy_until_ns),
	"the counters are shared");
_Static_assert(sizeof(struct fast_order) == sizeof(struct abi_order) &&
		offsetof(struct fast_order, ns) == offsetof(struct abi_order, ns),
	"the sequence numbers are shared");
_Static_assert(DP_DROP_COUNT <= ABI_DROPS, "drop reasons");

static uint32_t be_addr(const struct ip_addr *addr)
{
	uint32_t be;

	memcpy(&be, addr->bytes, 4);
	return be;
}

static uint32_t *number(struct abi_ids *ids, uint32_t place)
{
	return &ids[place / ABI_IDS].at[place % ABI_IDS];
}

// A free place, number 1 and up, or 0.
static uint32_t place_take(struct xdp_place *places, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		if (!places[i].is_used) {
			places[i] = (struct xdp_place){.is_used = true, .is_claimed = true};
			return i;
		}
	return 0;
}

static void session_write(struct abi_session *session, const struct abi_session *to)
{
	__atomic_fetch_add(&session->seq, 1, __ATOMIC_SEQ_CST);
	session->peer_teid = to->peer_teid;
	session->sgw = to->sgw;
	session->sgw_port = to->sgw_port;
	memcpy(session->ue, to->ue, sizeof(session->ue));
	session->tunnel = to->tunnel;
	session->hop = to->hop;
	session->session_id = to->session_id;
	session->peer_session_id = to->peer_session_id;
	session->mtu = to->mtu;
	session->family = to->family;
	session->clamp = to->clamp;
	session->order.required = to->order.required;
	__atomic_store_n(&session->teid, to->teid, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&session->seq, 1, __ATOMIC_SEQ_CST);
}

static void adopt_sessions(struct fast *fast)
{
	for (uint32_t i = 0; i < fast->options.slots; i++) {
		struct abi_session *session = &fast->objects.sessions[i];

		session->seq &= ~1u; // a write that a kill cut short is not ended any more
		fast->session_places[i].is_used = session->teid;
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

static void tunnel_clear(struct fast *fast, uint32_t place);

static void session_clear(struct fast *fast, uint32_t slot)
{
	struct abi_session *session = &fast->objects.sessions[slot];
	struct abi_tunnel *tunnel = &fast->objects.tunnels[session->tunnel % ABI_TUNNELS];
	uint32_t page = tunnel->pages[session->session_id / ABI_PAGE];

	__atomic_store_n(&session->teid, 0, __ATOMIC_SEQ_CST);
	if (page && *number(fast->objects.ids, page * ABI_PAGE + session->session_id % ABI_PAGE) == slot + 1)
		*number(fast->objects.ids, page * ABI_PAGE + session->session_id % ABI_PAGE) = 0;
	session_write(session, &(struct abi_session){0});
	fast->session_places[slot] = (struct xdp_place){0};
}

static void slice_clear(struct fast *fast, uint32_t slice)
{
	for (uint32_t i = 0; i < ABI_LEAVES; i++) {
		uint32_t leaf = fast->objects.slices[slice].leaves[i];

		if (!leaf)
			continue;
		memset(number(fast->objects.tunnel_ids, leaf * ABI_LEAF), 0, ABI_LEAF * sizeof(uint32_t));
		fast->leaf_places[leaf] = (struct xdp_place){0};
	}
	fast->objects.slices[slice] = (struct abi_slice){0};
	fast->slice_places[slice] = (struct xdp_place){0};
}

void fast_settle(struct fast *fast)
{
	unsigned sessions = 0, tunnels = 0;

	if (fast->is_settled)
		return;
	fast->is_settled = true;
	for (uint32_t i = 0; i < fast->options.slots; i++)
		if (fast->session_places[i].is_used && !fast->session_places[i].is_claimed) {
			session_clear(fast, i);
			sessions++;
		}
	for (uint32_t i = 1; i < ABI_TUNNELS; i++)
		if (fast->tunnel_places[i].is_used && !fast->tunnel_places[i].is_claimed) {
			tunnel_clear(fast, i);
			tunnels++;
		}
	for (uint32_t i = 1; i < fast->hops_end; i++)
		if (fast->hop_places[i].is_used && !fast->hop_places[i].is_claimed) {
			fast->hops[i].refs = 1;
			xdp_hop_put(fast, i);
		}
	for (uint32_t i = 1; i < ABI_SLICES; i++)
		if (fast->slice_places[i].is_used && !fast->slice_places[i].is_claimed)
			slice_clear(fast, i);
	xdp_objects_switch(fast);
	xdp_ports_sweep(fast);
	if (sessions || tunnels)
		log_info("what nobody claimed is gone from the fast path sessions=%u tunnels=%u", sessions, tunnels);
}

static void tables_free(struct fast *fast)
{
	free(fast->tunnel_places);
	free(fast->session_places);
	free(fast->page_places);
	map_fini(&fast->sgw_hops);
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

uint32_t fast_slice_get(struct fast *fast, int socket_fd)
{
	int netns = ioctl(socket_fd, SIOCGSKNS);
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
		slice = place_take(fast->slice_places, ABI_SLICES);
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
	slice_clear(fast, slice);
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
		*leaf = place_take(fast->leaf_places, ABI_LEAVES_MAX);
	return *leaf ? number(fast->objects.tunnel_ids, *leaf * ABI_LEAF + id % ABI_LEAF) : NULL;
}

uint32_t fast_tunnel_new(struct fast *fast, uint32_t slice, const struct ip_end *lac, uint16_t id)
{
	uint32_t *entry = slice && lac->addr.family == IP_V4 ? tunnel_number(fast, slice, id, true) : NULL;
	struct abi_tunnel *tunnel;

	if (!entry)
		return 0;
	if (*entry && !fast->tunnel_places[*entry].is_claimed && fast->objects.tunnels[*entry].lac == be_addr(&lac->addr) &&
		fast->objects.tunnels[*entry].lac_port == htons(lac->port)) {
		fast->tunnel_places[*entry].is_claimed = true;
		xdp_hop_claim(fast, fast->objects.tunnels[*entry].hop); // it goes on over the hop it has until a path is said
		return *entry;
	}
	if (*entry)
		return 0;
	*entry = place_take(fast->tunnel_places, ABI_TUNNELS);
	if (!*entry)
		return 0;
	tunnel = &fast->objects.tunnels[*entry];
	memset(tunnel, 0, sizeof(*tunnel));
	tunnel->id = id;
	tunnel->lac = be_addr(&lac->addr);
	tunnel->lac_port = htons(lac->port);
	__atomic_store_n(&tunnel->slice, slice, __ATOMIC_SEQ_CST);
	return *entry;
}

void fast_tunnel_set(
	struct fast *fast, uint32_t place, uint16_t peer_id, const struct ip_end *lns, const struct dp_framing *framing)
{
	struct abi_tunnel *tunnel = &fast->objects.tunnels[place];
	uint32_t flags = (framing->address_control ? ABI_ADDRESS_CONTROL : 0) | (framing->length ? ABI_LENGTH : 0);

	if (!peer_id)
		return; // not open yet, or taken over and about to be said
	// What it does not do, the sockets do: a UDP checksum, a DF bit, another class than the inner packet's.
	if (lns->addr.family == IP_V4 && !framing->udp_checksum && framing->df == DP_DF_CLEAR && framing->dscp == DP_DSCP_COPY)
		flags |= ABI_OPEN;
	if (tunnel->flags == flags && tunnel->lns == be_addr(&lns->addr) && tunnel->lns_port == htons(lns->port) &&
		tunnel->peer_id == htons(peer_id))
		return;
	__atomic_store_n(&tunnel->flags, 0, __ATOMIC_SEQ_CST); // closed while it changes
	tunnel->lns = be_addr(&lns->addr);
	tunnel->lns_port = htons(lns->port);
	tunnel->peer_id = htons(peer_id);
	__atomic_store_n(&tunnel->flags, flags, __ATOMIC_SEQ_CST);
}

void fast_tunnel_path(struct fast *fast, uint32_t place, const struct dp_path *path)
{
	struct abi_tunnel *tunnel = &fast->objects.tunnels[place];
	uint32_t old = tunnel->hop, hop = 0;

	if (*path->interface && tunnel->lns)
		hop = xdp_hop_get(fast, tunnel->slice, path->mark, tunnel->lac, tunnel->lns, path->interface);
	__atomic_store_n(&tunnel->hop, hop, __ATOMIC_SEQ_CST);
	if (old)
		xdp_hop_put(fast, old);
}

static void tunnel_clear(struct fast *fast, uint32_t place)
{
	struct abi_tunnel *tunnel = &fast->objects.tunnels[place];
	uint32_t *entry = tunnel_number(fast, tunnel->slice, tunnel->id, false);

	__atomic_store_n(&tunnel->flags, 0, __ATOMIC_SEQ_CST);
	if (entry && *entry == place)
		*entry = 0;
	for (uint32_t i = 0; i < ABI_PAGES; i++) {
		if (!tunnel->pages[i])
			continue;
		memset(number(fast->objects.ids, tunnel->pages[i] * ABI_PAGE), 0, ABI_PAGE * sizeof(uint32_t));
		fast->page_places[tunnel->pages[i]] = (struct xdp_place){0};
	}
	memset(tunnel, 0, sizeof(*tunnel));
	fast->tunnel_places[place] = (struct xdp_place){0};
}

void fast_tunnel_free(struct fast *fast, uint32_t place)
{
	uint32_t hop = fast->objects.tunnels[place].hop;

	tunnel_clear(fast, place);
	xdp_hop_put(fast, hop);
}

static uint32_t *session_number(struct fast *fast, struct abi_tunnel *tunnel, uint16_t id)
{
	uint32_t *page = &tunnel->pages[id / ABI_PAGE];

	if (!*page)
		*page = place_take(fast->page_places, fast->objects.pages);
	return *page ? number(fast->objects.ids, *page * ABI_PAGE + id % ABI_PAGE) : NULL;
}

void fast_session_set(struct fast *fast, uint32_t slot, const struct fast_session *spec)
{
	struct abi_session *session = &fast->objects.sessions[slot];
	uint32_t *entry = spec->tunnel ? session_number(fast, &fast->objects.tunnels[spec->tunnel], spec->session_id) : NULL;
	bool is_new = session->teid != spec->teid, is_ours = fast->session_places[slot].is_claimed && !is_new;
	uint32_t old_hop = is_ours ? session->hop : 0;
	struct abi_session to = {
		.teid = spec->teid,
		.peer_teid = htonl(spec->peer_teid),
		.sgw = be_addr(&spec->sgw.addr),
		.sgw_port = htons(spec->sgw.port),
		.tunnel = spec->tunnel,
		.session_id = spec->session_id,
		.peer_session_id = htons(spec->peer_session_id),
		.mtu = spec->mtu,
		.family = spec->has_v4 ? ABI_FAMILY_V4 : ABI_FAMILY_V6,
		.clamp = spec->tcp_mss != 0,
		.order.required = spec->sequencing,
	};

	if (is_new) {
		memset(&fast->objects.counters[slot], 0, sizeof(fast->objects.counters[slot]));
		session->order = (struct abi_order){.on = spec->is_numbered, .required = spec->sequencing, .ns = spec->ns};
	}
	fast->session_places[slot] = (struct xdp_place){.is_used = true, .is_claimed = true};
	if (spec->has_v4)
		memcpy(to.ue, spec->ue4, 4);
	else
		memcpy(to.ue, spec->ue6, 8);
	if (!entry || spec->sgw.addr.family != IP_V4 || spec->limit || (spec->has_v4 && spec->has_v6) ||
		spec->has_more) { // counted and numbered here, carried by the sockets
		to.tunnel = 0;
	} else {
		to.hop = xdp_hop_get(fast, 0, 0, fast->objects.config->gtpu_addr, to.sgw, "");
	}
	session_write(session, &to);
	if (entry)
		__atomic_store_n(entry, slot + 1, __ATOMIC_SEQ_CST);
	if (old_hop)
		xdp_hop_put(fast, old_hop);
}

void fast_session_del(struct fast *fast, uint32_t slot)
{
	uint32_t hop = fast->objects.sessions[slot].hop;

	session_clear(fast, slot);
	xdp_hop_put(fast, hop);
}

void fast_limit_set(struct fast *fast, uint16_t number, const struct fast_limit *limit)
{
	(void)fast; // sessions with a limit are the sockets'
	(void)number;
	(void)limit;
}

uint32_t fast_slots(const struct fast *fast)
{
	return fast->options.slots;
}

struct fast_counters *fast_counters(struct fast *fast, uint32_t slot)
{
	return (struct fast_counters *)&fast->objects.counters[slot];
}

struct fast_order *fast_order(struct fast *fast, uint32_t slot)
{
	return (struct fast_order *)&fast->objects.sessions[slot].order;
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
