// SPDX-License-Identifier: Apache-2.0
// Secrets at rest: ChaCha20-Poly1305 (RFC 8439) under a key that stands in a file beside the database, bound to the row and column.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct seal {
	uint8_t key[32];
};

#define SEAL_EXTRA (1 + 12 + 16) // version, nonce, tag

// Reads the key file, or makes it (mode 0600) where there is none. 0 or -errno; -EACCES when others may read it.
int seal_open(const char *path, struct seal *seal);
// `out` has room for len + SEAL_EXTRA octets. `place` says where the secret stands ("lac.tunnel_secret:<id>").
void seal_close_up(const struct seal *seal, const char *place, const char *secret, size_t len, uint8_t *out);
// 0 and a text that the caller frees, or -EBADMSG (another key, another place, or damage).
int seal_break(const struct seal *seal, const char *place, const uint8_t *sealed, size_t len, char **secret);
