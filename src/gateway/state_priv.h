// SPDX-License-Identifier: Apache-2.0
// What the files of the state file share: its layout (state.c has the essay). Nothing else includes it.
#pragma once

#include "gateway/state.h"
#include "gateway/state_sum.h"

#include <stdatomic.h>
#include <stdlib.h>

#define PAGE 4096u
#define MAGIC 0x53474154u
#define FORMAT 1
#define TABLES_MAX 32
#define BOOT_ID 40 // 36 characters and NULs
#define RESERVE (64u * 1024) // disk space is asked for in such pieces
#define NONE UINT32_MAX
#define LEAN 0x80000000u // in a table's version
#define JOURNAL_AT 2048u // octets into the header page

struct file_table {
	char name[16];
	uint32_t record_size, version, max_records;
	uint32_t high; // records from here on were never taken
	uint64_t offset;
};

struct file_header {
	uint32_t magic, format;
	uint64_t checksum; // of all from `table_count` on, each table's `high` as 0
	char boot_id[BOOT_ID];
	uint32_t table_count, reserved;
	struct file_table tables[TABLES_MAX];
};

_Static_assert(sizeof(struct file_header) <= JOURNAL_AT, "header and journal are one page");

struct slot {
	uint32_t checksum, sequence; // sequence 0: empty
	uint8_t octets[];
};

struct journal {
	uint32_t checksum, sequence; // sequence 0: empty
	uint32_t table, index;
	uint8_t octets[];
};

_Static_assert(JOURNAL_AT + sizeof(struct journal) + STATE_LEAN_MAX <= PAGE, "header and journal are one page");

enum record_is { RECORD_FREE = 0, RECORD_TAKEN, RECORD_IN_A, RECORD_IN_B };

struct table {
	struct file_table *file;
	uint8_t *records;
	size_t slot_size; // of one slot
	uint64_t reserved; // octets from `records` that the disk has granted
	uint32_t free_first, live;
	uint32_t *next; // of a free record: the next free one
	uint8_t *is; // enum record_is by index
};

struct state {
	int fd;
	size_t size, count;
	uint8_t *map;
	struct file_header *header;
	uint64_t crash_in;
	struct table tables[TABLES_MAX];
};

static inline uint32_t slot_sum(const struct table *table, uint32_t index, uint32_t sequence, const void *octets)
{
	return (uint32_t)sum_octets((uint64_t)index << 32 | sequence, octets, table->file->record_size);
}

static inline bool is_lean(const struct file_table *file)
{
	return file->version & LEAN;
}

static inline size_t slots_of(const struct file_table *file)
{
	return is_lean(file) ? 1 : 2;
}

static inline struct slot *slot_at(const struct table *table, uint32_t index, bool b)
{
	return (struct slot *)(table->records + (slots_of(table->file) * index + b) * table->slot_size);
}

static inline bool slot_is_whole(const struct table *table, uint32_t index, const struct slot *slot)
{
	return slot->sequence && slot->checksum == slot_sum(table, index, slot->sequence, slot->octets);
}

static inline size_t slot_size(uint32_t record_size)
{
	return (sizeof(struct slot) + record_size + 7) & ~(size_t)7;
}

// A place where a test may let the process die. The stores before it are in the map, those after it are not.
static inline void state_point(struct state *state)
{
	atomic_signal_fence(memory_order_seq_cst);
	if (state->crash_in && --state->crash_in == 0)
		abort();
}

// state_file.c: the disk's promise for the records below `count`. 0 or -ENOSPC.
int state_reserve(struct state *state, struct table *table, uint32_t count);

// state_journal.c: the one record of a lean table that is on its way into its slot.
void state_journal_write(struct state *state, size_t at, uint32_t index, const void *record);
void state_journal_done(struct state *state);
void state_journal_redo(struct state *state); // what the process died over
