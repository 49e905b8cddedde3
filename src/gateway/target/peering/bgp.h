// SPDX-License-Identifier: Apache-2.0
// BGP of a peering target: one BIRD in the slice's namespace. It announces what is the VSlice's (its LACs, its subnets) and learns the peer's
// routes into the target's own table, so nothing that a peer says touches another target. It outlives a gateway that is killed.
#pragma once

#include "gateway/target/annex.h"

// Brings BIRD up or up to date, or ends it where the target has no BGP any more. The status is that of an interface that is up; it is
// corrected where BGP is not.
void bgp_start(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status);
void bgp_look(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status);
void bgp_stop(const struct target_env *env, const struct target_spec *spec);
