// SPDX-License-Identifier: Apache-2.0
// Routes past a slice's stack: a copy of the Routing Target's table for the programs, where its prefixes lead to next hops.
//
// The kernel's own look-up (bpf_fib_lookup) is there for programs under the GPL only, minds marks from 6.10 on, and works in the namespace that a
// packet came in by, which is not the slice's. So the tables are copied, and followed as neighbours are. What the copy cannot say (a neighbour on
// link, a gateway of IPv6, another interface, an unreachable destination), and what is the slice's own (its addresses, its SIMs), leads to hop 0,
// the stack: the longest prefix decides among both.
//
// What comes back by such an interface goes past the stack too, but not by a veth: a host at its other end may have left the TCP checksum to be
// made by hardware that is not there, and only the stack knows.
#include "gateway/dataplane/xdp/xdp.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(xdp);

#define ROUTES_MAX 4096 // of one way; a table with more stays with the stack

// What is said of one prefix: the greatest holds.
enum rank {
	RANK_NONE, // nothing: it goes
	RANK_NO_WAY, // the target's table, that it leads nowhere; behind its routes, as their metrics say
	RANK_WAY, // the target's table, by a gateway
	RANK_OWN, // it is the slice's own
};

struct row {
	struct abi_route key;
	uint32_t hop;
	enum rank rank;
	uint32_t gateway; // of a way
	bool is_new; // the programs do not know it
};

struct way {
	VEC(struct row) rows; // as `routes` has them
};

struct xdp_ways {
	struct way at[ABI_TUNNELS];
};

struct look {
	struct fast *fast;
	struct way *way;
	uint32_t tunnel, mark, slice, ifindex, sims;
	char interface[17];
	bool is_failed, leads; // leads: some route goes past the stack
};

int xdp_ways_new(struct xdp_ways **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

static struct row *find(struct way *way, const struct abi_route *key)
{
	vec_each (&way->rows, row)
		if (!memcmp(&row->key, key, sizeof(*key)))
			return row;
	return NULL;
}

static struct abi_route key_of(const struct look *look, const struct route_row *row)
{
	struct abi_route key = {.bits = 32u + row->len + (row->is_v6 ? 0 : 96), .tunnel = look->tunnel};

	if (row->is_v6) {
		memcpy(key.to, row->to, 16);
	} else {
		key.to[10] = key.to[11] = 0xff;
		memcpy(key.to + 12, row->to, 4);
	}
	return key;
}

static void want(struct look *look, const struct route_row *row, enum rank rank)
{
	struct abi_route key = key_of(look, row);
	struct row *at = find(look->way, &key);

	if (!at) {
		at = look->way->rows.count < ROUTES_MAX ? vec_add(&look->way->rows) : NULL;
		if (!at) {
			look->is_failed = true;
			return;
		}
		*at = (struct row){.key = key, .is_new = true};
	}
	if (rank <= at->rank)
		return;
	at->rank = rank;
	at->gateway = row->gateway;
}

// Has the programs know the route. A hop is taken for each, once.
static void tell(struct look *look, struct row *row)
{
	uint32_t hop = 0, old = row->hop;

	if (row->rank == RANK_WAY)
		hop = xdp_hop_get(look->fast, look->slice, look->mark, 0, row->gateway, look->interface);
	look->leads = look->leads || hop;
	if ((row->is_new || hop != old) && bpf_map_update_elem(xdp_routes_fd(look->fast), &row->key, &hop, BPF_ANY)) {
		look->is_failed = true;
		xdp_hop_put(look->fast, hop);
		return;
	}
	row->is_new = false;
	row->hop = hop;
	xdp_hop_put(look->fast, old);
}

static void on_route(void *owner, const struct route_row *row)
{
	struct look *look = owner;

	if (row->table == look->mark)
		want(look, row,
			row->type == RTN_UNICAST && row->gateway && row->ifindex == look->ifindex ? RANK_WAY : RANK_NO_WAY);
	else if (row->table == RT_TABLE_LOCAL || (row->table == RT_TABLE_MAIN && row->ifindex == look->sims))
		want(look, row, RANK_OWN);
}

static void drop_unwanted(struct fast *fast, struct way *way)
{
	size_t kept = 0;

	vec_each (&way->rows, row) {
		if (row->rank != RANK_NONE) {
			way->rows.items[kept++] = *row;
			continue;
		}
		bpf_map_delete_elem(xdp_routes_fd(fast), &row->key);
		xdp_hop_put(fast, row->hop);
	}
	way->rows.count = kept;
}

static void forget(struct fast *fast, struct way *way)
{
	vec_each (&way->rows, row)
		row->rank = RANK_NONE;
	drop_unwanted(fast, way);
	vec_free(&way->rows);
}

static bool has_way(const struct abi_tunnel *tunnel)
{
	return tunnel->slice && tunnel->flags & ABI_INTEGRATED && *tunnel->interface;
}

static void follow(struct fast *fast, struct way *way, uint32_t number, struct route *route)
{
	struct abi_tunnel *tunnel = &fast->objects.tunnels[number];
	struct look look = {.fast = fast, .way = way, .tunnel = number, .mark = tunnel->mark, .slice = tunnel->slice};
	struct route_link link, sims;

	memcpy(look.interface, tunnel->interface, sizeof(tunnel->interface));
	if (!route || route_link_named(route, look.interface, &link) || !link.is_up ||
		route_link_named(route, DP_SLICE_INTERFACE, &sims)) {
		__atomic_store_n(&tunnel->way, 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(&tunnel->way_in, 0, __ATOMIC_SEQ_CST);
		return;
	}
	look.ifindex = link.ifindex;
	look.sims = sims.ifindex;
	vec_each (&way->rows, row)
		row->rank = RANK_NONE;
	if (route_dump(route, on_route, &look))
		return; // as it was, until the next look
	drop_unwanted(fast, way);
	vec_each (&way->rows, row)
		tell(&look, row);
	if (look.is_failed && tunnel->way)
		log_warn("a Routing Target has too many routes for the fast path interface=%s", look.interface);
	__atomic_store_n(&tunnel->way, look.is_failed || !look.leads ? 0 : link.ifindex, __ATOMIC_SEQ_CST);
	__atomic_store_n(&tunnel->way_in, strcmp(link.kind, "veth") ? tunnel->way : 0, __ATOMIC_SEQ_CST);
}

// What an earlier process left in the map goes once the ways are known anew.
static void sweep(struct fast *fast, struct xdp_ways *ways)
{
	struct abi_route key, next;
	bool has_key = false;

	while (!bpf_map_get_next_key(xdp_routes_fd(fast), has_key ? &key : NULL, &next)) {
		if (next.tunnel < ABI_TUNNELS && find(&ways->at[next.tunnel], &next)) {
			key = next;
			has_key = true;
			continue;
		}
		if (bpf_map_delete_elem(xdp_routes_fd(fast), &next))
			return;
	}
}

void xdp_ways_look(struct fast *fast, struct xdp_ways *ways, struct route *const *routes)
{
	bool is_first = fast->is_settled && !fast->are_ways_swept;

	for (uint32_t i = 1; i < ABI_TUNNELS; i++) {
		struct abi_tunnel *tunnel = &fast->objects.tunnels[i];

		if (fast->tunnel_places[i].is_claimed && has_way(tunnel))
			follow(fast, &ways->at[i], i, routes[tunnel->slice % ABI_SLICES]);
		else if (ways->at[i].rows.count)
			forget(fast, &ways->at[i]);
	}
	if (is_first)
		sweep(fast, ways);
	fast->are_ways_swept = fast->are_ways_swept || is_first;
}

void xdp_ways_free(struct fast *fast, struct xdp_ways **pointer, bool keep)
{
	struct xdp_ways *ways = *pointer;

	*pointer = NULL;
	for (uint32_t i = 0; ways && i < ABI_TUNNELS; i++) {
		if (!keep && ways->at[i].rows.count)
			forget(fast, &ways->at[i]);
		vec_free(&ways->at[i].rows);
	}
	free(ways);
}
