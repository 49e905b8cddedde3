// SPDX-License-Identifier: Apache-2.0
// What is looked at from time to time in a VSlice's slice and told to the controller: what the rules counted, how the targets are.
#pragma once

#include "gateway/slice.h"

struct tunnel;
struct vslice;

void vslice_watch_start(struct vslice *vslice);
void vslice_watch_stop(struct vslice *vslice);
// Has the slice lay a cable to its LACs where the tunnel's packets need one. It is taken away when none does any more.
void vslice_cable_for(struct tunnel *tunnel);
// Keeps how the targets are now, writes to the log which became available or unavailable (the controller makes events of slice rows) and
// tells the events of a VPN's phases.
void vslice_watch_targets(struct vslice *vslice, const struct slice_target_status *now, size_t count);
