// SPDX-License-Identifier: Apache-2.0
// What is looked at from time to time in a VSlice's slice and told to the controller: what the rules counted.
#pragma once

struct vslice;

void vslice_watch_start(struct vslice *vslice);
void vslice_watch_stop(struct vslice *vslice);
