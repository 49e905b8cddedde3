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
#include "gateway/state_priv.h"

#include <errno.h>
#include <string.h>

void state_crash_at(struct state *state, uint64_t n)
{
	state->crash_in = n;
}

int state_take(struct state *state, size_t at, uint32_t *out)
{
	struct table *table = &state->tables[at];
	uint32_t index = table->free_first;

	if (index != NONE) {
		table->free_first = table->next[index];
	} else {
		index = table->file->high;
		if (index == table->file->max_records || state_reserve(state, table, index + 1))
			return -ENOSPC;
		table->file->high = index + 1;
	}
	table->is[index] = RECORD_TAKEN;
	*out = index;
	return 0;
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
		state_journal_write(state, at, index, record);
	else if (!is_new)
		sequence = slot_at(table, index, !into_b)->sequence + 1;
	if (sequence == 0)
		sequence = 1; // 0 is empty; still later than UINT32_MAX
	state_point(state);
	slot->sequence = 0;
	state_point(state);
	memcpy(slot->octets, record, table->file->record_size);
	state_point(state);
	slot->checksum = slot_sum(table, index, sequence, record);
	state_point(state);
	slot->sequence = sequence;
	state_point(state);
	if (lean)
		state_journal_done(state);
	table->is[index] = into_b ? RECORD_IN_B : RECORD_IN_A;
}

void state_clear(struct state *state, size_t at, uint32_t index)
{
	struct table *table = &state->tables[at];

	if (table->is[index] == RECORD_FREE)
		return;
	if (table->is[index] != RECORD_TAKEN) {
		bool newest_is_b = table->is[index] == RECORD_IN_B;

		state_point(state);
		if (!is_lean(table->file))
			slot_at(table, index, !newest_is_b)->sequence = 0;
		state_point(state);
		slot_at(table, index, newest_is_b)->sequence = 0;
		state_point(state);
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
