// SPDX-License-Identifier: Apache-2.0
// Commands that are about no one noun: apply, export, login...
#pragma once

#include "cli/command.h"

struct tool {
	const char *word, *usage, *help;
	const char *flags; // options without a value: "dry-run prune"
	const char *values; // options with one
	const char *firsts; // what its first word may be, where these are few
	size_t words_max;
	int (*run)(struct command *command);
};

extern const struct tool tools[]; // ends with an empty row

const struct tool *tool_find(const char *word);
// Is it an option without a value of any of them?
bool tool_has_flag(const char *name, size_t len);
// Runs it. An exit status; on failure one line stands in `error`.
int tool_run(const struct tool *tool, struct command *command);
