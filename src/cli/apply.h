// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

// slicegate apply -f FILE [--dry-run] [--check] [--prune]: makes what is there what the file says.
int apply_run(struct command *command);
