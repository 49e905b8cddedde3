// SPDX-License-Identifier: Apache-2.0
// The engine of one local GTP-C address (UDP 2123), for GTPv1-C and GTPv2-C together: transactions, answer cache, peers, Echo.
//
// Pure: datagrams and `now_ms` in; datagrams, decoded messages and the next deadline out. The host owns socket and sessions.
//
//	struct gtp_endpoint *ep;
//	gtp_endpoint_new(&(struct gtp_config){.ops = &ops, .owner = gw, .restart_counter = 7}, now_ms, &ep);
//	...
//	gtp_endpoint_recv(ep, &from, bytes, len, now_ms);         // for each datagram
//	gtp_endpoint_tick(ep, now_ms);                            // at gtp_endpoint_next(ep)
//
//	static void on_request(void *owner, const struct gtp_request *request)
//	{
//		if (request->fault.cause || request->is_overload) // refuse at once; find the peer's TEID by the session first
//			...
//		session->xact = request->xact;                    // a number: stays good until it is answered, harmless after
//	}
//	...seconds later:
//	gtp2_encode(&answer, bytes, sizeof(bytes), &len);         // its sequence number is filled in by the engine
//	gtp_endpoint_respond(ep, session->xact, bytes, len, now_ms);
//
// What it does by itself: answers Echo; absorbs the repeat of a request that is being served and answers the repeat of one that
// was answered with the same bytes (TS 29.274 7.6, TS 29.060 7.6), so a request reaches the host once; sends our requests every T3
// up to N3 times; sends Echo on each path that the host uses; notices a changed restart counter (TS 23.007 18); answers other versions
// with Version Not Supported; drops what is not allowed, malformed or too much, and counts it by reason.
//
// A peer is an IP address. Answers go to the port that asked, requests to 2123.
#pragma once

#include "base/addr.h"
#include "proto/gtp/gtp1.h"
#include "proto/gtp/gtp2.h"

struct gtp_endpoint;

// Why a datagram was dropped.
#define GTP_DROPS(X)                                                                                                             \
	X(NOT_ALLOWED, "not_allowed", "the sender is in no prefix of gtpPeers")                                                  \
	X(TOO_SHORT, "too_short", "shorter than a header")                                                                       \
	X(BAD_LENGTH, "bad_length", "the length in the header does not fit the datagram")                                        \
	X(BAD_VERSION, "bad_version", "a version that is not 1 or 2; answered with Version Not Supported")                       \
	X(UNKNOWN_TYPE, "unknown_type", "a message type that this end does not know")                                            \
	X(UNKNOWN_EXTENSION, "unknown_extension", "an extension header that must be understood and is not")                      \
	X(UNEXPECTED_RESPONSE, "unexpected_response", "an answer to no request of ours")                                         \
	X(WRONG_RESPONSE, "wrong_response", "an answer of another type than the request's")                                      \
	X(BAD_ECHO, "bad_echo", "an Echo with a broken Recovery")                                                                \
	X(PEERS_FULL, "peers_full", "no room for another peer")                                                                  \
	X(PEER_BUSY, "peer_busy", "too many unanswered requests of one peer")                                                    \
	X(TRANSACTIONS_FULL, "transactions_full", "no room for another transaction")                                             \
	X(NO_MEMORY, "no_memory", "memory is out")
#define GTP_DROP_ENUM_(word, name, help) GTP_DROP_##word,
enum gtp_drop { GTP_DROPS(GTP_DROP_ENUM_) GTP_DROP_COUNT };
const char *gtp_drop_name(enum gtp_drop reason); // "bad_length"
const char *gtp_drop_help(enum gtp_drop reason);

struct gtp_stats {
	uint64_t received, sent, retransmitted; // datagrams
	uint64_t requests, responses; // handed to the host
	uint64_t faults; // of these, with a fault
	uint64_t absorbed; // repeats of a request that is being served
	uint64_t repeated; // repeats answered from the cache
	uint64_t overloads, timeouts, restarts, path_failures, abandoned;
	uint64_t drops[GTP_DROP_COUNT];
};

struct gtp_request {
	uint64_t xact; // for gtp_endpoint_respond
	struct ip_end from;
	uint8_t version; // 1 or 2: which of the two messages is there
	bool is_overload; // a create beyond the peer's rate: answer "no resources available" at once
	struct ie_fault fault; // .cause is 0 when all is well
	const struct gtp1_message *v1; // both are good during the call only, what their IEs point to as well
	const struct gtp2_message *v2;
	uint64_t now_ms;
};

enum gtp_result {
	GTP_ANSWERED = 1,
	GTP_TIMED_OUT, // N3 requests without an answer
	GTP_VERSION_REFUSED, // the peer does not speak this version
	GTP_SUPERSEDED, // a command was answered by a request of the peer
};

struct gtp_response {
	uint64_t cookie; // the host's
	enum gtp_result result; // the messages are there only when it is GTP_ANSWERED
	struct ip_addr peer;
	uint8_t version;
	struct ie_fault fault;
	const struct gtp1_message *v1;
	const struct gtp2_message *v2;
	uint64_t now_ms;
};

// All may call back into the endpoint, but not free it, and nothing may call gtp_endpoint_recv from within. NULL is allowed where it
// says so.
struct gtp_ops {
	void (*send)(void *owner, const struct ip_end *to, const void *bytes, size_t len);
	void (*on_request)(void *owner, const struct gtp_request *request);
	void (*on_response)(
		void *owner, const struct gtp_response *response); // once for each request of ours that was not cancelled
	// The peer's restart counter changed: its sessions of that version are gone (may be NULL).
	void (*on_peer_restarted)(
		void *owner, const struct ip_addr *peer, uint8_t version, uint8_t old_counter, uint8_t new_counter);
	void (*on_path_failed)(void *owner, const struct ip_addr *peer, uint8_t version); // N3 Echos unanswered (may be NULL)
	void (*on_path_restored)(void *owner, const struct ip_addr *peer, uint8_t version); // it answers again (may be NULL)
	bool (*is_allowed)(void *owner, const struct ip_addr *peer); // may be NULL: everybody
	void (*on_peer_changed)(
		void *owner, const struct ip_addr *peer); // a counter was learnt: keep gtp_endpoint_peer (may be NULL)
};

struct gtp_config {
	const struct gtp_ops *ops;
	void *owner;
	uint8_t restart_counter; // ours: raised by whoever lost its sessions
	enum gtp1_role role; // what Update PDP Context Requests mean
	uint16_t peer_port; // where requests go; 0 = 2123
	// 0 = the default
	uint32_t t3_ms; // 3000
	uint32_t n3; // 5: how often a request is sent in all
	uint32_t echo_interval_ms; // 60,000, the least that 29.060 7.2.1 allows
	uint32_t hold_ms; // how long an answer is kept: T3 * (N3 + 1), and never less
	uint32_t serve_ms; // 60,000: when a request that the host never answered is forgotten
	uint32_t idle_ms; // 300,000: how long a peer without sessions is remembered
	uint32_t peers_max; // 4096
	uint32_t transactions_max; // 262,144: being served and answered together
	uint32_t peer_pending_max; // 4096: being served for one peer
	uint32_t create_rate, create_burst; // creates a second a peer; 0 = unlimited; burst 0 = rate
	uint64_t seed; // of the first sequence numbers and of the spread of Echos: give it random bits
};

// 0 or -ENOMEM.
int gtp_endpoint_new(const struct gtp_config *config, uint64_t now_ms, struct gtp_endpoint **out);
void gtp_endpoint_free(struct gtp_endpoint **ep);

void gtp_endpoint_recv(struct gtp_endpoint *ep, const struct ip_end *from, const void *bytes, size_t len, uint64_t now_ms);
uint64_t gtp_endpoint_next(const struct gtp_endpoint *ep); // when to tick, or WHEEL_NEVER
void gtp_endpoint_tick(struct gtp_endpoint *ep, uint64_t now_ms);

// Answers: sends to whoever asked, and keeps the bytes for repeats. 0, or -ENOENT (answered, forgotten or never there).
int gtp_endpoint_respond(struct gtp_endpoint *ep, uint64_t xact, const void *bytes, size_t len, uint64_t now_ms);
// Forgets a request, answered or not: its repeat is a new request. The host does so with the create of a session that has ended: whoever
// could delete it has its answer, and a peer that starts over with the same numbers (sgsnemu) must not get a dead session's.
void gtp_endpoint_forget(struct gtp_endpoint *ep, uint64_t xact);
bool gtp_endpoint_has(const struct gtp_endpoint *ep, uint64_t xact); // still waits for its answer

// Sends a request (an encoded message of either version), gives it its sequence number and repeats it. `*id` (may be NULL) is for
// gtp_endpoint_cancel. 0, -EINVAL (no request), -ENOMEM, -ENOSPC (too many).
int gtp_endpoint_request(struct gtp_endpoint *ep, const struct ip_addr *to, const void *bytes, size_t len, uint64_t cookie,
	uint64_t now_ms, uint64_t *id);
// As above, but the request is the answer to a command of the peer (29.274 7.6): it takes over the command's sequence number and port.
int gtp_endpoint_request_for(
	struct gtp_endpoint *ep, uint64_t xact, const void *bytes, size_t len, uint64_t cookie, uint64_t now_ms, uint64_t *id);
void gtp_endpoint_cancel(struct gtp_endpoint *ep, uint64_t id); // no on_response will come; unknown ids are fine

// The host has one session more or one less over this path: Echos are sent while there is any. -ENOSPC or -ENOMEM.
int gtp_path_use(struct gtp_endpoint *ep, const struct ip_addr *peer, uint8_t version, uint64_t now_ms);
void gtp_path_release(struct gtp_endpoint *ep, const struct ip_addr *peer, uint8_t version);

// What must survive a restart of the program.
struct gtp_peer_state {
	struct ip_addr addr;
	bool has_counter[2]; // [version - 1]
	uint8_t counter[2];
	uint16_t next_sequence1;
	uint32_t next_sequence2;
};
// Walks the peers: size_t cursor = 0; while (gtp_endpoint_export(ep, &cursor, &state)).
bool gtp_endpoint_export(const struct gtp_endpoint *ep, size_t *cursor, struct gtp_peer_state *out);
bool gtp_endpoint_peer(const struct gtp_endpoint *ep, const struct ip_addr *addr, struct gtp_peer_state *out); // one of them
int gtp_endpoint_import(struct gtp_endpoint *ep, const struct gtp_peer_state *state, uint64_t now_ms); // 0, -ENOSPC, -ENOMEM

const struct gtp_stats *gtp_endpoint_stats(const struct gtp_endpoint *ep);
struct gtp_gauges {
	uint32_t peers, pending, cached, requests; // pending: being served; requests: ours that wait for an answer
	uint64_t cached_bytes;
};
void gtp_endpoint_gauges(const struct gtp_endpoint *ep, struct gtp_gauges *out);
