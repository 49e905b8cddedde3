// SPDX-License-Identifier: Apache-2.0
// Audit entry rows. Read-only: the store writes them.
#include "model/audit.h"

#include "model/account.h"

#define AUDIT(row_type, extra, json, member, its_label, its_help)                                                                \
	{                                                                                                                        \
		.name = (json), .type = (row_type), .flags = FIELD_READ_ONLY | FIELD_LIVE | (extra),                             \
		FIELD_AT(struct audit, member), .label = (its_label), .help = (its_help)                                         \
	}

static const struct field audit_fields[] = {
	AUDIT(FIELD_TEXT, 0, "id", object.id, "Id", "The entry's number; later ones are greater"),
	AUDIT(FIELD_TIME, FIELD_SUMMARY, "time", time_ms, "Time", "When it was changed"),
	AUDIT(FIELD_TEXT, FIELD_SUMMARY, "actor", actor, "Actor",
		"The name of the API token that changed it; null for the platform"),
	AUDIT(FIELD_TEXT, 0, "actorId", actor_id, "Actor id", "The token's id"),
	AUDIT(FIELD_TEXT, FIELD_SUMMARY, "action", action, "Action", "create, change, delete or import"),
	AUDIT(FIELD_TEXT, FIELD_SUMMARY, "objectType", object_type, "Object type", "What kind of object it is, such as vslice"),
	AUDIT(FIELD_TEXT, 0, "objectId", object_id, "Object id", "The object's id"),
	AUDIT(FIELD_TEXT, FIELD_SUMMARY, "objectMoniker", object_moniker, "Object moniker", "The object's moniker at that time"),
	AUDIT(FIELD_RAW, 0, "before", before, "Before", "The members that were changed, as they were; null for a new object"),
	AUDIT(FIELD_RAW, 0, "after", after, "After", "The members that were changed, as they are; null for a deleted object"),
};

const struct noun noun_audit = {
	.word = "audit-entry",
	.title = "Audit Entry",
	.path = "auditlog",
	.spelling = "AuditLog",
	.help = "Who changed what, before and after",
	.size = sizeof(struct audit),
	.flags = NOUN_LIVE,
	.read_role = ROLE_ADMINISTRATOR,
	NOUN_FIELDS(audit_fields),
};
