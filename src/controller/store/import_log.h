// SPDX-License-Identifier: Apache-2.0
// What an import under way has stored (api/import.c), so that it can be taken back.
#pragma once

struct db;

// Makes the tables; takes back what an import that a crash ended had stored. 0 or -errno.
int import_log_schema(struct db *db);
