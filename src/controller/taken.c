// SPDX-License-Identifier: Apache-2.0
// A gateway tells the revision that it has applied whenever it applies one; an object is taken when each gateway that gets it has come to the
// object's revision. Which gateways get it follows the rows of link_row.c: an L2TP VSlice and what hangs on it concern its own Regional
// Gateway, joined or not; an Integrated one, and what all gateways get, every gateway that has ever joined.
#include "controller/taken.h"

#include "model/account.h"

#include <string.h>

#define JOINED "EXISTS (SELECT 1 FROM event_state s WHERE s.name = 'gateway/' || g.id)"

static const char of_vslice[] =
	"SELECT g.id, g.moniker FROM vslice v JOIN regional_gateway g ON g.id = v.regional_gateway "
	"WHERE v.id = ?1 AND v.vslice_type <> 1 UNION ALL SELECT g.id, g.moniker FROM vslice v JOIN regional_gateway g "
	"WHERE v.id = ?1 AND v.vslice_type = 1 AND " JOINED;
static const char of_all[] = "SELECT g.id, g.moniker FROM regional_gateway g WHERE ?1 = ?1 AND " JOINED;
static const char of_itself[] = "SELECT g.id, g.moniker FROM regional_gateway g WHERE g.id = ?1";

// The VSlice that the object hangs on, NULL when it is in none.
static const char *vslice_of(const struct noun *noun, const void *object, bool *may_have)
{
	*may_have = true;
	if (noun == &noun_vslice)
		return ((const struct object *)object)->id;
	for (size_t i = 0; i < noun->field_count; i++)
		if (noun->fields[i].type == FIELD_REF && noun->fields[i].noun == &noun_vslice)
			return field_ref(&noun->fields[i], object)->id;
	*may_have = false;
	return NULL;
}

static void ask(struct db *db, struct live *live, const char *sql, const char *id, struct object *object)
{
	sqlite3_stmt *statement = db_statement(db, sql);
	size_t concerned = 0;

	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		concerned++;
		if (live_config_revision(live, (const char *)sqlite3_column_text(statement, 0)) < object->revision)
			field_texts_add(&object->pending_gateways, (const char *)sqlite3_column_text(statement, 1));
	}
	sqlite3_reset(statement);
	object->taken = object->pending_gateways.count ? TAKEN_PENDING : concerned ? TAKEN_BY_ALL : TAKEN_BY_NONE;
}

void taken_fill(struct db *db, struct live *live, const struct noun *noun, void *object)
{
	struct object *head = object;
	bool may_have;
	const char *vslice = vslice_of(noun, object, &may_have);

	if (!field_find(noun, "deliveryStatus"))
		return;
	if (noun == &noun_gateway)
		ask(db, live, of_itself, head->id, head);
	else if (vslice)
		ask(db, live, of_vslice, vslice, head);
	else if (may_have)
		head->taken = TAKEN_BY_NONE;
	else
		ask(db, live, of_all, head->id, head);
}
