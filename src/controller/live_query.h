// SPDX-License-Identifier: Apache-2.0
// Filter and sort of lists that are kept in memory, with the same grammar as the store's lists.
#pragma once

#include "model/noun.h"

#define LIVE_QUERY_TERMS 16

struct live_query {
	const struct noun *noun;
	struct {
		const struct field *field;
		char *value; // of a filter
		bool is_down; // of a sort
	} filters[LIVE_QUERY_TERMS], sorts[LIVE_QUERY_TERMS];
	size_t filter_count, sort_count;
};

// 0, or -EINVAL with one line in `why` (the query is empty then).
int live_query_parse(const struct noun *noun, const char *filter, const char *sort, struct live_query *query, char why[200]);
bool live_query_matches(const struct live_query *query, const void *object);
void live_query_sort(const struct live_query *query, const void **objects, size_t count);
void live_query_fini(struct live_query *query);
