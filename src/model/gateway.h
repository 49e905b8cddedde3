// SPDX-License-Identifier: Apache-2.0
// Regional Gateway: one slicegate-gateway.
#pragma once

#include "model/noun.h"

enum gateway_status { GATEWAY_NEVER_SEEN = 1, GATEWAY_CONNECTED, GATEWAY_DISCONNECTED };

struct gateway {
	struct object object;
	struct field_texts gtp_peers, public_addresses, access_point_names;
	int64_t status, last_seen_ms, sessions, tunnels, config_revision, load_percent, started_ms;
	char *version, *data_path;
	struct field_texts addresses;
};
