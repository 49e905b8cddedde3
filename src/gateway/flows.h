// SPDX-License-Identifier: Apache-2.0
// What an edit of a Routing Policy means for the connections that the kernel follows: one of which the new rules say what the old ones said goes on
// untouched, also when the next to speak is the side that did not begin; any other ends, and its next packet is the first of a new one.
//
// Which target without NAT a connection takes is asked for each of its packets, so a rule that leads to another one ends nothing.
#pragma once

#include "gateway/members.h"
#include "gateway/policy.h"

// Worker thread, in the slice's namespace. `members`: who had which policy of `was`; may be NULL. 0 or -errno.
int flows_review(const struct policy *was, const struct policy *now, const struct members *members);
// These SIMs have another policy than before. 0 or -errno.
int flows_follow(const struct policy *policy, const struct members_moves *moved);
