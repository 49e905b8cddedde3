// SPDX-License-Identifier: Apache-2.0
// The state file: what must survive a restart of the gateway, as tables of fixed-size records in one memory-mapped, versioned file.
//
// Each record has two slots with sequence number and checksum; a store writes the older slot whole, its sequence last, and the newest
// valid slot wins at start, so a kill in mid-write loses nothing but the write. A lean table's record has one slot, and what replaces it is
// first written to a journal: half the memory, as safe against a kill, but a power cut may lose it; for what is void after one. The header carries the kernel's boot id: the same boot
// means resume, a new boot means that sessions are void (state_open says which, at every start until state_settle).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct state;

struct state_table_spec {
	const char *name; // stored; at most 15 characters
	uint32_t record_size; // octets; a change of layout needs a new version
	uint32_t version; // of the record's layout
	uint32_t max_records; // the file is sparse: only used pages cost
	// The oldest version that is still read; 0 = only this one. Since it, members were only added at the end: what an older file lacks is zero.
	uint32_t reads_from;
	bool is_lean; // one slot a record; records of at most STATE_LEAN_MAX octets. A table of the other kind is read too
};
#define STATE_LEAN_MAX 2000

enum state_start {
	STATE_FRESH, // no usable file: all tables are empty
	STATE_RESUME, // same boot: records are live
	STATE_NEW_BOOT, // records are there to be read, but describe a world that is gone (recovery counters, id ranges)
};

// Opens or makes the file (0600, flock'ed: -EBUSY when another gateway has it). Tables are addressed by their index in `specs`. A file
// whose tables differ is made anew with the records of those that have the same name and a version that is read. 0 or -errno.
int state_open(const char *path, const struct state_table_spec *specs, size_t count, enum state_start *start, struct state **out);
void state_close(struct state **state);
// After STATE_NEW_BOOT, when what was void has been cleared: from now on the file is of this boot.
void state_settle(struct state *state);
// Finds a free record, not yet live: it is after the first state_put, and without one it is free again at the next start.
// 0, or -ENOSPC (no record, or no room on the disk).
int state_take(struct state *state, size_t table, uint32_t *index);
// Stores the record (record_size octets) so that it is complete or not there at all.
void state_put(struct state *state, size_t table, uint32_t index, const void *record);
void state_clear(struct state *state, size_t table, uint32_t index); // live, or only taken
// The newest valid record, borrowed until the next put or clear of it, or NULL when there is none.
const void *state_get(const struct state *state, size_t table, uint32_t index);
// Calls `each` for every live record; it may clear that one.
void state_each(
	const struct state *state, size_t table, void (*each)(void *owner, uint32_t index, const void *record), void *owner);
uint32_t state_live(const struct state *state, size_t table);
uint64_t state_bytes_used(const struct state *state); // octets of the pages that were ever used
// For tests: calls abort() at the n-th store point from now (before, between and after the writes of a put); 0 = off.
void state_crash_at(struct state *state, uint64_t n);
