// SPDX-License-Identifier: Apache-2.0
// Cleanup attributes for owning locals, and the way out: return TAKE_PTR(local); *fd_out = TAKE_FD(fd);
#pragma once

#include <stdlib.h>
#include <unistd.h>

static inline void clean_free_(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

static inline void clean_close_(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define _cleanup_free_ __attribute__((cleanup(clean_free_)))
#define _cleanup_close_ __attribute__((cleanup(clean_close_)))
#define TAKE_PTR(pointer)                                                                                                        \
	({                                                                                                                       \
		typeof(pointer) taken_ = (pointer);                                                                              \
		(pointer) = NULL;                                                                                                \
		taken_;                                                                                                          \
	})
#define TAKE_FD(fd)                                                                                                              \
	({                                                                                                                       \
		int taken_ = (fd);                                                                                               \
		(fd) = -1;                                                                                                       \
		taken_;                                                                                                          \
	})
#define array_len(array) (sizeof(array) / sizeof((array)[0]))
#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))
