// SPDX-License-Identifier: Apache-2.0
// The recorded configuration stream: STATE_DIR/config.ndjson, mode 0600. A snapshot replaces the file when it is complete; live changes are
// appended. A line that was cut short by a crash is the last one and is not used.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct record;

int record_new(const char *dir, struct record **out); // 0 or -errno
void record_free(struct record **record);
// A snapshot begins: lines go to a new file until record_ready.
void record_snapshot(struct record *record);
void record_line(struct record *record, const char *line, size_t len);
void record_ready(struct record *record);
// Has grown so much by changes that a fresh snapshot is worth it.
bool record_is_long(const struct record *record);
// Calls `each` for every whole line of a file. 0, -errno, or what `each` returned when it is not 0.
int record_read(const char *path, int (*each)(void *owner, const char *line, size_t len), void *owner);
const char *record_path(const struct record *record);
