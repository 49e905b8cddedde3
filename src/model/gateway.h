// SPDX-License-Identifier: Apache-2.0
// Regional Gateway: one slicegate-gateway. Regional Policy: which of them serves a group of an integrated VSlice.
#pragma once

#include "model/noun.h"

enum gateway_status { GATEWAY_NEVER_SEEN = 1, GATEWAY_CONNECTED, GATEWAY_DISCONNECTED };

struct gateway {
	struct object object;
	struct field_texts gtp_peers, access_point_names;
	int64_t status, last_seen_ms, sessions, tunnels, config_revision, load_percent, started_ms;
	char *version;
	struct field_texts addresses;
};

struct regional_policy_entry {
	struct object object;
	int64_t operator_id;
	char *iso3;
	struct field_ref gateway;
};

struct regional_policy {
	struct object object;
	int64_t active, fixed;
	struct field_rows entries;
};
