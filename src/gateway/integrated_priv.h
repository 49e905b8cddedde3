// SPDX-License-Identifier: Apache-2.0
// What the files of Integrated VSlices share. Nothing outside integrated*.c includes it.
#pragma once

#include "gateway/addrpool.h"
#include "gateway/integrated.h"
#include "gateway/policy.h"

enum { V4, V6, FAMILIES };

struct integrated_way { // of a Routing Policy whose SIMs' packets may go past the slice's stack
	struct uuid policy, rules[2];
	uint32_t tag;
	struct dp_path path;
	struct dp_counters seen; // already counted for the rules
};

struct integrated {
	struct vslice *vslice;
	struct dp_slice *dp;
	struct addrpool *pools[FAMILIES];
	struct policy_tags tags;
	VEC(struct integrated_way) ways;
	uint64_t asked_ms[FAMILIES]; // when more addresses were asked for
	uint64_t limits; // digest of what the policies hold their SIMs to, as the data plane has it
	bool is_told[FAMILIES]; // that there is none left
	VEC(struct slice_member) changed; // SIMs that came, went or have another policy, to be told to the slice
	struct timer members_timer;
	bool has_pooled; // some group gives addresses for the session only
	bool is_opening, is_resumed;
};

static inline enum ip_family family_of(int at)
{
	return at == V4 ? IP_V4 : IP_V6;
}

// integrated_address.c
// The addresses that the attach is to have; `*at` is the family that failed.
enum refusal integrated_take(struct session *session, const bool wanted[FAMILIES], char *why, size_t size, int *at);
void integrated_give(struct session *session); // back to the pools
void integrated_exhausted(struct vslice *vslice, int at, const char *why); // tells, once until there was one to give again

// integrated_member.c: which policy each SIM has, where the groups have several
void integrated_member(struct session *session, bool is_there);
void integrated_members(struct vslice *vslice); // all of them
void integrated_members_start(struct vslice *vslice);
void integrated_members_stop(struct vslice *vslice);
uint64_t integrated_number(const struct session *session, int at); // 0 = none

// integrated.c
void integrated_refresh(struct session *session); // tells the data plane and the slice what holds for it now

// integrated_way.c
bool integrated_ways_set(struct vslice *vslice); // from the configuration; whether that is news
struct dp_path integrated_path(const struct integrated *integrated, const struct uuid *policy); // an empty interface: none

// integrated_ip6.c
void integrated_advertise(struct session *session, const uint8_t *to); // a router advertisement
