// SPDX-License-Identifier: Apache-2.0
// Who has which public address and port: slicegate routing-target nat-bindings WHICH, slicegate endpoint nat-bindings WHICH.
#pragma once

#include "cli/command.h"

int bindings_run(struct command *command, const struct verb *verb);
