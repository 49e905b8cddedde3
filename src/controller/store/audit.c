// SPDX-License-Identifier: Apache-2.0
#include "controller/store/audit.h"

#include "base/clean.h"
#include "controller/store/search.h"
#include "controller/store/uuid.h"
#include "model/json.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_KEPT 100000
#define ENTRIES_PRUNE 500
#define DETAIL_MAX (32 * 1024) // octets of `before` and of `after`

int audit_schema(struct db *db)
{
	return db_run(db,
		"CREATE TABLE IF NOT EXISTS audit (sequence INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, customer "
		"TEXT, "
		"actor_id TEXT, actor TEXT, action TEXT NOT NULL, object_type TEXT NOT NULL, object_id TEXT, object_moniker "
		"TEXT, "
		"before TEXT, after TEXT) STRICT;"
		"CREATE INDEX IF NOT EXISTS audit_customer ON audit (customer, sequence);"
		"CREATE INDEX IF NOT EXISTS audit_object ON audit (object_id, sequence);");
}

// The object as a read shows it: secrets are but marked as set.
static json_t *shown(const struct noun *noun, const void *object)
{
	struct text text = {0};

	json_put_object(&text, noun, object, JSON_READ);
	json_t *json = text.failed ? NULL : json_loads(text.bytes, 0, NULL);

	text_fini(&text);
	return json;
}

static bool is_told(const struct field *field)
{
	return !(field->flags & (FIELD_LIVE | FIELD_HIDDEN | FIELD_INPUT)) && !field->sql &&
		strcmp(field->name, "changedAt") != 0;
}

// Moves the members that were changed from what is shown of the object into `out`. A secret, here or inside, is only named.
static void pick(json_t *out, json_t *json, const json_t *other, const struct noun *noun, const void *before, const void *after)
{
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];
		json_t *value = json_object_get(json, field->name);

		if (!is_told(field) || (before && after && field_equal(field, before, after)))
			continue;
		if (field->flags & FIELD_SECRET) {
			if (*field_text(field, after ? after : before))
				json_object_set_new(out, field->name, json_string("********"));
		} else if (value && !json_is_null(value)) {
			json_object_set(out, field->name, value);
			if (other && json_equal(value, json_object_get(other, field->name)))
				json_object_set_new(out, "secretsChanged", json_true());
		} else if (value && before && after) {
			json_object_set(out, field->name, value);
		}
	}
}

static char *written(json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (text && strlen(text) > DETAIL_MAX) {
		free(text);
		text = strdup("{\"omitted\":\"too large for the log\"}");
	}
	return text;
}

static void insert(struct db *db, const struct audit_action *row, const char *before)
{
	sqlite3_stmt *statement = db_statement(db,
		"INSERT INTO audit (at_ms, customer, actor_id, actor, action, object_type, object_id, object_moniker, before, "
		"after) "
		"VALUES (?1, ?2, ?3, ifnull((SELECT name FROM api_token WHERE id = ?3), (SELECT name FROM user_account WHERE id "
		"= ?3)), "
		"?4, ?5, ?6, ?7, ?8, ?9)");

	if (!statement)
		return;
	sqlite3_bind_int64(statement, 1, db_now_ms());
	const char *texts[] = {
		row->customer, row->actor, row->action, row->noun->word, row->id, row->moniker, before, row->after};

	for (size_t i = 0; i < array_len(texts); i++)
		sqlite3_bind_text(statement, (int)i + 2, texts[i], -1, SQLITE_STATIC);
	if (db_step(db, statement))
		return;
	int64_t sequence = sqlite3_last_insert_rowid(db_sqlite(db));

	if (sequence % ENTRIES_PRUNE || !(statement = db_statement(db, "DELETE FROM audit WHERE sequence <= ?1")))
		return;
	sqlite3_bind_int64(statement, 1, sequence - ENTRIES_KEPT);
	db_step(db, statement);
}

void audit_change(struct db *db, const char *actor, const struct noun *noun, const void *before, const void *after)
{
	const struct object *object = after ? after : before;
	const char *action = !before ? "create" : after ? "change" : "delete";
	json_t *was = before ? shown(noun, before) : NULL, *is = after ? shown(noun, after) : NULL;
	json_t *old = before ? json_object() : NULL, *new = after ? json_object() : NULL;

	if (old)
		pick(old, was, NULL, noun, before, after);
	if (new)
		pick(new, is, was, noun, before, after);
	_cleanup_free_ char *before_text = written(old), *after_text = written(new);

	struct audit_action row = {.actor = actor,
		.customer = noun == &noun_customer ? NULL : object->customer.id,
		.action = action,
		.noun = noun,
		.id = object->id,
		.moniker = object->moniker,
		.after = after_text};

	insert(db, &row, before_text);
	json_decref(was);
	json_decref(is);
}

void audit_action(struct db *db, const struct audit_action *action)
{
	insert(db, action, NULL);
}

static const struct search_member members[] = {
	{"actor", "actor"},
	{"actorId", "actor_id", .whole = true},
	{"action", "action"},
	{"objectType", "object_type"},
	{"objectId", "object_id", .whole = true}, // so that its index serves
	{"objectMoniker", "object_moniker"},
	{"before", "before"},
	{"after", "after"},
};

static const struct search_log audit_log = {
	members, array_len(members), "actor, actorId, action, objectType, objectId, objectMoniker, before, after", "time"};

static sqlite3_stmt *prepare(const struct audit_query *query, struct search *search, const char *select, const char *end)
{
	sqlite3_stmt *statement = search_statement(search, select, end);

	if (!statement)
		return NULL;
	sqlite3_bind_int(statement, 2, query->platform);
	if (query->id)
		sqlite3_bind_int64(statement, 5, strtoll(query->id, NULL, 10));
	return statement;
}

static void load(sqlite3_stmt *statement, struct audit *audit)
{
	char **texts[] = {&audit->object.id, &audit->object.customer.id, &audit->actor_id, &audit->actor, &audit->action,
		&audit->object_type, &audit->object_id, &audit->object_moniker, &audit->before, &audit->after};

	audit->time_ms = sqlite3_column_int64(statement, array_len(texts));
	for (size_t i = 0; i < array_len(texts); i++)
		field_text_set(texts[i], (const char *)sqlite3_column_text(statement, (int)i));
}

static int walk(const struct audit_query *query, struct search *search, void (*each)(const struct audit *audit, void *context),
	void *context)
{
	char end[80];

	snprintf(end, sizeof(end), "%s LIMIT ?3 OFFSET ?4", search->order);
	sqlite3_stmt *statement = prepare(query, search,
		"SELECT sequence, customer, actor_id, actor, action, object_type, object_id, object_moniker, before, after, "
		"at_ms FROM audit",
		end);

	if (!statement)
		return -EIO;
	sqlite3_bind_int64(statement, 3, query->limit);
	sqlite3_bind_int64(statement, 4, query->offset);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		struct audit *audit = object_new(&noun_audit);

		if (!audit)
			abort();
		load(statement, audit);
		each(audit, context);
		object_free(&noun_audit, audit);
	}
	sqlite3_reset(statement);
	return 0;
}

int audit_list(struct db *db, const struct audit_query *query, void (*each)(const struct audit *audit, void *context),
	void *context, int64_t *total, char why[200])
{
	struct search search = {.db = db, .log = &audit_log, .customer = query->customer, .order = " ORDER BY sequence DESC"};

	text_add(&search.where, " WHERE (customer = ?1 OR (?2 AND customer IS NULL))");
	text_add(&search.where, query->id ? " AND sequence = ?5" : "");
	int error = search_parse(&search, query->filter, query->sort, why);
	sqlite3_stmt *statement = error || !total ? NULL : prepare(query, &search, "SELECT count(*) FROM audit", "");

	if (statement) {
		*total = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
		sqlite3_reset(statement);
	}
	if (!error)
		error = walk(query, &search, each, context);
	search_fini(&search);
	return error;
}
