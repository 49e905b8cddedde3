// SPDX-License-Identifier: Apache-2.0
// Events and their deliveries in the store. Everything here runs on a store thread; what writes, on the writer's.
#pragma once

#include "controller/store/db.h"
#include "controller/store/uuid.h"
#include "model/event.h"

// Makes the tables and plants the built-in types that are not there yet. 0 or -errno.
int event_schema(struct db *db);

// An event about to be stored. Texts are borrowed. What is NULL among endpoint, vslice, group and customer is found from the others.
struct event_draft {
	enum event_kind kind;
	int64_t time_ms; // 0 = now
	const char *customer, *endpoint, *target, *vslice, *group, *gateway;
	const char *source; // of two drafts with the same source only the first is stored; NULL = no such thing
	const char *detail; // a JSON object; NULL = {}
};

// Stores the event and queues it for every handler whose subscriptions say so. 1; 0 when it was stored before or is nobody's; -errno.
int event_add(struct db *db, const struct event_draft *draft);

// A small text that is kept under a name: the last known network of an endpoint. event_state_change stores `value` and says whether it
// differs from what was there, which `before` (60 octets) gets, "" when there was nothing.
bool event_state_change(struct db *db, const char *name, const char *value, char before[60]);
int64_t event_state_number(struct db *db, const char *name); // 0 when there is none

// Deletes what is older than `horizon_ms` or beyond `keep` events, oldest first, a portion at a time. True when there is more to do.
bool event_prune(struct db *db, int64_t keep, int64_t horizon_ms);

struct event_query {
	const char *customer;
	const char *filter, *sort, *since; // as the client wrote them, or NULL
	int64_t offset, limit;
};

// Lists events: newest first, or, with `since`, those after it, oldest first. 0; -EINVAL with one line in `why`; -EIO.
int event_list(struct db *db, const struct event_query *query, void (*each)(const struct event *event, void *context),
	void *context, int64_t *total, char why[200]);
// The event of the customer, or NULL. The caller frees it with object_free.
struct event *event_get(struct db *db, const char *customer, const char *id);
int64_t event_last(struct db *db); // the last sequence, 0 when there is none
// A cursor: a sequence, or a time, whose cursor is the last event before it. 0 or -EINVAL.
int event_cursor(struct db *db, const char *text, int64_t *sequence);
