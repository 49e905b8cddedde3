// SPDX-License-Identifier: Apache-2.0
// Captures: begun, and followed into a file or a pipe.
#pragma once

#include "cli/command.h"

// capture run --endpoint WHICH ... [FILE]: begins one and writes its file until it ends, or Ctrl-C stops it; then it is forgotten.
int capture_run(struct command *command, const struct verb *verb);
// capture download WHICH [FILE]: what there is, and of a capture that runs what comes.
int capture_download(struct command *command, const struct verb *verb);
