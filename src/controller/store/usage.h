// SPDX-License-Identifier: Apache-2.0
// Usage: octets and sessions by hour and by day, of endpoints, Endpoint Groups, VSlices and customers.
//
// Gateways tell the totals of a session so far, again and again. What was counted of each session stands in a row of its own, written
// with what it adds to the hours and days: so a batch that is sent twice, a controller that restarts or a gateway that was killed adds
// nothing twice and loses nothing that was told. Whom a session counts for is settled when it is first heard of: endpoint, group,
// VSlice and customer get small numbers, so that a row of an hour is some twenty octets. Hours and days are keyed by time first: what
// is written lies together, and what is too old goes in one piece.
#pragma once

#include "controller/store/db.h"

enum usage_span { USAGE_HOUR = 1, USAGE_DAY };

#define USAGE_HOUR_MS (3600 * INT64_C(1000))
#define USAGE_DAY_MS (24 * USAGE_HOUR_MS)

static inline int64_t usage_span_ms(enum usage_span span)
{
	return span == USAGE_HOUR ? USAGE_HOUR_MS : USAGE_DAY_MS;
}

int usage_schema(struct db *db);

// What a gateway told of a session: its totals so far.
struct usage_told {
	char session[64], endpoint[40];
	int64_t bytes_up, bytes_down;
	int64_t started_ms, time_ms; // 0 = not said, now
	bool ends;
};
// Counts what is new in it. In a write job. 0 or -errno.
int usage_count(struct db *db, const struct usage_told *told);

// Was this batch of the gateway's not taken yet? usage_batch_taken notes that it is, with the rest of its transaction.
bool usage_batch_is_new(struct db *db, const char *gateway, const char *boot, int64_t sequence);
int usage_batch_taken(struct db *db, const char *gateway, const char *boot, int64_t sequence);

// What was counted for the object (any id of the four kinds) in the interval that begins at `from_ms`.
struct usage_sum {
	int64_t bytes_up, bytes_down, sessions;
};
void usage_sum(struct db *db, const char *id, enum usage_span span, int64_t from_ms, struct usage_sum *out);
// When a session was last told to have moved something; 0 when it is not known.
int64_t usage_session_active_ms(struct db *db, const char *session);

struct usage_limits {
	uint32_t hour_days; // days that hours are kept
	uint32_t days; // days that days are kept
};
// Deletes what is too old, a portion at a time. True when there is more to do. In a write job.
bool usage_prune(struct db *db, const struct usage_limits *limits, int64_t now_ms);
