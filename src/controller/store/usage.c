// SPDX-License-Identifier: Apache-2.0
#include "controller/store/usage.h"

#include "base/clean.h"
#include "controller/store/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PORTION 2000
#define ENDED_KEPT_MS (2 * USAGE_DAY_MS) // a session that ended is known so long, should its end be told again
#define QUIET_KEPT_MS (400 * USAGE_DAY_MS) // a session of which nothing is heard any more

// For whom a session counts: numbers of usage_subject, 0 for none.
enum holder { HOLDER_ENDPOINT, HOLDER_GROUP, HOLDER_VSLICE, HOLDER_CUSTOMER, HOLDERS };

struct counted {
	int64_t holders[HOLDERS];
	int64_t bytes_up, bytes_down, ended_ms;
};

int usage_schema(struct db *db)
{
	return db_run(db,
		"CREATE TABLE IF NOT EXISTS usage_subject (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, active_ms "
		"INTEGER) STRICT;"
		"CREATE TABLE IF NOT EXISTS usage (span INTEGER NOT NULL, at INTEGER NOT NULL, subject INTEGER NOT NULL, "
		"bytes_up INTEGER NOT NULL, bytes_down INTEGER NOT NULL, sessions INTEGER NOT NULL, "
		"PRIMARY KEY (span, at, subject)) STRICT, WITHOUT ROWID;"
		"CREATE TABLE IF NOT EXISTS usage_session (id TEXT PRIMARY KEY, endpoint INTEGER NOT NULL, endpoint_group "
		"INTEGER NOT NULL, "
		"vslice INTEGER NOT NULL, customer INTEGER NOT NULL, bytes_up INTEGER NOT NULL, bytes_down INTEGER NOT NULL, "
		"active_ms INTEGER NOT NULL, ended_ms INTEGER) STRICT;"
		"CREATE INDEX IF NOT EXISTS usage_session_ended ON usage_session (ended_ms) WHERE ended_ms IS NOT NULL;"
		"CREATE TABLE IF NOT EXISTS usage_batch (gateway TEXT PRIMARY KEY, boot TEXT NOT NULL, sequence INTEGER NOT "
		"NULL) STRICT;");
}

static int64_t subject_number(struct db *db, const char *id)
{
	sqlite3_stmt *statement = id && *id ? db_statement(db, "SELECT number FROM usage_subject WHERE id = ?1") : NULL;

	if (!statement)
		return 0;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	int64_t number = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;

	sqlite3_reset(statement);
	if (number || !(statement = db_statement(db, "INSERT INTO usage_subject (id) VALUES (?1)")))
		return number;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	return db_step(db, statement) ? 0 : sqlite3_last_insert_rowid(db_sqlite(db));
}

// Whom the endpoint counts for now. False when nobody knows it: nothing is counted for what is not ours.
static bool find_holders(struct db *db, const char *endpoint, struct counted *counted)
{
	sqlite3_stmt *statement = db_statement(db,
		"SELECT e.id, g.id, g.vslice, e.customer FROM endpoint e LEFT JOIN endpoint_group g ON g.id = e.endpoint_group "
		"WHERE e.id = ?1");
	char ids[HOLDERS][UUID_TEXT] = {0};

	if (!statement)
		return false;
	sqlite3_bind_text(statement, 1, endpoint, -1, SQLITE_STATIC);
	bool found = sqlite3_step(statement) == SQLITE_ROW;

	for (int i = 0; found && i < HOLDERS; i++)
		snprintf(ids[i], UUID_TEXT, "%s",
			sqlite3_column_text(statement, i) ? (const char *)sqlite3_column_text(statement, i) : "");
	sqlite3_reset(statement);
	for (int i = 0; found && i < HOLDERS; i++)
		counted->holders[i] = subject_number(db, ids[i]);
	return found;
}

static bool load_session(struct db *db, const char *id, struct counted *out)
{
	sqlite3_stmt *statement = db_statement(db,
		"SELECT endpoint, endpoint_group, vslice, customer, bytes_up, bytes_down, ifnull(ended_ms, 0) FROM usage_session "
		"WHERE id = ?1");

	if (!statement)
		return false;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	bool found = sqlite3_step(statement) == SQLITE_ROW;

	for (int i = 0; found && i < HOLDERS; i++)
		out->holders[i] = sqlite3_column_int64(statement, i);
	if (found) {
		out->bytes_up = sqlite3_column_int64(statement, HOLDERS);
		out->bytes_down = sqlite3_column_int64(statement, HOLDERS + 1);
		out->ended_ms = sqlite3_column_int64(statement, HOLDERS + 2);
	}
	sqlite3_reset(statement);
	return found;
}

static int store_session(struct db *db, const struct usage_told *told, const struct counted *counted, int64_t active_ms)
{
	sqlite3_stmt *statement = db_statement(db,
		"INSERT INTO usage_session VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (id) DO UPDATE SET bytes_up = "
		"?6, "
		"bytes_down = ?7, active_ms = max(active_ms, ?8), ended_ms = ?9");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, told->session, -1, SQLITE_STATIC);
	for (int i = 0; i < HOLDERS; i++)
		sqlite3_bind_int64(statement, 2 + i, counted->holders[i]);
	sqlite3_bind_int64(statement, 6, told->bytes_up);
	sqlite3_bind_int64(statement, 7, told->bytes_down);
	sqlite3_bind_int64(statement, 8, active_ms);
	if (told->ends)
		sqlite3_bind_int64(statement, 9, db_now_ms());
	return db_step(db, statement);
}

static int add(struct db *db, enum usage_span span, int64_t at, int64_t subject, const struct usage_sum *sum)
{
	sqlite3_stmt *statement = db_statement(db,
		"INSERT INTO usage VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (span, at, subject) DO UPDATE SET bytes_up = "
		"usage.bytes_up + ?4, "
		"bytes_down = usage.bytes_down + ?5, sessions = usage.sessions + ?6");

	if (!statement)
		return -EIO;
	sqlite3_bind_int(statement, 1, span);
	sqlite3_bind_int64(statement, 2, at);
	sqlite3_bind_int64(statement, 3, subject);
	sqlite3_bind_int64(statement, 4, sum->bytes_up);
	sqlite3_bind_int64(statement, 5, sum->bytes_down);
	sqlite3_bind_int64(statement, 6, sum->sessions);
	return db_step(db, statement);
}

static int add_for_all(struct db *db, const struct counted *counted, int64_t time_ms, const struct usage_sum *sum)
{
	int error = 0;

	for (int i = 0; i < HOLDERS && !error; i++) {
		if (!counted->holders[i])
			continue;
		error = add(db, USAGE_HOUR, time_ms / USAGE_HOUR_MS, counted->holders[i], sum);
		if (!error)
			error = add(db, USAGE_DAY, time_ms / USAGE_DAY_MS, counted->holders[i], sum);
	}
	return error;
}

// The endpoint's last activity outlives its sessions.
static int note_activity(struct db *db, int64_t endpoint, int64_t time_ms)
{
	sqlite3_stmt *statement =
		db_statement(db, "UPDATE usage_subject SET active_ms = max(ifnull(active_ms, 0), ?2) WHERE number = ?1");

	if (!statement)
		return -EIO;
	sqlite3_bind_int64(statement, 1, endpoint);
	sqlite3_bind_int64(statement, 2, time_ms);
	return db_step(db, statement);
}

// A gateway's clock may be wrong, and what it tells may have waited; it is never of tomorrow.
static int64_t time_of(int64_t told_ms, int64_t now_ms)
{
	return told_ms > 0 && told_ms <= now_ms ? told_ms : now_ms;
}

int usage_count(struct db *db, const struct usage_told *told)
{
	struct counted counted = {0};
	int64_t now_ms = db_now_ms(), time_ms = time_of(told->time_ms, now_ms);
	bool is_known = load_session(db, told->session, &counted);

	if (is_known && counted.ended_ms)
		return 0; // told again
	if (!is_known && !find_holders(db, told->endpoint, &counted))
		return 0;
	// Totals that went back were counted anew from nothing, by a gateway that had lost them.
	struct usage_sum moved = {
		.bytes_up = told->bytes_up - (told->bytes_up >= counted.bytes_up ? counted.bytes_up : 0),
		.bytes_down = told->bytes_down - (told->bytes_down >= counted.bytes_down ? counted.bytes_down : 0),
	};
	static const struct usage_sum one = {.sessions = 1};
	bool has_moved = moved.bytes_up || moved.bytes_down;
	int64_t began_ms = time_of(told->started_ms, time_ms), active_ms = has_moved || told->ends ? time_ms : began_ms;

	if (is_known && !has_moved && !told->ends)
		return 0;
	int error = store_session(db, told, &counted, active_ms);

	if (!error && !is_known)
		error = add_for_all(db, &counted, began_ms, &one);
	if (!error && has_moved)
		error = add_for_all(db, &counted, time_ms, &moved);
	return error ? error : note_activity(db, counted.holders[HOLDER_ENDPOINT], active_ms);
}

bool usage_batch_is_new(struct db *db, const char *gateway, const char *boot, int64_t sequence)
{
	sqlite3_stmt *statement =
		db_statement(db, "SELECT 1 FROM usage_batch WHERE gateway = ?1 AND boot = ?2 AND sequence >= ?3");

	if (!statement)
		return false;
	sqlite3_bind_text(statement, 1, gateway, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, boot, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 3, sequence);
	bool is_new = sqlite3_step(statement) != SQLITE_ROW;

	sqlite3_reset(statement);
	return is_new;
}

int usage_batch_taken(struct db *db, const char *gateway, const char *boot, int64_t sequence)
{
	sqlite3_stmt *statement = db_statement(
		db, "INSERT INTO usage_batch VALUES (?1, ?2, ?3) ON CONFLICT (gateway) DO UPDATE SET boot = ?2, sequence = ?3");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, gateway, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, boot, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 3, sequence);
	return db_step(db, statement);
}

void usage_sum(struct db *db, const char *id, enum usage_span span, int64_t from_ms, struct usage_sum *out)
{
	sqlite3_stmt *statement = db_statement(db,
		"SELECT u.bytes_up, u.bytes_down, u.sessions FROM usage_subject s JOIN usage u ON u.span = ?2 AND u.at = ?3 AND "
		"u.subject = s.number "
		"WHERE s.id = ?1");

	*out = (struct usage_sum){0};
	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 2, span);
	sqlite3_bind_int64(statement, 3, from_ms / usage_span_ms(span));
	if (sqlite3_step(statement) == SQLITE_ROW)
		*out = (struct usage_sum){sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
			sqlite3_column_int64(statement, 2)};
	sqlite3_reset(statement);
}

int64_t usage_session_active_ms(struct db *db, const char *session)
{
	sqlite3_stmt *statement = db_statement(db, "SELECT active_ms FROM usage_session WHERE id = ?1");

	if (!statement)
		return 0;
	sqlite3_bind_text(statement, 1, session, -1, SQLITE_STATIC);
	int64_t active_ms = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;

	sqlite3_reset(statement);
	return active_ms;
}

static bool prune(struct db *db, const char *sql, int64_t horizon)
{
	sqlite3_stmt *statement = db_statement(db, sql);

	if (!statement)
		return false;
	sqlite3_bind_int64(statement, 1, horizon);
	sqlite3_bind_int(statement, 2, PORTION);
	return !db_step(db, statement) && sqlite3_changes(db_sqlite(db)) >= PORTION;
}

bool usage_prune(struct db *db, const struct usage_limits *limits, int64_t now_ms)
{
	static const char spans[] = "DELETE FROM usage WHERE (span, at, subject) IN (SELECT span, at, subject FROM usage "
				    "WHERE span = %d AND at < ?1 ORDER BY at LIMIT ?2)";
	static const char ended[] =
		"DELETE FROM usage_session WHERE rowid IN (SELECT rowid FROM usage_session WHERE ended_ms < ?1 LIMIT ?2)";
	static const char quiet[] =
		"DELETE FROM usage_session WHERE rowid IN (SELECT rowid FROM usage_session WHERE active_ms < ?1 LIMIT ?2)";
	char hours[200], days[200];

	snprintf(hours, sizeof(hours), spans, USAGE_HOUR);
	snprintf(days, sizeof(days), spans, USAGE_DAY);
	return prune(db, hours, now_ms / USAGE_HOUR_MS - (int64_t)limits->hour_days * 24) ||
		prune(db, days, now_ms / USAGE_DAY_MS - limits->days) || prune(db, ended, now_ms - ENDED_KEPT_MS) ||
		prune(db, quiet, now_ms - QUIET_KEPT_MS);
}
