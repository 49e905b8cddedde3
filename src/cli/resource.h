// SPDX-License-Identifier: Apache-2.0
// An object as `apply` takes and `export` gives it: the members that a client may write, by their names in the field table,
// references and enumerations as monikers, beside "kind", the noun's word.
#pragma once

#include "base/vec.h"
#include "cli/cli.h"

#define RESOURCE_KIND "kind"

// What is wrong with a document, a line each: "FILE:LINE: vslice a: l2tpNetworkServers[0].port: a number is wanted".
struct resource_faults {
	VEC(char *) lines;
};

// Where a document stands, for its faults, and from where files of secrets are named.
struct resource_place {
	char where[320]; // "FILE:LINE: vslice a"
	const char *folder; // of the file; NULL: the current one
	struct resource_faults *faults;
};

void resource_fault(const struct resource_place *place, const char *member, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void resource_faults_fini(struct resource_faults *faults);

// A document's members as the API takes them. Names match in any letter case; what the platform sets is left out (so what was read
// may be applied); texts become what the row wants; {"fromFile": PATH} and {"fromEnv": NAME} are looked up. Faults are told to the
// place; the caller owns the result, which holds what was right.
json_t *resource_from_document(const struct noun *noun, const json_t *document, const struct resource_place *place);
// An answer's members in the same form, without secrets. `brief`: without those that stand at their defaults.
json_t *resource_from_answer(const struct noun *noun, const json_t *answer, bool brief);

// Does the answer say already what was written? Secrets and members that are only written cannot be compared and count as the same.
bool resource_same(const struct field *field, const json_t *written, const json_t *answered);
// Has it a member that cannot be compared?
bool resource_has_unseen(const struct noun *noun, const json_t *written);
// Gives rows of a kind that has no moniker (rules) the ids of the rows that they replace, so that a rule that moves keeps its counters.
void resource_keep_ids(const struct noun *noun, json_t *written, const json_t *answered);

// Is it one that people write, with a path of its own?
bool resource_is_writable(const struct noun *noun);
// Did the object come with the program?
bool resource_is_built_in(const struct noun *noun, const json_t *answer);
