// SPDX-License-Identifier: Apache-2.0
// What the two ways of saying a policy in nft's words share: policy_nft.c (L2TP) and policy_sims.c (Integrated).
#pragma once

#include "gateway/policy.h"

#define TRACKS "tracks" // counters that tell the next transaction what is there
#define POLICY_CHAINS "chains-" // the chains of a group's policy, by its tag
#define REFLEXIVE_IN 0x80000000u
#define REFLEXIVE_OUT 0x40000000u
#define MARK_BITS 0x01ffffffu

char *policy_chains_name(const struct policy *policy, char out[POLICY_COUNTER_TEXT]);
void policy_put_drop_counters(FILE *out);
void policy_put_rule_counters(const struct policy *policy, FILE *out);
// Each rule, once for each family that it can match.
void policy_each_rule(const struct policy *policy, FILE *out,
	void (*put)(const struct policy *, const struct policy_rule *, enum ip_family, FILE *));
void policy_put_rule(const struct policy *policy, const struct policy_rule *rule, enum ip_family family, FILE *out);
void policy_put_way_back(const struct policy *policy, uint32_t flag, FILE *out);
void policy_put_routers(const struct policy *policy, FILE *out); // the slice's own BGP, whatever the rules say
void policy_put_nat(const struct policy *policy, FILE *out); // of its targets
void policy_put_divert(const struct policy *policy, const struct policy_rule *rule, enum ip_family family, FILE *out);
