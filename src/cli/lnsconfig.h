// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

// slicegate lns config VSLICE --for KIND: the text that the API makes. The secret, which the API never tells, is put in from a file.
int lnsconfig_run(struct command *command, const struct verb *verb);
