// SPDX-License-Identifier: Apache-2.0
// What the parts of the command line share: the words of a command, its exit status, and where the API is.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/noun.h"

// Exit statuses; scripts rely on them.
enum exit_status {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1, // the API refused it; it says why
	EXIT_USAGE = 2, // the command line is wrong
	EXIT_UNREACHABLE = 3, // no answer from the controller, or one that makes no sense
	EXIT_NOT_FOUND = 4,
	EXIT_NOT_ALLOWED = 5, // no token, an unknown one, or one that may not do this
	EXIT_CONFLICT = 6, // something with that moniker exists, is in use, or was changed meanwhile
	EXIT_TIME_OUT = 7, // what was waited for did not come
	EXIT_DIFFERS = 8, // apply --check: something would change
};

#define CLI_ERROR_TEXT 1024

// An option that belongs to a noun: --name value. Borrowed from argv.
struct option {
	const char *name; // without the dashes
	size_t name_len;
	const char *value; // NULL: none was given (a bare --enabled)
};

struct options {
	struct option *items;
	size_t count, room;
};

// Does an option of this name mean that member? Hyphens and letter case do not count: --vslice-type is vsliceType.
bool name_matches(const char *option, size_t len, const char *field);
// A member's name as an option: "vsliceType" is "vslice-type". `out` has room for 96 octets; returns `out`.
char *name_as_option(const char *field, char *out);
