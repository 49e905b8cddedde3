// SPDX-License-Identifier: Apache-2.0
// The customer's side of an L2TP VSlice: the configuration of an LNS that matches what is configured here.
#pragma once

#include "model/text.h"
#include "model/vslice.h"

// A kind of LNS.
struct lnsconfig_kind {
	const char *moniker, *name;
	bool is_tested; // its text is fed to that program in a test; the others were written from their manuals
	const char *source; // the template
};

extern const struct lnsconfig_kind lnsconfig_kinds[]; // ends with an empty row

const struct lnsconfig_kind *lnsconfig_kind_find(const char *moniker);
// Writes the configuration for that LNS of the VSlice, and for one of its LACs or (NULL) all. What only the customer knows stands as
// <POOL-FIRST>, <POOL-LAST>, <POOL-PREFIX>, <PPP-ADDRESS>, <DNS-1>, <DNS-2>; secrets as <TUNNEL-SECRET>, <USER>, <PASSWORD>. 0 or -EINVAL.
int lnsconfig_write(struct text *out, const struct lnsconfig_kind *kind, const struct vslice *vslice, const struct lns *lns,
	const struct lac *lac);
