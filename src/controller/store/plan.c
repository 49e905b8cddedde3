// SPDX-License-Identifier: Apache-2.0
#include "controller/store/plan.h"

#include "base/clean.h"
#include "model/text.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLANS_MAX 40

// An object that came by an import has the revision at which all of it was there.
#define IMPORTED_REVISION                                                                                                        \
	"CASE WHEN t.revision = 0 THEN (SELECT i.revision FROM import_log i WHERE i.number = t.import) ELSE t.revision END"
#define SEEN "(t.import IS NULL OR t.import NOT IN (SELECT i.number FROM import_log i WHERE i.state = 0))"

static struct plan plans[PLANS_MAX];
static size_t plan_count;

static const char *const head_names[HEAD_END] = {
	"id", "moniker", "name", "revision", "changed_ms", "customer", "owner", "position"};

// Members that the head of the table holds.
static bool is_head(const struct field *field)
{
	static const char *const names[] = {"id", "moniker", "name", "customerId", "changedAt"};

	for (size_t i = 0; i < array_len(names); i++)
		if (strcmp(field->name, names[i]) == 0)
			return true;
	return false;
}

static int add_columns(struct plan *plan, const struct noun *noun, size_t base, const char *prefix)
{
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];
		char name[COLUMN_TEXT], full[2 * COLUMN_TEXT];

		if ((noun == plan->noun && is_head(field)) || field->type == FIELD_ROWS || field->type == FIELD_RAW ||
			field->flags & (FIELD_LIVE | FIELD_INPUT))
			continue;
		snprintf(full, sizeof(full), "%s%s%s", prefix, field_column(field, name), field->type == FIELD_OBJECT ? "_" : "");
		if (field->type == FIELD_OBJECT) {
			int error = add_columns(plan, field->noun, base + field->offset, full);

			if (error)
				return error;
			continue;
		}
		struct column *columns = realloc(plan->columns, (plan->count + 1) * sizeof(*columns));

		if (!columns)
			return -ENOMEM;
		plan->columns = columns;
		columns[plan->count] = (struct column){.field = field, .offset = base + field->offset, .is_derived = field->sql};
		snprintf(columns[plan->count].name, COLUMN_TEXT, "%.63s", full);
		plan->count++;
	}
	return 0;
}

static char *write_select(struct plan *plan, bool lean)
{
	struct text select = {0}, from = {0};
	int result = HEAD_END;
	bool is_row = plan->noun->flags & NOUN_ROW;

	text_add(&select, "SELECT ");
	for (int head = 0; head < HEAD_END; head++)
		if (head == HEAD_REVISION && plan->noun->flags & NOUN_BULK)
			text_add(&select, ", " IMPORTED_REVISION);
		else
			text_format(
				&select, head < HEAD_OWNER || is_row ? "%st.%s" : "%sNULL", head ? ", " : "", head_names[head]);
	text_format(&from, " FROM %s t", plan->noun->table);
	for (size_t i = 0; i < plan->count; i++) {
		struct column *column = &plan->columns[i];
		bool is_count = column->is_derived && column->field->type == FIELD_INT;
		char own[COLUMN_TEXT + 4];

		snprintf(own, sizeof(own), "t.%s", column->name);
		if (column->is_derived && column->field->type == FIELD_REF) // found out once, for the join
			text_format(&select, ", r%zu.id", i);
		else
			text_format(&select, ", %s", is_count && lean ? "NULL" : column->is_derived ? column->field->sql : own);
		column->result = result++;
		if (column->field->type != FIELD_REF)
			continue;
		text_format(&select, ", r%zu.moniker, r%zu.name", i, i);
		text_format(&from, " LEFT JOIN %s r%zu ON r%zu.id = %s", column->field->noun->table, i, i,
			column->is_derived ? column->field->sql : own);
		result += 2;
	}
	text_add(&select, from.bytes);
	if (lean)
		plan->count_from = text_take(&from, NULL);
	text_fini(&from);
	return text_take(&select, NULL);
}

static char *joined(const char *select, const char *where)
{
	struct text sql = {0};

	text_add(&sql, select);
	text_add(&sql, where);
	return text_take(&sql, NULL);
}

static void write_changes(struct plan *plan)
{
	struct text insert = {0}, values = {0}, update = {0};
	int heads = plan->noun->flags & NOUN_ROW ? HEAD_END : HEAD_OWNER;

	text_format(&insert, "INSERT INTO %s (", plan->noun->table);
	text_format(&update, "UPDATE %s SET ", plan->noun->table);
	for (int head = 0; head < heads; head++) {
		text_format(&insert, "%s%s", head ? ", " : "", head_names[head]);
		text_format(&values, "%s?%d", head ? ", " : "", head + 1);
		if (head)
			text_format(&update, "%s%s = ?%d", head > 1 ? ", " : "", head_names[head], head + 1);
	}
	for (size_t i = 0; i < plan->count; i++) {
		const struct column *column = &plan->columns[i];

		if (column->is_derived)
			continue;
		text_format(&insert, ", %s", column->name);
		text_format(&values, ", ?%zu", HEAD_END + i + 1);
		text_format(&update, ", %s = ?%zu", column->name, HEAD_END + i + 1);
	}
	if (plan->noun->flags & NOUN_BULK) {
		text_add(&insert, ", import");
		text_format(&values, ", ?%zu", HEAD_END + plan->count + 1);
	}
	text_format(&insert, ") VALUES (%s)", values.bytes);
	text_add(&update, " WHERE id = ?1");
	plan->insert = text_take(&insert, NULL);
	plan->update = text_take(&update, NULL);
	text_fini(&values);
}

static bool is_light(const struct plan *plan)
{
	for (size_t i = 0; i < plan->noun->field_count; i++)
		if (plan->noun->fields[i].type == FIELD_ROWS)
			return false;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->columns[i].is_derived && plan->columns[i].field->type == FIELD_INT)
			return false;
	return true;
}

static int plan_make(const struct noun *noun)
{
	struct plan *plan = &plans[plan_count];

	if (!noun->table || plan_of(noun))
		return 0;
	*plan = (struct plan){.noun = noun};
	int error = add_columns(plan, noun, 0, "");

	if (error)
		return error;
	plan->select = write_select(plan, false);
	plan->select_lean = write_select(plan, true);
	plan->seen = noun->flags & NOUN_BULK ? SEEN : NULL;
	plan->by_id = joined(plan->select, " WHERE t.id = ?1");
	plan->by_id_lean = joined(plan->select_lean, " WHERE t.id = ?1");
	plan->by_moniker = joined(plan->select,
		noun->flags & NOUN_PLATFORM ? " WHERE t.moniker = ?1" : " WHERE t.moniker = ?1 AND t.customer = ?2");
	plan->by_owner = joined(plan->select, " WHERE t.owner = ?1 ORDER BY t.position");
	plan->is_light = is_light(plan);
	write_changes(plan);
	plan_count++;
	for (size_t i = 0; i < noun->field_count && !error; i++)
		if (noun->fields[i].type == FIELD_ROWS)
			error = plan_make(noun->fields[i].noun);
	return error;
}

int plans_init(void)
{
	int error = 0;

	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); // what it counts, under a lock, nobody asks for

	for (size_t i = 0; nouns[i] && !error; i++)
		error = plan_make(nouns[i]);
	return error;
}

void plans_fini(void)
{
	for (size_t i = 0; i < plan_count; i++) {
		free(plans[i].columns);
		free(plans[i].select);
		free(plans[i].by_id);
		free(plans[i].by_id_lean);
		free(plans[i].by_moniker);
		free(plans[i].by_owner);
		free(plans[i].select_lean);
		free(plans[i].count_from);
		free(plans[i].insert);
		free(plans[i].update);
	}
	plan_count = 0;
}

const struct plan *plan_of(const struct noun *noun)
{
	for (size_t i = 0; i < plan_count; i++)
		if (plans[i].noun == noun)
			return &plans[i];
	return NULL;
}

void plans_each(void (*visit)(const struct plan *plan, void *context), void *context)
{
	for (size_t i = 0; i < plan_count; i++)
		visit(&plans[i], context);
}

const struct field *plan_expression(const struct plan *plan, const char *name, char out[128])
{
	const struct field *field = field_find(plan->noun, name);

	if (!field || field->flags & (FIELD_SECRET | FIELD_HIDDEN))
		return NULL;
	if (is_head(field)) {
		char column[COLUMN_TEXT];

		snprintf(out, 128, "t.%s",
			strcmp(field->name, "customerId") == 0		? "customer"
				: strcmp(field->name, "changedAt") == 0 ? "changed_ms"
									: field_column(field, column));
		return field;
	}
	for (size_t i = 0; i < plan->count; i++) {
		const struct column *column = &plan->columns[i];

		if (column->field != field)
			continue;
		if (field->type == FIELD_REF)
			snprintf(out, 128, "r%zu.moniker", i);
		else if (column->is_derived)
			return NULL; // an expression a row: not by lists of any size
		else
			snprintf(out, 128, "t.%s", column->name);
		return field;
	}
	return NULL;
}
