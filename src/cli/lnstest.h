// SPDX-License-Identifier: Apache-2.0
// `slicegate lns test`.
#pragma once

#include "cli/command.h"

// Asks for a test (POST) and waits for what comes of it (in the list at `results`). An exit status; on failure command->error says why.
int lnstest_run(struct command *command, const char *test, const char *results);
