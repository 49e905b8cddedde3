// SPDX-License-Identifier: Apache-2.0
// The search of events: filter, order and paging as on other lists, and a cursor. The members that name objects are compared whole and
// may be given as id or moniker; eventType and detail by what they contain.
#include "controller/events/event_store.h"

#include "base/clean.h"
#include "controller/store/search.h"
#include "model/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SELECT "SELECT sequence, id, customer, at_ms, type, endpoint, target, vslice, endpoint_group, gateway, detail FROM event"

static const struct search_member members[] = {
	{"eventType", "type", .words = event_words},
	{"endpointId", "endpoint", &noun_endpoint},
	{"routingTargetId", "target", &noun_target},
	{"vsliceId", "vslice", &noun_vslice},
	{"endpointGroupId", "endpoint_group", &noun_group},
	{"regionalGatewayId", "gateway", &noun_gateway},
	{"detail", "detail"},
};

static const struct search_log event_log = {members, array_len(members),
	"eventType, endpointId, vsliceId, endpointGroupId, routingTargetId, regionalGatewayId, detail", "eventTime"};

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

static int run(struct search *search, const struct event_query *query, int64_t since,
	void (*each)(const struct event *event, void *context), void *context, int64_t *total)
{
	sqlite3_stmt *statement;
	char end[80];

	if (total) {
		if (!(statement = search_statement(search, "SELECT count(*) FROM event", "")))
			return -EIO;
		sqlite3_bind_int64(statement, 2, since);
		*total = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
		sqlite3_reset(statement);
	}
	snprintf(end, sizeof(end), "%s LIMIT ?3 OFFSET ?4", search->order);
	if (!(statement = search_statement(search, SELECT, end)))
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
	struct search search = {.db = db,
		.log = &event_log,
		.customer = query->customer,
		.order = query->since ? " ORDER BY sequence" : " ORDER BY sequence DESC"};
	int64_t since = 0;

	text_add(&search.where, " WHERE customer = ?1 AND sequence > ?2");
	int error = search_parse(&search, query->filter, query->sort, why);

	if (!error && query->since && (error = event_cursor(db, query->since, &since)))
		snprintf(why, 200,
			"since: \"%.40s\" is not accepted; accepted: the sequence of an event, or a time such as "
			"2030-01-31T12:00:00Z",
			query->since);
	if (!error)
		error = run(&search, query, since, each, context, total);
	search_fini(&search);
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
