// SPDX-License-Identifier: Apache-2.0
// The schemas of nouns, parts and rows, from their field tables: what is read ("Vslice": every member, always) and what may be
// written ("VsliceWrite").
#include "controller/api/openapi.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const json_t *openapi_shape(const struct writing *writing, const char *group, const char *name)
{
	return json_object_get(json_object_get(writing->shapes, group), name);
}

void openapi_json(struct text *out, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	text_add(out, text ? text : "{}");
	free(text);
}

// "routing-target" -> "RoutingTarget".
static char *schema_name(const struct noun *noun, char out[48])
{
	size_t used = 0;
	bool up = true;

	// NOLINTNEXTLINE(clang-analyzer-core.NullDereference): what writes has a noun
	for (const char *c = noun->word; *c && used < 47; c++) {
		if (*c != '-')
			out[used++] = up ? (char)toupper((unsigned char)*c) : *c;
		up = *c == '-';
	}
	out[used] = '\0';
	return out;
}

void openapi_ref(struct text *out, const struct noun *noun, const char *suffix)
{
	char name[48];

	text_format(out, "{\"$ref\":\"#/components/schemas/%s%s\"}", schema_name(noun, name), suffix);
}

static void put_words(struct text *out, const struct word *words)
{
	for (const struct word *word = words; word->key; word++) {
		text_add(out, word == words ? "" : ",");
		text_json(out, word->moniker);
	}
}

// The schema of one member, as a sequence of JSON members without braces.
static void put_read_type(struct text *out, const struct field *field)
{
	switch (field->type) {
	case FIELD_TEXT:
		text_add(out, "\"type\":[\"string\",\"null\"]");
		break;
	case FIELD_TIME:
		text_add(out, "\"type\":[\"string\",\"null\"],\"format\":\"date-time\"");
		break;
	case FIELD_INT:
		text_add(out, "\"type\":[\"integer\",\"null\"]");
		break;
	case FIELD_BOOL:
		text_add(out, "\"type\":[\"boolean\",\"null\"]");
		break;
	case FIELD_ENUM:
		text_add(out,
			"\"anyOf\":[{\"allOf\":[{\"$ref\":\"#/components/schemas/"
			"Enumeration\"},{\"properties\":{\"moniker\":{\"enum\":[");
		put_words(out, field->words);
		text_add(out, "]}}}]},{\"type\":\"null\"}]");
		break;
	case FIELD_REF:
		if (field->put) {
			text_add(out, "\"type\":[\"object\",\"null\"]");
			break;
		}
		text_add(out,
			field->flags & (FIELD_FLAT | FIELD_FLAT_ID)
				? "\"type\":[\"string\",\"null\"]"
				: "\"anyOf\":[{\"$ref\":\"#/components/schemas/Reference\"},{\"type\":\"null\"}]");
		break;
	case FIELD_TEXTS:
		text_add(out, "\"type\":\"array\",\"items\":{\"type\":\"string\"}");
		break;
	case FIELD_ROWS:
		text_add(out, "\"type\":\"array\",\"items\":");
		openapi_ref(out, field->noun, "");
		break;
	case FIELD_OBJECT:
		text_add(out, "\"anyOf\":[");
		openapi_ref(out, field->noun, "");
		text_add(out, ",{\"type\":\"null\"}]");
		break;
	case FIELD_RAW:
		text_add(out, "\"type\":[\"object\",\"array\",\"null\"]");
		break;
	}
}

static void put_write_type(struct text *out, const struct field *field)
{
	switch (field->type) {
	case FIELD_TEXT:
		text_add(out, "\"type\":[\"string\",\"null\"]");
		if (field->max)
			text_format(out, ",\"maxLength\":%lld", (long long)field->max);
		break;
	case FIELD_INT:
		text_add(out, "\"type\":[\"integer\",\"null\"]");
		if (field->max)
			text_format(out, ",\"minimum\":%lld,\"maximum\":%lld", (long long)field->min, (long long)field->max);
		break;
	case FIELD_ENUM:
		text_add(out, "\"anyOf\":[{\"enum\":[\"\",");
		put_words(out, field->words);
		text_add(out, "]},{\"$ref\":\"#/components/schemas/Enumeration\"},{\"type\":\"null\"}]");
		break;
	case FIELD_REF:
		text_add(out,
			"\"anyOf\":[{\"type\":\"string\",\"maxLength\":100},{\"$ref\":\"#/components/schemas/"
			"ReferenceWrite\"},{\"type\":\"null\"}]");
		break;
	case FIELD_TEXTS:
	case FIELD_ROWS:
		text_add(out, "\"type\":[\"array\",\"null\"]");
		if (field->max)
			text_format(out, ",\"maxItems\":%lld", (long long)field->max);
		text_add(out, ",\"items\":");
		if (field->type == FIELD_ROWS)
			openapi_ref(out, field->noun, "Write");
		else
			text_add(out, "{\"type\":\"string\"}");
		break;
	case FIELD_OBJECT:
		text_add(out, "\"anyOf\":[");
		openapi_ref(out, field->noun, "Write");
		text_add(out, ",{\"type\":\"null\"}]");
		break;
	default:
		put_read_type(out, field);
		break;
	}
}

static void put_description(struct text *out, const struct field *field)
{
	char accepts[400], all[900];

	snprintf(all, sizeof(all), "%s. Accepted: %s%s%s%s%s.", field->help, field_accepts(field, accepts, sizeof(accepts)),
		field->visible.field ? "; only when " : "", field->visible.field ? field->visible.field : "",
		field->visible.field ? " is " : "", field->visible.field ? field->visible.is : "");
	text_add(out, ",\"description\":");
	text_json(out, all);
}

static void put_property(struct text *out, bool *any, const char *name, const char *suffix)
{
	text_format(out, "%s\"%s%s\":{", *any ? "," : "", name, suffix);
	*any = true;
}

static void put_read_property(const struct writing *writing, const struct noun *noun, const struct field *field, bool *any)
{
	struct text *out = writing->out;
	const json_t *member;
	char path[120];

	if (field->flags & FIELD_SECRET) {
		put_property(out, any, field->name, "Set");
		text_add(out, "\"type\":\"boolean\"}");
		if (!(field->flags & FIELD_BLANK))
			return;
		put_property(out, any, field->name, "");
		text_add(out, "\"enum\":[\"\",null]}");
		return;
	}
	snprintf(path, sizeof(path), "%s.%s", noun->word, field->name);
	member = openapi_shape(writing, "members", path);
	put_property(out, any, field->name, "");
	if (member) { // without its braces: a description follows
		text_add(out, "\"allOf\":[");
		openapi_json(out, member);
		text_char(out, ']');
	} else {
		put_read_type(out, field);
	}
	put_description(out, field);
	text_char(out, '}');
}

static void put_read_schema(const struct writing *writing, const struct noun *noun)
{
	struct text *out = writing->out;
	bool any = false;
	char name[48];

	text_format(out, ",\"%s\":{\"type\":\"object\",\"additionalProperties\":false,\"description\":", schema_name(noun, name));
	text_json(out, noun->help);
	text_add(out, ",\"properties\":{");
	for (size_t i = 0; i < noun->field_count; i++)
		if (!(noun->fields[i].flags & (FIELD_HIDDEN | FIELD_INPUT)))
			put_read_property(writing, noun, &noun->fields[i], &any);
	text_add(out, "},\"required\":[");
	any = false;
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];

		if (field->flags & (FIELD_HIDDEN | FIELD_INPUT))
			continue;
		text_format(out, "%s\"%s%s\"", any ? "," : "", field->name, field->flags & FIELD_SECRET ? "Set" : "");
		any = true;
	}
	text_add(out, "]}");
}

static void put_write_schema(struct text *out, const struct noun *noun)
{
	bool any = false;
	char name[48];

	text_format(out,
		",\"%sWrite\":{\"type\":\"object\",\"description\":\"Names match in any letter case; members that the platform "
		"sets are ignored.\","
		"\"properties\":{",
		schema_name(noun, name));
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];
		const char *spellings[] = {field->name, field->alias};

		for (int s = 0; s < 2 && !(field->flags & (FIELD_HIDDEN | FIELD_READ_ONLY)); s++) {
			if (!spellings[s])
				continue;
			put_property(out, &any, spellings[s], "");
			put_write_type(out, field);
			put_description(out, field);
			text_add(out, field->flags & FIELD_SECRET ? ",\"writeOnly\":true}" : "}");
		}
	}
	text_add(out, "},\"allOf\":[");
	any = false;
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];

		if (!(field->flags & FIELD_REQUIRED) || field->flags & FIELD_READ_ONLY)
			continue;
		text_format(out, "%s{\"anyOf\":[{\"required\":[\"%s\"]}", any ? "," : "", field->name);
		if (field->alias)
			text_format(out, ",{\"required\":[\"%s\"]}", field->alias);
		text_add(out, "]}");
		any = true;
	}
	text_add(out, any ? "]}" : "{}]}");
}

void openapi_schemas(const struct writing *writing, const struct noun *noun)
{
	put_read_schema(writing, noun);
	if (!(noun->flags & (NOUN_LIVE | NOUN_BUILT_IN)) || noun == &noun_capture)
		put_write_schema(writing->out, noun);
	for (size_t i = 0; i < noun->field_count; i++)
		if (noun->fields[i].type == FIELD_ROWS || noun->fields[i].type == FIELD_OBJECT)
			openapi_schemas(writing, noun->fields[i].noun);
}
