// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/client.h"

// What the shell's functions call: slicegate __complete WORD... with the word under the cursor last.
#define COMPLETE_WORD "__complete"

// Prints what the last word may become, a line each; nothing where only a file or a free text fits. Objects are asked of the API,
// with little patience. Gives an exit status.
int complete(struct client *client, char **words, size_t count);
// The function for a shell, "bash" or "zsh"; NULL for another.
const char *complete_script(const char *shell);
