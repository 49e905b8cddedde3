// SPDX-License-Identifier: Apache-2.0
#include "controller/api/rate.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS_MAX 10000 // past these all begin anew, full: unknown tokens must not fill the memory

struct rate_bucket {
	uint64_t filled_ms;
	uint64_t millis; // thousandths of a request
};

void rate_init(struct rate *rate, uint32_t per_second)
{
	*rate = (struct rate){.per_second = per_second};
}

void rate_fini(struct rate *rate)
{
	struct rate_bucket *bucket;

	for (size_t i = 0; (bucket = map_next(&rate->buckets, &i));)
		free(bucket);
	map_fini(&rate->buckets);
	rate->buckets = (struct map){0};
}

static struct rate_bucket *bucket_of(struct rate *rate, uint64_t key, uint64_t now_ms)
{
	struct rate_bucket *bucket = map_get(&rate->buckets, key);

	if (bucket)
		return bucket;
	if (rate->buckets.count >= BUCKETS_MAX)
		rate_fini(rate);
	if (!(bucket = malloc(sizeof(*bucket))))
		return NULL;
	*bucket = (struct rate_bucket){now_ms, (uint64_t)rate->per_second * 1000};
	if (map_put(&rate->buckets, key, bucket)) {
		free(bucket);
		return NULL;
	}
	return bucket;
}

bool rate_take(struct rate *rate, const char *token, uint64_t now_ms)
{
	if (!rate->per_second)
		return true;
	struct rate_bucket *bucket = bucket_of(rate, token ? hash_bytes(token, strlen(token)) : 1, now_ms);
	uint64_t depth = (uint64_t)rate->per_second * 1000;

	if (!bucket)
		return true; // memory is out: that is not the client's fault
	bucket->millis += (now_ms - bucket->filled_ms) * rate->per_second;
	bucket->filled_ms = now_ms;
	if (bucket->millis > depth)
		bucket->millis = depth;
	if (bucket->millis < 1000)
		return false;
	bucket->millis -= 1000;
	return true;
}
