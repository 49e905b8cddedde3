// SPDX-License-Identifier: Apache-2.0
// Events, their whole way.
//
// An event is stored by the transaction that makes it true (a changed object, event_endpoint_changed) or by a write job of its own (what
// gateways report, noted by event_source.c; the report is acknowledged after the commit). The same transaction queues it for the handlers that
// subscribe to it (delivery.c). After each commit events_wake lets webhooks (webhook.c) and live streams (event_stream.c) look at the store. So
// there is no queue in memory that could overflow or be lost, and none waits for another. Once in a while the oldest events are pruned and
// deliveries too old are given up.
#include "controller/events/events.h"

#include "base/clean.h"
#include "base/log.h"
#include "controller/events/delivery.h"
#include "controller/events/event_stream.h"
#include "controller/events/webhook.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(events);

#define TICK_MS 1000
#define PRUNE_TICKS 10
#define DOWN_AFTER_MS 5000 // a gateway may dial again
#define START_GRACE_MS 30000 // after our own start

// A gateway that is, or was, connected.
struct watched {
	char gateway[UUID_TEXT];
	bool is_connected;
	uint64_t down_ms; // loop time at which it is taken as down; 0 = not to be
	struct watched *next;
};

struct events {
	struct controller *controller;
	struct webhooks *webhooks;
	struct event_streams *streams;
	struct watched *watched;
	uv_timer_t timer;
	unsigned ticks;
	int64_t keep, keep_ms, give_up_ms;
	struct store_job prune_job, start_job;
	bool pruning, prune_more;
	char (*were_up)[UUID_TEXT];
	size_t were_up_count;
	uint64_t stored;
};

struct controller *events_controller(struct events *events)
{
	return events->controller;
}

struct webhooks *events_webhooks(struct events *events)
{
	return events->webhooks;
}

struct event_streams *events_streams(struct events *events)
{
	return events->streams;
}

void events_wake(struct events *events)
{
	webhooks_wake(events->webhooks);
	event_streams_wake(events->streams);
}

void events_noted(struct events *events, uint64_t stored)
{
	events->stored += stored;
	if (stored)
		events_wake(events);
}

struct storing {
	struct store_job job;
	struct events *events;
	struct event_notes notes;
	uint64_t stored;
	void (*done)(void *owner, int error);
	void *owner;
};

static void storing_run(struct db *db, struct store_job *job)
{
	struct storing *storing = container_of(job, struct storing, job);

	job->abort = event_notes_store(db, &storing->notes, &storing->stored) != 0;
}

static void storing_done(struct store_job *job)
{
	struct storing *storing = container_of(job, struct storing, job);
	int error = job->error ? job->error : job->abort ? -EIO : 0;

	if (error)
		log_err("events not stored count=%zu", storing->notes.count);
	else
		events_noted(storing->events, storing->stored);
	if (storing->done)
		storing->done(storing->owner, error);
	event_notes_fini(&storing->notes);
	free(storing);
}

void events_store(struct events *events, struct event_notes *notes, void (*done)(void *owner, int error), void *owner)
{
	struct storing *storing = calloc(1, sizeof(*storing));

	if (!storing)
		abort();
	*storing = (struct storing){.job = {.run = storing_run, .done = storing_done},
		.events = events,
		.notes = *notes,
		.done = done,
		.owner = owner};
	*notes = (struct event_notes){0};
	if (events->controller->store) { // NULL once it is being closed
		store_write(events->controller->store, &storing->job);
		return;
	}
	if (done)
		done(owner, -ESHUTDOWN);
	event_notes_fini(&storing->notes);
	free(storing);
}

static void tell_gateway(struct events *events, const char *gateway, bool is_up)
{
	struct event_notes notes = {0};
	struct event_note *note = event_notes_add(&notes, is_up ? EVENT_GATEWAY_UP : EVENT_GATEWAY_DOWN);

	if (!note)
		return;
	snprintf(note->gateway, sizeof(note->gateway), "%s", gateway);
	snprintf(note->state, sizeof(note->state), "gateway/%s", gateway);
	snprintf(note->value, sizeof(note->value), "%s", is_up ? "up" : "down");
	events_store(events, &notes, NULL, NULL);
}

void events_detached(struct events *events, const char *endpoint, const char *gateway, const char *why)
{
	struct event_notes notes = {0};
	struct event_note *note = event_notes_add(&notes, EVENT_FORCIBLY_DETACHED);

	if (!note || asprintf(&note->detail, "{\"reason\":\"%s\"}", why) < 0)
		return;
	snprintf(note->endpoint, sizeof(note->endpoint), "%s", endpoint);
	snprintf(note->gateway, sizeof(note->gateway), "%s", gateway);
	events_store(events, &notes, NULL, NULL);
}

static struct watched *watch(struct events *events, const char *gateway)
{
	struct watched *watched = events->watched;

	while (watched && strcmp(watched->gateway, gateway) != 0)
		watched = watched->next;
	if (watched || !(watched = calloc(1, sizeof(*watched))))
		return watched;
	snprintf(watched->gateway, sizeof(watched->gateway), "%s", gateway);
	watched->next = events->watched;
	events->watched = watched;
	return watched;
}

void events_gateway(struct events *events, const char *gateway, bool is_connected)
{
	struct watched *watched = watch(events, gateway);

	if (!watched)
		return;
	watched->is_connected = is_connected;
	watched->down_ms = is_connected ? 0 : uv_now(&events->controller->loop) + DOWN_AFTER_MS;
	if (is_connected)
		tell_gateway(events, gateway, true);
}

static void prune_run(struct db *db, struct store_job *job)
{
	struct events *events = container_of(job, struct events, prune_job);
	bool more = delivery_expire(db, db_now_ms() - events->give_up_ms);

	events->prune_more = event_prune(db, events->keep, db_now_ms() - events->keep_ms) || more;
}

static void prune_done(struct store_job *job)
{
	struct events *events = container_of(job, struct events, prune_job);

	events->pruning = false;
	webhooks_wake(events->webhooks); // a lane may go on
}

static void on_tick(uv_timer_t *timer)
{
	struct events *events = timer->data;
	uint64_t now_ms = uv_now(&events->controller->loop);

	for (struct watched *watched = events->watched; watched; watched = watched->next)
		if (watched->down_ms && now_ms >= watched->down_ms) {
			watched->down_ms = 0;
			tell_gateway(events, watched->gateway, false);
		}
	if ((++events->ticks % PRUNE_TICKS && !events->prune_more) || events->pruning || !events->controller->store)
		return;
	events->pruning = true;
	events->prune_job = (struct store_job){.run = prune_run, .done = prune_done};
	store_write(events->controller->store, &events->prune_job);
}

static void start_run(struct db *db, struct store_job *job)
{
	struct events *events = container_of(job, struct events, start_job);
	sqlite3_stmt *statement =
		db_statement(db, "SELECT substr(name, 9) FROM event_state WHERE name LIKE 'gateway/%' AND value = 'up'");

	while (statement && sqlite3_step(statement) == SQLITE_ROW) {
		void *room = realloc(events->were_up, (events->were_up_count + 1) * sizeof(*events->were_up));

		if (!room)
			break;
		events->were_up = room;
		snprintf(events->were_up[events->were_up_count++], UUID_TEXT, "%s",
			(const char *)sqlite3_column_text(statement, 0));
	}
	if (statement)
		sqlite3_reset(statement);
}

static void start_done(struct store_job *job)
{
	struct events *events = container_of(job, struct events, start_job);

	for (size_t i = 0; i < events->were_up_count; i++) {
		struct watched *watched = watch(events, events->were_up[i]);

		if (watched && !watched->is_connected)
			watched->down_ms = uv_now(&events->controller->loop) + START_GRACE_MS;
	}
	free(events->were_up);
	events->were_up = NULL;
	events_wake(events);
}

void events_start(struct events *events)
{
	events->start_job = (struct store_job){.run = start_run, .done = start_done};
	store_read(events->controller->store, &events->start_job);
}

struct event_counters events_counters(const struct events *events)
{
	struct event_counters counters = {.stored = events->stored, .streams = event_streams_count(events->streams)};

	webhooks_count(events->webhooks, &counters);
	return counters;
}

int events_new(struct controller *controller, const struct event_options *options, struct events **out)
{
	struct events *events = calloc(1, sizeof(*events));

	if (!events)
		return -ENOMEM;
	events->controller = controller;
	events->keep = options->keep;
	events->keep_ms = (int64_t)options->keep_days * 24 * 3600 * 1000;
	events->give_up_ms = (int64_t)options->give_up_s * 1000;
	uv_timer_init(&controller->loop, &events->timer);
	events->timer.data = events;
	uv_timer_start(&events->timer, on_tick, TICK_MS, TICK_MS);
	int error = webhooks_new(events, options, &events->webhooks);

	if (!error)
		error = event_streams_new(events, &events->streams);
	*out = events;
	return error;
}

void events_stop(struct events *events)
{
	webhooks_stop(events->webhooks);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct events *events = handle->data;
	struct watched *next;

	for (struct watched *watched = events->watched; watched; watched = next) {
		next = watched->next;
		free(watched);
	}
	free(events->were_up);
	free(events);
}

void events_free(struct events **handle)
{
	struct events *events = *handle;

	if (!events)
		return;
	*handle = NULL;
	webhooks_free(&events->webhooks);
	event_streams_free(&events->streams);
	uv_close((uv_handle_t *)&events->timer, on_timer_closed);
}
