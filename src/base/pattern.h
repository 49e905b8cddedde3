// SPDX-License-Identifier: Apache-2.0
// The patterns of Routing Policy rules as sets of ranges. This is the only place that understands their text: the nft compiler and
// the evaluator in user space both read these sets, so they cannot disagree about what a pattern means.
#pragma once

#include "base/addr.h"
#include "base/vec.h"

#include <stdio.h>

struct addr_range {
	struct ip_addr from, to; // inclusive, of one family
};

struct port_range {
	uint16_t from, to; // inclusive
};

// Sorted, and free of overlap and of adjacent ranges (nft refuses overlapping intervals). Empty = everything.
struct addr_set {
	VEC(struct addr_range) ranges;
};

struct port_set {
	VEC(struct port_range) ranges;
};

// "192.0.2.1", "10.0.0.0/8", "10.0.0.1-10.0.0.9", and comma-separated lists of them; NULL or "" = everything.
// 0, -EINVAL or -ENOMEM; `*out` is untouched on failure.
int addr_set_parse(const char *text, struct addr_set *out);
void addr_set_fini(struct addr_set *set);
bool addr_set_has(const struct addr_set *set, const struct ip_addr *addr);
bool addr_set_has_family(const struct addr_set *set, enum ip_family family); // some address of the family is in the set
// "{ 10.0.0.0/8, 192.0.2.1-192.0.2.9 }", the ranges of one family in nft's words.
void addr_set_nft(const struct addr_set *set, enum ip_family family, FILE *out);

// "1701", "1024-65535", and lists of them; as above.
int port_set_parse(const char *text, struct port_set *out);
void port_set_fini(struct port_set *set);
bool port_set_has(const struct port_set *set, uint16_t port);
void port_set_nft(const struct port_set *set, FILE *out);
