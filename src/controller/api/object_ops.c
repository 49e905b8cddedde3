// SPDX-License-Identifier: Apache-2.0
// List, read, create, replace, merge and delete, the same for every noun.
#include "controller/api/ops.h"

#include "controller/api/account.h"
#include "controller/api/change.h"
#include "controller/live.h"
#include "controller/readiness.h"
#include "controller/store/plan.h"
#include "controller/taken.h"
#include "model/target.h"
#include "model/vslice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct listing {
	struct op *op;
	const struct noun *noun;
	size_t count;
};

// What is of the platform alone is told to who acts for it.
static void keep_back(const struct op *op, const struct noun *noun, void *object)
{
	for (size_t i = 0; op->actor.scope != TOKEN_OWNER && i < noun->field_count; i++)
		if (noun->fields[i].flags & FIELD_PLATFORM)
			field_clear(&noun->fields[i], object);
}

static void put_one(struct op *op, const struct noun *noun, const void *object)
{
	live_fill(op->controller->live, noun, (void *)object);
	taken_fill(op->db, op->controller->live, noun, (void *)object);
	if (noun == &noun_target)
		target_fill_instance((struct target *)object);
	if (noun == &noun_vslice)
		readiness_fill(op->db, op->controller->live, (struct vslice *)object);
	keep_back(op, noun, (void *)object);
	json_put_object(&op->reply, noun, object, JSON_READ);
}

static void list_one(const void *object, void *context)
{
	struct listing *listing = context;

	text_add(&listing->op->reply, listing->count++ ? "," : "");
	put_one(listing->op, listing->noun, object);
}

void op_list(struct op *op)
{
	struct listing listing = {op, op->noun, 0};
	struct db_query query = {
		.customer = op_customer(op, op->noun), .filter = op_query(op, "filter"), .sort = op_query(op, "sortBy")};
	int64_t total = 0;
	char why[200];

	if (!op_paging(op, &query.offset, &query.limit))
		return;
	op_reply_begin(op);
	text_char(&op->reply, '[');
	int error = db_list(op->db, op->noun, &query, list_one, &listing, &total, why);

	text_char(&op->reply, ']');
	op_reply_found(op, error, why, total, query.limit, query.offset);
}

void op_get(struct op *op)
{
	void *object;
	int error = db_get_named(op->db, op->noun, op_customer(op, op->noun), op->segments[1], &object);

	if (error) {
		op_fail_store(op, error);
		return;
	}
	op_etag(op, ((struct object *)object)->revision);
	op_reply_begin(op);
	put_one(op, op->noun, object);
	op_reply_end(op);
	object_free(op->noun, object);
}

void op_create(struct op *op)
{
	json_t *body = op_body(op);
	void *object;

	if (!body)
		return;
	if (!op_answer_again(op) && (object = object_new(op->noun))) {
		json_get_object(&op->ruling, op->noun, body, object, JSON_CREATE);
		change_store(op, op->noun, object, NULL);
		object_free(op->noun, object);
		op_remember_answer(op);
	}
	json_decref(body);
}

static void change(struct op *op, enum json_verb verb)
{
	void *before = NULL, *object = NULL;
	char id[UUID_TEXT];
	json_t *body = op_body(op);

	if (!body)
		return;
	if (op_find(op, id)) {
		int error = db_get(op->db, op->noun, id, DB_SECRETS | DB_LEAN, &before);

		if (!error)
			error = db_get(op->db, op->noun, id, DB_SECRETS | DB_LEAN, &object);
		if (error) {
			op_fail_store(op, error);
		} else if (op_matches(op, ((struct object *)before)->revision)) {
			json_get_object(&op->ruling, op->noun, body, object, verb);
			change_store(op, op->noun, object, before);
		}
	}
	object_free(op->noun, before);
	object_free(op->noun, object);
	json_decref(body);
}

void op_replace(struct op *op)
{
	change(op, JSON_REPLACE);
}

void op_merge(struct op *op)
{
	change(op, JSON_MERGE);
}

// Names the users of an object, table by table.
struct users {
	struct op *op;
	const struct noun *noun;
	const char *id;
};

static void user_fault(
	struct users *users, const struct plan *plan, const struct field *field, const char *moniker, const char *owner)
{
	const char *title = users->noun->title;

	if (plan->noun->flags & NOUN_ROW)
		ruling_fault_of(&users->op->ruling, RULING_CONFLICT, NULL,
			"%s is in use: %s %s of %s \"%s\" names it in %s; change that first", title, plan->noun->title, moniker,
			plan->noun->owner->title, owner, field->name);
	else
		ruling_fault_of(&users->op->ruling, RULING_CONFLICT, NULL,
			"%s is in use: %s \"%s\" names it in %s; change or delete that first", title, plan->noun->title, moniker,
			field->name);
}

// Whatever belongs to a customer keeps it. Some are named, all are counted.
static void find_property(const struct plan *plan, struct users *users)
{
	struct text names = {0};
	int64_t count = 0;
	char sql[120];

	if (plan->noun->flags & (NOUN_ROW | NOUN_PLATFORM))
		return;
	snprintf(sql, sizeof(sql), "SELECT count(*) OVER (), moniker FROM %s WHERE customer = ?1 LIMIT 5", plan->noun->table);
	sqlite3_stmt *statement = db_statement(users->op->db, sql);

	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, users->id, -1, SQLITE_STATIC);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		count = sqlite3_column_int64(statement, 0);
		text_format(&names, "%s%s", names.len ? ", " : "", (const char *)sqlite3_column_text(statement, 1));
	}
	sqlite3_reset(statement);
	if (count)
		ruling_fault_of(&users->op->ruling, RULING_CONFLICT, NULL,
			"Customer is in use: %lld %s(s) belong to it (%s%s); delete them first", (long long)count,
			plan->noun->title, names.bytes, count > 5 ? ", ..." : "");
	text_fini(&names);
}

static void find_users(const struct plan *plan, void *context)
{
	struct users *users = context;
	bool is_row = plan->noun->flags & NOUN_ROW;

	if (users->noun == &noun_customer)
		find_property(plan, users);

	for (size_t i = 0; i < plan->count; i++) {
		const struct column *column = &plan->columns[i];
		char sql[400];

		if (column->is_derived || column->field->type != FIELD_REF || column->field->noun != users->noun ||
			column->field->flags & (FIELD_OWNED | FIELD_YIELDS))
			continue;
		if (is_row) // the rows of the object itself, and of what goes along with it, are no users
			snprintf(sql, sizeof(sql),
				"SELECT t.position, o.moniker FROM %s t JOIN %s o ON o.id = t.owner WHERE t.%s = ?1 LIMIT 20",
				plan->noun->table, plan->noun->owner->table, column->name);
		else
			snprintf(sql, sizeof(sql), "SELECT t.moniker, '' FROM %s t WHERE t.%s = ?1 LIMIT 20", plan->noun->table,
				column->name);
		sqlite3_stmt *statement = db_statement(users->op->db, sql);

		if (!statement)
			continue;
		sqlite3_bind_text(statement, 1, users->id, -1, SQLITE_STATIC);
		while (sqlite3_step(statement) == SQLITE_ROW)
			user_fault(users, plan, column->field, (const char *)sqlite3_column_text(statement, 0),
				(const char *)sqlite3_column_text(statement, 1));
		sqlite3_reset(statement);
	}
}

void op_delete(struct op *op)
{
	struct users users = {op, op->noun, NULL};
	char id[UUID_TEXT];
	void *object;
	int error;

	if (!op_find(op, id))
		return;
	if ((error = db_get(op->db, op->noun, id, 0, &object))) {
		op_fail_store(op, error);
		return;
	}
	users.id = id;
	if (op_matches(op, ((struct object *)object)->revision)) {
		account_judge_delete(op, op->noun, object);
		if (op->noun->check_delete)
			op->noun->check_delete(&op->ruling, object);
		plans_each(find_users, &users);
		if (op->ruling.fault_count)
			op_fail_ruling(op);
		else if ((error = db_delete(op->db, op->noun, id, op->actor.id)) == -EBUSY && op->noun == &noun_gateway)
			op_fail(op, 409,
				"Regional Gateway is in use: a Routing Target stands in one of its Redundancy Zones; move it to "
				"another first");
		else if (error)
			op_fail_store(op, error);
		else
			op_reply_id(op, id);
	}
	object_free(op->noun, object);
}
