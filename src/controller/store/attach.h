// SPDX-License-Identifier: Apache-2.0
// The last attaches of each endpoint, and the last tests of each LNS: JSON texts under an id, a few of each, the oldest of all go first.
#pragma once

#include "controller/store/db.h"
#include "model/text.h"

#define ATTACHES_EACH 10
#define ATTACHES_ALL 100000

int attach_schema(struct db *db);
// In a write job. 0 or -errno.
int attach_add(struct db *db, const char *id, const char *json);
// Writes those of an id, latest first, as a JSON list's items.
void attach_list(struct db *db, const char *id, struct text *out);
