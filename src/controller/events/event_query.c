// SPDX-License-Identifier: Apache-2.0
// The search of events: filter, order and paging as on other lists, and a cursor. The members that name objects are compared whole and
// may be given as id or moniker; eventType and detail by what they contain.
#include "controller/events/event_store.h"

#include "base/clean.h"
#include "model/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FILTERS_MAX 16
#define SELECT "SELECT sequence, id, customer, at_ms, type, endpoint, target, vslice, endpoint_group, gateway, detail FROM event"

struct search {
	struct db *db;
	const char *customer;
	struct text where;
	char *values[FILTERS_MAX];
	size_t count;
};

static const struct {
	const char *name, *column;
	const struct noun *noun; // whose id or moniker it is; NULL = a text that is contained
} members[] = {
	{"endpointId", "endpoint", &noun_endpoint},
	{"routingTargetId", "target", &noun_target},
	{"vsliceId", "vslice", &noun_vslice},
	{"endpointGroupId", "endpoint_group", &noun_group},
	{"regionalGatewayId", "gateway", &noun_gateway},
	{"detail", "detail", NULL},
};

static void filter_type(struct search *search, const char *value)
{
	text_add(&search->where, " AND type IN (-1");
	for (const struct word *word = event_words; word->key; word++)
		if (strstr(word->moniker, value))
			text_format(&search->where, ", %d", word->key);
	text_add(&search->where, ")");
}

static int filter_member(struct search *search, const char *name, const char *value, char why[200])
{
	char id[UUID_TEXT];

	for (size_t i = 0; i < array_len(members); i++) {
		if (strcasecmp(members[i].name, name) != 0)
			continue;
		if (search->count == FILTERS_MAX) {
			snprintf(why, 200, "filter: has more than %d pairs; leave some out", FILTERS_MAX);
			return -EINVAL;
		}
		bool found = members[i].noun && db_find(search->db, members[i].noun, search->customer, NULL, value, id) == 0;

		text_format(&search->where, members[i].noun ? " AND %s = ?%zu" : " AND instr(%s, ?%zu) > 0", members[i].column,
			search->count + 10);
		search->values[search->count++] = strdup(found ? id : value);
		return 0;
	}
	snprintf(why, 200,
		"filter: \"%.30s\" is not accepted; accepted: eventType, endpointId, vsliceId, endpointGroupId, "
		"routingTargetId, regionalGatewayId, detail",
		name);
	return -EINVAL;
}

static int add_filters(struct search *search, const char *filter, char why[200])
{
	_cleanup_free_ char *copy = strdup(filter ? filter : "");
	char *rest = copy, *part;
	int error = 0;

	while (!error && copy && (part = strsep(&rest, ","))) {
		char *value = strchr(part, ':');

		if (!*part)
			continue;
		if (!value) {
			snprintf(why, 200, "filter: \"%.40s\" has no colon; accepted: member:text pairs, separated by commas",
				part);
			return -EINVAL;
		}
		*value++ = '\0';
		if (strcasecmp(part, "eventType") == 0)
			filter_type(search, value);
		else
			error = filter_member(search, part, value, why);
	}
	return error;
}

static int order_of(const struct event_query *query, const char **order, char why[200])
{
	static const char *const names[] = {"sequence", "eventTime"};

	*order = query->since ? " ORDER BY sequence" : " ORDER BY sequence DESC";
	if (!query->sort || !*query->sort)
		return 0;
	for (size_t i = 0; i < array_len(names); i++) {
		char up[32], down[32];

		snprintf(up, sizeof(up), "asc(%s)", names[i]);
		snprintf(down, sizeof(down), "desc(%s)", names[i]);
		if (strcasecmp(query->sort, up) == 0) {
			*order = " ORDER BY sequence";
			return 0;
		}
		if (strcasecmp(query->sort, down) == 0) {
			*order = " ORDER BY sequence DESC";
			return 0;
		}
	}
	snprintf(why, 200, "sortBy: \"%.40s\" is not accepted; accepted: asc(eventTime) or desc(eventTime)", query->sort);
	return -EINVAL;
}

int event_cursor(struct db *db, const char *text, int64_t *sequence)
{
	char *rest;
	long long number = strtoll(text, &rest, 10);
	int64_t ms;

	if (*text && !*rest && number >= 0) {
		*sequence = number;
		return 0;
	}
	if (json_time_parse(text, &ms))
		return -EINVAL;
	sqlite3_stmt *statement = db_statement(db, "SELECT ifnull(max(sequence), 0) FROM event WHERE at_ms < ?1");

	if (!statement)
		return -EINVAL;
	sqlite3_bind_int64(statement, 1, ms);
	*sequence = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_reset(statement);
	return 0;
}

static const char *column(sqlite3_stmt *statement, int at)
{
	return (const char *)sqlite3_column_text(statement, at);
}

static struct event *load(sqlite3_stmt *statement)
{
	struct event *event = object_new(&noun_event);
	const struct word *word = word_of(event_words, sqlite3_column_int(statement, 4));

	if (!event)
		return NULL;
	char **texts[] = {&event->endpoint, &event->target, &event->vslice, &event->group, &event->gateway, &event->detail};

	event->sequence = sqlite3_column_int64(statement, 0);
	event->time_ms = sqlite3_column_int64(statement, 3);
	field_text_set(&event->object.id, column(statement, 1));
	field_text_set(&event->object.customer.id, column(statement, 2));
	field_text_set(&event->type, word ? word->moniker : "");
	for (size_t i = 0; i < array_len(texts); i++)
		field_text_set(texts[i], column(statement, 5 + (int)i));
	return event;
}

static sqlite3_stmt *prepare(struct search *search, const char *start, const char *end)
{
	struct text sql = {0};

	text_add(&sql, start);
	text_add(&sql, search->where.bytes);
	text_add(&sql, end);
	sqlite3_stmt *statement = sql.failed ? NULL : db_statement(search->db, sql.bytes);

	text_fini(&sql);
	if (!statement)
		return NULL;
	sqlite3_bind_text(statement, 1, search->customer, -1, SQLITE_STATIC);
	for (size_t i = 0; i < search->count; i++)
		sqlite3_bind_text(statement, (int)i + 10, search->values[i], -1, SQLITE_STATIC);
	return statement;
}

static int run(struct search *search, const struct event_query *query, int64_t since, const char *order,
	void (*each)(const struct event *event, void *context), void *context, int64_t *total)
{
	sqlite3_stmt *statement;

	if (total) {
		if (!(statement = prepare(search, "SELECT count(*) FROM event", "")))
			return -EIO;
		sqlite3_bind_int64(statement, 2, since);
		*total = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
		sqlite3_reset(statement);
	}
	_cleanup_free_ char *end = NULL;

	if (asprintf(&end, "%s LIMIT ?3 OFFSET ?4", order) < 0 || !(statement = prepare(search, SELECT, end)))
		return -EIO;
	sqlite3_bind_int64(statement, 2, since);
	sqlite3_bind_int64(statement, 3, query->limit);
	sqlite3_bind_int64(statement, 4, query->offset);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		struct event *event = load(statement);

		if (event)
			each(event, context);
		object_free(&noun_event, event);
	}
	sqlite3_reset(statement);
	return 0;
}

int event_list(struct db *db, const struct event_query *query, void (*each)(const struct event *event, void *context),
	void *context, int64_t *total, char why[200])
{
	struct search search = {.db = db, .customer = query->customer};
	const char *order;
	int64_t since = 0;
	int error = order_of(query, &order, why);

	text_add(&search.where, " WHERE customer = ?1 AND sequence > ?2");
	if (!error)
		error = add_filters(&search, query->filter, why);
	if (!error && query->since && (error = event_cursor(db, query->since, &since)))
		snprintf(why, 200,
			"since: \"%.40s\" is not accepted; accepted: the sequence of an event, or a time such as "
			"2030-01-31T12:00:00Z",
			query->since);
	if (!error)
		error = search.where.failed ? -EIO : run(&search, query, since, order, each, context, total);
	for (size_t i = 0; i < search.count; i++)
		free(search.values[i]);
	text_fini(&search.where);
	return error;
}

struct event *event_get(struct db *db, const char *customer, const char *id)
{
	sqlite3_stmt *statement = db_statement(db, SELECT " WHERE id = ?1 AND customer = ?2");
	struct event *event = NULL;

	if (!statement)
		return NULL;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, customer, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW)
		event = load(statement);
	sqlite3_reset(statement);
	return event;
}
