// SPDX-License-Identifier: Apache-2.0
#include "gateway/natpool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POSITIONS (1u << NATPOOL_BITS)

static uint64_t count_of(const struct addr_range *range)
{
	return (uint64_t)ip_addr_to_v4(&range->to) - ip_addr_to_v4(&range->from) + 1;
}

static int count_all(const struct addr_set *set, uint64_t *count)
{
	*count = 0;
	vec_each (&set->ranges, range) {
		if (range->from.family != IP_V4)
			return -EINVAL;
		*count += count_of(range);
	}
	return 0;
}

static int add(struct natpool *pool, uint32_t addr, uint8_t taken[POSITIONS / 8])
{
	struct natpool_row *room = vec_add(&pool->rows);
	uint32_t position = addr % POSITIONS;

	if (!room)
		return -ENOMEM;
	while (taken[position / 8] & 1 << position % 8)
		position = (position + 1) % POSITIONS;
	taken[position / 8] |= (uint8_t)(1 << position % 8);
	*room = (struct natpool_row){addr, (uint16_t)position};
	return 0;
}

int natpool_new(const struct addr_set *set, struct natpool *out)
{
	uint8_t taken[POSITIONS / 8] = {0};
	struct natpool pool = {0};
	uint64_t count;
	int error = count_all(set, &count);

	if (!error && count > NATPOOL_MAX)
		error = -E2BIG;
	if (!error)
		vec_each (&set->ranges, range)
			for (uint64_t i = 0; i < count_of(range) && !error; i++)
				error = add(&pool, ip_addr_to_v4(&range->from) + (uint32_t)i, taken);
	if (error)
		natpool_fini(&pool);
	else
		*out = pool;
	return error;
}

int natpool_take(const struct natpool *pool, const struct addr_set *wanted, struct natpool *out, size_t *missing)
{
	struct natpool taken = {0};
	uint64_t count = 0;

	*missing = 0;
	vec_each (&pool->rows, row) {
		struct ip_addr addr = ip_addr_v4(row->addr);
		struct natpool_row *room;

		if (!addr_set_has(wanted, &addr))
			continue;
		room = vec_add(&taken.rows);
		if (!room) {
			natpool_fini(&taken);
			return -ENOMEM;
		}
		*room = *row;
	}
	vec_each (&wanted->ranges, range)
		if (range->from.family == IP_V4)
			count += count_of(range);
		else
			++*missing;
	if (wanted->ranges.count)
		*missing += count - taken.rows.count;
	*out = taken;
	return 0;
}

void natpool_fini(struct natpool *pool)
{
	vec_free(&pool->rows);
}

char *natpool_text(const struct natpool *pool, char *out, size_t room)
{
	size_t used = 0, last;

	*out = 0;
	for (size_t i = 0; i < pool->rows.count; i = last + 1) {
		struct ip_addr from = ip_addr_v4(pool->rows.items[i].addr), to;
		char one[2 * IP_ADDR_TEXT + 4], first[IP_ADDR_TEXT], end[IP_ADDR_TEXT];

		for (last = i; last + 1 < pool->rows.count && pool->rows.items[last + 1].addr == pool->rows.items[last].addr + 1;)
			last++;
		to = ip_addr_v4(pool->rows.items[last].addr);
		snprintf(one, sizeof(one), "%s%s%s%s", used ? ", " : "", ip_addr_text(&from, first), last > i ? "-" : "",
			last > i ? ip_addr_text(&to, end) : "");
		if (used + strlen(one) + sizeof(", ...") > room) {
			snprintf(out + used, room - used, "%s", used ? ", ..." : "...");
			break;
		}
		used += (size_t)snprintf(out + used, room - used, "%s", one);
	}
	return out;
}
