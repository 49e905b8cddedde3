// SPDX-License-Identifier: Apache-2.0
// The simulated LNS: tunnels, sessions, PPP servers, an address pool, an echo of user traffic, and faults on order.
#pragma once

#include "base/idset.h"
#include "base/opt.h"
#include "base/pool.h"
#include "base/wheel.h"
#include "proto/l2tp/session.h"
#include "proto/ppp/link.h"
#include "sim/io.h"

// Faults: (word, "number" in help or NULL, help).
#define LNS_FAULTS(X)                                                                                                            \
	X(no_answer, "no-answer", NULL, "no answer to anything")                                                                 \
	X(wrong_secret, "wrong-secret", NULL, "another tunnel secret than ours")                                                 \
	X(stopccn, "stopccn", "CODE", "StopCCN with this result in place of an SCCRP")                                           \
	X(cdn, "cdn", "CODE", "CDN with this result in place of an ICRP")                                                        \
	X(no_icrp, "no-icrp", NULL, "no answer to an ICRQ")                                                                      \
	X(no_lcp, "no-lcp", NULL, "not one PPP packet")                                                                          \
	X(refuse_auth, "refuse-auth", NULL, "every password is wrong")                                                           \
	X(no_ipcp, "no-ipcp", NULL, "IPCP stays unanswered")                                                                     \
	X(reject_ipcp, "reject-ipcp", NULL, "IPCP is answered by Protocol-Reject")                                               \
	X(no_address, "no-address", NULL, "the pool is empty")                                                                   \
	X(no_ip6cp, "no-ipv6cp", NULL, "IPv6CP stays unanswered")                                                                \
	X(no_ra, "no-ra", NULL, "no router advertisement")                                                                       \
	X(no_echo, "no-echo", NULL, "LCP Echo-Requests stay unanswered")                                                         \
	X(slow, "slow", "MS", "everything leaves that much later")                                                               \
	X(loss, "loss", "PERCENT", "packets lost, of either direction")                                                          \
	X(silent_after, "silent-after", "N", "not one word more once N sessions are up")                                         \
	X(cdn_after, "cdn-after", "MS", "CDN that long after a session came up")                                                 \
	X(terminate_after, "terminate-after", "MS", "LCP Terminate-Request that long after it came up")                          \
	X(renegotiate_after, "renegotiate-after", "MS", "LCP starts over that long after it came up")

enum lns_fault {
#define LNS_FAULT_ENUM_(member, word, number, help) LNS_FAULT_##member,
	LNS_FAULTS(LNS_FAULT_ENUM_)
#undef LNS_FAULT_ENUM_
		LNS_FAULT_COUNT
};

struct lns_faults {
	uint32_t set; // a bit an enum lns_fault
	uint32_t number[LNS_FAULT_COUNT];
};

static inline bool lns_has(const struct lns_faults *faults, enum lns_fault fault)
{
	return faults->set >> fault & 1;
}

#define LNS_LACS_MAX 16

struct lns;

struct lns_tunnel {
	struct l2tp_tunnel tunnel;
	struct timer timer;
	struct lns *lns;
	struct lns_tunnel *next;
	uint16_t next_id; // session id to try next
	bool touched; // an acknowledgment may be owed
	bool gone;
};

// One session of a tunnel with its PPP. There may be 100,000 and more.
struct lns_call {
	struct l2tp_session session;
	struct ppp_link link;
	struct timer timer;
	uint64_t fault_due_ms; // of a fault that comes later
	uint32_t address; // given, or 0
	uint16_t ns; // of data, when numbered
	uint8_t reason; // enum ppp_reason of the end
	bool ended; // the link is over: a CDN is due
	bool counted; // among the sessions that are up
	uint8_t renumbered; // 1: its other /64
};

struct lns_counters {
	uint64_t tunnels, calls, calls_up, calls_down, calls_refused, up_now, up_peak;
	uint64_t proxied; // calls whose ICCN spared us LCP
	uint64_t auth_refused, addresses_used, packets_in, packets_echoed, packets_dropped, faults_hit;
};

// Extras of data packets' headers, to see that the other side takes every legal variant (RFC 2661 3.1).
enum lns_header {
	LNS_HEADER_LENGTH = 1,
	LNS_HEADER_SEQUENCE = 2,
	LNS_HEADER_OFFSET = 4,
	LNS_HEADER_PRIORITY = 8,
	LNS_HEADER_ACFC = 16
};

struct lns_config {
	struct ip_addr listen, address, dns6;
	uint16_t port, window;
	char *secret, *host_name, *fault, *control;
	int auth; // index: none, pap, chap, mschapv2, any
	int proxy; // index: no, lcp, auth
	struct opt_list users, dns, headers, open;
	struct ip_prefix pool, pool6;
	uint32_t mru;
	uint64_t hello_ms, echo_ms;
	bool disconnect_cause; // say why in a CDN (RFC 3145)
	bool hide, json, verbose, quiet, ip6, no_echo;
};

struct lns {
	struct lns_config config;
	struct io io;
	struct net *net;
	struct wheel wheel;
	struct pool calls;
	struct idset *tunnel_ids, *addresses;
	struct lns_tunnel *tunnels, *by_id[65536];
	struct l2tp_options l2tp;
	struct ppp_options ppp;
	struct lns_faults faults;
	uint8_t headers; // mask of enum lns_header
	struct ip_end lacs[LNS_LACS_MAX]; // to open tunnels to
	size_t lac_count;
	uint64_t stop_at_ms; // the end, while it says good-bye
	uint64_t random;
	struct delayed *delayed, **delayed_end; // packets that the fault `slow` holds back
	struct lns_counters counters;
	struct l2tp_counters l2tp_counters;
	struct ppp_counters ppp_counters;
};

static inline struct lns_call *lns_call_of(struct l2tp_session *session)
{
	return (struct lns_call *)(void *)((char *)session - offsetof(struct lns_call, session));
}

static inline struct lns *lns_of(const struct l2tp_tunnel *tunnel)
{
	return ((struct lns_tunnel *)tunnel->owner)->lns;
}

// lns_options.c
const struct opt_program *lns_program(struct lns_config *config);
const char *lns_apply(struct lns *lns); // the configuration into options of the engines; NULL, or what is wrong
// Each is 0 or -EINVAL. Faults: "none", or words with "=number", separated by commas; what is wrong is said in `error`.
int lns_faults_parse(const char *text, struct lns_faults *out, char *error, size_t size);
int lns_faults_set(struct lns *lns, const char *text, char *error, size_t size);
int lns_proxy_set(struct lns *lns, const char *word); // "no", "lcp", "auth"
int lns_header_add(struct lns *lns, const char *word);
int lns_end_parse(const char *text, struct ip_end *out); // "ADDRESS" or "ADDRESS:PORT"

// lns_command.c
void lns_command(void *owner, char *line, char *out, size_t size);
void lns_counters_json(struct lns *lns, char *out, size_t size);

// lns_tunnel.c
extern const struct l2tp_ops lns_l2tp_ops;
void lns_recv(void *owner, const struct ip_end *from, uint8_t *bytes, size_t len);
void lns_tunnel_arm(struct lns_tunnel *tunnel);
int lns_tunnel_open(struct lns *lns, const struct ip_end *lac); // we begin; 0 or -errno
void lns_tunnels_flush(struct lns *lns);
void lns_stop_all(struct lns *lns, uint16_t result);

// lns_call.c
enum l2tp_call_verdict lns_call_new(struct lns_tunnel *tunnel, const struct l2tp_msg *icrq, struct l2tp_call_answer *answer);
void lns_call_event(struct l2tp_session *session, const struct l2tp_session_event *event);
void lns_call_data(struct lns_call *call, uint8_t *frame, size_t len);
void lns_call_settle(struct lns_call *call); // after anything that its link went through
void lns_call_hangup(struct lns_call *call, uint16_t result);
void lns_call_terminate(struct lns_call *call);
void lns_call_renegotiate(struct lns_call *call);

void lns_call_send(struct lns_call *call, uint16_t protocol, const uint8_t *packet, size_t len);

// lns_ip6.c
void lns_ip6_advertise(struct lns_call *call);
void lns_ip6_renumber(struct lns_call *call); // another /64 from now on
void lns_ip6_delegate(struct lns_call *call); // a /56 to the network behind the SIM, by DHCPv6
bool lns_ip6_serve(struct lns_call *call, const uint8_t *packet, size_t len); // true: it was a router solicitation

// lns.c
void lns_send(struct lns *lns, const struct ip_end *to, const void *head, size_t head_len, const void *body, size_t body_len);
uint32_t lns_random(struct lns *lns);
bool lns_is_mute(struct lns *lns); // by the fault `silent-after`

int lns_main(int argc, char **argv);
