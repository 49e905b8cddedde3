// SPDX-License-Identifier: Apache-2.0
// What the BPF programs take past a slice's network stack, said as that stack would have: by the rules of its Routing Policy.
#pragma once

#include "gateway/dataplane/dataplane.h"
#include "gateway/slice.h"

struct tunnel;
struct vslice;

// Adds what tunnels carried since the last time to the rules that let them.
void vslice_rules_gather(struct vslice *vslice);
void vslice_rules_gather_tunnel(struct tunnel *tunnel); // before it goes, or its LNS does
// Adds what a flow carried since `seen` (which becomes `now`) to two rules, uplink and downlink; an empty one is nobody's.
void vslice_rules_carry(
	struct vslice *vslice, const struct uuid rules[2], const struct dp_counters *now, struct dp_counters *seen);
// Adds what was gathered for the rule to its counter.
void vslice_rules_add(const struct vslice *vslice, struct slice_rule_counter *counter);
void vslice_rules_free(struct vslice *vslice);
