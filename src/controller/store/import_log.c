// SPDX-License-Identifier: Apache-2.0
#include "controller/store/import_log.h"

#include "base/log.h"
#include "controller/store/db.h"
#include "controller/store/uuid.h"

#include <errno.h>
#include <stdio.h>

LOG_CATEGORY(import_log);

int import_log_schema(struct db *db)
{
	int error = db_run(db,
		"CREATE TABLE IF NOT EXISTS import (id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT;"
		"CREATE TABLE IF NOT EXISTS import_row (import TEXT NOT NULL, endpoint TEXT NOT NULL) STRICT;"
		"CREATE INDEX IF NOT EXISTS import_row_import ON import_row (import);");

	sqlite3_stmt *statement =
		error ? NULL : db_statement(db, "SELECT r.endpoint FROM import_row r JOIN import i ON i.id = r.import");
	int64_t count = 0;

	if (!statement)
		return -EIO;
	while (!error && sqlite3_step(statement) == SQLITE_ROW) {
		char id[UUID_TEXT];

		snprintf(id, sizeof(id), "%s", (const char *)sqlite3_column_text(statement, 0));
		error = db_delete(db, &noun_endpoint, id, NULL);
		error = error == -ENOENT ? 0 : error;
		count++;
	}
	sqlite3_reset(statement);
	if (count)
		log_info("taken back endpoints=%lld reason=\"the import had not ended\"", (long long)count);
	return error ? error : db_run(db, "DELETE FROM import_row; DELETE FROM import");
}
