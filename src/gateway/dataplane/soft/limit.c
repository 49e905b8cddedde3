// SPDX-License-Identifier: Apache-2.0
// Rate limits and discards (struct dp_limit).
//
// The bucket is kept as one time a direction (the generic cell rate algorithm, ITU-T I.371 A): until when the session is busy with what it was
// let through already. Adding to it is one atomic operation, so sockets and BPF programs share it and a session has one rate, not two. The
// clock is the coarse one, as cheap as a load; its tick of some milliseconds is far below the burst.
//
// What sessions have in common is a limit with a number, found by what it says, so that a gateway that was started again gives it the same number
// as before (xdp/).
#include "gateway/dataplane/soft/soft.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#define BURST_NS 100000000ull
#define BURST_OCTETS 3000u // at least: two packets
#define NS_BITS 8000000000ull // ns for an octet at 1 bit/s

static struct fast_limit limit_of(const struct dp_limit limits[2])
{
	struct fast_limit out;

	memset(&out, 0, sizeof(out)); // it is compared whole
	for (unsigned i = 0; i < 2; i++) {
		uint64_t rate = limits[i].rate_bps;

		out.discard_percent[i] = limits[i].discard_percent > 100 ? 100 : limits[i].discard_percent;
		if (!rate)
			continue;
		out.scale[i] = (uint64_t)(((unsigned __int128)NS_BITS << FAST_LIMIT_SHIFT) / rate);
		out.scale[i] += !out.scale[i];
		out.burst_ns[i] = (BURST_OCTETS * out.scale[i]) >> FAST_LIMIT_SHIFT;
		if (out.burst_ns[i] < BURST_NS)
			out.burst_ns[i] = BURST_NS;
	}
	return out;
}

uint16_t soft_limit_get(struct dp *dp, const struct dp_limit limits[2], int *error)
{
	struct fast_limit wanted = limit_of(limits);
	uint32_t hash = 2166136261u; // FNV-1a: the same in every process
	uint16_t number;

	*error = 0;
	if (!wanted.scale[0] && !wanted.scale[1] && !wanted.discard_percent[0] && !wanted.discard_percent[1])
		return 0;
	for (size_t i = 0; i < sizeof(wanted); i++)
		hash = (hash ^ ((const uint8_t *)&wanted)[i]) * 16777619u;
	for (uint32_t i = 0, free_number = 0; i <= SOFT_LIMITS; i++) {
		number = (uint16_t)((hash + i) % SOFT_LIMITS);
		if (number && dp->limits[number].refs && !memcmp(&dp->limits[number].fast, &wanted, sizeof(wanted))) {
			dp->limits[number].refs++;
			return number;
		}
		if (number && !dp->limits[number].refs && !free_number)
			free_number = number;
		if (free_number && (i == SOFT_LIMITS || i == 32)) { // far enough: all that are wanted stand near their place
			dp->limits[free_number] = (struct soft_limit){.refs = 1, .fast = wanted};
			if (dp->fast)
				fast_limit_set(dp->fast, (uint16_t)free_number, &wanted);
			return (uint16_t)free_number;
		}
	}
	*error = -ENOSPC;
	return 0;
}

void soft_limit_put(struct dp *dp, uint16_t limit)
{
	if (limit)
		dp->limits[limit].refs--;
}

static bool is_discarded(uint8_t percent)
{
	static _Thread_local uint64_t state;

	if (!percent)
		return false;
	if (!state && getrandom(&state, sizeof(state), 0) != sizeof(state))
		state = 1;
	state ^= state << 13; // xorshift64: it need only look random to a device under test
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % 100 < percent;
}

bool soft_limit_passes(struct dp *dp, struct dp_session *session, enum dp_direction direction, size_t len)
{
	const struct fast_limit *limit = &dp->limits[session->limit].fast;
	uint64_t *busy = soft_busy_until(dp, session, direction), now, until;
	struct timespec clock;

	if (is_discarded(limit->discard_percent[direction])) {
		soft_drop(dp, session, DP_DROP_DISCARDED);
		return false;
	}
	if (!limit->scale[direction])
		return true;
	clock_gettime(CLOCK_MONOTONIC_COARSE, &clock);
	now = (uint64_t)clock.tv_sec * 1000000000u + (uint64_t)clock.tv_nsec;
	until = __atomic_load_n(busy, __ATOMIC_RELAXED);
	if (until < now)
		until = now;
	if (until - now > limit->burst_ns[direction]) {
		soft_drop(dp, session, DP_DROP_RATE_LIMITED);
		return false;
	}
	__atomic_store_n(busy, until + ((len * limit->scale[direction]) >> FAST_LIMIT_SHIFT), __ATOMIC_RELAXED);
	return true;
}
