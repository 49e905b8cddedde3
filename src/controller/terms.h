// SPDX-License-Identifier: Apache-2.0
// The grammar of a list's query: `filter=name:foo,moniker:bar` and `sortBy=asc(name),desc(moniker)`. What the names mean is each list's.
#pragma once

#include <stdbool.h>

#define TERMS_WHY 200

struct terms {
	// 0, or -EINVAL with one line in `why`. Texts are borrowed.
	int (*filter)(void *context, const char *name, const char *value, char why[TERMS_WHY]);
	int (*sort)(void *context, const char *name, bool is_down, char why[TERMS_WHY]);
	void *context;
};

// Calls back for each term; `text` may be NULL. 0, or -EINVAL with one line in `why`.
int terms_filter(const struct terms *terms, const char *text, char why[TERMS_WHY]);
int terms_sort(const struct terms *terms, const char *text, char why[TERMS_WHY]);
