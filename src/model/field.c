// SPDX-License-Identifier: Apache-2.0
#include "model/field.h"

#include "model/noun.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct field *field_find(const struct noun *noun, const char *name)
{
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];

		if (strcasecmp(field->name, name) == 0 || (field->alias && strcasecmp(field->alias, name) == 0))
			return field;
	}
	return NULL;
}

static char next_letter(const char **text)
{
	*text += strspn(*text, " -");
	return **text ? (char)tolower((unsigned char)*(*text)++) : '\0';
}

// "Endpoint Group", "endpoint-group" and "endpointgroup" are the same.
static bool is_same_word(const char *a, const char *b)
{
	for (;;) {
		char one = next_letter(&a), two = next_letter(&b);

		if (one != two)
			return false;
		if (!one)
			return true;
	}
}

const struct word *word_find(const struct word *words, const char *moniker)
{
	for (; words->key; words++)
		if (is_same_word(words->moniker, moniker) || (words->name && is_same_word(words->name, moniker)))
			return words;
	return NULL;
}

const struct word *word_of(const struct word *words, int64_t key)
{
	for (; words->key; words++)
		if (words->key == key)
			return words;
	return NULL;
}

const char *field_type_name(enum field_type type)
{
	static const char *const names[] = {
		[FIELD_TEXT] = "text",
		[FIELD_INT] = "integer",
		[FIELD_BOOL] = "boolean",
		[FIELD_ENUM] = "enumeration",
		[FIELD_TIME] = "time",
		[FIELD_REF] = "reference",
		[FIELD_TEXTS] = "texts",
		[FIELD_ROWS] = "list",
		[FIELD_OBJECT] = "object",
		[FIELD_RAW] = "value",
	};

	return names[type];
}

char *field_column(const struct field *field, char *out)
{
	size_t used = 0;

	for (const char *c = field->name; *c && used < 60; c++) {
		// "gatewayIPAddress" -> gateway_ip_address: a run of capitals is one word.
		if (isupper((unsigned char)*c) && c != field->name &&
			(!isupper((unsigned char)c[-1]) || (c[1] && islower((unsigned char)c[1]))))
			out[used++] = '_';
		out[used++] = (char)tolower((unsigned char)*c);
	}
	out[used] = '\0';
	return out;
}

bool field_when_holds(const struct field_when *when, const struct field_place *place)
{
	const char *name = when->field;

	if (!name)
		return true;
	for (; place && *name == '^'; name++)
		place = place->outer;
	const struct field *other = place ? field_find(place->noun, name) : NULL;

	if (!other || other->type != FIELD_ENUM)
		return true;
	const struct word *word = word_of(other->words, *field_int(other, place->object));

	return word && strcmp(word->moniker, when->is) == 0;
}

int field_text_set(char **member, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	if (text && !copy)
		return -ENOMEM;
	free(*member);
	*member = copy;
	return 0;
}

int field_texts_add(struct field_texts *texts, const char *text)
{
	char **items = realloc(texts->items, (texts->count + 1) * sizeof(*items));

	if (!items)
		return -ENOMEM;
	texts->items = items;
	if (!(items[texts->count] = strdup(text)))
		return -ENOMEM;
	texts->count++;
	return 0;
}

void *field_rows_add(const struct noun *noun, struct field_rows *rows)
{
	char *items = realloc(rows->items, (rows->count + 1) * noun->size);

	if (!items)
		return NULL;
	rows->items = items;
	void *row = items + rows->count++ * noun->size;

	memset(row, 0, noun->size);
	object_init(noun, row);
	return row;
}

static void ref_clear(struct field_ref *ref)
{
	free(ref->id);
	free(ref->moniker);
	free(ref->name);
	*ref = (struct field_ref){0};
}

static void texts_clear(struct field_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->items[i]);
	free(texts->items);
	*texts = (struct field_texts){0};
}

static void rows_clear(const struct noun *noun, struct field_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		object_fini(noun, field_rows_at(noun, rows, i));
	free(rows->items);
	*rows = (struct field_rows){0};
}

void field_clear(const struct field *field, void *object)
{
	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_RAW:
		free(*field_text(field, object));
		*field_text(field, object) = NULL;
		break;
	case FIELD_INT:
	case FIELD_BOOL:
	case FIELD_ENUM:
	case FIELD_TIME:
		*field_int(field, object) = FIELD_UNSET;
		break;
	case FIELD_REF:
		ref_clear(field_ref(field, object));
		break;
	case FIELD_TEXTS:
		texts_clear(field_texts(field, object));
		break;
	case FIELD_ROWS:
		rows_clear(field->noun, field_rows(field, object));
		break;
	case FIELD_OBJECT:
		for (size_t i = 0; i < field->noun->field_count; i++)
			field_clear(&field->noun->fields[i], field_object(field, object));
		break;
	}
}

void field_reset(const struct field *field, void *object)
{
	field_clear(field, object);
	if (field->type == FIELD_OBJECT) {
		object_init(field->noun, field_object(field, object));
		return;
	}
	if (!field->initial)
		return;
	switch (field->type) {
	case FIELD_TEXT:
		field_text_set(field_text(field, object), field->initial);
		break;
	case FIELD_INT:
		*field_int(field, object) = strtoll(field->initial, NULL, 10);
		break;
	case FIELD_BOOL:
		*field_int(field, object) = field->initial[0] == 't';
		break;
	case FIELD_ENUM:
		*field_int(field, object) = word_find(field->words, field->initial)->key;
		break;
	case FIELD_REF: // a moniker, looked up by the store
		field_text_set(&field_ref(field, object)->moniker, field->initial);
		break;
	case FIELD_TIME:
	case FIELD_TEXTS:
	case FIELD_ROWS:
	case FIELD_OBJECT:
	case FIELD_RAW:
		break;
	}
}

void object_init(const struct noun *noun, void *object)
{
	for (size_t i = 0; i < noun->field_count; i++)
		field_reset(&noun->fields[i], object);
}

void *object_new(const struct noun *noun)
{
	void *object = calloc(1, noun->size);

	if (object)
		object_init(noun, object);
	return object;
}

void object_fini(const struct noun *noun, void *object)
{
	for (size_t i = 0; i < noun->field_count; i++)
		field_clear(&noun->fields[i], object);
	if (!(noun->flags & NOUN_PART)) { // the head also holds what has no row of its own
		struct object *head = object;

		free(head->id);
		free(head->moniker);
		free(head->name);
		ref_clear(&head->customer);
		*head = (struct object){0};
	}
}

void object_free(const struct noun *noun, void *object)
{
	if (!object)
		return;
	object_fini(noun, object);
	free(object);
}
