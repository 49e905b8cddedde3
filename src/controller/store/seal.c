// SPDX-License-Identifier: Apache-2.0
#include "controller/store/seal.h"

#include "base/clean.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <nettle/chacha-poly1305.h>
#include <nettle/memops.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define VERSION 1
#define NONCE CHACHA_POLY1305_NONCE_SIZE
#define TAG CHACHA_POLY1305_DIGEST_SIZE

static int sync_folder(const char *path)
{
	char copy[1100];

	snprintf(copy, sizeof(copy), "%s", path);
	_cleanup_close_ int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && fsync(fd) == 0 ? 0 : -errno;
}

// The file is there whole, or as it was. It stays that of the user whom the controller runs as, also when root writes it.
static int keys_write(const char *path, const uint8_t (*keys)[SEAL_KEY], size_t count)
{
	ssize_t len = (ssize_t)(count * SEAL_KEY);
	char new_path[1100];
	struct stat old;

	snprintf(new_path, sizeof(new_path), "%s.new", path);
	unlink(new_path); // of an attempt that was ended
	_cleanup_close_ int fd = open(new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	bool is_ours = stat(path, &old) < 0 || old.st_uid == geteuid() || fchown(fd, old.st_uid, old.st_gid) == 0;

	if (!is_ours || write(fd, keys, (size_t)len) != len || fsync(fd) < 0 || rename(new_path, path) < 0) {
		unlink(new_path);
		return -EIO;
	}
	return sync_folder(path);
}

static int keys_read(struct seal *seal)
{
	_cleanup_close_ int fd = open(seal->path, O_RDONLY | O_CLOEXEC);
	uint8_t keys[SEAL_KEYS_MAX + 1][SEAL_KEY];
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (status.st_mode & 077)
		return -EACCES;
	ssize_t len = read(fd, keys, sizeof(keys));

	if (len < SEAL_KEY || len > SEAL_KEYS_MAX * SEAL_KEY || len % SEAL_KEY)
		return -EINVAL;
	memcpy(seal->keys, keys, (size_t)len);
	explicit_bzero(keys, sizeof(keys));
	seal->count = (size_t)len / SEAL_KEY;
	seal->changed = status.st_mtim;
	seal->file = status.st_ino;
	return 0;
}

// Under the lock. True when the file was another one, and could be read.
static bool read_again(struct seal *seal)
{
	struct stat status;

	if (stat(seal->path, &status) < 0 ||
		(status.st_ino == seal->file && status.st_mtim.tv_sec == seal->changed.tv_sec &&
			status.st_mtim.tv_nsec == seal->changed.tv_nsec))
		return false;
	return keys_read(seal) == 0;
}

int seal_open(const char *path, bool may_make, struct seal *seal)
{
	*seal = (struct seal){0};
	pthread_mutex_init(&seal->lock, NULL);
	if (snprintf(seal->path, sizeof(seal->path), "%s", path) >= (int)sizeof(seal->path))
		return -ENAMETOOLONG;
	int error = keys_read(seal);

	if (error != -ENOENT || !may_make)
		return error;
	if (getrandom(seal->keys[0], SEAL_KEY, 0) != SEAL_KEY)
		return -EIO;
	error = keys_write(path, seal->keys, 1);
	return error ? error : keys_read(seal);
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

void seal_fini(struct seal *seal)
{
	explicit_bzero(seal->keys, sizeof(seal->keys));
	seal->count = 0;
}

static void start(const uint8_t *key, const char *place, const uint8_t *nonce, struct chacha_poly1305_ctx *ctx)
{
	chacha_poly1305_set_key(ctx, key);
	chacha_poly1305_set_nonce(ctx, nonce);
	chacha_poly1305_update(ctx, strlen(place), (const uint8_t *)place);
}

void seal_close_up(struct seal *seal, const char *place, const char *secret, size_t len, uint8_t *out)
{
	struct chacha_poly1305_ctx ctx;

	out[0] = VERSION;
	if (getrandom(out + 1, NONCE, 0) != NONCE)
		abort();
	pthread_mutex_lock(&seal->lock);
	read_again(seal);
	start(seal->keys[0], place, out + 1, &ctx);
	pthread_mutex_unlock(&seal->lock);
	chacha_poly1305_encrypt(&ctx, len, out + 1 + NONCE + TAG, (const uint8_t *)secret);
	chacha_poly1305_digest(&ctx, TAG, out + 1 + NONCE);
	explicit_bzero(&ctx, sizeof(ctx));
}

static bool opens(const uint8_t *key, const char *place, const uint8_t *sealed, size_t text_len, char *text)
{
	struct chacha_poly1305_ctx ctx;
	uint8_t tag[TAG];

	start(key, place, sealed + 1, &ctx);
	chacha_poly1305_decrypt(&ctx, text_len, (uint8_t *)text, sealed + 1 + NONCE + TAG);
	chacha_poly1305_digest(&ctx, TAG, tag);
	explicit_bzero(&ctx, sizeof(ctx));
	return memeql_sec(tag, sealed + 1 + NONCE, TAG);
}

static bool opens_with_any(struct seal *seal, size_t count, const char *place, const uint8_t *sealed, size_t text_len, char *text)
{
	bool found = false;

	for (size_t i = 0; i < count && !found; i++)
		found = opens(seal->keys[i], place, sealed, text_len, text);
	return found;
}

int seal_break(struct seal *seal, const char *place, const uint8_t *sealed, size_t len, char **secret)
{
	if (len < SEAL_EXTRA || sealed[0] != VERSION)
		return -EBADMSG;
	size_t text_len = len - SEAL_EXTRA;
	char *text = calloc(1, text_len + 1);

	if (!text)
		return -ENOMEM;
	pthread_mutex_lock(&seal->lock);
	bool found = opens_with_any(seal, seal->count, place, sealed, text_len, text) ||
		(read_again(seal) && opens_with_any(seal, seal->count, place, sealed, text_len, text));

	pthread_mutex_unlock(&seal->lock);
	if (!found) {
		explicit_bzero(text, text_len);
		free(text);
		return -EBADMSG;
	}
	*secret = text;
	return 0;
}

bool seal_is_current(struct seal *seal, const char *place, const uint8_t *sealed, size_t len)
{
	if (len < SEAL_EXTRA || sealed[0] != VERSION)
		return false;
	size_t text_len = len - SEAL_EXTRA;
	char *text = calloc(1, text_len + 1);

	if (!text)
		abort();
	pthread_mutex_lock(&seal->lock);
	bool found = opens_with_any(seal, 1, place, sealed, text_len, text);

	pthread_mutex_unlock(&seal->lock);
	explicit_bzero(text, text_len);
	free(text);
	return found;
}

int seal_add_key(struct seal *seal)
{
	uint8_t keys[SEAL_KEYS_MAX][SEAL_KEY];

	if (seal->count == SEAL_KEYS_MAX)
		return -ENOSPC;
	if (getrandom(keys[0], SEAL_KEY, 0) != SEAL_KEY)
		return -EIO;
	memcpy(keys[1], seal->keys[0], seal->count * SEAL_KEY);
	int error = keys_write(seal->path, keys, seal->count + 1);

	explicit_bzero(keys, sizeof(keys));
	return error ? error : keys_read(seal);
}

int seal_keep_first(struct seal *seal)
{
	int error = keys_write(seal->path, seal->keys, 1);

	return error ? error : keys_read(seal);
}

int seal_copy(struct seal *seal, const char *path)
{
	pthread_mutex_lock(&seal->lock);
	read_again(seal);
	int error = keys_write(path, seal->keys, seal->count);

	pthread_mutex_unlock(&seal->lock);
	return error;
}
