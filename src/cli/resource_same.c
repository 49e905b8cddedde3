// SPDX-License-Identifier: Apache-2.0
// What was written held against what the API answers.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clean.h"
#include "cli/print.h"
#include "cli/resource.h"
#include "model/json.h"

#define UNSEEN (FIELD_SECRET | FIELD_INPUT)

static bool object_same(const struct noun *noun, const json_t *written, const json_t *answered)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)written, key, value)
	{
		const struct field *field = field_find(noun, key);

		if (field && !resource_same(field, value, json_object_get(answered, field->name)))
			return false;
	}
	return true;
}

static bool text_same(const json_t *written, const json_t *answered)
{
	const char *a = json_string_value(written), *b = json_string_value(answered);

	return a && b && strcmp(a, b) == 0;
}

// A reference may be written as id, moniker or name.
static bool reference_same(const json_t *written, const json_t *answered)
{
	static const char *const names[] = {"moniker", "id", "name"};
	const char *text = json_string_value(written);

	if (json_is_string(answered))
		return text && strcasecmp(text, json_string_value(answered)) == 0;
	for (size_t i = 0; text && i < array_len(names); i++) {
		const char *name = json_string_value(json_object_get(answered, names[i]));

		if (name && strcasecmp(text, name) == 0)
			return true;
	}
	return false;
}

static bool word_same(const struct word *words, const json_t *written, const json_t *answered)
{
	const char *read =
		json_is_string(answered) ? json_string_value(answered) : json_string_value(json_object_get(answered, "moniker"));
	const struct word *word = json_is_string(written) ? word_find(words, json_string_value(written)) : NULL;

	return word && read && strcmp(word->moniker, read) == 0;
}

static bool time_same(const json_t *written, const json_t *answered)
{
	int64_t a, b;

	return json_is_string(written) && json_is_string(answered) && json_time_parse(json_string_value(written), &a) == 0 &&
		json_time_parse(json_string_value(answered), &b) == 0 && a == b;
}

static bool rows_same(const struct noun *noun, const json_t *written, const json_t *answered)
{
	json_t *row;
	size_t i;

	if (json_array_size(written) != json_array_size(answered))
		return false;
	json_array_foreach((json_t *)written, i, row) if (!object_same(noun, row, json_array_get(answered, i))) return false;
	return true;
}

bool resource_same(const struct field *field, const json_t *written, const json_t *answered)
{
	if (field->flags & UNSEEN)
		return true;
	if (print_is_empty(written) || print_is_empty(answered))
		return print_is_empty(written) && print_is_empty(answered);
	switch (field->type) {
	case FIELD_REF:
		return reference_same(written, answered);
	case FIELD_ENUM:
		return word_same(field->words, written, answered);
	case FIELD_TIME:
		return time_same(written, answered);
	case FIELD_ROWS:
		return rows_same(field->noun, written, answered);
	case FIELD_OBJECT:
		return object_same(field->noun, written, answered);
	case FIELD_TEXT:
		return text_same(written, answered);
	default:
		return json_equal(written, answered);
	}
}

bool resource_has_unseen(const struct noun *noun, const json_t *written)
{
	const char *key;
	json_t *value, *row;
	size_t i;

	json_object_foreach((json_t *)written, key, value)
	{
		const struct field *field = field_find(noun, key);

		if (!field)
			continue;
		if (field->flags & UNSEEN || (field->type == FIELD_OBJECT && resource_has_unseen(field->noun, value)))
			return true;
		if (field->type != FIELD_ROWS)
			continue;
		json_array_foreach(value, i, row) if (resource_has_unseen(field->noun, row)) return true;
	}
	return false;
}

// The first answered row for which `fits` says yes and that no other took.
static const char *claim(const struct noun *noun, const json_t *row, const json_t *answered, bool *taken, size_t same_place)
{
	for (size_t i = 0; i < json_array_size(answered); i++) {
		const json_t *candidate = json_array_get(answered, i);

		if (taken[i] || (same_place == SIZE_MAX ? !object_same(noun, row, candidate) : i != same_place))
			continue;
		taken[i] = true;
		return json_string_value(json_object_get(candidate, "id"));
	}
	return NULL;
}

static void keep_row_ids(const struct noun *noun, json_t *written, const json_t *answered)
{
	_cleanup_free_ bool *taken = calloc(json_array_size(answered) + 1, sizeof(*taken));
	json_t *row;
	size_t i;

	// Those that are the same wherever they stand go first, then those that stand where they stood.
	for (int pass = 0; taken && pass < 2; pass++)
		json_array_foreach(written, i, row)
		{
			const char *id;

			if (json_object_get(row, "id") || json_object_get(row, "moniker"))
				continue;
			id = claim(noun, row, answered, taken, pass ? i : SIZE_MAX);
			if (id)
				json_object_set_new(row, "id", json_string(id));
		}
}

void resource_keep_ids(const struct noun *noun, json_t *written, const json_t *answered)
{
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];
		json_t *rows = json_object_get(written, field->name);

		if (field->type == FIELD_ROWS && field_find(field->noun, "id") && !field_find(field->noun, "moniker"))
			keep_row_ids(field->noun, rows, json_object_get(answered, field->name));
	}
}
