// SPDX-License-Identifier: Apache-2.0
// Rows of a bulk body, CSV or NDJSON, one by one, as the JSON objects that a POST of each would be.
#pragma once

#include "model/field.h"

#include <jansson.h>

struct ruling;
struct text;

enum bulk_format { BULK_CSV = 1, BULK_NDJSON };

#define BULK_COLUMNS_MAX 64

struct bulk_rows {
	const struct noun *noun;
	enum bulk_format format;
	const char *start, *at, *end; // the body, borrowed
	size_t row; // the number of the last one, from 1; the head of a CSV does not count
	struct {
		const struct field *field; // NULL = a column of what the platform sets: ignored
		char *name;
	} columns[BULK_COLUMNS_MAX];
	size_t column_count;
};

// Takes the head of a CSV. False with faults in `ruling`: nothing can be read.
bool bulk_rows_init(struct bulk_rows *rows, const struct noun *noun, enum bulk_format format, const char *body, size_t len,
	struct ruling *ruling);
void bulk_rows_fini(struct bulk_rows *rows);
// Back to the first row.
void bulk_rows_rewind(struct bulk_rows *rows);
// False at the end. `*out` is the row, the caller's; NULL with a fault in `ruling` when it cannot be read.
bool bulk_rows_next(struct bulk_rows *rows, struct ruling *ruling, json_t **out);
// Appends a value as a field of a CSV, quoted where RFC 4180 asks for it.
void bulk_put_cell(struct text *out, const char *value);
