// SPDX-License-Identifier: Apache-2.0
// Fixed-size objects from slabs: cheap to take and give, counted, zeroed when taken. Memory that is
// not used any longer goes back to the system. Under ASan each object is poisoned while free.
#pragma once

#include <stddef.h>

struct slab;

struct pool {
	size_t object_size;
	size_t live; // objects taken and not given back
	size_t slab_bytes; // a power of two
	size_t slab_count, empty; // of those, without a live object
	struct slab *slabs, *with_room;
};

void pool_init(struct pool *pool, size_t object_size);
void *pool_take(struct pool *pool); // NULL when memory is out
void pool_give(struct pool *pool, void *object); // NULL is fine
void pool_fini(struct pool *pool); // frees the slabs; live objects die with them
