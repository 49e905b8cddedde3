// SPDX-License-Identifier: Apache-2.0
// Imports, and how all that one brings comes into sight at once.
//
// An import stores its objects in portions (db_stage): their column `import` names its row here, and while that row's state is "storing"
// no list, no path and no gateway knows them. One short transaction makes it "telling": from then on they are there, with the revision of
// that moment; counts and `changes` get one row each instead of one an object. Then the events of the objects are written, in portions, and
// it is "done". What a crash left in "storing" is taken back at the next start, what it left in "telling" is told to its end.
#pragma once

#include "controller/store/db.h"

struct import_log {
	int64_t number; // of the import
	char id[37];
	const struct noun *noun;
	const char *actor, *customer; // ids
};

// Makes the table; ends what a crash has left. 0 or -errno.
int import_log_schema(struct db *db);
// Begins an import: gives it its number and id. 0 or -errno.
int import_log_begin(struct db *db, struct import_log *log);
// Brings all `count` objects into sight. The revision, or -errno.
int64_t import_log_show(struct db *db, const struct import_log *log, size_t count);
// Is there an import under way? Only then must what a list shows be looked at for it.
bool import_log_is_storing(struct db *db);
// The number of an import, 0 when there is none of the id.
int64_t import_log_number(struct db *db, const char *id);
// Writes the events of at most `limit` objects that have none yet. How many, 0 when all is told; or -errno.
int import_log_tell(struct db *db, const struct import_log *log, int limit);
// Takes back at most `limit` objects of an import that was not shown. How many, 0 when none is left; or -errno.
int import_log_take_back(struct db *db, const struct import_log *log, int limit);
