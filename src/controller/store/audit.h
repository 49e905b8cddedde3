// SPDX-License-Identifier: Apache-2.0
// The audit log: who changed what, before and after. A row is written in the transaction of the change itself, so that neither is there
// without the other; the number of rows is bounded, the oldest go first. Secrets never come here: that one was changed is all that is said.
#pragma once

#include "controller/store/db.h"
#include "model/audit.h"

// Makes the table. 0 or -errno.
int audit_schema(struct db *db);
// Notes a change of `object`, in its transaction: `before` is NULL for a new one, `after` for one that goes. `actor` is a token's or user's id.
void audit_change(struct db *db, const char *actor, const struct noun *noun, const void *before, const void *after);

// What was done without a change of an object: a detach, an import, a sign-in. `after` is JSON; it and the ids may be NULL.
struct audit_action {
	const char *actor, *customer; // ids
	const char *action; // "detach"
	const struct noun *noun;
	const char *id, *moniker, *after;
};
void audit_action(struct db *db, const struct audit_action *action);

struct audit_query {
	const char *customer; // whose rows
	bool platform; // and those of the platform
	const char *id; // only this row, or NULL
	const char *filter, *sort; // as the client wrote them, or NULL
	int64_t offset, limit;
};
// Newest first. 0; -EINVAL with one line in `why`; -EIO.
int audit_list(struct db *db, const struct audit_query *query, void (*each)(const struct audit *audit, void *context),
	void *context, int64_t *total, char why[200]);
