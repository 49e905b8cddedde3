// SPDX-License-Identifier: Apache-2.0
// A copy of the database as it is at one moment, made while others write to it.
#pragma once

#include "controller/store/db.h"

struct backup_options {
	const char *database, *file;
	void (*progress)(void *owner, int64_t done, int64_t total); // pages; may be NULL
	void *owner;
};

// Copies the database to `file`, which must not be there yet, and its keys to FILE.key; holds the copy against SQLite's own check and the
// keys before it gets its name. `pages` gets its size. 0 or -errno with one line in `why`.
int backup_run(const struct backup_options *options, int64_t *octets, char why[200]);
