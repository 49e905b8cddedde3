// SPDX-License-Identifier: Apache-2.0
// A look at a GTP-C message of either version without decoding it: whose it is, and what of it must not be shown to people.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gtp_scan {
	uint8_t version, type;
	uint32_t teid; // in the header: the receiver's; 0 = none yet
	uint32_t sequence;
	uint64_t imsi; // imsi_key of the IMSI IE; 0 = none
	uint32_t sender_teid; // for control messages to its sender; 0 = none is told
};

// 0, or -EBADMSG when it is no GTP-C message. What can't be read of the IEs is not found.
int gtp_scan(const uint8_t *message, size_t len, struct gtp_scan *out);

// Zeroes in place what is secret: PPP authentication inside Protocol Configuration Options, by `conceal_ppp` (a whole PPP packet of a protocol;
// gives whether it zeroed something), keys of contexts that only mobility nodes exchange, and all IEs that can't be read. Gives whether anything was.
bool gtp_conceal(uint8_t *message, size_t len, bool (*conceal_ppp)(uint16_t protocol, uint8_t *packet, size_t len));
