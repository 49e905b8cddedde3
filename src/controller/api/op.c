// SPDX-License-Identifier: Apache-2.0
#include "controller/api/op.h"

#include "base/clean.h"
#include "base/log.h"
#include "controller/api/access.h"
#include "controller/api/http.h"
#include "controller/api/ops.h"
#include "controller/api/session.h"
#include "controller/store/audit.h"
#include "controller/store/plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

LOG_CATEGORY(api);

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000
#define REPLY_USUAL 2000 // octets of one object

// What the model's rules may ask of the store.
static bool ruling_find(struct ruling *ruling, const struct noun *noun, const char *owner, struct field_ref *ref)
{
	struct op *op = ruling->store;

	return db_resolve(op->db, noun, ruling->customer, owner, ref);
}

static const void *ruling_get(struct ruling *ruling, const struct noun *noun, const char *id)
{
	struct op *op = ruling->store;
	void *object;

	for (size_t i = 0; i < op->loaded_count; i++)
		if (op->loaded[i].noun == noun && strcmp(((struct object *)op->loaded[i].object)->id, id) == 0)
			return op->loaded[i].object;
	if (db_get(op->db, noun, id, DB_LEAN, &object))
		return NULL;
	void *loaded = realloc(op->loaded, (op->loaded_count + 1) * sizeof(*op->loaded));

	if (!loaded) {
		object_free(noun, object);
		return NULL;
	}
	op->loaded = loaded;
	op->loaded[op->loaded_count].noun = noun;
	op->loaded[op->loaded_count++].object = object;
	return object;
}

static int64_t ruling_users(struct ruling *ruling, const struct noun *noun, const char *field, const char *id)
{
	return db_count_users(((struct op *)ruling->store)->db, noun, field, id);
}

// What a run left behind.
static void op_forget(struct op *op)
{
	for (size_t i = 0; i < op->loaded_count; i++)
		object_free(op->loaded[i].noun, op->loaded[i].object);
	free(op->loaded);
	op->loaded = NULL;
	op->loaded_count = 0;
	ruling_fini(&op->ruling);
	op->ruling = (struct ruling){0};
	text_fini(&op->reply);
	op->reply = (struct text){0};
}

static void op_free(struct op *op)
{
	free(op->path);
	credential_fini(&op->credential);
	op_work_fini(&op->work);
	op_forget(op);
	free(op);
}

void op_again(struct op *op)
{
	op_forget(op);
	op->status = 200;
	op->etag[0] = '\0';
	if (op->controller->store)
		store_write(op->controller->store, &op->job);
	else
		op_free(op); // the program ends, and the exchange is no more
}

// A dry run is judged as it would be, and rolled back. What reaches beyond the store cannot be.
static bool can_be_dry(struct op *op)
{
	if (!op->is_dry || op->route->pattern[0] == '{' || op->route->run == op_l2tp_setup ||
		op->route->run == op_capture_create || op->route->run == op_capture_delete)
		return true;
	op_fail(op, 400, "dryRun: this operation cannot be tried without being done; leave it out");
	return false;
}

static void run(struct db *db, struct store_job *job)
{
	struct op *op = container_of(job, struct op, job);
	const char *why = NULL;

	op->db = db;
	op->work.is_due = false;
	op->ruling.store = op;
	op->ruling.resolve = ruling_find;
	op->ruling.load = ruling_get;
	op->ruling.count = ruling_users;
	if (op->route->is_open) {
		op->route->run(op);
	} else if (actor_identify(db, &op->credential, &op->controller->logins, &op->actor, &why)) {
		op_fail(op, 401, "%s", why);
		if (op->credential.is_session)
			session_cookie(op, NULL);
	} else if (access_allows(op) && can_be_dry(op)) {
		op->ruling.customer = op->actor.customer;
		op->route->run(op);
	}
	job->abort = op->work.is_due || (op->status != 200 && !op->stays) || op->is_dry;
}

static void answer(struct op *op)
{
	struct exchange_header headers[2];
	struct exchange_answer answer = {.status = op->status,
		.content_type = op->content_type,
		.allow = op->allow,
		.headers = headers,
		.etag = *op->etag ? op->etag : NULL};
	char retry[16];

	if (*op->cookie)
		headers[answer.header_count++] = (struct exchange_header){"Set-Cookie", op->cookie};
	if (op->retry_s) {
		snprintf(retry, sizeof(retry), "%u", op->retry_s);
		headers[answer.header_count++] = (struct exchange_header){"Retry-After", retry};
	}
	answer.body = text_take(&op->reply, &answer.len);
	log_debug("request method=%s path=%s status=%d", op->method, exchange_path(op->exchange), op->status);
	exchange_reply(op->exchange, &answer);
}

static void done(struct store_job *job)
{
	struct op *op = container_of(job, struct op, job);

	if (op->work.is_due && !job->error && op_work_start(op))
		return;
	if (job->error) {
		text_fini(&op->reply);
		op_fail(op, 500, "The store failed; nothing was changed. Look at the controller's log");
	}
	if (op->actor.session_due)
		session_seen(op->controller, op->credential.text);
	if (op->status == 200 && op->after && !op->is_dry)
		op->after(op);
	op->controller->requests++;
	op->controller->failures += op->status >= 500;
	if (op->status == 200 && op->takes)
		op->takes(op);
	else
		answer(op);
	op_free(op);
}

const char *op_query(const struct op *op, const char *name)
{
	return exchange_query(op->exchange, name);
}

const char *op_header(const struct op *op, const char *name)
{
	return exchange_header(op->exchange, name);
}

static bool is_yes(const char *text)
{
	return text && strcasecmp(text, "true") == 0;
}

// A token stands before a cookie: who sends one means it.
static void take_credential(struct op *op)
{
	const char *authorization = exchange_header(op->exchange, "Authorization");
	const char *cookie = authorization ? NULL : exchange_cookie(op->exchange, SESSION_COOKIE);

	if (authorization && strncasecmp(authorization, "Bearer ", 7) == 0)
		op->credential.text = strdup(authorization + 7);
	else if (cookie)
		op->credential = (struct credential){strdup(cookie), true};
	op->is_secure = exchange_is_secure(op->exchange);
}

void op_start(struct controller *controller, struct exchange *exchange, const struct route *route, const struct noun *noun,
	char *path, char **segments, size_t count)
{
	struct op *op = calloc(1, sizeof(*op));
	const char *accept = exchange_header(exchange, "Accept");

	if (!op)
		abort();
	op->job = (struct store_job){.run = run, .done = done};
	op->controller = controller;
	op->exchange = exchange;
	op->noun = noun;
	op->route = route;
	op->path = path;
	op->segment_count = count;
	memcpy(op->segments, segments, count * sizeof(*segments));
	if (noun && count >= 3)
		op->row = noun_row_by_path(noun, segments[2], &op->list);
	op->method = exchange_method(exchange);
	op->is_dry = route->kind == OP_WRITE && is_yes(exchange_query(exchange, "dryRun"));
	op->wants_stream = accept && strncasecmp(accept, "text/event-stream", 17) == 0;
	take_credential(op);
	op->body = exchange_body(exchange, &op->body_len);
	op->status = 200;
	op->job.quick = route->run == op_get;
	if (route->kind == OP_WRITE)
		store_write(controller->store, &op->job);
	else if (!op->job.quick || !plan_of(noun)->is_light || !store_read_here(controller->store, &op->job))
		store_read(controller->store, &op->job);
}

void op_audit(struct op *op, const char *action, const struct noun *noun, const char *id, const char *moniker, const char *after)
{
	struct audit_action row = {.actor = op->actor.id,
		.customer = op->actor.customer,
		.action = action,
		.noun = noun,
		.id = id,
		.moniker = moniker,
		.after = after};

	audit_action(op->db, &row);
}

void op_reply_id(struct op *op, const char *id)
{
	op_reply_begin(op);
	text_json(&op->reply, id);
	op_reply_end(op);
}

void op_reply_begin(struct op *op)
{
	op->status = 200;
	text_reserve(&op->reply, REPLY_USUAL);
	text_add(&op->reply, "{\"success\":true,\"messages\":[],\"data\":");
}

void op_reply_end(struct op *op)
{
	op_reply_end_list(op, 0, 0, 0);
}

void op_reply_end_list(struct op *op, int64_t total, int64_t limit, int64_t offset)
{
	text_add(&op->reply, ",\"totalItems\":");
	text_number(&op->reply, total);
	text_add(&op->reply, ",\"limit\":");
	text_number(&op->reply, limit);
	text_add(&op->reply, ",\"offset\":");
	text_number(&op->reply, offset);
	text_char(&op->reply, '}');
}

void op_reply_found(struct op *op, int error, const char *why, int64_t total, int64_t limit, int64_t offset)
{
	if (error == -EINVAL)
		op_fail(op, 400, "%s", why);
	else if (error)
		op_fail_store(op, error);
	else
		op_reply_end_list(op, total, limit, offset);
}

static void fail_begin(struct op *op, int status)
{
	text_fini(&op->reply);
	op->status = status;
	op->etag[0] = '\0';
	text_add(&op->reply, "{\"success\":false,\"messages\":[");
}

static void fail_end(struct op *op)
{
	text_add(&op->reply, "],\"data\":null}");
}

void op_fail(struct op *op, int status, const char *format, ...)
{
	char message[600];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	fail_begin(op, status);
	text_json(&op->reply, message);
	fail_end(op);
}

void op_fail_ruling(struct op *op)
{
	struct ruling *ruling = &op->ruling;

	fail_begin(op, (int)ruling->verdict);
	for (size_t i = 0; i < ruling->fault_count && i < RULING_FAULTS_MAX; i++) {
		text_add(&op->reply, i ? "," : "");
		text_json(&op->reply, ruling->faults[i]);
	}
	if (ruling->fault_count > RULING_FAULTS_MAX)
		text_format(&op->reply, ",\"and %zu more\"", ruling->fault_count - RULING_FAULTS_MAX);
	fail_end(op);
}

void op_fail_store(struct op *op, int error)
{
	if (error == -ENOENT)
		op_fail(op, 404, "Record not found");
	else if (error == -EEXIST)
		op_fail(op, 409,
			"Another object has taken one of the unique values (moniker, ICCID, IMSI) meanwhile; read again and "
			"choose another");
	else if (error == -EBUSY)
		op_fail(op, 409, "The object is in use; free it first");
	else
		op_fail(op, 500, "The store failed; nothing was changed. Look at the controller's log");
}

json_t *op_body(struct op *op)
{
	json_error_t error;

	if (exchange_is_too_large(op->exchange)) {
		op_fail(op, 413, "body: is too large; send at most 1 MiB, or more requests");
		return NULL;
	}
	if (!op->body_len) {
		op_fail(op, 400, "body: is empty; send a JSON object");
		return NULL;
	}
	json_t *body = json_loadb(op->body, op->body_len, JSON_REJECT_DUPLICATES, &error);

	if (!body)
		op_fail(op, 400, "body: is not valid JSON at line %d, column %d: %.160s; correct it there", error.line,
			error.column, error.text);
	return body;
}

// 0 means the default, for both: existing clients send it with each list for what they were not told.
static bool take_number(struct op *op, const char *name, int64_t max, int64_t *out)
{
	const char *text = op_query(op, name);
	char *rest;

	if (!text || !*text)
		return true;
	long long number = strtoll(text, &rest, 10);

	if (*rest || number < 0 || number > max) {
		op_fail(op, 400, "%s: \"%.40s\" is not accepted; accepted: an integer from 0 to %lld", name, text,
			(long long)max);
		return false;
	}
	if (number)
		*out = number;
	return true;
}

bool op_paging(struct op *op, int64_t *offset, int64_t *limit)
{
	*offset = 0;
	*limit = LIMIT_DEFAULT;
	return take_number(op, "offset", INT32_MAX, offset) && take_number(op, "limit", LIMIT_MAX, limit);
}

const char *op_customer(const struct op *op, const struct noun *noun)
{
	return noun->flags & NOUN_PLATFORM ? NULL : op->actor.customer;
}

char *op_request_hash(const struct op *op, char out[REQUEST_HASH_TEXT])
{
	struct text all = {0};

	for (size_t i = 0; i < op->segment_count; i++)
		text_format(&all, "%s/%s", op->method, op->segments[i]);
	text_add(&all, op->actor.customer);
	text_bytes(&all, op->body, op->body_len);
	if (all.failed)
		abort();
	token_hash(all.bytes, out);
	text_fini(&all);
	return out;
}

// Of the nouns that customers share there are objects of nobody, which came with the program.
static bool is_built_in(struct op *op, const char *id)
{
	char sql[100];

	if (!(op->noun->flags & NOUN_SHARED))
		return false;
	snprintf(sql, sizeof(sql), "SELECT customer IS NULL FROM %s WHERE id = ?1", op->noun->table);
	sqlite3_stmt *statement = db_statement(op->db, sql);

	if (!statement)
		return true;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	bool built_in = sqlite3_step(statement) != SQLITE_ROW || sqlite3_column_int(statement, 0);

	sqlite3_reset(statement);
	return built_in;
}

bool op_find(struct op *op, char id[UUID_TEXT])
{
	if (db_find(op->db, op->noun, op_customer(op, op->noun), NULL, op->segments[1], id) == 0) {
		if (strcasecmp(op->method, "GET") == 0 || !is_built_in(op, id))
			return true;
		op_fail(op, 403, "This %s comes with the program and cannot be changed; create one of your own", op->noun->title);
		return false;
	}
	op_fail(op, 404, "Record not found");
	return false;
}

void op_etag(struct op *op, int64_t revision)
{
	snprintf(op->etag, sizeof(op->etag), "\"%lld\"", (long long)revision);
}

bool op_matches(struct op *op, int64_t revision)
{
	char etag[32];

	snprintf(etag, sizeof(etag), "\"%lld\"", (long long)revision);
	const char *if_match = op_header(op, "If-Match");

	if (!if_match || strcmp(if_match, "*") == 0 || strstr(if_match, etag))
		return true;
	op_fail(op, 412, "If-Match: the object was changed meanwhile and is now %s; read it again, then repeat the change", etag);
	return false;
}
