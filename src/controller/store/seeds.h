// SPDX-License-Identifier: Apache-2.0
#pragma once

struct db;
struct gateway;

// The two Redundancy Zones of a Regional Gateway. 0 or a negative error of db_insert.
int zones_plant(struct db *db, const struct gateway *gateway, const char *actor);
// The operators that policies may name; nothing when they are there.
int operators_plant(struct db *db);
