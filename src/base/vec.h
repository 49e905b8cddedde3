// SPDX-License-Identifier: Apache-2.0
// A growing array of any type: VEC(struct lns) lnss = {0}; *vec_add(&lnss) = x; vec_free(&lnss).
#pragma once

#include <stddef.h>

#define VEC(type)                                                                                                                \
	struct {                                                                                                                 \
		type *items;                                                                                                     \
		size_t count, room;                                                                                              \
	}

// Room for one more item, zeroed; evaluates to its pointer, or NULL when memory is out.
#define vec_add(vec) ((typeof((vec)->items))vec_grow_((void **)&(vec)->items, &(vec)->count, &(vec)->room, sizeof(*(vec)->items)))
#define vec_free(vec) vec_free_((void **)&(vec)->items, &(vec)->count, &(vec)->room)
#define vec_each(vec, it) for (typeof(&*(vec)->items) it = (vec)->items; it && it < (vec)->items + (vec)->count; it++)

void *vec_grow_(void **items, size_t *count, size_t *room, size_t size);
void vec_free_(void **items, size_t *count, size_t *room);
