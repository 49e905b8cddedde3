// SPDX-License-Identifier: Apache-2.0
// The tables of events. An event is written in the same transaction as what it tells, together with a row of event_delivery for each
// handler that is to be told: so neither is lost, whatever happens after. Events are kept for a time and up to a number, then pruned.
#include "controller/events/event_store.h"

#include "base/clean.h"
#include "base/log.h"
#include "controller/events/delivery.h"
#include "model/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

LOG_CATEGORY(event);

#define PRUNE_PORTION 2000

static const char tables[] = "CREATE TABLE IF NOT EXISTS event (sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL "
			     "UNIQUE, customer TEXT NOT NULL, "
			     "at_ms INTEGER NOT NULL, type INTEGER NOT NULL, endpoint TEXT, target TEXT, vslice TEXT, "
			     "endpoint_group TEXT, gateway TEXT, "
			     "source TEXT, detail TEXT NOT NULL) STRICT;"
			     "CREATE INDEX IF NOT EXISTS event_customer ON event (customer, sequence);"
			     "CREATE INDEX IF NOT EXISTS event_endpoint ON event (endpoint, sequence) WHERE endpoint IS NOT NULL;"
			     "CREATE UNIQUE INDEX IF NOT EXISTS event_source ON event (source) WHERE source IS NOT NULL;"
			     "CREATE TABLE IF NOT EXISTS event_state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;";

// Rows of a table of words, those that are missing.
static int plant(struct db *db, const struct noun *noun, const char *moniker, const char *name, const char *help)
{
	char id[UUID_TEXT];

	if (db_find(db, noun, NULL, NULL, moniker, id) == 0)
		return 0;
	struct object *object = object_new(noun);

	if (!object)
		return -ENOMEM;
	field_text_set(&object->moniker, moniker);
	field_text_set(&object->name, name);
	if (noun == &noun_event_type)
		field_text_set(&((struct event_type *)object)->help, help);
	int error = db_insert(db, noun, object, "built-in");

	object_free(noun, object);
	return error;
}

int event_schema(struct db *db)
{
	int error = db_run(db, tables);

	if (!error)
		error = delivery_schema(db);
	if (!error)
		error = plant(db, &noun_event_endpoint_type, "webhook", "Webhook", NULL);
	for (const struct word *word = event_words; word->key && !error; word++)
		error = plant(db, &noun_event_type, word->moniker, word->name, word->help ? word->help : word->name);
	return error;
}

// Where an event belongs: what the draft does not say.
struct place {
	char customer[UUID_TEXT], vslice[UUID_TEXT], group[UUID_TEXT];
};

static void take(char *out, sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	if (text && !*out)
		snprintf(out, UUID_TEXT, "%s", text);
}

static void look_up(struct db *db, const char *sql, const char *id, struct place *place)
{
	sqlite3_stmt *statement = id ? db_statement(db, sql) : NULL;

	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		take(place->customer, statement, 0);
		take(place->vslice, statement, 1);
		take(place->group, statement, 2);
	}
	sqlite3_reset(statement);
}

static void find_place(struct db *db, const struct event_draft *draft, struct place *place)
{
	*place = (struct place){0};
	snprintf(place->customer, UUID_TEXT, "%s", draft->customer ? draft->customer : "");
	snprintf(place->vslice, UUID_TEXT, "%s", draft->vslice ? draft->vslice : "");
	snprintf(place->group, UUID_TEXT, "%s", draft->group ? draft->group : "");
	look_up(db,
		"SELECT e.customer, g.vslice, g.id FROM endpoint e LEFT JOIN endpoint_group g ON g.id = e.endpoint_group WHERE "
		"e.id = ?1",
		draft->endpoint, place);
	look_up(db, "SELECT customer, v_slice, NULL FROM routing_target WHERE id = ?1", draft->target, place);
	if (!*place->customer)
		look_up(db, "SELECT customer, NULL, NULL FROM vslice WHERE id = ?1", place->vslice, place);
}

static const char *or_null(const char *text)
{
	return text && *text ? text : NULL;
}

int event_add(struct db *db, const struct event_draft *draft)
{
	struct place place;
	char id[UUID_TEXT];

	find_place(db, draft, &place);
	sqlite3_stmt *statement = *place.customer
		? db_statement(db,
			  "INSERT INTO event (id, customer, at_ms, type, endpoint, target, vslice, "
			  "endpoint_group, gateway, source, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
			  "?7, ?8, ?9, ?10, ?11) ON CONFLICT (source) WHERE source IS NOT NULL DO NOTHING")
		: NULL;

	if (!statement)
		return *place.customer ? -EIO : 0;
	sqlite3_bind_text(statement, 1, uuid_make(id), -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, place.customer, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 3, draft->time_ms ? draft->time_ms : db_now_ms());
	sqlite3_bind_int(statement, 4, draft->kind);
	sqlite3_bind_text(statement, 5, draft->endpoint, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 6, draft->target, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 7, or_null(place.vslice), -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 8, or_null(place.group), -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 9, draft->gateway, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 10, draft->source, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 11, draft->detail ? draft->detail : "{}", -1, SQLITE_STATIC);
	int error = db_step(db, statement);

	if (error || !sqlite3_changes(db_sqlite(db)))
		return error;
	error = delivery_queue(db, sqlite3_last_insert_rowid(db_sqlite(db)), draft->kind);
	return error ? error : 1;
}

bool event_state_change(struct db *db, const char *name, const char *value, char before[60])
{
	sqlite3_stmt *statement = db_statement(db, "SELECT value FROM event_state WHERE name = ?1");

	before[0] = '\0';
	if (!statement)
		return false;
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW)
		snprintf(before, 60, "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_reset(statement);
	if (strcmp(before, value) == 0)
		return false;
	if (!(statement = db_statement(db, "INSERT OR REPLACE INTO event_state (name, value) VALUES (?1, ?2)")))
		return false;
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, value, -1, SQLITE_STATIC);
	return db_step(db, statement) == 0;
}

int64_t event_state_number(struct db *db, const char *name)
{
	sqlite3_stmt *statement = db_statement(db, "SELECT CAST(value AS INTEGER) FROM event_state WHERE name = ?1");
	int64_t number = 0;

	if (!statement)
		return 0;
	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return number;
}

int64_t event_last(struct db *db)
{
	return db_number(db, "SELECT seq FROM sqlite_sequence WHERE name = 'event'", 0);
}

bool event_prune(struct db *db, int64_t keep, int64_t horizon_ms)
{
	sqlite3_stmt *statement = db_statement(db,
		"SELECT max(sequence), max(at_ms), count(*) FROM (SELECT sequence, at_ms FROM event ORDER BY sequence LIMIT ?1) "
		"WHERE sequence <= ?2 OR at_ms < ?3");
	char before[60], until[24];

	if (!statement)
		return false;
	sqlite3_bind_int(statement, 1, PRUNE_PORTION);
	sqlite3_bind_int64(statement, 2, event_last(db) - keep);
	sqlite3_bind_int64(statement, 3, horizon_ms);
	int64_t last = 0, at_ms = 0, count = 0;

	if (sqlite3_step(statement) == SQLITE_ROW) {
		last = sqlite3_column_int64(statement, 0);
		at_ms = sqlite3_column_int64(statement, 1);
		count = sqlite3_column_int64(statement, 2);
	}
	sqlite3_reset(statement);
	if (!count || !(statement = db_statement(db, "DELETE FROM event WHERE sequence <= ?1")))
		return false;
	sqlite3_bind_int64(statement, 1, last);
	if (db_step(db, statement))
		return false;
	// Sessions older than this may have been told of by an event that is gone (event_source.c).
	snprintf(until, sizeof(until), "%lld", (long long)at_ms);
	if (at_ms > event_state_number(db, "pruned"))
		event_state_change(db, "pruned", until, before);
	log_debug("pruned until=%lld count=%lld", (long long)last, (long long)count);
	return count == PRUNE_PORTION;
}
