// SPDX-License-Identifier: Apache-2.0
// The configuration streams of the gateways (docs/reference/gateway-link.md).
//
// A stream is opened by a write job, since a platform owner's token may bring a new Regional Gateway into being. Then it is fed in
// portions by read jobs, one at a time: a snapshot kind by kind in the order of ids, or what `changes` names after the revision that
// the gateway has. Each commit wakes the streams that are behind. A portion is asked for only when the client has taken the last
// one, so a slow gateway costs one portion of memory. When a VSlice moves to another gateway, with all
// that hangs on it, both gateways get a new snapshot, begun by a hello row like the first. What an import brought goes in portions too, and
// changes that come meanwhile go before the next of them: who changes one thing does not wait for a hundred thousand others.
#include "controller/link.h"

#include "base/clean.h"
#include "base/log.h"
#include "controller/api/http.h"
#include "controller/api/op.h"
#include "controller/api/token.h"
#include "controller/capture.h"
#include "controller/events/events.h"
#include "controller/link_report.h"
#include "controller/link_row.h"
#include "controller/live.h"
#include "controller/store/seeds.h"
#include "controller/store/store.h"
#include "model/gateway.h"
#include "model/slug.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

LOG_CATEGORY(link);

#define HEARTBEAT_MS 5000
#define PORTION_ROWS 1000
#define IMPORT_ROWS 100 // a change that comes in between waits for these
#define UNSENT_MAX (8 * 1024 * 1024)
#define UNSENT_IMPORT (64 * 1024) // before the next portion of one: a change stands behind what is on its way

struct stream {
	struct store_job job;
	struct link *link;
	// The loop's.
	struct exchange *exchange; // NULL once the client is gone
	struct stream *next, **link_in_list;
	bool open;
	bool busy; // its job is on a store thread, which the members below belong to meanwhile
	int64_t fed; // the revision of what was fed
	// The job's while it is busy, else the loop's.
	struct actor actor;
	char *token, *name; // as the request gave them
	char gateway[UUID_TEXT];
	int64_t since, revision; // as the gateway said; of what was made
	size_t kind; // of a snapshot: where it is
	char after[UUID_TEXT];
	char import[UUID_TEXT]; // whose endpoints are being told, "" for none
	int64_t import_revision, told; // told: the last change that was, also while an import is
	bool snapshot, must_end;
	int status;
	char why[240];
	struct text out;
};

struct link {
	struct controller *controller;
	struct stream *streams;
	uv_timer_t heartbeat;
	int64_t revision;
	uint64_t command_id;
};

static void stream_next(struct stream *stream);

static void stream_free(struct stream *stream)
{
	if (stream->link_in_list) {
		*stream->link_in_list = stream->next;
		if (stream->next)
			stream->next->link_in_list = stream->link_in_list;
	}
	if (stream->token)
		explicit_bzero(stream->token, strlen(stream->token));
	free(stream->token);
	free(stream->name);
	text_fini(&stream->out);
	free(stream);
}

static int fail(struct stream *stream, int status, const char *why)
{
	stream->status = status;
	snprintf(stream->why, sizeof(stream->why), "%s", why);
	return -EINVAL;
}

// A gateway's first join with a platform owner's token.
static int gateway_join(struct db *db, struct stream *stream)
{
	struct gateway *gateway = object_new(&noun_gateway);
	char moniker[MONIKER_TEXT];

	if (!gateway)
		return -ENOMEM;
	slug_make(stream->name, "gateway", moniker);
	field_text_set(&gateway->object.moniker, moniker);
	field_text_set(&gateway->object.name, stream->name);
	int error = db_insert(db, &noun_gateway, gateway, stream->actor.id);

	if (!error)
		error = zones_plant(db, gateway, stream->actor.id);
	if (!error)
		snprintf(stream->gateway, sizeof(stream->gateway), "%s", gateway->object.id);
	object_free(&noun_gateway, gateway);
	return error;
}

static bool may_link(const struct actor *actor)
{
	return actor->scope == TOKEN_GATEWAY || (actor->scope == TOKEN_OWNER && actor->role >= ROLE_ADMINISTRATOR);
}

static int stream_identify(struct db *db, struct stream *stream)
{
	const struct actor *actor = &stream->actor;

	if (!stream->token || token_check(db, stream->token, &stream->actor))
		return fail(stream, 401, "Unknown, disabled or expired token; ask for another");
	if (!may_link(actor))
		return fail(stream, 403, "Only a token of scope gateway or platform-owner opens the gateway link");
	bool found = stream->name && db_find(db, &noun_gateway, NULL, NULL, stream->name, stream->gateway) == 0;

	if (actor->scope == TOKEN_GATEWAY) {
		if (stream->name && (!found || strcmp(stream->gateway, actor->gateway) != 0))
			return fail(stream, 403, "gateway: the token is for another Regional Gateway; use its own token");
		snprintf(stream->gateway, sizeof(stream->gateway), "%s", actor->gateway);
		return 0;
	}
	if (!stream->name)
		return fail(stream, 400, "gateway: is missing; name the Regional Gateway: ?gateway=MONIKER");
	if (!found && gateway_join(db, stream))
		return fail(stream, 500, "The Regional Gateway could not be made");
	return 0;
}

// Can the gateway be told only what changed since the revision that it has?
static bool has_difference(struct db *db, const char *gateway, int64_t since, int64_t now)
{
	sqlite3_stmt *statement = db_statement(db,
		"SELECT (SELECT min(revision) FROM changes) <= ?1 + 1 AND NOT EXISTS "
		"(SELECT 1 FROM changes WHERE revision > ?1 AND change = 3 AND id = ?2)");
	bool has = false;

	if (since <= 0 || since > now || !statement)
		return false;
	sqlite3_bind_int64(statement, 1, since);
	sqlite3_bind_text(statement, 2, gateway, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW)
		has = sqlite3_column_int(statement, 0);
	sqlite3_reset(statement);
	return has;
}

static void put_hello(struct stream *stream)
{
	text_format(&stream->out, "{\"row\":\"hello\",\"revision\":%lld,\"snapshot\":%s,\"gateway\":\"%s\"}\n",
		(long long)stream->revision, stream->snapshot ? "true" : "false", stream->gateway);
}

static void open_run(struct db *db, struct store_job *job)
{
	struct stream *stream = container_of(job, struct stream, job);

	stream->status = 200;
	if (stream_identify(db, stream)) {
		job->abort = true;
		return;
	}
	stream->revision = db_revision(db);
	stream->snapshot = !has_difference(db, stream->gateway, stream->since, stream->revision);
	put_hello(stream);
	if (!stream->snapshot)
		stream->revision = stream->since;
	stream->told = stream->revision;
}

static void count_stream(struct live_gateway *state, void *context)
{
	int *count = context;

	state->streams += *count;
	*count = (int)state->streams;
	state->last_seen_ms = db_now_ms();
}

static void on_drained(void *owner)
{
	stream_next(owner);
}

static void on_closed(void *owner)
{
	struct stream *stream = owner;
	int less = -1;

	log_info("stream closed gateway=%s revision=%lld", stream->gateway, (long long)stream->fed);
	live_change_gateway(stream->link->controller->live, stream->gateway, count_stream, &less);
	if (!less)
		events_gateway(stream->link->controller->events, stream->gateway, false);
	stream->exchange = NULL;
	stream->open = false;
	if (!stream->busy)
		stream_free(stream);
}

static void reply_why(struct exchange *exchange, int status, const char *why)
{
	struct text reply = {0};
	struct exchange_answer answer = {.status = status};

	text_add(&reply, "{\"success\":false,\"messages\":[");
	text_json(&reply, why);
	text_add(&reply, "],\"data\":null}");
	answer.body = text_take(&reply, &answer.len);
	exchange_reply(exchange, &answer);
}

static void open_done(struct store_job *job)
{
	struct stream *stream = container_of(job, struct stream, job);
	struct exchange_source source = {on_drained, on_closed, stream};
	int more = 1;

	stream->busy = false;
	if (job->error)
		fail(stream, 500, "The store failed. Look at the controller's log");
	if (stream->status != 200) {
		reply_why(stream->exchange, stream->status, stream->why);
		stream_free(stream);
		return;
	}
	log_info("stream open gateway=%s since=%lld revision=%lld snapshot=%d", stream->gateway, (long long)stream->since,
		(long long)stream->revision, stream->snapshot);
	live_change_gateway(stream->link->controller->live, stream->gateway, count_stream, &more);
	events_gateway(stream->link->controller->events, stream->gateway, true);
	stream->open = true;
	stream->fed = stream->revision;
	stream->next = stream->link->streams;
	stream->link_in_list = &stream->link->streams;
	if (stream->next)
		stream->next->link_in_list = &stream->next;
	stream->link->streams = stream;
	exchange_stream(stream->exchange, &source);
	exchange_feed(stream->exchange, stream->out.bytes, stream->out.len);
	text_fini(&stream->out);
	if (!stream->snapshot && stream->revision == stream->link->revision) {
		char row[80];

		snprintf(row, sizeof(row), "{\"row\":\"ready\",\"revision\":%lld}\n", (long long)stream->revision);
		exchange_feed(stream->exchange, row, strlen(row));
	}
	stream_next(stream);
}

static void put_ready(struct stream *stream)
{
	text_format(&stream->out, "{\"row\":\"ready\",\"revision\":%lld}\n", (long long)stream->revision);
}

static void snapshot_run(struct db *db, struct stream *stream)
{
	int64_t room = PORTION_ROWS;

	while (room > 0 && stream->kind < LINK_KINDS) {
		int64_t count = link_rows(db, &link_kinds[stream->kind], stream->gateway, stream->after, room, &stream->out);

		if (count < 0) {
			stream->must_end = true;
			return;
		}
		if (count < room) {
			stream->kind++;
			stream->after[0] = '\0';
		}
		room -= count;
	}
	if (stream->kind == LINK_KINDS) {
		stream->snapshot = false;
		put_ready(stream);
	}
}

static const struct link_kind *kind_of(const char *word)
{
	for (size_t i = 0; i < LINK_KINDS; i++)
		if (strcmp(link_kinds[i].noun->word, word) == 0)
			return &link_kinds[i];
	return NULL;
}

// What hangs on a VSlice has moved to or from this gateway with it: the gateway forgets what it has and gets all anew.
static void start_again(struct db *db, struct stream *stream)
{
	text_fini(&stream->out);
	stream->snapshot = true;
	stream->import[0] = '\0';
	stream->kind = 0;
	stream->after[0] = '\0';
	stream->revision = stream->told = db_revision(db);
	put_hello(stream);
}

// What an import brought is one change and many rows: they go in portions, applied as they come. Who is cut off in between begins it again: until
// it is all told, the stream stands at the revision before it, whatever was told since.
static void import_begin(struct stream *stream, const char *import, int64_t revision)
{
	snprintf(stream->import, sizeof(stream->import), "%s", import);
	stream->import_revision = revision;
	stream->after[0] = '\0';
	stream->revision = revision - 1;
	put_ready(stream);
}

// The next import among the changes that were told meanwhile; false when there is none.
static bool import_next(struct db *db, struct stream *stream)
{
	sqlite3_stmt *statement = db_statement(db,
		"SELECT id, revision FROM changes WHERE revision > ?1 AND revision <= ?2 AND change = 4 ORDER BY revision LIMIT "
		"1");
	bool found = false;

	if (!statement)
		return false;
	sqlite3_bind_int64(statement, 1, stream->import_revision);
	sqlite3_bind_int64(statement, 2, stream->told);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		found = true;
		import_begin(stream, (const char *)sqlite3_column_text(statement, 0), sqlite3_column_int64(statement, 1));
	}
	sqlite3_reset(statement);
	return found;
}

static void import_run(struct db *db, struct stream *stream)
{
	int64_t count = link_import_rows(db, stream->import, stream->gateway, stream->after, IMPORT_ROWS, &stream->out);

	stream->must_end = count < 0;
	if (count < IMPORT_ROWS && !import_next(db, stream)) {
		stream->import[0] = '\0';
		stream->revision = stream->told;
	}
	put_ready(stream);
}

static int put_changes(struct db *db, struct stream *stream, sqlite3_stmt *changes)
{
	int64_t last = stream->told;

	while (sqlite3_step(changes) == SQLITE_ROW) {
		const char *word = (const char *)sqlite3_column_text(changes, 0),
			   *id = (const char *)sqlite3_column_text(changes, 1);
		const struct link_kind *kind = kind_of(word);

		last = sqlite3_column_int64(changes, 2);
		if (sqlite3_column_int(changes, 4)) {
			if (!*stream->import)
				import_begin(stream, id, last);
			continue;
		}
		if (sqlite3_column_int(changes, 3) && strcmp(id, stream->gateway) == 0) {
			start_again(db, stream);
			return 0;
		}
		if ((strcmp(id, stream->actor.id) == 0 || strcmp(id, stream->actor.user) == 0) &&
			(token_check(db, stream->token, &stream->actor) || !may_link(&stream->actor)))
			return -EACCES; // the token was revoked, or its creator may no more
		if (kind && link_row(db, kind, stream->gateway, id, last, &stream->out))
			return -EIO;
	}
	if (last > stream->told) {
		stream->told = last;
		if (!*stream->import)
			stream->revision = last;
		put_ready(stream);
	}
	return 0;
}

static void difference_run(struct db *db, struct stream *stream)
{
	sqlite3_stmt *changes = db_statement(db,
		"SELECT noun, id, max(revision), max(change = 3), max(change = 4) FROM (SELECT * FROM changes "
		"WHERE revision > ?1 ORDER BY revision LIMIT ?2) GROUP BY noun, id ORDER BY 3");

	if (!changes) {
		stream->must_end = true;
		return;
	}
	sqlite3_bind_int64(changes, 1, stream->told);
	sqlite3_bind_int64(changes, 2, PORTION_ROWS);
	stream->must_end = put_changes(db, stream, changes);
	sqlite3_reset(changes);
}

static void portion_run(struct db *db, struct store_job *job)
{
	struct stream *stream = container_of(job, struct stream, job);

	if (stream->snapshot) {
		snapshot_run(db, stream);
		return;
	}
	difference_run(db, stream);
	if (*stream->import && !stream->snapshot && !stream->must_end)
		import_run(db, stream);
}

static void portion_done(struct store_job *job)
{
	struct stream *stream = container_of(job, struct stream, job);

	stream->busy = false;
	if (!stream->exchange) {
		stream_free(stream);
		return;
	}
	if (stream->out.len && !stream->must_end && !stream->out.failed)
		exchange_feed(stream->exchange, stream->out.bytes, stream->out.len);
	text_fini(&stream->out);
	stream->fed = stream->revision;
	if (stream->must_end || job->error)
		exchange_end(stream->exchange);
	else
		stream_next(stream);
}

// Asks for the next portion, when there is one, the client has taken the last one, and none is being made.
static void stream_next(struct stream *stream)
{
	struct store *store = stream->link->controller->store; // NULL once it is being closed

	if (!store || !stream->open || stream->busy)
		return;
	if (exchange_unsent(stream->exchange) > (*stream->import ? UNSENT_IMPORT : UNSENT_MAX))
		return;
	if (stream->must_end || (!stream->snapshot && stream->revision >= stream->link->revision))
		return;
	stream->busy = true;
	stream->job = (struct store_job){.run = portion_run, .done = portion_done};
	store_read(store, &stream->job);
}

static void stream_request(struct link *link, struct exchange *exchange)
{
	const char *authorization = exchange_header(exchange, "Authorization"), *since = exchange_query(exchange, "since");
	const char *name = exchange_query(exchange, "gateway");
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		abort();
	stream->link = link;
	stream->exchange = exchange;
	stream->since = since ? strtoll(since, NULL, 10) : 0;
	stream->name = name ? strndup(name, 50) : NULL;
	if (authorization && strncasecmp(authorization, "Bearer ", 7) == 0)
		stream->token = strdup(authorization + 7);
	stream->busy = true;
	stream->job = (struct store_job){.run = open_run, .done = open_done};
	store_write(link->controller->store, &stream->job);
}

bool link_request(struct link *link, struct exchange *exchange)
{
	const char *path = exchange_path(exchange), *method = exchange_method(exchange);
	bool is_config = strcmp(path, "/gateway/v1/config") == 0, is_reports = strcmp(path, "/gateway/v1/reports") == 0;
	bool is_capture = strncmp(path, "/gateway/v1/captures/", 21) == 0;

	if (!is_config && !is_reports && !is_capture)
		return false;
	if (strcmp(method, is_config ? "GET" : "POST") != 0)
		reply_why(exchange, 405, is_config ? "Use GET" : "Use POST");
	else if (is_config)
		stream_request(link, exchange);
	else if (is_capture)
		captures_upload(link->controller->captures, exchange);
	else
		link_report(link->controller, exchange);
	return true;
}

void link_changed(struct link *link, int64_t revision)
{
	link->revision = revision;
	for (struct stream *stream = link->streams; stream; stream = stream->next)
		stream_next(stream);
}

bool link_command_row(struct link *link, const char *gateway, json_t *row)
{
	_cleanup_free_ char *line = NULL;
	bool sent = false;

	json_object_set_new(row, "row", json_string("command"));
	json_object_set_new(row, "id", json_sprintf("%llu", (unsigned long long)++link->command_id));
	line = json_dumps(row, JSON_COMPACT);
	for (struct stream *stream = link->streams; stream && line; stream = stream->next)
		if (stream->open && strcmp(stream->gateway, gateway) == 0) {
			exchange_feed(stream->exchange, line, strlen(line));
			exchange_feed(stream->exchange, "\n", 1);
			sent = true;
		}
	log_info("command=%s gateway=%s sent=%d", line ? line : "-", gateway, sent);
	return sent;
}

bool link_command(struct link *link, const char *gateway, const char *command, const char *member, const char *id)
{
	json_t *row = json_pack("{s:s, s:s}", "command", command, member, id);
	bool sent = row && link_command_row(link, gateway, row);

	json_decref(row);
	return sent;
}

static void on_heartbeat(uv_timer_t *timer)
{
	struct link *link = timer->data;
	char row[80];

	for (struct stream *stream = link->streams; stream; stream = stream->next) {
		snprintf(row, sizeof(row), "{\"row\":\"heartbeat\",\"revision\":%lld}\n", (long long)stream->fed);
		if (stream->open && exchange_unsent(stream->exchange) < UNSENT_MAX)
			exchange_feed(stream->exchange, row, strlen(row));
	}
}

int link_new(struct controller *controller, struct link **out)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return -ENOMEM;
	link->controller = controller;
	uv_timer_init(&controller->loop, &link->heartbeat);
	link->heartbeat.data = link;
	uv_timer_start(&link->heartbeat, on_heartbeat, HEARTBEAT_MS, HEARTBEAT_MS);
	*out = link;
	return 0;
}

static void on_link_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void link_free(struct link **link)
{
	if (!*link)
		return;
	uv_close((uv_handle_t *)&(*link)->heartbeat, on_link_closed);
	*link = NULL;
}
