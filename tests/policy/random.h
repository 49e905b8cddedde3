// SPDX-License-Identifier: Apache-2.0
// Random Routing Policies and packets over a small universe of addresses and ports, so that rules match often. All comes from one seed, which a
// failure names:
//
//   POLICY_PACKETS=100000   how many packets a test sends in all (a part of them otherwise)
//   POLICY_SEED=12          the first seed, to see a failure again
#pragma once

#include "reference.h"

#define RANDOM_SIMS 8
#define RANDOM_RULES 20

void random_seed(uint32_t seed);
uint32_t random_below(uint32_t limit);
bool random_once_in(uint32_t times);
unsigned random_packets(unsigned otherwise); // as the environment says
uint32_t random_first_seed(uint32_t otherwise);

// What rules may be made of.
struct random_kind {
	const char *const *targets; // ids of the Routing Targets
	size_t target_count;
	const char *gateway, *other_gateway; // ids
	bool is_integrated; // IPv6, SIMs, divert and reflexive too
	bool is_plain; // nothing that connections must be followed for
	unsigned open_once_in; // that often a rule that all packets match; 0: never
};

// A policy as the configuration stream has it, of the VSlice `vslice`; the rules' ids are made of `first_rule` and their place.
json_t *random_policy(const struct random_kind *kind, const char *vslice, unsigned first_rule, size_t rules);
char *random_rule_id(unsigned number, char out[37]);

struct ip_addr random_server(enum ip_family family);
struct ip_addr random_sim(size_t number, enum ip_family family); // its address
#define RANDOM_SUBNETS "[\"100.64.0.0/24\", \"100.64.8.0/24\", \"2001:db8:77::/48\"]"
// Between those two, with a protocol and ports at random.
struct reference_packet random_packet(const struct ip_addr *source, const struct ip_addr *destination);
