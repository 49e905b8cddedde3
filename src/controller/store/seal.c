// SPDX-License-Identifier: Apache-2.0
#include "controller/store/seal.h"

#include "base/clean.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/chacha-poly1305.h>
#include <nettle/memops.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define VERSION 1
#define NONCE CHACHA_POLY1305_NONCE_SIZE
#define TAG CHACHA_POLY1305_DIGEST_SIZE

static int key_make(const char *path, struct seal *seal)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	if (getrandom(seal->key, sizeof(seal->key), 0) != sizeof(seal->key) ||
		write(fd, seal->key, sizeof(seal->key)) != (ssize_t)sizeof(seal->key) || fsync(fd) < 0) {
		unlink(path);
		return -EIO;
	}
	return 0;
}

int seal_open(const char *path, bool may_make, struct seal *seal)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return errno == ENOENT && may_make ? key_make(path, seal) : -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (status.st_mode & 077)
		return -EACCES;
	return read(fd, seal->key, sizeof(seal->key)) == (ssize_t)sizeof(seal->key) ? 0 : -EINVAL;
}

int seal_of_database(const char *database, struct seal *seal, char why[200])
{
	struct stat status;
	char path[1024];

	if (snprintf(path, sizeof(path), "%s.key", database) >= (int)sizeof(path)) {
		snprintf(why, 200, "--database %.60s...: the path is too long", database);
		return -ENAMETOOLONG;
	}
	bool is_new = stat(database, &status) < 0 || status.st_size == 0;
	int error = seal_open(path, is_new, seal);

	if (error == -EACCES)
		snprintf(why, 200, "the key file %.100s may be read by others; only its owner may (chmod 600)", path);
	else if (error == -ENOENT && !is_new)
		snprintf(why, 200, "the key file %.100s is missing; the database's secrets do not open without it: put it back",
			path);
	else if (error)
		snprintf(why, 200, "cannot use the key file %.100s: %s", path, strerror(-error));
	return error;
}

static void start(const struct seal *seal, const char *place, const uint8_t *nonce, struct chacha_poly1305_ctx *ctx)
{
	chacha_poly1305_set_key(ctx, seal->key);
	chacha_poly1305_set_nonce(ctx, nonce);
	chacha_poly1305_update(ctx, strlen(place), (const uint8_t *)place);
}

void seal_close_up(const struct seal *seal, const char *place, const char *secret, size_t len, uint8_t *out)
{
	struct chacha_poly1305_ctx ctx;

	out[0] = VERSION;
	if (getrandom(out + 1, NONCE, 0) != NONCE)
		abort();
	start(seal, place, out + 1, &ctx);
	chacha_poly1305_encrypt(&ctx, len, out + 1 + NONCE + TAG, (const uint8_t *)secret);
	chacha_poly1305_digest(&ctx, TAG, out + 1 + NONCE);
	explicit_bzero(&ctx, sizeof(ctx));
}

int seal_break(const struct seal *seal, const char *place, const uint8_t *sealed, size_t len, char **secret)
{
	struct chacha_poly1305_ctx ctx;
	uint8_t tag[TAG];

	if (len < SEAL_EXTRA || sealed[0] != VERSION)
		return -EBADMSG;
	size_t text_len = len - SEAL_EXTRA;
	char *text = calloc(1, text_len + 1);

	if (!text)
		return -ENOMEM;
	start(seal, place, sealed + 1, &ctx);
	chacha_poly1305_decrypt(&ctx, text_len, (uint8_t *)text, sealed + 1 + NONCE + TAG);
	chacha_poly1305_digest(&ctx, TAG, tag);
	explicit_bzero(&ctx, sizeof(ctx));
	if (!memeql_sec(tag, sealed + 1 + NONCE, TAG)) {
		explicit_bzero(text, text_len);
		free(text);
		return -EBADMSG;
	}
	*secret = text;
	return 0;
}
