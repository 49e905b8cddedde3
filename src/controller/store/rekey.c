// SPDX-License-Identifier: Apache-2.0
#include "controller/store/rekey.h"

#include "base/clean.h"
#include "controller/store/plan.h"
#include "controller/store/row.h"
#include "controller/store/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORTION 100

struct rekey {
	struct db *db;
	void (*progress)(void *owner, int64_t done, int64_t total);
	void *owner;
	int64_t total, done, sealed; // looked at; sealed anew
	int error;
	char *why;
};

static bool is_secret(const struct column *column)
{
	return !column->is_derived && column->field->type == FIELD_TEXT && column->field->flags & FIELD_SECRET;
}

static void count_plan(const struct plan *plan, void *context)
{
	struct rekey *rekey = context;
	char sql[200];

	for (size_t i = 0; i < plan->count; i++) {
		if (!is_secret(&plan->columns[i]))
			continue;
		snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s WHERE %s IS NOT NULL", plan->noun->table,
			plan->columns[i].name);
		rekey->total += db_number(rekey->db, sql, 0);
	}
}

static int write_secret(struct rekey *rekey, const struct plan *plan, const struct column *column, const char *id,
	const char *place, const char *secret)
{
	size_t len = strlen(secret);
	_cleanup_free_ uint8_t *sealed = malloc(len + SEAL_EXTRA);
	char sql[200];

	snprintf(sql, sizeof(sql), "UPDATE %s SET %s = ?2 WHERE id = ?1", plan->noun->table, column->name);
	sqlite3_stmt *statement = db_statement(rekey->db, sql);

	if (!statement || !sealed)
		return -ENOMEM;
	seal_close_up(db_seal(rekey->db), place, secret, len, sealed);
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_blob(statement, 2, sealed, (int)(len + SEAL_EXTRA), SQLITE_STATIC);
	return db_step(rekey->db, statement);
}

static int seal_anew(struct rekey *rekey, const struct plan *plan, const struct column *column, sqlite3_stmt *row, const char *id)
{
	const uint8_t *sealed = sqlite3_column_blob(row, 1);
	size_t len = (size_t)sqlite3_column_bytes(row, 1);
	char place[ROW_PLACE_TEXT], *secret = NULL;

	row_place(plan, column, id, place);
	if (seal_is_current(db_seal(rekey->db), place, sealed, len))
		return 0;
	int error = seal_break(db_seal(rekey->db), place, sealed, len, &secret);

	if (error) {
		snprintf(rekey->why, 200, "no key of the file opens the secret %.120s; put the key that sealed it into the file",
			place);
		return error;
	}
	error = write_secret(rekey, plan, column, id, place, secret);
	explicit_bzero(secret, strlen(secret));
	free(secret);
	rekey->sealed += !error;
	return error;
}

// One transaction. How many were looked at, or -errno.
static int do_portion(struct rekey *rekey, const struct plan *plan, const struct column *column, char after[UUID_TEXT])
{
	char sql[240];
	int count = 0;

	snprintf(sql, sizeof(sql), "SELECT id, %s FROM %s WHERE id > ?1 AND %s IS NOT NULL ORDER BY id LIMIT %d", column->name,
		plan->noun->table, column->name, PORTION);
	int error = db_run(rekey->db, "BEGIN IMMEDIATE");
	sqlite3_stmt *rows = error ? NULL : db_statement(rekey->db, sql);

	if (!rows)
		return -EIO;
	sqlite3_bind_text(rows, 1, after, -1, SQLITE_TRANSIENT);
	while (!error && sqlite3_step(rows) == SQLITE_ROW) {
		snprintf(after, UUID_TEXT, "%s", (const char *)sqlite3_column_text(rows, 0));
		error = seal_anew(rekey, plan, column, rows, after);
		count++;
	}
	sqlite3_reset(rows);
	if (db_run(rekey->db, error ? "ROLLBACK" : "COMMIT") && !error)
		error = -EIO;
	return error ? error : count;
}

static void do_plan(const struct plan *plan, void *context)
{
	struct rekey *rekey = context;

	for (size_t i = 0; i < plan->count && !rekey->error; i++) {
		char after[UUID_TEXT] = "";
		int count = PORTION;

		while (is_secret(&plan->columns[i]) && count == PORTION) {
			count = do_portion(rekey, plan, &plan->columns[i], after);
			rekey->error = count < 0 ? count : 0;
			rekey->done += count > 0 ? count : 0;
			if (rekey->progress && count > 0)
				rekey->progress(rekey->owner, rekey->done, rekey->total);
		}
	}
}

int rekey_run(
	struct db *db, void (*progress)(void *owner, int64_t done, int64_t total), void *owner, int64_t *count, char why[200])
{
	struct rekey rekey = {.db = db, .progress = progress, .owner = owner, .why = why};
	int64_t before;

	snprintf(why, 200, "the database cannot be written");
	do {
		before = rekey.sealed;
		rekey.total = rekey.done = 0;
		plans_each(count_plan, &rekey);
		plans_each(do_plan, &rekey);
	} while (!rekey.error && rekey.sealed > before); // until none came under an old key meanwhile
	*count = rekey.sealed;
	return rekey.error ? rekey.error : schema_seal_word(db);
}
