// SPDX-License-Identifier: Apache-2.0
// Operator Policy and Regional Policy at the door: may the SIM attach from this network, by this radio access, at this gateway?
#pragma once

#include "gateway/config.h"
#include "gateway/refusal.h"

// The entry that decides: of the operator before that of the country before the default; of these one of the radio access before one of all.
// NULL when the policy says nothing. Borrowed until the configuration changes.
const struct steering_entry *steering_entry_of(const struct steering_config *policy, const struct plmn *network, uint8_t rat);
// REFUSED_NONE, or why the policies of the group refuse it, with the particulars in `why`.
enum refusal steering_check(const struct config *config, const struct group_config *group, const struct vslice_config *vslice,
	const struct plmn *network, uint8_t rat, char *why, size_t size);
