// SPDX-License-Identifier: Apache-2.0
// A Capture: packets of an Endpoint, a Tunnel or an LNS, as a pcapng file that grows while it runs. Kept in memory by the controller.
#pragma once

#include "model/noun.h"

enum capture_state { CAPTURE_RUNNING = 1, CAPTURE_ENDED };

struct capture {
	struct object object;
	struct field_ref endpoint, vslice, lns, gateway;
	char *tunnel;
	struct field_texts levels;
	int64_t seconds, octets, packet_octets;
	int64_t state, started_ms, ended_ms, captured, packets;
	char *reason;
};
