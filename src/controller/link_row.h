// SPDX-License-Identifier: Apache-2.0
// What of the configuration a gateway gets: only what its own sessions can need. Rows of the stream, made on a store thread.
#pragma once

#include "controller/store/db.h"
#include "model/text.h"

// The kinds of objects in the stream, in the order of a snapshot.
struct link_kind {
	const struct noun *noun;
	const char *kind;
	const char *where; // which objects concern the gateway ?1
};
extern const struct link_kind link_kinds[];
#define LINK_KINDS 8

// Adds the put rows of at most `limit` objects of a kind after the id `after` (moved on). Gives their number, or a negative error.
int64_t link_rows(struct db *db, const struct link_kind *kind, const char *gateway, char *after, int64_t limit, struct text *out);
// The same for what came by an import. `after` is "" at first.
int64_t link_import_rows(struct db *db, const char *import, const char *gateway, char *after, int64_t limit, struct text *out);
// Adds the row of one changed object: put when it concerns the gateway, delete when it is gone or does not. 0 or a negative error.
int link_row(
	struct db *db, const struct link_kind *kind, const char *gateway, const char *id, int64_t revision, struct text *out);
