// SPDX-License-Identifier: Apache-2.0
// What the program does beside serving: slicegate-controller backup FILE, rotate-key, forget-keys. Each works on the database of a
// controller that runs, or of none.
#pragma once

#include "base/opt.h"

// Runs the command that the words name, on the database. An exit status.
int maintenance_run(const struct opt_words *words, const char *database);
extern const char maintenance_usage[], maintenance_about[];
