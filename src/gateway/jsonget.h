// SPDX-License-Identifier: Apache-2.0
// Tolerant reading of a JSON object's members: the default when a member is absent, null or of another type.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline const char *jsonget_text(const json_t *object, const char *name, const char *otherwise)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : otherwise;
}

// A copy that the caller owns, or NULL when it is absent or empty.
static inline char *jsonget_dup(const json_t *object, const char *name)
{
	const char *text = jsonget_text(object, name, "");

	return *text ? strdup(text) : NULL;
}

static inline int64_t jsonget_int(const json_t *object, const char *name, int64_t otherwise)
{
	const json_t *value = json_object_get(object, name);

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static inline bool jsonget_bool(const json_t *object, const char *name, bool otherwise)
{
	const json_t *value = json_object_get(object, name);

	return json_is_boolean(value) ? json_is_true(value) : otherwise;
}
