// SPDX-License-Identifier: Apache-2.0
// Rows of an object's list as a sub-collection: /vslices/{id}/lacs, /routingpolicies/{id}/rules. A change of a row is a change of its
// owner: the owner is read, the one row is changed in its list, and the owner is judged and stored whole. So no rule is forgotten.
#include "controller/api/ops.h"

#include "controller/api/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct owned {
	void *before, *object; // the owner
	json_t *body;
};

static void owned_fini(struct op *op, struct owned *owned)
{
	object_free(op->noun, owned->before);
	object_free(op->noun, owned->object);
	json_decref(owned->body);
}

// Reads the owner (twice for a change). False and a reply when that fails.
static bool owned_load(struct op *op, bool for_change, bool with_body, struct owned *owned)
{
	char id[UUID_TEXT];
	int error;

	*owned = (struct owned){0};
	if (with_body && !(owned->body = op_body(op)))
		return false;
	if (!op_find(op, id))
		return false;
	error = db_get(op->db, op->noun, id, for_change ? DB_SECRETS | DB_LEAN : DB_LEAN, &owned->object);
	if (!error && for_change)
		error = db_get(op->db, op->noun, id, DB_SECRETS | DB_LEAN, &owned->before);
	if (error) {
		op_fail_store(op, error);
		return false;
	}
	return !for_change || op_matches(op, ((struct object *)owned->object)->revision);
}

static int64_t row_find(const struct op *op, const struct field_rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct object *row = field_rows_at(op->row, rows, i);

		if ((row->id && strcasecmp(row->id, name) == 0) || (row->moniker && strcasecmp(row->moniker, name) == 0))
			return (int64_t)i;
	}
	return -1;
}

static int64_t row_named(struct op *op, const struct field_rows *rows)
{
	int64_t at = row_find(op, rows, op->segments[3]);

	if (at < 0)
		op_fail(op, 404, "Record not found");
	return at;
}

void op_rows_list(struct op *op)
{
	struct owned owned;
	int64_t offset, limit;

	if (!op_paging(op, &offset, &limit))
		return;
	if (owned_load(op, false, false, &owned)) {
		const struct field_rows *rows = field_rows(op->list, owned.object);

		op_reply_begin(op);
		text_char(&op->reply, '[');
		for (size_t i = (size_t)offset; i < rows->count && i < (size_t)(offset + limit); i++) {
			text_add(&op->reply, i > (size_t)offset ? "," : "");
			json_put_object(&op->reply, op->row, field_rows_at(op->row, rows, i), JSON_READ);
		}
		text_char(&op->reply, ']');
		op_reply_end_list(op, (int64_t)rows->count, limit, offset);
	}
	owned_fini(op, &owned);
}

void op_rows_get(struct op *op)
{
	struct owned owned;
	int64_t at;

	if (owned_load(op, false, false, &owned) && (at = row_named(op, field_rows(op->list, owned.object))) >= 0) {
		op_etag(op, ((struct object *)owned.object)->revision);
		op_reply_begin(op);
		json_put_object(
			&op->reply, op->row, field_rows_at(op->row, field_rows(op->list, owned.object), (size_t)at), JSON_READ);
		op_reply_end(op);
	}
	owned_fini(op, &owned);
}

// Stores the owner and replies with the row's id in place of the owner's.
static void store_owner(struct op *op, struct owned *owned, int64_t at)
{
	const struct field_rows *rows = field_rows(op->list, owned->object);

	if ((int64_t)rows->count > op->list->max) {
		op_fail(op, 400, "%s: would have %zu entries; accepted: at most %lld; delete one first", op->list->name,
			rows->count, (long long)op->list->max);
		return;
	}
	change_store(op, op->noun, owned->object, owned->before);
	if (op->status != 200 || at < 0)
		return;
	text_fini(&op->reply);
	op_reply_id(op, ((struct object *)field_rows_at(op->row, rows, (size_t)at))->id);
}

static void take_row(struct op *op, struct owned *owned, int64_t at, enum json_verb verb)
{
	json_get_object(
		&op->ruling, op->row, owned->body, field_rows_at(op->row, field_rows(op->list, owned->object), (size_t)at), verb);
}

// The row that a body or an item of a list means: a new one at the end, or one that says the same already (existing clients add what
// they created the owner with).
static size_t add_row(struct op *op, struct field_rows *rows, const json_t *item)
{
	void *row = field_rows_add(op->row, rows);

	if (!row)
		abort();
	json_get_object(&op->ruling, op->row, item, row, JSON_CREATE);
	for (size_t at = 0; op->row->same && at < rows->count - 1; at++)
		if (op->row->same(&op->ruling, field_rows_at(op->row, rows, at), row)) {
			object_fini(op->row, row);
			rows->count--;
			return at;
		}
	return rows->count - 1;
}

// A list of rows: all of them or none.
static void create_list(struct op *op, struct owned *owned)
{
	struct field_rows *rows = field_rows(op->list, owned->object);
	size_t count = json_array_size(owned->body), *places = calloc(count + 1, sizeof(*places)), i;
	json_t *item;

	if (!places)
		abort();
	json_array_foreach(owned->body, i, item)
	{
		snprintf(op->ruling.prefix, sizeof(op->ruling.prefix), "[%zu].", i);
		places[i] = add_row(op, rows, item);
		op->ruling.prefix[0] = '\0';
	}
	store_owner(op, owned, -1);
	if (op->status == 200) {
		text_fini(&op->reply);
		op_reply_begin(op);
		text_char(&op->reply, '[');
		for (i = 0; i < count; i++) {
			const struct object *row = field_rows_at(op->row, rows, places[i]);

			text_add(&op->reply, i ? "," : "");
			if (op->row->put_added)
				op->row->put_added(&op->reply, row);
			else
				text_json(&op->reply, row->id);
		}
		text_char(&op->reply, ']');
		op_reply_end(op);
	}
	free(places);
}

void op_rows_create(struct op *op)
{
	struct owned owned;

	if (!owned_load(op, true, true, &owned)) {
		owned_fini(op, &owned);
		return;
	}
	if (json_is_array(owned.body)) {
		create_list(op, &owned);
	} else {
		store_owner(op, &owned, (int64_t)add_row(op, field_rows(op->list, owned.object), owned.body));
	}
	owned_fini(op, &owned);
}

static void row_change(struct op *op, enum json_verb verb)
{
	struct owned owned;
	int64_t at;

	if (owned_load(op, true, true, &owned) && (at = row_named(op, field_rows(op->list, owned.object))) >= 0) {
		take_row(op, &owned, at, verb);
		store_owner(op, &owned, at);
	}
	owned_fini(op, &owned);
}

void op_rows_replace(struct op *op)
{
	row_change(op, JSON_REPLACE);
}

void op_rows_merge(struct op *op)
{
	row_change(op, JSON_MERGE);
}

void op_rows_delete(struct op *op)
{
	struct owned owned;
	int64_t at;

	if (owned_load(op, true, false, &owned) && (at = row_named(op, field_rows(op->list, owned.object))) >= 0) {
		struct field_rows *rows = field_rows(op->list, owned.object);
		char *row = field_rows_at(op->row, rows, (size_t)at), id[UUID_TEXT];

		snprintf(id, sizeof(id), "%s", ((struct object *)row)->id);
		object_fini(op->row, row);
		memmove(row, row + op->row->size, (rows->count - (size_t)at - 1) * op->row->size);
		rows->count--;
		store_owner(op, &owned, -1);
		if (op->status == 200) {
			text_fini(&op->reply);
			op_reply_id(op, id);
		}
	}
	owned_fini(op, &owned);
}

// The rows in the order of the body, a list of ids or monikers that names each row once.
static bool reorder(struct op *op, const json_t *body, struct field_rows *rows)
{
	size_t size = op->row->size, i;
	json_t *item;

	if (!json_is_array(body) || json_array_size(body) != rows->count) {
		op_fail(op, 400, "body: must be a list of the ids or monikers of all %zu entries, in their new order",
			rows->count);
		return false;
	}
	char *items = calloc(rows->count + 1, size);
	bool *used = calloc(rows->count + 1, sizeof(*used)), ok = items && used;

	json_array_foreach(body, i, item)
	{
		int64_t at = json_is_string(item) ? row_find(op, rows, json_string_value(item)) : -1;

		if (ok && (at < 0 || used[at])) {
			op_fail(op, 400, "body[%zu]: \"%.60s\" %s; name each entry once, by its id or moniker", i,
				json_is_string(item) ? json_string_value(item) : "",
				at < 0 ? "is none of the entries" : "stands there twice");
			ok = false;
		}
		if (ok) {
			used[at] = true;
			memcpy(items + i * size, field_rows_at(op->row, rows, (size_t)at), size);
		}
	}
	if (ok) {
		free(rows->items);
		rows->items = items;
		items = NULL;
	}
	free(items);
	free(used);
	return ok;
}

void op_rows_order(struct op *op)
{
	struct owned owned;

	if (owned_load(op, true, true, &owned) && reorder(op, owned.body, field_rows(op->list, owned.object)))
		store_owner(op, &owned, -1);
	owned_fini(op, &owned);
}
