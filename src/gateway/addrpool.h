// SPDX-License-Identifier: Apache-2.0
// The addresses that one family of an Integrated VSlice gives out for a session's life, at this gateway: numbers of base/subnet.h, from the ranges
// that the controller has leased to it. No other gateway has the same range, so two never give the same address.
//
// Addresses are given in turn, so one that came back rests as long as the others last. Addresses out of the ranges (static ones, and those of
// sessions that are older than a change) are claimed, and go without a trace when they are given back.
#pragma once

#include "base/subnet.h"

struct addrpool;

// `is_kept` says whether the number is kept for an endpoint and must not be given to others. 0 or -ENOMEM.
int addrpool_new(enum ip_family family, bool (*is_kept)(void *owner, enum ip_family family, uint64_t number), void *owner,
	struct addrpool **out);
void addrpool_free(struct addrpool **pool);
// The ranges from now on (copied; those of the other family are passed over). 0 or -ENOMEM: as before.
int addrpool_set(struct addrpool *pool, const struct subnet_range *ranges, size_t count);
// A number for `holder` (not NULL). 0, -ENOSPC: all are out or kept, -ENOMEM.
int addrpool_take(struct addrpool *pool, void *holder, uint64_t *out);
int addrpool_claim(struct addrpool *pool, uint64_t number, void *holder); // this one; 0, -EEXIST, -ENOMEM
void addrpool_give(struct addrpool *pool, uint64_t number, const void *holder); // nothing when it is not the holder's
void *addrpool_holder(const struct addrpool *pool, uint64_t number); // NULL = nobody
void addrpool_look_again(struct addrpool *pool); // what is kept may have changed
uint64_t addrpool_size(const struct addrpool *pool); // of all ranges
uint64_t addrpool_live(const struct addrpool *pool); // of them, out
