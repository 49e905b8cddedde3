// SPDX-License-Identifier: Apache-2.0
#include "controller/store/db.h"

#include "base/clean.h"
#include "base/log.h"
#include "base/map.h"
#include "controller/store/page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

LOG_CATEGORY(store);

#define KNOWN_MAX 1000
#define STATEMENTS_MAX 400 // past these the cache starts anew: clients can make any number of filters

struct db {
	sqlite3 *sqlite;
	struct seal *seal;
	struct strmap statements; // SQL text, owned by the statement
	struct map kept; // the address of a text -> one of those
	struct pages *pages;
	struct strmap known; // key -> its value, and behind that the key; one piece of memory
	int64_t version; // of the store as `known` was found in it
	bool looking;
};

sqlite3 *db_sqlite(struct db *db)
{
	return db->sqlite;
}

struct seal *db_seal(const struct db *db)
{
	return db->seal;
}

int64_t db_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct pages *db_pages(struct db *db)
{
	return db->pages;
}

static void statements_drop(struct db *db)
{
	sqlite3_stmt *statement;

	for (size_t i = 0; (statement = strmap_next(&db->statements, &i));)
		sqlite3_finalize(statement);
	strmap_fini(&db->statements);
	map_fini(&db->kept);
	db->statements = (struct strmap){0};
	db->kept = (struct map){0};
}

sqlite3_stmt *db_statement(struct db *db, const char *sql)
{
	sqlite3_stmt *statement = strmap_get(&db->statements, sql);

	if (statement) {
		sqlite3_reset(statement);
		sqlite3_clear_bindings(statement);
		return statement;
	}
	if (sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK) {
		log_err("statement error=\"%s\" sql=\"%.200s\"", sqlite3_errmsg(db->sqlite), sql);
		return NULL;
	}
	if (db->statements.count >= STATEMENTS_MAX) {
		bool busy = false;
		sqlite3_stmt *other;

		for (size_t i = 0; (other = strmap_next(&db->statements, &i));)
			busy |= sqlite3_stmt_busy(other);
		if (!busy)
			statements_drop(db);
	}
	if (strmap_put(&db->statements, sqlite3_sql(statement), statement)) {
		sqlite3_finalize(statement);
		return NULL;
	}
	return statement;
}

sqlite3_stmt *db_kept(struct db *db, const char *sql)
{
	sqlite3_stmt *statement = map_get(&db->kept, (uintptr_t)sql);

	if (!statement) {
		if ((statement = db_statement(db, sql)))
			(void)map_put(&db->kept, (uintptr_t)sql, statement); // else it is found by its text
		return statement;
	}
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return statement;
}

int db_run(struct db *db, const char *sql)
{
	char *error = NULL;

	if (sqlite3_exec(db->sqlite, sql, NULL, NULL, &error) == SQLITE_OK)
		return 0;
	log_err("run error=\"%s\" sql=\"%.200s\"", error ? error : "", sql);
	sqlite3_free(error);
	return -EIO;
}

int db_step(struct db *db, sqlite3_stmt *statement)
{
	int result = statement ? sqlite3_step(statement) : SQLITE_ERROR;

	if (statement && result != SQLITE_ROW)
		sqlite3_reset(statement);
	if (result == SQLITE_DONE || result == SQLITE_ROW)
		return 0;
	int extended = sqlite3_extended_errcode(db->sqlite);

	if (extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY)
		return -EEXIST;
	if (extended == SQLITE_CONSTRAINT_FOREIGNKEY)
		return -EBUSY;
	return log_err_r(-EIO, "step error=\"%s\"", sqlite3_errmsg(db->sqlite));
}

static void known_drop(struct db *db)
{
	void *value;

	for (size_t i = 0; (value = strmap_next(&db->known, &i));)
		free(value);
	strmap_fini(&db->known);
	db->known = (struct strmap){0};
}

int db_look_begin(struct db *db)
{
	int error = db_step(db, db_kept(db, "BEGIN"));
	int64_t version = error ? 0 : db_number(db, "PRAGMA data_version", 0); // with this the look is of one moment

	if (error)
		return error;
	if (!version) {
		db_look_end(db);
		return -EBUSY;
	}
	if (version != db->version)
		known_drop(db);
	db->version = version;
	db->looking = true;
	return 0;
}

void db_look_end(struct db *db)
{
	db->looking = false;
	db_step(db, db_kept(db, "COMMIT"));
}

const void *db_known(struct db *db, const char *key)
{
	return db->looking ? strmap_get(&db->known, key) : NULL;
}

void db_keep(struct db *db, const char *key, const void *value, size_t len)
{
	size_t key_len = strlen(key) + 1;

	if (!db->looking || strmap_get(&db->known, key))
		return;
	if (db->known.count >= KNOWN_MAX)
		known_drop(db);
	char *copy = malloc(len + key_len);

	if (!copy)
		return;
	memcpy(copy, value, len);
	memcpy(copy + len, key, key_len);
	if (strmap_put(&db->known, copy + len, copy))
		free(copy);
}

int64_t db_number(struct db *db, const char *sql, int64_t otherwise)
{
	sqlite3_stmt *statement = db_statement(db, sql);
	int64_t number = otherwise;

	if (statement && sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	if (statement)
		sqlite3_reset(statement);
	return number;
}

bool db_has_column(struct db *db, const char *table, const char *name)
{
	sqlite3_stmt *statement = db_statement(db, "SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2");

	if (!statement)
		return true;
	sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
	bool found = sqlite3_step(statement) == SQLITE_ROW;

	sqlite3_reset(statement);
	return found;
}

int64_t db_revision(struct db *db)
{
	return db_number(db, "SELECT seq FROM sqlite_sequence WHERE name = 'changes'", 0);
}

// Octets of pages that a connection keeps, by its role.
static const int cache_kib[] = {[DB_READER] = 24576, [DB_WRITER] = 32768, [DB_TOOL] = 64, [DB_LOOP] = 49152};

static int open_file(const char *path, enum db_role role, struct db *db)
{
	bool reads = role == DB_READER || role == DB_LOOP;
	int flags = reads ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | (role == DB_WRITER ? SQLITE_OPEN_CREATE : 0);
	char pragmas[200];
	int error;

	if (sqlite3_open_v2(path, &db->sqlite, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return -EIO;
	sqlite3_extended_result_codes(db->sqlite, 1);
	sqlite3_busy_timeout(db->sqlite, role == DB_LOOP ? 0 : DB_BUSY_MS);
	// FULL with WAL: a transaction is on the disk before it is answered.
	if (!reads && (error = db_run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")))
		return error;
	snprintf(pragmas, sizeof(pragmas), "PRAGMA foreign_keys = ON; PRAGMA cache_size = -%d; PRAGMA temp_store = MEMORY",
		cache_kib[role]);
	return db_run(db, pragmas);
}

int db_open(const char *path, struct seal *seal, enum db_role role, struct db **out, char why[200])
{
	struct db *db = calloc(1, sizeof(*db));
	int error;

	if (!db)
		return -ENOMEM;
	db->seal = seal;
	db->pages = pages_new();
	if (!db->pages)
		abort();
	error = open_file(path, role, db);
	if (error)
		snprintf(why, 200, "cannot open the database %s: %s", path,
			db->sqlite ? sqlite3_errmsg(db->sqlite) : "out of memory");
	else if (role == DB_WRITER)
		error = schema_open(db, why);
	if (error)
		db_close(&db);
	else
		*out = db;
	return error;
}

void db_close(struct db **db)
{
	if (!*db)
		return;
	statements_drop(*db);
	known_drop(*db);
	sqlite3_close((*db)->sqlite);
	pages_free(&(*db)->pages);
	free(*db);
	*db = NULL;
}
