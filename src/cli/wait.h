// SPDX-License-Identifier: Apache-2.0
// Waiting for something to come true, with progress on standard error.
#pragma once

#include "cli/command.h"

// Until all rows of the object's `readiness` are fine, command->wait_ms at most. An exit status; what still stands in the way is in
// command->error.
int wait_until_ready(struct command *command, const char *path, const char *called);
// The first row of a readiness list that is not fine: its message; NULL when all are.
const char *wait_obstacle(const json_t *readiness);
