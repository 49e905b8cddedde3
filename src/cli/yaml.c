// SPDX-License-Identifier: Apache-2.0
// YAML 1.2 of what JSON can say: block mappings and sequences, plain scalars where nothing else could be read into them.
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clean.h"
#include "cli/print.h"

// Would a reader take the plain text for a number, a truth or nothing (1.1 readers included)?
static bool reads_as_other(const char *text)
{
	static const char *const words[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "~"};
	char *end;

	for (size_t i = 0; i < array_len(words); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	(void)strtod(text, &end);
	// Also dates and 12:30, which 1.1 readers know.
	return !*end || isdigit((unsigned char)text[0]) || strchr("+.", text[0]);
}

static bool is_plain(const char *text)
{
	if (!*text || strchr("-?:,[]{}#&*!|>'\"%@` ", text[0]) || text[strlen(text) - 1] == ' ' || text[strlen(text) - 1] == ':')
		return false;
	if (strstr(text, ": ") || strstr(text, " #"))
		return false;
	for (const char *at = text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return false;
	return !reads_as_other(text);
}

static void print_scalar(FILE *out, const json_t *value)
{
	if (json_is_string(value) && is_plain(json_string_value(value))) {
		fputs(json_string_value(value), out);
	} else {
		// A JSON string is a double-quoted YAML scalar; numbers, truths and null are the same; so are {} and [].
		_cleanup_free_ char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

		fputs(text ? text : "null", out);
	}
}

static bool is_block(const json_t *value)
{
	return json_object_size(value) || json_array_size(value);
}

static void print_block(FILE *out, const json_t *value, unsigned indent, bool first_indented);

static void print_item(FILE *out, const json_t *value, unsigned indent, bool in_list)
{
	if (!is_block(value)) {
		fputc(' ', out);
		print_scalar(out, value);
		fputc('\n', out);
	} else if (in_list) {
		fputc(' ', out);
		print_block(out, value, indent + 2, false);
	} else {
		fputc('\n', out);
		print_block(out, value, json_is_array(value) ? indent : indent + 2, true);
	}
}

static void print_block(FILE *out, const json_t *value, unsigned indent, bool first_indented)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_array(value)) {
		json_array_foreach(value, i, item)
		{
			fprintf(out, "%*s-", i || first_indented ? (int)indent : 0, "");
			print_item(out, item, indent, true);
		}
		return;
	}
	json_object_foreach((json_t *)value, key, item)
	{
		json_t *name = json_string(key);

		fprintf(out, "%*s", first_indented ? (int)indent : 0, "");
		first_indented = true;
		print_scalar(out, name);
		fputc(':', out);
		print_item(out, item, indent, false);
		json_decref(name);
	}
}

void print_yaml(FILE *out, const json_t *value)
{
	if (is_block(value)) {
		print_block(out, value, 0, true);
	} else {
		print_scalar(out, value);
		fputc('\n', out);
	}
}
