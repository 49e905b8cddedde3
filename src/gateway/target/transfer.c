// SPDX-License-Identifier: Apache-2.0
#include "gateway/target/transfer.h"
#include "gateway/target/underlay.h"

#include "gateway/netns.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "sgt" // of the outer ends' names
#define NET 0xc6120000u // 198.18.0.0/15
#define LINKS 65535u // so that no address of a link is the broadcast one
#define TRIES 256

// Slices come up beside each other, and the underlay is one.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint32_t first_index(const struct uuid *owner)
{
	uint32_t hash = 2166136261u; // FNV-1a

	for (const char *c = owner->text; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	return hash % LINKS;
}

static void outer_name(uint32_t index, char out[16])
{
	snprintf(out, 16, PREFIX "%04x", index);
}

// Finds the owner's pair, or makes one under the first free number from the owner's own.
static int find_or_make(
	const struct target_env *env, const struct uuid *owner, const char *name, uint32_t *index, struct nl_link *outer)
{
	uint32_t at = first_index(owner);

	for (unsigned i = 0; i < TRIES; i++, at = (at + 1) % LINKS) {
		char there[16];
		struct nl_link inner;
		int error;

		outer_name(at, there);
		*index = at;
		error = nl_link_get(env->underlay, there, outer);
		if (!error && strcmp(outer->alias, owner->text))
			continue;
		if (!error && !nl_link_get(env->inside, name, &inner))
			return 0;
		if (!error && (error = nl_link_del(env->underlay, outer->index))) // its other end is lost
			return error;
		if (!nl_link_get(env->inside, name, &inner)) // the other way round
			nl_link_del(env->inside, inner.index);
		error = nl_veth_new(env->underlay, there, name, env->inside_fd);
		if (!error)
			error = target_claim_link(env->inside, name);
		if (!error)
			error = nl_link_get(env->underlay, there, outer);
		return error ? error : nl_alias_set(env->underlay, outer->index, owner->text);
	}
	return -ENOSPC;
}

static int set_end(struct nl *nl, const struct nl_link *link, const struct ip_addr *addr)
{
	struct nl_addr row = {.addr = *addr, .len = 31};
	int error = link->flags & IFF_UP ? 0 : nl_link_up(nl, link->index);

	return error ? error : nl_addrs_set(nl, link->index, &row, 1);
}

static int start(const struct target_env *env, const struct uuid *owner, const char *name, struct transfer *out, char *why)
{
	struct nl_link outer;
	uint32_t index = 0;
	int error = netns_enter(env->underlay_fd);

	pthread_mutex_lock(&lock);
	if (!error)
		error = underlay_prepare(env->underlay, why);
	if (!error)
		error = find_or_make(env, owner, name, &index, &outer);
	pthread_mutex_unlock(&lock);
	if (error)
		return error;
	out->outer = ip_addr_v4(NET + 2 * index);
	out->inner = ip_addr_v4(NET + 2 * index + 1);
	out->nat_base = NATPOOL_NET | index << NATPOOL_BITS;
	out->outer_link = outer.index;
	error = set_end(env->underlay, &outer, &out->outer);
	if (!error)
		error = nl_link_get(env->inside, name, &out->link);
	return error ? error : set_end(env->inside, &out->link, &out->inner);
}

int transfer_start(const struct target_env *env, const struct uuid *owner, const char *name, struct transfer *out, char *why)
{
	int error, back;

	*why = 0;
	error = start(env, owner, name, out, why);
	back = netns_enter(env->inside_fd);
	error = error ? error : back;
	if (error && !*why)
		snprintf(why, 160, "the transfer link to the underlay cannot be made: %s", strerror(-error));
	return error;
}

bool transfer_owns(uint32_t nat_base, uint32_t addr)
{
	uint32_t index = (nat_base ^ NATPOOL_NET) >> NATPOOL_BITS;

	return addr >> NATPOOL_BITS == nat_base >> NATPOOL_BITS || addr == NET + 2 * index + 1;
}

int transfer_pool(const struct target_env *env, const struct transfer *transfer)
{
	struct nl_route way = {.kind = NL_ROUTE_UNICAST,
		.to = {.addr = ip_addr_v4(transfer->nat_base), .len = 32 - NATPOOL_BITS},
		.gateway = transfer->inner,
		.link = transfer->outer_link,
		.metric = TARGET_METRIC};

	return nl_route_put(env->underlay, RT_TABLE_MAIN, &way);
}

void transfer_sweep(struct nl *underlay, int underlay_fd)
{
	struct nl_links links = {0};
	bool is_used = false;

	if (netns_enter(underlay_fd) || nl_links_get(underlay, &links))
		return;
	vec_each (&links.rows, link)
		is_used = is_used || (!strncmp(link->name, PREFIX, strlen(PREFIX)) && strlen(link->alias) == UUID_TEXT - 1);
	vec_free(&links.rows);
	if (!is_used)
		underlay_leave(underlay);
}
