// SPDX-License-Identifier: Apache-2.0
// Secrets at rest: ChaCha20-Poly1305 (RFC 8439) under a key that stands in a file beside the database, bound to the row and column.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seal {
	uint8_t key[32];
};

#define SEAL_EXTRA (1 + 12 + 16) // version, nonce, tag

// Reads the key file; where there is none makes it (mode 0600), if it may. 0 or -errno; -EACCES when others may read it.
int seal_open(const char *path, bool may_make, struct seal *seal);
// The key of a database, FILE.key: made only together with the database. 0 or -errno with one line in `why`.
int seal_of_database(const char *database, struct seal *seal, char why[200]);
// `out` has room for len + SEAL_EXTRA octets. `place` says where the secret stands ("lac.tunnel_secret:<id>").
void seal_close_up(const struct seal *seal, const char *place, const char *secret, size_t len, uint8_t *out);
// 0 and a text that the caller frees, or -EBADMSG (another key, another place, or damage).
int seal_break(const struct seal *seal, const char *place, const uint8_t *sealed, size_t len, char **secret);
