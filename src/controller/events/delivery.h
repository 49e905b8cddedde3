// SPDX-License-Identifier: Apache-2.0
// The queue of deliveries: one row for each event that a handler is still to be told of, or that was given up (the dead letters).
//
// Events of one endpoint form a lane; of each lane only the first is ready, the others wait: so a handler hears of an endpoint's events in
// their order, and a lane that is stuck holds up nothing else. What is about no endpoint goes by its target, VSlice or gateway.
#pragma once

#include "controller/store/db.h"
#include "controller/store/uuid.h"
#include "model/event.h"

enum delivery_state { DELIVERY_WAITS = 0, DELIVERY_READY = 1, DELIVERY_DEAD = 2 };

struct delivery {
	int64_t sequence; // of the event
	int64_t attempts, queued_ms, due_ms, failed_ms;
	char *lane, *error;
	struct event *event;
};

void delivery_free(struct delivery *delivery);

int delivery_schema(struct db *db);
// Queues the event for every handler that subscribes to it, by the maps of its customer. 0 or -errno.
int delivery_queue(struct db *db, int64_t sequence, enum event_kind kind);

// The ready deliveries of a handler that are due, longest due first, at most `max`; `*next_ms` gets when the first of the others is due, 0
// when there is none. Gives their number.
size_t delivery_due(struct db *db, const char *handler, int64_t now_ms, struct delivery **out, size_t max, int64_t *next_ms);
// Calls `each` for every handler that has something ready, with when the first is due.
void delivery_handlers(struct db *db, void (*each)(const char *handler, int64_t due_ms, void *context), void *context);

// How an attempt ended. Each lets the lane go on where it may.
int delivery_done(struct db *db, const char *handler, int64_t sequence);
int delivery_failed(struct db *db, const char *handler, int64_t sequence, const char *error, int64_t due_ms);
int delivery_dead(struct db *db, const char *handler, int64_t sequence, const char *error);
// Gives up what has waited since before `horizon_ms`, a portion at a time. True when there is more to do.
bool delivery_expire(struct db *db, int64_t horizon_ms);

// Queues again what the handler subscribes to and happened after the cursor, dead letters among it; or all dead letters, wherever they are.
// Gives how many, or -errno.
int64_t delivery_replay(struct db *db, const char *handler, int64_t after);
int64_t delivery_replay_dead(struct db *db, const char *handler);
// Calls `each` for the handler's dead letters, latest first. `total` gets how many there are.
int delivery_list(struct db *db, const char *handler, enum delivery_state state, int64_t offset, int64_t limit,
	void (*each)(const struct delivery *delivery, void *context), void *context, int64_t *total);
void delivery_counts(struct db *db, const char *handler, int64_t *pending, int64_t *dead);
