// SPDX-License-Identifier: Apache-2.0
// Slabs are as large as their alignment, so that an object's address names its slab. Each has its own list of free objects: one whose last
// object has come back goes back to the system, but for one that is kept against taking and giving at the edge. What comes and goes in
// order (the GTP answers of a storm) so costs nothing once it has gone.
#include "base/pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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

#define SLAB_BYTES_MIN (64 * 1024)
#define SLAB_OBJECTS_MIN 8

struct free_object {
	struct free_object *next;
};

// Stands before the objects of a slab and keeps them aligned for anything.
struct slab {
	_Alignas(max_align_t) struct slab *next, **link; // of all
	struct slab *free_next, **free_link; // of those with free objects; free_link is NULL in a full one
	struct free_object *free_list;
	size_t live;
};

void pool_init(struct pool *pool, size_t object_size)
{
	size_t align = _Alignof(max_align_t), bytes = SLAB_BYTES_MIN;

	if (object_size < sizeof(struct free_object))
		object_size = sizeof(struct free_object);
	object_size = (object_size + align - 1) / align * align;
	while (bytes < sizeof(struct slab) + SLAB_OBJECTS_MIN * object_size)
		bytes *= 2;
	*pool = (struct pool){.object_size = object_size, .slab_bytes = bytes};
}

#ifdef POOL_ASAN
// On the heap, where the leak checker looks.
static void *slab_map(size_t bytes)
{
	return aligned_alloc(bytes, bytes);
}

static void slab_unmap(void *slab, size_t bytes)
{
	(void)bytes;
	free(slab);
}
#else
static void *slab_map(size_t bytes)
{
	char *map = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *at;
	size_t before;

	if (map == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)map & (bytes - 1);
	at = map + before;
	if (before)
		munmap(map, before);
	munmap(at + bytes, bytes - before);
	return at;
}

static void slab_unmap(void *slab, size_t bytes)
{
	munmap(slab, bytes);
}
#endif

static void free_link(struct pool *pool, struct slab *slab)
{
	slab->free_next = pool->with_room;
	slab->free_link = &pool->with_room;
	if (slab->free_next)
		slab->free_next->free_link = &slab->free_next;
	pool->with_room = slab;
}

static void free_unlink(struct slab *slab)
{
	*slab->free_link = slab->free_next;
	if (slab->free_next)
		slab->free_next->free_link = slab->free_link;
	slab->free_link = NULL;
}

static int pool_grow(struct pool *pool)
{
	size_t objects = (pool->slab_bytes - sizeof(struct slab)) / pool->object_size;
	struct slab *slab = slab_map(pool->slab_bytes);
	char *at;

	if (!slab)
		return -1;
	*slab = (struct slab){.next = pool->slabs, .link = &pool->slabs};
	if (slab->next)
		slab->next->link = &slab->next;
	pool->slabs = slab;
	free_link(pool, slab);
	pool->empty++;
	pool->slab_count++;
	// From the last to the first, so that objects are handed out in rising order.
	at = (char *)(slab + 1) + objects * pool->object_size;
	for (size_t i = 0; i < objects; i++) {
		struct free_object *object;

		at -= pool->object_size;
		object = (struct free_object *)at;
		object->next = slab->free_list;
		slab->free_list = object;
		pool_poison(at, pool->object_size);
	}
	return 0;
}

void *pool_take(struct pool *pool)
{
	struct free_object *object;
	struct slab *slab;

	if (!pool->with_room && pool_grow(pool) < 0)
		return NULL;
	slab = pool->with_room;
	object = slab->free_list;
	pool_unpoison(object, pool->object_size);
	slab->free_list = object->next;
	if (!slab->free_list)
		free_unlink(slab);
	pool->empty -= !slab->live++;
	pool->live++;
	return memset(object, 0, pool->object_size);
}

static void slab_free(struct pool *pool, struct slab *slab)
{
	*slab->link = slab->next;
	if (slab->next)
		slab->next->link = slab->link;
	pool->slab_count--;
	pool_unpoison(slab, pool->slab_bytes);
	slab_unmap(slab, pool->slab_bytes);
}

void pool_give(struct pool *pool, void *object)
{
	struct free_object *free_object = object;
	struct slab *slab = (struct slab *)((uintptr_t)object & ~(uintptr_t)(pool->slab_bytes - 1));

	if (!object)
		return;
	free_object->next = slab->free_list;
	slab->free_list = free_object;
	pool->live--;
	pool_poison(object, pool->object_size);
	if (!slab->free_link)
		free_link(pool, slab);
	if (--slab->live)
		return;
	if (!pool->empty) {
		pool->empty = 1;
		return;
	}
	free_unlink(slab);
	slab_free(pool, slab);
}

void pool_fini(struct pool *pool)
{
	while (pool->slabs)
		slab_free(pool, pool->slabs);
	pool->with_room = NULL;
	pool->live = pool->empty = 0;
}
