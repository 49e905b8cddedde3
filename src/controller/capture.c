// SPDX-License-Identifier: Apache-2.0
// A capture's file is a file without a name, written as its pieces come and read by any number of clients at their own pace: a slow one
// costs a descriptor and nothing else, and the gateway is answered as soon as its piece is on the file. A piece has a number, so that one
// which is sent again is written once. Each capture is bounded by its own time and size, and ends when its gateway falls silent past its
// time; what has ended is kept for KEPT_MS.
//
// The list belongs to the loop; a lock keeps it whole for the threads that only look.
#include "controller/capture.h"

#include "base/clean.h"
#include "base/log.h"
#include "controller/api/http.h"
#include "controller/api/op.h"
#include "controller/api/token.h"
#include "controller/link.h"
#include "controller/live_query.h"
#include "controller/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

LOG_CATEGORY(capture);

#define KEPT_MS 3600000
#define CUSTOMER_MAX 10 // running or kept
#define ALL_MAX 64
#define SILENCE_MS 20000 // past its time
#define FEED_MAX 65536
#define ROUND_MS 1000

struct held {
	struct captures *all;
	struct held *next;
	struct capture *object;
	char customer[UUID_TEXT];
	int fd;
	int64_t size;
	uint64_t sequence; // of the next piece
	struct reader *readers;
	bool is_deleted; // it goes with its last reader
};

struct reader {
	struct held *held;
	struct reader *next;
	struct exchange *exchange;
	int64_t at;
};

struct captures {
	struct controller *controller;
	char *directory;
	struct held *first;
	uv_timer_t round;
	pthread_mutex_t lock;
};

static void held_free(struct held *held)
{
	if (held->fd >= 0)
		close(held->fd);
	object_free(&noun_capture, held->object);
	free(held);
}

static struct held *find(struct captures *captures, const char *id)
{
	struct held *held = captures->first;

	while (held && strcasecmp(held->object->object.id, id) != 0)
		held = held->next;
	return held;
}

static bool is_seen(const struct held *held, const char *customer)
{
	return strcmp(held->customer, customer) == 0;
}

// Out of the list; freed at once, or with its last reader.
static void drop(struct held *held)
{
	struct captures *captures = held->all;
	struct held **at = &captures->first;

	pthread_mutex_lock(&captures->lock);
	while (*at && *at != held)
		at = &(*at)->next;
	*at = held->next;
	pthread_mutex_unlock(&captures->lock);
	held->is_deleted = true;
	for (struct reader *reader = held->readers; reader; reader = reader->next)
		exchange_end(reader->exchange);
	if (!held->readers)
		held_free(held);
}

// Gives a reader what it can take now.
static void feed(struct reader *reader)
{
	struct held *held = reader->held;
	char bytes[FEED_MAX];
	ssize_t got = 0;

	if (exchange_unsent(reader->exchange) || held->is_deleted)
		return;
	if (reader->at < held->size)
		got = pread(held->fd, bytes, sizeof(bytes), reader->at);
	if (got > 0) {
		reader->at += got;
		exchange_feed(reader->exchange, bytes, (size_t)got);
	} else if (got < 0 || held->object->state == CAPTURE_ENDED) {
		exchange_end(reader->exchange);
	}
}

static void feed_all(struct held *held)
{
	for (struct reader *reader = held->readers; reader; reader = reader->next)
		feed(reader);
}

static void finish(struct held *held, const char *reason)
{
	struct capture *object = held->object;

	if (object->state == CAPTURE_ENDED)
		return;
	pthread_mutex_lock(&held->all->lock);
	object->state = CAPTURE_ENDED;
	object->ended_ms = db_now_ms();
	field_text_set(&object->reason, reason);
	pthread_mutex_unlock(&held->all->lock);
	log_info("ended capture=%s reason=\"%s\" size=%lld", object->object.id, reason, (long long)held->size);
	feed_all(held);
}

static void on_round(uv_timer_t *timer)
{
	struct captures *captures = timer->data;
	int64_t now_ms = db_now_ms();
	struct held *next;

	for (struct held *held = captures->first; held; held = next) {
		const struct capture *object = held->object;

		next = held->next;
		if (object->state == CAPTURE_RUNNING && now_ms > object->started_ms + object->seconds * 1000 + SILENCE_MS)
			finish(held, "the Regional Gateway fell silent");
		else if (object->state == CAPTURE_ENDED && now_ms > object->ended_ms + KEPT_MS && !held->readers)
			drop(held);
	}
	if (!captures->first)
		uv_timer_stop(timer);
}

bool captures_have_room(struct captures *captures, const char *customer, char why[200])
{
	int all = 0, own = 0;

	pthread_mutex_lock(&captures->lock);
	for (const struct held *held = captures->first; held; held = held->next) {
		all++;
		own += is_seen(held, customer);
	}
	pthread_mutex_unlock(&captures->lock);
	snprintf(why, 200, "There are %d captures; delete one first (at most %d a customer, %d in all)", all > own ? all : own,
		CUSTOMER_MAX, ALL_MAX);
	return own < CUSTOMER_MAX && all < ALL_MAX;
}

int captures_list(struct captures *captures, const char *customer, const char *filter, const char *sort, int64_t offset,
	int64_t limit, struct text *out, int64_t *total, char why[200])
{
	const void *found[ALL_MAX];
	struct live_query query;
	size_t count = 0;
	int error = live_query_parse(&noun_capture, filter, sort, &query, why);

	if (error)
		return error;
	pthread_mutex_lock(&captures->lock);
	for (const struct held *held = captures->first; held && count < ALL_MAX; held = held->next)
		if (is_seen(held, customer) && live_query_matches(&query, held->object))
			found[count++] = held->object;
	live_query_sort(&query, found, count);
	for (size_t i = (size_t)offset; i < count && i < (size_t)(offset + limit); i++) {
		text_add(out, i > (size_t)offset ? "," : "");
		json_put_object(out, &noun_capture, found[i], JSON_READ);
	}
	pthread_mutex_unlock(&captures->lock);
	*total = (int64_t)count;
	live_query_fini(&query);
	return 0;
}

bool captures_get(struct captures *captures, const char *customer, const char *id, struct text *out)
{
	const struct held *held;
	bool is_there;

	pthread_mutex_lock(&captures->lock);
	held = find(captures, id);
	is_there = held && is_seen(held, customer);
	if (is_there && out)
		json_put_object(out, &noun_capture, held->object, JSON_READ);
	pthread_mutex_unlock(&captures->lock);
	return is_there;
}

bool captures_has(struct captures *captures, const char *customer, const char *id)
{
	return captures_get(captures, customer, id, NULL);
}

static json_t *command_of(const struct capture *object)
{
	json_t *row = json_pack("{s:s, s:s, s:I, s:I, s:I, s:[]}", "command", "capture", "capture", object->object.id, "seconds",
		(json_int_t)object->seconds, "octets", (json_int_t)object->octets, "packetOctets",
		(json_int_t)object->packet_octets, "levels");

	for (size_t i = 0; i < object->levels.count; i++)
		json_array_append_new(json_object_get(row, "levels"), json_string(object->levels.items[i]));
	if (object->endpoint.id)
		json_object_set_new(row, "endpoint", json_string(object->endpoint.id));
	if (object->tunnel)
		json_object_set_new(row, "tunnel", json_string(object->tunnel));
	if (object->lns.id)
		json_object_set_new(row, "lns", json_string(object->lns.id));
	return row;
}

void captures_begin(struct captures *captures, const char *customer, struct capture *object)
{
	struct held *held = calloc(1, sizeof(*held));
	json_t *command = command_of(object);

	if (!held || !command)
		abort();
	held->all = captures;
	held->object = object;
	snprintf(held->customer, sizeof(held->customer), "%s", customer);
	object->state = CAPTURE_RUNNING;
	object->started_ms = db_now_ms();
	held->fd = open(captures->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	pthread_mutex_lock(&captures->lock);
	held->next = captures->first;
	captures->first = held;
	pthread_mutex_unlock(&captures->lock);
	if (held->fd < 0)
		finish(held, "no file could be made beside the database");
	else if (!link_command_row(captures->controller->link, object->gateway.id, command))
		finish(held, "the Regional Gateway is not connected");
	json_decref(command);
	if (!uv_is_active((uv_handle_t *)&captures->round))
		uv_timer_start(&captures->round, on_round, ROUND_MS, ROUND_MS);
}

static void tell_stop(struct held *held)
{
	json_t *command = json_pack("{s:s, s:s}", "command", "captureStop", "capture", held->object->object.id);

	if (held->object->state == CAPTURE_RUNNING &&
		!link_command_row(held->all->controller->link, held->object->gateway.id, command))
		finish(held, "the Regional Gateway is not connected");
	json_decref(command);
}

void captures_stop(struct captures *captures, const char *id)
{
	struct held *held = find(captures, id);

	if (held)
		tell_stop(held);
}

void captures_delete(struct captures *captures, const char *id)
{
	struct held *held = find(captures, id);

	if (!held)
		return;
	tell_stop(held);
	drop(held);
}

static void on_drained(void *owner)
{
	feed(owner);
}

static void on_closed(void *owner)
{
	struct reader *reader = owner, **at = &reader->held->readers;
	struct held *held = reader->held;

	while (*at != reader)
		at = &(*at)->next;
	*at = reader->next;
	free(reader);
	if (held->is_deleted && !held->readers)
		held_free(held);
}

static void reply_words(struct exchange *exchange, int status, const char *words)
{
	struct text reply = {0};
	struct exchange_answer answer = {.status = status};

	text_format(&reply, "{\"success\":%s,\"messages\":[", status == 200 ? "true" : "false");
	if (words)
		text_json(&reply, words);
	text_add(&reply, "],\"data\":null}");
	answer.body = text_take(&reply, &answer.len);
	exchange_reply(exchange, &answer);
}

void captures_download(struct captures *captures, const char *id, struct exchange *exchange)
{
	struct held *held = find(captures, id);
	struct reader *reader = held && held->fd >= 0 ? calloc(1, sizeof(*reader)) : NULL;
	struct exchange_source source = {on_drained, on_closed, reader, "application/x-pcapng"};

	if (!reader) {
		reply_words(exchange, 404, "Record not found");
		return;
	}
	reader->held = held;
	reader->exchange = exchange;
	reader->next = held->readers;
	held->readers = reader;
	exchange_stream(exchange, &source);
	feed(reader);
}

// A piece: who sends it is looked at on a store thread, then it is written on the loop.
struct upload {
	struct store_job job;
	struct captures *captures;
	struct exchange *exchange;
	char *token, id[UUID_TEXT];
	struct actor actor;
	bool is_known;
};

static void upload_run(struct db *db, struct store_job *job)
{
	struct upload *upload = container_of(job, struct upload, job);

	upload->is_known = upload->token && token_check(db, upload->token, &upload->actor) == 0 &&
		(upload->actor.scope == TOKEN_OWNER || upload->actor.scope == TOKEN_GATEWAY);
}

static uint64_t number_of(struct exchange *exchange, const char *name)
{
	const char *text = exchange_query(exchange, name);

	return text ? strtoull(text, NULL, 10) : 0;
}

static void reader_wake(struct held *held, int64_t packets)
{
	pthread_mutex_lock(&held->all->lock);
	held->object->captured = held->size;
	held->object->packets = packets;
	pthread_mutex_unlock(&held->all->lock);
	feed_all(held);
}

static int take_piece(struct held *held, struct exchange *exchange)
{
	const char *bytes, *reason = exchange_query(exchange, "reason");
	uint64_t sequence = number_of(exchange, "sequence");
	size_t len;

	bytes = exchange_body(exchange, &len);
	if (exchange_is_too_large(exchange) || sequence > held->sequence)
		return 409;
	if (sequence < held->sequence)
		return 200; // it was taken, and the answer was lost
	if (held->size + (int64_t)len > held->object->octets + CAPTURE_PIECE_MAX)
		return 413;
	if (len && pwrite(held->fd, bytes, len, held->size) != (ssize_t)len)
		return 507;
	held->sequence++;
	held->size += (int64_t)len;
	reader_wake(held, (int64_t)number_of(exchange, "packets"));
	if (!len)
		finish(held, reason && *reason ? reason : "it ended");
	return 200;
}

static void upload_done(struct store_job *job)
{
	struct upload *upload = container_of(job, struct upload, job);
	struct held *held = find(upload->captures, upload->id);
	int status = 404;

	if (!upload->is_known)
		status = 401;
	else if (held && upload->actor.scope == TOKEN_GATEWAY && strcmp(upload->actor.gateway, held->object->gateway.id) != 0)
		status = 403;
	else if (held && held->object->state == CAPTURE_RUNNING)
		status = take_piece(held, upload->exchange);
	if (status >= 400 && held && status != 401 && status != 403)
		finish(held, status == 507 ? "the disk is full" : "the Regional Gateway sent more than was asked for");
	reply_words(upload->exchange, status, status == 200 ? NULL : "This piece of a capture is not wanted");
	if (upload->token)
		explicit_bzero(upload->token, strlen(upload->token));
	free(upload->token);
	free(upload);
}

void captures_upload(struct captures *captures, struct exchange *exchange)
{
	const char *authorization = exchange_header(exchange, "Authorization"), *id = strrchr(exchange_path(exchange), '/') + 1;
	struct upload *upload = calloc(1, sizeof(*upload));

	if (!upload)
		abort();
	upload->job = (struct store_job){.run = upload_run, .done = upload_done};
	upload->captures = captures;
	upload->exchange = exchange;
	snprintf(upload->id, sizeof(upload->id), "%s", id);
	if (authorization && strncasecmp(authorization, "Bearer ", 7) == 0)
		upload->token = strdup(authorization + 7);
	store_read(captures->controller->store, &upload->job);
}

int captures_new(struct controller *controller, const char *directory, struct captures **out)
{
	struct captures *captures = calloc(1, sizeof(*captures));

	if (!captures || !(captures->directory = strdup(directory))) {
		free(captures);
		return -ENOMEM;
	}
	captures->controller = controller;
	pthread_mutex_init(&captures->lock, NULL);
	uv_timer_init(&controller->loop, &captures->round);
	captures->round.data = captures;
	*out = captures;
	return 0;
}

static void on_round_closed(uv_handle_t *handle)
{
	struct captures *captures = handle->data;

	pthread_mutex_destroy(&captures->lock);
	free(captures->directory);
	free(captures);
}

void captures_free(struct captures **out)
{
	struct captures *captures = *out;

	if (!captures)
		return;
	while (captures->first)
		drop(captures->first);
	uv_close((uv_handle_t *)&captures->round, on_round_closed);
	*out = NULL;
}
