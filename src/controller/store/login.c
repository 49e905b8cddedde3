// SPDX-License-Identifier: Apache-2.0
#include "controller/store/login.h"

#include <errno.h>
#include <stdio.h>

#define SESSIONS_OF_USER_MAX 20
#define SEEN_EVERY_MS 60000 // so that not each request writes
#define FAILURES_FREE 4 // then each one locks
#define LOCK_FIRST_MS 15000
#define LOCK_MAX_MS (15 * 60 * 1000)
#define FAILURES_KEPT_MS (24 * 3600 * 1000LL)
#define ACCOUNTS_MAX 10000 // with failures: whoever makes up accounts must not fill the disk

int login_schema(struct db *db)
{
	return db_run(db,
		"CREATE TABLE IF NOT EXISTS login_session (hash TEXT PRIMARY KEY, owner TEXT NOT NULL REFERENCES "
		"user_account(id) ON "
		"DELETE CASCADE, created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL) STRICT;"
		"CREATE INDEX IF NOT EXISTS login_session_owner ON login_session (owner);"
		"CREATE TABLE IF NOT EXISTS login_failure (account TEXT PRIMARY KEY, count INTEGER NOT NULL, at_ms INTEGER NOT "
		"NULL, "
		"until_ms INTEGER NOT NULL) STRICT;"
		"UPDATE api_token SET role = 4 WHERE role IS NULL;");
}

// Runs a statement whose texts are ?1 and ?2 and whose numbers begin at ?3.
static int run(struct db *db, const char *sql, const char *first, const char *second, const int64_t *numbers, int count)
{
	sqlite3_stmt *statement = db_statement(db, sql);

	if (!statement)
		return -EIO;
	if (first)
		sqlite3_bind_text(statement, 1, first, -1, SQLITE_STATIC);
	if (second)
		sqlite3_bind_text(statement, 2, second, -1, SQLITE_STATIC);
	for (int i = 0; i < count; i++)
		sqlite3_bind_int64(statement, 3 + i, numbers[i]);
	return db_step(db, statement);
}

int login_session_add(struct db *db, const char *hash, const char *user, const struct login_limits *limits)
{
	int64_t now = db_now_ms(), times[] = {now, now + (int64_t)limits->absolute_ms}, idle = (int64_t)limits->idle_ms;
	int64_t ended[] = {now, now - idle}, most = SESSIONS_OF_USER_MAX - 1;
	int error = run(db, "DELETE FROM login_session WHERE expires_ms <= ?3 OR seen_ms <= ?4", NULL, NULL, ended, 2);

	if (!error)
		error = run(db,
			"DELETE FROM login_session WHERE owner = ?1 AND hash NOT IN (SELECT hash FROM login_session WHERE owner "
			"= ?1 "
			"ORDER BY seen_ms DESC LIMIT ?3)",
			user, NULL, &most, 1);
	if (!error)
		error = run(db,
			"INSERT INTO login_session (hash, owner, created_ms, seen_ms, expires_ms) VALUES (?1, ?2, ?3, ?3, ?4)",
			hash, user, times, 2);
	return error;
}

int login_session_get(struct db *db, const char *hash, const struct login_limits *limits, struct login_session *out)
{
	sqlite3_stmt *statement = db_statement(
		db, "SELECT owner, seen_ms, expires_ms FROM login_session WHERE hash = ?1 AND expires_ms > ?2 AND seen_ms > ?3");
	int64_t now = db_now_ms(), idle = (int64_t)limits->idle_ms;

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, hash, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, now);
	sqlite3_bind_int64(statement, 3, now - idle);
	bool found = sqlite3_step(statement) == SQLITE_ROW;

	if (found) {
		int64_t unseen = now - sqlite3_column_int64(statement, 1);

		snprintf(out->user, sizeof(out->user), "%s", (const char *)sqlite3_column_text(statement, 0));
		out->expires_ms = sqlite3_column_int64(statement, 2);
		out->due = unseen > SEEN_EVERY_MS || unseen > idle / 4;
	}
	sqlite3_reset(statement);
	return found ? 0 : -ENOENT;
}

void login_session_seen(struct db *db, const char *hash)
{
	int64_t now = db_now_ms();

	run(db, "UPDATE login_session SET seen_ms = ?3 WHERE hash = ?1", hash, NULL, &now, 1);
}

void login_session_end(struct db *db, const char *hash)
{
	run(db, "DELETE FROM login_session WHERE hash = ?1", hash, NULL, NULL, 0);
}

void login_sessions_end(struct db *db, const char *user, const char *but)
{
	run(db, "DELETE FROM login_session WHERE owner = ?1 AND hash IS NOT ?2", user, but, NULL, 0);
}

int64_t login_locked_until(struct db *db, const char *account)
{
	sqlite3_stmt *statement = db_statement(db, "SELECT until_ms FROM login_failure WHERE account = ?1 AND until_ms > ?2");
	int64_t until = 0;

	if (!statement)
		return 0;
	sqlite3_bind_text(statement, 1, account, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, db_now_ms());
	if (sqlite3_step(statement) == SQLITE_ROW)
		until = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return until;
}

static int64_t failures_of(struct db *db, const char *account)
{
	sqlite3_stmt *statement = db_statement(db, "SELECT count FROM login_failure WHERE account = ?1 AND at_ms > ?2");
	int64_t count = 0;

	if (!statement)
		return 0;
	sqlite3_bind_text(statement, 1, account, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, db_now_ms() - FAILURES_KEPT_MS);
	if (sqlite3_step(statement) == SQLITE_ROW)
		count = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return count;
}

int64_t login_failed(struct db *db, const char *account)
{
	int64_t count = failures_of(db, account) + 1, now = db_now_ms(), lock = 0, forgotten = now - FAILURES_KEPT_MS,
		most = ACCOUNTS_MAX;

	if (count > FAILURES_FREE)
		for (lock = LOCK_FIRST_MS; count > FAILURES_FREE + 1 && lock < LOCK_MAX_MS; count--)
			lock *= 2;
	if (lock > LOCK_MAX_MS)
		lock = LOCK_MAX_MS;
	int64_t numbers[] = {now, lock ? now + lock : 0};

	run(db, "DELETE FROM login_failure WHERE at_ms < ?3", NULL, NULL, &forgotten, 1);
	run(db,
		"DELETE FROM login_failure WHERE account IN (SELECT account FROM login_failure ORDER BY at_ms DESC LIMIT -1 "
		"OFFSET ?3)",
		NULL, NULL, &most, 1);
	run(db,
		"INSERT INTO login_failure (account, count, at_ms, until_ms) VALUES (?1, 1, ?3, ?4) ON CONFLICT (account) DO "
		"UPDATE SET "
		"count = login_failure.count + 1, at_ms = ?3, until_ms = ?4",
		account, NULL, numbers, 2);
	return numbers[1];
}

void login_forgive(struct db *db, const char *account)
{
	run(db, "DELETE FROM login_failure WHERE account = ?1", account, NULL, NULL, 0);
}
