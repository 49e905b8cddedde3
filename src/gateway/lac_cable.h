// SPDX-License-Identifier: Apache-2.0
// The cable by which an L2TP slice's stack and the BPF programs exchange the packets of tunnels (lac_cable.c). Worker thread.
#pragma once

#include "gateway/netlink.h"

// Makes it, or mends what is there, in the namespace that both `nl` and the thread are in, and leads what comes for the LACs by it. 0 or -errno.
int lac_cable_make(struct nl *nl, const struct ip_addr *lacs, size_t count);
int lac_cable_end(struct nl *nl);
