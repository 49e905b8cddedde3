// SPDX-License-Identifier: Apache-2.0
#include "cli/resource.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clean.h"
#include "cli/body.h"
#include "cli/print.h"

#define MEMBER_TEXT 256

void resource_fault(const struct resource_place *place, const char *member, const char *format, ...)
{
	char text[CLI_ERROR_TEXT], *line = NULL;
	va_list args;
	char **at;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (asprintf(&line, "%s%s%s: %s", place->where, *member ? ": " : "", member, text) < 0)
		return;
	at = vec_add(&place->faults->lines);
	if (at)
		*at = line;
	else
		free(line);
}

void resource_faults_fini(struct resource_faults *faults)
{
	vec_each (&faults->lines, line)
		free(*line);
	vec_free(&faults->lines);
}

bool resource_is_writable(const struct noun *noun)
{
	return noun->path && !(noun->flags & (NOUN_LIVE | NOUN_BUILT_IN | NOUN_ROW | NOUN_PART));
}

bool resource_is_built_in(const struct noun *noun, const json_t *answer)
{
	return json_is_true(json_object_get(answer, "isFixed")) ||
		(noun->flags & NOUN_SHARED && json_is_null(json_object_get(answer, "customerId")));
}

static json_t *take_object(
	const struct noun *noun, const json_t *document, const char *prefix, const struct resource_place *place);

// {"fromFile": "secrets/tunnel"} or {"fromEnv": "TUNNEL_SECRET"}: a text that shall not stand in the file. NULL and a fault.
static json_t *look_up(const json_t *reference, const char *member, const struct resource_place *place)
{
	const char *file = json_string_value(json_object_get(reference, "fromFile"));
	const char *name = json_string_value(json_object_get(reference, "fromEnv"));
	_cleanup_free_ char *path = NULL, *text = NULL;
	char error[CLI_ERROR_TEXT];

	if (json_object_size(reference) != 1 || (!file && !name)) {
		resource_fault(place, member, "a text is wanted, or {fromFile: PATH}, or {fromEnv: NAME}");
		return NULL;
	}
	if (name) {
		if (getenv(name))
			return json_string(getenv(name));
		resource_fault(place, member, "the environment has no %.100s", name);
		return NULL;
	}
	if (asprintf(&path, "%s%s%s", *file != '/' && place->folder ? place->folder : "",
		    *file != '/' && place->folder ? "/" : "", file) < 0)
		return NULL;
	text = body_read_file(path, error);
	if (!text)
		resource_fault(place, member, "%s", error);
	return text ? json_string(text) : NULL;
}

// What reads show of a reference or an enumeration may be written back.
static const char *called(const json_t *value)
{
	static const char *const names[] = {"moniker", "id", "name"};

	for (size_t i = 0; i < array_len(names); i++)
		if (json_is_string(json_object_get(value, names[i])))
			return json_string_value(json_object_get(value, names[i]));
	return NULL;
}

// A member with one value: what YAML and JSON write for it becomes what the row wants.
static json_t *take_scalar(const struct field *field, const json_t *value, const char *member, const struct resource_place *place)
{
	struct option option = {.name = member, .name_len = strlen(member)};
	bool is_name = field->type == FIELD_REF || field->type == FIELD_ENUM;
	bool is_typed = field->type == FIELD_INT || field->type == FIELD_BOOL;
	char error[CLI_ERROR_TEXT], digits[32];
	json_t *out = NULL;

	if (json_is_object(value) && is_name && called(value))
		return json_string(called(value));
	if (json_is_object(value))
		return look_up(value, member, place);
	if (json_is_integer(value) && !is_typed) {
		snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return json_string(digits);
	}
	if ((json_is_integer(value) && field->type == FIELD_INT) || (json_is_boolean(value) && field->type == FIELD_BOOL) ||
		(json_is_string(value) && !is_typed))
		return json_incref((json_t *)value);
	option.value = json_string_value(value);
	if (!option.value || *option.value == '@') {
		resource_fault(place, member, "%s is wanted",
			field->type == FIELD_INT	    ? "a number"
				: field->type == FIELD_BOOL ? "yes or no"
							    : "a text");
		return NULL;
	}
	if (body_value(field, &option, NULL, &out, error) < 0)
		resource_fault(place, member, "%s", error + strlen(member) + 4); // without "--member: "
	return out;
}

static json_t *take_texts(const json_t *value, const char *member, const struct resource_place *place)
{
	static const struct field text = {.name = "", .type = FIELD_TEXT};
	json_t *list = json_array(), *item;
	size_t i;

	if (!json_is_array(value))
		resource_fault(place, member, "a list is wanted");
	json_array_foreach((json_t *)value, i, item)
	{
		char name[MEMBER_TEXT];

		snprintf(name, sizeof(name), "%.200s[%zu]", member, i);
		item = take_scalar(&text, item, name, place);
		if (item)
			json_array_append_new(list, item);
	}
	return list;
}

static json_t *take_rows(const struct noun *noun, const json_t *value, const char *member, const struct resource_place *place)
{
	json_t *list = json_array(), *item;
	size_t i;

	if (!json_is_array(value))
		resource_fault(place, member, "a list is wanted");
	json_array_foreach((json_t *)value, i, item)
	{
		char name[MEMBER_TEXT];

		snprintf(name, sizeof(name), "%.200s[%zu]", member, i);
		if (json_is_object(item))
			json_array_append_new(list, take_object(noun, item, name, place));
		else
			resource_fault(place, name, "members are wanted, \"name: value\"");
	}
	return list;
}

static json_t *take_value(const struct field *field, const json_t *value, const char *member, const struct resource_place *place)
{
	bool is_list = field->type == FIELD_TEXTS || field->type == FIELD_ROWS;

	if (json_is_null(value))
		return is_list ? json_array() : json_null();
	if (field->type == FIELD_TEXTS)
		return take_texts(value, member, place);
	if (field->type == FIELD_ROWS)
		return take_rows(field->noun, value, member, place);
	if (field->type != FIELD_OBJECT)
		return take_scalar(field, value, member, place);
	if (json_is_object(value))
		return take_object(field->noun, value, member, place);
	resource_fault(place, member, "members are wanted, \"name: value\"");
	return NULL;
}

// "tunnelSecretSet", which reads show in a secret's place.
static bool is_secret_mark(const struct noun *noun, const char *name)
{
	for (size_t i = 0; i < noun->field_count; i++) {
		size_t len = strlen(noun->fields[i].name);

		if (noun->fields[i].flags & FIELD_SECRET && strncasecmp(name, noun->fields[i].name, len) == 0 &&
			strcasecmp(name + len, "Set") == 0)
			return true;
	}
	return false;
}

static json_t *take_object(
	const struct noun *noun, const json_t *document, const char *prefix, const struct resource_place *place)
{
	json_t *out = json_object(), *value;
	const char *key;

	json_object_foreach((json_t *)document, key, value)
	{
		const struct field *field = field_find(noun, key);
		char member[MEMBER_TEXT];
		bool is_id = noun->flags & NOUN_ROW && strcasecmp(key, "id") == 0; // tells which row it was

		snprintf(member, sizeof(member), "%s%s%s", prefix, *prefix ? "." : "", key);
		if ((!*prefix && strcmp(key, RESOURCE_KIND) == 0) || is_secret_mark(noun, key))
			continue;
		if (!field || field->flags & FIELD_HIDDEN) {
			resource_fault(place, member, "a %s has no such member", noun->title);
			continue;
		}
		if (field->flags & FIELD_READ_ONLY && !is_id)
			continue;
		value = take_value(field, value, member, place);
		if (value)
			json_object_set_new(out, field->name, value);
	}
	return out;
}

json_t *resource_from_document(const struct noun *noun, const json_t *document, const struct resource_place *place)
{
	return take_object(noun, document, "", place);
}

static bool is_default(const struct field *field, const json_t *value)
{
	char digits[32];

	if (!field->initial)
		return false;
	if (json_is_boolean(value))
		return json_is_true(value) == (strcmp(field->initial, "true") == 0);
	snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return strcmp(json_is_integer(value)	       ? digits
			       : json_is_string(value) ? json_string_value(value)
						       : "",
		       field->initial) == 0;
}

static json_t *give_object(const struct noun *noun, const json_t *answer, bool brief);

static json_t *give_value(const struct field *field, const json_t *value, bool brief)
{
	json_t *list, *item;
	size_t i;

	if (field->type == FIELD_OBJECT)
		return give_object(field->noun, value, brief);
	if ((field->type == FIELD_REF || field->type == FIELD_ENUM) && json_is_object(value))
		return called(value) ? json_string(called(value)) : json_null();
	if (field->type != FIELD_ROWS)
		return json_incref((json_t *)value);
	list = json_array();
	json_array_foreach((json_t *)value, i, item) json_array_append_new(list, give_object(field->noun, item, brief));
	return list;
}

static json_t *give_object(const struct noun *noun, const json_t *answer, bool brief)
{
	json_t *out = json_object();

	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];
		const json_t *value = json_object_get(answer, field->name);
		json_t *given;

		if (field->flags & (FIELD_READ_ONLY | FIELD_HIDDEN | FIELD_INPUT | FIELD_SECRET) || print_is_empty(value))
			continue;
		given = give_value(field, value, brief);
		if ((brief && is_default(field, given)) || (json_is_object(given) && !json_object_size(given)))
			json_decref(given);
		else
			json_object_set_new(out, field->name, given);
	}
	return out;
}

json_t *resource_from_answer(const struct noun *noun, const json_t *answer, bool brief)
{
	return give_object(noun, answer, brief);
}
