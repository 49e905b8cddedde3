// SPDX-License-Identifier: Apache-2.0
// Which member of a noun an option means; members may lie inside parts (advanced settings, a target's configuration).
#pragma once

#include "cli/cli.h"

#define PATH_DEPTH 4

struct field_path {
	const struct field *fields[PATH_DEPTH];
	size_t depth;
};

static inline const struct field *path_leaf(const struct field_path *path)
{
	return path->fields[path->depth - 1];
}

// Finds the member. Where several parts have one of that name, the other options decide (a target's type its configuration).
// 0 or -EINVAL and one line in `error`: unknown, ambiguous, set by the platform.
int path_resolve(const struct noun *noun, const struct option *option, const struct options *all, struct field_path *out,
	char error[CLI_ERROR_TEXT]);
// "peering-config.interface" without what is not needed to name it; `out` has room for 256 octets; returns `out`.
char *path_as_option(const struct field_path *path, char *out);
// Calls `visit` for each member that a client may write, those inside parts too, in the table's order.
void path_each(const struct noun *noun, void (*visit)(const struct field_path *path, void *context), void *context);
