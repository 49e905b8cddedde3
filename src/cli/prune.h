// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"
#include "cli/manifest.h"

// Deletes what the manifest does not name, of the kinds that it has, users before what they use. What came with the program, and
// accounts (customers, users, tokens), stay. `told` hears of each. With `dry` nothing is deleted. An exit status.
int prune(struct command *command, const struct manifest *manifest, bool dry,
	void (*told)(const struct noun *noun, const char *called, void *context), void *context);
