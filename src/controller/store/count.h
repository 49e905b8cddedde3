// SPDX-License-Identifier: Apache-2.0
// Counts that are kept beside what they count: how many objects a customer has, and how many refer to an object by a member of
// FIELD_COUNTED. To count 100,000 rows for each page of a list would cost more than the page.
#pragma once

#include "controller/store/db.h"
#include "controller/store/plan.h"

// Makes the tables. 0 or -errno.
int counts_schema(struct db *db);
// Counts all anew, at each start: a count that went wrong would be wrong for ever. 0 or -errno.
int counts_again(struct db *db);

// `step` more objects of the customer (NULL: of nobody). Unless it is one, the last of all, places in lists have moved (page.h). 0 or -errno.
int count_objects(struct db *db, const struct noun *noun, const char *customer, int64_t step);
// `step` more objects whose member of the column names `id`. 0 or -errno.
int count_users(struct db *db, const struct plan *plan, const struct column *column, const char *id, int64_t step);
// The object `id` is about to be stored as `after`, or to go (NULL): whom it referred to until now, and does from now on. 0 or -errno.
int count_moved(struct db *db, const struct plan *plan, const char *id, const void *after, bool is_new);
