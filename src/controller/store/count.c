// SPDX-License-Identifier: Apache-2.0
#include "controller/store/count.h"

#include "model/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PLACE_TEXT 200

int counts_schema(struct db *db)
{
	int error = db_run(db,
		"CREATE TABLE IF NOT EXISTS object_count (noun TEXT NOT NULL, customer TEXT NOT NULL, count INTEGER NOT NULL, "
		"version INTEGER NOT NULL DEFAULT 0, "
		"PRIMARY KEY (noun, customer)) STRICT;"
		"CREATE TABLE IF NOT EXISTS user_count (place TEXT NOT NULL, id TEXT NOT NULL, count INTEGER NOT NULL, "
		"PRIMARY KEY (id, place)) STRICT, WITHOUT ROWID;");

	return error || db_has_column(db, "object_count", "version")
		? error
		: db_run(db, "ALTER TABLE object_count ADD COLUMN version INTEGER NOT NULL DEFAULT 0");
}

static void write_counts(const struct plan *plan, void *context)
{
	struct text *sql = context;
	const struct noun *noun = plan->noun;

	if (!(noun->flags & NOUN_ROW))
		text_format(sql,
			"INSERT INTO object_count (noun, customer, count) SELECT '%s', ifnull(customer, ''), count(*) FROM %s "
			"GROUP BY customer;\n",
			noun->word, noun->table);
	for (size_t i = 0; i < plan->count; i++)
		if (plan->columns[i].field->flags & FIELD_COUNTED)
			text_format(sql,
				"INSERT INTO user_count (place, id, count) SELECT '%s.%s', %s, count(*) FROM %s WHERE %s IS NOT "
				"NULL GROUP BY %s;\n",
				noun->table, plan->columns[i].name, plan->columns[i].name, noun->table, plan->columns[i].name,
				plan->columns[i].name);
}

int counts_again(struct db *db)
{
	struct text sql = {0};

	text_add(&sql, "DELETE FROM object_count; DELETE FROM user_count;\n");
	plans_each(write_counts, &sql);
	int error = sql.failed ? -ENOMEM : db_run(db, sql.bytes);

	text_fini(&sql);
	return error;
}

int count_objects(struct db *db, const struct noun *noun, const char *customer, int64_t step)
{
	sqlite3_stmt *statement = db_statement(db,
		"INSERT INTO object_count (noun, customer, count) VALUES (?1, ifnull(?2, ''), ?3) "
		"ON CONFLICT (noun, customer) DO UPDATE SET count = object_count.count + ?3, version = version + (?3 <> 1)");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, noun->word, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, customer, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 3, step);
	return db_step(db, statement);
}

int count_users(struct db *db, const struct plan *plan, const struct column *column, const char *id, int64_t step)
{
	sqlite3_stmt *statement = db_statement(db,
		"INSERT INTO user_count (place, id, count) VALUES (?1, ?2, ?3) "
		"ON CONFLICT (id, place) DO UPDATE SET count = user_count.count + ?3");
	char place[PLACE_TEXT];

	if (!statement)
		return -EIO;
	snprintf(place, sizeof(place), "%s.%s", plan->noun->table, column->name);
	sqlite3_bind_text(statement, 1, place, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 3, step);
	return db_step(db, statement);
}

// What the column of the stored object says, "" when nothing.
static int stored_reference(struct db *db, const struct plan *plan, const struct column *column, const char *id, char out[64])
{
	char sql[200];

	snprintf(sql, sizeof(sql), "SELECT %s FROM %s WHERE id = ?1", column->name, plan->noun->table);
	sqlite3_stmt *statement = db_statement(db, sql);

	*out = '\0';
	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0))
		snprintf(out, 64, "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_reset(statement);
	return 0;
}

int count_moved(struct db *db, const struct plan *plan, const char *id, const void *after, bool is_new)
{
	int error = 0;

	for (size_t i = 0; i < plan->count && !error; i++) {
		const struct column *column = &plan->columns[i];
		struct field field = plan_field(column);
		char before[64] = "";

		if (!(field.flags & FIELD_COUNTED))
			continue;
		const char *now = after && field_ref(&field, after)->id ? field_ref(&field, after)->id : "";

		error = is_new ? 0 : stored_reference(db, plan, column, id, before);
		if (error || strcmp(before, now) == 0)
			continue;
		if (*before)
			error = count_users(db, plan, column, before, -1);
		if (!error && *now)
			error = count_users(db, plan, column, now, 1);
	}
	return error;
}
