// SPDX-License-Identifier: Apache-2.0
#include "base/pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#define POOL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POOL_ASAN 1
#endif
#endif

#ifdef POOL_ASAN
#include <sanitizer/asan_interface.h>
#define pool_poison(at, size) ASAN_POISON_MEMORY_REGION(at, size)
#define pool_unpoison(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
#else
#define pool_poison(at, size) ((void)(at))
#define pool_unpoison(at, size) ((void)(at))
#endif

#define SLAB_BYTES (64 * 1024)
#define SLAB_OBJECTS_MIN 8

// Stands before the objects of a slab and keeps them aligned for anything.
struct slab {
	_Alignas(max_align_t) struct slab *next;
	size_t objects;
};

struct free_object {
	struct free_object *next;
};

void pool_init(struct pool *pool, size_t object_size)
{
	size_t align = _Alignof(max_align_t);

	if (object_size < sizeof(struct free_object))
		object_size = sizeof(struct free_object);
	*pool = (struct pool){.object_size = (object_size + align - 1) / align * align};
}

static int pool_grow(struct pool *pool)
{
	size_t objects = (SLAB_BYTES - sizeof(struct slab)) / pool->object_size;
	struct slab *slab;
	char *at;

	if (objects < SLAB_OBJECTS_MIN)
		objects = SLAB_OBJECTS_MIN;
	if (pool->object_size > (SIZE_MAX - sizeof(*slab)) / objects)
		return -1;
	slab = malloc(sizeof(*slab) + objects * pool->object_size);
	if (!slab)
		return -1;
	slab->objects = objects;
	slab->next = pool->slabs;
	pool->slabs = slab;
	// From the last to the first, so that objects are handed out in rising order.
	at = (char *)(slab + 1) + objects * pool->object_size;
	for (size_t i = 0; i < objects; i++) {
		struct free_object *object;

		at -= pool->object_size;
		object = (struct free_object *)at;
		object->next = pool->free_list;
		pool->free_list = object;
		pool_poison(at, pool->object_size);
	}
	return 0;
}

void *pool_take(struct pool *pool)
{
	struct free_object *object;

	if (!pool->free_list && pool_grow(pool) < 0)
		return NULL;
	object = pool->free_list;
	pool_unpoison(object, pool->object_size);
	pool->free_list = object->next;
	pool->live++;
	return memset(object, 0, pool->object_size);
}

void pool_give(struct pool *pool, void *object)
{
	struct free_object *free_object = object;

	if (!object)
		return;
	free_object->next = pool->free_list;
	pool->free_list = free_object;
	pool->live--;
	pool_poison(object, pool->object_size);
}

void pool_fini(struct pool *pool)
{
	struct slab *slab = pool->slabs;

	while (slab) {
		struct slab *next = slab->next;

		pool_unpoison(slab + 1, slab->objects * pool->object_size);
		free(slab);
		slab = next;
	}
	pool->slabs = pool->free_list = NULL;
	pool->live = 0;
}
