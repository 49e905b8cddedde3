// SPDX-License-Identifier: Apache-2.0
// Octets and sessions by hour or day: slicegate vslice usage WHICH, slicegate usage list.
#pragma once

#include "cli/command.h"

int usage_run(struct command *command, const struct verb *verb);
