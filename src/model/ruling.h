// SPDX-License-Identifier: Apache-2.0
// A ruling: the judgement of one write. It collects every fault of a body, so that the client hears of all at once, and lets
// a noun's rules look at the objects that the one under judgement refers to.
#pragma once

#include "model/field.h"

#include <stddef.h>

enum ruling_verdict {
	RULING_OK = 0,
	RULING_INVALID = 400,
	RULING_FORBIDDEN = 403,
	RULING_NOT_FOUND = 404,
	RULING_CONFLICT = 409
};

struct ruling {
	char **faults; // whole messages, in the order found
	size_t fault_count;
	enum ruling_verdict verdict; // the gravest so far
	char prefix[96]; // where in the body the rules look just now: "l2tpNetworkServers[2]." or ""
	const char *customer; // id of the acting customer
	// Completes a reference whose `moniker` holds what the client wrote (an id or a moniker): id, moniker and name. `owner` is the
	// id of the object whose row it must be, or NULL. False when there is none. Filled by the store.
	bool (*resolve)(struct ruling *ruling, const struct noun *noun, const char *owner, struct field_ref *ref);
	// Borrows the object `id` of the noun, or NULL; kept until the ruling ends. Filled by the store; NULL in unit tests of pure rules.
	const void *(*load)(struct ruling *ruling, const struct noun *noun, const char *id);
	// Counts the objects of `noun` whose member `field` (a reference) is `id`. Filled by the store.
	int64_t (*count)(struct ruling *ruling, const struct noun *noun, const char *field, const char *id);
	void *store; // of the two functions
};

#define RULING_FAULTS_MAX 100 // past these only the number is told

// Adds a fault: "<prefix><field>: <text>".
void ruling_fault(struct ruling *ruling, const char *field, const char *format, ...) __attribute__((format(printf, 3, 4)));
// The same for a fault of another gravity (a conflict); `field` may be NULL: then the text stands alone.
void ruling_fault_of(struct ruling *ruling, enum ruling_verdict verdict, const char *field, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
// Is there a fault of this member already?
bool ruling_has(const struct ruling *ruling, const char *field);
// Completes a reference (see `resolve`) quietly. False when it stays without an id.
bool ruling_resolve(struct ruling *ruling, const struct noun *noun, const char *owner, struct field_ref *ref);
// The referred object, or NULL (none, or no store).
const void *ruling_load(struct ruling *ruling, const struct noun *noun, const struct field_ref *ref);
int64_t ruling_count(struct ruling *ruling, const struct noun *noun, const char *field, const char *id);
void ruling_fini(struct ruling *ruling);
