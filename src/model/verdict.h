// SPDX-License-Identifier: Apache-2.0
// What a Routing Policy says of a packet, by the rules as they are stored: first match wins, no match drops. The gateway's compiler
// (src/gateway/policy.c) says the same to the kernel; both read patterns with base/pattern.h.
#pragma once

#include "base/addr.h"
#include "model/policy.h"
#include "model/target.h"
#include "model/vslice.h"

struct packet {
	enum rule_direction direction;
	int64_t protocol; // enum transport_protocol; FIELD_UNSET = another one
	struct ip_addr source, destination;
	uint16_t source_port, destination_port;
	const char *gateway; // id of the Regional Gateway where it is seen; NULL = not known: rules of one gateway do not match
	const char
		*from; // downlink: id of the Routing Target that it comes by; NULL = not known: a rule's target is not looked at
};

struct verdict {
	bool forward;
	const struct rule *rule; // that decides; NULL: none matches
	bool is_lns_answer; // forwarded without a rule: what a declared LNS sends to a declared LAC
};

struct verdict policy_verdict(const struct policy *policy, const struct vslice *vslice, const struct packet *packet);
// Does a list of prefixes (or a pattern) hold the address? An empty one holds all.
bool pattern_holds(const char *pattern, const struct ip_addr *addr);
// What a target says of the networks at its two ends; NULL = nothing, which holds all.
void target_ends(const struct target *target, const char **local, const char **remote);
