// SPDX-License-Identifier: Apache-2.0
// The walker: reads, writes and prints any message or grouped IE by its rows. See ie.h for the rules that it keeps.
#include "proto/gtp/ie.h"

#include "proto/gtp/cause.h"
#include "proto/gtp/walk.h"

#include <stdarg.h>
#include <stdio.h>

void ie_text_add(struct ie_text *text, const char *format, ...)
{
	va_list args;
	int n;

	if (text->room <= 1)
		return;
	va_start(args, format);
	n = vsnprintf(text->at, text->room, format, args);
	va_end(args);
	if (n < 0)
		return;
	if ((size_t)n >= text->room)
		n = (int)text->room - 1;
	text->at += n;
	text->room -= (size_t)n;
}

struct ie_fault ie_missing(uint8_t version, uint8_t type, uint8_t instance)
{
	const struct ie_framing *framing = version == 1 ? &ie_framing_v1 : &ie_framing_v2;

	return (struct ie_fault){.cause = framing->conditional_missing, .type = type, .instance = instance};
}

static uint8_t *has_of(void *body, const struct ie_def *row)
{
	return (uint8_t *)body + row->has_at;
}

static uint8_t has_in(const void *body, const struct ie_def *row)
{
	return ((const uint8_t *)body)[row->has_at];
}

static void *slot_of(void *body, const struct ie_def *row, uint8_t item)
{
	return (uint8_t *)body + row->at + (size_t)item * row->size;
}

static const void *value_in(const void *body, const struct ie_def *row, uint8_t item)
{
	return (const uint8_t *)body + row->at + (size_t)item * row->size;
}

static void fault_note(struct ie_fault *fault, const struct ie_fault *found)
{
	if (!fault->cause && found->cause)
		*fault = *found;
}

static bool is_mandatory(const struct ie_context *context, const struct ie_def *row)
{
	return row->presence == IE_M || (row->presence == IE_G && context->at_ggsn);
}

// Messages come in the order of their tables, or nearly so: the search begins where the last one ended.
static const struct ie_def *row_find(const struct ie_table *table, const struct ie_item *item, unsigned *hint)
{
	for (unsigned i = 0; i < table->count; i++) {
		unsigned at = *hint + i < table->count ? *hint + i : *hint + i - table->count;

		if (table->rows[at].type == item->type && table->rows[at].instance == item->instance) {
			*hint = at;
			return &table->rows[at];
		}
	}
	return NULL;
}

static void item_read(const struct ie_context *context, const struct ie_table *table, const struct ie_def *row,
	const struct ie_item *item, void *body, struct ie_fault *fault)
{
	uint8_t *has = has_of(body, row);
	struct ie_fault found = {.type = row->type, .instance = row->instance, .in_bearer = table->is_bearer};
	struct wire_in contents = item->contents;
	void *slot;

	if (*has == row->max)
		return;
	slot = slot_of(body, row, *has);
	if (row->codec->group) {
		struct ie_fault inner = {0};

		ies_read(context, row->codec->group, contents, slot, &inner);
		if (inner.cause)
			found = inner;
	} else {
		int r = row->codec->read(&contents, slot);

		if (context->framing->bad_length && (r == -EBADMSG || contents.error))
			found.cause = context->framing->bad_length;
		else if (r || contents.error)
			found.cause =
				is_mandatory(context, row) ? context->framing->bad_value : context->framing->bad_conditional;
	}
	if (!found.cause) {
		(*has)++;
		return;
	}
	memset(slot, 0, row->size);
	if (is_mandatory(context, row) || row->presence == IE_V || row->presence == IE_A)
		fault_note(fault, &found);
}

void ies_read(
	const struct ie_context *context, const struct ie_table *table, struct wire_in in, void *body, struct ie_fault *fault)
{
	struct ie_seen seen;
	struct ie_item item;
	unsigned hint = 0;
	int r;

	if (context->framing == &ie_framing_v1)
		memset(&seen, 0, sizeof(seen));
	while ((r = context->framing->next(&in, &seen, &item)) > 0) {
		const struct ie_def *row = row_find(table, &item, &hint);

		if (row)
			item_read(context, table, row, &item, body, fault);
	}
	if (r < 0)
		fault_note(fault,
			&(struct ie_fault){.cause = item.type ? context->framing->overrun : context->framing->bad_format,
				.type = item.type,
				.instance = item.instance,
				.in_bearer = table->is_bearer});
	for (const struct ie_def *row = table->rows; row < table->rows + table->count; row++)
		if (!has_in(body, row) &&
			(is_mandatory(context, row) || (row->presence == IE_A && context->accepts(table, body))))
			fault_note(fault,
				&(struct ie_fault){.cause = context->framing->missing,
					.type = row->type,
					.instance = row->instance,
					.in_bearer = table->is_bearer});
}

void ies_write(const struct ie_framing *framing, const struct ie_table *table, struct wire_out *out, const void *body)
{
	for (const struct ie_def *row = table->rows; row < table->rows + table->count; row++) {
		for (uint8_t i = 0; i < has_in(body, row); i++) {
			size_t at = framing->open(out, row->type, row->instance);

			if (row->codec->group)
				ies_write(framing, row->codec->group, out, value_in(body, row, i));
			else
				row->codec->write(out, value_in(body, row, i));
			framing->close(out, at, row->type);
		}
	}
}

void ies_print(const struct ie_table *table, struct ie_text *text, const void *body)
{
	for (const struct ie_def *row = table->rows; row < table->rows + table->count; row++) {
		for (uint8_t i = 0; i < has_in(body, row); i++) {
			ie_text_add(text, " %s=", row->name);
			if (row->codec->group) {
				ie_text_add(text, "{");
				ies_print(row->codec->group, text, value_in(body, row, i));
				ie_text_add(text, " }");
			} else {
				row->codec->print(text, value_in(body, row, i));
			}
		}
	}
}

const void *ies_find(const struct ie_table *table, const void *body, const struct ie_codec *codec)
{
	for (const struct ie_def *row = table->rows; row < table->rows + table->count; row++)
		if (row->codec == codec)
			return has_in(body, row) ? value_in(body, row, 0) : NULL;
	return NULL;
}

void *ies_set(const struct ie_table *table, void *body, const struct ie_codec *codec)
{
	for (const struct ie_def *row = table->rows; row < table->rows + table->count; row++) {
		if (row->codec != codec)
			continue;
		*has_of(body, row) = 1;
		return slot_of(body, row, 0);
	}
	return NULL;
}

static const struct ie_def *row_like(const struct ie_table *table, const struct ie_def *row)
{
	unsigned hint = 0;

	return row_find(table, &(struct ie_item){.type = row->type, .instance = row->instance}, &hint);
}

void ies_echo(const struct ie_table *table, void *answer, const struct ie_table *asked, const void *request,
	const struct ie_codec *codec, const void *value)
{
	for (const struct ie_def *row = table->rows; row < table->rows + table->count; row++) {
		const struct ie_def *from = row->codec == codec ? NULL : row_like(asked, row);

		if (row->presence != IE_M)
			continue;
		if (row->codec == codec) {
			memcpy(slot_of(answer, row, 0), value, row->size);
			*has_of(answer, row) = 1;
		} else if (from && !from->codec->group != !row->codec->group) {
			continue;
		}
		for (uint8_t i = 0; from && i < has_in(request, from) && i < row->max; i++) {
			if (row->codec->group)
				ies_echo(row->codec->group, slot_of(answer, row, i), from->codec->group,
					value_in(request, from, i), codec, value);
			else
				memcpy(slot_of(answer, row, i), value_in(request, from, i), row->size);
			(*has_of(answer, row))++;
		}
	}
}

// GTPv2: type, length (2), spare and instance (TS 29.274 8.2.1).
static int next_v2(struct wire_in *in, struct ie_seen *seen, struct ie_item *item)
{
	size_t len;

	(void)seen;
	*item = (struct ie_item){0};
	if (!wire_left(in))
		return 0;
	if (wire_left(in) < 4)
		return -EBADMSG;
	item->type = wire_get_u8(in);
	len = wire_get_be16(in);
	item->instance = wire_get_u8(in) & 0x0f;
	item->contents = wire_get_sub(in, len);
	return in->error ? -EBADMSG : 1;
}

static size_t open_v2(struct wire_out *out, uint8_t type, uint8_t instance)
{
	wire_put_u8(out, type);
	wire_put_be16(out, 0);
	wire_put_u8(out, instance);
	return wire_used(out);
}

static void close_v2(struct wire_out *out, size_t at, uint8_t type)
{
	(void)type;
	wire_patch_be16(out, at - 3, (uint16_t)(wire_used(out) - at));
}

#define EXTENSION_TYPE_LIST 141 // its length has one octet (7.7.40)

// GTPv1: below 128 the type fixes the length (TS 29.060 7.7, table 37), so a type that is not listed cannot be skipped.
static const uint8_t tv_lengths[128] = {
	[1] = 1,
	[2] = 8,
	[3] = 6,
	[4] = 4,
	[5] = 4,
	[8] = 1,
	[9] = 28,
	[11] = 1,
	[12] = 3,
	[13] = 1,
	[14] = 1,
	[15] = 1,
	[16] = 4,
	[17] = 4,
	[18] = 5,
	[19] = 1,
	[20] = 1,
	[21] = 1,
	[22] = 9,
	[23] = 1,
	[24] = 1,
	[25] = 2,
	[26] = 2,
	[27] = 2,
	[28] = 2,
	[29] = 1,
	[117] = 10,
	[118] = 4,
	[119] = 1,
	[126] = 1,
	[127] = 4,
};

static int next_v1(struct wire_in *in, struct ie_seen *seen, struct ie_item *item)
{
	size_t len;

	*item = (struct ie_item){0};
	if (!wire_left(in))
		return 0;
	item->type = wire_get_u8(in);
	item->instance = seen->count[item->type];
	if (item->type == EXTENSION_TYPE_LIST)
		len = wire_get_u8(in);
	else if (item->type >= 128)
		len = wire_get_be16(in);
	else if (tv_lengths[item->type])
		len = tv_lengths[item->type];
	else
		return -EBADMSG;
	item->contents = wire_get_sub(in, len);
	if (in->error)
		return -EBADMSG;
	if (seen->count[item->type] < UINT8_MAX)
		seen->count[item->type]++;
	return 1;
}

static size_t open_v1(struct wire_out *out, uint8_t type, uint8_t instance)
{
	(void)instance;
	wire_put_u8(out, type);
	if (type == EXTENSION_TYPE_LIST)
		wire_put_u8(out, 0);
	else if (type >= 128)
		wire_put_be16(out, 0);
	return wire_used(out);
}

static void close_v1(struct wire_out *out, size_t at, uint8_t type)
{
	size_t len = wire_used(out) - at;

	if (type == EXTENSION_TYPE_LIST && len > UINT8_MAX)
		out->error = -EMSGSIZE;
	else if (type == EXTENSION_TYPE_LIST && !out->error)
		out->start[at - 1] = (uint8_t)len;
	else if (type >= 128)
		wire_patch_be16(out, at - 2, (uint16_t)len);
}

const struct ie_framing ie_framing_v1 = {
	.next = next_v1,
	.open = open_v1,
	.close = close_v1,
	.bad_format = GTP1_CAUSE_INVALID_MESSAGE_FORMAT,
	.overrun = GTP1_CAUSE_INVALID_MESSAGE_FORMAT,
	// TS 29.060 11.1.8: a known IE of a wrong length counts as one of a wrong value.
	.bad_value = GTP1_CAUSE_MANDATORY_IE_INCORRECT,
	.bad_conditional = GTP1_CAUSE_OPTIONAL_IE_INCORRECT,
	.missing = GTP1_CAUSE_MANDATORY_IE_MISSING,
	.conditional_missing = GTP1_CAUSE_MANDATORY_IE_MISSING,
};

const struct ie_framing ie_framing_v2 = {
	.next = next_v2,
	.open = open_v2,
	.close = close_v2,
	.bad_format = GTP2_CAUSE_INVALID_MESSAGE_FORMAT,
	.overrun = GTP2_CAUSE_INVALID_LENGTH,
	.bad_length = GTP2_CAUSE_INVALID_LENGTH,
	.bad_value = GTP2_CAUSE_MANDATORY_IE_INCORRECT,
	.bad_conditional = GTP2_CAUSE_MANDATORY_IE_INCORRECT,
	.missing = GTP2_CAUSE_MANDATORY_IE_MISSING,
	.conditional_missing = GTP2_CAUSE_CONDITIONAL_IE_MISSING,
};
