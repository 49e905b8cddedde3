// SPDX-License-Identifier: Apache-2.0
// Secrets at rest: ChaCha20-Poly1305 (RFC 8439) under a key that stands in a file beside the database, bound to the row and column.
//
// The file holds one key of 32 octets or several, one after the other: the first one seals, all of them open. So a new key may be put
// before the old one while the controller runs: it reads the file again when it was changed, before it seals, and when nothing opens.
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define SEAL_KEY 32
#define SEAL_KEYS_MAX 8

struct seal {
	pthread_mutex_t lock;
	char path[1024];
	struct timespec changed; // the file, when it was read
	uint64_t file;
	size_t count;
	uint8_t keys[SEAL_KEYS_MAX][SEAL_KEY];
};

#define SEAL_EXTRA (1 + 12 + 16) // version, nonce, tag

// Reads the key file; where there is none makes it (mode 0600), if it may. 0 or -errno; -EACCES when others may read it.
int seal_open(const char *path, bool may_make, struct seal *seal);
// The key of a database, FILE.key: made only together with the database. 0 or -errno with one line in `why`.
int seal_of_database(const char *database, struct seal *seal, char why[200]);
// Forgets the keys.
void seal_fini(struct seal *seal);
// `out` has room for len + SEAL_EXTRA octets. `place` says where the secret stands ("lac.tunnel_secret:<id>").
void seal_close_up(struct seal *seal, const char *place, const char *secret, size_t len, uint8_t *out);
// 0 and a text that the caller frees, or -EBADMSG (another key, another place, or damage).
int seal_break(struct seal *seal, const char *place, const uint8_t *sealed, size_t len, char **secret);
// Was it sealed with the first key?
bool seal_is_current(struct seal *seal, const char *place, const uint8_t *sealed, size_t len);

// Puts a new key before those of the file / leaves only the first. The file is replaced whole. 0 or -errno; -ENOSPC: too many keys.
int seal_add_key(struct seal *seal);
int seal_keep_first(struct seal *seal);
// Writes the file's keys to another (mode 0600), beside a backup. 0 or -errno.
int seal_copy(struct seal *seal, const char *path);
