// SPDX-License-Identifier: Apache-2.0
// One member's text to JSON.
#include "cli/body.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clean.h"
#include "cli/ask.h"
#include "cli/path.h"

#define FILE_MAX_BYTES (64 << 20) // what an import may have

__attribute__((format(printf, 2, 3))) static int fault(char error[CLI_ERROR_TEXT], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, CLI_ERROR_TEXT, format, args);
	va_end(args);
	return -EINVAL;
}

char *body_read_file(const char *path, char error[CLI_ERROR_TEXT])
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	_cleanup_free_ char *text = malloc(FILE_MAX_BYTES + 1);
	size_t len;
	bool failed;

	if (!file || !text) {
		fault(error, "%.500s: %s", path, strerror(errno));
		return NULL;
	}
	len = fread(text, 1, FILE_MAX_BYTES + 1, file);
	failed = ferror(file);
	if (file != stdin)
		fclose(file);
	if (failed || len > FILE_MAX_BYTES) {
		fault(error, "%.500s: %s", path, failed ? strerror(EIO) : strerror(EFBIG));
		return NULL;
	}
	while (len && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	text[len] = '\0';
	return strdup(text);
}

static int bool_value(const char *text, json_t **out)
{
	static const char *const words[2][4] = {{"no", "false", "off", "0"}, {"yes", "true", "on", "1"}};

	for (int value = 0; value < 2; value++)
		for (size_t i = 0; i < 4; i++)
			if (strcasecmp(text, words[value][i]) == 0) {
				*out = json_boolean(value);
				return 0;
			}
	return -EINVAL;
}

static int int_value(const char *text, json_t **out)
{
	char *end;
	int64_t number;

	errno = 0;
	number = strtoll(text, &end, 10);
	if (errno || end == text || *end)
		return -EINVAL;
	*out = json_integer(number);
	return 0;
}

static int json_value(const char *text, json_t **out)
{
	*out = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	return *out ? 0 : -EINVAL;
}

static int texts_add(const char *text, json_t *list)
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *word;

	while (copy && (word = strsep(&rest, ","))) {
		word += strspn(word, " ");
		if (*word && json_array_append_new(list, json_string(word)) < 0)
			return -EINVAL;
	}
	return copy ? 0 : -ENOMEM;
}

// The member of a row that a key means: its name, or the last words of it when only one ends so ("action" is ruleAction).
static const struct field *row_field(const struct noun *noun, const char *key, size_t len)
{
	const struct field *found = NULL;

	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];
		char name[96];
		size_t name_len = strlen(name_as_option(field->name, name));

		if (field->flags & FIELD_READ_ONLY)
			continue;
		if (name_matches(key, len, field->name))
			return field;
		for (size_t at = 1; at < name_len; at++) {
			if (name[at - 1] != '-' || !name_matches(key, len, name + at))
				continue;
			found = found ? found : field;
		}
	}
	return found;
}

// "rule-action=forward,routing-target=dc": one row.
static int row_value(const struct noun *noun, const char *text, json_t **out, char error[CLI_ERROR_TEXT])
{
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *pair;
	json_t *row = json_object();

	while (copy && row && (pair = strsep(&rest, ","))) {
		size_t len = strcspn(pair, "=");
		const struct field *field = row_field(noun, pair, len);
		struct option option = {.name = pair, .name_len = len, .value = pair[len] ? pair + len + 1 : NULL};
		json_t *value = NULL;

		if (!field)
			fault(error, "%s: no \"%.*s\"; it is written key=value,key=value with the keys of: slicegate %s --help",
				noun->title, (int)len, pair, noun->word);
		if (!field || body_value(field, &option, json_object_get(row, field->name), &value, error) < 0) {
			json_decref(row);
			return -EINVAL;
		}
		json_object_set_new(row, field->name, value);
	}
	*out = row;
	return copy && row ? 0 : -ENOMEM;
}

static int rows_add(const struct field *field, const char *text, json_t *list, char error[CLI_ERROR_TEXT])
{
	json_t *value = NULL;
	int result;

	if (!*text)
		return 0;
	if (*text != '[' && *text != '{') {
		result = row_value(field->noun, text, &value, error);
		return result ? result : json_array_append_new(list, value);
	}
	if (json_value(text, &value) < 0)
		return fault(error, "--%s: this is not valid JSON", field->name);
	if (json_is_array(value)) {
		json_array_extend(list, value);
		json_decref(value);
		return 0;
	}
	return json_array_append_new(list, value);
}

static int list_value(const struct field *field, const char *text, json_t *before, json_t **out, char error[CLI_ERROR_TEXT])
{
	json_t *list = json_is_array(before) ? json_copy(before) : json_array();
	int result = field->type == FIELD_TEXTS ? texts_add(text, list) : rows_add(field, text, list, error);

	if (result)
		json_decref(list);
	else
		*out = list;
	return result;
}

static int scalar_value(const struct field *field, const char *text, json_t **out)
{
	switch (field->type) {
	case FIELD_BOOL:
		return bool_value(text, out);
	case FIELD_INT:
		return int_value(text, out);
	case FIELD_OBJECT:
	case FIELD_RAW:
		return json_value(text, out);
	default:
		*out = json_string(text);
		return *out ? 0 : -EINVAL;
	}
}

static const char *const wanted[] = {
	[FIELD_BOOL] = "yes or no is wanted",
	[FIELD_INT] = "a number is wanted",
	[FIELD_OBJECT] = "JSON is wanted; its members are options too",
	[FIELD_RAW] = "JSON is wanted",
	[FIELD_TEXT] = "this is not valid UTF-8",
	[FIELD_ENUM] = "this is not valid UTF-8",
	[FIELD_TIME] = "this is not valid UTF-8",
	[FIELD_REF] = "this is not valid UTF-8",
};

int body_value(const struct field *field, const struct option *option, json_t *before, json_t **out, char error[CLI_ERROR_TEXT])
{
	_cleanup_free_ char *read = NULL;
	const char *text = option->value;
	bool asked = false, list = field->type == FIELD_TEXTS || field->type == FIELD_ROWS;

	if (!text && field->type == FIELD_BOOL)
		text = "yes";
	if (!text && field->flags & FIELD_SECRET) { // a secret is better not seen among the arguments
		char question[96];

		snprintf(question, sizeof(question), "%s: ", field->label);
		read = ask_secret(question);
		text = read;
		asked = true;
	}
	if (!text)
		return fault(error, "--%.*s: a value is wanted%s", (int)option->name_len, option->name,
			field->flags & FIELD_SECRET ? ", @FILE, or a terminal to ask on" : "");
	if (!asked && text[0] == '@' && text[1] == '@') {
		text++;
	} else if (!asked && text[0] == '@') {
		read = body_read_file(text + 1, error);
		if (!read)
			return -EINVAL;
		text = read;
	}
	if (list)
		return list_value(field, text, before, out, error);
	if (!*text) {
		*out = json_null();
		return 0;
	}
	if (scalar_value(field, text, out) < 0)
		return fault(error, "--%.*s: %s", (int)option->name_len, option->name, wanted[field->type]);
	return 0;
}
