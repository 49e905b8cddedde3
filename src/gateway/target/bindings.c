// SPDX-License-Identifier: Apache-2.0
#include "gateway/target/bindings.h"

#include "base/clean.h"
#include "base/map.h"
#include "gateway/conntrack.h"
#include "gateway/netns.h"
#include "gateway/target/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// A connection between slice and underlay, as both know it.
struct inside {
	struct binding binding;
	struct ip_end link; // the address and port that it has on the transfer link
};

struct gather {
	const struct binding_link *links;
	size_t count;
	const struct binding_query *query;
	VEC(struct inside) rows;
	struct map
		by_link; // hash of (link, remote, protocol) -> index + 1 in rows; of those with one hash the first, others follow by `next`
	VEC(size_t) next;
	bool is_out_of_memory;
};

static uint64_t hash_of(const struct ip_end *link, const struct ip_end *remote, uint8_t protocol)
{
	return hash_u64(ip_end_hash(link) + protocol) ^ ip_end_hash(remote);
}

static bool end_fits(const struct ip_end *wanted, const struct ip_end *end)
{
	return (!wanted->addr.family || ip_addr_equal(&wanted->addr, &end->addr)) && (!wanted->port || wanted->port == end->port);
}

static const struct binding_link *link_of(const struct gather *gather, const struct ip_addr *addr)
{
	for (size_t i = 0; i < gather->count; i++)
		if (transfer_owns(gather->links[i].nat_base, ip_addr_to_v4(addr)))
			return &gather->links[i];
	return NULL;
}

static bool add(struct gather *gather, const struct inside *inside)
{
	uint64_t hash = hash_of(&inside->link, &inside->binding.remote, inside->binding.protocol);
	struct inside *room = vec_add(&gather->rows);
	size_t *next = vec_add(&gather->next);

	if (!room || !next) {
		gather->is_out_of_memory = true;
		return false;
	}
	*room = *inside;
	*next = (size_t)(uintptr_t)map_get(&gather->by_link, hash);
	gather->is_out_of_memory = map_put(&gather->by_link, hash, (void *)(uintptr_t)gather->rows.count) != 0;
	return !gather->is_out_of_memory && gather->rows.count < BINDINGS_MAX;
}

static bool on_inside(void *owner, const struct conntrack_row *row)
{
	struct gather *gather = owner;
	const struct binding_query *query = gather->query;
	const struct binding_link *link = link_of(gather, &row->answered.destination.addr);
	// What answers is whom it reaches: a rule may have diverted it.
	struct inside inside = {.binding = {.inner = row->sent.source,
					.remote = row->answered.source,
					.protocol = row->protocol,
					.started_ms = row->started_ms,
					.packets = row->packets,
					.octets = row->octets,
					.timeout_s = row->timeout_s},
		.link = row->answered.destination};

	if (!link || ip_end_equal(&row->sent.source, &row->answered.destination) ||
		!end_fits(&query->inner, &inside.binding.inner) || !end_fits(&query->remote, &inside.binding.remote) ||
		(query->protocol && query->protocol != row->protocol))
		return true;
	inside.binding.target = link->target;
	return add(gather, &inside);
}

// Of ICMP the identifier stands for both ports, and is another on either side.
static bool is_outside_of(const struct inside *inside, const struct conntrack_row *row)
{
	return inside->binding.protocol == row->protocol && ip_end_equal(&inside->link, &row->sent.source) &&
		ip_addr_equal(&inside->binding.remote.addr, &row->sent.destination.addr) &&
		inside->binding.remote.port == row->sent.destination.port;
}

static bool on_outside(void *owner, const struct conntrack_row *row)
{
	struct gather *gather = owner;
	uint64_t hash = hash_of(&row->sent.source, &row->sent.destination, row->protocol);
	size_t at = link_of(gather, &row->sent.source.addr) ? (size_t)(uintptr_t)map_get(&gather->by_link, hash) : 0;

	for (; at; at = gather->next.items[at - 1])
		if (is_outside_of(&gather->rows.items[at - 1], row))
			gather->rows.items[at - 1].binding.public = row->answered.destination;
	return true;
}

static int end_order(const struct ip_end *a, const struct ip_end *b)
{
	int order = memcmp(a->addr.bytes, b->addr.bytes, sizeof(a->addr.bytes));

	return order ? order : (int)a->port - (int)b->port;
}

static int order(const void *a, const void *b)
{
	const struct binding *first = &((const struct inside *)a)->binding, *second = &((const struct inside *)b)->binding;
	int inner = end_order(&first->inner, &second->inner), remote = end_order(&first->remote, &second->remote);

	return inner ? inner : remote ? remote : (int)first->protocol - (int)second->protocol;
}

// Counts those that the query is for, and keeps its page of them.
static int page(struct gather *gather, struct bindings *out)
{
	const struct binding_query *query = gather->query;

	if (gather->rows.count)
		qsort(gather->rows.items, gather->rows.count, sizeof(*gather->rows.items), order);
	vec_each (&gather->rows, row) {
		struct binding *room;

		if (!end_fits(&query->public, &row->binding.public) || out->total++ < query->offset ||
			out->rows.count == query->limit)
			continue;
		room = vec_add(&out->rows);
		if (!room)
			return -ENOMEM;
		*room = row->binding;
	}
	return 0;
}

int bindings_get(
	int underlay_fd, const struct binding_link *links, size_t count, const struct binding_query *query, struct bindings *out)
{
	struct gather gather = {.links = links, .count = count, .query = query};
	int error = conntrack_each(on_inside, &gather), back = netns_enter(underlay_fd);

	error = error ? error : back;
	if (!error && gather.rows.count)
		error = conntrack_each(on_outside, &gather);
	if (!error && gather.is_out_of_memory)
		error = -ENOMEM;
	if (!error)
		error = page(&gather, out);
	map_fini(&gather.by_link);
	vec_free(&gather.next);
	vec_free(&gather.rows);
	return error;
}
