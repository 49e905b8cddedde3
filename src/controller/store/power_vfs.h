// SPDX-License-Identifier: Apache-2.0
// A SQLite VFS for tests that knows, at every moment, what a power cut would leave of each file: what was synced, and of what was written
// since none, or some sectors. It passes everything on to the real VFS.
#pragma once

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

struct power_host {
	// A sync is about to happen: until it is over, what was written since the last one may be lost. Called under the lock.
	void (*on_sync)(void *owner, const char *path);
	// A write is about to happen.
	void (*on_write)(void *owner, const char *path, const void *bytes, int len, sqlite3_int64 at);
	void *owner;
};

enum power_left {
	POWER_SYNCED, // what was synced, nothing else
	POWER_TORN, // and some of the sectors that were written since, as `seed` chooses
	POWER_KILLED, // all that was written: the program ended, the machine did not
};

#define POWER_SECTOR 512

// Registers itself as the default VFS / goes. Files that were open before are not seen.
int power_begin(const struct power_host *host);
void power_end(void);
// Writes what would be left of the database and its WAL to another path. To be called from the host's callbacks.
void power_leave(const char *database, const char *to, enum power_left left, uint32_t seed);
