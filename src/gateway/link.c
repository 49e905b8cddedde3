// SPDX-License-Identifier: Apache-2.0
#include "gateway/link.h"

#include "base/clean.h"
#include "base/log.h"
#include "gateway/jsonget.h"
#include "gateway/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

LOG_CATEGORY(link);

#define SILENCE_MS 15000 // three heartbeats
#define RETRY_MIN_MS 250
#define RETRY_MAX_MS 10000
#define BATCH_ROWS 1000
#define LINE_MAX_OCTETS (4 << 20)

struct link {
	uv_loop_t *loop;
	struct http *http;
	struct link_host host;
	struct report *report;
	char *url, *unix_socket, *token_file, *gateway;
	char boot[UUID_TEXT];
	struct record *record;

	struct config *config, *staging; // staging: a snapshot that is not complete yet
	VEC(json_t *) pending; // put and delete rows since the last ready, outside a snapshot
	bool replaying; // reading the recorded file

	struct http_call *stream;
	char *line; // the piece of a row that has come so far
	size_t line_len, line_room;
	uv_timer_t *stream_timer; // silence, or the wait before the next dial
	uint64_t retry_ms;
	bool is_up, want_snapshot;

	struct http_call *post;
	uint64_t posted;
	uv_timer_t *post_timer;
	uint64_t post_retry_ms;
};

static void dial(struct link *link);
static void post(struct link *link);

static void pending_drop(struct link *link)
{
	vec_each (&link->pending, row)
		json_decref(*row);
	vec_free(&link->pending);
}

static int row_apply(struct config *config, const json_t *row, struct config_change *change)
{
	const char *kind = jsonget_text(row, "kind", ""), *id = jsonget_text(row, "id", "");
	const struct endpoint_config *before;
	char why[160];
	int error = 0;

	change->deleted = !strcmp(jsonget_text(row, "row", ""), "delete");
	uuid_set(&change->id, id);
	before = strcmp(kind, "endpoint") ? NULL : config_endpoint(config, &change->id);
	if (before) {
		change->imsi_count = before->imsi_count;
		memcpy(change->imsis, before->imsis, sizeof(change->imsis));
	}
	if (change->deleted)
		config_delete(config, kind, id);
	else
		error = config_put(config, kind, id, json_object_get(row, "data"), why);
	if (error)
		return log_err_r(error, "an object of the configuration can't be used kind=%s id=%s why=\"%s\"", kind, id, why);
	change->kind = kind;
	return 0;
}

// A snapshot or a batch of changes is complete.
static void ready(struct link *link, uint64_t revision)
{
	VEC(struct config_change) changes = {0};
	bool all = link->staging;
	struct config *old = NULL;

	if (all) {
		old = link->config;
		link->config = TAKE_PTR(link->staging);
	}
	vec_each (&link->pending, row) {
		struct config_change change = {0}, *kept;

		if (row_apply(link->config, *row, &change) || all)
			continue;
		kept = vec_add(&changes);
		if (kept)
			*kept = change;
	}
	link->config->revision = revision;
	if (!link->replaying && (all || changes.count))
		link->host.on_config(link->host.owner, link->config, all, changes.items, changes.count);
	vec_free(&changes);
	pending_drop(link);
	config_free(&old);
}

static void on_hello(struct link *link, const json_t *row)
{
	pending_drop(link);
	config_free(&link->staging);
	if (!json_is_true(json_object_get(row, "snapshot")))
		return;
	link->staging = config_new();
	if (link->record && !link->replaying)
		record_snapshot(link->record);
}

static void on_redial(uv_timer_t *timer)
{
	struct link *link = timer->data;

	http_cancel(&link->stream);
	dial(link);
}

static void on_ready(struct link *link, const json_t *row)
{
	ready(link, (uint64_t)jsonget_int(row, "revision", 0));
	if (link->replaying)
		return;
	if (!link->is_up) {
		link->is_up = true;
		link->retry_ms = RETRY_MIN_MS;
		log_info("joined the controller gateway=%s revision=%llu", link->gateway,
			(unsigned long long)link->config->revision);
		report_forget_live(link->report);
		link->host.on_sync(link->host.owner);
		link_kick(link);
	}
	if (link->record && record_is_long(link->record)) {
		link->want_snapshot = true;
		uv_timer_start(link->stream_timer, on_redial, 0, 0);
	}
}

static int on_row(struct link *link, const char *line, size_t len)
{
	json_error_t error;
	json_t *row = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error), **kept;
	const char *word = jsonget_text(row, "row", "");
	bool is_object = !strcmp(word, "put") || !strcmp(word, "delete");
	bool is_ready = !strcmp(word, "ready");

	if (!json_is_object(row)) {
		json_decref(row);
		return log_err_r(-EBADMSG, "the controller sent a row that is not JSON error=\"%s\"", error.text);
	}
	if (!strcmp(word, "hello"))
		on_hello(link, row);
	if ((is_object || is_ready || !strcmp(word, "hello")) && link->record && !link->replaying)
		record_line(link->record, line, len);
	if (is_object && link->staging) { // nothing of a snapshot is used before its end, so it need not wait as JSON
		(void)row_apply(link->staging, row, &(struct config_change){0});
	} else if (is_object) {
		kept = vec_add(&link->pending);
		if (kept)
			*kept = json_incref(row);
	} else if (is_ready) {
		if (link->record && !link->replaying)
			record_ready(link->record);
		on_ready(link, row);
	} else if (!strcmp(word, "command")) {
		link->host.on_command(link->host.owner, jsonget_text(row, "command", ""), row);
	}
	json_decref(row);
	return 0;
}

static int replay_line(void *owner, const char *line, size_t len)
{
	return on_row(owner, line, len);
}

static void stream_end(struct link *link, const char *why)
{
	http_cancel(&link->stream);
	if (link->is_up)
		log_warn("lost the controller why=\"%s\"", why);
	else
		log_debug("no controller why=\"%s\" retry_ms=%llu", why, (unsigned long long)link->retry_ms);
	link->is_up = false;
	link->line_len = 0;
	pending_drop(link);
	config_free(&link->staging);
}

static void on_dial_due(uv_timer_t *timer)
{
	dial(timer->data);
}

static void dial_later(struct link *link)
{
	uv_timer_start(link->stream_timer, on_dial_due, link->retry_ms, 0);
	link->retry_ms = link->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : link->retry_ms * 2;
}

static void on_silence(uv_timer_t *timer)
{
	struct link *link = timer->data;

	stream_end(link, "silent for 15 s");
	dial_later(link);
}

static int on_stream_data(void *owner, const char *bytes, size_t len)
{
	struct link *link = owner;

	uv_timer_start(link->stream_timer, on_silence, SILENCE_MS, 0);
	while (len) {
		const char *end = memchr(bytes, '\n', len);
		size_t piece = end ? (size_t)(end - bytes) : len;

		if (link->line_len + piece > LINE_MAX_OCTETS)
			return -EMSGSIZE;
		if (link->line_len + piece > link->line_room) {
			size_t room = (link->line_len + piece) * 2;
			char *grown = realloc(link->line, room);

			if (!grown)
				return -ENOMEM;
			link->line = grown;
			link->line_room = room;
		}
		if (piece)
			memcpy(link->line + link->line_len, bytes, piece);
		link->line_len += piece;
		if (end && link->line_len && on_row(link, link->line, link->line_len))
			return -EBADMSG;
		if (end)
			link->line_len = 0;
		bytes += piece + (end ? 1 : 0);
		len -= piece + (end ? 1 : 0);
	}
	return 0;
}

static void on_stream_done(void *owner, long status, const char *error)
{
	struct link *link = owner;
	char why[512];

	link->stream = NULL; // it frees itself
	snprintf(why, sizeof(why), "%s", error ? error : "the stream ended");
	if (status && status != 200)
		snprintf(why, sizeof(why), "the controller answered %ld%s", status,
			status == 401 || status == 403 ? ": the token is not good for this gateway" : "");
	if (status == 401 || status == 403)
		log_err("the controller refuses us status=%ld", status);
	stream_end(link, why);
	dial_later(link);
}

static char *token_read(const char *path)
{
	FILE *file = path ? fopen(path, "re") : NULL;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return NULL;
	if (getline(&line, &room, file) > 0)
		line[strcspn(line, " \t\r\n")] = 0;
	fclose(file);
	return line;
}

static void dial(struct link *link)
{
	_cleanup_free_ char *token = token_read(link->token_file);
	_cleanup_free_ char *url = NULL;
	struct http_request request = {
		.method = "GET",
		.unix_socket = link->unix_socket,
		.token = token,
		.on_data = on_stream_data,
		.on_done = on_stream_done,
		.owner = link,
	};
	uint64_t since = link->want_snapshot ? 0 : link->config->revision;

	link->want_snapshot = false;
	if (asprintf(&url, "%s/gateway/v1/config?gateway=%s&since=%llu", link->url, link->gateway, (unsigned long long)since) < 0)
		return;
	request.url = url;
	uv_timer_start(link->stream_timer, on_silence, SILENCE_MS, 0);
	if (http_start(link->http, &request, &link->stream))
		dial_later(link);
}

static void on_post_due(uv_timer_t *timer)
{
	post(timer->data);
}

static int ignore_data(void *owner, const char *bytes, size_t len)
{
	(void)owner;
	(void)bytes;
	(void)len;
	return 0;
}

static void on_post_done(void *owner, long status, const char *error)
{
	struct link *link = owner;

	link->post = NULL;
	if (status == 200 && !error) {
		report_taken(link->report, link->posted);
		link->post_retry_ms = RETRY_MIN_MS;
		link_kick(link);
		return;
	}
	log_debug("a batch of reports was not taken status=%ld error=\"%s\"", status, error ? error : "");
	uv_timer_start(link->post_timer, on_post_due, link->post_retry_ms, 0);
	link->post_retry_ms = link->post_retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : link->post_retry_ms * 2;
}

static void post(struct link *link)
{
	_cleanup_free_ char *token = NULL, *url = NULL, *batch = NULL;
	struct http_request request = {
		.method = "POST",
		.unix_socket = link->unix_socket,
		.content_type = "application/x-ndjson",
		.timeout_ms = 10000,
		.on_data = ignore_data,
		.on_done = on_post_done,
		.owner = link,
	};

	if (link->post || !link->is_up)
		return;
	link->host.on_fill(link->host.owner);
	batch = report_batch(link->report, link->gateway, link->boot, BATCH_ROWS, &link->posted);
	token = token_read(link->token_file);
	if (!batch || asprintf(&url, "%s/gateway/v1/reports", link->url) < 0)
		return;
	request.url = url;
	request.token = token;
	request.body = batch;
	request.body_len = strlen(batch);
	if (http_start(link->http, &request, &link->post))
		uv_timer_start(link->post_timer, on_post_due, link->post_retry_ms, 0);
}

int link_upload(struct link *link, const char *path, const void *bytes, size_t len,
	void (*on_done)(void *owner, long status, const char *error), void *owner, struct http_call **out)
{
	_cleanup_free_ char *token = token_read(link->token_file), *url = NULL;
	struct http_request request = {
		.method = "POST",
		.unix_socket = link->unix_socket,
		.token = token,
		.content_type = "application/octet-stream",
		.body = len ? bytes : "",
		.body_len = len,
		.timeout_ms = 10000,
		.on_data = ignore_data,
		.on_done = on_done,
		.owner = owner,
	};

	if (!link->url)
		return -ENOTCONN;
	if (asprintf(&url, "%s/gateway/v1/%s&gateway=%s", link->url, path, link->gateway) < 0)
		return -ENOMEM;
	request.url = url;
	return http_start(link->http, &request, out);
}

void link_kick(struct link *link)
{
	// A short wait gathers what one burst of work brings.
	if (link->url && link->is_up && !link->post && !uv_is_active((uv_handle_t *)link->post_timer))
		uv_timer_start(link->post_timer, on_post_due, 20, 0);
}

static uv_timer_t *timer_new(struct link *link)
{
	uv_timer_t *timer = calloc(1, sizeof(*timer));

	if (timer) {
		uv_timer_init(link->loop, timer);
		timer->data = link;
	}
	return timer;
}

static void timer_closed(uv_handle_t *handle)
{
	free(handle);
}

static int start_config(struct link *link, const struct link_options *options)
{
	int error;

	link->replaying = true;
	if (options->snapshot) {
		error = record_read(options->snapshot, replay_line, link);
		if (error)
			return log_err_r(error, "the configuration file can't be used path=%s error=\"%s\"", options->snapshot,
				strerror(-error));
	} else if (link->record) {
		error = record_read(record_path(link->record), replay_line, link);
		if (error && error != -ENOENT)
			log_warn("the recorded configuration can't be used, waiting for the controller error=\"%s\"",
				strerror(-error));
	}
	link->replaying = false;
	pending_drop(link); // of a batch that was not complete
	config_free(&link->staging);
	// Only where the record ends counts: on the way there a VSlice was not yet made, or an endpoint suspended, and live sessions of
	// before the restart would end for it.
	if (link->config->revision)
		link->host.on_config(link->host.owner, link->config, true, NULL, 0);
	return 0;
}

static int set_controller(struct link *link, const char *controller)
{
	if (strncmp(controller, "unix:", 5)) {
		link->url = strdup(controller);
		if (link->url && link->url[0] && link->url[strlen(link->url) - 1] == '/')
			link->url[strlen(link->url) - 1] = 0;
		return link->url ? 0 : -ENOMEM;
	}
	link->unix_socket = strdup(controller + 5);
	link->url = strdup("http://controller");
	return link->url && link->unix_socket ? 0 : -ENOMEM;
}

int link_new(uv_loop_t *loop, struct http *http, const struct link_options *options, const struct link_host *host,
	struct report *report, struct link **out)
{
	struct link *link = calloc(1, sizeof(*link));
	struct uuid boot;
	int error = 0;

	if (!link)
		return -ENOMEM;
	uuid_new(&boot);
	memcpy(link->boot, boot.text, sizeof(link->boot));
	link->loop = loop;
	link->http = http;
	link->host = *host;
	link->report = report;
	link->retry_ms = link->post_retry_ms = RETRY_MIN_MS;
	link->config = config_new();
	link->gateway = strdup(options->gateway);
	link->token_file = options->token_file ? strdup(options->token_file) : NULL;
	link->stream_timer = timer_new(link);
	link->post_timer = timer_new(link);
	*out = link;
	if (options->controller)
		error = set_controller(link, options->controller);
	else
		report_off(report);
	if (!error && options->state_dir)
		error = record_new(options->state_dir, &link->record);
	if (!error)
		error = start_config(link, options);
	if (error) {
		*out = NULL;
		link_free(&link);
		return error;
	}
	if (link->url)
		dial(link);
	return 0;
}

void link_free(struct link **out)
{
	struct link *link = *out;

	if (!link)
		return;
	http_cancel(&link->stream);
	http_cancel(&link->post);
	pending_drop(link);
	config_free(&link->staging);
	config_free(&link->config);
	record_free(&link->record);
	uv_close((uv_handle_t *)link->stream_timer, timer_closed);
	uv_close((uv_handle_t *)link->post_timer, timer_closed);
	free(link->line);
	free(link->url);
	free(link->unix_socket);
	free(link->token_file);
	free(link->gateway);
	free(link);
	*out = NULL;
}

bool link_is_up(const struct link *link)
{
	return link->is_up;
}
