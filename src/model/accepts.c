// SPDX-License-Identifier: Apache-2.0
// What a member accepts, in words: the last part of every message about a wrong value, and of the reference manual.
#include "model/noun.h"

#include <stdio.h>
#include <string.h>

static void accepts_word(const struct field *field, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "one of ");

	for (const struct word *word = field->words; word->key && used < size; word++)
		used += (size_t)snprintf(out + used, size - used, "%s%s", word == field->words ? "" : ", ", word->moniker);
}

static void accepts_text(const struct field *field, char *out, size_t size)
{
	const char *format = field_format_help(field->format);

	if (*format)
		snprintf(out, size, "%s", format);
	else if (field->min > 0)
		snprintf(out, size, "a text of %lld to %lld characters", (long long)field->min, (long long)field->max);
	else if (field->max)
		snprintf(out, size, "a text of at most %lld characters", (long long)field->max);
	else
		snprintf(out, size, "a text");
}

static void accepts_integer(const struct field *field, char *out, size_t size)
{
	if (field->max)
		snprintf(out, size, "an integer from %lld to %lld%s%s", (long long)field->min, (long long)field->max,
			field->unit ? " " : "", field->unit ? field->unit : "");
	else
		snprintf(out, size, "an integer");
}

char *field_accepts(const struct field *field, char *out, size_t size)
{
	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_RAW:
		accepts_text(field, out, size);
		break;
	case FIELD_INT:
		accepts_integer(field, out, size);
		break;
	case FIELD_BOOL:
		snprintf(out, size, "true or false");
		break;
	case FIELD_ENUM:
		accepts_word(field, out, size);
		break;
	case FIELD_TIME:
		snprintf(out, size, "a time such as 2030-01-31T12:00:00Z");
		break;
	case FIELD_REF:
		snprintf(out, size, "the id or moniker of a %s", field->noun->title);
		break;
	case FIELD_TEXTS:
		snprintf(out, size, "a list of at most %lld texts%s%s", (long long)field->max, field->format ? ", each " : "",
			field_format_help(field->format));
		break;
	case FIELD_ROWS:
		snprintf(out, size, "a list of %lld to %lld objects", (long long)field->min, (long long)field->max);
		break;
	case FIELD_OBJECT:
		snprintf(out, size, "an object");
		break;
	}
	return out;
}
