// SPDX-License-Identifier: Apache-2.0
#include "gateway/settings.h"

#include "model/noun.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void setting_take(const struct field *field, const json_t *value, struct l2tp_settings *settings)
{
	const struct word *word;

	switch (field->type) {
	case FIELD_INT:
		if (json_is_integer(value) && json_integer_value(value) >= field->min && json_integer_value(value) <= field->max)
			*field_int(field, settings) = json_integer_value(value);
		return;
	case FIELD_BOOL:
		if (json_is_boolean(value))
			*field_int(field, settings) = json_is_true(value);
		return;
	case FIELD_ENUM:
		word = json_is_string(value) ? word_find(field->words, json_string_value(value)) : NULL;
		if (word)
			*field_int(field, settings) = word->key;
		return;
	case FIELD_TEXT:
		if (json_is_string(value))
			(void)field_text_set(field_text(field, settings), json_string_value(value));
		return;
	default:
		return; // no setting has another type
	}
}

int settings_new(const json_t *data, struct l2tp_settings **out)
{
	struct l2tp_settings *settings = object_new(&noun_settings);

	if (!settings)
		return -ENOMEM;
	for (size_t i = 0; i < noun_settings.field_count; i++) {
		const json_t *value = json_object_get(data, noun_settings.fields[i].name);

		if (value)
			setting_take(&noun_settings.fields[i], value, settings);
	}
	*out = settings;
	return 0;
}

void settings_override(struct l2tp_settings *settings, const json_t *data)
{
	for (size_t i = 0; i < noun_lns_settings.field_count; i++) {
		const json_t *value = json_object_get(data, noun_lns_settings.fields[i].name);

		if (value)
			setting_take(&noun_lns_settings.fields[i], value, settings);
	}
}

static bool text_equal(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool settings_equal(const struct l2tp_settings *a, const struct l2tp_settings *b)
{
	for (size_t i = 0; i < noun_settings.field_count; i++) {
		const struct field *field = &noun_settings.fields[i];
		bool same = field->type == FIELD_TEXT ? text_equal(*field_text(field, (void *)a), *field_text(field, (void *)b))
						      : *field_int(field, (void *)a) == *field_int(field, (void *)b);

		if (!same)
			return false;
	}
	return true;
}

void settings_free(struct l2tp_settings **settings)
{
	object_free(&noun_settings, *settings);
	*settings = NULL;
}
