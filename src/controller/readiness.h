// SPDX-License-Identifier: Apache-2.0
// Readiness: what still blocks a VSlice's traffic, in words that say what to do.
#pragma once

struct db;
struct live;
struct vslice;

// Fills vslice->readiness: a JSON list of {check, ok, message}.
void readiness_fill(struct db *db, struct live *live, struct vslice *vslice);
