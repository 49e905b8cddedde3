// SPDX-License-Identifier: Apache-2.0
#include "cli/print.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "cli/text.h"

// What a reference or an enumeration is called; NULL when the object is neither.
static const char *called(const json_t *object)
{
	static const char *const names[] = {"moniker", "name", "id"};

	for (size_t i = 0; i < array_len(names); i++) {
		const json_t *value = json_object_get(object, names[i]);

		if (json_is_string(value) && *json_string_value(value))
			return json_string_value(value);
	}
	return NULL;
}

static char *list_text(const json_t *list)
{
	char *text = NULL;
	size_t len = 0, i;
	FILE *out = open_memstream(&text, &len);
	json_t *item;

	if (!out)
		return NULL;
	json_array_foreach(list, i, item)
	{
		_cleanup_free_ char *one = print_text(item);

		fprintf(out, "%s%s", i ? ", " : "", one ? one : "");
	}
	fclose(out);
	return text;
}

char *print_text(const json_t *value)
{
	char text[64];

	if (!value || json_is_null(value) || (json_is_array(value) && !json_array_size(value)))
		return strdup("-");
	if (json_is_string(value))
		return strdup(*json_string_value(value) ? json_string_value(value) : "-");
	if (json_is_boolean(value))
		return strdup(json_is_true(value) ? "yes" : "no");
	if (json_is_integer(value)) {
		snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return strdup(text);
	}
	if (json_is_array(value))
		return list_text(value);
	if (json_is_object(value) && called(value))
		return strdup(called(value));
	return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

// A member by "a.b".
static const json_t *member(const json_t *object, const char *path, size_t len)
{
	while (object && len) {
		size_t part = 0;
		const char *key;
		json_t *value, *found = NULL;

		while (part < len && path[part] != '.')
			part++;
		json_object_foreach((json_t *)object, key, value) if (name_matches(path, part, key)) found = value;
		object = found;
		path += part;
		len -= part;
		if (len) {
			path++;
			len--;
		}
	}
	return object;
}

static char *upper(const char *text, size_t len)
{
	char *copy = strndup(text, len);

	for (char *at = copy; at && *at; at++)
		*at = (char)toupper((unsigned char)*at);
	return copy;
}

struct columns {
	const char *names[64];
	size_t lens[64], count;
};

static void add_column(struct columns *columns, const char *name, size_t len)
{
	if (columns->count == array_len(columns->names))
		return;
	columns->names[columns->count] = name;
	columns->lens[columns->count++] = len;
}

bool print_is_empty(const json_t *value)
{
	if (json_is_string(value))
		return !*json_string_value(value);
	return !value || json_is_null(value) ||
		((json_is_array(value) || json_is_object(value)) && !json_array_size(value) && !json_object_size(value));
}

// Without a table that says it: the members of the objects, in their order, that are not empty in all of them; ids are noise.
static void columns_of_objects(struct columns *columns, const json_t *list)
{
	const json_t *first = json_array_get(list, 0), *item;
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach((json_t *)first, key, value)
	{
		bool any = false;

		json_array_foreach((json_t *)list, i, item) any = any || !print_is_empty(json_object_get(item, key));
		if (any && strcmp(key, "id") != 0)
			add_column(columns, key, strlen(key));
	}
}

static void choose_columns(struct columns *columns, const struct noun *noun, const char *wanted, const json_t *list)
{
	columns->count = 0;
	for (; wanted && *wanted; wanted += wanted[strcspn(wanted, ",")] ? strcspn(wanted, ",") + 1 : strcspn(wanted, ","))
		if (strcspn(wanted, ","))
			add_column(columns, wanted, strcspn(wanted, ","));
	for (size_t i = 0; !columns->count && noun && i < noun->field_count; i++) {
		if (!(noun->fields[i].flags & FIELD_SUMMARY))
			continue;
		// The rest of the table's summary follows the first.
		for (; i < noun->field_count; i++)
			if (noun->fields[i].flags & FIELD_SUMMARY)
				add_column(columns, noun->fields[i].name, strlen(noun->fields[i].name));
	}
	if (!columns->count)
		columns_of_objects(columns, list);
}

static const char *label_of(const struct noun *noun, const char *name, size_t len)
{
	for (size_t i = 0; noun && i < noun->field_count; i++)
		if (name_matches(name, len, noun->fields[i].name))
			return noun->fields[i].label;
	return NULL;
}

static char *head_of(const struct noun *noun, const char *name, size_t len)
{
	const char *label = label_of(noun, name, len);
	char option[96];
	char *copy;

	if (label)
		return upper(label, strlen(label));
	copy = strndup(name, len < 90 ? len : 90);
	if (!copy)
		return NULL;
	name_as_option(copy, option);
	free(copy);
	for (char *at = option; *at; at++)
		*at = *at == '-' ? ' ' : *at;
	return upper(option, strlen(option));
}

static void print_table(FILE *out, const struct noun *noun, const char *wanted, const json_t *list, unsigned indent)
{
	struct columns columns;
	struct grid grid = {0};
	json_t *item;
	size_t i;

	choose_columns(&columns, noun, wanted, list);
	if (!columns.count)
		return;
	grid.columns = columns.count;
	for (size_t c = 0; c < columns.count; c++)
		grid_add(&grid, head_of(noun, columns.names[c], columns.lens[c]));
	json_array_foreach((json_t *)list, i, item) for (size_t c = 0; c < columns.count; c++)
		grid_add(&grid, print_text(member(item, columns.names[c], columns.lens[c])));
	grid_print(out, &grid, indent);
	grid_fini(&grid);
}

// RFC 4180: a field with a comma, a quote or a line end is quoted, its quotes doubled.
static void print_csv_cell(FILE *out, const char *text, bool last)
{
	if (strpbrk(text, ",\"\r\n")) {
		fputc('"', out);
		for (; *text; text++)
			fprintf(out, "%s%c", *text == '"' ? "\"" : "", *text);
		fputc('"', out);
	} else {
		fputs(text, out);
	}
	fputs(last ? "\r\n" : ",", out);
}

static void print_csv(FILE *out, const struct noun *noun, const char *wanted, const json_t *list)
{
	struct columns columns;
	json_t *item;
	size_t i;

	choose_columns(&columns, noun, wanted, list);
	for (size_t c = 0; c < columns.count; c++) {
		_cleanup_free_ char *name = strndup(columns.names[c], columns.lens[c]);

		print_csv_cell(out, name ? name : "", c + 1 == columns.count);
	}
	json_array_foreach((json_t *)list, i, item)
	{
		for (size_t c = 0; c < columns.count; c++) {
			const json_t *value = member(item, columns.names[c], columns.lens[c]);
			_cleanup_free_ char *text = print_is_empty(value) ? NULL : print_text(value);

			print_csv_cell(out, text ? text : "", c + 1 == columns.count);
		}
	}
}

static bool is_table(const json_t *value)
{
	return json_is_object(json_array_get(value, 0)) &&
		!(json_object_size(json_array_get(value, 0)) <= 4 && called(json_array_get(value, 0)));
}

// How people call a member; "tunnelSecretSet" stands for a secret that is not shown. The caller frees it.
static char *label_text(const struct noun *noun, const char *key)
{
	size_t len = strlen(key);
	const char *label = label_of(noun, key, len);
	char *text;

	if (!label && len > 3 && strcmp(key + len - 3, "Set") == 0 && (label = label_of(noun, key, len - 3)))
		return asprintf(&text, "%s set", label) < 0 ? NULL : text;
	return strdup(label ? label : key);
}

static void print_members(FILE *out, const struct noun *noun, const json_t *object, unsigned indent)
{
	struct grid grid = {.columns = 2};
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		bool inner = json_is_object(value) && !called(value);

		if (print_is_empty(value) || inner || is_table(value))
			continue;
		grid_add(&grid, label_text(noun, key));
		grid_add(&grid, print_text(value));
	}
	grid_print(out, &grid, indent);
	grid_fini(&grid);
}

static void print_sections(FILE *out, const struct noun *noun, const json_t *object, unsigned indent)
{
	const char *key;
	json_t *value;

	print_members(out, noun, object, indent);
	json_object_foreach((json_t *)object, key, value)
	{
		const struct field *field = noun ? field_find(noun, key) : NULL;
		const char *label = label_of(noun, key, strlen(key));
		bool inner = json_is_object(value) && !called(value);

		if (print_is_empty(value) || !(inner || is_table(value)))
			continue;
		fprintf(out, "\n%*s%s\n", (int)indent, "", label ? label : key);
		if (inner)
			print_sections(out, field ? field->noun : NULL, value, indent + 2);
		else
			print_table(out, field ? field->noun : NULL, NULL, value, indent + 2);
	}
}

static void print_json(FILE *out, const json_t *value)
{
	json_dumpf(value, out, JSON_INDENT(2) | JSON_ENCODE_ANY);
	fputc('\n', out);
}

void print_list(FILE *out, enum format format, const struct noun *noun, const char *columns, const json_t *list)
{
	if (format == FORMAT_JSON)
		print_json(out, list);
	else if (format == FORMAT_YAML)
		print_yaml(out, list);
	else if (format == FORMAT_CSV)
		print_csv(out, noun, columns, list);
	else
		print_table(out, noun, columns, list, 0);
}

void print_object(FILE *out, enum format format, const struct noun *noun, const json_t *object)
{
	json_t *list;

	if (format == FORMAT_JSON) {
		print_json(out, object);
	} else if (format == FORMAT_YAML) {
		print_yaml(out, object);
	} else if (format == FORMAT_CSV) {
		list = json_pack("[O]", object);
		print_csv(out, NULL, NULL, list);
		json_decref(list);
	} else {
		print_sections(out, noun, object, 0);
	}
}
