// SPDX-License-Identifier: Apache-2.0
#include "controller/store/page.h"

#include "base/clean.h"
#include "base/vec.h"
#include "controller/store/uuid.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP 1000
#define LISTS_MAX 8 // the latest
#define SETTLED_MS 5000

struct place {
	char id[UUID_TEXT];
};

struct list {
	const struct plan *plan;
	char customer[UUID_TEXT];
	int64_t version;
	VEC(struct place) places; // of the objects 1000, 2000, ...
};

struct pages {
	struct list lists[LISTS_MAX];
	size_t next;
};

struct pages *pages_new(void)
{
	return calloc(1, sizeof(struct pages));
}

void pages_free(struct pages **pages)
{
	for (size_t i = 0; *pages && i < LISTS_MAX; i++)
		vec_free(&(*pages)->lists[i].places);
	free(*pages);
	*pages = NULL;
}

static int64_t list_version(struct db *db, const struct plan *plan, const char *customer)
{
	sqlite3_stmt *statement = db_statement(db, "SELECT version FROM object_count WHERE noun = ?1 AND customer = ?2");

	if (!statement)
		return -1;
	sqlite3_bind_text(statement, 1, plan->noun->word, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, customer, -1, SQLITE_STATIC);
	int64_t version = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;

	sqlite3_reset(statement);
	return version;
}

static struct list *list_of(struct db *db, const struct plan *plan, const char *customer)
{
	struct pages *pages = db_pages(db);
	int64_t version = list_version(db, plan, customer);
	struct list *list = NULL;

	for (size_t i = 0; i < LISTS_MAX && !list; i++)
		if (pages->lists[i].plan == plan && strcmp(pages->lists[i].customer, customer) == 0)
			list = &pages->lists[i];
	if (!list)
		list = &pages->lists[pages->next++ % LISTS_MAX];
	if (list->plan != plan || list->version != version || strcmp(list->customer, customer) != 0) {
		vec_free(&list->places);
		list->plan = plan;
		list->version = version;
		snprintf(list->customer, sizeof(list->customer), "%s", customer);
	}
	return version < 0 ? NULL : list;
}

// An id of `ms` or before, as text, is below this.
static void time_prefix(int64_t ms, char out[UUID_TIME_CHARS + 1])
{
	snprintf(out, UUID_TIME_CHARS + 1, "%08llx-%04llx", (unsigned long long)(ms >> 16) & 0xffffffff,
		(unsigned long long)ms & 0xffff);
}

static bool next_place(struct db *db, struct list *list)
{
	const char *last = list->places.count ? list->places.items[list->places.count - 1].id : "";
	char sql[200], settled[UUID_TIME_CHARS + 1];
	bool found = false;

	snprintf(sql, sizeof(sql), "SELECT id FROM %s WHERE customer = ?1 AND id >= ?2 ORDER BY id LIMIT 1 OFFSET %d",
		list->plan->noun->table, STEP);
	sqlite3_stmt *statement = db_statement(db, sql);

	if (!statement)
		return false;
	time_prefix(db_now_ms() - SETTLED_MS, settled);
	sqlite3_bind_text(statement, 1, list->customer, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, last, -1, SQLITE_TRANSIENT);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		const char *id = (const char *)sqlite3_column_text(statement, 0);
		struct place *place = strncmp(id, settled, UUID_TIME_CHARS) < 0 ? vec_add(&list->places) : NULL;

		if (place)
			snprintf(place->id, sizeof(place->id), "%s", id);
		found = place;
	}
	sqlite3_reset(statement);
	return found;
}

bool page_start(struct db *db, const struct plan *plan, const char *customer, int64_t *offset, char *from)
{
	struct list *list = *offset >= STEP ? list_of(db, plan, customer) : NULL;
	size_t wanted = (size_t)(*offset / STEP);

	if (!list)
		return false;
	while (list->places.count < wanted && next_place(db, list))
		;
	if (list->places.count < wanted)
		wanted = list->places.count;
	if (!wanted)
		return false;
	snprintf(from, UUID_TEXT, "%s", list->places.items[wanted - 1].id);
	*offset -= (int64_t)wanted * STEP;
	return true;
}
