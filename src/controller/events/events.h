// SPDX-License-Identifier: Apache-2.0
// Events: made from what gateways report and from changes of objects, stored, searched, streamed, and posted to webhooks.
#pragma once

#include "controller/controller.h"
#include "controller/events/event_source.h"
#include "controller/store/store.h"
#include "model/text.h"

#include <stdint.h>

struct event_streams;
struct events;
struct reach;
struct webhooks;

struct event_options {
	uint32_t keep, keep_days; // how many events are kept, and how long
	uint32_t give_up_s, retry_max_s; // of webhooks: how long one is tried, and the longest wait between two attempts
	const struct reach *reach; // borrowed
};

int events_new(struct controller *controller, const struct event_options *options, struct events **out);
// Ends what is under way: once the store is closed, before the HTTP server is freed. events_free: after that.
void events_stop(struct events *events);
void events_free(struct events **events);
// Starts what waits in the store; call once, when the store is open.
void events_start(struct events *events);
// Something was committed that may have made events: webhooks and streams look. On the loop.
void events_wake(struct events *events);
// Stores what was noted (taken over) in one write job, wakes, then calls `done` (may be NULL) on the loop. Any thread's notes, on the loop.
void events_store(struct events *events, struct event_notes *notes, void (*done)(void *owner, int error), void *owner);
// Notes were stored by a write job of somebody else (event_notes_store): counts them, wakes. On the loop.
void events_noted(struct events *events, uint64_t stored);
// A gateway's configuration stream was opened, or its last one was closed. On the loop.
void events_gateway(struct events *events, const char *gateway, bool is_connected);

// The live session of an endpoint is taken down from here, for the reason `why` (words, ours). On the loop.
void events_detached(struct events *events, const char *endpoint, const char *gateway, const char *why);

struct event_counters {
	uint64_t stored, delivered, failed, dead, streams;
};
struct controller *events_controller(struct events *events);
struct webhooks *events_webhooks(struct events *events);
struct event_streams *events_streams(struct events *events);
struct event_counters events_counters(const struct events *events);
