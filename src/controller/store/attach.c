// SPDX-License-Identifier: Apache-2.0
#include "controller/store/attach.h"

#include <errno.h>

#define PRUNE_EVERY 200

int attach_schema(struct db *db)
{
	return db_run(db,
		"CREATE TABLE IF NOT EXISTS attach (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, trace TEXT NOT "
		"NULL) STRICT;"
		"CREATE INDEX IF NOT EXISTS attach_id ON attach (id, number);");
}

static int drop(struct db *db, const char *sql, const char *id, int64_t number)
{
	sqlite3_stmt *statement = db_statement(db, sql);

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, number);
	return db_step(db, statement);
}

int attach_add(struct db *db, const char *id, const char *json)
{
	sqlite3_stmt *statement = db_statement(db, "INSERT INTO attach (id, trace) VALUES (?1, ?2)");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, json, -1, SQLITE_STATIC);
	int error = db_step(db, statement);
	int64_t number = sqlite3_last_insert_rowid(db_sqlite(db));

	if (!error)
		error = drop(db,
			"DELETE FROM attach WHERE id = ?1 AND number <= (SELECT number FROM attach WHERE id = ?1 ORDER BY number "
			"DESC "
			"LIMIT 1 OFFSET ?2)",
			id, ATTACHES_EACH);
	if (!error && number % PRUNE_EVERY == 0)
		error = drop(db, "DELETE FROM attach WHERE ?1 = ?1 AND number <= ?2", id, number - ATTACHES_ALL);
	return error;
}

void attach_list(struct db *db, const char *id, struct text *out)
{
	sqlite3_stmt *statement = db_statement(db, "SELECT trace FROM attach WHERE id = ?1 ORDER BY number DESC");
	bool any = false;

	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		text_add(out, any ? "," : "");
		text_add(out, (const char *)sqlite3_column_text(statement, 0));
		any = true;
	}
	sqlite3_reset(statement);
}
