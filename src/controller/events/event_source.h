// SPDX-License-Identifier: Apache-2.0
// Where events come from: rows of gateways' reports, the coming and going of gateways, changes of objects.
#pragma once

#include "controller/events/event_store.h"
#include "controller/live.h"
#include "model/endpoint.h"

#include <jansson.h>

// What was seen, on whatever thread, and is to be stored as events by a write job.
struct event_note {
	enum event_kind kind;
	int64_t time_ms; // 0 = now
	int64_t started_ms; // of a session that seems new: when it really began; 0 = unknown
	char endpoint[UUID_TEXT], target[UUID_TEXT], vslice[UUID_TEXT], gateway[UUID_TEXT];
	char network[16], imei[20]; // where the endpoint is now, and in which device; "" = not said
	char source[120];
	char state[60], value[16]; // only an event when what is kept under the name `state` differs from `value`
	char *detail;
};

struct event_notes {
	struct event_note *items;
	size_t count, room;
};

struct event_note *event_notes_add(struct event_notes *notes, enum event_kind kind);
void event_notes_fini(struct event_notes *notes);

// A row of a report, looked at before the live state takes it. `place` names the batch and the row ("boot/7/3"): what is sent again is not
// told twice.
void event_note_row(struct event_notes *notes, struct live *live, const char *gateway, const char *place, const json_t *row);
// The sessions of the gateway that a finished sync did not name are gone; look before live_sync_end.
void event_note_lost(struct event_notes *notes, struct live *live, const char *gateway);

// Stores what was noted. In a write job. 0 or -errno; `stored` counts.
int event_notes_store(struct db *db, struct event_notes *notes, uint64_t *stored);
// An endpoint was written, in the same transaction: its status may be new. `before` is NULL for a new one.
int event_endpoint_changed(struct db *db, const struct endpoint *endpoint, const struct endpoint *before);
