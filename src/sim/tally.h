// SPDX-License-Identifier: Apache-2.0
// Times, gathered and told as percentiles: logarithmic steps of some 3 %, a fixed 8 KiB, any number of samples.
#pragma once

#include <stdint.h>

#define TALLY_STEPS 1024

struct tally {
	uint64_t count, sum_us, max_us;
	uint64_t steps[TALLY_STEPS];
};

void tally_add(struct tally *tally, uint64_t us);
// The time in microseconds that `percent` of the samples do not exceed (rounded up to the step); 0 without samples.
uint64_t tally_percentile(const struct tally *tally, double percent);
