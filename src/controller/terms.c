// SPDX-License-Identifier: Apache-2.0
#include "controller/terms.h"

#include "base/clean.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int filter_term(const struct terms *terms, char *part, char why[TERMS_WHY])
{
	char *value = strchr(part, ':');

	if (!value) {
		snprintf(
			why, TERMS_WHY, "filter: \"%.40s\" has no colon; accepted: member:text pairs, separated by commas", part);
		return -EINVAL;
	}
	*value++ = '\0';
	return terms->filter(terms->context, part, value, why);
}

static int sort_term(const struct terms *terms, char *part, char why[TERMS_WHY])
{
	char *open = strchr(part, '('), *close = open ? strchr(open, ')') : NULL;
	bool is_down = strncasecmp(part, "desc(", 5) == 0;

	if (!close || close[1] || (!is_down && strncasecmp(part, "asc(", 4) != 0)) {
		snprintf(why, TERMS_WHY,
			"sortBy: \"%.40s\" is not understood; accepted: asc(member) or desc(member), separated by commas", part);
		return -EINVAL;
	}
	*close = '\0';
	return terms->sort(terms->context, open + 1, is_down, why);
}

static int each(const struct terms *terms, const char *text,
	int (*take)(const struct terms *terms, char *part, char why[TERMS_WHY]), char why[TERMS_WHY])
{
	_cleanup_free_ char *copy = strdup(text ? text : "");
	char *rest = copy, *part;
	int error = copy ? 0 : -ENOMEM;

	while (!error && (part = strsep(&rest, ",")))
		if (*part)
			error = take(terms, part, why);
	return error;
}

int terms_filter(const struct terms *terms, const char *text, char why[TERMS_WHY])
{
	return each(terms, text, filter_term, why);
}

int terms_sort(const struct terms *terms, const char *text, char why[TERMS_WHY])
{
	return each(terms, text, sort_term, why);
}
