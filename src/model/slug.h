// SPDX-License-Identifier: Apache-2.0
// Monikers made from names.
#pragma once

#include <stddef.h>

#define MONIKER_TEXT 31

// "Vantiq Diagnostics L2TP" -> "vantiq-diagnostics-l2tp", at most 30 characters; `fallback` where nothing of the name is left.
// Returns `out`.
char *slug_make(const char *name, const char *fallback, char out[MONIKER_TEXT]);
// The slug with "-2", "-3"... at its end, still at most 30 characters. Returns `out`.
char *slug_number(const char *slug, unsigned number, char out[MONIKER_TEXT]);
