// SPDX-License-Identifier: Apache-2.0
// A control connection: setup with authentication, keep-alive, teardown (RFC 2661 5.1 - 5.7, 7.2), and the sessions it carries.
// The same engine is the LAC (l2tp_tunnel_open, l2tp_session_dial) and the LNS (l2tp_tunnel_accept, ops.incoming_call); either side may open.
//
// After every call that takes `now_ms` the host asks l2tp_tunnel_next and arms one timer, whose firing calls l2tp_tunnel_tick.
#pragma once

#include "proto/l2tp/channel.h"

enum l2tp_tunnel_state {
	L2TP_TUNNEL_IDLE = 1,
	L2TP_TUNNEL_WAIT_REPLY, // SCCRQ sent
	L2TP_TUNNEL_WAIT_CONN, // SCCRP sent
	L2TP_TUNNEL_ESTABLISHED,
	L2TP_TUNNEL_CLOSING, // StopCCN sent or received, or the peer is lost: only acknowledges, until the linger is over
	L2TP_TUNNEL_STATES
};

struct l2tp_session_list {
	struct l2tp_session *head, *tail;
};

// In the host's memory. Read freely; written by the engine only.
struct l2tp_tunnel {
	const struct l2tp_ops *ops;
	const struct l2tp_options *options;
	void *owner;
	struct l2tp_channel channel;
	struct ip_end peer;
	uint16_t local_id, peer_id;
	uint8_t state; // enum l2tp_tunnel_state
	uint8_t secret; // index of the secret in use
	bool is_initiator, was_up;
	bool is_challenging; // our challenge is out
	bool is_proved; // the peer has proved `secret`
	bool maybe_replay; // resumed: the next message may have been dealt with before the restart
	bool is_busy; // inside a call from the host: sending waits for its end
	uint32_t sessions; // live ones, closing ones included
	uint32_t established; // of those, established
	uint32_t waiting_calls; // in `waiting`
	uint32_t asked_calls; // ICRQ sent, no answer yet
	uint32_t serial; // of the last call dialled
	uint32_t clear_cursor;
	uint64_t tie_breaker;
	uint64_t heard_ms; // the last time the peer was heard
	uint64_t gone_ms; // end of the linger
	uint64_t up_ms; // established since
	uint8_t challenge[16]; // ours, until it is answered
	uint8_t peer_host_len, peer_vendor_len;
	uint8_t peer_framing; // Framing Capabilities, 1 synchronous, 2 asynchronous; 0 = not known
	uint8_t peer_host_name[64], peer_vendor_name[64]; // cut to fit
	uint16_t peer_firmware;
	enum l2tp_reason reason; // of the end
	uint16_t result, error;
	struct l2tp_session_list waiting, answering; // for the tunnel; for the peer's answer, oldest first
	struct l2tp_session ***blocks; // sessions by local id, 64 a block
};

// Sets up for l2tp_tunnel_open or _accept; nothing is sent. `counters` may be NULL and may be shared.
void l2tp_tunnel_init(struct l2tp_tunnel *tunnel, const struct l2tp_ops *ops, void *owner, const struct l2tp_options *options,
	struct l2tp_counters *counters);
// Frees what the engine holds, at once and without a word: for a host that ends, or after GONE (where nothing is left).
void l2tp_tunnel_fini(struct l2tp_tunnel *tunnel);

// Sends the SCCRQ. `local_id` is not 0 and not in use; `secret` is 0 or 1 (which one to begin with). 0, -EINVAL, -ENOMEM.
int l2tp_tunnel_open(struct l2tp_tunnel *tunnel, uint16_t local_id, const struct ip_end *peer, unsigned secret, uint64_t now_ms);

// What a control packet with tunnel id 0 says, so that the host can find or make its tunnel: SCCRQ (a new one, or a repeat for the tunnel
// with this peer and peer id) or StopCCN of a peer that does not know us any more. 0, or -EBADMSG (drop it).
struct l2tp_peek {
	uint16_t type; // L2TP_sccrq or L2TP_stopccn
	uint16_t assigned_tunnel_id; // 0 when it is missing or hidden: then a repeat is known by the peer's address and port only
	uint8_t host_len;
	char host_name[64]; // terminated
	bool has_tie_breaker;
	uint64_t tie_breaker;
};
int l2tp_peek(const struct l2tp_header *header, struct l2tp_peek *out);

// Takes an SCCRQ as a new tunnel: SCCRP, or StopCCN where it cannot be accepted (then FAILED and GONE come as usual). 0, -EINVAL.
int l2tp_tunnel_accept(struct l2tp_tunnel *tunnel, uint16_t local_id, const struct ip_end *peer, const struct l2tp_header *sccrq,
	uint64_t now_ms);

// Two SCCRQs cross: `ours` is an open tunnel of ours in WAIT_REPLY to the peer whose SCCRQ this is (RFC 2661 4.4.3, tie breaker).
enum l2tp_glare {
	L2TP_GLARE_BOTH, // accept theirs too
	L2TP_GLARE_OURS, // ours stays: ignore theirs
	L2TP_GLARE_THEIRS, // ours was dropped (FAILED, reason glare): accept theirs
	L2TP_GLARE_NEITHER, // equal: ours was dropped, ignore theirs
};
enum l2tp_glare l2tp_tunnel_glare(struct l2tp_tunnel *ours, const struct l2tp_peek *theirs, uint64_t now_ms);

// A control packet for this tunnel (header->tunnel_id is its local id, or 0 for a repeated SCCRQ or a StopCCN).
void l2tp_tunnel_recv(struct l2tp_tunnel *tunnel, const struct ip_end *from, const struct l2tp_header *header, uint64_t now_ms);
// Sends the acknowledgment that is owed: at the end of a batch of received packets.
void l2tp_tunnel_flush(struct l2tp_tunnel *tunnel);
// Data from the peer counts as life: no HELLO is due for another hello_ms.
void l2tp_tunnel_heard(struct l2tp_tunnel *tunnel, uint64_t now_ms);
uint64_t l2tp_tunnel_next(const struct l2tp_tunnel *tunnel); // when to tick; L2TP_NEVER
void l2tp_tunnel_tick(struct l2tp_tunnel *tunnel, uint64_t now_ms);
// A HELLO now, whatever the silence (a route has moved, `lns test`).
void l2tp_tunnel_hello(struct l2tp_tunnel *tunnel, uint64_t now_ms);

// StopCCN; FAILED or DOWN follows at once, the sessions' events in pieces by ticks, GONE after the linger. `text` may be NULL.
void l2tp_tunnel_close(
	struct l2tp_tunnel *tunnel, enum l2tp_stop result, enum l2tp_error error, const char *text, uint64_t now_ms);

// Takes new options (the old ones may be freed afterwards). True: taken. False: taken for timers and limits, but identity or secrets differ
// from those the tunnel was built with, so the host has to close and open it for those to hold.
bool l2tp_tunnel_reconfigure(struct l2tp_tunnel *tunnel, const struct l2tp_options *options);

// The session of a local id, or NULL.
struct l2tp_session *l2tp_tunnel_session(const struct l2tp_tunnel *tunnel, uint16_t local_id);
// The next session with a local id of `*cursor` or more, and moves the cursor past it; NULL at the end. Start with 0.
struct l2tp_session *l2tp_tunnel_session_next(const struct l2tp_tunnel *tunnel, uint32_t *cursor);

// After a restart, instead of open or accept: init, resume, every l2tp_session_resume, every l2tp_tunnel_resume_message (any order), then
// l2tp_tunnel_resume_done, which sends again what was unacknowledged. A tunnel or call that was not established is torn down.
// 0, -EINVAL (the record makes no sense), -ENOMEM.
int l2tp_tunnel_resume(struct l2tp_tunnel *tunnel, const struct l2tp_tunnel_record *record, uint64_t now_ms);
int l2tp_tunnel_resume_message(struct l2tp_tunnel *tunnel, const struct l2tp_stored_message *message);
void l2tp_tunnel_resume_done(struct l2tp_tunnel *tunnel, uint64_t now_ms);

// The StopCCN for a control packet whose tunnel is unknown (the caller limits the rate). 0; -ENODATA where none is to be sent (a ZLB, a
// StopCCN itself); `size` of L2TP_STOPCCN_SIZE is enough.
#define L2TP_STOPCCN_SIZE 128
int l2tp_stopccn_for_unknown(const struct l2tp_header *header, uint8_t *out, size_t size, size_t *len);

const char *l2tp_tunnel_state_name(enum l2tp_tunnel_state state);
