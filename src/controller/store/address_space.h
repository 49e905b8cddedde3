// SPDX-License-Identifier: Apache-2.0
// One family of an Integrated VSlice's addresses: its subnets less what is leased, and the search for a free one. For address.c and address_lease.c.
#pragma once

#include "base/subnet.h"
#include "base/vec.h"
#include "controller/store/db.h"
#include "controller/store/uuid.h"

#define ADDRESS_ACTOR "addresses" // who changes rows here, in `changes`

struct address_space {
	char vslice[UUID_TEXT];
	enum ip_family family;
	VEC(struct subnet_range) ranges, leases; // leases in order
};

// `subnets` is the column of the VSlice's row; NULL = none. 0, -ENOMEM, -EIO.
int address_space_load(struct db *db, const char *vslice, enum ip_family family, const char *subnets, struct address_space *out);
void address_space_fini(struct address_space *space);
bool address_space_has(const struct address_space *space, uint64_t number); // in a subnet
// A number that is nobody's. 1 and `*out`, 0 when there is none, or -EIO.
int address_space_find(struct db *db, const struct address_space *space, uint64_t *out);
