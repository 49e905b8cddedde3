// SPDX-License-Identifier: Apache-2.0
// Passwords: yescrypt by libcrypt. Slow (some 50 ms) and large (16 MiB) by intent: never on the loop, never on a store's thread.
#pragma once

#include <stdbool.h>

#define PASSWORD_HASH_TEXT 384 // CRYPT_OUTPUT_SIZE

// A hash with a fresh salt, into `out`. 0 or -errno.
int password_hash(const char *password, char out[PASSWORD_HASH_TEXT]);
// Is it the password of this hash? With NULL (nobody's) it takes as long and says no.
bool password_matches(const char *password, const char *hash);
