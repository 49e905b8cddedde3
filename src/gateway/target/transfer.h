// SPDX-License-Identifier: Apache-2.0
// Transfer links: how a slice reaches the underlay, the namespace that the gateway lives in and that owns its public addresses.
//
// A transfer link is a veth pair with a /31 of 198.18.0.0/15 that is unique in the underlay: the odd address is the slice's. What comes out
// of it is masqueraded to the underlay's own address. The inner end masquerades to the /31 already (an Internet target), so two slices with
// the same LAC address and port toward the same LNS do not collide.
//
// What the underlay does with it is in underlay.h.
#pragma once

#include "gateway/target/target.h"

struct transfer {
	struct nl_link link; // the inner end
	struct ip_addr inner, outer;
	uint32_t nat_base; // the first of its addresses that stand for public ones (natpool.h)
	int outer_link; // index, in the underlay
};

// Makes the link of `owner` to the namespace of `env`, named `name` there, or adopts it. The thread is in the inner namespace before and
// after. 0 or -errno with words in `why` (size 160).
int transfer_start(const struct target_env *env, const struct uuid *owner, const char *name, struct transfer *out, char *why);
// Whether the address is one of the link whose `nat_base` that is, toward the underlay.
bool transfer_owns(uint32_t nat_base, uint32_t addr);
// Leads what comes back for the addresses from nat_base on into the link. 0 or -errno.
int transfer_pool(const struct target_env *env, const struct transfer *transfer);
// Removes the underlay's rules when no transfer link is left. The thread may be in any namespace and is in `underlay_fd` afterwards.
void transfer_sweep(struct nl *underlay, int underlay_fd);
