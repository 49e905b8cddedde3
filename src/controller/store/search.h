// SPDX-License-Identifier: Apache-2.0
// The search of a log, a table that grows by `sequence`: events, the audit log.
#pragma once

#include "controller/store/db.h"
#include "controller/terms.h"
#include "model/text.h"

#define SEARCH_TERMS_MAX 16

// What a log can be searched by.
struct search_member {
	const char *name, *column;
	const struct noun *noun; // it is an id of this noun's: compared whole, and a moniker will do
	const struct word *words; // it is one of these keys: found by what the moniker contains
	bool whole; // compared whole; else a text is found by what it contains
};

struct search_log {
	const struct search_member *members;
	size_t count;
	const char *names; // of the members, for who names another
	const char *time; // the member that it is in order of, beside "sequence" and "id"
};

struct search {
	struct db *db;
	const struct search_log *log;
	const char *customer; // ?1; whose monikers are meant
	struct text where; // begun by the caller: " WHERE ..."
	const char *order; // " ORDER BY sequence DESC"
	char *values[SEARCH_TERMS_MAX];
	size_t count;
};

// Adds the conditions that `filter` names, and takes the order from `sort` (NULL = that of `order`). 0; -EINVAL with one line in `why`.
int search_parse(struct search *search, const char *filter, const char *sort, char why[TERMS_WHY]);
// `select`, the conditions and `end`, with the customer and the values bound; ?2 to ?9 are the caller's. NULL when that failed.
sqlite3_stmt *search_statement(struct search *search, const char *select, const char *end);
void search_fini(struct search *search);
