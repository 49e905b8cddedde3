// SPDX-License-Identifier: Apache-2.0
// How many requests a second a token may make: a bucket a token, filled at the rate, as deep as one second.
#pragma once

#include "base/map.h"

struct rate {
	uint32_t per_second; // 0 = no limit
	struct map buckets; // hash of the token -> struct rate_bucket
};

void rate_init(struct rate *rate, uint32_t per_second);
// Takes one request of the token's (NULL = without a token: all of these share one) at `now_ms`. False when the bucket is empty.
bool rate_take(struct rate *rate, const char *token, uint64_t now_ms);
void rate_fini(struct rate *rate);
