// SPDX-License-Identifier: Apache-2.0
// What a session has counted: in its own tally, or in the fast path's memory, where programs and sockets both add. A session may have moved from the
// one to the other, so a reader sums.
#include "gateway/dataplane/soft/soft.h"

#include <string.h>

static void add(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

// One that was never used is only looked at, which costs no memory.
void soft_tally_clear(struct dp *dp, const struct dp_session *session)
{
	static const struct soft_tally none;
	struct soft_tally *tally = &dp->tallies[soft_slot(dp, session)];

	if (memcmp(tally, &none, sizeof(none)) != 0)
		*tally = none;
}

void soft_count(struct dp *dp, struct dp_session *session, enum dp_direction direction, uint64_t packets, uint64_t octets)
{
	struct fast_count *shared = soft_is_shared(dp, session) ? fast_count(dp->fast, soft_slot(dp, session), direction) : NULL;
	struct dp_counters *own = &dp->tallies[soft_slot(dp, session)].counters;

	if (shared) {
		add(&shared->packets, packets);
		add(&shared->bytes, octets);
	} else if (direction == DP_UPLINK) {
		own->uplink_packets += packets;
		own->uplink_bytes += octets;
	} else {
		own->downlink_packets += packets;
		own->downlink_bytes += octets;
	}
}

void soft_count_dropped(struct dp *dp, struct dp_session *session, uint64_t packets)
{
	if (soft_is_shared(dp, session))
		add(&fast_extra(dp->fast, soft_slot(dp, session))->dropped, packets);
	else
		dp->tallies[soft_slot(dp, session)].counters.dropped += packets;
}

uint64_t *soft_busy_until(struct dp *dp, struct dp_session *session, enum dp_direction direction)
{
	if (soft_is_shared(dp, session))
		return &fast_extra(dp->fast, soft_slot(dp, session))->busy_until_ns[direction];
	return &dp->tallies[soft_slot(dp, session)].busy_until_ns[direction];
}

void dp_session_counters(const struct dp_session *session, struct dp_counters *out)
{
	struct dp *dp = soft_dp(session);
	const struct fast_count *count;
	uint32_t slot = soft_slot(dp, session);

	*out = dp->tallies[slot].counters;
	if (!soft_is_shared(dp, session))
		return;
	count = fast_count(dp->fast, slot, DP_UPLINK);
	out->uplink_packets += count->packets;
	out->uplink_bytes += count->bytes;
	count = fast_count(dp->fast, slot, DP_DOWNLINK);
	out->downlink_packets += count ? count->packets : 0;
	out->downlink_bytes += count ? count->bytes : 0;
	out->dropped += fast_extra(dp->fast, slot)->dropped;
}

static uint64_t missing(uint64_t now, uint64_t least)
{
	return now < least ? least - now : 0;
}

// What the fast path counted on while no gateway ran is kept.
void dp_session_restore_counters(struct dp_session *session, const struct dp_counters *from)
{
	struct dp *dp = soft_dp(session);
	struct dp_counters now;

	dp_session_counters(session, &now);
	soft_count(dp, session, DP_UPLINK, missing(now.uplink_packets, from->uplink_packets),
		missing(now.uplink_bytes, from->uplink_bytes));
	soft_count(dp, session, DP_DOWNLINK, missing(now.downlink_packets, from->downlink_packets),
		missing(now.downlink_bytes, from->downlink_bytes));
	soft_count_dropped(dp, session, missing(now.dropped, from->dropped));
}
