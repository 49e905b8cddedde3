// SPDX-License-Identifier: Apache-2.0
// One SQL row to a struct and back, by the plan. Internal to the store.
#pragma once

#include "controller/store/db.h"
#include "controller/store/plan.h"

#define ROW_PLACE_TEXT 200
// Where a secret stands, as the seal is bound to it.
void row_place(const struct plan *plan, const struct column *column, const char *id, char out[ROW_PLACE_TEXT]);
int row_load(struct db *db, const struct plan *plan, sqlite3_stmt *statement, void *object, bool with_secrets);
int row_bind(struct db *db, const struct plan *plan, sqlite3_stmt *statement, const struct object *object, const char *owner);
// The row and the lists inside it.
int object_load(struct db *db, const struct plan *plan, sqlite3_stmt *statement, bool with_secrets, void **out);
