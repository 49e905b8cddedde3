// SPDX-License-Identifier: Apache-2.0
#include "model/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool text_room(struct text *text, size_t more)
{
	if (text->failed)
		return false;
	if (text->len + more + 1 <= text->room)
		return true;
	size_t room = text->room ? text->room : 256;

	while (room < text->len + more + 1)
		room *= 2;
	char *bytes = realloc(text->bytes, room);

	if (!bytes) {
		text->failed = true;
		return false;
	}
	text->bytes = bytes;
	text->room = room;
	return true;
}

void text_reserve(struct text *text, size_t more)
{
	(void)text_room(text, more);
}

void text_bytes(struct text *text, const char *bytes, size_t len)
{
	if (!text_room(text, len))
		return;
	if (len)
		memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
	text->bytes[text->len] = '\0';
}

void text_add(struct text *text, const char *string)
{
	text_bytes(text, string, strlen(string));
}

void text_char(struct text *text, char c)
{
	text_bytes(text, &c, 1);
}

void text_number(struct text *text, int64_t value)
{
	char digits[24], *at = digits + sizeof(digits);
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;

	do {
		*--at = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	if (value < 0)
		*--at = '-';
	text_bytes(text, at, (size_t)(digits + sizeof(digits) - at));
}

void text_format(struct text *text, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);

	if (len >= 0 && text_room(text, (size_t)len)) {
		vsnprintf(text->bytes + text->len, (size_t)len + 1, format, again);
		text->len += (size_t)len;
	}
	va_end(again);
	va_end(args);
}

// Octets of the UTF-8 character that begins here (RFC 3629: nothing overlong, no surrogates, up to U+10FFFF); 0 when none does.
static size_t utf8_len(const char *string)
{
	const unsigned char *c = (const unsigned char *)string;
	size_t len = c[0] < 0x80	      ? 1
		: c[0] >= 0xc2 && c[0] < 0xe0 ? 2
		: (c[0] & 0xf0) == 0xe0	      ? 3
		: c[0] >= 0xf0 && c[0] < 0xf5 ? 4
					      : 0;
	unsigned char from = c[0] == 0xe0 ? 0xa0
		: c[0] == 0xf0		  ? 0x90
					  : 0x80,
		      to = c[0] == 0xed ? 0x9f
		: c[0] == 0xf4		? 0x8f
					: 0xbf;

	if (len > 1 && (c[1] < from || c[1] > to))
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static size_t plain_len(const char *string)
{
	const char *at = string;
	size_t len;

	for (;; at += len) {
		while (*at >= 0x20 && *at < 0x7f && *at != '"' && *at != '\\') // most of what there is
			at++;
		if ((unsigned char)*at < 0x7f || !(len = utf8_len(at)))
			break;
	}
	return (size_t)(at - string);
}

void text_json(struct text *text, const char *string)
{
	static const char hex[] = "0123456789abcdef";

	if (!string) {
		text_bytes(text, "null", 4);
		return;
	}
	text_char(text, '"');
	for (;;) {
		size_t plain = plain_len(string);

		text_bytes(text, string, plain);
		string += plain;
		if (!*string)
			break;
		unsigned char c = (unsigned char)*string++;

		if (c == '"' || c == '\\')
			text_bytes(text, (const char[]){'\\', (char)c}, 2);
		else if (c == '\n')
			text_bytes(text, "\\n", 2);
		else if (c >= 0x80) // what a client sent, or a text that was cut
			text_bytes(text, "\\ufffd", 6);
		else
			text_bytes(text, (const char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
	}
	text_char(text, '"');
}

char *text_take(struct text *text, size_t *len)
{
	char *bytes = text->bytes;

	if (text->failed) {
		text_fini(text);
		return NULL;
	}
	if (!bytes)
		bytes = calloc(1, 1);
	if (len)
		*len = text->len;
	*text = (struct text){0};
	return bytes;
}

void text_fini(struct text *text)
{
	free(text->bytes);
	*text = (struct text){0};
}
