// SPDX-License-Identifier: Apache-2.0
// The state file on the disk: found or made, mapped, its tables read; made anew where its tables are other ones (state.c).
#include "gateway/state_priv.h"

#include "base/clean.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

LOG_CATEGORY(state);

// What the last system call failed with; a short write has no errno.
static int failure(void)
{
	return errno > 0 ? -errno : -EIO;
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
int state_reserve(struct state *state, struct table *table, uint32_t count)
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
	if (state_reserve(state, table, table->file->high))
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
	state_journal_redo(state);
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
