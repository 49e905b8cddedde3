// SPDX-License-Identifier: Apache-2.0
// The documents of `slicegate apply -f FILE`: what there shall be.
#pragma once

#include "cli/resource.h"

// One object that there shall be, and what became of it.
struct document {
	const struct noun *noun;
	struct resource_place place;
	json_t *body; // as the API takes it
	char called[128]; // its moniker, given or made from the name as the API would
	// What the API has of it.
	json_t *live; // NULL: nothing yet
	char etag[64];
	json_t *later; // members that wait for objects further down
	bool is_changed;
};

struct manifest {
	VEC(struct document) documents; // in the order in which they can be made
	VEC(char *) folders;
	struct resource_faults faults;
};

// Reads a file ("-": standard input), or those of a folder, of YAML or JSON: several documents, or a list, or {"items": [...]}. May be called for several
// files. 0, or -EINVAL and one line in `error` when it cannot be read at all; what is wrong inside is in `faults`.
int manifest_read(struct manifest *manifest, const char *path, char error[CLI_ERROR_TEXT]);
// Puts them in order and looks for what is there twice.
void manifest_sort(struct manifest *manifest);
void manifest_fini(struct manifest *manifest);
// The document of that moniker (or ICCID), found fast; NULL when there is none. Only after manifest_sort.
struct document *manifest_called(const struct manifest *manifest, const struct noun *noun, const char *called);
// The document that a reference to `noun` means, by moniker or name; NULL when none of them.
struct document *manifest_find(const struct manifest *manifest, const struct noun *noun, const char *called);
