// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

// Asks for the pages of a list, from the offset that `path` has none of, until it is complete or `limit` long (0 = complete), into
// `all`. `total` (may be NULL) gets how many there are. An exit status; why, in command->error.
int pages_read(struct command *command, const char *path, size_t limit, json_t *all, int64_t *total);
