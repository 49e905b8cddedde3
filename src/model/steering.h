// SPDX-License-Identifier: Apache-2.0
// Operator Policy: which networks endpoints may use. Regional Policy: which Regional Gateway serves them. Both are lists of entries
// about operators, countries, and everything else; the most specific one decides.
#pragma once

#include "model/noun.h"

enum steering_action { STEERING_ALLOW = 1, STEERING_REJECT_SOFT, STEERING_REJECT_HARD };
enum radio_access { RADIO_2G = 1, RADIO_3G, RADIO_45G };

// What an entry is about. Neither operator nor country: it is the default entry.
struct entry_scope {
	int64_t operator_id; // FIELD_UNSET = none
	char *iso3;
	struct field_texts networks; // for gateways: country codes, or country and network codes; empty in the default entry
};

struct operator_policy_entry {
	struct object object;
	struct entry_scope scope;
	int64_t radio; // FIELD_UNSET = all
	int64_t action;
};

struct operator_policy {
	struct object object;
	int64_t allow_2g, allow_3g, allow_45g; // does any entry allow it?
	struct field_rows entries;
};

struct regional_policy_entry {
	struct object object;
	char *policy; // its id
	struct entry_scope scope;
	struct field_ref gateway;
	char *gateway_moniker; // for gateways, to name another
};

struct regional_policy {
	struct object object;
	int64_t active, fixed;
	struct field_rows entries;
};

// Fills what gateways get beyond what is stored; nothing when the object is no policy.
void steering_fill(const struct noun *noun, void *object);
