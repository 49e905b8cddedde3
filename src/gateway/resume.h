// SPDX-License-Identifier: Apache-2.0
// After a restart: tunnels and sessions come back from the state file, LAC by LAC, when the LAC's socket is there.
#pragma once

#include "gateway/vslice.h"

struct resume;

// Reads the records. `is_live` false: the world that they describe is gone (another boot): all but the peers is cleared. `*out` is NULL when
// nothing is to be resumed. TEIDs of live sessions are claimed at once. 0 or -errno.
int resume_new(struct gateway *gateway, bool is_live, struct resume **out);
// Whether something of the VSlice went on over the restart.
bool resume_has(const struct resume *resume, const struct uuid *vslice);
void resume_free(struct resume **resume);
// The LAC's socket is open: brings back what belongs to it.
void resume_lac(struct lac *lac);
// A slice has been set up.
void resume_slice_ready(struct gateway *gateway);
// The interface toward the SIMs of an Integrated VSlice is open: brings back its sessions.
void resume_vslice(struct vslice *vslice);
