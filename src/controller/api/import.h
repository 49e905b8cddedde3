// SPDX-License-Identifier: Apache-2.0
// The part of the import of endpoints that the store must know.
#pragma once

struct db;

// Makes the tables; takes back what an import that a crash ended had stored. 0 or -errno.
int import_schema(struct db *db);
