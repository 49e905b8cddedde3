// SPDX-License-Identifier: Apache-2.0
#include "gateway/record.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

LOG_CATEGORY(record);

struct record {
	char *path, *fresh_path;
	FILE *file, *fresh; // the one in use, and the snapshot that is coming in
	size_t snapshot_bytes, appended_bytes;
};

int record_new(const char *dir, struct record **out)
{
	struct record *record = calloc(1, sizeof(*record));

	if (!record)
		return -ENOMEM;
	if (asprintf(&record->path, "%s/config.ndjson", dir) < 0 ||
		asprintf(&record->fresh_path, "%s/config.ndjson.new", dir) < 0) {
		free(record->path);
		free(record);
		return -ENOMEM;
	}
	*out = record;
	return 0;
}

void record_free(struct record **record)
{
	if (!*record)
		return;
	if ((*record)->file)
		fclose((*record)->file);
	if ((*record)->fresh)
		fclose((*record)->fresh);
	free((*record)->path);
	free((*record)->fresh_path);
	free(*record);
	*record = NULL;
}

static FILE *open_private(const char *path, int flags)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
	FILE *file = fd >= 0 ? fdopen(fd, "a") : NULL;

	if (!file)
		log_err("the configuration can't be recorded path=%s error=%s", path, strerror(errno));
	return file;
}

void record_snapshot(struct record *record)
{
	if (record->fresh)
		fclose(record->fresh);
	record->fresh = open_private(record->fresh_path, O_TRUNC);
	record->snapshot_bytes = 0;
}

void record_line(struct record *record, const char *line, size_t len)
{
	FILE *file = record->fresh;

	if (!file) {
		if (!record->file)
			record->file = open_private(record->path, O_APPEND);
		file = record->file;
		record->appended_bytes += len;
	} else {
		record->snapshot_bytes += len;
	}
	if (!file)
		return;
	fwrite(line, 1, len, file);
	fputc('\n', file);
}

void record_ready(struct record *record)
{
	if (record->fresh) {
		if (fflush(record->fresh) || rename(record->fresh_path, record->path)) {
			log_err("the configuration can't be recorded path=%s error=%s", record->path, strerror(errno));
			fclose(record->fresh);
		} else {
			if (record->file)
				fclose(record->file);
			record->file = record->fresh;
			record->appended_bytes = 0;
		}
		record->fresh = NULL;
	}
	if (record->file)
		fflush(record->file);
}

bool record_is_long(const struct record *record)
{
	return record->appended_bytes > 4 * record->snapshot_bytes + (1 << 20);
}

const char *record_path(const struct record *record)
{
	return record->path;
}

int record_read(const char *path, int (*each)(void *owner, const char *line, size_t len), void *owner)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int error = 0;

	if (!file)
		return -errno;
	while (!error && (len = getline(&line, &room, file)) > 0) {
		if (line[len - 1] != '\n')
			break; // cut short
		line[--len] = 0;
		if (len)
			error = each(owner, line, (size_t)len);
	}
	free(line);
	fclose(file);
	return error;
}
