// SPDX-License-Identifier: Apache-2.0
// All secrets under the first key of the key file, while the controller runs or not.
#pragma once

#include "controller/store/db.h"

// Seals every secret anew that is not under the first key, in short transactions; ends when a whole pass found none. What an end in between
// leaves opens with the other keys of the file, and the next run goes on. `count` gets how many were sealed. 0 or -errno, why in `why`.
int rekey_run(
	struct db *db, void (*progress)(void *owner, int64_t done, int64_t total), void *owner, int64_t *count, char why[200]);
