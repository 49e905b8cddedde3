// SPDX-License-Identifier: Apache-2.0
// A body into an object. Every member is judged by its row alone here; what needs other members or other objects is object_judge's.
// Tolerance (the product's "Tolerance on write"): names match in any letter case; what a read shows may be written back; members
// that the platform sets are ignored; null and "" mean absent. A name that no row knows is refused by name.
#include "model/json.h"

#include "model/noun.h"
#include "model/ruling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ACCEPTS_TEXT 400

struct taking {
	struct ruling *ruling;
	enum json_verb verb;
};

static void take_object(const struct taking *taking, const struct noun *noun, const json_t *body, void *object);

static const char *json_kind(const json_t *value)
{
	static const char *const kinds[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "a list",
		[JSON_STRING] = "a text",
		[JSON_INTEGER] = "an integer",
		[JSON_REAL] = "a number",
		[JSON_TRUE] = "a boolean",
		[JSON_FALSE] = "a boolean",
		[JSON_NULL] = "null",
	};

	return kinds[json_typeof(value)];
}

static void fault_kind(const struct taking *taking, const struct field *field, const char *name, const json_t *value)
{
	char accepts[ACCEPTS_TEXT];

	ruling_fault(
		taking->ruling, name, "is %s; accepted: %s", json_kind(value), field_accepts(field, accepts, sizeof(accepts)));
}

static size_t text_characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

// A text of a TEXT or TEXTS row: its length and its form. Says what is wrong; true when nothing is.
static bool text_ok(const struct taking *taking, const struct field *field, const char *name, const json_t *value)
{
	const char *text = json_string_value(value);
	char accepts[ACCEPTS_TEXT];

	if (strlen(text) != json_string_length(value)) {
		ruling_fault(taking->ruling, name, "holds a NUL character; leave it out");
		return false;
	}
	size_t count = text_characters(text);
	bool is_item = field->type == FIELD_TEXTS;

	if (!is_item && ((field->max && count > (size_t)field->max) || count < (size_t)field->min)) {
		ruling_fault(taking->ruling, name, "is %zu characters long; accepted: %lld to %lld characters", count,
			(long long)field->min, (long long)field->max);
		return false;
	}
	if (is_item && (!count || count > 100)) {
		ruling_fault(taking->ruling, name, "is %zu characters long; accepted: 1 to 100 characters", count);
		return false;
	}
	if (field_format_ok(field->format, text))
		return true;
	if (field->flags & FIELD_SECRET)
		ruling_fault(taking->ruling, name, "has not the right form; accepted: %s", field_format_help(field->format));
	else
		ruling_fault(taking->ruling, name, "\"%.60s\" is not accepted; accepted: %s", text,
			is_item ? field_format_help(field->format) : field_accepts(field, accepts, sizeof(accepts)));
	return false;
}

static void take_text(const struct taking *taking, const struct field *field, const json_t *value, void *object)
{
	const char *text = json_string_value(value);

	if (!text) {
		fault_kind(taking, field, field->name, value);
	} else if (!*text && field->flags & FIELD_SECRET) {
		return; // a secret of "" keeps its value
	} else if (!*text && (field->min > 0 || field->format)) {
		field_reset(field, object);
	} else if (text_ok(taking, field, field->name, value)) {
		field_text_set(field_text(field, object), text);
	}
}

static void take_integer(const struct taking *taking, const struct field *field, const json_t *value, void *object)
{
	char accepts[ACCEPTS_TEXT];

	if (!json_is_integer(value)) {
		fault_kind(taking, field, field->name, value);
		return;
	}
	int64_t number = json_integer_value(value);

	if (field->max && (number < field->min || number > field->max))
		ruling_fault(taking->ruling, field->name, "%lld is out of range; accepted: %s", (long long)number,
			field_accepts(field, accepts, sizeof(accepts)));
	else
		*field_int(field, object) = number;
}

// The moniker, or what a read shows: {key, moniker, name, active}.
static void take_word(const struct taking *taking, const struct field *field, const json_t *value, void *object)
{
	const json_t *moniker = json_is_object(value) ? json_object_get(value, "moniker") : value;
	char accepts[ACCEPTS_TEXT];

	if (!json_is_string(moniker)) {
		fault_kind(taking, field, field->name, value);
		return;
	}
	const struct word *word = word_find(field->words, json_string_value(moniker));

	if (word)
		*field_int(field, object) = word->key;
	else
		ruling_fault(taking->ruling, field->name, "\"%.60s\" is not known; accepted: %s", json_string_value(moniker),
			field_accepts(field, accepts, sizeof(accepts)));
}

static void take_time(const struct taking *taking, const struct field *field, const json_t *value, void *object)
{
	char accepts[ACCEPTS_TEXT];
	int64_t ms;

	if (!json_is_string(value))
		fault_kind(taking, field, field->name, value);
	else if (json_time_parse(json_string_value(value), &ms))
		ruling_fault(taking->ruling, field->name, "\"%.60s\" is not a time; accepted: %s", json_string_value(value),
			field_accepts(field, accepts, sizeof(accepts)));
	else
		*field_int(field, object) = ms;
}

// An id or a moniker, or what a read shows: {id, moniker, name}. It is looked up later.
static void take_ref(const struct taking *taking, const struct field *field, const json_t *value, void *object)
{
	const json_t *written = value;

	if (json_is_object(value)) {
		written = json_object_get(value, "id");
		if (!json_is_string(written))
			written = json_object_get(value, "moniker");
	}
	if (!json_is_string(written) || json_string_length(written) > 100 ||
		strlen(json_string_value(written)) != json_string_length(written)) {
		fault_kind(taking, field, field->name, value);
		return;
	}
	field_clear(field, object);
	field_text_set(&field_ref(field, object)->moniker, json_string_value(written));
}

static void take_texts(const struct taking *taking, const struct field *field, const json_t *value, void *object)
{
	struct field_texts texts = {0};
	bool ok = true;
	size_t i;
	json_t *item;

	if (!json_is_array(value)) {
		fault_kind(taking, field, field->name, value);
		return;
	}
	if (json_array_size(value) > (size_t)field->max) {
		ruling_fault(taking->ruling, field->name, "has %zu items; accepted: %lld to %lld", json_array_size(value),
			(long long)field->min, (long long)field->max);
		return;
	}
	json_array_foreach(value, i, item)
	{
		char name[96];

		snprintf(name, sizeof(name), "%s[%zu]", field->name, i);
		if (!json_is_string(item)) {
			ruling_fault(taking->ruling, name, "is %s; accepted: a text", json_kind(item));
			ok = false;
			continue;
		}
		for (size_t before = 0; before < texts.count; before++)
			if (strcmp(texts.items[before], json_string_value(item)) == 0) {
				ruling_fault(taking->ruling, name, "\"%.60s\" stands in the list twice; leave one out",
					json_string_value(item));
				ok = false;
			}
		if (text_ok(taking, field, name, item))
			field_texts_add(&texts, json_string_value(item));
		else
			ok = false;
	}
	struct field_texts *member = field_texts(field, object), old = *member;

	if (ok) {
		*member = texts;
		texts = old;
	}
	for (i = 0; i < texts.count; i++)
		free(texts.items[i]);
	free(texts.items);
}

static const char *json_text(const json_t *object, const char *name)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) if (strcasecmp(key, name) == 0) return json_string_value(value);
	return NULL;
}

// Does an item of the body mean this row of the present list? By id; else by moniker; else by address and port.
static bool means_row(const struct field *field, const json_t *item, const struct object *row)
{
	const char *id = json_text(item, "id"), *moniker = json_text(item, "moniker"), *address = json_text(item, "address");
	const struct field *address_row = field_find(field->noun, "address"), *port_row = field_find(field->noun, "port");
	const json_t *port = json_object_get(item, "port");

	if (id)
		return row->id && strcasecmp(id, row->id) == 0;
	if (moniker)
		return row->moniker && strcasecmp(moniker, row->moniker) == 0;
	if (!address_row || !address || !*field_text(address_row, row))
		return false;
	return strcmp(address, *field_text(address_row, row)) == 0 &&
		(json_is_integer(port) ? json_integer_value(port) : strtoll(port_row->initial, NULL, 10)) ==
		*field_int(port_row, row);
}

// For each item of the body the row of the present list that it means, or -1 for a new one. No row is meant twice. In lists whose
// rows have no moniker (rules), what is left is matched by place, so that clients that know no ids keep them.
static void match_rows(
	const struct field *field, const struct field_rows *rows, const json_t *items, int64_t *matches, bool *taken)
{
	bool by_place = !field_find(field->noun, "moniker");
	size_t i;
	json_t *item;

	json_array_foreach(items, i, item)
	{
		matches[i] = -1;
		for (size_t at = 0; json_is_object(item) && matches[i] < 0 && at < rows->count; at++)
			if (!taken[at] && means_row(field, item, field_rows_at(field->noun, rows, at))) {
				matches[i] = (int64_t)at;
				taken[at] = true;
			}
	}
	json_array_foreach(items, i, item) if (by_place && matches[i] < 0 && json_is_object(item) && !json_text(item, "id") &&
		i < rows->count && !taken[i])
	{
		matches[i] = (int64_t)i;
		taken[i] = true;
	}
}

static void take_rows(const struct taking *taking, const struct field *field, const json_t *value, void *object)
{
	struct field_rows *member = field_rows(field, object), rows = {0};
	char prefix[sizeof(taking->ruling->prefix)];
	char accepts[ACCEPTS_TEXT];
	size_t i;
	json_t *item;

	if (!json_is_array(value)) {
		fault_kind(taking, field, field->name, value);
		return;
	}
	if (json_array_size(value) > (size_t)field->max || json_array_size(value) < (size_t)field->min) {
		ruling_fault(taking->ruling, field->name, "has %zu entries; accepted: %s", json_array_size(value),
			field_accepts(field, accepts, sizeof(accepts)));
		return;
	}
	bool *taken = calloc(member->count + 1, sizeof(*taken));
	int64_t *matches = calloc(json_array_size(value) + 1, sizeof(*matches));

	match_rows(field, member, value, matches, taken);
	strcpy(prefix, taking->ruling->prefix);
	json_array_foreach(value, i, item)
	{
		int64_t match = matches[i];
		void *row = field_rows_add(field->noun, &rows);
		struct taking inner = {taking->ruling, JSON_CREATE};

		if (match >= 0) { // move the present row over: it keeps its id, and its secrets where none is given
			void *present = field_rows_at(field->noun, member, (size_t)match);

			object_fini(field->noun, row);
			memcpy(row, present, field->noun->size);
			memset(present, 0, field->noun->size);
			inner.verb = taking->verb == JSON_MERGE ? JSON_REPLACE : taking->verb;
		}
		snprintf(taking->ruling->prefix, sizeof(taking->ruling->prefix), "%.60s%s[%zu].", prefix, field->name, i);
		take_object(&inner, field->noun, item, row);
		((struct object *)row)->position = (int64_t)i + 1;
		strcpy(taking->ruling->prefix, prefix);
	}
	for (i = 0; i < member->count; i++)
		if (!taken[i])
			object_fini(field->noun, field_rows_at(field->noun, member, i));
	free(member->items);
	free(taken);
	free(matches);
	*member = rows;
}

static void take_part(const struct taking *taking, const struct field *field, const json_t *value, void *object)
{
	char prefix[sizeof(taking->ruling->prefix)];

	if (!json_is_object(value)) {
		fault_kind(taking, field, field->name, value);
		return;
	}
	strcpy(prefix, taking->ruling->prefix);
	snprintf(taking->ruling->prefix, sizeof(taking->ruling->prefix), "%.60s%s.", prefix, field->name);
	take_object(taking, field->noun, value, field_object(field, object));
	strcpy(taking->ruling->prefix, prefix);
}

static void take_value(const struct taking *taking, const struct field *field, const json_t *value, void *object)
{
	bool is_blank = json_is_string(value) && json_string_length(value) == 0;

	if (json_is_null(value) || (is_blank && field->type != FIELD_TEXT) ||
		(field->flags & FIELD_ZERO && json_is_integer(value) && !json_integer_value(value))) {
		field_reset(field, object);
		return;
	}
	switch (field->type) {
	case FIELD_TEXT:
		take_text(taking, field, value, object);
		break;
	case FIELD_INT:
		take_integer(taking, field, value, object);
		break;
	case FIELD_BOOL:
		if (json_is_boolean(value))
			*field_int(field, object) = json_is_true(value);
		else
			fault_kind(taking, field, field->name, value);
		break;
	case FIELD_ENUM:
		take_word(taking, field, value, object);
		break;
	case FIELD_TIME:
		take_time(taking, field, value, object);
		break;
	case FIELD_REF:
		take_ref(taking, field, value, object);
		break;
	case FIELD_TEXTS:
		take_texts(taking, field, value, object);
		break;
	case FIELD_ROWS:
		take_rows(taking, field, value, object);
		break;
	case FIELD_OBJECT:
		take_part(taking, field, value, object);
		break;
	case FIELD_RAW:
		break;
	}
}

// "tunnelSecretSet" and the like stand in every read.
static bool is_secret_mark(const struct noun *noun, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; len > 3 && i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];

		if (field->flags & FIELD_SECRET && strlen(field->name) == len - 3 &&
			strncasecmp(field->name, key, len - 3) == 0 && strcasecmp(key + len - 3, "Set") == 0)
			return true;
	}
	return false;
}

static void fault_unknown(const struct taking *taking, const struct noun *noun, const char *key)
{
	char names[420];
	size_t used = 0;

	for (size_t i = 0; i < noun->field_count && used < sizeof(names) - 40; i++)
		if (!(noun->fields[i].flags & (FIELD_READ_ONLY | FIELD_HIDDEN)))
			used += (size_t)snprintf(
				names + used, sizeof(names) - used, "%s%s", used ? ", " : "", noun->fields[i].name);
	if (used >= sizeof(names) - 40)
		snprintf(names + used, sizeof(names) - used, ", ... (GET /api/v1/schema)");
	char shown[64];

	snprintf(shown, sizeof(shown), "%.60s", key);
	ruling_fault(taking->ruling, shown, "is not a member of %s; accepted: %s", noun->title, names);
}

static void take_object(const struct taking *taking, const struct noun *noun, const json_t *body, void *object)
{
	const json_t **given = calloc(noun->field_count, sizeof(*given));
	const char *key;
	json_t *value;

	if (!json_is_object(body)) {
		size_t len = strlen(taking->ruling->prefix);

		if (len)
			taking->ruling->prefix[len - 1] = '\0';
		ruling_fault(taking->ruling, len ? "" : "body", "is %s; accepted: an object", json_kind(body));
		free(given);
		return;
	}
	json_object_foreach((json_t *)body, key, value)
	{
		const struct field *field = field_find(noun, key);

		if (field && !(field->flags & FIELD_HIDDEN)) {
			if (given[field - noun->fields])
				ruling_fault(taking->ruling, field->name,
					"stands in the body twice, under different spellings; leave one out");
			given[field - noun->fields] = value;
		} else if (!is_secret_mark(noun, key)) {
			fault_unknown(taking, noun, key);
		}
	}
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];
		unsigned stays = FIELD_READ_ONLY | FIELD_KEEP | FIELD_SECRET | FIELD_FIXED;
		bool is_null = given[i] && json_is_null(given[i]);

		if (field->flags & FIELD_READ_ONLY || (is_null && field->flags & FIELD_FIXED))
			continue;
		if (given[i])
			take_value(taking, field, given[i], object);
		else if (taking->verb == JSON_REPLACE && !(field->flags & stays))
			field_reset(field, object);
	}
	free(given);
}

void json_get_object(struct ruling *ruling, const struct noun *noun, const json_t *body, void *object, enum json_verb verb)
{
	struct taking taking = {ruling, verb};

	take_object(&taking, noun, body, object);
}
