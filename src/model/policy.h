// SPDX-License-Identifier: Apache-2.0
// Routing Policy: ordered rules, first match wins, that forward a VSlice's traffic to its Routing Targets or drop it.
#pragma once

#include "model/noun.h"

enum rule_action { RULE_FORWARD = 1, RULE_DROP };
enum rule_direction { RULE_UPLINK = 1, RULE_DOWNLINK };
enum transport_protocol { TRANSPORT_TCP = 1, TRANSPORT_UDP, TRANSPORT_ICMP };
enum policy_status { POLICY_ACTIVE = 1, POLICY_INACTIVE };

struct rule {
	struct object object;
	struct field_ref policy;
	char *description;
	int64_t action, direction;
	char *source_ip, *destination_ip, *source_port, *destination_port, *divert_ip, *divert_port;
	int64_t protocol;
	struct field_ref target, regional_gateway;
	int64_t reflexive, enabled;
	int64_t packets, bytes; // what it matched, as gateways last said
};

struct edge_service {
	struct object object;
	char *description, *icon_shape;
	int64_t available, enabled, has_instance;
	struct field_texts instances;
};

struct policy {
	struct object object;
	struct field_ref vslice;
	int64_t status, rate_uplink, rate_downlink, discard_uplink, discard_downlink;
	struct field_rows rules, edge_services;
};
