// SPDX-License-Identifier: Apache-2.0
// The state file (architecture: what must survive a restart).
//
// Layout: one header page, then the tables, each on a page boundary. A record is a pair of slots, in a lean table one; a slot is {checksum,
// sequence, octets}. The second half of the header page is the journal, one slot that says for which record it is.
// The header names the tables and carries, outside its own checksum, the boot id and each table's `high`, the number of records that
// were ever taken, so that opening reads no page that was never used.
//
//   put     older slot: sequence 0, octets, checksum, then the new sequence. Whenever the process dies, one slot is whole.
//           Of a lean table: the journal, then the slot, then the journal's sequence 0; the first put of a record needs no journal.
//   clear   older slot first, then the newest: what is left in between is the record as it was, never an older one.
//   open    what the journal holds is put into its slot; the whole slot with the later sequence wins; records without one go to the free list.
//   remake  other tables than the file's: a new file is filled beside it and renamed, so that a kill leaves either of them.
//
// The page cache keeps what a killed process wrote, in order; after a power cut the checksums tell what reached the disk. Disk space is
// reserved before a page is first touched, since a full disk would otherwise be a SIGBUS. What is volatile (free list, which slot is the
// newest) stands beside the map and is made again at open.
#include "gateway/state.h"

#include "base/clean.h"
#include "base/log.h"
#include "gateway/state_sum.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

LOG_CATEGORY(state);

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

// What the last system call failed with; a short write has no errno.
static int failure(void)
{
	return errno > 0 ? -errno : -EIO;
}

static uint32_t slot_sum(const struct table *table, uint32_t index, uint32_t sequence, const void *octets)
{
	return (uint32_t)sum_octets((uint64_t)index << 32 | sequence, octets, table->file->record_size);
}

static bool is_lean(const struct file_table *file)
{
	return file->version & LEAN;
}

static size_t slots_of(const struct file_table *file)
{
	return is_lean(file) ? 1 : 2;
}

static struct slot *slot_at(const struct table *table, uint32_t index, bool b)
{
	return (struct slot *)(table->records + (slots_of(table->file) * index + b) * table->slot_size);
}

static struct journal *journal_of(const struct state *state)
{
	return (struct journal *)(state->map + JOURNAL_AT);
}

static bool slot_is_whole(const struct table *table, uint32_t index, const struct slot *slot)
{
	return slot->sequence && slot->checksum == slot_sum(table, index, slot->sequence, slot->octets);
}

// A place where a test may let the process die. The stores before it are in the map, those after it are not.
static void store_point(struct state *state)
{
	atomic_signal_fence(memory_order_seq_cst);
	if (state->crash_in && --state->crash_in == 0)
		abort();
}

void state_crash_at(struct state *state, uint64_t n)
{
	state->crash_in = n;
}

static size_t slot_size(uint32_t record_size)
{
	return (sizeof(struct slot) + record_size + 7) & ~(size_t)7;
}

static uint64_t header_sum(const struct file_header *header)
{
	struct file_header copy = *header;

	for (size_t i = 0; i < array_len(copy.tables); i++)
		copy.tables[i].high = 0;
	return sum_octets(MAGIC, &copy.table_count, sizeof(copy) - offsetof(struct file_header, table_count));
}

// Lays the tables out; gives the size of the file.
static size_t header_fill(struct file_header *header, const struct state_table_spec *specs, size_t count)
{
	uint64_t offset = PAGE;

	*header = (struct file_header){.magic = MAGIC, .format = FORMAT, .table_count = (uint32_t)count};
	for (size_t i = 0; i < count; i++) {
		struct file_table *table = &header->tables[i];

		strncpy(table->name, specs[i].name, sizeof(table->name) - 1);
		table->record_size = specs[i].record_size;
		table->version = specs[i].version | (specs[i].is_lean ? LEAN : 0);
		table->max_records = specs[i].max_records;
		table->offset = offset;
		offset += slots_of(table) * slot_size(specs[i].record_size) * (uint64_t)specs[i].max_records;
		offset = (offset + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	}
	header->checksum = header_sum(header);
	return offset;
}

// The size that the header gives the file, or 0 when it is no header.
static uint64_t header_size(const struct file_header *header)
{
	uint64_t size = PAGE;

	if (header->magic != MAGIC || header->format != FORMAT || header->table_count > TABLES_MAX ||
		header->checksum != header_sum(header))
		return 0;
	for (size_t i = 0; i < header->table_count; i++) {
		const struct file_table *table = &header->tables[i];

		if (table->high > table->max_records)
			return 0;
		size = table->offset + slots_of(table) * slot_size(table->record_size) * (uint64_t)table->max_records;
	}
	return (size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

static void boot_id_read(char out[BOOT_ID])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	memset(out, 0, BOOT_ID);
	if (!file)
		return;
	if (fscanf(file, "%36s", out) != 1)
		out[0] = 0;
	fclose(file);
}

static void state_unmap(struct state *state)
{
	for (size_t i = 0; i < state->count; i++) {
		free(state->tables[i].next);
		free(state->tables[i].is);
	}
	if (state->map)
		munmap(state->map, state->size);
	if (state->fd >= 0)
		close(state->fd);
	free(state);
}

static void clean_state(struct state **state)
{
	if (*state)
		state_unmap(*state);
}

// The disk's promise for the records below `count`; never taken back.
static int reserve(struct state *state, struct table *table, uint32_t count)
{
	uint64_t record = slots_of(table->file) * table->slot_size;
	uint64_t need = record * count, whole = record * table->file->max_records;

	if (need <= table->reserved)
		return 0;
	need = (need + RESERVE - 1) / RESERVE * RESERVE;
	if (need > whole)
		need = whole;
	if (posix_fallocate(state->fd, (off_t)(table->file->offset + table->reserved), (off_t)(need - table->reserved)))
		return -ENOSPC;
	table->reserved = need;
	return 0;
}

// Reads one table: which slots are whole, and what is free, the lowest first.
static int table_load(struct state *state, struct table *table)
{
	uint32_t max = table->file->max_records;

	table->slot_size = slot_size(table->file->record_size);
	table->records = state->map + table->file->offset;
	table->next = calloc(max ? max : 1, sizeof(*table->next));
	table->is = calloc(max ? max : 1, 1);
	table->free_first = NONE;
	if (!table->next || !table->is)
		return -ENOMEM;
	if (reserve(state, table, table->file->high))
		return -ENOSPC;
	for (uint32_t index = table->file->high; index-- > 0;) {
		const struct slot *a = slot_at(table, index, 0), *b = slot_at(table, index, 1);
		bool a_is = slot_is_whole(table, index, a), b_is = !is_lean(table->file) && slot_is_whole(table, index, b);

		if (!a_is && !b_is) {
			table->next[index] = table->free_first;
			table->free_first = index;
			continue;
		}
		if (a_is && b_is)
			b_is = (int32_t)(b->sequence - a->sequence) > 0;
		table->is[index] = b_is ? RECORD_IN_B : RECORD_IN_A;
		table->live++;
	}
	return 0;
}

static uint32_t journal_sum(const struct journal *journal, size_t len)
{
	return (uint32_t)sum_octets((uint64_t)journal->index << 32 | journal->table, journal->octets, len);
}

// A record that was on its way into its slot when the process died.
static void journal_redo(struct state *state)
{
	struct journal *journal = journal_of(state);
	const struct file_table *file =
		journal->sequence && journal->table < state->header->table_count ? &state->header->tables[journal->table] : NULL;

	if (file && is_lean(file) && journal->index < file->high && file->record_size <= STATE_LEAN_MAX &&
		journal->checksum == journal_sum(journal, file->record_size)) {
		struct table table = {.file = (struct file_table *)file, .slot_size = slot_size(file->record_size)};
		struct slot *slot;

		table.records = state->map + file->offset;
		slot = slot_at(&table, journal->index, 0);
		slot->sequence = 0;
		memcpy(slot->octets, journal->octets, file->record_size);
		slot->checksum = slot_sum(&table, journal->index, 1, slot->octets);
		atomic_signal_fence(memory_order_seq_cst);
		slot->sequence = 1;
	}
	atomic_signal_fence(memory_order_seq_cst);
	journal->sequence = 0;
}

// Maps an open, locked file (taken).
static int state_map(int fd, size_t size, struct state **out)
{
	__attribute__((cleanup(clean_state))) struct state *state = calloc(1, sizeof(*state));
	int error = 0;

	if (!state) {
		close(fd);
		return -ENOMEM;
	}
	state->fd = fd;
	state->size = size;
	state->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (state->map == MAP_FAILED) {
		state->map = NULL;
		return failure();
	}
	madvise(state->map, size, MADV_RANDOM); // no read-ahead into what was never used
	state->header = (struct file_header *)state->map;
	journal_redo(state);
	for (; !error && state->count < state->header->table_count; state->count++) {
		struct table *table = &state->tables[state->count];

		table->file = &state->header->tables[state->count];
		error = table_load(state, table);
	}
	if (!error)
		*out = TAKE_PTR(state);
	return error;
}

// A new, empty file at `path`, locked and mapped.
static int state_make(const char *path, const struct state_table_spec *specs, size_t count, struct state **out)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct file_header header;
	size_t size = header_fill(&header, specs, count);

	if (fd < 0)
		return failure();
	if (fchmod(fd, 0600) < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : failure();
	if (ftruncate(fd, 0) < 0 || ftruncate(fd, (off_t)size) < 0 || pwrite(fd, &header, sizeof(header), 0) != sizeof(header))
		return failure();
	return state_map(TAKE_FD(fd), size, out);
}

// Opens what is there. 0, -EBUSY, -ENOENT, or -EBADMSG for a file that is no state file of this format.
static int state_find(const char *path, struct state **out)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CLOEXEC);
	struct file_header header;
	uint64_t size;
	struct stat stat;

	if (fd < 0)
		return failure();
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : failure();
	if (fstat(fd, &stat) < 0 || fchmod(fd, 0600) < 0)
		return failure();
	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		return -EBADMSG;
	size = header_size(&header);
	if (size == 0 || (uint64_t)stat.st_size < size)
		return -EBADMSG;
	return state_map(TAKE_FD(fd), size, out);
}

static bool is_same_table(const struct file_table *file, const struct state_table_spec *spec)
{
	return strncmp(file->name, spec->name, sizeof(file->name) - 1) == 0 && file->record_size == spec->record_size &&
		(file->version & ~LEAN) == spec->version;
}

// As it is, or the beginning of what a record is today.
static bool is_readable(const struct file_table *file, const struct state_table_spec *spec)
{
	return is_same_table(file, spec) ||
		(spec->reads_from && strncmp(file->name, spec->name, sizeof(file->name) - 1) == 0 &&
			(file->version & ~LEAN) >= spec->reads_from && (file->version & ~LEAN) < spec->version &&
			file->record_size <= spec->record_size);
}

static bool has_tables(const struct state *state, const struct state_table_spec *specs, size_t count)
{
	if (state->count != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!is_same_table(state->tables[i].file, &specs[i]) || is_lean(state->tables[i].file) != specs[i].is_lean ||
			state->tables[i].file->max_records != specs[i].max_records)
			return false;
	}
	return true;
}

// Copies a table, each record under its own index, since other records may name it. Those past the new end are lost.
static int table_copy(struct state *to, size_t into, const struct state *from, size_t table)
{
	const struct file_table *file = from->tables[table].file;
	uint32_t end = file->high < to->tables[into].file->max_records ? file->high : to->tables[into].file->max_records, index;
	_cleanup_free_ uint8_t *whole = calloc(1, to->tables[into].file->record_size); // what an older record lacks is zero

	if (!whole)
		return -ENOMEM;
	for (index = 0; index < end; index++) {
		const void *record = state_get(from, table, index);
		int error = state_take(to, into, &(uint32_t){0});

		if (error)
			return error;
		if (!record)
			continue;
		memcpy(whole, record, file->record_size);
		state_put(to, into, index, whole);
	}
	while (index-- > 0) {
		if (to->tables[into].is[index] == RECORD_TAKEN)
			state_clear(to, into, index); // there was none
	}
	if (state_live(from, table) > state_live(to, into))
		log_warn("table=%s what=\"records lost\" count=%u reason=\"the table became smaller\"", file->name,
			state_live(from, table) - state_live(to, into));
	return 0;
}

static int tables_copy(struct state *to, const struct state_table_spec *specs, const struct state *from)
{
	for (size_t i = 0; i < from->count; i++) {
		size_t into = 0;
		int error;

		while (into < to->count && !is_readable(from->tables[i].file, &specs[into]))
			into++;
		if (into == to->count) {
			if (state_live(from, i) == 0)
				continue;
			log_warn("table=%s version=%u what=\"records lost\" count=%u reason=\"another layout\"",
				from->tables[i].file->name, from->tables[i].file->version & ~LEAN, state_live(from, i));
			continue;
		}
		error = table_copy(to, into, from, i);
		if (error)
			return error;
	}
	return 0;
}

// Makes the file anew beside the old one, if there is one, and puts it in its place.
static int state_remake(
	const char *path, const struct state_table_spec *specs, size_t count, const struct state *old, struct state **out)
{
	__attribute__((cleanup(clean_state))) struct state *state = NULL;
	_cleanup_free_ char *beside = NULL;
	int error;

	if (asprintf(&beside, "%s.new", path) < 0)
		return -ENOMEM;
	error = state_make(beside, specs, count, &state);
	if (!state)
		return error;
	if (old) {
		memcpy(state->header->boot_id, old->header->boot_id, BOOT_ID);
		error = tables_copy(state, specs, old);
	}
	if (!error && rename(beside, path) < 0)
		error = failure();
	if (error) {
		unlink(beside);
		return error;
	}
	*out = TAKE_PTR(state);
	return 0;
}

int state_open(const char *path, const struct state_table_spec *specs, size_t count, enum state_start *start, struct state **out)
{
	__attribute__((cleanup(clean_state))) struct state *state = NULL, *old = NULL;
	char boot_id[BOOT_ID];
	uint64_t live = 0;
	int error;

	if (count > TABLES_MAX)
		return -EINVAL;
	error = state_find(path, &old);
	if (error && error != -ENOENT && error != -EBADMSG)
		return error;
	if (error == -EBADMSG)
		log_warn("file=%s what=\"no state file\" action=\"begins empty\"", path);
	if (old && has_tables(old, specs, count))
		state = TAKE_PTR(old);
	else
		error = state_remake(path, specs, count, old, &state);
	if (!state)
		return error;
	for (size_t i = 0; i < state->count; i++)
		live += state->tables[i].live;
	boot_id_read(boot_id);
	if (live == 0)
		*start = STATE_FRESH;
	else
		*start = boot_id[0] && memcmp(boot_id, state->header->boot_id, BOOT_ID) == 0 ? STATE_RESUME : STATE_NEW_BOOT;
	if (live == 0)
		state_settle(state);
	*out = TAKE_PTR(state);
	return 0;
}

void state_settle(struct state *state)
{
	char boot_id[BOOT_ID];

	boot_id_read(boot_id);
	memcpy(state->header->boot_id, boot_id, BOOT_ID);
}

void state_close(struct state **state)
{
	clean_state(state);
	*state = NULL;
}

int state_take(struct state *state, size_t at, uint32_t *out)
{
	struct table *table = &state->tables[at];
	uint32_t index = table->free_first;

	if (index != NONE) {
		table->free_first = table->next[index];
	} else {
		index = table->file->high;
		if (index == table->file->max_records || reserve(state, table, index + 1))
			return -ENOSPC;
		table->file->high = index + 1;
	}
	table->is[index] = RECORD_TAKEN;
	*out = index;
	return 0;
}

static void journal_write(struct state *state, size_t at, uint32_t index, const void *record)
{
	struct journal *journal = journal_of(state);
	size_t len = state->tables[at].file->record_size;

	store_point(state);
	journal->table = (uint32_t)at;
	journal->index = index;
	memcpy(journal->octets, record, len);
	store_point(state);
	journal->checksum = journal_sum(journal, len);
	store_point(state);
	journal->sequence = 1;
}

void state_put(struct state *state, size_t at, uint32_t index, const void *record)
{
	struct table *table = &state->tables[at];
	bool is_new = table->is[index] == RECORD_TAKEN, lean = is_lean(table->file);
	bool into_b = !lean && table->is[index] == RECORD_IN_A;
	struct slot *slot = slot_at(table, index, into_b);
	uint32_t sequence = 1;

	table->live += is_new;
	if (!is_new && lean)
		journal_write(state, at, index, record);
	else if (!is_new)
		sequence = slot_at(table, index, !into_b)->sequence + 1;
	if (sequence == 0)
		sequence = 1; // 0 is empty; still later than UINT32_MAX
	store_point(state);
	slot->sequence = 0;
	store_point(state);
	memcpy(slot->octets, record, table->file->record_size);
	store_point(state);
	slot->checksum = slot_sum(table, index, sequence, record);
	store_point(state);
	slot->sequence = sequence;
	store_point(state);
	if (lean)
		journal_of(state)->sequence = 0;
	table->is[index] = into_b ? RECORD_IN_B : RECORD_IN_A;
}

void state_clear(struct state *state, size_t at, uint32_t index)
{
	struct table *table = &state->tables[at];

	if (table->is[index] == RECORD_FREE)
		return;
	if (table->is[index] != RECORD_TAKEN) {
		bool newest_is_b = table->is[index] == RECORD_IN_B;

		store_point(state);
		if (!is_lean(table->file))
			slot_at(table, index, !newest_is_b)->sequence = 0;
		store_point(state);
		slot_at(table, index, newest_is_b)->sequence = 0;
		store_point(state);
		table->live--;
	}
	table->is[index] = RECORD_FREE;
	table->next[index] = table->free_first;
	table->free_first = index;
}

const void *state_get(const struct state *state, size_t at, uint32_t index)
{
	const struct table *table = &state->tables[at];

	if (index >= table->file->high || table->is[index] < RECORD_IN_A)
		return NULL;
	return slot_at(table, index, table->is[index] == RECORD_IN_B)->octets;
}

void state_each(const struct state *state, size_t at, void (*each)(void *owner, uint32_t index, const void *record), void *owner)
{
	for (uint32_t index = 0; index < state->tables[at].file->high; index++) {
		const void *record = state_get(state, at, index);

		if (record)
			each(owner, index, record);
	}
}

uint32_t state_live(const struct state *state, size_t table)
{
	return state->tables[table].live;
}

uint64_t state_bytes_used(const struct state *state)
{
	uint64_t used = PAGE;

	for (size_t i = 0; i < state->count; i++) {
		const struct table *table = &state->tables[i];

		used += (slots_of(table->file) * table->slot_size * (uint64_t)table->file->high + PAGE - 1) / PAGE * PAGE;
	}
	return used;
}
