// SPDX-License-Identifier: Apache-2.0
// What the files of the engine share among themselves.
#pragma once

#include "proto/l2tp/session.h"

// Why and how something ends; the codes are those that came, or those to be sent.
struct l2tp_end {
	enum l2tp_reason reason;
	uint16_t result, error;
	bool has_result;
	bool tell_peer; // StopCCN or CDN goes out
	bool tell_host; // FAILED or DOWN is raised
	struct l2tp_bytes text;
	const struct l2tp_disconnect *disconnect;
	const struct l2tp_msg *msg;
};

struct l2tp_bytes l2tp_text(const char *text); // NULL is empty

// Every public call is bracketed by these: at the end of the outermost one, what was queued is sent.
bool l2tp_enter(struct l2tp_tunnel *tunnel);
void l2tp_leave(struct l2tp_tunnel *tunnel, bool is_outer, uint64_t now_ms);

// tunnel.c
int l2tp_queue_msg(struct l2tp_tunnel *tunnel, struct l2tp_session *session, enum l2tp_class class, uint16_t local_session_id,
	uint16_t peer_session_id, const struct l2tp_msg *msg);
void l2tp_store_tunnel(struct l2tp_tunnel *tunnel);
void l2tp_tunnel_end(struct l2tp_tunnel *tunnel, const struct l2tp_end *end, uint64_t now_ms);
struct l2tp_keys l2tp_tunnel_keys(const struct l2tp_tunnel *tunnel);
void l2tp_tunnel_came_up(struct l2tp_tunnel *tunnel, const struct l2tp_msg *msg, uint64_t now_ms);
extern const struct l2tp_channel_ops l2tp_tunnel_channel_ops;

// setup.c: the automaton of the control connection.
enum l2tp_tunnel_input {
	L2TP_INPUT_OPEN,
	L2TP_INPUT_SCCRQ,
	L2TP_INPUT_SCCRP,
	L2TP_INPUT_SCCCN,
	L2TP_INPUT_STOPCCN,
	L2TP_INPUT_HELLO,
	L2TP_INPUT_CALL, // any message of a session
	L2TP_INPUTS
};
void l2tp_tunnel_input(struct l2tp_tunnel *tunnel, enum l2tp_tunnel_input input, const struct l2tp_header *header,
	struct l2tp_msg *msg, uint64_t now_ms);

// session.c
void l2tp_session_input(struct l2tp_tunnel *tunnel, uint16_t session_id, const struct l2tp_msg *msg,
	const struct l2tp_fault *fault, uint64_t now_ms);
void l2tp_session_end(struct l2tp_session *session, const struct l2tp_end *end, uint64_t now_ms);
void l2tp_session_stored(struct l2tp_session *session, const struct l2tp_frame *frame);
void l2tp_session_sent(struct l2tp_session *session, const struct l2tp_frame *frame, uint64_t now_ms);
void l2tp_session_acked(struct l2tp_session *session);
void l2tp_session_timeouts(struct l2tp_tunnel *tunnel, uint64_t now_ms);
void l2tp_session_bury(struct l2tp_session *session); // out of the table, GONE
void l2tp_session_unlist(struct l2tp_session *session);
bool l2tp_session_feed(struct l2tp_tunnel *tunnel, uint64_t now_ms); // waiting calls into the channel's queue; whether any went

// call.c: 0 or the error of l2tp_channel_send; a CDN that cannot be sent is as good as lost.
int l2tp_call_icrq(struct l2tp_session *session);
int l2tp_call_iccn(struct l2tp_session *session);
void l2tp_call_cdn(struct l2tp_session *session, const struct l2tp_end *end);
void l2tp_call_stray_cdn(struct l2tp_tunnel *tunnel, uint16_t local_id, uint16_t peer_id, const struct l2tp_result *result);

// table.c
int l2tp_table_put(struct l2tp_tunnel *tunnel, struct l2tp_session *session);
void l2tp_table_del(struct l2tp_tunnel *tunnel, const struct l2tp_session *session);
void l2tp_table_fini(struct l2tp_tunnel *tunnel);
struct l2tp_session *l2tp_table_find_peer(const struct l2tp_tunnel *tunnel, uint16_t peer_id);
uint16_t l2tp_table_free_id(struct l2tp_tunnel *tunnel);
