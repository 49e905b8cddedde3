// SPDX-License-Identifier: Apache-2.0
// What the two halves of the description share: the schemas of nouns (openapi_schema.c) and the operations (openapi.c).
#pragma once

#include "model/noun.h"
#include "model/text.h"

#include <jansson.h>

struct writing {
	struct text *out;
	bool any_path, any_method; // a comma is due
	char path[120]; // the one that is open
	json_t *shapes; // openapi_shapes.json
};

// What the tables do not say: what operations of their own take and give, and members that are made by the program. NULL when
// openapi_shapes.json has nothing of it.
const json_t *openapi_shape(const struct writing *writing, const char *group, const char *name);
void openapi_json(struct text *out, const json_t *value);
// {"$ref": ...} to a noun's schema; `suffix` is "" (as it is read) or "Write".
void openapi_ref(struct text *out, const struct noun *noun, const char *suffix);
// A noun's own schemas, then those of its parts and rows, each with a comma before it.
void openapi_schemas(const struct writing *writing, const struct noun *noun);
