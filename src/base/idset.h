// SPDX-License-Identifier: Apache-2.0
// Allocators of protocol ids: never 0 unless it is in the range, never a live id, given back ids rest before they are used again.
// Ids come in a random order. Memory grows in blocks of 64 ids.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct idset;

// Ids from `first` to `last` inclusive; an id given back rests for `quarantine_ms`. 0 or -ENOMEM.
int idset_new(uint32_t first, uint32_t last, uint32_t quarantine_ms, struct idset **out);
void idset_free(struct idset **set);
// 0, -ENOSPC when all are live or resting, -ENOMEM.
int idset_take(struct idset *set, uint64_t now_ms, uint32_t *out);
// Marks one id as live (state recovered at start). 0, -EEXIST, -ERANGE, -ENOMEM.
int idset_claim(struct idset *set, uint32_t id);
void idset_give(struct idset *set, uint32_t id, uint64_t now_ms);
uint32_t idset_live(const struct idset *set);
