// SPDX-License-Identifier: Apache-2.0
// Hash maps from a 64-bit key or a string to a pointer (open addressing, 7/8 full at most). The map owns neither
// keys' targets nor values; string keys are borrowed and must outlive their entry. Hashes are seeded per process.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map_slot {
	uint64_t key;
	void *value; // NULL = free
};

struct map {
	struct map_slot *slots;
	size_t size, count; // size is a power of two, or 0
};

void *map_get(const struct map *map, uint64_t key); // NULL when absent
int map_put(struct map *map, uint64_t key, void *value); // replaces; 0 or -ENOMEM; value is not NULL
void *map_del(struct map *map, uint64_t key); // gives the value back, or NULL
void map_fini(struct map *map);
// Walks all entries; the map must not change meanwhile: for (size_t i = 0; (value = map_next(map, &i)); )
void *map_next(const struct map *map, size_t *cursor);

struct strmap_slot {
	uint64_t hash;
	const char *key;
	void *value;
};

struct strmap {
	struct strmap_slot *slots;
	size_t size, count;
};

void *strmap_get(const struct strmap *map, const char *key);
int strmap_put(struct strmap *map, const char *key, void *value);
void *strmap_del(struct strmap *map, const char *key);
void strmap_fini(struct strmap *map);
void *strmap_next(const struct strmap *map, size_t *cursor);

uint64_t hash_u64(uint64_t key);
uint64_t hash_bytes(const void *bytes, size_t len);
