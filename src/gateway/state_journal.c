// SPDX-License-Identifier: Apache-2.0
// The journal of the state file: a lean table has one slot a record, so what replaces a record stands here, whole, before its slot is written.
#include "gateway/state_priv.h"

#include <string.h>

static struct journal *journal_of(const struct state *state)
{
	return (struct journal *)(state->map + JOURNAL_AT);
}

static uint32_t journal_sum(const struct journal *journal, size_t len)
{
	return (uint32_t)sum_octets((uint64_t)journal->index << 32 | journal->table, journal->octets, len);
}

void state_journal_write(struct state *state, size_t at, uint32_t index, const void *record)
{
	struct journal *journal = journal_of(state);
	size_t len = state->tables[at].file->record_size;

	state_point(state);
	journal->table = (uint32_t)at;
	journal->index = index;
	memcpy(journal->octets, record, len);
	state_point(state);
	journal->checksum = journal_sum(journal, len);
	state_point(state);
	journal->sequence = 1;
}

void state_journal_done(struct state *state)
{
	journal_of(state)->sequence = 0;
}

void state_journal_redo(struct state *state)
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
