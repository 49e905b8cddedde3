// SPDX-License-Identifier: Apache-2.0
// Loading a compiled policy into the network namespace that the calling thread is in, through libnftables. Worker thread only.
#pragma once

#include "gateway/policy.h"
#include "gateway/slice.h"

struct nft_counters {
	VEC(struct slice_rule_counter) rows;
};

// Makes `table inet slicegate` say the policy, in one transaction; counters of rules that stay keep counting. Nothing is written when it says
// so already. `*digest` is what was loaded last (0 = look at the table itself) and becomes what is. 1 = written, 0 = it said so already, or -errno with `why` (POLICY_WHY).
int nft_load(const struct policy *policy, uint64_t *digest, char *why);
// What the rules counted since they were first loaded. 0 or -errno.
int nft_counters_get(struct nft_counters *out); // vec_free(&out->rows) when done

// Runs nft commands as one transaction in the current namespace. 0 or -EINVAL with `why` (POLICY_WHY).
int nft_script(const char *text, char *why);
bool nft_has(const char *object); // "table inet x", "chain inet x y" is there
