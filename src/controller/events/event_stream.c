// SPDX-License-Identifier: Apache-2.0
// Like the gateways' configuration streams: a read job makes a portion, one at a time and a stream, only when the client has taken the last
// one; each commit that may have made events wakes those that are not busy. The token is looked at again with every portion, so a revoked
// one ends its streams. A client that takes nothing costs one portion of memory.
#include "controller/events/event_stream.h"

#include "base/clean.h"
#include "controller/api/http.h"
#include "controller/api/op.h"
#include "controller/events/event_store.h"
#include "controller/events/events.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORTION 200
#define UNSENT_MAX (256 * 1024)
#define HEARTBEAT_MS 15000

struct event_stream {
	struct store_job job;
	struct event_streams *streams;
	struct exchange *exchange; // NULL once the client is gone
	char customer[UUID_TEXT];
	struct credential credential;
	char *filter;
	int64_t sequence;
	size_t count; // of the last portion
	bool busy, again, must_end;
	struct text out;
	struct event_stream *next, **link;
};

struct event_streams {
	struct controller *controller;
	struct event_stream *first;
	uv_timer_t heartbeat;
	unsigned long count;
};

static void stream_next(struct event_stream *stream);

static void stream_free(struct event_stream *stream)
{
	*stream->link = stream->next;
	if (stream->next)
		stream->next->link = stream->link;
	stream->streams->count--;
	credential_fini(&stream->credential);
	free(stream->filter);
	text_fini(&stream->out);
	free(stream);
}

static void put(const struct event *event, void *context)
{
	struct event_stream *stream = context;

	text_format(&stream->out, "id: %lld\nevent: %s\ndata: ", (long long)event->sequence, event->type);
	json_put_object(&stream->out, &noun_event, event, JSON_LINK);
	text_add(&stream->out, "\n\n");
	stream->sequence = event->sequence;
	stream->count++;
}

static void portion_run(struct db *db, struct store_job *job)
{
	struct event_stream *stream = container_of(job, struct event_stream, job);
	char since[24], why[200];
	struct actor actor;
	const char *no;

	snprintf(since, sizeof(since), "%lld", (long long)stream->sequence);
	struct event_query query = {.customer = stream->customer, .filter = stream->filter, .since = since, .limit = PORTION};

	stream->count = 0;
	bool may = actor_identify(db, &stream->credential, &stream->streams->controller->logins, &actor, &no) == 0 &&
		(actor.scope == TOKEN_OWNER || strcmp(actor.customer, stream->customer) == 0);

	stream->must_end = !may || event_list(db, &query, put, stream, NULL, why);
}

static void portion_done(struct store_job *job)
{
	struct event_stream *stream = container_of(job, struct event_stream, job);

	stream->busy = false;
	if (!stream->exchange) {
		stream_free(stream);
		return;
	}
	if (stream->out.len && !stream->out.failed)
		exchange_feed(stream->exchange, stream->out.bytes, stream->out.len);
	text_fini(&stream->out);
	if (stream->must_end || job->error) {
		exchange_end(stream->exchange);
		return;
	}
	if (stream->again || stream->count == PORTION)
		stream_next(stream);
}

static void stream_next(struct event_stream *stream)
{
	struct store *store = stream->streams->controller->store; // NULL once it is being closed

	stream->again = true;
	if (!store || !stream->exchange || stream->busy || stream->must_end || exchange_unsent(stream->exchange) > UNSENT_MAX)
		return;
	stream->again = false;
	stream->busy = true;
	stream->job = (struct store_job){.run = portion_run, .done = portion_done};
	store_read(store, &stream->job);
}

static void on_drained(void *owner)
{
	struct event_stream *stream = owner;

	if (stream->again)
		stream_next(stream);
}

static void on_closed(void *owner)
{
	struct event_stream *stream = owner;

	stream->exchange = NULL;
	if (!stream->busy)
		stream_free(stream);
}

void event_stream_open(struct event_streams *streams, struct op *op)
{
	struct event_stream *stream = calloc(1, sizeof(*stream));
	struct exchange_source source = {on_drained, on_closed, stream, "text/event-stream"};
	static const char hello[] = "retry: 2000\n\n";

	if (!stream)
		abort();
	stream->streams = streams;
	stream->exchange = op->exchange;
	strcpy(stream->customer, op->actor.customer);
	credential_copy(&stream->credential, &op->credential);
	stream->filter = op_query(op, "filter") ? strdup(op_query(op, "filter")) : NULL;
	stream->sequence = op->cursor;
	stream->next = streams->first;
	stream->link = &streams->first;
	if (stream->next)
		stream->next->link = &stream->next;
	streams->first = stream;
	streams->count++;
	exchange_stream(stream->exchange, &source);
	exchange_feed(stream->exchange, hello, sizeof(hello) - 1);
	stream_next(stream);
}

void event_streams_wake(struct event_streams *streams)
{
	for (struct event_stream *stream = streams->first; stream; stream = stream->next)
		stream_next(stream);
}

unsigned long event_streams_count(const struct event_streams *streams)
{
	return streams->count;
}

static void on_heartbeat(uv_timer_t *timer)
{
	struct event_streams *streams = timer->data;

	for (struct event_stream *stream = streams->first; stream; stream = stream->next) {
		if (stream->exchange && exchange_unsent(stream->exchange) < UNSENT_MAX)
			exchange_feed(stream->exchange, ":\n\n", 3);
		stream_next(stream); // also to look at the token
	}
}

int event_streams_new(struct events *events, struct event_streams **out)
{
	struct event_streams *streams = calloc(1, sizeof(*streams));

	if (!streams)
		return -ENOMEM;
	streams->controller = events_controller(events);
	uv_timer_init(&streams->controller->loop, &streams->heartbeat);
	streams->heartbeat.data = streams;
	uv_timer_start(&streams->heartbeat, on_heartbeat, HEARTBEAT_MS, HEARTBEAT_MS);
	*out = streams;
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void event_streams_free(struct event_streams **streams)
{
	if (!*streams)
		return;
	uv_close((uv_handle_t *)&(*streams)->heartbeat, on_timer_closed);
	*streams = NULL;
}
