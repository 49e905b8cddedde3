// SPDX-License-Identifier: Apache-2.0
// The API about itself: the token, and the field tables for forms.
#include "controller/api/ops.h"

#include "controller/api/access.h"
#include "controller/api/op.h"

#include <stdio.h>
#include <string.h>

void op_verify(struct op *op)
{
	op->status = 200;
	text_add(&op->reply, "{\"success\":true,\"messages\":[\"The token is valid\"],\"data\":null}");
}

static void put_text(struct text *out, const char *name, const char *value)
{
	if (!value)
		return;
	text_format(out, ",\"%s\":", name);
	text_json(out, value);
}

static void put_flag(struct text *out, const char *name, bool value)
{
	if (value)
		text_format(out, ",\"%s\":true", name);
}

static void put_when(struct text *out, const char *name, const struct field_when *when)
{
	if (!when->field)
		return;
	text_format(out, ",\"%s\":{\"field\":", name);
	text_json(out, when->field);
	text_add(out, ",\"is\":");
	text_json(out, when->is);
	text_char(out, '}');
}

static void put_words(struct text *out, const struct word *words)
{
	text_add(out, ",\"values\":[");
	for (const struct word *word = words; word->key; word++) {
		text_format(out, "%s{\"key\":%d,\"moniker\":", word == words ? "" : ",", word->key);
		text_json(out, word->moniker);
		put_text(out, "name", word->name);
		put_text(out, "help", word->help);
		text_char(out, '}');
	}
	text_char(out, ']');
}

static void put_fields(struct text *out, const struct noun *noun);

static void put_field(struct text *out, const struct field *field, int order)
{
	char accepts[400];

	text_add(out, "{\"name\":");
	text_json(out, field->name);
	put_text(out, "type", field_type_name(field->type));
	put_text(out, "label", field->label);
	put_text(out, "group", field->group ? field->group : "General");
	text_format(out, ",\"order\":%d", field->order ? field->order : order);
	put_text(out, "help", field->help);
	put_text(out, "accepts", field_accepts(field, accepts, sizeof(accepts)));
	put_text(out, "default", field->initial);
	put_text(out, "unit", field->unit);
	if (field->type == FIELD_INT && field->max)
		text_format(out, ",\"minimum\":%lld,\"maximum\":%lld", (long long)field->min, (long long)field->max);
	else if (field->max)
		text_format(out, ",\"minimumLength\":%lld,\"maximumLength\":%lld", (long long)field->min, (long long)field->max);
	put_flag(out, "required", field->flags & FIELD_REQUIRED);
	put_flag(out, "readOnly", field->flags & FIELD_READ_ONLY);
	put_flag(out, "readOnlyAfterCreate", field->flags & FIELD_FIXED);
	put_flag(out, "secret", field->flags & FIELD_SECRET);
	put_flag(out, "unique", field->flags & FIELD_UNIQUE);
	put_flag(out, "platformOnly", field->flags & FIELD_PLATFORM);
	put_flag(out, "createOnly", field->flags & FIELD_INPUT);
	put_flag(out, "summary", field->flags & FIELD_SUMMARY);
	put_when(out, "visibleWhen", &field->visible);
	put_when(out, "requiredWhen", &field->required);
	put_when(out, "shownWhen", &field->shown);
	put_when(out, "fixedWhen", &field->fixed);
	put_text(out, "fixedTo", field->fixed_to);
	put_text(out, "format", field->format ? field_format_name(field->format) : NULL);
	put_text(out, "refusal", field->refusal);
	if (field->words)
		put_words(out, field->words);
	if (field->type == FIELD_REF) {
		put_text(out, "refersTo", field->noun->word);
		put_text(out, "within", field->scope);
	} else if (field->noun) {
		put_text(out, "path", field->noun->path);
		text_add(out, ",\"fields\":");
		put_fields(out, field->noun);
	}
	text_char(out, '}');
}

static void put_fields(struct text *out, const struct noun *noun)
{
	bool any = false;

	text_char(out, '[');
	for (size_t i = 0; i < noun->field_count; i++) {
		if (noun->fields[i].flags & FIELD_HIDDEN)
			continue;
		text_add(out, any ? "," : "");
		put_field(out, &noun->fields[i], (int)i + 1);
		any = true;
	}
	text_char(out, ']');
}

// The least role that reads and that writes it, and whether that takes acting for the platform.
static void put_access(struct text *out, const struct noun *noun)
{
	static const struct route reading = {.method = "GET"}, writing = {.method = "PUT"};
	const struct access read = access_of(&reading, noun), write = access_of(&writing, noun);

	put_text(out, "readRole", word_of(account_roles, read.role)->moniker);
	put_text(out, "writeRole", word_of(account_roles, write.role)->moniker);
	put_flag(out, "platformRead", read.platform);
	put_flag(out, "platformWrite", write.platform);
}

void op_schema(struct op *op)
{
	struct text *out = &op->reply;

	op_reply_begin(op);
	text_char(out, '[');
	for (size_t i = 0; nouns[i]; i++) {
		text_add(out, i ? ",{\"noun\":" : "{\"noun\":");
		text_json(out, nouns[i]->word);
		put_text(out, "title", nouns[i]->title);
		put_text(out, "path", nouns[i]->path);
		put_text(out, "help", nouns[i]->help);
		put_flag(out, "readOnly", nouns[i]->flags & (NOUN_LIVE | NOUN_BUILT_IN));
		put_access(out, nouns[i]);
		text_add(out, ",\"fields\":");
		put_fields(out, nouns[i]);
		text_char(out, '}');
	}
	text_char(out, ']');
	op_reply_end(op);
}
