// SPDX-License-Identifier: Apache-2.0
// CSV as of RFC 4180: a head with the members' names, then a row a line; lists are separated by semicolons, an empty field is an absent
// member. NDJSON: an object a line. Blank lines are no rows.
#include "controller/api/bulk_row.h"

#include "model/noun.h"
#include "model/ruling.h"
#include "model/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_blank_line(const struct bulk_rows *rows)
{
	return *rows->at == '\n' || (*rows->at == '\r' && rows->at + 1 < rows->end && rows->at[1] == '\n');
}

static void skip_blank_lines(struct bulk_rows *rows)
{
	while (rows->at < rows->end && is_blank_line(rows))
		rows->at += *rows->at == '\r' ? 2 : 1;
}

static bool ends_cell(char c)
{
	return c == ',' || c == '\n' || c == '\r';
}

// One field into `cell`. True when another follows on the line. A quoted field may hold commas, line ends and doubled quotes.
static bool take_cell(struct bulk_rows *rows, struct text *cell, bool *broken)
{
	bool quoted = rows->at < rows->end && *rows->at == '"';

	for (rows->at += quoted; rows->at < rows->end; rows->at++) {
		if (quoted && *rows->at == '"') {
			if (rows->at + 1 == rows->end || rows->at[1] != '"') {
				rows->at++;
				quoted = false;
				break;
			}
			rows->at++;
		} else if (!quoted && ends_cell(*rows->at)) {
			break;
		}
		text_char(cell, *rows->at);
	}
	*broken |= quoted || (rows->at < rows->end && !ends_cell(*rows->at));
	while (rows->at < rows->end && *rows->at != ',' && *rows->at != '\n')
		rows->at++;
	if (rows->at == rows->end)
		return false;
	return *rows->at++ == ',';
}

static const struct field *column_field(const struct bulk_rows *rows, const char *name, struct ruling *ruling)
{
	const struct field *field = field_find(rows->noun, name);

	if (!field || field->flags & FIELD_HIDDEN)
		ruling_fault(ruling, name,
			"is not a member of %s; the first line of a CSV names the members, such as iccid,imsis",
			rows->noun->title);
	else if (!(field->flags & FIELD_READ_ONLY))
		return field;
	return NULL;
}

static bool take_head(struct bulk_rows *rows, struct ruling *ruling)
{
	bool more = true, broken = false;

	skip_blank_lines(rows);
	while (more) {
		struct text cell = {0};

		more = take_cell(rows, &cell, &broken);
		if (rows->column_count == BULK_COLUMNS_MAX) {
			ruling_fault(ruling, "body", "has more than %d columns; leave some out", BULK_COLUMNS_MAX);
			text_fini(&cell);
			return false;
		}
		char *name = cell.bytes ? text_take(&cell, NULL) : strdup("");

		if (!name)
			abort();
		for (size_t i = 0; i < rows->column_count; i++)
			if (strcasecmp(rows->columns[i].name, name) == 0)
				ruling_fault(ruling, name, "stands in the first line twice; leave one out");
		rows->columns[rows->column_count].name = name;
		rows->columns[rows->column_count++].field = column_field(rows, name, ruling);
	}
	rows->start = rows->at;
	if (broken)
		ruling_fault(ruling, "body", "has a broken quotation in its first line; double the quotes inside a quoted field");
	return !ruling->fault_count;
}

bool bulk_rows_init(struct bulk_rows *rows, const struct noun *noun, enum bulk_format format, const char *body, size_t len,
	struct ruling *ruling)
{
	*rows = (struct bulk_rows){.noun = noun, .format = format, .start = body, .at = body, .end = body + len};
	if (len >= 3 && memcmp(body, "\xef\xbb\xbf", 3) == 0) // the mark that spreadsheets put in front
		rows->start = rows->at = body + 3;
	return format == BULK_NDJSON || take_head(rows, ruling);
}

void bulk_rows_fini(struct bulk_rows *rows)
{
	for (size_t i = 0; i < rows->column_count; i++)
		free(rows->columns[i].name);
	rows->column_count = 0;
}

void bulk_rows_rewind(struct bulk_rows *rows)
{
	rows->at = rows->start;
	rows->row = 0;
}

static json_t *list_of(const char *text)
{
	json_t *list = json_array();

	while (list && *text) {
		size_t len = strcspn(text, ";");

		while (len && *text == ' ') {
			text++;
			len--;
		}
		if (len && json_array_append_new(list, json_stringn(text, len))) {
			json_decref(list);
			return NULL;
		}
		text += len + (text[len] == ';');
	}
	return list;
}

static json_t *value_of(const struct field *field, const char *text)
{
	char *rest;

	if (field->type == FIELD_TEXTS)
		return list_of(text);
	if (field->type == FIELD_BOOL && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0))
		return json_boolean(*text == 't');
	if (field->type == FIELD_INT) {
		long long number = strtoll(text, &rest, 10);

		if (*text && !*rest)
			return json_integer(number);
	}
	return json_string(text);
}

static json_t *next_csv(struct bulk_rows *rows, struct ruling *ruling)
{
	json_t *object = json_object();
	bool more = true, broken = false;
	size_t at = 0;

	if (!object)
		abort();
	for (; more; at++) {
		struct text cell = {0};

		more = take_cell(rows, &cell, &broken);
		if (cell.len && at < rows->column_count && rows->columns[at].field) {
			const struct field *field = rows->columns[at].field;
			json_t *value = strlen(cell.bytes) == cell.len ? value_of(field, cell.bytes) : NULL;

			if (value)
				json_object_set_new(object, field->name, value);
			else
				ruling_fault(ruling, field->name, "is not valid UTF-8; correct it");
		}
		text_fini(&cell);
	}
	if (broken)
		ruling_fault(ruling, "row", "has a broken quotation; double the quotes inside a quoted field");
	if (at != rows->column_count)
		ruling_fault(ruling, "row", "has %zu fields, the first line has %zu; give each column a field", at,
			rows->column_count);
	if (!ruling->fault_count)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *next_ndjson(struct bulk_rows *rows, struct ruling *ruling)
{
	const char *line = rows->at, *end = memchr(line, '\n', (size_t)(rows->end - line));
	json_error_t error;

	if (!end)
		end = rows->end;
	rows->at = end + (end < rows->end);
	json_t *object = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, &error);

	if (!object)
		ruling_fault(ruling, "row", "is not valid JSON at column %d: %.160s; correct it there", error.column, error.text);
	return object;
}

bool bulk_rows_next(struct bulk_rows *rows, struct ruling *ruling, json_t **out)
{
	skip_blank_lines(rows);
	if (rows->at >= rows->end)
		return false;
	rows->row++;
	*out = rows->format == BULK_CSV ? next_csv(rows, ruling) : next_ndjson(rows, ruling);
	return true;
}

void bulk_put_cell(struct text *out, const char *value)
{
	if (!value)
		return;
	if (!value[strcspn(value, ",\"\r\n")] && *value) {
		text_add(out, value);
		return;
	}
	text_char(out, '"');
	for (; *value; value++) {
		if (*value == '"')
			text_char(out, '"');
		text_char(out, *value);
	}
	text_char(out, '"');
}
