// SPDX-License-Identifier: Apache-2.0
#include "controller/lnsconfig/template.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"

#define DEPTH_MAX 8

struct writing {
	struct text *out;
	const struct template_scope *scope, *item; // item: of the list that is gone through, or NULL
	const struct template_list *list;
	char *why;
	size_t size;
};

void template_set(struct template_scope *scope, const char *name, const char *format, ...)
{
	char *value;
	va_list args;
	int len;

	if (scope->count == TEMPLATE_VALUES_MAX)
		abort();
	va_start(args, format);
	len = vasprintf(&value, format, args);
	va_end(args);
	if (len < 0)
		abort();
	scope->values[scope->count].name = name;
	scope->values[scope->count++].value = value;
}

void template_scope_fini(struct template_scope *scope)
{
	for (size_t i = 0; i < scope->count; i++)
		free(scope->values[i].value);
	scope->count = 0;
}

static int fault(struct writing *writing, const char *what, const char *text, size_t len)
{
	snprintf(writing->why, writing->size, "%s: %.*s", what, (int)len, text);
	return -EINVAL;
}

static const char *value_of(const struct writing *writing, const char *name, size_t len)
{
	const struct template_scope *scopes[] = {writing->item, writing->scope};

	for (size_t s = 0; s < array_len(scopes); s++)
		for (size_t i = 0; scopes[s] && i < scopes[s]->count; i++)
			if (strlen(scopes[s]->values[i].name) == len && memcmp(scopes[s]->values[i].name, name, len) == 0)
				return scopes[s]->values[i].value;
	return NULL;
}

static int write_line(struct writing *writing, const char *line, const char *end)
{
	while (line < end) {
		const char *hole = memmem(line, (size_t)(end - line), "%{", 2), *close, *value;

		if (!hole) {
			text_bytes(writing->out, line, (size_t)(end - line));
			break;
		}
		close = memchr(hole, '}', (size_t)(end - hole));
		if (!close)
			return fault(writing, "a hole that does not close", hole, (size_t)(end - hole));
		value = value_of(writing, hole + 2, (size_t)(close - hole) - 2);
		if (!value)
			return fault(writing, "there is no", hole + 2, (size_t)(close - hole) - 2);
		text_bytes(writing->out, line, (size_t)(hole - line));
		text_add(writing->out, value);
		line = close + 1;
	}
	text_char(writing->out, '\n');
	return 0;
}

// NAME, NAME=VALUE, NAME!=VALUE: 1, 0 or -EINVAL.
static int holds(struct writing *writing, const char *text, const char *end)
{
	const char *equals = memchr(text, '=', (size_t)(end - text));
	bool not = equals && equals > text && equals[-1] == '!';
	size_t len = (size_t)((equals ? equals - not : end) - text);
	const char *value = value_of(writing, text, len);

	if (!value)
		return fault(writing, "there is no", text, len);
	if (!equals)
		return *value != '\0';
	return (strlen(value) == (size_t)(end - equals) - 1 && memcmp(value, equals + 1, strlen(value)) == 0) != not ;
}

static bool is_directive(const char *line, const char *end, const char *word, const char **rest)
{
	size_t len = strlen(word);

	if ((size_t)(end - line) < len + 2 || memcmp(line, "%%", 2) != 0 || memcmp(line + 2, word, len) != 0)
		return false;
	*rest = line + 2 + len;
	return true;
}

static const char *line_end(const char *line)
{
	return line + strcspn(line, "\n");
}

static const char *next_line(const char *line)
{
	line = line_end(line);
	return line + (*line == '\n');
}

static int write_lines(struct writing *writing, const char **at, bool shown, unsigned depth, bool *is_else);

// The lines between %%if and %%end.
static int write_choice(
	struct writing *writing, const char **at, const char *condition, const char *end, bool shown, unsigned depth)
{
	int yes = shown ? holds(writing, condition, end) : 0;
	bool is_else = false;
	int error = yes < 0 ? yes : write_lines(writing, at, shown && yes, depth + 1, &is_else);

	if (!error && is_else)
		error = write_lines(writing, at, shown && !yes, depth + 1, NULL);
	return error;
}

static int write_each(struct writing *writing, const char **at, const char *name, const char *end, bool shown, unsigned depth)
{
	const struct template_list *list = writing->list;
	const char *start = *at;
	int error = 0;

	if (!list || strlen(list->name) != (size_t)(end - name) || memcmp(list->name, name, strlen(list->name)) != 0)
		return fault(writing, "there is no list", name, (size_t)(end - name));
	for (size_t i = 0; !error && shown && i < list->count; i++) {
		*at = start;
		writing->item = &list->items[i];
		error = write_lines(writing, at, true, depth + 1, NULL);
	}
	writing->item = NULL;
	if (!error && (!shown || !list->count)) // to pass over them
		error = write_lines(writing, at, false, depth + 1, NULL);
	return error;
}

// Lines until the text or the block ends. `is_else` (may be NULL) tells that it was %%else that ended it.
static int write_lines(struct writing *writing, const char **at, bool shown, unsigned depth, bool *is_else)
{
	int error = 0;

	if (depth > DEPTH_MAX)
		return fault(writing, "blocks too deep", *at, strcspn(*at, "\n"));
	while (!error && **at) {
		const char *line = *at, *end = line_end(line), *rest;

		*at = next_line(line);
		if (is_directive(line, end, "if ", &rest)) {
			error = write_choice(writing, at, rest, end, shown, depth);
		} else if (is_directive(line, end, "each ", &rest)) {
			error = write_each(writing, at, rest, end, shown, depth);
		} else if (is_directive(line, end, "end", &rest) || (is_else && is_directive(line, end, "else", &rest))) {
			if (is_else)
				*is_else = rest[-1] == 'e';
			return depth ? 0 : fault(writing, "ends nothing", line, (size_t)(end - line));
		} else if (is_directive(line, end, "#", &rest)) {
			continue;
		} else if (is_directive(line, end, "", &rest)) {
			error = fault(writing, "no such directive", line, (size_t)(end - line));
		} else if (shown) {
			error = write_line(writing, line, end);
		}
	}
	return error ? error : depth ? fault(writing, "an end is missing", "%%end", 5) : 0;
}

int template_write(struct text *out, const char *source, const struct template_scope *scope, const struct template_list *list,
	char *why, size_t size)
{
	struct writing writing = {.out = out, .scope = scope, .list = list, .why = why, .size = size};

	return write_lines(&writing, &source, true, 0, NULL);
}
