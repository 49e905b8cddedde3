// SPDX-License-Identifier: Apache-2.0
// What the L2TP engine asks of its host: options in, bytes and events out, records to keep.
#pragma once

#include "base/addr.h"
#include "proto/l2tp/msg.h"
#include "proto/l2tp/result.h"

struct l2tp_tunnel;
struct l2tp_session;

#define L2TP_NEVER UINT64_MAX

enum l2tp_counter {
#define COUNTER(word, text) L2TP_COUNT_##word,
#include "proto/l2tp/counter.def"
#undef COUNTER
	L2TP_COUNTERS
};

struct l2tp_counters {
	uint64_t at[L2TP_COUNTERS];
};

static inline void l2tp_count(struct l2tp_counters *counters, enum l2tp_counter counter, uint64_t by)
{
	if (counters)
		counters->at[counter] += by;
}

const char *l2tp_counter_name(enum l2tp_counter counter); // "rx_duplicates"

enum l2tp_reason {
#define REASON(word, text) L2TP_REASON_##word,
#include "proto/l2tp/reason.def"
#undef REASON
	L2TP_REASONS
};

const char *l2tp_reason_name(enum l2tp_reason reason); // "secret_differs"
const char *l2tp_reason_text(enum l2tp_reason reason); // in words

// Tunnel authentication (RFC 2661 5.1.1). A peer's challenge is answered in every mode when a secret is set, and refused when none is.
enum l2tp_auth {
	L2TP_AUTH_NONE, // never challenge
	L2TP_AUTH_CHALLENGE, // challenge; a peer that leaves the challenge unanswered is let in, one that answers it wrongly is not
	L2TP_AUTH_REQUIRE, // challenge; only the right response is let in
};

enum l2tp_sequencing {
	L2TP_SEQUENCING_OFF, // data carries no Ns/Nr, whatever the peer does
	L2TP_SEQUENCING_ON_REQUEST, // data carries them while the peer's does
	L2TP_SEQUENCING_REQUIRED, // we say Sequencing Required and always send them
};

// Borrowed and shared by any number of tunnels; replaced by l2tp_tunnel_reconfigure. l2tp_options_default() first, then change.
struct l2tp_options {
	struct l2tp_bytes host_name; // AVP 7; at least one octet
	struct l2tp_bytes vendor_name; // AVP 8; empty = not sent
	struct l2tp_bytes peer_host_name; // that the peer must have; empty = any
	struct l2tp_bytes secrets[L2TP_SECRETS]; // the first is used first; both are accepted; an empty one is not set
	enum l2tp_auth auth; // without a secret it is none
	bool hide; // AVPs that may be hidden, when a secret is set, from the moment the tunnel is up
	bool tie_breaker; // send AVP 5
	bool accept_move; // take the address and port that the SCCRP comes from, once
	enum l2tp_sequencing sequencing;
	uint16_t firmware_revision; // AVP 6; 0 = not sent
	uint16_t receive_window; // AVP 10, 1 or more
	uint16_t send_window; // at most so many messages unacknowledged, whatever the peer allows; at most L2TP_WINDOW_MAX
	uint32_t framing_capabilities, bearer_capabilities; // AVPs 3 and 4
	uint32_t hello_ms; // silence before a HELLO; 0 = no HELLOs
	uint32_t retransmit_ms, retransmit_cap_ms; // established: first repeat, longest wait
	uint32_t setup_retransmit_ms; // the same until the tunnel is established
	uint8_t retries, setup_retries; // repeats before the peer is lost
	uint32_t call_wait_ms; // ICRQ sent to ICRP; on the LNS side ICRP to ICCN
	uint32_t ack_delay_ms; // an acknowledgment may wait so long for something to ride on
	uint32_t linger_ms; // after StopCCN; at least a full retransmission cycle is kept. 0 = that cycle
	uint32_t queue_max; // calls waiting for their turn; messages waiting for the window
	uint32_t asked_max; // ICRQs without an answer at once
};

void l2tp_options_default(struct l2tp_options *out);
// A full retransmission cycle of an established tunnel: 31 s by default (RFC 2661 5.7).
uint32_t l2tp_cycle_ms(const struct l2tp_options *options);

// What is kept over a restart are plain values, to be copied into the host's durable records. Zero = free.
struct l2tp_tunnel_record {
	uint16_t local_id, peer_id;
	uint16_t ns, nr; // next to send, next expected
	uint16_t peer_window;
	uint8_t state; // enum l2tp_tunnel_state
	uint8_t secret; // index into options.secrets
	struct ip_end peer;
};

struct l2tp_session_record {
	uint16_t local_id, peer_id;
	uint32_t serial;
	uint8_t state; // enum l2tp_session_state
	uint8_t sequencing; // data carries sequence numbers
	uint16_t result, error; // of the CDN that is owed, while closing
};

// A control message that is sent and not yet acknowledged.
struct l2tp_stored_message {
	uint16_t ns;
	uint16_t session_id; // local, 0 = the tunnel
	uint16_t type;
	uint16_t len;
	const uint8_t *bytes; // header and AVPs
};

enum l2tp_tunnel_event_type {
	L2TP_TUNNEL_UP = 1, // established
	L2TP_TUNNEL_FAILED, // never got up
	L2TP_TUNNEL_DOWN, // was up
	L2TP_TUNNEL_MOVED, // the peer answers from another address or port; tunnel->peer is the new one already
	L2TP_TUNNEL_GONE, // after FAILED or DOWN and the linger: the memory and the id are the host's again; the engine's last word
};

enum l2tp_session_event_type {
	L2TP_SESSION_UP = 1, // established: the ICCN has left (LAC) or has come (LNS; msg = the ICCN)
	L2TP_SESSION_FAILED, // never got up
	L2TP_SESSION_DOWN, // was up
	L2TP_SESSION_INFO, // msg = SLI or WEN
	L2TP_SESSION_GONE, // after FAILED, DOWN or a hang-up: the peer has acknowledged; memory and id are the host's again
};

struct l2tp_tunnel_event {
	enum l2tp_tunnel_event_type type;
	enum l2tp_reason reason;
	bool has_result; // a StopCCN came or went
	uint16_t result, error;
	struct l2tp_bytes text; // words beside the codes, not terminated
	const struct l2tp_msg
		*msg; // the message that caused it (UP: the SCCRP or SCCRQ is in tunnel->peer_host_name instead), or NULL
};

struct l2tp_session_event {
	enum l2tp_session_event_type type;
	enum l2tp_reason reason;
	bool has_result; // a CDN came or went (or a StopCCN, with reason `tunnel`)
	uint16_t result, error;
	struct l2tp_bytes text;
	const struct l2tp_disconnect *disconnect; // RFC 3145, when the peer told
	const struct l2tp_msg *msg; // the message that caused it, or NULL
};

// The answer of an LNS to an ICRQ.
enum l2tp_call_verdict {
	L2TP_CALL_REFUSE, // CDN with answer->result, error, text
	L2TP_CALL_ACCEPT, // answer->session becomes a session with answer->local_id; ICRP goes out
	L2TP_CALL_DEFER, // as accept, but the ICRP waits for l2tp_session_answer
	L2TP_CALL_IGNORE, // no answer at all (a simulated fault)
};

struct l2tp_call_answer {
	struct l2tp_session *session; // the host's memory
	uint16_t local_id;
	uint16_t result, error;
	struct l2tp_bytes text;
};

// Callbacks; `tunnel->owner` is the host's, and a session stands in the host's memory. Optional ones may be NULL. From within any of them the host may
// dial, hang up and close; it frees a tunnel or a session only in or after its GONE event.
struct l2tp_ops {
	// A packet to tunnel->peer; bytes are borrowed for the call.
	void (*send)(struct l2tp_tunnel *tunnel, const uint8_t *bytes, size_t len);
	// Fills with unpredictable octets.
	void (*random)(struct l2tp_tunnel *tunnel, void *out, size_t len);
	void (*tunnel_event)(struct l2tp_tunnel *tunnel, const struct l2tp_tunnel_event *event);
	void (*session_event)(struct l2tp_session *session, const struct l2tp_session_event *event);
	// Optional: an LNS is asked for a session. NULL refuses all with CDN 5.
	enum l2tp_call_verdict (*incoming_call)(
		struct l2tp_tunnel *tunnel, const struct l2tp_msg *icrq, struct l2tp_call_answer *answer);
	// Optional: every decoded message, for traces. `session` may be NULL.
	void (*trace)(struct l2tp_tunnel *tunnel, struct l2tp_session *session, bool is_sent, const struct l2tp_msg *msg);
	// Optional, for a host that survives a restart; all are called before what they describe is sent. A session's record dies with its
	// GONE event, a tunnel's with its own.
	void (*store_tunnel)(struct l2tp_tunnel *tunnel, const struct l2tp_tunnel_record *record);
	void (*store_session)(struct l2tp_session *session, const struct l2tp_session_record *record);
	// At most options.send_window messages are stored at once; slot = ns % L2TP_WINDOW_MAX is free for it.
	void (*store_message)(struct l2tp_tunnel *tunnel, const struct l2tp_stored_message *message);
	void (*clear_message)(struct l2tp_tunnel *tunnel, uint16_t ns);
};
