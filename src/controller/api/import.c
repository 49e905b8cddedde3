// SPDX-License-Identifier: Apache-2.0
// POST /endpoints/import: many endpoints from one body, all or none.
//
// The body is gone through twice, in portions, each a job of its own in the store's queues, so that every other request gets its turn
// in between. First each row is checked on a reader: form, references, rules, conflicts with what is stored and with the rows before
// it. Only when no row is at fault are they stored, portion by portion, each row judged again: meanwhile somebody may have taken an
// IMSI or deleted a group. What was stored is noted in `import_row`; should a row fail now, or the program die, all of it is taken
// back (at once, or at the next start). The record in `import` goes with the last portion: from then on the import is done.
#include "base/clean.h"
#include "base/log.h"
#include "base/map.h"
#include "controller/api/bulk_row.h"
#include "controller/api/change.h"
#include "controller/api/http.h"
#include "controller/api/ops.h"
#include "controller/store/audit.h"
#include "model/endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

LOG_CATEGORY(import);

#define CHECK_PORTION 50 // rows of a job: what a request that comes in between waits for
#define PORTION 100
#define IMPORT_ROWS_MAX 500000
#define MESSAGES_MAX 100

enum import_phase { IMPORT_CHECK, IMPORT_STORE, IMPORT_UNDO, IMPORT_SWEEP };

struct import {
	struct store_job job;
	struct controller *controller;
	struct exchange *exchange;
	struct op op; // what the rules and the change of one row look at
	enum import_phase phase;
	char id[UUID_TEXT];
	struct bulk_rows rows;
	struct strmap seen; // what must be unique -> the number of its row; keys are ours
	struct text report, messages;
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

static int note_stored(struct import *import, const char *id)
{
	sqlite3_stmt *statement = db_statement(import->op.db, "INSERT INTO import_row (import, endpoint) VALUES (?1, ?2)");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, import->id, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, id, -1, SQLITE_STATIC);
	return db_step(import->op.db, statement);
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
		else if (!op->ruling.fault_count && !(error = change_apply(op, &noun_endpoint, endpoint, NULL)))
			error = note_stored(import, endpoint->object.id);
	}
	report_row(import, endpoint);
	object_free(&noun_endpoint, endpoint);
	json_decref(body);
	return error;
}

static int record(struct import *import, const char *sql)
{
	sqlite3_stmt *statement = db_statement(import->op.db, sql);

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, import->id, -1, SQLITE_STATIC);
	if (sqlite3_bind_parameter_count(statement) > 1)
		sqlite3_bind_int64(statement, 2, db_now_ms());
	return db_step(import->op.db, statement);
}

// The last portion is in: with its commit the import is done.
static int finish(struct import *import)
{
	char after[60];

	snprintf(after, sizeof(after), "{\"created\":%zu}", import->count);
	op_audit(&import->op, "import", &noun_endpoint, NULL, NULL, after);
	return record(import, "DELETE FROM import WHERE id = ?1");
}

static void portion_run(struct db *db, struct store_job *job)
{
	struct import *import = container_of(job, struct import, job);
	json_t *body = NULL;
	int error = 0;

	import->op.db = db;
	if (import->phase == IMPORT_STORE && !import->rows.row)
		error = record(import, "INSERT INTO import (id, at_ms) VALUES (?1, ?2)");
	int portion = import->phase == IMPORT_CHECK ? CHECK_PORTION : PORTION;

	for (int i = 0; i < portion && !error && !import->ended; i++) {
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
	if (!error && import->phase == IMPORT_STORE && import->ended && !import->faulty)
		error = finish(import);
	import->failed |= error;
	job->abort = import->phase == IMPORT_STORE && (error || import->faulty);
}

// Takes a portion of what was stored back, or, once the import is done, only the notes of it.
static void undo_run(struct db *db, struct store_job *job)
{
	struct import *import = container_of(job, struct import, job);
	char ids[PORTION][UUID_TEXT];
	int count = 0, error = 0;
	sqlite3_stmt *statement = db_statement(db, "SELECT endpoint FROM import_row WHERE import = ?1 LIMIT ?2");

	import->op.db = db;
	if (!statement) {
		import->ended = job->abort = true;
		return;
	}
	sqlite3_bind_text(statement, 1, import->id, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 2, PORTION);
	while (sqlite3_step(statement) == SQLITE_ROW)
		snprintf(ids[count++], UUID_TEXT, "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_reset(statement);
	for (int i = 0; i < count && !error; i++) {
		error = db_delete(db, &noun_endpoint, ids[i], import->op.actor.id);
		error = error == -ENOENT ? 0 : error; // somebody was quicker
	}
	if (!error)
		error = record(import,
			"DELETE FROM import_row WHERE rowid IN (SELECT rowid FROM import_row WHERE import = ?1 LIMIT 200)");
	if (!error && count < PORTION)
		error = record(import, "DELETE FROM import WHERE id = ?1");
	import->ended = error || count < PORTION;
	job->abort = error;
}

static void sweep_run(struct db *db, struct store_job *job)
{
	struct import *import = container_of(job, struct import, job);

	import->op.db = db;
	job->abort = record(
		import, "DELETE FROM import_row WHERE rowid IN (SELECT rowid FROM import_row WHERE import = ?1 LIMIT 5000)");
	import->ended = job->abort || !sqlite3_changes(db_sqlite(db));
}

static void answer(struct import *import, bool done)
{
	struct exchange_answer answer = {.status = done ? 200 : import->failed ? 500 : (int)import->verdict};
	struct text body = {0};

	if (import->failed && !import->faulty)
		text_json(&import->messages, "The store failed; nothing was imported. Look at the controller's log");
	if (import->messages_told > MESSAGES_MAX)
		text_format(
			&import->messages, ",\"and %zu more; the report has them all\"", import->messages_told - MESSAGES_MAX);
	text_format(&body, "{\"success\":%s,\"messages\":[%s],\"data\":{\"rows\":%zu,\"created\":%zu,\"faulty\":%zu,\"report\":[",
		done ? "true" : "false", import->messages.len ? import->messages.bytes : "", import->count,
		done && !import->dry_run ? import->count : 0, import->faulty);
	text_bytes(&body, import->report.bytes ? import->report.bytes : "", import->report.len);
	text_add(&body, "]}}");
	answer.body = text_take(&body, &answer.len);
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
	if (phase == IMPORT_STORE && (import->failed || import->faulty)) {
		begin(import, IMPORT_UNDO);
	} else if (!import->ended && !import->failed) {
		next(import);
	} else if (phase == IMPORT_CHECK && !import->failed && !import->faulty && !import->dry_run && import->count) {
		begin(import, IMPORT_STORE);
	} else if (phase == IMPORT_STORE) {
		answer(import, true);
		begin(import, IMPORT_SWEEP);
	} else {
		if (import->exchange)
			answer(import, phase == IMPORT_CHECK && !import->failed && !import->faulty);
		import_free(import);
	}
}

static void next(struct import *import)
{
	struct store *store =
		import->controller->store; // NULL once it is being closed: the next start takes back what was stored

	import->job = (struct store_job){.done = portion_done};
	import->job.run = import->phase == IMPORT_UNDO ? undo_run : import->phase == IMPORT_SWEEP ? sweep_run : portion_run;
	if (!store) {
		import->failed = true;
		if (import->exchange)
			answer(import, false);
		import_free(import);
	} else if (import->phase == IMPORT_CHECK) {
		store_read(store, &import->job);
	} else {
		store_write(store, &import->job);
	}
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
	if (!(import = calloc(1, sizeof(*import))))
		abort();
	if (!bulk_rows_init(&import->rows, &noun_endpoint, format_of(op), op->body, op->body_len, &op->ruling)) {
		op_fail_ruling(op);
		import_free(import);
		return;
	}
	uuid_make(import->id);
	import->controller = op->controller;
	import->exchange = op->exchange;
	import->op = (struct op){.controller = op->controller, .actor = op->actor, .noun = op->noun};
	import->op.ruling = (struct ruling){.customer = import->op.actor.customer,
		.resolve = op->ruling.resolve,
		.load = op->ruling.load,
		.count = op->ruling.count,
		.store = &import->op};
	op->taken = import;
	op->takes = take_over;
}
