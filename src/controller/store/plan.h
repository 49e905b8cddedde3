// SPDX-License-Identifier: Apache-2.0
// A plan: how a noun's struct lies in its SQL table. Made once from the field table; statements and DDL are written from it.
#pragma once

#include "model/noun.h"

#define COLUMN_TEXT 64

struct column {
	char name[COLUMN_TEXT]; // of a part's member: <part>_<member>
	const struct field *field;
	size_t offset; // of the member in the object's struct, through parts
	bool is_derived; // the row's SQL expression, not a column
	int result; // its place in the SELECT list; references take three: id, moniker, name
};

struct plan {
	const struct noun *noun;
	struct column *columns;
	size_t count;
	char *select; // "SELECT ... FROM table t LEFT JOIN ...", without WHERE
	char *select_lean; // the same with NULL for counts, which cost a walk over what they count
	char *by_id, *by_id_lean, *by_moniker, *by_owner; // the whole statements of the objects that are read one by one
	char *count_from; // "FROM table t LEFT JOIN ..." for counting with a filter
	char *insert, *update;
	const char
		*seen; // of NOUN_BULK: a condition that what an import under way has stored does not meet; NULL = none is needed
	bool is_light; // an object of it is read in some microseconds: no rows, nothing to count
};

// The head of every table, before the plan's columns, in the SELECT list.
enum plan_head {
	HEAD_ID = 0,
	HEAD_MONIKER,
	HEAD_NAME,
	HEAD_REVISION,
	HEAD_CHANGED,
	HEAD_CUSTOMER,
	HEAD_OWNER,
	HEAD_POSITION,
	HEAD_END
};

// Makes all plans; call once, before threads. 0 or -ENOMEM.
int plans_init(void);
void plans_fini(void);
const struct plan *plan_of(const struct noun *noun);
// The column or head member that a client names in sortBy and filter; writes the SQL expression into `out` (128 octets). NULL when
// there is none that can be sorted or filtered by.
const struct field *plan_expression(const struct plan *plan, const char *name, char out[128]);
// Calls `visit` for each noun that has a table: the nouns and the rows inside them, in an order in which tables can be made.
void plans_each(void (*visit)(const struct plan *plan, void *context), void *context);

static inline struct field plan_field(const struct column *column)
{
	struct field field = *column->field;

	field.offset = column->offset;
	return field;
}
