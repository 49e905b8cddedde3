// SPDX-License-Identifier: Apache-2.0
// Texts with holes. A hole is %{name}. A line that begins with %% is a directive:
//
//	%%if NAME, %%if NAME=VALUE, %%if NAME!=VALUE, %%else, %%end    NAME alone: has it a value?
//	%%each NAME, %%end                                             the lines between, once for each item of a list
//	%%# ...                                                        a remark
//
// Names in a list's item go before those around it.
#pragma once

#include "model/text.h"

#define TEMPLATE_VALUES_MAX 40

// Borrowed names, owned values.
struct template_scope {
	struct {
		const char *name;
		char *value;
	} values[TEMPLATE_VALUES_MAX];
	size_t count;
};

struct template_list {
	const char *name;
	struct template_scope *items;
	size_t count;
};

void template_set(struct template_scope *scope, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
void template_scope_fini(struct template_scope *scope);

// Writes the text with its holes filled. 0, or -EINVAL and what is wrong with the template in `why` (of `size` octets).
int template_write(struct text *out, const char *source, const struct template_scope *scope, const struct template_list *list,
	char *why, size_t size);
