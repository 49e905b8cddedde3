// SPDX-License-Identifier: Apache-2.0
// Both maps probe linearly and close the gap when an entry goes (no tombstones), so a look-up never walks over
// the dead. The hashes are keyed with random bits of the process: what a peer sends cannot be chosen to collide.
#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint64_t hash_seed[2];

__attribute__((constructor(101))) static void hash_seed_init(void)
{
	// Where there is no entropy yet (early boot) the addresses, which are random too, must do.
	if (getrandom(hash_seed, sizeof(hash_seed), GRND_NONBLOCK) != sizeof(hash_seed)) {
		hash_seed[0] = (uint64_t)(uintptr_t)&hash_seed * 0x9e3779b97f4a7c15;
		hash_seed[1] = (uint64_t)(uintptr_t)__builtin_frame_address(0) * 0xd1342543de82ef95;
	}
}

// The 128-bit product folded to 64 bits: every bit of the input reaches every bit of the result.
static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t hash_u64(uint64_t key)
{
	return fold(fold(key ^ hash_seed[0], 0x9e3779b97f4a7c15) ^ hash_seed[1], 0xd1342543de82ef95);
}

uint64_t hash_bytes(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t hash = hash_seed[1] ^ len;

	for (; len >= 8; at += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, at, 8);
		hash = fold(hash ^ word, hash_seed[0] | 1);
	}
	if (len) {
		uint64_t word = 0;

		memcpy(&word, at, len);
		hash = fold(hash ^ word, hash_seed[0] | 1);
	}
	return fold(hash ^ hash_seed[0], 0x9e3779b97f4a7c15);
}

// The size after one more entry: a power of two, 7/8 full at most; 0 when it cannot be.
static size_t size_for(size_t size, size_t count)
{
	if (!size)
		return 8;
	if (count + 1 <= size - size / 8)
		return size;
	return size <= SIZE_MAX / 2 / sizeof(struct strmap_slot) ? size * 2 : 0;
}

// True when the entry that hashes to `home` and stands at `at` may move to `gap` and still be found.
static bool may_move(size_t home, size_t at, size_t gap, size_t mask)
{
	return ((at - home) & mask) >= ((at - gap) & mask);
}

static struct map_slot *map_slot(const struct map *map, uint64_t key)
{
	size_t mask = map->size - 1;
	size_t i = hash_u64(key) & mask;

	while (map->slots[i].value && map->slots[i].key != key)
		i = (i + 1) & mask;
	return &map->slots[i];
}

void *map_get(const struct map *map, uint64_t key)
{
	return map->size ? map_slot(map, key)->value : NULL;
}

static int map_resize(struct map *map, size_t size)
{
	struct map grown = {.slots = calloc(size, sizeof(*grown.slots)), .size = size, .count = map->count};

	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->size; i++)
		if (map->slots[i].value)
			*map_slot(&grown, map->slots[i].key) = map->slots[i];
	free(map->slots);
	*map = grown;
	return 0;
}

int map_put(struct map *map, uint64_t key, void *value)
{
	struct map_slot *slot = map->size ? map_slot(map, key) : NULL;

	if (!slot || !slot->value) {
		size_t size = size_for(map->size, map->count);

		if (!size || (size != map->size && map_resize(map, size) < 0))
			return -ENOMEM;
		slot = map_slot(map, key);
		map->count++;
	}
	*slot = (struct map_slot){.key = key, .value = value};
	return 0;
}

void *map_del(struct map *map, uint64_t key)
{
	size_t mask = map->size - 1, gap;
	void *value;

	if (!map->size)
		return NULL;
	gap = (size_t)(map_slot(map, key) - map->slots);
	value = map->slots[gap].value;
	if (!value)
		return NULL;
	for (size_t i = (gap + 1) & mask; map->slots[i].value; i = (i + 1) & mask) {
		if (!may_move(hash_u64(map->slots[i].key) & mask, i, gap, mask))
			continue;
		map->slots[gap] = map->slots[i];
		gap = i;
	}
	map->slots[gap] = (struct map_slot){0};
	map->count--;
	return value;
}

void map_fini(struct map *map)
{
	free(map->slots);
	*map = (struct map){0};
}

void *map_next(const struct map *map, size_t *cursor)
{
	while (*cursor < map->size) {
		void *value = map->slots[(*cursor)++].value;

		if (value)
			return value;
	}
	return NULL;
}

static struct strmap_slot *strmap_slot(const struct strmap *map, uint64_t hash, const char *key)
{
	size_t mask = map->size - 1;
	size_t i = hash & mask;

	while (map->slots[i].value && (map->slots[i].hash != hash || strcmp(map->slots[i].key, key) != 0))
		i = (i + 1) & mask;
	return &map->slots[i];
}

void *strmap_get(const struct strmap *map, const char *key)
{
	return map->size ? strmap_slot(map, hash_bytes(key, strlen(key)), key)->value : NULL;
}

static int strmap_resize(struct strmap *map, size_t size)
{
	struct strmap grown = {.slots = calloc(size, sizeof(*grown.slots)), .size = size, .count = map->count};

	if (!grown.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->size; i++)
		if (map->slots[i].value)
			*strmap_slot(&grown, map->slots[i].hash, map->slots[i].key) = map->slots[i];
	free(map->slots);
	*map = grown;
	return 0;
}

int strmap_put(struct strmap *map, const char *key, void *value)
{
	uint64_t hash = hash_bytes(key, strlen(key));
	struct strmap_slot *slot = map->size ? strmap_slot(map, hash, key) : NULL;

	if (!slot || !slot->value) {
		size_t size = size_for(map->size, map->count);

		if (!size || (size != map->size && strmap_resize(map, size) < 0))
			return -ENOMEM;
		slot = strmap_slot(map, hash, key);
		map->count++;
	}
	*slot = (struct strmap_slot){.hash = hash, .key = key, .value = value};
	return 0;
}

void *strmap_del(struct strmap *map, const char *key)
{
	size_t mask = map->size - 1, gap;
	void *value;

	if (!map->size)
		return NULL;
	gap = (size_t)(strmap_slot(map, hash_bytes(key, strlen(key)), key) - map->slots);
	value = map->slots[gap].value;
	if (!value)
		return NULL;
	for (size_t i = (gap + 1) & mask; map->slots[i].value; i = (i + 1) & mask) {
		if (!may_move(map->slots[i].hash & mask, i, gap, mask))
			continue;
		map->slots[gap] = map->slots[i];
		gap = i;
	}
	map->slots[gap] = (struct strmap_slot){0};
	map->count--;
	return value;
}

void strmap_fini(struct strmap *map)
{
	free(map->slots);
	*map = (struct strmap){0};
}

void *strmap_next(const struct strmap *map, size_t *cursor)
{
	while (*cursor < map->size) {
		void *value = map->slots[(*cursor)++].value;

		if (value)
			return value;
	}
	return NULL;
}
