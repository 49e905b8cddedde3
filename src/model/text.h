// SPDX-License-Identifier: Apache-2.0
// A text that grows while it is written: JSON replies, SQL, NDJSON rows. Running out of memory sticks; check once, at the end.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *bytes; // always ends with a NUL when not NULL
	size_t len, room;
	bool failed;
};

void text_reserve(struct text *text, size_t more); // so much more will not move it
void text_bytes(struct text *text, const char *bytes, size_t len);
void text_add(struct text *text, const char *string);
void text_char(struct text *text, char c);
void text_number(struct text *text, int64_t value);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
// As a JSON string, quoted and escaped; NULL gives null. What is not UTF-8 becomes U+FFFD.
void text_json(struct text *text, const char *string);
// Moves the text out (the caller frees it) and leaves an empty one; NULL when memory ran out.
char *text_take(struct text *text, size_t *len);
void text_fini(struct text *text);
