// SPDX-License-Identifier: Apache-2.0
#include "base/vec.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *vec_grow_(void **items, size_t *count, size_t *room, size_t size)
{
	if (*count == *room) {
		size_t more = *room ? *room * 2 : 8;
		size_t bytes;
		void *grown;

		if (*room > SIZE_MAX / 2 || __builtin_mul_overflow(more, size, &bytes))
			return NULL;
		grown = realloc(*items, bytes);
		if (!grown)
			return NULL;
		*items = grown;
		*room = more;
	}
	return memset((char *)*items + (*count)++ * size, 0, size);
}

void vec_free_(void **items, size_t *count, size_t *room)
{
	free(*items);
	*items = NULL;
	*count = *room = 0;
}
