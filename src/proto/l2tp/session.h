// SPDX-License-Identifier: Apache-2.0
// An incoming call (RFC 2661 5.2, 7.4): as the LAC that dials it or the LNS that answers it.
#pragma once

#include "proto/l2tp/tunnel.h"

enum l2tp_session_state {
	L2TP_SESSION_IDLE = 1,
	L2TP_SESSION_WAIT_TUNNEL, // LAC: the tunnel is not up, or the ICRQ has not had its turn
	L2TP_SESSION_WAIT_REPLY, // LAC: ICRQ sent
	L2TP_SESSION_CONNECTING, // LAC: ICRP has come, the ICCN is queued
	L2TP_SESSION_DEFERRED, // LNS: ICRQ has come, the host thinks
	L2TP_SESSION_WAIT_CONNECT, // LNS: ICRP queued or sent
	L2TP_SESSION_ESTABLISHED,
	L2TP_SESSION_CLOSING, // a CDN is on its way; nothing is heard any more
	L2TP_SESSION_STATES
};

// Everything an ICRQ and an ICCN say of a call. Bytes are borrowed; empty ones are not sent. The whole is borrowed until UP or FAILED.
struct l2tp_call {
	struct l2tp_bytes called_number, calling_number, sub_address, private_group_id;
	uint32_t serial; // Call Serial Number; 0 = the tunnel counts
	uint32_t bearer_type; // AVP 18
	uint32_t framing_type; // AVP 19: 1 = synchronous
	uint64_t tx_bps, rx_bps; // connect speeds as the LAC sees them, capped on the wire; rx_bps 0 = not sent
	bool has_physical_channel;
	uint32_t physical_channel;
	struct l2tp_bytes initial_received_lcp, last_sent_lcp, last_received_lcp; // option lists (AVPs 26 - 28)
	uint16_t proxy_authen_type; // AVP 29; 0 = no proxy authentication AVPs
	struct l2tp_bytes proxy_authen_name, proxy_authen_challenge, proxy_authen_response;
	uint8_t proxy_authen_id; // sent for types 2, 3 and 5
};

// In the host's memory, zeroed before its first use. Read freely; written by the engine only.
struct l2tp_session {
	struct l2tp_tunnel *tunnel;
	const struct l2tp_call *call; // while it is being dialled
	struct l2tp_session *next, *prev; // in the tunnel's lists
	struct l2tp_frame *frame; // the message that waits to be sent
	union {
		uint64_t due_ms; // of the peer's answer
		uint64_t wen_ms; // established: when the last WEN was sent (at most one a minute)
	};
	uint32_t serial;
	uint16_t local_id, peer_id;
	uint16_t result, error; // of the CDN that is owed
	uint8_t state; // enum l2tp_session_state
	uint8_t list; // which list it is in
	uint8_t frames; // queued or unacknowledged messages that point here
	bool is_lac, was_up;
	bool sequencing; // data carries sequence numbers: Sequencing Required was said
};
_Static_assert(sizeof(struct l2tp_session) <= 72, "there are very many of them");

// Asks the peer for a session; waits for the tunnel where it is not up yet. `local_id` is not 0 and not in use in this tunnel.
// 0; -EINVAL; -EEXIST (the id); -ENOTCONN (the tunnel is idle or closing); -ENOBUFS, -ENOMEM. On an error no event follows.
int l2tp_session_dial(struct l2tp_tunnel *tunnel, struct l2tp_session *session, uint16_t local_id, const struct l2tp_call *call,
	uint64_t now_ms);
// LNS: sends the ICRP of a deferred call.
void l2tp_session_answer(struct l2tp_session *session, uint64_t now_ms);
// Ends it in any state: CDN where the peer can know of the call. No FAILED or DOWN follows, only GONE (at once where nothing was sent:
// within this call). `disconnect` (RFC 3145) and `text` may be NULL.
void l2tp_session_hangup(struct l2tp_session *session, enum l2tp_cdn result, enum l2tp_error error,
	const struct l2tp_disconnect *disconnect, const char *text, uint64_t now_ms);
// WAN-Error-Notify (LAC) and Set-Link-Info (LNS) of an established session. 0; -ENOTCONN; -EAGAIN (WEN: at most one a minute); -ENOBUFS, -ENOMEM.
int l2tp_session_wen(struct l2tp_session *session, const struct l2tp_call_errors *errors, uint64_t now_ms);
int l2tp_session_sli(struct l2tp_session *session, const struct l2tp_accm *accm, uint64_t now_ms);

// After a restart, between l2tp_tunnel_resume and _resume_done; `session` is zeroed memory of the host. An established one goes on; any other
// one is torn down (FAILED with reason resumed, then GONE, in _resume_done or later). 0, -EINVAL, -EEXIST, -ENOMEM.
int l2tp_session_resume(struct l2tp_tunnel *tunnel, struct l2tp_session *session, const struct l2tp_session_record *record);

const char *l2tp_session_state_name(enum l2tp_session_state state);
