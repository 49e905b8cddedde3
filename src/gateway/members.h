// SPDX-License-Identifier: Apache-2.0
// The maps sims4 and sims6 of an Integrated slice (policy_sims.c): whose packets are judged by which downlink chain. Worker thread, in the slice's
// namespace.
#pragma once

#include "gateway/slice.h"

struct members;

// A SIM whose policy is another now.
struct members_move {
	enum ip_family family;
	uint64_t number; // base/subnet.h
	uint32_t was, now; // tags
};
struct members_moves {
	VEC(struct members_move) rows;
};

int members_new(struct members **out); // 0 or -ENOMEM; nothing is known of what nft has
void members_free(struct members **members);
// nft may have others by now. `everyone`: the tag that all had, 0: each its own. NULL is fine.
void members_forget(struct members *members, uint32_t everyone);
uint32_t members_tag(const struct members *members, const struct ip_addr *sim); // 0: not known; NULL is fine
// `whole`: these are all. Without it the rows are changes, which are passed over as long as nothing is known: all will follow. 0 or -errno with `why`
// (POLICY_WHY). Who had another policy before is added to `moved`.
int members_set(struct members *members, const struct slice_member *rows, size_t count, bool whole, struct members_moves *moved,
	char *why);
