// SPDX-License-Identifier: Apache-2.0
// Endpoint Group: the configuration that its Endpoints inherit.
#pragma once

#include "model/noun.h"

struct group {
	struct object object;
	int64_t endpoints;
	struct field_ref vslice, routing_policy, regional_policy, lac, steering_profile, event_map;
	int64_t ip_allocation;
};
