// SPDX-License-Identifier: Apache-2.0
// A compiled Routing Policy with the VSlice's Routing Targets, as typed values that owe nothing to the configuration they came from: of an L2TP
// VSlice its Default Routing Policy with LACs and LNSs, of an Integrated one those of its Endpoint Groups with the subnets. policy.c makes and
// evaluates it, policy_nft.c and policy_sims.c say it in nft's words.
#pragma once

#include "base/pattern.h"
#include "gateway/config.h"

#define POLICY_WHY 160

struct policy_target {
	struct uuid id;
	char moniker[32];
	char interface[16];
	uint32_t mark; // of its packets, and the number of its routing table
	bool is_nat; // what leaves by it takes the interface's address,
	const struct natpool *
		pool; // or one of the link's that stands for a public address, from nat_base on; borrowed; NULL = the interface's
	uint32_t nat_base;
	struct ip_addr router; // with whom the slice itself speaks BGP there; IP_NONE = nobody
};

struct policy_rule {
	struct uuid id;
	size_t number; // its place in the Routing Policy, from 1, as people count
	enum rule_direction direction;
	bool drop;
	bool never; // matches nothing: made for another gateway, or ports on a protocol that has none
	struct addr_set source, destination;
	struct port_set source_ports, destination_ports;
	uint8_t protocol; // IPPROTO_*; 0 = any, or with ports TCP and UDP
	bool reflexive; // answers to what it forwards come back in, or go back out, with no rule of their own
	struct ip_addr divert; // where it sends the packet instead; IP_NONE = where it was going
	uint16_t divert_port; // 0 = as it was
	enum ip_family family; // that it matches, since it could divert no other; IP_NONE = both
	const struct policy_target
		*target; // where a forward goes; of a downlink rule where the packet comes from, NULL = anywhere
	bool to_sims; // forwards to other SIMs of the VSlice
};

static inline bool policy_diverts(const struct policy_rule *rule)
{
	return rule->divert.family && !rule->drop && !rule->never && rule->direction == RULE_UPLINK;
}

struct policy {
	char *name; // the Routing Policy's moniker; NULL when there is none
	char closed[POLICY_WHY]; // why nothing at all is forwarded; "" = the rules decide
	VEC(struct policy_target) targets; // all of the VSlice, in order of id
	VEC(struct policy_rule) rules; // the enabled ones, in order
	VEC(struct ip_addr) lacs, lnss; // each address once
	bool is_l2tp;
	// Of an Integrated VSlice, which has no rules of its own:
	VEC(struct ip_prefix) subnets;
	VEC(struct policy *) groups; // each Routing Policy that an Endpoint Group has, once, in order of id
	// Of one of them:
	struct uuid id;
	uint32_t tag; // by which its SIMs' frames are known (dp_session_spec), and its chains are named; 0 = not one of a group
};

// Whether the kernel must track connections for it: for NAT, diverted and reflexive flows.
bool policy_tracks(const struct policy *policy);

struct policy_packet {
	enum rule_direction direction;
	uint8_t protocol;
	struct ip_addr source, destination;
	uint16_t source_port, destination_port;
	const char *interface; // that it came in by; downlink only, NULL = unknown
};

struct policy_verdict {
	bool forward;
	const struct policy_rule *rule; // that decided, or NULL
	const struct policy_target *target; // of a forward by an uplink rule
};

// Compiles the VSlice's Default Routing Policy. What cannot be understood closes the whole policy (nothing is forwarded, and `closed`
// says why): half a policy is worse than none. 0 or -ENOMEM.
int policy_new(const struct vslice_config *vslice, const struct config *config, struct policy **out);
void policy_free(struct policy **policy);
// The tags of the Routing Policies that the VSlice's Endpoint Groups have, in order of id: the same in every run of the gateway. 0 or -ENOMEM.
struct policy_tag {
	struct uuid policy;
	uint32_t tag;
};
struct policy_tags {
	VEC(struct policy_tag) rows;
};
int policy_tags(const struct uuid *vslice, const struct config *config, struct policy_tags *out); // vec_free(&out->rows)
const struct policy_target *policy_target(const struct policy *policy, const struct uuid *id);
// First match wins, no match drops. For an uplink packet, and for a downlink packet on an L2TP slice (architecture: the LNS's answers
// are let in from any target that an uplink rule names).
struct policy_verdict policy_judge(const struct policy *policy, const struct policy_packet *packet);

// What becomes of the packet and why, in words (size POLICY_WHY); true when it is forwarded to a target that leads there.
bool policy_explain(const struct policy *policy, const struct policy_packet *packet, const struct config *config, char *why);

// The nft transaction that makes `table inet slicegate` of the current namespace say this policy. Chains are emptied and filled, counters
// stay: their names come from the rules' ids. `stale` are names of counters there that are no longer wanted (may be NULL when none).
void policy_nft(const struct policy *policy, const char *const *stale, size_t stale_count, FILE *out);
// The same for an Integrated slice; policy_nft calls it.
void policy_sims_nft(const struct policy *policy, const char *const *stale, size_t stale_count, FILE *out);
#define POLICY_COUNTER_TEXT 48
char *policy_counter_name(const struct uuid *rule, char out[POLICY_COUNTER_TEXT]);
// The counters that are not of a rule: why a packet was dropped.
#define POLICY_DROP_LIST(X)                                                                                                      \
	X("drop-unmatched") /* uplink, no rule matched */                                                                        \
	X("drop-transit") /* from a target, not for this slice */                                                                \
	X("drop-input") /* to the slice, from nobody it should hear */
// Whether the policy as it is wants a counter of this name.
bool policy_wants_counter(const struct policy *policy, const char *name);
