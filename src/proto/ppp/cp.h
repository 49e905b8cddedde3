// SPDX-License-Identifier: Apache-2.0
// The option negotiation automaton of RFC 1661 4, one for each control protocol (LCP, IPCP, IPv6CP).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ppp_link;
struct wire_in;
struct wire_out;

// States, in the order of the columns of RFC 1661 4.1; numbered from 1, so that an empty cell of the table is "illegal".
enum ppp_cp_state {
	PPP_CP_INITIAL = 1,
	PPP_CP_STARTING,
	PPP_CP_CLOSED,
	PPP_CP_STOPPED,
	PPP_CP_CLOSING,
	PPP_CP_STOPPING,
	PPP_CP_REQ_SENT,
	PPP_CP_ACK_RCVD,
	PPP_CP_ACK_SENT,
	PPP_CP_OPENED,
};

// What one automaton remembers. All of it is private to src/proto/ppp.
struct ppp_cp {
	uint64_t due_ms; // the restart timer, or UINT64_MAX
	uint32_t acked_hash; // of the peer's Configure-Request that was acknowledged last
	uint16_t asked; // the options that our Configure-Request carries, a bit a row of the protocol's table
	uint8_t state; // enum ppp_cp_state
	uint8_t id; // identifier of our latest request
	uint8_t peer_id; // identifier of the peer's Configure-Request that was acknowledged last
	uint8_t tries; // times that the current request was sent
	uint8_t left; // the restart counter
	uint8_t naks_sent, naks_seen; // Configure-Naks (and Rejects) since the last success, against loops
	uint8_t repeats; // times that a repeated request was acknowledged again in Opened
	bool answered; // a valid reply to `id` came: further ones are stale
	bool heard; // anything at all came from the peer
};
