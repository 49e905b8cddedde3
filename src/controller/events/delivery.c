// SPDX-License-Identifier: Apache-2.0
#include "controller/events/delivery.h"

#include "base/log.h"
#include "controller/events/event_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EXPIRE_PORTION 1000
#define REPLAY_MAX 100000

static const char tables[] =
	"CREATE TABLE IF NOT EXISTS event_delivery (handler TEXT NOT NULL REFERENCES event_handler(id) ON DELETE CASCADE, "
	"event INTEGER NOT NULL REFERENCES event(sequence) ON DELETE CASCADE, lane TEXT NOT NULL, state INTEGER NOT NULL, "
	"attempts INTEGER NOT NULL, queued_ms INTEGER NOT NULL, due_ms INTEGER NOT NULL, failed_ms INTEGER, error TEXT, "
	"PRIMARY KEY (handler, event)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX IF NOT EXISTS event_delivery_ready ON event_delivery (handler, due_ms, event) WHERE state = 1;"
	"CREATE INDEX IF NOT EXISTS event_delivery_lane ON event_delivery (handler, lane, state, event);"
	"CREATE INDEX IF NOT EXISTS event_delivery_event ON event_delivery (event);";

// Who is told of an event `e`: by the global maps of its customer, and by the map of its VSlice and of its Endpoint Group.
#define SUBSCRIBERS                                                                                                              \
	"FROM event e JOIN event_map m ON m.customer = e.customer AND (m.event_scope = 1 OR m.id = (SELECT v.event_map FROM "    \
	"vslice v WHERE v.id = e.vslice) OR m.id = (SELECT g.event_map FROM endpoint_group g WHERE g.id = e.endpoint_group)) "   \
	"JOIN event_subscription s ON s.owner = m.id JOIN event_type y ON y.id = s.event_type AND y.moniker = "
#define LANE "coalesce(e.endpoint, e.target, e.vslice, e.gateway, '')"

void delivery_free(struct delivery *delivery)
{
	if (!delivery)
		return;
	object_free(&noun_event, delivery->event);
	free(delivery->lane);
	free(delivery->error);
	free(delivery);
}

int delivery_schema(struct db *db)
{
	return db_run(db, tables);
}

int delivery_queue(struct db *db, int64_t sequence, enum event_kind kind)
{
	const struct word *word = word_of(event_words, kind);
	sqlite3_stmt *statement = db_statement(db,
		"INSERT INTO event_delivery (handler, event, lane, state, attempts, queued_ms, due_ms) "
		"SELECT DISTINCT s.event_endpoint, e.sequence, " LANE
		", NOT EXISTS (SELECT 1 FROM event_delivery d WHERE d.handler = s.event_endpoint AND d.lane = " LANE
		" AND d.state IN (0, 1)), 0, ?2, ?2 " SUBSCRIBERS "?3 WHERE e.sequence = ?1");

	if (!statement || !word)
		return -EIO;
	sqlite3_bind_int64(statement, 1, sequence);
	sqlite3_bind_int64(statement, 2, db_now_ms());
	sqlite3_bind_text(statement, 3, word->moniker, -1, SQLITE_STATIC);
	return db_step(db, statement);
}

static char *copy(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	return text ? strdup(text) : NULL;
}

#define DELIVERY_SELECT                                                                                                          \
	"SELECT d.event, d.attempts, d.queued_ms, d.due_ms, d.failed_ms, d.lane, d.error, e.customer, e.id FROM event_delivery " \
	"d JOIN event e ON e.sequence = d.event "

static struct delivery *load(struct db *db, sqlite3_stmt *statement)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));

	if (!delivery)
		return NULL;
	delivery->sequence = sqlite3_column_int64(statement, 0);
	delivery->attempts = sqlite3_column_int64(statement, 1);
	delivery->queued_ms = sqlite3_column_int64(statement, 2);
	delivery->due_ms = sqlite3_column_int64(statement, 3);
	delivery->failed_ms = sqlite3_column_int64(statement, 4);
	delivery->lane = copy(statement, 5);
	delivery->error = copy(statement, 6);
	delivery->event =
		event_get(db, (const char *)sqlite3_column_text(statement, 7), (const char *)sqlite3_column_text(statement, 8));
	if (!delivery->event) {
		delivery_free(delivery);
		return NULL;
	}
	return delivery;
}

size_t delivery_due(struct db *db, const char *handler, int64_t now_ms, struct delivery **out, size_t max, int64_t *next_ms)
{
	sqlite3_stmt *statement = db_statement(db,
		DELIVERY_SELECT "WHERE d.handler = ?1 AND d.state = 1 AND d.due_ms <= ?2 ORDER BY d.due_ms, d.event LIMIT ?3");
	size_t count = 0;

	*next_ms = 0;
	if (!statement)
		return 0;
	sqlite3_bind_text(statement, 1, handler, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, now_ms);
	sqlite3_bind_int64(statement, 3, (int64_t)max);
	while (count < max && sqlite3_step(statement) == SQLITE_ROW)
		if ((out[count] = load(db, statement)))
			count++;
	sqlite3_reset(statement);
	statement = db_statement(db, "SELECT min(due_ms) FROM event_delivery WHERE handler = ?1 AND state = 1 AND due_ms > ?2");
	if (!statement)
		return count;
	sqlite3_bind_text(statement, 1, handler, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, now_ms);
	if (sqlite3_step(statement) == SQLITE_ROW)
		*next_ms = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return count;
}

void delivery_handlers(struct db *db, void (*each)(const char *handler, int64_t due_ms, void *context), void *context)
{
	sqlite3_stmt *statement = db_statement(db,
		"SELECT h.id, (SELECT min(d.due_ms) FROM event_delivery d WHERE d.handler = h.id AND d.state = 1) AS due FROM "
		"event_handler h WHERE due IS NOT NULL");

	while (statement && sqlite3_step(statement) == SQLITE_ROW)
		each((const char *)sqlite3_column_text(statement, 0), sqlite3_column_int64(statement, 1), context);
	if (statement)
		sqlite3_reset(statement);
}

// The next of the lane that the event is, or was, the first of.
static int lane_go_on(struct db *db, const char *handler, const char *lane)
{
	sqlite3_stmt *statement = db_statement(db,
		"UPDATE event_delivery SET state = 1, due_ms = ?3 WHERE handler = ?1 AND event = (SELECT min(event) FROM "
		"event_delivery "
		"WHERE handler = ?1 AND lane = ?2 AND state = 0) AND NOT EXISTS (SELECT 1 FROM event_delivery WHERE handler = ?1 "
		"AND "
		"lane = ?2 AND state = 1)");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, handler, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, lane, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 3, db_now_ms());
	return db_step(db, statement);
}

// Runs a statement on one delivery that gives back its lane, and lets the lane go on.
static int end(struct db *db, const char *sql, const char *handler, int64_t sequence, const char *error)
{
	sqlite3_stmt *statement = db_statement(db, sql);
	char *lane = NULL;

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, handler, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, sequence);
	sqlite3_bind_text(statement, 3, error, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 4, db_now_ms());
	if (sqlite3_step(statement) == SQLITE_ROW)
		lane = copy(statement, 0);
	sqlite3_reset(statement);
	int failed = lane ? lane_go_on(db, handler, lane) : 0;

	free(lane);
	return failed;
}

int delivery_done(struct db *db, const char *handler, int64_t sequence)
{
	return end(db, "DELETE FROM event_delivery WHERE handler = ?1 AND event = ?2 RETURNING lane", handler, sequence, NULL);
}

int delivery_dead(struct db *db, const char *handler, int64_t sequence, const char *error)
{
	return end(db,
		"UPDATE event_delivery SET state = 2, attempts = attempts + 1, error = ?3, failed_ms = ?4 WHERE handler = ?1 AND "
		"event = ?2 "
		"RETURNING lane",
		handler, sequence, error);
}

int delivery_failed(struct db *db, const char *handler, int64_t sequence, const char *error, int64_t due_ms)
{
	sqlite3_stmt *statement = db_statement(db,
		"UPDATE event_delivery SET attempts = attempts + 1, error = ?3, failed_ms = ?4, due_ms = ?5 WHERE handler = ?1 "
		"AND event "
		"= ?2");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, handler, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, sequence);
	sqlite3_bind_text(statement, 3, error, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 4, db_now_ms());
	sqlite3_bind_int64(statement, 5, due_ms);
	return db_step(db, statement);
}

// After rows were put into the lanes, or taken out, in bulk: each lane without a ready one gets its first.
static int lanes_go_on(struct db *db, const char *handler)
{
	sqlite3_stmt *statement = db_statement(db,
		"UPDATE event_delivery SET state = 1, due_ms = ?2 WHERE state = 0 AND (?1 IS NULL OR handler = ?1) AND NOT "
		"EXISTS (SELECT 1 "
		"FROM event_delivery p WHERE p.handler = event_delivery.handler AND p.lane = event_delivery.lane AND p.state = "
		"1) AND "
		"event = (SELECT min(p.event) FROM event_delivery p WHERE p.handler = event_delivery.handler AND p.lane = "
		"event_delivery.lane AND p.state = 0)");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, handler, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, db_now_ms());
	return db_step(db, statement);
}

bool delivery_expire(struct db *db, int64_t horizon_ms)
{
	sqlite3_stmt *statement = db_statement(db,
		"UPDATE event_delivery SET state = 2, error = coalesce(error, 'the receiver took nothing in time') WHERE "
		"(handler, event) IN "
		"(SELECT handler, event FROM event_delivery WHERE state IN (0, 1) AND queued_ms < ?1 LIMIT ?2)");

	if (!statement)
		return false;
	sqlite3_bind_int64(statement, 1, horizon_ms);
	sqlite3_bind_int(statement, 2, EXPIRE_PORTION);
	if (db_step(db, statement) || !sqlite3_changes(db_sqlite(db)))
		return false;
	bool more = sqlite3_changes(db_sqlite(db)) == EXPIRE_PORTION;

	lanes_go_on(db, NULL);
	return more;
}

int64_t delivery_replay(struct db *db, const char *handler, int64_t after)
{
	sqlite3_stmt *statement;
	int64_t count = 0;
	int error = 0;

	// A type at a time: subscriptions name types by their rows, events by their keys.
	for (const struct word *word = event_words; word->key && !error; word++) {
		statement = db_statement(db,
			"INSERT INTO event_delivery (handler, event, lane, state, attempts, queued_ms, due_ms) SELECT DISTINCT "
			"s.event_endpoint, e.sequence, " LANE ", 0, 0, ?4, ?4 " SUBSCRIBERS
			"?5 WHERE e.sequence > ?2 AND e.type = ?3 AND "
			"s.event_endpoint = ?1 AND e.customer = (SELECT h.customer FROM event_handler h WHERE h.id = ?1) ORDER "
			"BY "
			"e.sequence LIMIT ?6 ON CONFLICT (handler, event) DO UPDATE SET state = 0, attempts = 0, queued_ms = ?4 "
			"WHERE "
			"state = 2");
		if (!statement)
			return -EIO;
		sqlite3_bind_text(statement, 1, handler, -1, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 2, after);
		sqlite3_bind_int(statement, 3, word->key);
		sqlite3_bind_int64(statement, 4, db_now_ms());
		sqlite3_bind_text(statement, 5, word->moniker, -1, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 6, REPLAY_MAX - count);
		error = db_step(db, statement);
		count += sqlite3_changes(db_sqlite(db));
	}
	if (!error)
		error = lanes_go_on(db, handler);
	return error ? error : count;
}

int64_t delivery_replay_dead(struct db *db, const char *handler)
{
	sqlite3_stmt *statement = db_statement(
		db, "UPDATE event_delivery SET state = 0, attempts = 0, queued_ms = ?2 WHERE handler = ?1 AND state = 2");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, handler, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, db_now_ms());
	int error = db_step(db, statement);
	int64_t count = sqlite3_changes(db_sqlite(db));

	if (!error)
		error = lanes_go_on(db, handler);
	return error ? error : count;
}

int delivery_list(struct db *db, const char *handler, enum delivery_state state, int64_t offset, int64_t limit,
	void (*each)(const struct delivery *delivery, void *context), void *context, int64_t *total)
{
	sqlite3_stmt *statement = db_statement(
		db, DELIVERY_SELECT "WHERE d.handler = ?1 AND d.state = ?2 ORDER BY d.event DESC LIMIT ?3 OFFSET ?4");
	int64_t pending, dead;

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, handler, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 2, state);
	sqlite3_bind_int64(statement, 3, limit);
	sqlite3_bind_int64(statement, 4, offset);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		struct delivery *delivery = load(db, statement);

		if (delivery)
			each(delivery, context);
		delivery_free(delivery);
	}
	sqlite3_reset(statement);
	delivery_counts(db, handler, &pending, &dead);
	*total = state == DELIVERY_DEAD ? dead : pending;
	return 0;
}

void delivery_counts(struct db *db, const char *handler, int64_t *pending, int64_t *dead)
{
	sqlite3_stmt *statement = db_statement(db,
		"SELECT count(*) FILTER (WHERE state < 2), count(*) FILTER (WHERE state = 2) FROM event_delivery WHERE ?1 IS "
		"NULL OR handler "
		"= ?1");

	*pending = *dead = 0;
	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, handler, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		*pending = sqlite3_column_int64(statement, 0);
		*dead = sqlite3_column_int64(statement, 1);
	}
	sqlite3_reset(statement);
}
