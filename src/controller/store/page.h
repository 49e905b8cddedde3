// SPDX-License-Identifier: Apache-2.0
// Where the pages of long lists begin: for each customer's objects of a noun the id at every thousandth place, so that a page far down the
// list is found without walking there.
//
// New objects come at the end, since their ids follow the time; only what is deleted, or shown by an import, moves those behind it: then
// the version of the count (count.h) is another, and the places are found anew, as far as they are asked for. What is younger than some
// seconds is never a place: two threads may have made ids of one millisecond in either order. Each connection has its own.
#pragma once

#include "controller/store/db.h"
#include "controller/store/plan.h"

struct pages;

// Moves `offset` of the customer's list in the order of ids to what is left of it behind the object `from` (of 37 octets), that one
// included. False when there is no such place: the list is walked from its beginning. Not while an import is under way.
bool page_start(struct db *db, const struct plan *plan, const char *customer, int64_t *offset, char *from);
struct pages *pages_new(void);
void pages_free(struct pages **pages);
