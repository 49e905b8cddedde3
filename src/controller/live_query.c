// SPDX-License-Identifier: Apache-2.0
#include "controller/live_query.h"

#include "controller/terms.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct field *term_field(const struct noun *noun, const char *what, const char *name, char why[200])
{
	const struct field *field = field_find(noun, name);

	if (field && field->type != FIELD_RAW)
		return field;
	snprintf(why, 200, "%s: \"%.40s\" is not a member of %s that lists know", what, name, noun->title);
	return NULL;
}

static int full(const char *what, char why[TERMS_WHY])
{
	snprintf(why, TERMS_WHY, "%s: has more than %d terms; leave some out", what, LIVE_QUERY_TERMS);
	return -EINVAL;
}

static int take_filter(void *context, const char *name, const char *value, char why[TERMS_WHY])
{
	struct live_query *query = context;
	const struct field *field = term_field(query->noun, "filter", name, why);

	if (!field)
		return -EINVAL;
	if (query->filter_count == LIVE_QUERY_TERMS)
		return full("filter", why);
	query->filters[query->filter_count].field = field;
	query->filters[query->filter_count++].value = strdup(value);
	return 0;
}

static int take_sort(void *context, const char *name, bool is_down, char why[TERMS_WHY])
{
	struct live_query *query = context;
	const struct field *field = term_field(query->noun, "sortBy", name, why);

	if (!field)
		return -EINVAL;
	if (query->sort_count == LIVE_QUERY_TERMS)
		return full("sortBy", why);
	query->sorts[query->sort_count].field = field;
	query->sorts[query->sort_count++].is_down = is_down;
	return 0;
}

int live_query_parse(const struct noun *noun, const char *filter, const char *sort, struct live_query *query, char why[200])
{
	*query = (struct live_query){.noun = noun};
	const struct terms terms = {take_filter, take_sort, query};
	int error = terms_filter(&terms, filter, why);

	if (!error)
		error = terms_sort(&terms, sort, why);
	if (error)
		live_query_fini(query);
	return error;
}

// A member as text, to search in and to compare; `out` is for numbers. References are their monikers.
static const char *member_text(const struct field *field, const void *object, char out[32])
{
	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_RAW:
		return *field_text(field, object) ? *field_text(field, object) : "";
	case FIELD_REF:
		return field_ref(field, object)->moniker ? field_ref(field, object)->moniker : "";
	case FIELD_ENUM: {
		const struct word *word = word_of(field->words, *field_int(field, object));

		return word ? word->moniker : "";
	}
	case FIELD_TEXTS:
		return field_texts(field, object)->count ? field_texts(field, object)->items[0] : "";
	default:
		snprintf(out, 32, "%lld", (long long)*field_int(field, object));
		return out;
	}
}

bool live_query_matches(const struct live_query *query, const void *object)
{
	char number[32];

	for (size_t i = 0; i < query->filter_count; i++)
		if (!strstr(member_text(query->filters[i].field, object, number), query->filters[i].value))
			return false;
	return true;
}

static int compare_member(const struct field *field, const void *a, const void *b)
{
	char one[32], two[32];

	if (field->type == FIELD_INT || field->type == FIELD_TIME || field->type == FIELD_BOOL)
		return (*field_int(field, a) > *field_int(field, b)) - (*field_int(field, a) < *field_int(field, b));
	return strcmp(member_text(field, a, one), member_text(field, b, two));
}

static int compare(const void *a, const void *b, void *context)
{
	const struct live_query *query = context;
	const struct object *one = *(void *const *)a, *two = *(void *const *)b;

	for (size_t i = 0; i < query->sort_count; i++) {
		int order = compare_member(query->sorts[i].field, one, two);

		if (order)
			return query->sorts[i].is_down ? -order : order;
	}
	return strcmp(one->id, two->id);
}

void live_query_sort(const struct live_query *query, const void **objects, size_t count)
{
	qsort_r(objects, count, sizeof(*objects), compare, (void *)query);
}

void live_query_fini(struct live_query *query)
{
	for (size_t i = 0; i < query->filter_count; i++)
		free(query->filters[i].value);
	query->filter_count = query->sort_count = 0;
}
