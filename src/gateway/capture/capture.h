// SPDX-License-Identifier: Apache-2.0
// Captures: what comes and goes for a SIM, a tunnel or an LNS, as a pcapng stream to the controller, without secrets. The commands `capture` and
// `captureStop` of the gateway link begin and end them; gateway->captures is NULL while there are none, and then they cost nothing.
#pragma once

#include "gateway/session.h"

#define CAPTURES_MAX 8 // at once

struct captures;

// The row of a `capture` command. What can't be begun is told to the controller as ended.
void capture_start(struct gateway *gateway, const json_t *row);
void capture_stop(struct gateway *gateway, const char *id);
void captures_free(struct gateway *gateway); // without a word

// What is shown to them; called only while gateway->captures is there.
// A GTP-C message; `about`: the session that a request of ours is about, or NULL.
void capture_gtpc(struct gateway *gateway, bool is_sent, const struct ip_end *peer, const uint8_t *message, size_t len,
	const struct session *about);
void capture_l2tp_control(struct tunnel *tunnel, bool is_sent, const struct ip_end *peer, const uint8_t *message, size_t len);
void capture_seen(struct gateway *gateway, const struct dp_seen *seen); // from the data plane
// A call is given up: what is said of it from here on still is its SIM's.
void capture_call_ends(const struct call *call);
// A session was put into the data plane: watched from now on where a capture wants it.
void capture_installed(struct session *session);
