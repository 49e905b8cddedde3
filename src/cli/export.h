// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.h"

// slicegate export [NOUN...] [--brief] [--platform]: what there is, as `apply` takes it.
int export_run(struct command *command);
