// SPDX-License-Identifier: Apache-2.0
#include "controller/store/power_vfs.h"

#include "base/vec.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Octets of a file, as long as they are.
struct content {
	uint8_t *bytes;
	size_t len, room;
};

// A write (or, without bytes, a new length) that was not synced yet.
struct change {
	size_t at, len;
	uint8_t *bytes;
};

struct image {
	char path[256];
	struct content synced, written;
	VEC(struct change) changes;
	bool used;
};

struct power_file {
	sqlite3_file base;
	struct image *image; // NULL for files that do not last
	sqlite3_file *real;
};

#define IMAGES_MAX 8

static struct {
	sqlite3_vfs vfs, *real;
	struct power_host host;
	struct image images[IMAGES_MAX];
	pthread_mutex_t lock;
} power = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void content_grow(struct content *content, size_t len)
{
	if (len > content->room || !content->bytes) {
		content->room = len * 2 + 1;
		content->bytes = realloc(content->bytes, content->room);
		if (!content->bytes)
			abort();
	}
	if (len > content->len) {
		memset(content->bytes + content->len, 0, len - content->len);
		content->len = len;
	}
}

static void content_write(struct content *content, const void *bytes, size_t len, size_t at)
{
	content_grow(content, at + len);
	memcpy(content->bytes + at, bytes, len);
}

static void content_cut(struct content *content, size_t len)
{
	content_grow(content, len);
	content->len = len;
}

static void changes_drop(struct image *image)
{
	vec_each (&image->changes, change)
		free(change->bytes);
	vec_free(&image->changes);
}

static void changes_sync(struct image *image)
{
	vec_each (&image->changes, change) {
		if (change->bytes)
			content_write(&image->synced, change->bytes, change->len, change->at);
		else
			content_cut(&image->synced, change->len);
	}
	changes_drop(image);
}

static void change_note(struct image *image, const void *bytes, size_t len, size_t at)
{
	struct change *change = vec_add(&image->changes);

	if (!change || (bytes && !(change->bytes = malloc(len))))
		abort();
	change->at = at;
	change->len = len;
	if (bytes)
		memcpy(change->bytes, bytes, len);
	if (bytes)
		content_write(&image->written, bytes, len, at);
	else
		content_cut(&image->written, len);
}

static bool sector_survives(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 31;
}

// Sectors of what was written since the last sync, each there or not.
static void tear(const struct image *image, struct content *left, uint32_t seed)
{
	vec_each (&image->changes, change) {
		if (!change->bytes && sector_survives(&seed))
			content_cut(left, change->len);
		for (size_t at = 0; change->bytes && at < change->len; at += POWER_SECTOR) {
			size_t len = change->len - at < POWER_SECTOR ? change->len - at : POWER_SECTOR;

			if (sector_survives(&seed))
				content_write(left, change->bytes + at, len, change->at + at);
		}
	}
}

static struct image *image_of(const char *path, bool make)
{
	struct image *free_one = NULL;

	for (size_t i = 0; i < IMAGES_MAX; i++) {
		if (power.images[i].used && strcmp(power.images[i].path, path) == 0)
			return &power.images[i];
		if (!power.images[i].used && !free_one)
			free_one = &power.images[i];
	}
	if (!make || !free_one)
		return NULL;
	*free_one = (struct image){.used = true};
	snprintf(free_one->path, sizeof(free_one->path), "%s", path);
	return free_one;
}

static void image_free(struct image *image)
{
	changes_drop(image);
	free(image->synced.bytes);
	free(image->written.bytes);
	*image = (struct image){0};
}

static void leave_file(const char *path, const char *to, enum power_left left, uint32_t seed)
{
	const struct image *image = image_of(path, false);
	const struct content *from = image ? left == POWER_KILLED ? &image->written : &image->synced : NULL;
	struct content content = {0};

	unlink(to);
	if (!image)
		return;
	if (left == POWER_TORN) {
		content_write(&content, from->bytes ? from->bytes : (uint8_t *)"", from->len, 0);
		tear(image, &content, seed);
		from = &content;
	}
	FILE *file = fopen(to, "we");

	if (!file || (from->len && fwrite(from->bytes, 1, from->len, file) != from->len) || fclose(file))
		abort();
	free(content.bytes);
}

void power_leave(const char *database, const char *to, enum power_left left, uint32_t seed)
{
	char path[300], to_path[300];

	leave_file(database, to, left, seed);
	snprintf(path, sizeof(path), "%s-wal", database);
	snprintf(to_path, sizeof(to_path), "%s-wal", to);
	leave_file(path, to_path, left, seed + 1);
	snprintf(to_path, sizeof(to_path), "%s-shm", to);
	unlink(to_path);
}

#define FILE_OF(file) ((struct power_file *)(file))
#define REAL(file) (FILE_OF(file)->real)

static int on_close(sqlite3_file *file)
{
	int result = REAL(file)->pMethods->xClose(REAL(file));

	free(REAL(file));
	return result;
}

static int on_read(sqlite3_file *file, void *bytes, int len, sqlite3_int64 at)
{
	return REAL(file)->pMethods->xRead(REAL(file), bytes, len, at);
}

static int on_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
	struct image *image = FILE_OF(file)->image;

	if (image) {
		pthread_mutex_lock(&power.lock);
		if (power.host.on_write)
			power.host.on_write(power.host.owner, image->path, bytes, len, at);
		change_note(image, bytes, (size_t)len, (size_t)at);
		pthread_mutex_unlock(&power.lock);
	}
	return REAL(file)->pMethods->xWrite(REAL(file), bytes, len, at);
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct image *image = FILE_OF(file)->image;

	if (image) {
		pthread_mutex_lock(&power.lock);
		change_note(image, NULL, (size_t)size, 0);
		pthread_mutex_unlock(&power.lock);
	}
	return REAL(file)->pMethods->xTruncate(REAL(file), size);
}

static int on_sync(sqlite3_file *file, int flags)
{
	struct image *image = FILE_OF(file)->image;

	(void)flags; // the real sync would only take time: it is this file's image that counts
	if (!image)
		return SQLITE_OK;
	pthread_mutex_lock(&power.lock);
	if (power.host.on_sync)
		power.host.on_sync(power.host.owner, image->path);
	changes_sync(image);
	pthread_mutex_unlock(&power.lock);
	return SQLITE_OK;
}

static int on_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return REAL(file)->pMethods->xFileSize(REAL(file), size);
}

static int on_lock(sqlite3_file *file, int level)
{
	return REAL(file)->pMethods->xLock(REAL(file), level);
}

static int on_unlock(sqlite3_file *file, int level)
{
	return REAL(file)->pMethods->xUnlock(REAL(file), level);
}

static int on_check(sqlite3_file *file, int *out)
{
	return REAL(file)->pMethods->xCheckReservedLock(REAL(file), out);
}

static int on_control(sqlite3_file *file, int what, void *argument)
{
	return REAL(file)->pMethods->xFileControl(REAL(file), what, argument);
}

static int on_sector(sqlite3_file *file)
{
	(void)file;
	return POWER_SECTOR;
}

// Nothing is promised of what one write leaves beyond its sectors.
static int on_characteristics(sqlite3_file *file)
{
	(void)file;
	return 0;
}

static int on_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
	return REAL(file)->pMethods->xShmMap(REAL(file), page, size, extend, out);
}

static int on_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	return REAL(file)->pMethods->xShmLock(REAL(file), offset, count, flags);
}

static void on_barrier(sqlite3_file *file)
{
	REAL(file)->pMethods->xShmBarrier(REAL(file));
}

static int on_unmap(sqlite3_file *file, int drop)
{
	return REAL(file)->pMethods->xShmUnmap(REAL(file), drop);
}

static const sqlite3_io_methods methods = {2, on_close, on_read, on_write, on_truncate, on_sync, on_size, on_lock, on_unlock,
	on_check, on_control, on_sector, on_characteristics, on_map, on_shm_lock, on_barrier, on_unmap, NULL, NULL};

static int on_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out)
{
	struct power_file *mine = (struct power_file *)file;
	bool lasts = name && flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL);

	(void)vfs;
	*mine = (struct power_file){.real = calloc(1, (size_t)power.real->szOsFile)};
	int result = power.real->xOpen(power.real, name, mine->real, flags, out);

	if (result != SQLITE_OK) {
		free(mine->real);
		return result;
	}
	pthread_mutex_lock(&power.lock);
	mine->image = lasts ? image_of(name, true) : NULL;
	pthread_mutex_unlock(&power.lock);
	mine->base.pMethods = &methods;
	return SQLITE_OK;
}

// A name goes with the next sync of its folder; SQLite asks for that where it matters.
static int on_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	pthread_mutex_lock(&power.lock);
	struct image *image = image_of(name, false);

	if (image && sync)
		image_free(image);
	pthread_mutex_unlock(&power.lock);
	return power.real->xDelete(power.real, name, 0);
}

int power_begin(const struct power_host *host)
{
	power.host = *host;
	power.real = sqlite3_vfs_find("unix");
	power.vfs = *power.real;
	power.vfs.zName = "power";
	power.vfs.szOsFile = sizeof(struct power_file);
	power.vfs.xOpen = on_open;
	power.vfs.xDelete = on_delete;
	return sqlite3_vfs_register(&power.vfs, 1);
}

void power_end(void)
{
	sqlite3_vfs_unregister(&power.vfs);
	for (size_t i = 0; i < IMAGES_MAX; i++)
		image_free(&power.images[i]);
}
