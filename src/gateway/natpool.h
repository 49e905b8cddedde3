// SPDX-License-Identifier: Apache-2.0
// The public addresses that a gateway has for source NAT, and those of them that a Routing Target takes.
//
// NAT is done twice: the slice chooses the public address for a SIM by the SIM's own one, so that it stays the same; the underlay owns the public
// addresses and the ports. Between the two the choice is told by the source address: 240.0.0.0/4 (RFC 1112 4: nobody's), of it the number of the
// transfer link in the middle and the public address's position in the last twelve bits.
#pragma once

#include "base/pattern.h"

#define NATPOOL_MAX 1024 // addresses of one gateway
#define NATPOOL_NET 0xf0000000u
#define NATPOOL_BITS 12

struct natpool_row {
	uint32_t addr; // host byte order
	uint16_t position;
};

struct natpool {
	VEC(struct natpool_row) rows; // in order of address
};

// All addresses of `set`, which is of IPv4. A position is the address's last bits where they are free, so it stays when others come and go.
// 0, -E2BIG for more than NATPOOL_MAX, -EINVAL for another family, -ENOMEM; `*out` is untouched on failure.
int natpool_new(const struct addr_set *set, struct natpool *out);
// Those that `wanted` (empty: all) names; `*missing` is how many of the named ones are not in the pool. 0 or -ENOMEM.
int natpool_take(const struct natpool *pool, const struct addr_set *wanted, struct natpool *out, size_t *missing);
void natpool_fini(struct natpool *pool);
// "203.0.113.8-203.0.113.11, 203.0.113.20", cut with "..." at `room`; returns `out`.
char *natpool_text(const struct natpool *pool, char *out, size_t room);
