// SPDX-License-Identifier: Apache-2.0
// The judgement of a written object: references, conditions of the rows (what applies, what is required, what is fixed), then the
// noun's own rules. Everything is looked at even after a fault, so that the client hears of all faults at once.
#include "model/json.h"

#include "base/clean.h"
#include "model/noun.h"
#include "model/ruling.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ACCEPTS_TEXT 400

bool field_equal(const struct field *field, const void *a, const void *b)
{
	switch (field->type) {
	case FIELD_TEXT:
	case FIELD_RAW: {
		const char *one = *field_text(field, a), *two = *field_text(field, b);

		return one && two ? strcmp(one, two) == 0 : one == two;
	}
	case FIELD_INT:
	case FIELD_BOOL:
	case FIELD_ENUM:
	case FIELD_TIME:
		return *field_int(field, a) == *field_int(field, b);
	case FIELD_REF: {
		const struct field_ref *one = field_ref(field, a), *two = field_ref(field, b);

		if (one->id && two->id)
			return strcmp(one->id, two->id) == 0;
		return one->id == two->id && !one->moniker == !two->moniker;
	}
	case FIELD_TEXTS: {
		const struct field_texts *one = field_texts(field, a), *two = field_texts(field, b);
		bool equal = one->count == two->count;

		for (size_t i = 0; equal && i < one->count; i++)
			equal = strcmp(one->items[i], two->items[i]) == 0;
		return equal;
	}
	case FIELD_ROWS: {
		const struct field_rows *one = field_rows(field, a), *two = field_rows(field, b);
		bool equal = one->count == two->count;

		for (size_t i = 0; equal && i < one->count; i++)
			equal = object_equal(field->noun, field_rows_at(field->noun, one, i), field_rows_at(field->noun, two, i));
		return equal;
	}
	case FIELD_OBJECT:
		return object_equal(field->noun, field_object(field, a), field_object(field, b));
	}
	return true;
}

bool object_equal(const struct noun *noun, const void *a, const void *b)
{
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];
		bool counts =
			!(field->flags & (FIELD_LIVE | FIELD_INPUT)) && !field->sql && strcmp(field->name, "changedAt") != 0;

		if (counts && !field_equal(field, a, b))
			return false;
	}
	return true;
}

// As field_when_holds, also through a reference. `unknown` is the answer when the object referred to is not there.
static bool when_holds(struct ruling *ruling, const struct field_when *when, const struct field_place *place, bool unknown)
{
	const char *dot = when->field ? strchr(when->field, '.') : NULL;
	char name[32];

	if (!dot)
		return field_when_holds(when, place);
	snprintf(name, sizeof(name), "%.*s", (int)(dot - when->field), when->field);
	const struct field *through = field_find(place->noun, name);
	const void *other = ruling_load(ruling, through->noun, field_ref(through, place->object));
	const struct field_when inner = {dot + 1, when->is};
	const struct field_place there = {through->noun, other, NULL};

	return other ? field_when_holds(&inner, &there) : unknown;
}

static const char *owner_of(const struct field *field, const struct field_place *place)
{
	const struct field *scope = field->scope ? field_find(place->noun, field->scope) : NULL;

	return scope ? field_ref(scope, place->object)->id : NULL;
}

static void resolve_ref(struct ruling *ruling, const struct field *field, const struct field_place *place)
{
	struct field_ref *ref = field_ref(field, place->object);
	char accepts[ACCEPTS_TEXT];

	if (!ref->moniker || ref->id || !ruling->resolve || ruling_resolve(ruling, field->noun, owner_of(field, place), ref) ||
		ruling_has(ruling, field->name)) // it may be looked up twice
		return;
	ruling_fault(ruling, field->name, "\"%.60s\" does not exist; accepted: %s%s", ref->moniker,
		field_accepts(field, accepts, sizeof(accepts)), field->scope ? " of the same VSlice" : "");
}

// Nothing that the client could have meant: none, the default, or "automatic".
static bool is_harmless(const struct field *field, const void *object)
{
	const char *text;

	switch (field->type) {
	case FIELD_REF:
		text = field_ref(field, object)->moniker;
		return !text || strcasecmp(text, "automatic") == 0;
	case FIELD_TEXTS:
		return field_texts(field, object)->count == 0;
	case FIELD_ROWS:
		return field_rows(field, object)->count == 0;
	case FIELD_OBJECT: {
		void *plain = object_new(field->noun);
		bool equal = plain && object_equal(field->noun, plain, field_object(field, object));

		object_free(field->noun, plain);
		return equal;
	}
	case FIELD_TEXT:
		text = *field_text(field, object);
		return !text || !*text || (field->initial && strcmp(text, field->initial) == 0);
	default:
		return *field_int(field, object) == FIELD_UNSET;
	}
}

static void refuse(struct ruling *ruling, const struct field *field, void *object)
{
	if (!is_harmless(field, object) && !ruling_has(ruling, field->name))
		ruling_fault(ruling, field->name, "does not apply here: %s", field->refusal ? field->refusal : "leave it out");
	if (field->type == FIELD_OBJECT)
		field_reset(field, object);
	else
		field_clear(field, object);
}

static bool is_missing(const struct field *field, const void *object)
{
	switch (field->type) {
	case FIELD_TEXT:
		return !*field_text(field, object);
	case FIELD_REF:
		return !field_ref(field, object)->id && !field_ref(field, object)->moniker;
	case FIELD_TEXTS:
		return field_texts(field, object)->count < (size_t)field->min;
	case FIELD_ROWS:
		return field_rows(field, object)->count < (size_t)field->min;
	case FIELD_OBJECT:
	case FIELD_RAW:
		return false;
	default:
		return *field_int(field, object) == FIELD_UNSET;
	}
}

static void judge_required(struct ruling *ruling, const struct field *field, const struct field_place *place)
{
	bool always = field->flags & FIELD_REQUIRED;
	char accepts[ACCEPTS_TEXT], when[80] = "";

	if (!is_missing(field, place->object) || ruling_has(ruling, field->name))
		return;
	if (!always && !(field->required.field && when_holds(ruling, &field->required, place, false)))
		return;
	if (!always)
		snprintf(when, sizeof(when), " (required when %s is %s)", field->required.field, field->required.is);
	ruling_fault(ruling, field->name, "is missing%s; accepted: %s", when, field_accepts(field, accepts, sizeof(accepts)));
}

static void judge_fixed(struct ruling *ruling, const struct field *field, const struct field_place *place, const void *before)
{
	if (!before || !(field->flags & FIELD_FIXED) || field_equal(field, before, place->object) ||
		ruling_has(ruling, field->name))
		return;
	ruling_fault(ruling, field->name, "cannot be changed after creation; create another %s instead", place->noun->title);
}

static void judge(struct ruling *ruling, const struct field_place *place, const void *before);

static const void *row_before(const struct field *field, const void *before, const struct object *row)
{
	const struct field_rows *rows = before ? field_rows(field, before) : NULL;

	for (size_t i = 0; row->id && rows && i < rows->count; i++) {
		const struct object *old = field_rows_at(field->noun, rows, i);

		if (old->id && strcmp(old->id, row->id) == 0)
			return old;
	}
	return NULL;
}

static void judge_inner(struct ruling *ruling, const struct field *field, const struct field_place *place, const void *before)
{
	char prefix[sizeof(ruling->prefix)];

	strcpy(prefix, ruling->prefix);
	if (field->type == FIELD_OBJECT) {
		struct field_place inner = {field->noun, field_object(field, place->object), place};

		snprintf(ruling->prefix, sizeof(ruling->prefix), "%.60s%s.", prefix, field->name);
		judge(ruling, &inner, before ? field_object(field, before) : NULL);
	} else if (field->type == FIELD_ROWS) {
		const struct field_rows *rows = field_rows(field, place->object);

		for (size_t i = 0; i < rows->count; i++) {
			void *row = field_rows_at(field->noun, rows, i);
			struct field_place inner = {field->noun, row, place};

			snprintf(ruling->prefix, sizeof(ruling->prefix), "%.60s%s[%zu].", prefix, field->name, i);
			judge(ruling, &inner, row_before(field, before, row));
		}
	}
	strcpy(ruling->prefix, prefix);
}

static void judge(struct ruling *ruling, const struct field_place *place, const void *before)
{
	const struct noun *noun = place->noun;
	void *object = (void *)place->object;

	if (noun->prepare)
		noun->prepare(ruling, object, before);
	for (size_t i = 0; i < noun->field_count; i++)
		if (noun->fields[i].type == FIELD_REF && !noun->fields[i].visible.field)
			resolve_ref(ruling, &noun->fields[i], place);
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];

		if (field->flags & FIELD_READ_ONLY)
			continue;
		if (!when_holds(ruling, &field->visible, place, true)) {
			refuse(ruling, field, object);
			continue;
		}
		if (field->type == FIELD_REF)
			resolve_ref(ruling, field, place);
		judge_required(ruling, field, place);
		judge_fixed(ruling, field, place, before);
		judge_inner(ruling, field, place, before);
	}
	if (noun->check)
		noun->check(ruling, object, before);
}

void object_judge(struct ruling *ruling, const struct noun *noun, void *object, const void *before)
{
	struct field_place place = {noun, object, NULL};

	judge(ruling, &place, before);
}
