// SPDX-License-Identifier: Apache-2.0
// Ids of objects: UUID version 7 (RFC 9562), so that new rows stand at the end of the store's trees.
#pragma once

#include <stdbool.h>

#define UUID_TEXT 37

// Lower case, with the NUL, into `out`; returns `out`.
char *uuid_make(char out[UUID_TEXT]);
// Has the text the form of one?
bool uuid_is(const char *text);
// The texts of ids made after this one are not below it.
#define UUID_TIME_CHARS 13
