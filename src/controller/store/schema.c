// SPDX-License-Identifier: Apache-2.0
// The schema is written from the plans: tables, foreign keys, indexes. What a released schema lacks is added (a new member is a new
// column); whatever is not an addition is a row of `migrations`, run once, in order, by user_version.
#include "controller/store/db.h"

#include "base/clean.h"
#include "base/log.h"
#include "controller/events/event_store.h"
#include "controller/store/address.h"
#include "controller/store/attach.h"
#include "controller/store/audit.h"
#include "controller/store/count.h"
#include "controller/store/import_log.h"
#include "controller/store/login.h"
#include "controller/store/plan.h"
#include "controller/store/seeds.h"
#include "controller/store/usage.h"
#include "model/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(schema);

#define SCHEMA_VERSION 1

// What leads from version N to N + 1 beyond additions: migrations[N].
static const char *const migrations[SCHEMA_VERSION + 1] = {NULL};

// Indexes that have another name now, or no use.
static const char gone_indexes[] = "DROP INDEX IF EXISTS endpoint_customer; DROP INDEX IF EXISTS operator_policy_own_moniker; "
				   "DROP INDEX IF EXISTS regional_policy_own_moniker;";

struct writing {
	struct db *db;
	struct text sql;
};

static void column_type(const struct column *column, struct text *sql)
{
	const struct field *field = column->field;

	switch (field->type) {
	case FIELD_INT:
	case FIELD_BOOL:
	case FIELD_ENUM:
	case FIELD_TIME:
		text_add(sql, "INTEGER");
		break;
	case FIELD_REF:
		text_format(sql, "TEXT REFERENCES %s(id)", field->noun->table);
		break;
	default:
		text_add(sql, field->flags & FIELD_SECRET ? "BLOB" : "TEXT");
		break;
	}
}

static void write_table(const struct plan *plan, void *context)
{
	struct text *sql = &((struct writing *)context)->sql;
	const struct noun *noun = plan->noun;

	text_format(sql,
		"CREATE TABLE IF NOT EXISTS %s (id TEXT PRIMARY KEY, moniker TEXT, name TEXT, revision INTEGER NOT NULL, "
		"changed_ms INTEGER NOT NULL, customer TEXT%s",
		noun->table, noun == &noun_customer ? "" : " REFERENCES customer(id)");
	if (noun->flags & NOUN_ROW)
		text_format(sql, ", owner TEXT NOT NULL REFERENCES %s(id) ON DELETE CASCADE, position INTEGER NOT NULL",
			noun->owner->table);
	if (noun->flags & NOUN_BULK)
		text_add(sql, ", import INTEGER");
	for (size_t i = 0; i < plan->count; i++) {
		const struct column *column = &plan->columns[i];

		if (column->is_derived)
			continue;
		text_format(sql, ", %s ", column->name);
		column_type(column, sql);
	}
	text_add(sql, ") STRICT;\n");
	for (size_t i = 0; i < plan->count; i++)
		if (plan->columns[i].field->type == FIELD_TEXTS && plan->columns[i].field->flags & FIELD_UNIQUE)
			text_format(sql,
				"CREATE TABLE IF NOT EXISTS %s_%s (value TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES %s(id) "
				"ON DELETE CASCADE) "
				"STRICT;\nCREATE INDEX IF NOT EXISTS %s_%s_owner ON %s_%s (owner);\n",
				noun->table, plan->columns[i].name, noun->table, noun->table, plan->columns[i].name, noun->table,
				plan->columns[i].name);
}

// An index that stands for something else now than it did is made anew. `rest` is what follows its name.
static void write_index(struct writing *writing, bool is_unique, const char *name, const char *rest)
{
	sqlite3_stmt *statement = db_statement(writing->db, "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?1");
	char sql[400];

	snprintf(sql, sizeof(sql), "CREATE %sINDEX %s ON %s", is_unique ? "UNIQUE " : "", name, rest);
	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	bool found = sqlite3_step(statement) == SQLITE_ROW;
	bool is_same = found && strcmp((const char *)sqlite3_column_text(statement, 0), sql) == 0;

	sqlite3_reset(statement);
	if (!is_same)
		text_format(&writing->sql, "%s%s%s%s;\n", found ? "DROP INDEX " : "", found ? name : "", found ? "; " : "", sql);
}

static void write_indexes(const struct plan *plan, void *context)
{
	const struct noun *noun = plan->noun;
	const char *table = noun->table;
	char name[150], rest[200];

#define INDEX(is_unique, suffix, ...)                                                                                            \
	do {                                                                                                                     \
		snprintf(name, sizeof(name), "%s_%s", table, suffix);                                                            \
		snprintf(rest, sizeof(rest), __VA_ARGS__);                                                                       \
		write_index(context, is_unique, name, rest);                                                                     \
	} while (0)
	if (noun->flags & NOUN_ROW) {
		INDEX(false, "owner", "%s (owner, position)", table);
	} else if (noun->flags & NOUN_PLATFORM) {
		INDEX(true, "moniker", "%s (moniker)", table);
	} else {
		INDEX(true, "moniker", "%s (customer, moniker)", table);
		if (noun->flags & NOUN_BULK) { // a page of a list is found by the index alone
			INDEX(false, "page", "%s (customer, id, import)", table);
			INDEX(false, "import", "%s (import) WHERE import IS NOT NULL", table);
		} else {
			INDEX(false, "customer", "%s (customer, id)", table);
		}
	}
	for (size_t i = 0; i < plan->count; i++) {
		const struct column *column = &plan->columns[i];
		bool is_unique = column->field->type == FIELD_TEXT && column->field->flags & FIELD_UNIQUE;

		if (!column->is_derived && (is_unique || column->field->type == FIELD_REF))
			INDEX(is_unique, column->name, "%s (%s)", table, column->name);
	}
#undef INDEX
}

// A member that came later: its column, at the member's default for the rows that are there.
static void write_missing(const struct plan *plan, void *context)
{
	struct writing *writing = context;
	struct text *sql = &writing->sql;

	if (plan->noun->flags & NOUN_BULK && !db_has_column(writing->db, plan->noun->table, "import"))
		text_format(sql, "ALTER TABLE %s ADD COLUMN import INTEGER;\n", plan->noun->table);
	for (size_t i = 0; i < plan->count; i++) {
		const struct column *column = &plan->columns[i];
		const struct field *field = column->field;

		if (column->is_derived || db_has_column(writing->db, plan->noun->table, column->name))
			continue;
		log_info("adding table=%s column=%s", plan->noun->table, column->name);
		text_format(sql, "ALTER TABLE %s ADD COLUMN %s ", plan->noun->table, column->name);
		column_type(column, sql);
		if (field->initial && field->type == FIELD_ENUM)
			text_format(sql, " DEFAULT %d", word_find(field->words, field->initial)->key);
		else if (field->initial && field->type == FIELD_BOOL)
			text_format(sql, " DEFAULT %d", field->initial[0] == 't');
		else if (field->initial && field->type == FIELD_INT)
			text_format(sql, " DEFAULT %s", field->initial);
		else if (field->initial && field->type == FIELD_TEXT)
			text_format(sql, " DEFAULT '%s'", field->initial);
		text_add(sql, ";\n");
	}
}

static int run_written(struct db *db, void (*write)(const struct plan *plan, void *context))
{
	struct writing writing = {.db = db};

	plans_each(write, &writing);
	int error = writing.sql.failed ? -ENOMEM : writing.sql.bytes ? db_run(db, writing.sql.bytes) : 0;

	text_fini(&writing.sql);
	return error;
}

// A word sealed with the key that the database was made with: another key is noticed at the start, not at the first secret.
static const char key_word[] = "slicegate", key_place[] = "meta.key";

int schema_seal_word(struct db *db)
{
	sqlite3_stmt *statement = db_statement(db, "INSERT OR REPLACE INTO meta (name, value) VALUES ('key', ?1)");
	uint8_t sealed[sizeof(key_word) - 1 + SEAL_EXTRA];

	if (!statement)
		return -EIO;
	seal_close_up(db_seal(db), key_place, key_word, sizeof(key_word) - 1, sealed);
	sqlite3_bind_blob(statement, 1, sealed, sizeof(sealed), SQLITE_STATIC);
	return db_step(db, statement);
}

// 0; -ENOENT: there is no word yet; -EBADMSG.
static int check_key(struct db *db, char why[200])
{
	sqlite3_stmt *statement = db_statement(db, "SELECT value FROM meta WHERE name = 'key'");
	char *opened = NULL;
	int error = -ENOENT;

	if (!statement)
		return -EIO;
	if (sqlite3_step(statement) == SQLITE_ROW)
		error = seal_break(db_seal(db), key_place, sqlite3_column_blob(statement, 0),
			(size_t)sqlite3_column_bytes(statement, 0), &opened);
	sqlite3_reset(statement);
	free(opened);
	if (error == -EBADMSG)
		snprintf(why, 200,
			"the key file is not the one that the database was made with; its secrets do not open: put the right one "
			"back");
	return error;
}

int schema_check(struct db *db, char why[200])
{
	int64_t version = db_number(db, "PRAGMA user_version", -1);

	if (version == SCHEMA_VERSION)
		return check_key(db, why);
	snprintf(why, 200, "the database has schema version %lld, this program has %d; start the controller with it once first",
		(long long)version, SCHEMA_VERSION);
	return -EINVAL;
}

static int build(struct db *db, int64_t version)
{
	int error = db_run(db,
		"CREATE TABLE IF NOT EXISTS changes (revision INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, noun "
		"TEXT NOT NULL, "
		"id TEXT NOT NULL, change INTEGER NOT NULL, customer TEXT, actor TEXT) STRICT;"
		"CREATE TABLE IF NOT EXISTS idempotency (token TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL, reply "
		"TEXT NOT NULL, "
		"at_ms INTEGER NOT NULL, PRIMARY KEY (token, key)) STRICT;"
		"CREATE INDEX IF NOT EXISTS idempotency_at ON idempotency (at_ms);"
		"CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB) STRICT;");

	if (!error)
		error = counts_schema(db);
	for (int64_t at = version; !error && version && at < SCHEMA_VERSION; at++)
		if (migrations[at])
			error = db_run(db, migrations[at]);
	if (!error)
		error = run_written(db, write_table);
	if (!error)
		error = run_written(db, write_missing);
	if (!error)
		error = db_run(db, gone_indexes);
	if (!error)
		error = run_written(db, write_indexes);
	if (!error)
		error = login_schema(db);
	if (!error && !version)
		error = seeds_plant(db);
	if (!error)
		error = operators_plant(db);
	if (!error)
		error = event_schema(db);
	if (!error)
		error = audit_schema(db);
	if (!error)
		error = usage_schema(db);
	if (!error)
		error = attach_schema(db);
	if (!error)
		error = import_log_schema(db);
	if (!error)
		error = address_schema(db);
	if (!error)
		error = counts_again(db);
	char set[60];

	snprintf(set, sizeof(set), "PRAGMA user_version = %d", SCHEMA_VERSION);
	return error ? error : db_run(db, set);
}

int schema_open(struct db *db, char why[200])
{
	int64_t version = db_number(db, "PRAGMA user_version", -1);

	if (version < 0 || version > SCHEMA_VERSION) {
		snprintf(why, 200, "the database has schema version %lld, this program knows %d; start the newer program",
			(long long)version, SCHEMA_VERSION);
		return -EINVAL;
	}
	int error = db_run(db, "BEGIN IMMEDIATE");

	if (!error) {
		error = build(db, version);
		if (!error)
			error = check_key(db, why);
		if (error == -ENOENT)
			error = schema_seal_word(db);
		if (db_run(db, error ? "ROLLBACK" : "COMMIT"))
			error = -EIO;
	}
	if (error && error != -EBADMSG)
		snprintf(why, 200, "cannot make or migrate the database's schema: %s", sqlite3_errmsg(db_sqlite(db)));
	return error;
}
