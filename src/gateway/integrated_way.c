// SPDX-License-Identifier: Apache-2.0
// Routing Policies whose SIMs' packets may go past the slice's network stack: those that let everything go to one target and come back from it
// (slice_path.c). All others, and whatever the target's routes do not say, take the stack.
#include "gateway/integrated_priv.h"

#include "base/clean.h"
#include "gateway/vslice.h"
#include "gateway/vslice_rules.h"

#include <string.h>

bool integrated_ways_set(struct vslice *vslice)
{
	struct integrated *integrated = vslice->integrated;
	const struct config *config = vslice->gateway->config;
	const struct vslice_config *own = config_vslice(config, &vslice->id);
	VEC(struct integrated_way) ways = {0};
	bool is_news;

	integrated_ways_gather(vslice); // what went the old way counts for the old rules
	vec_each (&integrated->tags.rows, tag) {
		struct integrated_way way = {.policy = tag->policy, .tag = tag->tag}, *room;

		if (!own || !slice_sims_path(own, config, &tag->policy, &way.path, way.rules))
			continue;
		if (integrated->dp) // what its cable carried before has been counted
			dp_slice_flow(integrated->dp, &way.path, way.tag, &way.seen);
		room = vec_add(&ways);
		if (room)
			*room = way;
	}
	is_news = ways.count != integrated->ways.count;
	for (size_t i = 0; !is_news && i < ways.count; i++)
		is_news = !uuid_equal(&ways.items[i].policy, &integrated->ways.items[i].policy) ||
			memcmp(&ways.items[i].path, &integrated->ways.items[i].path, sizeof(struct dp_path));
	vec_free(&integrated->ways);
	integrated->ways.items = ways.items;
	integrated->ways.count = ways.count;
	integrated->ways.room = ways.room;
	return is_news;
}

struct dp_path integrated_path(const struct integrated *integrated, const struct uuid *policy)
{
	vec_each (&integrated->ways, way)
		if (uuid_equal(&way->policy, policy))
			return way->path;
	return (struct dp_path){0};
}

void integrated_ways_gather(struct vslice *vslice)
{
	struct integrated *integrated = vslice->integrated;

	if (!integrated || !integrated->dp)
		return;
	vec_each (&integrated->ways, way) {
		struct dp_counters now;

		dp_slice_flow(integrated->dp, &way->path, way->tag, &now);
		vslice_rules_carry(vslice, way->rules, &now, &way->seen);
	}
}

enum dp_way integrated_way(const struct vslice *vslice)
{
	const struct integrated *integrated = vslice->integrated;
	enum dp_way best, way;

	if (!integrated_is_open(vslice))
		return DP_WAY_SOCKETS;
	best = dp_slice_way(integrated->dp, &(struct dp_path){0}, 0);
	vec_each (&integrated->ways, row) {
		way = dp_slice_way(integrated->dp, &row->path, row->tag);
		best = way > best ? way : best;
	}
	return best;
}
