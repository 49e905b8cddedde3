// SPDX-License-Identifier: Apache-2.0
#include "cli/attaches.h"

#include <inttypes.h>
#include <string.h>

#include "base/clean.h"
#include "cli/print.h"
#include "cli/text.h"

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

// From our side: what came in, what went out, what we did.
static const char *arrow(const char *direction)
{
	static const char *const arrows[][2] = {{"in", "<-"}, {"out", "->"}};

	for (size_t i = 0; i < array_len(arrows); i++)
		if (strcmp(direction, arrows[i][0]) == 0)
			return arrows[i][1];
	return "";
}

static char *milliseconds(const json_t *value)
{
	char text[40];

	snprintf(text, sizeof(text), "%6" JSON_INTEGER_FORMAT " ms", json_integer_value(value));
	return strdup(text);
}

static void print_steps(FILE *out, const json_t *steps)
{
	struct grid grid = {.columns = 4};
	json_t *step;
	size_t i;

	json_array_foreach((json_t *)steps, i, step)
	{
		grid_add(&grid, milliseconds(json_object_get(step, "ms")));
		grid_add(&grid, strdup(text_of(step, "layer")));
		grid_add(&grid, strdup(arrow(text_of(step, "direction"))));
		grid_add(&grid, strdup(text_of(step, "text")));
	}
	grid_print(out, &grid, 2);
	grid_fini(&grid);
}

void attaches_print(FILE *out, const json_t *attaches)
{
	json_t *attach;
	size_t i;

	if (!json_array_size(attaches))
		fputs("no attach yet\n", out);
	json_array_foreach((json_t *)attaches, i, attach)
	{
		bool is_ok = json_is_true(json_object_get(attach, "ok"));

		fprintf(out, "%s%s  IMSI %s  %s: %s\n", i ? "\n" : "", text_of(attach, "startedAt"), text_of(attach, "imsi"),
			is_ok ? "attached" : "FAILED", text_of(attach, "verdict"));
		print_steps(out, json_object_get(attach, "steps"));
	}
}
