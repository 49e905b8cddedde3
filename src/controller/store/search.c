// SPDX-License-Identifier: Apache-2.0
#include "controller/store/search.h"

#include "controller/store/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BIND_VALUES 10

static void add_words(struct search *search, const struct search_member *member, const char *value)
{
	text_format(&search->where, " AND %s IN (-1", member->column);
	for (const struct word *word = member->words; word->key; word++)
		if (strstr(word->moniker, value))
			text_format(&search->where, ", %d", word->key);
	text_add(&search->where, ")");
}

static int add_value(struct search *search, const struct search_member *member, const char *value, char why[TERMS_WHY])
{
	bool is_whole = member->whole || member->noun;
	char id[UUID_TEXT];

	if (search->count == SEARCH_TERMS_MAX) {
		snprintf(why, TERMS_WHY, "filter: has more than %d pairs; leave some out", SEARCH_TERMS_MAX);
		return -EINVAL;
	}
	bool found = member->noun && db_find(search->db, member->noun, search->customer, NULL, value, id) == 0;

	text_format(&search->where, is_whole ? " AND %s = ?%zu" : " AND instr(%s, ?%zu) > 0", member->column,
		search->count + BIND_VALUES);
	search->values[search->count++] = strdup(found ? id : value);
	return 0;
}

static int take_filter(void *context, const char *name, const char *value, char why[TERMS_WHY])
{
	struct search *search = context;

	for (size_t i = 0; i < search->log->count; i++) {
		const struct search_member *member = &search->log->members[i];

		if (strcasecmp(member->name, name) != 0)
			continue;
		if (!member->words)
			return add_value(search, member, value, why);
		add_words(search, member, value);
		return 0;
	}
	snprintf(why, TERMS_WHY, "filter: \"%.30s\" is not accepted; accepted: %s", name, search->log->names);
	return -EINVAL;
}

static int take_sort(void *context, const char *name, bool is_down, char why[TERMS_WHY])
{
	struct search *search = context;
	const char *time = search->log->time;

	if (strcasecmp(name, time) != 0 && strcasecmp(name, "sequence") != 0 && strcasecmp(name, "id") != 0) {
		snprintf(why, TERMS_WHY, "sortBy: \"%.40s\" is not accepted; accepted: asc(%s) or desc(%s)", name, time, time);
		return -EINVAL;
	}
	search->order = is_down ? " ORDER BY sequence DESC" : " ORDER BY sequence";
	return 0;
}

int search_parse(struct search *search, const char *filter, const char *sort, char why[TERMS_WHY])
{
	const struct terms terms = {take_filter, take_sort, search};
	int error = terms_sort(&terms, sort, why);

	return error ? error : terms_filter(&terms, filter, why);
}

sqlite3_stmt *search_statement(struct search *search, const char *select, const char *end)
{
	struct text sql = {0};

	text_add(&sql, select);
	text_add(&sql, search->where.bytes);
	text_add(&sql, end);
	sqlite3_stmt *statement = sql.failed || search->where.failed ? NULL : db_statement(search->db, sql.bytes);

	text_fini(&sql);
	if (!statement)
		return NULL;
	sqlite3_bind_text(statement, 1, search->customer, -1, SQLITE_STATIC);
	for (size_t i = 0; i < search->count; i++)
		sqlite3_bind_text(statement, (int)i + BIND_VALUES, search->values[i], -1, SQLITE_STATIC);
	return statement;
}

void search_fini(struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		free(search->values[i]);
	search->count = 0;
	text_fini(&search->where);
}
