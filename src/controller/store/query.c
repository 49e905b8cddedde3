// SPDX-License-Identifier: Apache-2.0
// Lists: paging, `sortBy=asc(name),desc(moniker)`, `filter=name:foo,moniker:bar` (case-sensitive "contains"), all over the plan's columns.
#include "controller/store/db.h"

#include "base/clean.h"
#include "controller/store/import_log.h"
#include "controller/store/page.h"
#include "controller/store/plan.h"
#include "controller/store/row.h"
#include "controller/store/uuid.h"
#include "controller/terms.h"
#include "model/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILTERS_MAX 16
#define BIND_ARGUMENT 1
#define BIND_CUSTOMER 2
#define BIND_OWNER 3
#define BIND_AFTER 4
#define BIND_ID 7
#define BIND_FILTER 10

struct conditions {
	struct text where;
	bool is_hiding; // an import is under way
	bool is_joined; // a condition or the order looks at an object that is referred to
	char *values[FILTERS_MAX];
	size_t count;
};

static void add_condition(struct conditions *conditions, const char *sql)
{
	text_add(&conditions->where, conditions->where.len ? " AND " : " WHERE ");
	text_add(&conditions->where, sql);
}

static int fault_member(const struct plan *plan, const char *what, const char *name, char why[200])
{
	snprintf(why, 200, "%s: \"%.40s\" is not a member of %s that lists can be %s by", what, name, plan->noun->title,
		strcmp(what, "sortBy") == 0 ? "sorted" : "filtered");
	return -EINVAL;
}

// An enumeration is compared by its moniker: the keys of the words that contain the value.
static void enum_condition(const struct field *field, const char *expression, const char *value, struct conditions *conditions)
{
	struct text sql = {0};

	text_format(&sql, "%s IN (-1", expression);
	for (const struct word *word = field->words; word->key; word++)
		if (strstr(word->moniker, value))
			text_format(&sql, ", %d", word->key);
	text_add(&sql, ")");
	if (!sql.failed)
		add_condition(conditions, sql.bytes);
	text_fini(&sql);
}

// A list's query on its way into SQL.
struct taking {
	const struct plan *plan;
	struct conditions *conditions;
	struct text *order;
};

static int take_filter(void *context, const char *name, const char *value, char why[TERMS_WHY])
{
	struct taking *taking = context;
	struct conditions *conditions = taking->conditions;
	char expression[128], sql[200];
	const struct field *field = plan_expression(taking->plan, name, expression);

	if (!field)
		return fault_member(taking->plan, "filter", name, why);
	conditions->is_joined |= field->type == FIELD_REF;
	if (field->type == FIELD_ENUM) {
		enum_condition(field, expression, value, conditions);
		return 0;
	}
	if (conditions->count == FILTERS_MAX) {
		snprintf(why, TERMS_WHY, "filter: has more than %d pairs; leave some out", FILTERS_MAX);
		return -EINVAL;
	}
	snprintf(sql, sizeof(sql), "instr(%s, ?%zu) > 0", expression, BIND_FILTER + conditions->count);
	if (!(conditions->values[conditions->count++] = strdup(value)))
		return -ENOMEM;
	add_condition(conditions, sql);
	return 0;
}

static int take_sort(void *context, const char *name, bool is_down, char why[TERMS_WHY])
{
	struct taking *taking = context;
	char expression[128];
	const struct field *field = plan_expression(taking->plan, name, expression);

	if (!field)
		return fault_member(taking->plan, "sortBy", name, why);
	taking->conditions->is_joined |= field->type == FIELD_REF;
	text_format(taking->order, "%s %s, ", expression, is_down ? "DESC" : "ASC");
	return 0;
}

static int take_query(const struct plan *plan, const struct db_query *query, struct conditions *conditions, struct text *order,
	char why[TERMS_WHY])
{
	struct taking taking = {plan, conditions, order};
	const struct terms terms = {take_filter, take_sort, &taking};
	int error = terms_filter(&terms, query->filter, why);

	text_add(order, " ORDER BY ");
	if (!error)
		error = terms_sort(&terms, query->sort, why);
	text_add(order, plan->noun->flags & NOUN_ROW ? "t.position, t.id" : "t.id");
	return error;
}

static void bind(sqlite3_stmt *statement, const struct db_query *query, const struct conditions *conditions)
{
	sqlite3_bind_text(statement, BIND_ARGUMENT, query->argument, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, BIND_CUSTOMER, query->customer, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, BIND_OWNER, query->owner, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, BIND_ID, query->id, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, BIND_AFTER, query->after, -1, SQLITE_STATIC);
	for (size_t i = 0; i < conditions->count; i++)
		sqlite3_bind_text(statement, BIND_FILTER + (int)i, conditions->values[i], -1, SQLITE_STATIC);
}

// The count that the store keeps, for a list without conditions of its own.
static int count_kept(struct db *db, const struct plan *plan, const struct db_query *query, int64_t *total)
{
	sqlite3_stmt *statement = db_statement(db,
		"SELECT ifnull(sum(count), 0) FROM object_count WHERE noun = ?1 AND (customer = ifnull(?2, '') OR (?3 AND "
		"customer = ''))");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, plan->noun->word, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, plan->noun->flags & NOUN_PLATFORM ? NULL : query->customer, -1, SQLITE_STATIC);
	sqlite3_bind_int(statement, 3, (plan->noun->flags & NOUN_SHARED) != 0);
	*total = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_reset(statement);
	return 0;
}

static int count_all(
	struct db *db, const struct plan *plan, const struct db_query *query, const struct conditions *conditions, int64_t *total)
{
	bool is_whole = !query->where && !query->owner && !query->id && !query->after && (!query->filter || !*query->filter);

	if (is_whole && (query->customer || plan->noun->flags & NOUN_PLATFORM))
		return count_kept(db, plan, query, total);
	struct text sql = {0};

	text_format(&sql, "SELECT count(*)%s%s", plan->count_from, conditions->where.bytes ? conditions->where.bytes : "");
	sqlite3_stmt *statement = sql.failed ? NULL : db_statement(db, sql.bytes);

	text_fini(&sql);
	if (!statement)
		return -EIO;
	bind(statement, query, conditions);
	if (sqlite3_step(statement) == SQLITE_ROW)
		*total = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return 0;
}

// A customer's list in the order of ids, with no condition of its own.
static bool is_plain(const struct plan *plan, const struct db_query *query, const struct conditions *conditions)
{
	return query->customer && !(plan->noun->flags & (NOUN_PLATFORM | NOUN_ROW | NOUN_SHARED)) && !conditions->count &&
		!query->where && !query->id && !query->after && (!query->filter || !*query->filter) &&
		(!query->sort || !*query->sort) && !conditions->is_hiding;
}

static int walk(struct db *db, const struct plan *plan, const struct db_query *query, const struct conditions *conditions,
	const struct text *order, void (*each)(const void *object, void *context), void *context)
{
	const char *where = conditions->where.bytes ? conditions->where.bytes : "";
	int64_t offset = query->offset;
	char from[UUID_TEXT];
	bool is_placed = is_plain(plan, query, conditions) && page_start(db, plan, query->customer, &offset, from);
	struct text sql = {0};
	int error = 0, result;

	text_add(&sql, query->flags & DB_LEAN ? plan->select_lean : plan->select);
	// First which objects, by an index alone where one tells; only those of the page are read.
	if (query->offset && conditions->is_joined)
		text_format(&sql, " WHERE t.id IN (SELECT t.id%s%s%s LIMIT ?5 OFFSET ?6)%s", plan->count_from, where,
			order->bytes, order->bytes);
	else if (query->offset)
		text_format(&sql, " WHERE t.id IN (SELECT t.id FROM %s t%s%s%s LIMIT ?5 OFFSET ?6)%s", plan->noun->table, where,
			is_placed ? " AND t.id >= ?4" : "", order->bytes, order->bytes);
	else
		text_format(&sql, "%s%s LIMIT ?5", where, order->bytes);
	sqlite3_stmt *statement = sql.failed ? NULL : db_statement(db, sql.bytes);

	text_fini(&sql);
	if (!statement)
		return -EIO;
	bind(statement, query, conditions);
	sqlite3_bind_int64(statement, 5, query->limit);
	sqlite3_bind_int64(statement, 6, offset);
	if (is_placed)
		sqlite3_bind_text(statement, BIND_AFTER, from, -1, SQLITE_STATIC);
	while (!error && (result = sqlite3_step(statement)) == SQLITE_ROW) {
		void *object;

		error = object_load(db, plan, statement, query->flags & DB_SECRETS, &object);
		if (error)
			break;
		each(object, context);
		object_free(plan->noun, object);
	}
	sqlite3_reset(statement);
	return error ? error : result == SQLITE_DONE ? 0 : -EIO;
}

int db_list(struct db *db, const struct noun *noun, const struct db_query *query, void (*each)(const void *object, void *context),
	void *context, int64_t *total, char why[200])
{
	const struct plan *plan = plan_of(noun);
	struct conditions conditions = {0};
	struct text order = {0};
	int error = 0;

	if (query->where)
		add_condition(&conditions, query->where);
	if (query->customer && !(noun->flags & (NOUN_PLATFORM | NOUN_ROW)))
		add_condition(
			&conditions, noun->flags & NOUN_SHARED ? "(t.customer = ?2 OR t.customer IS NULL)" : "t.customer = ?2");
	conditions.is_hiding = plan->seen && import_log_is_storing(db);
	if (conditions.is_hiding)
		add_condition(&conditions, plan->seen);
	if (query->owner)
		add_condition(&conditions, "t.owner = ?3");
	if (query->id)
		add_condition(&conditions, "t.id = ?7");
	if (query->after)
		add_condition(&conditions, "t.id > ?4");
	error = take_query(plan, query, &conditions, &order, why);
	if (!error && total)
		error = count_all(db, plan, query, &conditions, total);
	if (!error)
		error = walk(db, plan, query, &conditions, &order, each, context);
	for (size_t i = 0; i < conditions.count; i++)
		free(conditions.values[i]);
	text_fini(&conditions.where);
	text_fini(&order);
	return error;
}
