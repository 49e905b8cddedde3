// SPDX-License-Identifier: Apache-2.0
#include "controller/link_name.h"

#include "base/clean.h"

#include <stdio.h>
#include <stdlib.h>

void link_name(struct db *db, const struct noun *noun, struct field_ref *ref, char **customer)
{
	char sql[120];

	if (!ref->id || !noun->table)
		return;
	snprintf(sql, sizeof(sql), "SELECT moniker, name, customer FROM %s WHERE id = ?1", noun->table);
	sqlite3_stmt *statement = db_statement(db, sql);

	if (!statement)
		return;
	sqlite3_bind_text(statement, 1, ref->id, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		field_text_set(&ref->moniker, (const char *)sqlite3_column_text(statement, 0));
		field_text_set(&ref->name, (const char *)sqlite3_column_text(statement, 1));
		if (customer && sqlite3_column_text(statement, 2))
			field_text_set(customer, (const char *)sqlite3_column_text(statement, 2));
	}
	sqlite3_reset(statement);
}

void link_name_rows(struct db *db, json_t *rows)
{
	static const struct {
		const char *member;
		const struct noun *noun;
	} members[] = {{"routingTarget", &noun_target}, {"endpoint", &noun_endpoint}};
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) for (size_t m = 0; m < array_len(members); m++)
	{
		struct field_ref ref = {0};

		field_text_set(&ref.id, json_string_value(json_object_get(row, members[m].member)));
		link_name(db, members[m].noun, &ref, NULL);
		if (ref.id)
			json_object_set_new(row, members[m].member,
				json_pack("{s:s, s:s?, s:s?}", "id", ref.id, "moniker", ref.moniker, "name", ref.name));
		free(ref.id);
		free(ref.moniker);
		free(ref.name);
	}
}
