// SPDX-License-Identifier: Apache-2.0
// Which LNS an attach goes to: the best rank wins, and among equals the one whose turn is longest ago.
#include "gateway/health.h"
#include "gateway/tunnel.h"

uint32_t pair_sessions(const struct pair *pair)
{
	uint32_t sessions = 0;

	for (const struct tunnel *tunnel = pair->tunnels; tunnel; tunnel = tunnel->next)
		sessions += tunnel->l2tp.sessions;
	return sessions;
}

static uint32_t rank_of(const struct pair *pair)
{
	uint32_t random;

	switch (pair->profile->settings->failover_mode) {
	case FAILOVER_BALANCED:
		return pair_sessions(pair);
	case FAILOVER_RANDOM:
		random_fill(&random, sizeof(random));
		return random >> 1;
	case FAILOVER_ROUND_ROBIN:
		return 0;
	default:
		return (uint32_t)pair->preference;
	}
}

static bool is_among(const struct uuid *tried, unsigned count, const struct uuid *id)
{
	for (unsigned i = 0; i < count; i++)
		if (uuid_equal(&tried[i], id))
			return true;
	return false;
}

static bool is_past(int64_t limit, uint32_t sessions)
{
	return limit && sessions >= limit;
}

static enum choice_lack lack_of(const struct pair *pair)
{
	if (!pair->reached)
		return CHOICE_UNREACHED;
	return is_past(pair->profile->settings->max_sessions_per_lns, pair_sessions(pair)) ? CHOICE_FULL : CHOICE_NONE;
}

static bool lac_is_full(const struct lac *lac)
{
	uint32_t sessions = 0;

	if (!lac->pairs || !lac->pairs->profile->settings->max_sessions_per_lac)
		return false;
	for (const struct pair *pair = lac->pairs; pair; pair = pair->next)
		sessions += pair_sessions(pair);
	return is_past(lac->pairs->profile->settings->max_sessions_per_lac, sessions);
}

struct pair *choose_lns(struct lac *lac, const struct uuid *tried, unsigned tried_count, bool may_be_held, enum choice_lack *lack)
{
	struct pair *best = NULL;
	uint32_t best_rank = 0;

	*lack = lac_is_full(lac) ? CHOICE_LAC_FULL : CHOICE_NONE;
	if (*lack)
		return NULL;
	for (struct pair *pair = lac->pairs; pair; pair = pair->next) {
		enum choice_lack its = is_among(tried, tried_count, &pair->lns_id) ? CHOICE_NONE : lack_of(pair);
		uint32_t rank;

		if (!its && pair_is_held(pair) && !may_be_held)
			its = CHOICE_HELD;
		*lack = its ? its : *lack;
		if (its || is_among(tried, tried_count, &pair->lns_id))
			continue;
		rank = rank_of(pair);
		if (!best || pair_is_held(pair) < pair_is_held(best) ||
			(pair_is_held(pair) == pair_is_held(best) &&
				(rank < best_rank || (rank == best_rank && pair->turn < best->turn)))) {
			best = pair;
			best_rank = rank;
		}
	}
	if (best)
		best->turn = ++lac->turn;
	return best;
}
