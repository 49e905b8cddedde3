// SPDX-License-Identifier: Apache-2.0
// GET /endpoints/export: all endpoints (or those of `filter`) as CSV or NDJSON, in the members that an import takes; secrets are not
// among them. The answer is fed in portions as the client takes it, each a read of its own: a million endpoints need no more memory
// than fifty, and a slow client holds nobody up.
#include "base/clean.h"
#include "controller/api/bulk_row.h"
#include "controller/api/http.h"
#include "controller/api/op.h"
#include "controller/api/ops.h"
#include "model/endpoint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PORTION 500

struct export
{
	struct store_job job;
	struct controller *controller;
	struct exchange *exchange; // NULL once the client is gone
	enum bulk_format format;
	char customer[UUID_TEXT], after[UUID_TEXT];
	char *filter;
	struct text out;
	size_t count; // of the last portion
	bool busy, ended;
};

static bool is_exported(const struct field *field)
{
	return !(field->flags & (FIELD_READ_ONLY | FIELD_SECRET | FIELD_HIDDEN | FIELD_LIVE)) && field->type != FIELD_ROWS &&
		field->type != FIELD_OBJECT;
}

static void put_cell(struct text *out, const struct field *field, const void *object)
{
	struct text list = {0};
	const struct word *word;

	switch (field->type) {
	case FIELD_TEXT:
		bulk_put_cell(out, *field_text(field, object));
		break;
	case FIELD_ENUM:
		if ((word = word_of(field->words, *field_int(field, object))))
			bulk_put_cell(out, word->moniker);
		break;
	case FIELD_REF:
		bulk_put_cell(out, field_ref(field, object)->moniker);
		break;
	case FIELD_TEXTS:
		for (size_t i = 0; i < field_texts(field, object)->count; i++)
			text_format(&list, "%s%s", i ? ";" : "", field_texts(field, object)->items[i]);
		bulk_put_cell(out, list.bytes);
		text_fini(&list);
		break;
	default:
		if (*field_int(field, object) != FIELD_UNSET)
			text_number(out, *field_int(field, object));
		break;
	}
}

static void put_json(struct text *out, const struct field *field, const void *object)
{
	struct text value = {0};

	text_format(out, "\"%s\":", field->name);
	if (field->type == FIELD_TEXTS) {
		text_char(out, '[');
		for (size_t i = 0; i < field_texts(field, object)->count; i++) {
			text_add(out, i ? "," : "");
			text_json(out, field_texts(field, object)->items[i]);
		}
		text_char(out, ']');
	} else if (field->type == FIELD_TEXT) {
		text_json(out, *field_text(field, object));
	} else if (field->type == FIELD_REF) {
		text_json(out, field_ref(field, object)->moniker);
	} else if (field->type == FIELD_ENUM) {
		const struct word *word = word_of(field->words, *field_int(field, object));

		text_json(out, word ? word->moniker : NULL);
	} else {
		put_cell(&value, field, object);
		text_add(out, value.len ? value.bytes : "null");
	}
	text_fini(&value);
}

static void put_row(const void *object, void *context)
{
	struct export *export = context;
	struct text *out = &export->out;
	bool is_csv = export->format == BULK_CSV, any = false;

	text_add(out, is_csv ? "" : "{");
	for (size_t i = 0; i < noun_endpoint.field_count; i++) {
		const struct field *field = &noun_endpoint.fields[i];

		if (!is_exported(field))
			continue;
		text_add(out, any ? "," : "");
		(is_csv ? put_cell : put_json)(out, field, object);
		any = true;
	}
	text_add(out, is_csv ? "\r\n" : "}\n");
	snprintf(export->after, sizeof(export->after), "%s", ((const struct object *)object)->id);
	export->count++;
}

static void put_head(struct text *out)
{
	bool any = false;

	for (size_t i = 0; i < noun_endpoint.field_count; i++)
		if (is_exported(&noun_endpoint.fields[i])) {
			text_format(out, "%s%s", any ? "," : "", noun_endpoint.fields[i].name);
			any = true;
		}
	text_add(out, "\r\n");
}

static void export_free(struct export *export)
{
	text_fini(&export->out);
	free(export->filter);
	free(export);
}

static int portion(struct export *export, struct db *db, char why[200])
{
	struct db_query query = {.customer = export->customer,
		.filter = export->filter,
		.after = export->after,
		.limit = PORTION,
		.flags = DB_LEAN};

	export->count = 0;
	int error = db_list(db, &noun_endpoint, &query, put_row, export, NULL, why);

	export->ended = error || export->count < PORTION;
	return error;
}

static void portion_run(struct db *db, struct store_job *job)
{
	struct export *export = container_of(job, struct export, job);
	char why[200];

	job->error = portion(export, db, why);
}

static void export_next(struct export *export);

static void portion_done(struct store_job *job)
{
	struct export *export = container_of(job, struct export, job);

	export->busy = false;
	if (!export->exchange) {
		export_free(export);
		return;
	}
	if (job->error || export->out.failed || !export->controller->store)
		export->ended = true;
	else if (export->out.len)
		exchange_feed(export->exchange, export->out.bytes, export->out.len);
	text_fini(&export->out);
	if (export->ended)
		exchange_end(export->exchange);
}

static void export_next(struct export *export)
{
	if (export->busy || export->ended || !export->controller->store)
		return;
	export->busy = true;
	export->job = (struct store_job){.run = portion_run, .done = portion_done};
	store_study(export->controller->store, &export->job);
}

static void on_drained(void *owner)
{
	export_next(owner);
}

static void on_closed(void *owner)
{
	struct export *export = owner;

	export->exchange = NULL;
	if (!export->busy)
		export_free(export);
}

// The first portion was read with the request, so that a wrong filter is refused in words.
static void take_over(struct op *op)
{
	struct export *export = op->taken;
	struct exchange_source source = {
		on_drained, on_closed, export, export->format == BULK_CSV ? "text/csv; charset=utf-8" : "application/x-ndjson"};

	exchange_stream(export->exchange, &source);
	exchange_feed(export->exchange, export->out.bytes ? export->out.bytes : "", export->out.len);
	text_fini(&export->out);
	if (export->ended)
		exchange_end(export->exchange);
}

void op_endpoint_export(struct op *op)
{
	struct export *export = calloc(1, sizeof(*export));
	const char *format = op_query(op, "format"), *filter = op_query(op, "filter");
	char why[200];

	if (!export)
		abort();
	export->format = format && strcasecmp(format, "ndjson") == 0 ? BULK_NDJSON : BULK_CSV;
	export->controller = op->controller;
	export->exchange = op->exchange;
	strcpy(export->customer, op->actor.customer);
	export->filter = filter ? strdup(filter) : NULL;
	if (format && strcasecmp(format, "ndjson") != 0 && strcasecmp(format, "csv") != 0) {
		op_fail(op, 400, "format: \"%.20s\" is not accepted; accepted: csv, ndjson", format);
		export_free(export);
		return;
	}
	if (export->format == BULK_CSV)
		put_head(&export->out);
	int error = portion(export, op->db, why);

	if (error) {
		if (error == -EINVAL)
			op_fail(op, 400, "%s", why);
		else
			op_fail_store(op, error);
		export_free(export);
		return;
	}
	op->taken = export;
	op->takes = take_over;
}
