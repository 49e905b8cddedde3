// SPDX-License-Identifier: Apache-2.0
// The reliable control channel of a tunnel (RFC 2661 5.8 and appendix A): Ns/Nr, windows, slow start and congestion avoidance,
// retransmission with back-off, acknowledgments, duplicates and reordering. The automata above see ordered messages, each once.
#pragma once

#include "proto/l2tp/engine.h"
#include "proto/l2tp/header.h"

#define L2TP_WINDOW_MAX 64 // messages unacknowledged at once, at most
#define L2TP_EARLY_MAX 32 // messages kept that came before their turn, at most

// Waiting messages go in this order; within a class first come, first served. One place in four is kept for the lower class, so that a mass
// hang-up does not keep new calls away, and finishing a call goes before starting another.
enum l2tp_class { L2TP_CLASS_TUNNEL, L2TP_CLASS_FINISH, L2TP_CLASS_START, L2TP_CLASSES };

struct l2tp_frame {
	struct l2tp_frame *next, **link; // link only while waiting
	struct l2tp_session *session; // told when it is sent and when it is acknowledged; NULL = the tunnel's
	uint64_t sent_ms; // the first time
	uint16_t ns, type, session_id, len;
	uint8_t sends;
	uint8_t class;
	uint8_t bytes[]; // header and AVPs
};

struct l2tp_queue {
	struct l2tp_frame *head, **tail;
	uint32_t count;
};

struct l2tp_channel;

struct l2tp_channel_ops {
	void (*send)(struct l2tp_channel *channel, const uint8_t *bytes, size_t len);
	// A message in order; the frame is borrowed.
	void (*deliver)(struct l2tp_channel *channel, const struct l2tp_header *header, uint64_t now_ms);
	// A frame is about to leave for the first time: it has its Ns and is to be stored. After `send` it is announced by `sent`.
	void (*store)(struct l2tp_channel *channel, const struct l2tp_frame *frame);
	void (*sent)(struct l2tp_channel *channel, const struct l2tp_frame *frame, uint64_t now_ms);
	void (*acked)(struct l2tp_channel *channel, const struct l2tp_frame *frame, uint64_t now_ms);
};

struct l2tp_channel {
	const struct l2tp_channel_ops *ops;
	const struct l2tp_options *options;
	struct l2tp_counters *counters; // may be NULL
	uint16_t peer_tunnel_id;
	uint16_t ns, nr; // next to send, next expected
	uint16_t window; // the peer's
	uint16_t cwnd, ssthresh, cwnd_acks; // appendix A; cwnd_acks counts towards 1/CWND
	uint16_t in_flight; // sent and unacknowledged
	uint16_t window_used; // of those, sent since the last time-out
	uint8_t timeouts; // of the oldest message in flight
	uint8_t picks; // for one place in four
	bool is_setup; // setup timers hold
	bool ack_owed;
	bool is_lost; // retries are exhausted
	uint64_t ack_due_ms, retransmit_ms; // L2TP_NEVER while unarmed
	uint64_t timeout_ms; // the last one: what was sent before it measures no round trip
	bool has_rtt;
	uint32_t srtt_8, rttvar_4; // smoothed round trip and its deviation, in 1/8 and 1/4 ms
	struct l2tp_frame *flight, **flight_tail; // sent, oldest first
	struct l2tp_frame *resend; // the next of them to be sent again, or NULL
	struct l2tp_queue waiting[L2TP_CLASSES];
	struct l2tp_frame *early; // received before their turn, by Ns
	uint16_t early_count;
};

void l2tp_channel_init(struct l2tp_channel *channel, const struct l2tp_channel_ops *ops, const struct l2tp_options *options,
	struct l2tp_counters *counters);
void l2tp_channel_fini(struct l2tp_channel *channel); // frees the queues; tells nobody

// Queues AVPs as a message; the header is the channel's. 0, -ENOBUFS when the queue is full, -ENOMEM. `*out` (may be NULL) is the frame,
// borrowed until it is sent: it can be taken back by l2tp_channel_cancel before that.
int l2tp_channel_send(struct l2tp_channel *channel, enum l2tp_class class, uint16_t type, struct l2tp_session *session,
	uint16_t local_session_id, uint16_t peer_session_id, const void *avps, size_t len, struct l2tp_frame **out);
void l2tp_channel_cancel(struct l2tp_channel *channel, struct l2tp_frame *frame);
void l2tp_channel_cancel_all(struct l2tp_channel *channel); // everything that is not sent yet
// Sends what the windows allow. Called by the engine after its own work, so that one wake-up sends all.
void l2tp_channel_push(struct l2tp_channel *channel, uint64_t now_ms);
// A control packet came (a ZLB too).
void l2tp_channel_recv(struct l2tp_channel *channel, const struct l2tp_header *header, uint64_t now_ms);
// Sends the acknowledgment that is owed, if any.
void l2tp_channel_flush(struct l2tp_channel *channel);
void l2tp_channel_tick(struct l2tp_channel *channel, uint64_t now_ms);
uint64_t l2tp_channel_next(const struct l2tp_channel *channel); // when to tick; L2TP_NEVER
#define L2TP_RTT_UNKNOWN UINT32_MAX
uint32_t l2tp_channel_rtt_us(const struct l2tp_channel *channel); // L2TP_RTT_UNKNOWN until one was measured
bool l2tp_channel_idle(const struct l2tp_channel *channel); // nothing waits and nothing is in flight

// The peer's Receive Window Size; absent = 4.
void l2tp_channel_set_window(struct l2tp_channel *channel, uint16_t window);

// After a restart: each message that was in flight, in any order; l2tp_channel_push sends them again. 0, -EINVAL, -ENOMEM.
int l2tp_channel_resume(struct l2tp_channel *channel, const struct l2tp_stored_message *message, struct l2tp_session *session);
