// SPDX-License-Identifier: Apache-2.0
// Objects in and out of the store, by their plans.
#include "controller/store/db.h"

#include "base/clean.h"
#include "base/log.h"
#include "controller/store/audit.h"
#include "controller/store/count.h"
#include "controller/store/plan.h"
#include "controller/store/row.h"
#include "controller/store/uuid.h"
#include "model/slug.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(object);

// How far back a gateway may have been away and still be told only what changed.
#define CHANGES_KEPT 200000
#define CHANGES_PRUNE 1000

static int load_rows(struct db *db, const struct noun *noun, void *object, bool with_secrets)
{
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];

		if (field->type != FIELD_ROWS)
			continue;
		const struct plan *plan = plan_of(field->noun);
		sqlite3_stmt *statement = db_kept(db, plan->by_owner);

		if (!statement)
			return -EIO;
		sqlite3_bind_text(statement, 1, ((struct object *)object)->id, -1, SQLITE_STATIC);
		while (sqlite3_step(statement) == SQLITE_ROW) {
			void *row = field_rows_add(field->noun, field_rows(field, object));

			if (!row || row_load(db, plan, statement, row, with_secrets)) {
				sqlite3_reset(statement);
				return -EIO;
			}
		}
		sqlite3_reset(statement);
	}
	return 0;
}

int object_load(struct db *db, const struct plan *plan, sqlite3_stmt *statement, bool with_secrets, void **out)
{
	void *object = object_new(plan->noun);

	if (!object)
		return -ENOMEM;
	if (row_load(db, plan, statement, object, with_secrets) || load_rows(db, plan->noun, object, with_secrets)) {
		object_free(plan->noun, object);
		return -EIO;
	}
	*out = object;
	return 0;
}

static int get_by(struct db *db, const struct plan *plan, const char *sql, const char *key, const char *customer, unsigned flags,
	void **out)
{
	sqlite3_stmt *statement = db_kept(db, sql);

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, customer, -1, SQLITE_STATIC);
	int result = sqlite3_step(statement);
	int error = result == SQLITE_ROW ? object_load(db, plan, statement, flags & DB_SECRETS, out)
		: result == SQLITE_DONE	 ? -ENOENT
					 : -EIO;

	sqlite3_reset(statement);
	return error;
}

int db_get(struct db *db, const struct noun *noun, const char *id, unsigned flags, void **out)
{
	const struct plan *plan = plan_of(noun);

	return get_by(db, plan, flags & DB_LEAN ? plan->by_id_lean : plan->by_id, id, NULL, flags, out);
}

static void lower(const char *text, char *out, size_t size)
{
	size_t i;

	for (i = 0; text[i] && i < size - 1; i++)
		out[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
	out[i] = '\0';
}

int db_get_named(struct db *db, const struct noun *noun, const char *customer, const char *text, void **out)
{
	const struct plan *plan = plan_of(noun);
	bool by_id = uuid_is(text);
	char key[UUID_TEXT];

	if (noun->flags & NOUN_SHARED) {
		int error = db_find(db, noun, customer, NULL, text, key);

		return error ? error : db_get(db, noun, key, 0, out);
	}
	if (strlen(text) >= sizeof(key))
		return -ENOENT;
	lower(text, key, sizeof(key));
	int error = get_by(db, plan, by_id ? plan->by_id : plan->by_moniker, key, customer, 0, out);

	if (error)
		return error;
	const struct object *object = *out;
	bool is_own =
		!customer || noun->flags & NOUN_PLATFORM || (object->customer.id && strcmp(object->customer.id, customer) == 0);

	if (is_own && (object->revision || !plan->seen)) // what an import under way has stored has none yet
		return 0;
	object_free(noun, *out);
	*out = NULL;
	return -ENOENT;
}

// Rows may also be meant by their name or, LACs and LNSs, by their address.
static sqlite3_stmt *find_row_statement(struct db *db, const struct noun *noun, const char *owner)
{
	char sql[400];

	snprintf(sql, sizeof(sql),
		"SELECT id, moniker, name FROM %s WHERE (id = ?1 OR moniker = ?1%s)%s ORDER BY id = ?1 DESC, moniker = ?1 DESC "
		"LIMIT 1",
		noun->table, field_find(noun, "address") ? " OR name = ?4 OR address = ?4" : "", owner ? " AND owner = ?3" : "");
	return db_statement(db, sql);
}

static sqlite3_stmt *find_statement(struct db *db, const struct noun *noun, const char *customer, bool by_id)
{
	const struct plan *plan = plan_of(noun);
	char sql[400];

	snprintf(sql, sizeof(sql), "SELECT t.id, t.moniker, t.name FROM %s t WHERE t.%s = ?1%s%s%s LIMIT 1", noun->table,
		by_id ? "id" : "moniker",
		!customer || noun->flags & NOUN_PLATFORM ? ""
			: noun->flags & NOUN_SHARED	 ? " AND (t.customer = ?2 OR t.customer IS NULL)"
							 : " AND t.customer = ?2",
		plan->seen ? " AND " : "", plan->seen ? plan->seen : "");
	return db_statement(db, sql);
}

bool db_resolve(struct db *db, const struct noun *noun, const char *customer, const char *owner, struct field_ref *ref)
{
	bool is_row = noun->flags & NOUN_ROW;
	sqlite3_stmt *statement = !noun->table || (is_row && !owner) ? NULL
		: is_row					     ? find_row_statement(db, noun, owner)
								     : find_statement(db, noun, customer, uuid_is(ref->moniker));
	char text[128];
	bool found = false;

	if (!statement)
		return false;
	lower(ref->moniker, text, sizeof(text));
	sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, customer, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, owner, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 4, ref->moniker, -1, SQLITE_TRANSIENT);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		found = true;
		field_text_set(&ref->id, (const char *)sqlite3_column_text(statement, 0));
		field_text_set(&ref->moniker, (const char *)sqlite3_column_text(statement, 1));
		field_text_set(&ref->name, (const char *)sqlite3_column_text(statement, 2));
	}
	sqlite3_reset(statement);
	return found;
}

int db_find(struct db *db, const struct noun *noun, const char *customer, const char *owner, const char *text, char *id)
{
	struct field_ref ref = {.moniker = strdup(text)};
	bool found = ref.moniker && db_resolve(db, noun, customer, owner, &ref);

	if (found)
		snprintf(id, UUID_TEXT, "%s", ref.id);
	free(ref.id);
	free(ref.moniker);
	free(ref.name);
	return found ? 0 : -ENOENT;
}

int64_t db_count_users(struct db *db, const struct noun *noun, const char *name, const char *id)
{
	const struct field *field = field_find(noun, name);
	char column[COLUMN_TEXT], sql[300];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s WHERE %s = ?1", noun->table, field_column(field, column));
	sqlite3_stmt *statement = db_statement(db, sql);
	int64_t count = 0;

	if (!statement)
		return 0;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW)
		count = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return count;
}

int64_t db_touch(
	struct db *db, const struct noun *noun, const char *id, const char *customer, enum db_change change, const char *actor)
{
	sqlite3_stmt *statement = db_statement(
		db, "INSERT INTO changes (at_ms, noun, id, change, customer, actor) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

	if (!statement)
		return -EIO;
	sqlite3_bind_int64(statement, 1, db_now_ms());
	sqlite3_bind_text(statement, 2, noun->word, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, id, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 4, change);
	sqlite3_bind_text(statement, 5, customer, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 6, actor, -1, SQLITE_STATIC);
	int error = db_step(db, statement);
	int64_t revision = error ? error : sqlite3_last_insert_rowid(db_sqlite(db));

	if (revision > CHANGES_KEPT && revision % CHANGES_PRUNE == 0) {
		if (!(statement = db_statement(db, "DELETE FROM changes WHERE revision <= ?1")))
			return -EIO;
		sqlite3_bind_int64(statement, 1, revision - CHANGES_KEPT);
		error = db_step(db, statement);
	}
	return error ? error : revision;
}

// A moniker that is free: the name's slug, then with a number.
static int choose_moniker(struct db *db, const struct noun *noun, struct object *object)
{
	char base[MONIKER_TEXT], moniker[MONIKER_TEXT], id[UUID_TEXT];

	slug_make(object->name, noun->word, base);
	strcpy(moniker, base);
	for (unsigned number = 2; db_find(db, noun, object->customer.id, NULL, moniker, id) == 0; number++)
		slug_number(base, number, moniker);
	return field_text_set(&object->moniker, moniker);
}

static int store_texts(struct db *db, const struct plan *plan, const void *object, bool is_new)
{
	int error = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct column *column = &plan->columns[i];
		char sql[200];

		if (column->field->type != FIELD_TEXTS || !(column->field->flags & FIELD_UNIQUE))
			continue;
		const struct field_texts *texts = (const struct field_texts *)((const char *)object + column->offset);

		sqlite3_stmt *statement;

		if (!is_new) {
			snprintf(sql, sizeof(sql), "DELETE FROM %s_%s WHERE owner = ?1", plan->noun->table, column->name);
			statement = db_statement(db, sql);
			sqlite3_bind_text(statement, 1, ((const struct object *)object)->id, -1, SQLITE_STATIC);
			error = db_step(db, statement);
		}
		snprintf(sql, sizeof(sql), "INSERT INTO %s_%s (value, owner) VALUES (?1, ?2)", plan->noun->table, column->name);
		for (size_t t = 0; t < texts->count && !error; t++) {
			statement = db_statement(db, sql);
			sqlite3_bind_text(statement, 1, texts->items[t], -1, SQLITE_STATIC);
			sqlite3_bind_text(statement, 2, ((const struct object *)object)->id, -1, SQLITE_STATIC);
			error = db_step(db, statement);
		}
		if (error)
			return error;
	}
	return 0;
}

static int store_row(struct db *db, const struct plan *plan, const struct object *object, const char *owner, bool is_new)
{
	sqlite3_stmt *statement = db_statement(db, is_new ? plan->insert : plan->update);

	if (!statement)
		return -EIO;
	int error = row_bind(db, plan, statement, object, owner);

	return error ? error : db_step(db, statement);
}

// Deletes the rows of a list that are not in the object any longer.
static int drop_rows(struct db *db, const struct noun *noun, const struct field_rows *rows, const char *owner)
{
	char sql[200];
	int error = 0;

	snprintf(sql, sizeof(sql), "SELECT id FROM %s WHERE owner = ?1", noun->table);
	sqlite3_stmt *list = db_statement(db, sql);

	snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE id = ?1", noun->table);
	sqlite3_bind_text(list, 1, owner, -1, SQLITE_STATIC);
	while (!error && sqlite3_step(list) == SQLITE_ROW) {
		const char *id = (const char *)sqlite3_column_text(list, 0);
		bool stays = false;

		for (size_t i = 0; i < rows->count && !stays; i++) {
			const struct object *row = field_rows_at(noun, rows, i);

			stays = row->id && strcmp(row->id, id) == 0;
		}
		if (stays)
			continue;
		sqlite3_stmt *drop = db_statement(db, sql);

		sqlite3_bind_text(drop, 1, id, -1, SQLITE_TRANSIENT);
		error = db_step(db, drop);
	}
	sqlite3_reset(list);
	return error;
}

static int store_rows(struct db *db, const struct noun *noun, void *object)
{
	struct object *head = object;
	int error = 0;

	for (size_t i = 0; i < noun->field_count && !error; i++) {
		const struct field *field = &noun->fields[i];

		if (field->type != FIELD_ROWS)
			continue;
		struct field_rows *rows = field_rows(field, object);

		error = drop_rows(db, field->noun, rows, head->id);
		for (size_t at = 0; at < rows->count && !error; at++) {
			struct object *row = field_rows_at(field->noun, rows, at);
			char id[UUID_TEXT];
			bool is_new = !row->id;

			if (is_new)
				field_text_set(&row->id, uuid_make(id));
			row->position = (int64_t)at + 1;
			row->revision = head->revision;
			row->changed_ms = head->changed_ms;
			error = store_row(db, plan_of(field->noun), row, head->id, is_new);
		}
	}
	return error;
}

static int store_parts(struct db *db, const struct noun *noun, void *object, bool is_new)
{
	((struct object *)object)->changed_ms = db_now_ms();
	int error = store_row(db, plan_of(noun), object, NULL, is_new);

	if (!error)
		error = store_texts(db, plan_of(noun), object, is_new);
	return error ? error : store_rows(db, noun, object);
}

static int store_object(struct db *db, const struct noun *noun, void *object, bool is_new, const char *actor)
{
	struct object *head = object;
	int64_t revision = db_touch(db, noun, head->id, head->customer.id, DB_PUT, actor);

	if (revision < 0)
		return (int)revision;
	head->revision = revision;
	int error = count_moved(db, plan_of(noun), head->id, object, is_new);

	return error ? error : store_parts(db, noun, object, is_new);
}

static int identify(struct db *db, const struct noun *noun, struct object *head)
{
	char id[UUID_TEXT];
	int error = head->id ? 0 : field_text_set(&head->id, uuid_make(id));

	return error || head->moniker ? error : choose_moniker(db, noun, head);
}

int db_insert(struct db *db, const struct noun *noun, void *object, const char *actor)
{
	int error = identify(db, noun, object);

	if (!error)
		error = store_object(db, noun, object, true, actor);
	return error ? error : count_objects(db, noun, ((struct object *)object)->customer.id, 1);
}

int db_stage(struct db *db, const struct noun *noun, void *object, int64_t import)
{
	struct object *head = object;
	int error = identify(db, noun, object);

	head->import = import;
	head->revision = 0;
	return error ? error : store_parts(db, noun, object, true);
}

int db_update(struct db *db, const struct noun *noun, void *object, const char *actor)
{
	return store_object(db, noun, object, false, actor);
}

// What goes along with an object, and references that yield to its end.
struct going {
	struct db *db;
	const struct noun *noun;
	const char *id, *actor;
	int error;
};

static void go_along(const struct plan *plan, void *context)
{
	struct going *going = context;

	for (size_t i = 0; i < plan->count && !going->error; i++) {
		const struct column *column = &plan->columns[i];
		char sql[300];

		if (column->field->type != FIELD_REF || column->field->noun != going->noun || column->is_derived)
			continue;
		if (column->field->flags & FIELD_YIELDS) {
			snprintf(sql, sizeof(sql), "UPDATE %s SET %s = NULL WHERE %s = ?1 RETURNING id, customer",
				plan->noun->table, column->name, column->name);
			sqlite3_stmt *yield = db_statement(going->db, sql);

			sqlite3_bind_text(yield, 1, going->id, -1, SQLITE_STATIC);
			while (sqlite3_step(yield) == SQLITE_ROW)
				db_touch(going->db, plan->noun, (const char *)sqlite3_column_text(yield, 0),
					(const char *)sqlite3_column_text(yield, 1), DB_PUT, going->actor);
			sqlite3_reset(yield);
		} else if (column->field->flags & FIELD_OWNED) {
			char ids[64][UUID_TEXT];
			int count;

			do { // in portions, so that the list is not read while it is changed
				snprintf(sql, sizeof(sql), "SELECT id FROM %s WHERE %s = ?1 LIMIT 64", plan->noun->table,
					column->name);
				sqlite3_stmt *list = db_statement(going->db, sql);

				sqlite3_bind_text(list, 1, going->id, -1, SQLITE_STATIC);
				for (count = 0; sqlite3_step(list) == SQLITE_ROW; count++)
					snprintf(ids[count], UUID_TEXT, "%s", (const char *)sqlite3_column_text(list, 0));
				sqlite3_reset(list);
				for (int at = 0; at < count && !going->error; at++)
					going->error = db_delete(going->db, plan->noun, ids[at], going->actor);
			} while (count && !going->error);
		}
	}
}

// Policies go before the targets that their rules name: the plans stand the other way round.
static void go_policies_first(const struct plan *plan, void *context)
{
	if (plan->noun == &noun_policy)
		go_along(plan, context);
}

int db_delete(struct db *db, const struct noun *noun, const char *id, const char *actor)
{
	struct going going = {db, noun, id, actor, 0};
	char sql[200], customer[UUID_TEXT] = "";

	plans_each(go_policies_first, &going);
	plans_each(go_along, &going);
	if (going.error)
		return going.error;
	snprintf(sql, sizeof(sql), "SELECT customer FROM %s WHERE id = ?1", noun->table);
	sqlite3_stmt *statement = db_statement(db, sql);

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	bool found = sqlite3_step(statement) == SQLITE_ROW;

	if (found && sqlite3_column_text(statement, 0))
		snprintf(customer, sizeof(customer), "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_reset(statement);
	if (!found)
		return -ENOENT;
	void *object;
	int error = db_get(db, noun, id, DB_LEAN, &object);

	if (error)
		return error;
	audit_change(db, actor, noun, object, NULL);
	object_free(noun, object);
	if ((error = count_moved(db, plan_of(noun), id, NULL, false)))
		return error;
	snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE id = ?1", noun->table);
	if (!(statement = db_statement(db, sql)))
		return -EIO;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	if ((error = db_step(db, statement)))
		return error;
	int64_t revision = db_touch(db, noun, id, *customer ? customer : NULL, DB_DELETE, actor);

	return revision < 0 ? (int)revision : count_objects(db, noun, *customer ? customer : NULL, -1);
}
