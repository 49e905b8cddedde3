// SPDX-License-Identifier: Apache-2.0
// POST /endpoints/import: many endpoints from one body, all or none.
//
// The body is gone through twice, in portions, each a job of its own in the store's queues, so that every other request gets its turn
// in between. First each row is checked on the store's student: form, references, rules, conflicts with what is stored and with the
// rows before it. Only when no row is at fault are they stored, portion by portion, each row judged again: meanwhile somebody may have
// taken an IMSI or deleted a group. Nobody sees any of them before all are there (store/import_log.h); should a row fail now, or the
// program die, what was stored is taken back. The answer goes when they are in sight, their events follow.
#include "base/clean.h"
#include "base/log.h"
#include "base/map.h"
#include "controller/api/bulk_row.h"
#include "controller/api/change.h"
#include "controller/api/http.h"
#include "controller/api/ops.h"
#include "controller/store/import_log.h"
#include "model/endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

LOG_CATEGORY(import);

#define PORTION_MS 2 // of a job: what a request that comes in between waits for
#define PORTION_LEAST 10 // rows
#define PORTION 100 // events told, or rows taken back
#define IMPORT_ROWS_MAX 500000
#define MESSAGES_MAX 100

enum import_phase { IMPORT_CHECK, IMPORT_STORE, IMPORT_SHOW, IMPORT_TAKE_BACK, IMPORT_TELL };

struct import {
	struct store_job job;
	struct controller *controller;
	struct exchange *exchange;
	struct op op; // what the rules and the change of one row look at
	enum import_phase phase;
	struct import_log log;
	char *key, request[REQUEST_HASH_TEXT]; // of the Idempotency-Key
	struct bulk_rows rows;
	struct strmap seen; // what must be unique -> the number of its row; keys are ours
	struct text report, messages, reply;
	size_t count, faulty, messages_told;
	enum ruling_verdict verdict;
	bool dry_run, ended, failed;
};

static void import_free(struct import *import)
{
	for (size_t i = 0; i < import->seen.size; i++)
		if (import->seen.slots[i].value)
			free((char *)import->seen.slots[i].key);
	strmap_fini(&import->seen);
	bulk_rows_fini(&import->rows);
	text_fini(&import->report);
	text_fini(&import->messages);
	text_fini(&import->reply);
	free(import->key);
	ruling_fini(&import->op.ruling);
	free(import);
}

static void forget_loaded(struct op *op)
{
	for (size_t i = 0; i < op->loaded_count; i++)
		object_free(op->loaded[i].noun, op->loaded[i].object);
	free(op->loaded);
	op->loaded = NULL;
	op->loaded_count = 0;
}

static void see(struct import *import, char kind, const char *member, const char *value)
{
	char *key = NULL;

	if (!value)
		return;
	if (asprintf(&key, "%c%s", kind, value) < 0)
		abort();
	size_t row = (size_t)strmap_get(&import->seen, key);

	if (row) {
		ruling_fault_of(
			&import->op.ruling, RULING_CONFLICT, member, "\"%s\" stands in row %zu too; leave one out", value, row);
		free(key);
	} else if (strmap_put(&import->seen, key,
			   (void *)import->rows.row)) { // NOLINT(performance-no-int-to-ptr): a number, no address
		abort();
	}
}

// No two rows of the body may take the same.
static void check_seen(struct import *import, const struct endpoint *endpoint)
{
	char name[32];

	see(import, 'c', "iccid", endpoint->iccid);
	if (endpoint->object.moniker && endpoint->iccid && strcmp(endpoint->object.moniker, endpoint->iccid) != 0)
		see(import, 'k', "moniker", endpoint->object.moniker);
	for (size_t i = 0; i < endpoint->imsis.count; i++) {
		snprintf(name, sizeof(name), "imsis[%zu]", i);
		see(import, 'm', name, endpoint->imsis.items[i]);
	}
}

static void tell_message(struct import *import, const char *fault)
{
	char line[700];

	if (import->messages_told++ >= MESSAGES_MAX)
		return;
	snprintf(line, sizeof(line), "row %zu: %s", import->rows.row, fault);
	text_add(&import->messages, import->messages.len ? "," : "");
	text_json(&import->messages, line);
}

// The row's line of the report, and its faults, which are taken out of the ruling.
static void report_row(struct import *import, const struct endpoint *endpoint)
{
	struct ruling *ruling = &import->op.ruling;
	struct text *out = &import->report;

	text_format(out, "%s{\"row\":%zu,\"iccid\":", out->len ? "," : "", import->rows.row);
	text_json(out, endpoint ? endpoint->iccid : NULL);
	text_add(out, ",\"id\":");
	text_json(out, endpoint && import->phase == IMPORT_STORE && !ruling->fault_count ? endpoint->object.id : NULL);
	text_add(out, ",\"messages\":[");
	for (size_t i = 0; i < ruling->fault_count && i < RULING_FAULTS_MAX; i++) {
		text_add(out, i ? "," : "");
		text_json(out, ruling->faults[i]);
		tell_message(import, ruling->faults[i]);
	}
	text_add(out, "]}");
	if (ruling->fault_count) {
		import->faulty++;
		if (import->verdict != RULING_INVALID)
			import->verdict = ruling->verdict;
	}
	ruling_fini(ruling);
	ruling->verdict = RULING_OK;
}

static int take_row(struct import *import, json_t *body)
{
	struct endpoint *endpoint = body ? object_new(&noun_endpoint) : NULL;
	struct op *op = &import->op;
	int error = 0;

	if (endpoint) {
		json_get_object(&op->ruling, &noun_endpoint, body, endpoint, JSON_CREATE);
		change_judge(op, &noun_endpoint, endpoint, NULL);
		if (import->phase == IMPORT_CHECK)
			check_seen(import, endpoint);
		else if (!op->ruling.fault_count)
			error = db_stage(op->db, &noun_endpoint, endpoint, import->log.number);
	}
	report_row(import, endpoint);
	object_free(&noun_endpoint, endpoint);
	json_decref(body);
	return error;
}

static void write_answer(struct import *import, bool done)
{
	struct text *reply = &import->reply;

	if (import->failed && !import->faulty)
		text_json(&import->messages, "The store failed; nothing was imported. Look at the controller's log");
	if (import->messages_told > MESSAGES_MAX)
		text_format(
			&import->messages, ",\"and %zu more; the report has them all\"", import->messages_told - MESSAGES_MAX);
	text_format(reply, "{\"success\":%s,\"messages\":[%s],\"data\":{\"rows\":%zu,\"created\":%zu,\"faulty\":%zu,\"report\":[",
		done ? "true" : "false", import->messages.len ? import->messages.bytes : "", import->count,
		done && !import->dry_run ? import->count : 0, import->faulty);
	text_bytes(reply, import->report.bytes ? import->report.bytes : "", import->report.len);
	text_add(reply, "]}}");
}

// The last portion is in: with this commit all are there.
static void show_run(struct db *db, struct store_job *job)
{
	struct import *import = container_of(job, struct import, job);
	char after[60];

	import->op.db = db;
	import->ended = true;
	import->failed = job->abort = import_log_show(db, &import->log, import->count) < 0;
	if (import->failed)
		return;
	snprintf(after, sizeof(after), "{\"created\":%zu}", import->count);
	op_audit(&import->op, "import", &noun_endpoint, NULL, NULL, after);
	write_answer(import, true);
	if (import->key)
		idempotency_keep(db, import->op.actor.id, import->key, import->request, &import->reply);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void portion_run(struct db *db, struct store_job *job)
{
	struct import *import = container_of(job, struct import, job);
	int64_t until_ms = now_ms() + PORTION_MS;
	json_t *body = NULL;
	int error = 0;

	import->op.db = db;
	if (import->phase == IMPORT_STORE && !import->rows.row)
		error = import_log_begin(db, &import->log);
	for (int i = 0; (i < PORTION_LEAST || now_ms() < until_ms) && !error && !import->ended; i++) {
		if (!bulk_rows_next(&import->rows, &import->op.ruling, &body)) {
			import->ended = true;
		} else if (import->rows.row > IMPORT_ROWS_MAX) {
			json_decref(body);
			ruling_fault(&import->op.ruling, "body", "has more than %d rows; send them in several imports",
				IMPORT_ROWS_MAX);
			report_row(import, NULL);
			import->ended = true;
		} else {
			import->count = import->rows.row;
			error = take_row(import, body);
		}
	}
	forget_loaded(&import->op);
	import->failed |= error;
	job->abort = import->phase == IMPORT_STORE && (error || import->faulty);
}

static void take_back_run(struct db *db, struct store_job *job)
{
	struct import *import = container_of(job, struct import, job);
	int count = import->log.number ? import_log_take_back(db, &import->log, PORTION) : 0;

	import->ended = count <= 0;
	job->abort = count < 0; // the next start tries again
}

static void tell_run(struct db *db, struct store_job *job)
{
	struct import *import = container_of(job, struct import, job);
	int count = import_log_tell(db, &import->log, PORTION);

	import->ended = count <= 0;
	job->abort = count < 0;
}

static void answer(struct import *import, bool done)
{
	struct exchange_answer answer = {.status = done ? 200 : import->failed ? 500 : (int)import->verdict};

	if (!import->reply.len)
		write_answer(import, done);
	answer.body = text_take(&import->reply, &answer.len);
	import->controller->failures += answer.status >= 500;
	log_info("import rows=%zu faulty=%zu status=%d", import->count, import->faulty, answer.status);
	exchange_reply(import->exchange, &answer);
	import->exchange = NULL;
}

static void next(struct import *import);

static void begin(struct import *import, enum import_phase phase)
{
	import->phase = phase;
	import->ended = false;
	if (phase == IMPORT_STORE) {
		bulk_rows_rewind(&import->rows);
		text_fini(&import->report);
	}
	next(import);
}

static void portion_done(struct store_job *job)
{
	struct import *import = container_of(job, struct import, job);
	enum import_phase phase = import->phase;

	import->failed |= job->error != 0;
	if ((phase == IMPORT_STORE || phase == IMPORT_SHOW) && (import->failed || import->faulty)) {
		text_fini(&import->reply);
		begin(import, IMPORT_TAKE_BACK);
	} else if (!import->ended && !(phase >= IMPORT_TAKE_BACK ? job->error : import->failed)) {
		next(import);
	} else if (phase == IMPORT_CHECK && !import->failed && !import->faulty && !import->dry_run && import->count) {
		begin(import, IMPORT_STORE);
	} else if (phase == IMPORT_STORE) {
		begin(import, IMPORT_SHOW);
	} else if (phase == IMPORT_SHOW) {
		answer(import, true);
		begin(import, IMPORT_TELL);
	} else {
		if (import->exchange)
			answer(import, phase == IMPORT_CHECK && !import->failed && !import->faulty);
		import_free(import);
	}
}

// The program ends: the next start takes back what was stored.
static void give_up(struct import *import)
{
	import->failed = true;
	if (import->exchange)
		answer(import, false);
	import_free(import);
}

static void next(struct import *import)
{
	static void (*const runs[])(struct db * db, struct store_job * job) = {[IMPORT_CHECK] = portion_run,
		[IMPORT_STORE] = portion_run,
		[IMPORT_SHOW] = show_run,
		[IMPORT_TAKE_BACK] = take_back_run,
		[IMPORT_TELL] = tell_run};
	struct store *store = import->controller->store; // NULL once it is being closed

	import->job = (struct store_job){.done = portion_done, .run = runs[import->phase]};
	// What nobody sees yet need not be on the disk: the commit that shows it brings it there.
	import->job.may_vanish = import->phase == IMPORT_STORE;
	if (!store)
		give_up(import);
	else if (import->phase == IMPORT_CHECK)
		store_study(store, &import->job);
	else if (import->phase == IMPORT_SHOW)
		store_write(store, &import->job);
	else
		store_write_bulk(store, &import->job);
}

// On the loop: the exchange is ours from here, and the body with it.
static void take_over(struct op *op)
{
	struct import *import = op->taken;
	const char *dry_run = exchange_query(op->exchange, "dryRun");

	import->dry_run = dry_run && strcasecmp(dry_run, "true") == 0;
	next(import);
}

// Told by the body itself: a CSV begins with a member's name, NDJSON with a brace.
static enum bulk_format format_of(const struct op *op)
{
	size_t at = 0;

	while (at < op->body_len && strchr(" \t\r\n", op->body[at]))
		at++;
	return at < op->body_len && op->body[at] == '{' ? BULK_NDJSON : BULK_CSV;
}

void op_endpoint_import(struct op *op)
{
	struct import *import;

	if (exchange_is_too_large(op->exchange)) {
		op_fail(op, 413, "body: is too large; send it in several imports");
		return;
	}
	if (!op->body_len) {
		op_fail(op, 400, "body: is empty; send CSV (Content-Type: text/csv) or NDJSON (application/x-ndjson)");
		return;
	}
	if (op_answer_again(op))
		return;
	if (!(import = calloc(1, sizeof(*import))))
		abort();
	if (!bulk_rows_init(&import->rows, &noun_endpoint, format_of(op), op->body, op->body_len, &op->ruling)) {
		op_fail_ruling(op);
		import_free(import);
		return;
	}
	import->controller = op->controller;
	import->exchange = op->exchange;
	import->op = (struct op){.controller = op->controller, .actor = op->actor, .noun = op->noun};
	import->op.ruling = (struct ruling){.customer = import->op.actor.customer,
		.resolve = op->ruling.resolve,
		.load = op->ruling.load,
		.count = op->ruling.count,
		.store = &import->op};
	import->log =
		(struct import_log){.noun = &noun_endpoint, .actor = import->op.actor.id, .customer = import->op.actor.customer};
	if (op_idempotency_key(op)) {
		import->key = strdup(op_idempotency_key(op));
		op_request_hash(op, import->request);
	}
	op->taken = import;
	op->takes = take_over;
}
