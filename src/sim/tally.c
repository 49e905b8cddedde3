// SPDX-License-Identifier: Apache-2.0

#include "sim/tally.h"

#define SUB_BITS 5 // steps within a power of two: 32

// Below 32 us each microsecond has its step; above, the five bits after the leading one choose it.
static unsigned int step_of(uint64_t us)
{
	unsigned int power = us < 1u << SUB_BITS ? 0 : 63u - (unsigned int)__builtin_clzll(us) - SUB_BITS;
	unsigned int step = (power << SUB_BITS) + (unsigned int)(us >> power);

	return step < TALLY_STEPS ? step : TALLY_STEPS - 1;
}

static uint64_t end_of(unsigned int step)
{
	unsigned int power = step >> SUB_BITS;

	if (power <= 1)
		return step;
	power--;
	return (((uint64_t)step - ((uint64_t)power << SUB_BITS) + 1) << power) - 1;
}

void tally_add(struct tally *tally, uint64_t us)
{
	tally->count++;
	tally->sum_us += us;
	tally->max_us = us > tally->max_us ? us : tally->max_us;
	tally->steps[step_of(us)]++;
}

uint64_t tally_percentile(const struct tally *tally, double percent)
{
	uint64_t want = (uint64_t)((double)tally->count * percent / 100 + 0.999999), seen = 0;

	for (unsigned int i = 0; i < TALLY_STEPS; i++) {
		seen += tally->steps[i];
		if (tally->count && seen >= want)
			return end_of(i) < tally->max_us ? end_of(i) : tally->max_us;
	}
	return tally->max_us;
}
