// SPDX-License-Identifier: Apache-2.0
#include "gateway/addrpool.h"

#include "base/map.h"
#include "base/vec.h"

#include <errno.h>
#include <stdlib.h>

struct addrpool {
	enum ip_family family;
	bool (*is_kept)(void *owner, enum ip_family family, uint64_t number);
	void *owner;
	VEC(struct subnet_range) ranges;
	struct map out; // number -> holder
	uint64_t size, live; // of the ranges
	size_t range; // where the next search begins
	uint64_t next;
	bool is_empty; // the last search found nothing, and nothing has changed since
};

int addrpool_new(enum ip_family family, bool (*is_kept)(void *owner, enum ip_family family, uint64_t number), void *owner,
	struct addrpool **out)
{
	struct addrpool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return -ENOMEM;
	pool->family = family;
	pool->is_kept = is_kept;
	pool->owner = owner;
	*out = pool;
	return 0;
}

void addrpool_free(struct addrpool **pool)
{
	if (!*pool)
		return;
	vec_free(&(*pool)->ranges);
	map_fini(&(*pool)->out);
	free(*pool);
	*pool = NULL;
}

static bool is_ours(const struct addrpool *pool, uint64_t number)
{
	vec_each (&pool->ranges, range)
		if (subnet_range_has(range, pool->family, number))
			return true;
	return false;
}

static void count_live(struct addrpool *pool)
{
	pool->live = 0;
	for (size_t i = 0; i < pool->out.size; i++)
		pool->live += pool->out.slots[i].value && is_ours(pool, pool->out.slots[i].key);
}

int addrpool_set(struct addrpool *pool, const struct subnet_range *ranges, size_t count)
{
	VEC(struct subnet_range) now = {0};
	uint64_t size = 0;

	for (size_t i = 0; i < count; i++) {
		struct subnet_range *room = ranges[i].family == pool->family ? vec_add(&now) : NULL;

		if (!room && ranges[i].family == pool->family) {
			vec_free(&now);
			return -ENOMEM;
		}
		if (!room)
			continue;
		*room = ranges[i];
		size += ranges[i].last - ranges[i].first + 1;
	}
	vec_free(&pool->ranges);
	pool->ranges.items = now.items;
	pool->ranges.count = now.count;
	pool->ranges.room = now.room;
	pool->size = size;
	if (pool->range >= now.count) {
		pool->range = 0;
		pool->next = 0;
	}
	count_live(pool);
	pool->is_empty = false;
	return 0;
}

// The number after the last one that was looked at, ranges in order and from the beginning again.
static uint64_t step(struct addrpool *pool)
{
	const struct subnet_range *range = &pool->ranges.items[pool->range];
	uint64_t number = pool->next < range->first || pool->next > range->last ? range->first : pool->next;

	if (number == range->last) {
		pool->range = (pool->range + 1) % pool->ranges.count;
		pool->next = pool->ranges.items[pool->range].first;
	} else {
		pool->next = number + 1;
	}
	return number;
}

int addrpool_take(struct addrpool *pool, void *holder, uint64_t *out)
{
	if (pool->is_empty || pool->live >= pool->size)
		return -ENOSPC;
	for (uint64_t i = 0; i < pool->size; i++) {
		uint64_t number = step(pool);

		if (map_get(&pool->out, number) || (pool->is_kept && pool->is_kept(pool->owner, pool->family, number)))
			continue;
		if (map_put(&pool->out, number, holder))
			return -ENOMEM;
		pool->live++;
		*out = number;
		return 0;
	}
	pool->is_empty = true;
	return -ENOSPC;
}

int addrpool_claim(struct addrpool *pool, uint64_t number, void *holder)
{
	void *now = map_get(&pool->out, number);

	if (now)
		return now == holder ? 0 : -EEXIST;
	if (map_put(&pool->out, number, holder))
		return -ENOMEM;
	pool->live += is_ours(pool, number);
	return 0;
}

void addrpool_give(struct addrpool *pool, uint64_t number, const void *holder)
{
	if (map_get(&pool->out, number) != holder)
		return;
	map_del(&pool->out, number);
	pool->live -= is_ours(pool, number);
	pool->is_empty = false;
}

void *addrpool_holder(const struct addrpool *pool, uint64_t number)
{
	return map_get(&pool->out, number);
}

void addrpool_look_again(struct addrpool *pool)
{
	pool->is_empty = false;
}

uint64_t addrpool_size(const struct addrpool *pool)
{
	return pool->size;
}

uint64_t addrpool_live(const struct addrpool *pool)
{
	return pool->live;
}
