// SPDX-License-Identifier: Apache-2.0
// Objects to and from JSON, by their field tables.
#pragma once

#include "model/field.h"
#include "model/text.h"

#include <jansson.h>

struct ruling;

enum json_form {
	JSON_READ = 1, // what the API answers
	JSON_LINK, // what a gateway gets: only members with a `link` name, references as ids, enumerations as monikers, secrets in clear
};

// A secret that is set, in an object that was read without its secrets.
extern const char json_secret_set[];

void json_put_object(struct text *out, const struct noun *noun, const void *object, enum json_form form);
// RFC 3339 with milliseconds, or null. json_time_parse takes what RFC 3339 allows; 0 or -EINVAL.
void json_put_time(struct text *out, int64_t ms);
int json_time_parse(const char *text, int64_t *ms);

enum json_verb {
	JSON_CREATE = 1, // POST: `object` is new, at its defaults
	JSON_REPLACE, // PUT: members that are not given go back to their defaults, but for those that are kept
	JSON_MERGE, // PATCH: members that are not given stay
};

// Takes a body into `object`, which holds the present state (or the defaults). Each fault goes to `ruling`; members at fault stay
// as they were. References hold what the client wrote in `moniker`, to be resolved by object_judge.
void json_get_object(struct ruling *ruling, const struct noun *noun, const json_t *body, void *object, enum json_verb verb);

// The judgement of an object that a body was taken into: resolves references, then holds rows and rules against it. `before` is
// the state before the body, NULL on create. Members that do not apply to the object's type are refused, or cleared when harmless.
void object_judge(struct ruling *ruling, const struct noun *noun, void *object, const void *before);
// Is the member of both objects the same? A reference that is not resolved differs.
bool field_equal(const struct field *field, const void *a, const void *b);
bool object_equal(const struct noun *noun, const void *a, const void *b);
