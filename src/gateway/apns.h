// SPDX-License-Identifier: Apache-2.0
// Access point names in use, each kept once however many sessions have it, in memory and in the state file.
#pragma once

#include "base/map.h"
#include "gateway/state.h"

#define APN_TEXT 64 // a network identifier has 63 octets at most (TS 23.003 9.1.1)

struct apn_name {
	char text[APN_TEXT];
	uint32_t refs;
	uint32_t index; // its record
};

struct apns {
	struct state *state;
	struct strmap names;
	struct map by_index;
};

// Reads the table; names that nobody refers to after the sessions are back go with apns_sweep. 0 or -ENOMEM.
int apns_init(struct apns *apns, struct state *state);
void apns_fini(struct apns *apns);
struct apn_name *apn_ref(struct apns *apns, const char *text); // NULL when memory or the table is full
struct apn_name *apn_ref_index(struct apns *apns, uint32_t index); // NULL when there is no such record
void apn_unref(struct apns *apns, struct apn_name **name);
void apns_sweep(struct apns *apns);
