// SPDX-License-Identifier: Apache-2.0
// Events as they are read, live and stored, and what can be done to an Event Handler.
#include "controller/api/op.h"
#include "controller/api/ops.h"
#include "controller/events/delivery.h"
#include "controller/events/event_stream.h"
#include "controller/events/events.h"
#include "controller/events/webhook.h"

#include <stdio.h>
#include <string.h>

struct listing {
	struct op *op;
	size_t count;
};

static void list_one(const struct event *event, void *context)
{
	struct listing *listing = context;

	text_add(&listing->op->reply, listing->count++ ? "," : "");
	json_put_object(&listing->op->reply, &noun_event, event, JSON_READ);
}

void op_event_list(struct op *op)
{
	struct event_query query = {.customer = op->actor.customer,
		.filter = op_query(op, "filter"),
		.sort = op_query(op, "sortBy"),
		.since = op_query(op, "since")};
	struct listing listing = {op, 0};
	int64_t total = 0;
	char why[200];

	if (op->wants_stream) {
		op_event_stream(op);
		return;
	}
	if (!op_paging(op, &query.offset, &query.limit))
		return;
	op_reply_begin(op);
	text_char(&op->reply, '[');
	int error = event_list(op->db, &query, list_one, &listing, &total, why);

	text_char(&op->reply, ']');
	op_reply_found(op, error, why, total, query.limit, query.offset);
}

void op_event_get(struct op *op)
{
	struct event *event = event_get(op->db, op->actor.customer, op->segments[1]);

	if (!event) {
		op_fail(op, 404, "Record not found");
		return;
	}
	op_reply_begin(op);
	json_put_object(&op->reply, &noun_event, event, JSON_READ);
	op_reply_end(op);
	object_free(&noun_event, event);
}

static void open_stream(struct op *op)
{
	event_stream_open(events_streams(op->controller->events), op);
}

static void no_event(const struct event *event, void *context)
{
	(void)event;
	(void)context;
}

void op_event_stream(struct op *op)
{
	// What a client that dials again has seen stands before what its address says.
	const char *last = op_header(op, "Last-Event-ID"), *since = last && *last ? last : op_query(op, "since");
	struct event_query query = {.customer = op->actor.customer, .filter = op_query(op, "filter"), .limit = 0};
	char why[200];

	if (event_list(op->db, &query, no_event, NULL, NULL, why)) { // a wrong filter is told, not streamed
		op_fail(op, 400, "%s", why);
		return;
	}
	op->cursor = event_last(op->db);
	if (since && event_cursor(op->db, since, &op->cursor)) {
		op_fail(op, 400,
			"since: \"%.40s\" is not accepted; accepted: the sequence of an event, or a time such as "
			"2030-01-31T12:00:00Z",
			since);
		return;
	}
	op->takes = open_stream;
}

static void post_test(struct op *op)
{
	webhook_test(events_webhooks(op->controller->events), op->taken, op->exchange);
}

void op_handler_test(struct op *op)
{
	char id[UUID_TEXT];
	int error;

	if (!op_find(op, id))
		return;
	if ((error = db_get(op->db, op->noun, id, DB_SECRETS | DB_LEAN, &op->taken))) {
		op_fail_store(op, error);
	} else {
		op_audit(op, "test", op->noun, id, ((struct object *)op->taken)->moniker, NULL);
		op->takes = post_test;
	}
}

static void wake(struct op *op)
{
	events_wake(op->controller->events);
}

// The cursor of the query or of the body; "" when there is none. False (and a reply) when the body is wrong.
static bool replay_since(struct op *op, char since[60])
{
	json_t *body = op->body_len ? op_body(op) : NULL, *value;

	since[0] = '\0';
	if (op_query(op, "since"))
		snprintf(since, 60, "%s", op_query(op, "since"));
	if (op->body_len && !body)
		return false;
	value = json_object_get(body, "since");
	bool ok = !body ||
		(json_is_object(body) && (json_object_size(body) == 0 || (value && json_object_size(body) == 1)) &&
			(!value || json_is_string(value) || json_is_integer(value)));

	if (!ok)
		op_fail(op, 400,
			"body: is not accepted; accepted: {\"since\": the sequence of an event or a time}, or nothing for the "
			"dead letters");
	else if (json_is_string(value))
		snprintf(since, 60, "%s", json_string_value(value));
	else if (value)
		snprintf(since, 60, "%lld", (long long)json_integer_value(value));
	json_decref(body);
	return ok;
}

void op_handler_replay(struct op *op)
{
	char id[UUID_TEXT], since[60];
	int64_t after = 0, count;

	if (!op_find(op, id) || !replay_since(op, since))
		return;
	if (*since && event_cursor(op->db, since, &after)) {
		op_fail(op, 400,
			"since: \"%.40s\" is not accepted; accepted: the sequence of an event, or a time such as "
			"2030-01-31T12:00:00Z",
			since);
		return;
	}
	count = *since ? delivery_replay(op->db, id, after) : delivery_replay_dead(op->db, id);
	if (count < 0) {
		op_fail_store(op, (int)count);
		return;
	}
	op_audit(op, "replay", op->noun, id, NULL, NULL);
	op->after = wake;
	op->status = 200;
	text_format(&op->reply, "{\"success\":true,\"messages\":[\"%lld event(s) go out again\"],\"data\":", (long long)count);
	text_json(&op->reply, id);
	op_reply_end(op);
}

static void list_letter(const struct delivery *delivery, void *context)
{
	struct listing *listing = context;
	struct text *out = &listing->op->reply;

	text_add(out, listing->count++ ? ",{\"event\":" : "{\"event\":");
	json_put_object(out, &noun_event, delivery->event, JSON_READ);
	text_format(out, ",\"attempts\":%lld,\"queuedAt\":", (long long)delivery->attempts);
	json_put_time(out, delivery->queued_ms);
	text_add(out, ",\"failedAt\":");
	json_put_time(out, delivery->failed_ms ? delivery->failed_ms : FIELD_UNSET);
	text_add(out, ",\"error\":");
	text_json(out, delivery->error);
	text_char(out, '}');
}

void op_handler_dead_letters(struct op *op)
{
	struct listing listing = {op, 0};
	int64_t offset, limit, total;
	char id[UUID_TEXT];

	if (!op_find(op, id) || !op_paging(op, &offset, &limit))
		return;
	op_reply_begin(op);
	text_char(&op->reply, '[');
	int error = delivery_list(op->db, id, DELIVERY_DEAD, offset, limit, list_letter, &listing, &total);

	text_char(&op->reply, ']');
	if (error)
		op_fail_store(op, error);
	else
		op_reply_end_list(op, total, limit, offset);
}
