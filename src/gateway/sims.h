// SPDX-License-Identifier: Apache-2.0
// The interface of an Integrated slice toward its SIMs (dataplane.h: DP_SLICE_INTERFACE). Worker thread.
#pragma once

#include "gateway/netlink.h"

// Makes it, or mends what is there, in the namespace that both `nl` and the thread are in: up, with its neighbours, and without routes. 0 or -errno.
int sims_make(struct nl *nl);
// The same, and a packet socket for dp_slice_new.
int sims_open(int *fd);
