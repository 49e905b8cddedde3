// SPDX-License-Identifier: Apache-2.0
// Endpoints by the thousand: slicegate endpoint import FILE, slicegate endpoint export.
#pragma once

#include "cli/command.h"

// The file is CSV with a head line, or NDJSON; all of it or nothing is taken.
int bulk_import(struct command *command, const struct verb *verb);
// Straight to standard output, CSV or (--format ndjson) a JSON object a line.
int bulk_export(struct command *command, const struct verb *verb);
