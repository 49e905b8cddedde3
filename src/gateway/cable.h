// SPDX-License-Identifier: Apache-2.0
// A virtual cable with both ends in the slice (cable.c). Worker thread.
#pragma once

#include "gateway/netlink.h"

struct cable {
	const char *near, *far; // the end that the slice's stack routes to, and the one where a BPF program stands
	bool far_hears; // the stack behind the far end takes what the program passes
};

// Makes it, or mends what is there, in the namespace that both `nl` and the thread are in: up, with no addresses and no routes. 0 or -errno.
int cable_make(struct nl *nl, const struct cable *cable, struct nl_link *near);
bool cable_owns(const char *interface); // is an end of one
