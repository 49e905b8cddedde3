// SPDX-License-Identifier: Apache-2.0
// A gateway tells the revision that it has applied whenever it applies one; an object is taken when each gateway that gets it has come to the
// object's revision. Which gateways get it follows the rows of link_row.c: an L2TP VSlice and what hangs on it concern its own Regional
// Gateway, joined or not; an Integrated one, and what all gateways get, every gateway that has ever joined.
#include "controller/taken.h"

#include "controller/store/uuid.h"

#include "model/endpoint.h"
#include "model/group.h"
#include "model/policy.h"
#include "model/slug.h"
#include "model/target.h"

#include <stdio.h>

// The gateway of a VSlice, and whether the VSlice is Integrated.
static const char of_vslice[] =
	"SELECT g.id, g.moniker, v.vslice_type = 1 FROM vslice v LEFT JOIN regional_gateway g ON g.id = v.regional_gateway "
	"WHERE v.id = ?1";
static const char of_all[] = "SELECT g.id, g.moniker FROM regional_gateway g WHERE EXISTS "
			     "(SELECT 1 FROM event_state s WHERE s.name = 'gateway/' || g.id)";

struct concerned {
	struct live *live;
	struct object *object;
	size_t count;
};

static void look_at(struct concerned *concerned, const char *gateway, const char *moniker)
{
	concerned->count++;
	if (live_config_revision(concerned->live, gateway) < concerned->object->revision)
		field_texts_add(&concerned->object->pending_gateways, moniker);
}

static void look_at_all(struct db *db, struct concerned *concerned)
{
	sqlite3_stmt *statement = db_statement(db, of_all);

	while (statement && sqlite3_step(statement) == SQLITE_ROW)
		look_at(concerned, (const char *)sqlite3_column_text(statement, 0),
			(const char *)sqlite3_column_text(statement, 1));
	if (statement)
		sqlite3_reset(statement);
}

// Whom a VSlice concerns.
struct home {
	char gateway[UUID_TEXT], moniker[MONIKER_TEXT]; // "" = none
	bool is_integrated;
};

static void home_find(struct db *db, const char *vslice, struct home *home)
{
	sqlite3_stmt *statement = db_statement(db, of_vslice);

	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, vslice, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		const char *gateway = (const char *)sqlite3_column_text(statement, 0);

		home->is_integrated = sqlite3_column_int(statement, 2);
		snprintf(home->gateway, sizeof(home->gateway), "%s", gateway ? gateway : "");
		snprintf(home->moniker, sizeof(home->moniker), "%s",
			gateway ? (const char *)sqlite3_column_text(statement, 1) : "");
	}
	sqlite3_reset(statement);
}

// The VSlices are few and the objects that ask for theirs many.
static void look_at_its(struct db *db, const char *vslice, struct concerned *concerned)
{
	const struct home *home = vslice ? db_known(db, vslice) : NULL;
	struct home found = {0};

	if (!vslice)
		return;
	if (!home) {
		home_find(db, vslice, &found);
		db_keep(db, vslice, &found, sizeof(found));
		home = &found;
	}
	if (home->is_integrated)
		look_at_all(db, concerned);
	else if (*home->gateway)
		look_at(concerned, home->gateway, home->moniker);
}

// The VSlice that an object of the noun hangs on; NULL = none.
static const struct field_ref *vslice_of(const struct noun *noun, const void *object)
{
	return noun == &noun_endpoint  ? &((const struct endpoint *)object)->vslice
		: noun == &noun_group  ? &((const struct group *)object)->vslice
		: noun == &noun_target ? &((const struct target *)object)->vslice
				       : &((const struct policy *)object)->vslice;
}

void taken_fill(struct db *db, struct live *live, const struct noun *noun, void *object)
{
	struct concerned concerned = {live, object, 0};

	if (noun == &noun_operator_policy || noun == &noun_regional_policy)
		look_at_all(db, &concerned);
	else if (noun == &noun_vslice)
		look_at_its(db, concerned.object->id, &concerned);
	else if (noun == &noun_endpoint || noun == &noun_group || noun == &noun_target || noun == &noun_policy)
		look_at_its(db, vslice_of(noun, object)->id, &concerned);
	else
		return;
	concerned.object->taken = concerned.object->pending_gateways.count ? TAKEN_PENDING
		: concerned.count					   ? TAKEN_BY_ALL
									   : TAKEN_BY_NONE;
}
