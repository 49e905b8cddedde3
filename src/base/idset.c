// SPDX-License-Identifier: Apache-2.0
// The range is cut into blocks of 64 ids. A block is made when it is first needed, the lowest first, so tables that are indexed
// by id stay dense; inside a block the ids come in random order. Ids given back stand in a queue until their rest is over: the
// rest is the same for all, so the queue is in order of time.
#include "base/idset.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/map.h"

#define BLOCK_IDS 64

struct block {
	uint64_t live, resting; // a bit an id
	uint64_t usable; // the last block of a range may be short
	struct block *next; // in the list of blocks that have a free id
	uint32_t number;
	bool listed;
};

struct rest {
	uint64_t until_ms;
	uint32_t id;
};

struct idset {
	uint32_t first, last, quarantine_ms, live;
	uint32_t unopened; // the lowest block number not looked at yet
	uint32_t blocks_max;
	uint64_t random;
	struct map blocks; // by number
	struct block *free_blocks;
	struct rest *queue; // a ring with room for every id of every block
	size_t queue_room, queue_head, queue_count; // the room is a power of two
};

int idset_new(uint32_t first, uint32_t last, uint32_t quarantine_ms, struct idset **out)
{
	struct idset *set = calloc(1, sizeof(*set));

	if (!set)
		return -ENOMEM;
	set->first = first;
	set->last = last;
	set->quarantine_ms = quarantine_ms;
	set->blocks_max = (uint32_t)(((uint64_t)last - first) / BLOCK_IDS + 1);
	if (getrandom(&set->random, sizeof(set->random), GRND_NONBLOCK) != sizeof(set->random))
		set->random = hash_u64((uintptr_t)set);
	*out = set;
	return 0;
}

void idset_free(struct idset **set)
{
	struct block *block;

	if (!*set)
		return;
	for (size_t i = 0; (block = map_next(&(*set)->blocks, &i));)
		free(block);
	map_fini(&(*set)->blocks);
	free((*set)->queue);
	free(*set);
	*set = NULL;
}

static uint64_t next_random(struct idset *set)
{
	set->random += 0x9e3779b97f4a7c15;
	return hash_u64(set->random);
}

static uint64_t free_ids(const struct block *block)
{
	return block->usable & ~(block->live | block->resting);
}

static void list_if_free(struct idset *set, struct block *block)
{
	if (block->listed || !free_ids(block))
		return;
	block->listed = true;
	block->next = set->free_blocks;
	set->free_blocks = block;
}

// Room is made before an id can be live, so that giving it back never fails.
static int queue_grow(struct idset *set, size_t room)
{
	struct rest *queue;
	size_t grown = set->queue_room ? set->queue_room : BLOCK_IDS;

	if (!set->quarantine_ms || room <= set->queue_room)
		return 0;
	while (grown < room)
		grown *= 2;
	queue = calloc(grown, sizeof(*queue));
	if (!queue)
		return -ENOMEM;
	for (size_t i = 0; i < set->queue_count; i++)
		queue[i] = set->queue[(set->queue_head + i) & (set->queue_room - 1)];
	free(set->queue);
	set->queue = queue;
	set->queue_room = grown;
	set->queue_head = 0;
	return 0;
}

static struct block *open_block(struct idset *set, uint32_t number)
{
	uint64_t ids = (uint64_t)set->last - set->first + 1 - (uint64_t)number * BLOCK_IDS;
	struct block *block;

	if (queue_grow(set, (set->blocks.count + 1) * BLOCK_IDS) < 0)
		return NULL;
	block = calloc(1, sizeof(*block));
	if (!block)
		return NULL;
	block->number = number;
	block->usable = ids >= BLOCK_IDS ? UINT64_MAX : (UINT64_C(1) << ids) - 1;
	if (map_put(&set->blocks, number, block) < 0) {
		free(block);
		return NULL;
	}
	list_if_free(set, block);
	return block;
}

static struct block *block_of(const struct idset *set, uint32_t id, uint64_t *bit)
{
	if (id < set->first || id > set->last)
		return NULL;
	*bit = UINT64_C(1) << (id - set->first) % BLOCK_IDS;
	return map_get(&set->blocks, (id - set->first) / BLOCK_IDS);
}

static void end_rests(struct idset *set, uint64_t now_ms)
{
	while (set->queue_count && set->queue[set->queue_head].until_ms <= now_ms) {
		uint64_t bit;
		struct block *block = block_of(set, set->queue[set->queue_head].id, &bit);

		set->queue_head = (set->queue_head + 1) & (set->queue_room - 1);
		set->queue_count--;
		block->resting &= ~bit;
		list_if_free(set, block);
	}
}

// A block with a free id, or NULL and the reason.
static struct block *free_block(struct idset *set, int *error)
{
	while (set->free_blocks) {
		struct block *block = set->free_blocks;

		if (free_ids(block))
			return block;
		set->free_blocks = block->next;
		block->listed = false;
	}
	while (set->unopened < set->blocks_max && map_get(&set->blocks, set->unopened))
		set->unopened++;
	if (set->unopened == set->blocks_max) {
		*error = -ENOSPC;
		return NULL;
	}
	*error = -ENOMEM;
	return open_block(set, set->unopened);
}

int idset_take(struct idset *set, uint64_t now_ms, uint32_t *out)
{
	struct block *block;
	uint64_t ids;
	unsigned skip;
	int error = 0;

	end_rests(set, now_ms);
	block = free_block(set, &error);
	if (!block)
		return error;
	ids = free_ids(block);
	skip = (unsigned)(next_random(set) % (unsigned)__builtin_popcountll(ids));
	while (skip--)
		ids &= ids - 1;
	ids &= -ids;
	block->live |= ids;
	set->live++;
	*out = set->first + block->number * BLOCK_IDS + (uint32_t)__builtin_ctzll(ids);
	return 0;
}

int idset_claim(struct idset *set, uint32_t id)
{
	uint64_t bit;
	struct block *block;

	if (id < set->first || id > set->last)
		return -ERANGE;
	block = block_of(set, id, &bit);
	if (!block)
		block = open_block(set, (id - set->first) / BLOCK_IDS);
	if (!block)
		return -ENOMEM;
	if ((block->live | block->resting) & bit)
		return -EEXIST;
	block->live |= bit;
	set->live++;
	return 0;
}

void idset_give(struct idset *set, uint32_t id, uint64_t now_ms)
{
	uint64_t bit;
	struct block *block = block_of(set, id, &bit);

	if (!block || !(block->live & bit))
		return;
	block->live &= ~bit;
	set->live--;
	if (!set->quarantine_ms) {
		list_if_free(set, block);
		return;
	}
	block->resting |= bit;
	set->queue[(set->queue_head + set->queue_count++) & (set->queue_room - 1)] =
		(struct rest){.until_ms = now_ms + set->quarantine_ms, .id = id};
}

uint32_t idset_live(const struct idset *set)
{
	return set->live;
}
