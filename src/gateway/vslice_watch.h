// SPDX-License-Identifier: Apache-2.0
// What is looked at from time to time in a VSlice's slice and told to the controller: what the rules counted, how the targets are.
#pragma once

#include "gateway/slice.h"

struct vslice;

void vslice_watch_start(struct vslice *vslice);
void vslice_watch_stop(struct vslice *vslice);
// Writes to the log which targets became available or unavailable (the controller makes events of slice rows): `old` is what was known before.
void vslice_watch_targets(struct vslice *vslice, const struct slice_target_status *old, size_t old_count,
	const struct slice_target_status *now, size_t count);
// Fills in what is not known now of the MTU of targets from what was known before.
void vslice_keep_mtus(const struct vslice *vslice, struct slice_target_status *now, size_t count);
