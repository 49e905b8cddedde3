// SPDX-License-Identifier: Apache-2.0
// Transfer links: how a slice reaches the underlay, the namespace that the gateway lives in and that owns its public addresses.
//
// A transfer link is a veth pair with a /31 of 198.18.0.0/15 that is unique in the underlay: the odd address is the slice's. What comes out
// of it is masqueraded to the underlay's own address. The inner end masquerades to the /31 already (an Internet target), so two slices with
// the same LAC address and port toward the same LNS do not collide.
//
// The underlay's rules are one nft table of our own, the same for any number of links: nothing comes in but answers, no slice reaches
// another, the host itself, its link-local neighbours (a cloud's metadata service), or anybody's GTP ports. The host's own tables are not
// touched. The table goes with the last link; forwarding, where we had to switch it on, goes with it, and while it is on only for us, the
// host's other interfaces stay apart.
#pragma once

#include "gateway/target/target.h"

struct transfer {
	struct nl_link link; // the inner end
	struct ip_addr inner, outer;
};

// Makes the link of `owner` to the namespace of `env`, named `name` there, or adopts it. The thread is in the inner namespace before and
// after. 0 or -errno with words in `why` (size 160).
int transfer_start(const struct target_env *env, const struct uuid *owner, const char *name, struct transfer *out, char *why);
// Removes the underlay's rules when no transfer link is left. The thread may be in any namespace and is in `underlay_fd` afterwards.
// From now on no slice reaches these prefixes by way of the underlay: who speaks GTP with us lives there. Worker thread.
void transfer_keep_from(int underlay_fd, const struct ip_prefix *peers, size_t count);
void transfer_sweep(struct nl *underlay, int underlay_fd);
