// SPDX-License-Identifier: Apache-2.0
// The underlay's rules: one nft table of our own, the same for any number of transfer links. Nothing comes in but answers, no slice reaches
// another, the host itself, its link-local neighbours (a cloud's metadata service), who speaks GTP with us, or anybody's GTP ports. The host's own
// tables are not touched. The table goes with the last link; forwarding, where we had to switch it on, goes with it, and while it is on only for us,
// the host's other interfaces stay apart.
//
// The gateway's public addresses are the underlay's as long as the table is there: routes of the table "local" make them so, and answer for them
// on a shared network, without an address of any of the host's interfaces being changed. Nothing that is not an answer comes in by them.
//
// On worker threads. Peers and addresses are set by one that is alone (worker.h); the table is made under the lock of transfer.c.
#pragma once

#include "gateway/natpool.h"
#include "gateway/netlink.h"

// Makes the table, or brings one of an earlier version up to date. The thread is in the underlay. 0 or -errno, perhaps with words in `why` (size 160).
int underlay_prepare(struct nl *underlay, char *why);
// From now on no slice reaches `peers` by way of the underlay: who speaks GTP with us lives there; and `pool` is what it translates to. Copied.
void underlay_set(int underlay_fd, const struct ip_prefix *peers, size_t count, const struct natpool *pool);
// Takes table and addresses away. The thread is in the underlay.
void underlay_leave(struct nl *underlay);
