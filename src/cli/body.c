// SPDX-License-Identifier: Apache-2.0
#include "cli/body.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/path.h"

// Puts a value at the place that `path` names, making the objects on the way.
static int put_at(json_t *body, const struct field_path *path, json_t *value)
{
	json_t *at = body;

	for (size_t i = 0; i + 1 < path->depth; i++) {
		json_t *inner = json_object_get(at, path->fields[i]->name);

		if (!json_is_object(inner)) {
			inner = json_object();
			if (json_object_set_new(at, path->fields[i]->name, inner) < 0)
				return -ENOMEM;
		}
		at = inner;
	}
	return json_object_set_new(at, path_leaf(path)->name, value) < 0 ? -ENOMEM : 0;
}

static json_t *value_at(json_t *body, const struct field_path *path)
{
	for (size_t i = 0; body && i < path->depth; i++)
		body = json_object_get(body, path->fields[i]->name);
	return body;
}

int body_fill(const struct noun *noun, const struct options *options, json_t *body, char error[CLI_ERROR_TEXT])
{
	// What was there before (a file) is replaced; what these options gave is added to.
	json_t *given = json_object();
	int result = given ? 0 : -ENOMEM;

	for (size_t i = 0; !result && i < options->count; i++) {
		const struct option *option = &options->items[i];
		struct field_path path;
		json_t *value = NULL;

		result = path_resolve(noun, option, options, &path, error);
		if (!result)
			result = body_value(path_leaf(&path), option, value_at(given, &path), &value, error);
		if (!result)
			result = put_at(given, &path, value);
	}
	if (!result && json_object_update_recursive(body, given) < 0)
		result = -ENOMEM;
	json_decref(given);
	if (result == -ENOMEM)
		snprintf(error, CLI_ERROR_TEXT, "%s", strerror(ENOMEM));
	return result;
}
