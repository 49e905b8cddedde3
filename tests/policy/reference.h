// SPDX-License-Identifier: Apache-2.0
// What a Routing Policy says of a packet, written from the words of the specification alone: ordered rules, the first that matches decides, no
// match drops. It reads the rules as JSON, and their patterns, by itself, and shares nothing with the compiler that it is held against.
#pragma once

#include "base/addr.h"

#include <jansson.h>

struct reference_packet {
	bool is_uplink;
	uint8_t protocol; // IPPROTO_*
	struct ip_addr source, destination;
	uint16_t source_port, destination_port; // of TCP and UDP
	const char *from; // id of the Routing Target that it came by, downlink
};

struct reference_verdict {
	bool forward;
	size_t rule; // its place, from 1; 0: none
	const char *target; // where an uplink packet goes; NULL: to the VSlice's other SIMs
	bool answers; // may come back
	struct ip_addr divert; // IP_NONE: it goes where it was going
	uint16_t divert_port; // 0: its own
};

// `vslice` and `policy` (NULL: there is none) as the configuration stream has them; `gateway`: id of the Regional Gateway.
struct reference_verdict reference_judge(
	const json_t *vslice, const json_t *policy, const char *gateway, const struct reference_packet *packet);
// Whether the rule's direction, protocol, patterns and gateway fit the packet.
bool reference_matches(const json_t *vslice, const json_t *rule, const char *gateway, const struct reference_packet *packet);
