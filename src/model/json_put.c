// SPDX-License-Identifier: Apache-2.0
#include "model/json.h"

#include "model/noun.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char json_secret_set[] = "\1";

static void put_members(struct text *out, const struct field_place *place, enum json_form form, bool *first);

void json_put_time(struct text *out, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (ms == FIELD_UNSET || ms < 0 || !gmtime_r(&seconds, &tm) || tm.tm_year > 9999 - 1900) {
		text_add(out, "null");
		return;
	}
	const struct {
		char after;
		int number, digits;
	} parts[] = {{'-', tm.tm_year + 1900, 4}, {'-', tm.tm_mon + 1, 2}, {'T', tm.tm_mday, 2}, {':', tm.tm_hour, 2},
		{':', tm.tm_min, 2}, {'.', tm.tm_sec, 2}, {'Z', (int)(ms % 1000), 3}};
	char written[32] = "\"", *at = written + 1; // by hand: some of these are in every object of a list

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (int digit = parts[i].digits, number = parts[i].number; digit-- > 0; number /= 10)
			at[digit] = (char)('0' + number % 10);
		at += parts[i].digits;
		*at++ = parts[i].after;
	}
	*at++ = '"';
	text_bytes(out, written, (size_t)(at - written));
}

int json_time_parse(const char *text, int64_t *ms)
{
	struct tm tm = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	int64_t fraction = 0, scale = 100, zone_s = 0;

	if (!rest)
		return -EINVAL;
	if (*rest == '.')
		for (rest++; *rest >= '0' && *rest <= '9'; rest++, scale /= 10)
			fraction += (*rest - '0') * scale;
	if (*rest == '+' || *rest == '-') {
		int hours, minutes, used = 0;

		if (sscanf(rest + 1, "%2d:%2d%n", &hours, &minutes, &used) != 2)
			return -EINVAL;
		zone_s = (hours * 60 + minutes) * 60 * (*rest == '+' ? 1 : -1);
		rest += 1 + used;
	} else if (*rest == 'Z' || *rest == 'z') {
		rest++;
	}
	if (*rest)
		return -EINVAL;
	*ms = ((int64_t)timegm(&tm) - zone_s) * 1000 + fraction;
	return 0;
}

static void put_ref(struct text *out, const struct field *field, const struct field_ref *ref, enum json_form form)
{
	if (form == JSON_LINK || field->flags & FIELD_FLAT_ID) {
		text_json(out, ref->id);
	} else if (field->flags & FIELD_FLAT) {
		text_json(out, ref->moniker);
	} else if (!ref->id) {
		text_add(out, "null");
	} else {
		text_add(out, "{\"id\":");
		text_json(out, ref->id);
		text_add(out, ",\"moniker\":");
		text_json(out, ref->moniker);
		text_add(out, ",\"name\":");
		text_json(out, ref->name);
		text_char(out, '}');
	}
}

static void put_enum(struct text *out, const struct field *field, int64_t key, enum json_form form)
{
	const struct word *word = word_of(field->words, key);

	if (!word) {
		text_add(out, "null");
	} else if (form == JSON_LINK) {
		text_json(out, word->moniker);
	} else {
		text_add(out, "{\"key\":");
		text_number(out, word->key);
		text_add(out, ",\"moniker\":");
		text_json(out, word->moniker);
		text_add(out, ",\"name\":");
		text_json(out, word->name);
		text_add(out, ",\"active\":true}");
	}
}

static void put_list(struct text *out, const struct field *field, const void *object, enum json_form form)
{
	text_char(out, '[');
	if (field->type == FIELD_TEXTS) {
		const struct field_texts *texts = field_texts(field, object);

		for (size_t i = 0; i < texts->count; i++) {
			text_add(out, i ? "," : "");
			text_json(out, texts->items[i]);
		}
	} else {
		const struct field_rows *rows = field_rows(field, object);

		for (size_t i = 0; i < rows->count; i++) {
			text_add(out, i ? "," : "");
			json_put_object(out, field->noun, field_rows_at(field->noun, rows, i), form);
		}
	}
	text_char(out, ']');
}

static bool is_absent(const struct field *field, const void *object)
{
	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_RAW:
		return !*field_text(field, object);
	case FIELD_INT:
	case FIELD_BOOL:
	case FIELD_ENUM:
	case FIELD_TIME:
		return *field_int(field, object) == FIELD_UNSET;
	case FIELD_REF:
		return !field_ref(field, object)->id;
	case FIELD_OBJECT: // a part of which nothing is set
		for (size_t i = 0; i < field->noun->field_count; i++)
			if (!is_absent(&field->noun->fields[i], field_object(field, object)))
				return false;
		return true;
	default:
		return false;
	}
}

static void put_part(struct text *out, const struct field *field, const struct field_place *place, enum json_form form)
{
	struct field_place inner = {field->noun, field_object(field, place->object), place};
	bool first = true, shown = false;

	for (size_t i = 0; i < field->noun->field_count; i++)
		shown |= field_when_holds(&field->noun->fields[i].visible, &inner);
	shown &= !is_absent(field, place->object);
	if ((!shown && !(field->flags & FIELD_WHOLE)) || !field_when_holds(&field->visible, place)) {
		text_add(out, "null");
		return;
	}
	text_char(out, '{');
	put_members(out, &inner, form, &first);
	text_char(out, '}');
}

static void put_value(struct text *out, const struct field *field, const struct field_place *place, enum json_form form)
{
	const void *object = place->object;
	int64_t number;

	switch (field->type) {
	case FIELD_TEXT:
		text_json(out, *field_text(field, object));
		break;
	case FIELD_RAW:
		text_add(out, *field_text(field, object) ? *field_text(field, object) : "null");
		break;
	case FIELD_INT:
		if ((number = *field_int(field, object)) == FIELD_UNSET)
			text_add(out, "null");
		else
			text_number(out, number);
		break;
	case FIELD_BOOL:
		number = *field_int(field, object);
		text_add(out, number == FIELD_UNSET ? "null" : number ? "true" : "false");
		break;
	case FIELD_ENUM:
		put_enum(out, field, *field_int(field, object), form);
		break;
	case FIELD_TIME:
		json_put_time(out, *field_int(field, object));
		break;
	case FIELD_REF:
		if (field->put && form == JSON_READ)
			field->put(out, object);
		else
			put_ref(out, field, field_ref(field, object), form);
		break;
	case FIELD_TEXTS:
	case FIELD_ROWS:
		put_list(out, field, object, form);
		break;
	case FIELD_OBJECT:
		put_part(out, field, place, form);
		break;
	}
}

static void put_name(struct text *out, const char *name, const char *suffix, bool *first)
{
	text_add(out, *first ? "\"" : ",\"");
	text_add(out, name);
	text_add(out, suffix);
	text_add(out, "\":");
	*first = false;
}

static void put_secret(struct text *out, const struct field *field, const void *object, bool *first)
{
	if (field->flags & FIELD_BLANK) {
		put_name(out, field->name, "", first);
		text_add(out, *field_text(field, object) ? "\"\"" : "null");
	}
	put_name(out, field->name, "Set", first);
	text_add(out, *field_text(field, object) ? "true" : "false");
}

// In the link form absent members are left out: gateways read absent and null alike.
static void put_link(struct text *out, const struct field *field, const struct field_place *place, bool *first)
{
	if (!field->link || is_absent(field, place->object) || !field_when_holds(&field->visible, place))
		return;
	if (!*field->link) { // the part's members stand among the object's own
		struct field_place inner = {field->noun, field_object(field, place->object), place};

		put_members(out, &inner, JSON_LINK, first);
		return;
	}
	put_name(out, field->link, "", first);
	put_value(out, field, place, JSON_LINK);
}

static void put_members(struct text *out, const struct field_place *place, enum json_form form, bool *first)
{
	for (size_t i = 0; i < place->noun->field_count; i++) {
		const struct field *field = &place->noun->fields[i];

		if (form == JSON_LINK) {
			put_link(out, field, place, first);
		} else if (field->flags & FIELD_SECRET) {
			put_secret(out, field, place->object, first);
		} else if (!(field->flags & (FIELD_HIDDEN | FIELD_INPUT))) {
			put_name(out, field->name, "", first);
			put_value(out, field, place, form);
		}
	}
}

void json_put_object(struct text *out, const struct noun *noun, const void *object, enum json_form form)
{
	struct field_place place = {noun, object, NULL};
	bool first = true;

	text_char(out, '{');
	put_members(out, &place, form, &first);
	text_char(out, '}');
}
