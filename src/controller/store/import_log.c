// SPDX-License-Identifier: Apache-2.0
#include "controller/store/import_log.h"

#include "base/log.h"
#include "controller/events/event_source.h"
#include "controller/store/count.h"
#include "controller/store/plan.h"
#include "controller/store/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(import_log);

#define PORTION 1000

enum import_state { IMPORT_STORING, IMPORT_TELLING, IMPORT_DONE };

// Versions before kept what an import had stored in a journal, and showed it at once: what one that had not ended stored is deleted.
static int end_journal(struct db *db)
{
	sqlite3_stmt *statement = db_statement(db, "SELECT r.endpoint FROM import_row r JOIN import i ON i.id = r.import");
	int error = 0;

	if (!statement)
		return -EIO;
	while (!error && sqlite3_step(statement) == SQLITE_ROW) {
		char id[UUID_TEXT];

		snprintf(id, sizeof(id), "%s", (const char *)sqlite3_column_text(statement, 0));
		error = db_delete(db, &noun_endpoint, id, NULL);
		error = error == -ENOENT ? 0 : error;
	}
	sqlite3_reset(statement);
	return error ? error : db_run(db, "DROP TABLE import_row; DROP TABLE import");
}

static int set_state(struct db *db, int64_t number, enum import_state state, int64_t revision)
{
	sqlite3_stmt *statement =
		db_statement(db, "UPDATE import_log SET state = ?2, revision = max(revision, ?3) WHERE number = ?1");

	if (!statement)
		return -EIO;
	sqlite3_bind_int64(statement, 1, number);
	sqlite3_bind_int(statement, 2, state);
	sqlite3_bind_int64(statement, 3, revision);
	return db_step(db, statement);
}

static int end_one(struct db *db, const struct import_log *log, enum import_state state)
{
	int64_t all = 0;
	int count;

	do {
		count = state == IMPORT_STORING ? import_log_take_back(db, log, PORTION) : import_log_tell(db, log, PORTION);
		all += count;
	} while (count > 0);
	log_info("import id=%s %s=%lld reason=\"it had not ended\"", log->id, state == IMPORT_STORING ? "taken_back" : "told",
		(long long)all);
	return count;
}

// What a crash has left: the one of a state that is not done, until there is none.
static int end_all(struct db *db)
{
	struct import_log log = {.noun = &noun_endpoint};
	int error = 0;

	for (;;) {
		sqlite3_stmt *statement = db_statement(db, "SELECT number, id, state FROM import_log WHERE state < 2 LIMIT 1");

		if (!statement || error)
			return error ? error : -EIO;
		bool found = sqlite3_step(statement) == SQLITE_ROW;
		enum import_state state = found ? (enum import_state)sqlite3_column_int(statement, 2) : IMPORT_DONE;

		if (found) {
			log.number = sqlite3_column_int64(statement, 0);
			snprintf(log.id, sizeof(log.id), "%s", (const char *)sqlite3_column_text(statement, 1));
		}
		sqlite3_reset(statement);
		if (!found)
			return 0;
		error = end_one(db, &log, state);
	}
}

int import_log_schema(struct db *db)
{
	int error = db_run(db,
		"CREATE TABLE IF NOT EXISTS import_log (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, at_ms "
		"INTEGER NOT NULL, "
		"state INTEGER NOT NULL, revision INTEGER NOT NULL, told TEXT NOT NULL DEFAULT '') STRICT;"
		"CREATE INDEX IF NOT EXISTS import_log_open ON import_log (state) WHERE state < 2;");

	if (!error && !db_has_column(db, "import_log", "told"))
		error = db_run(db, "ALTER TABLE import_log ADD COLUMN told TEXT NOT NULL DEFAULT ''");
	if (!error && db_number(db, "SELECT count(*) FROM sqlite_master WHERE name = 'import_row'", 0))
		error = end_journal(db);
	return error ? error : end_all(db);
}

int import_log_begin(struct db *db, struct import_log *log)
{
	sqlite3_stmt *statement = db_statement(db, "INSERT INTO import_log (id, at_ms, state, revision) VALUES (?1, ?2, 0, 0)");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, uuid_make(log->id), -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, db_now_ms());
	int error = db_step(db, statement);

	log->number = sqlite3_last_insert_rowid(db_sqlite(db));
	return error;
}

// The users of what the column refers to grow by those that the import brings.
static int count_column(struct db *db, const struct import_log *log, const struct column *column)
{
	const struct plan *plan = plan_of(log->noun);
	char sql[300];
	int error = 0;

	snprintf(sql, sizeof(sql), "SELECT %s, count(*) FROM %s WHERE import = ?1 AND %s IS NOT NULL GROUP BY %s", column->name,
		log->noun->table, column->name, column->name);
	sqlite3_stmt *statement = db_statement(db, sql);

	if (!statement)
		return -EIO;
	sqlite3_bind_int64(statement, 1, log->number);
	while (!error && sqlite3_step(statement) == SQLITE_ROW) {
		char id[UUID_TEXT];

		snprintf(id, sizeof(id), "%s", (const char *)sqlite3_column_text(statement, 0));
		error = count_users(db, plan, column, id, sqlite3_column_int64(statement, 1));
	}
	sqlite3_reset(statement);
	return error;
}

int64_t import_log_show(struct db *db, const struct import_log *log, size_t count)
{
	const struct plan *plan = plan_of(log->noun);
	int error = count_objects(db, log->noun, log->customer, (int64_t)count);

	for (size_t i = 0; i < plan->count && !error; i++)
		if (plan->columns[i].field->flags & FIELD_COUNTED)
			error = count_column(db, log, &plan->columns[i]);
	if (error)
		return error;
	int64_t revision = db_touch(db, log->noun, log->id, log->customer, DB_IMPORT, log->actor);

	if (revision > 0 && (error = set_state(db, log->number, IMPORT_TELLING, revision)))
		return error;
	return revision;
}

bool import_log_is_storing(struct db *db)
{
	return db_number(db, "SELECT 1 FROM import_log WHERE state < 2 AND state = 0 LIMIT 1", 0);
}

int64_t import_log_number(struct db *db, const char *id)
{
	sqlite3_stmt *statement = db_statement(db, "SELECT number FROM import_log WHERE id = ?1");

	if (!statement)
		return 0;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	int64_t number = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;

	sqlite3_reset(statement);
	return number;
}

static int tell_one(struct db *db, sqlite3_stmt *statement)
{
	struct endpoint endpoint = {.object.id = (char *)sqlite3_column_text(statement, 0),
		.object.customer.id = (char *)sqlite3_column_text(statement, 1),
		.status = sqlite3_column_int64(statement, 2)};

	return event_endpoint_changed(db, &endpoint, NULL);
}

static int set_told(struct db *db, int64_t number, const char *told)
{
	sqlite3_stmt *statement = db_statement(db, "UPDATE import_log SET told = ?2 WHERE number = ?1");

	if (!statement)
		return -EIO;
	sqlite3_bind_int64(statement, 1, number);
	sqlite3_bind_text(statement, 2, told, -1, SQLITE_STATIC);
	return db_step(db, statement);
}

// Those that were changed since then have told so themselves: their revision is their own.
int import_log_tell(struct db *db, const struct import_log *log, int limit)
{
	sqlite3_stmt *statement = db_statement(db,
		"SELECT id, customer, endpoint_status FROM endpoint WHERE id > max(?1, (SELECT told FROM import_log WHERE number "
		"= ?2)) "
		"AND +import = ?2 AND revision = 0 ORDER BY id LIMIT ?3");
	char told[UUID_TEXT] = "";
	int count = 0, error = 0;

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, log->id, UUID_TIME_CHARS, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, log->number);
	sqlite3_bind_int(statement, 3, limit);
	while (!error && sqlite3_step(statement) == SQLITE_ROW) {
		error = tell_one(db, statement);
		snprintf(told, UUID_TEXT, "%s", (const char *)sqlite3_column_text(statement, 0));
		count++;
	}
	sqlite3_reset(statement);
	if (!error)
		error = count ? set_told(db, log->number, told) : set_state(db, log->number, IMPORT_DONE, 0);
	return error ? error : count;
}

int import_log_take_back(struct db *db, const struct import_log *log, int limit)
{
	sqlite3_stmt *statement =
		db_statement(db, "DELETE FROM endpoint WHERE rowid IN (SELECT rowid FROM endpoint WHERE import = ?1 LIMIT ?2)");

	if (!statement)
		return -EIO;
	sqlite3_bind_int64(statement, 1, log->number);
	sqlite3_bind_int(statement, 2, limit);
	int error = db_step(db, statement), count = sqlite3_changes(db_sqlite(db));

	if (!error && !count)
		error = set_state(db, log->number, IMPORT_DONE, 0);
	return error ? error : count;
}
