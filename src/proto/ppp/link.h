// SPDX-License-Identifier: Apache-2.0
// A PPP link, either end of it: the SIM's end, played by the LAC, and the LNS's end, played by the simulator.
//
// The link is embedded in the host's session (container_of leads back), allocates nothing and owns nothing but its own octets.
// The host hands in every PPP packet and the time, and is called back to send packets and to hear events.
//
//	ppp_link_init -> ppp_link_up (the lower layer is there) -> events LCP_UP, AUTH_OK, UP -> ppp_link_close, or ppp_link_down -> ENDED
//
// Rules for the callbacks: send() transmits or queues, and never calls into a link. event() may call ppp_link_close, ppp_link_down and
// ppp_link_probe. In ENDED, which is always the last thing that a call does, the host may free the link or init it anew.
#pragma once

#include "proto/ppp/cp.h"
#include "proto/ppp/frame.h"

#define PPP_NEVER UINT64_MAX
#define PPP_PACKET_MAX 1500 // no packet handed to send() is longer

// Ways to authenticate: a mask in the options, one of them in a result.
enum ppp_auth {
	PPP_AUTH_NONE = 0,
	PPP_AUTH_PAP = 1, // RFC 1334
	PPP_AUTH_CHAP_MD5 = 2, // RFC 1994
	PPP_AUTH_MSCHAPV2 = 4, // RFC 2759
};

enum ppp_phase { PPP_PHASE_DEAD = 0, PPP_PHASE_ESTABLISH, PPP_PHASE_AUTHENTICATE, PPP_PHASE_NETWORK, PPP_PHASE_TERMINATE };

// Why a link, or one of its families, is not up. Words, RFC 3145 code and protocol: ppp_reason_info.
enum ppp_reason {
	PPP_REASON_NONE = 0,
	PPP_REASON_CLOSED, // ppp_link_close
	PPP_REASON_LOWER_DOWN, // ppp_link_down
	PPP_REASON_PEER_TERMINATED, // LCP Terminate-Request
	PPP_REASON_PEER_RENEGOTIATES, // LCP Configure-Request in Opened: down for now, UP follows
	PPP_REASON_LCP_SILENT, // not one packet came
	PPP_REASON_LCP_TIMEOUT, // packets came, but never an end
	PPP_REASON_LCP_NOT_CONVERGING, // Naks and Rejects without end
	PPP_REASON_LCP_REJECTED, // the peer rejects a code or protocol that we can't do without
	PPP_REASON_LOOPED, // our own magic number comes back
	PPP_REASON_ECHO_TIMEOUT,
	PPP_REASON_AUTH_TIMEOUT,
	PPP_REASON_AUTH_PROTOCOL, // no way to authenticate that both ends accept
	PPP_REASON_AUTH_REFUSED, // the peer refused our name or password
	PPP_REASON_AUTH_UE_CHAP, // the SIM answered its own challenge, the LNS asks a fresh one, and no password is stored
	PPP_REASON_AUTH_NO_CREDENTIALS, // the host has no name or password at all
	PPP_REASON_AUTH_PEER_UNPROVEN, // MS-CHAPv2: the peer does not know the password either
	PPP_REASON_PEER_BAD_CREDENTIALS, // server: the peer's name or password is wrong
	PPP_REASON_NCP_TIMEOUT,
	PPP_REASON_NCP_REJECTED, // no network protocol is left: the peer rejects them
	PPP_REASON_ADDRESS_NOT_CONVERGING,
	PPP_REASON_NO_ADDRESS, // the peer gives none; server: assign() refused
	PPP_REASON_COUNT
};

struct ppp_reason_info {
	const char *name; // "auth-refused": for APIs and counters
	const char *words; // "the LNS refused the user name or password"
	uint16_t code; // RFC 3145 2.1 disconnect code
	uint16_t protocol; // RFC 3145 control protocol number, 0 = none
	uint8_t direction; // RFC 3145 2.2: 0 global, 1 at peer, 2 at local
};
const struct ppp_reason_info *ppp_reason_info(enum ppp_reason reason);

// What was agreed; IPv4 addresses are in host order, 0 = none.
struct ppp_result {
	uint32_t address; // ours
	uint32_t peer_address; // the peer's (client role: often 0)
	uint32_t dns[2], nbns[2];
	uint8_t interface_id[8], peer_interface_id[8]; // IPv6CP
	uint16_t mru; // the longest packet that we may send (the peer's MRU)
	uint16_t local_mru; // the longest packet that the peer may send
	uint8_t auth; // enum ppp_auth that took place
	bool has_ipv4, has_ipv6; // this family is up
	bool pfc, acfc; // the peer accepts compressed protocol, address and control fields
	uint8_t ipv4_reason, ipv6_reason; // enum ppp_reason while the family is not up
	uint8_t pad; // it is stored, and compared as octets
};

enum ppp_event_kind {
	PPP_EVENT_DOWN, // data must stop: `reason`; followed by UP (perhaps with another address) or by ENDED
	PPP_EVENT_LCP_UP,
	PPP_EVENT_AUTH_OK, // `text`: the peer's message. Also after each later re-authentication
	PPP_EVENT_AUTH_FAILED, // `text`: the peer's message; ENDED follows
	PPP_EVENT_IPV4_UP,
	PPP_EVENT_IPV6_UP,
	PPP_EVENT_UP, // every wanted family is up or refused, and at least one is up: ppp_link_result
	PPP_EVENT_ENDED, // the link is over: `reason`. The one exit, for failures and for orderly ends
};

struct ppp_event {
	enum ppp_event_kind kind;
	enum ppp_reason reason; // DOWN, AUTH_FAILED, ENDED
	const char *text; // words from the peer, not terminated, not cleaned: only for this call
	size_t text_len;
};

// What the client role can authenticate with; everything is borrowed for the call.
struct ppp_credentials {
	const void *name;
	size_t name_len;
	const void *password; // NULL: none is known
	size_t password_len;
	// The SIM's own CHAP exchange from the PCO. It answers only this very challenge.
	const void *ue_challenge, *ue_response; // NULL: none; the response is 16 octets
	size_t ue_challenge_len;
	uint8_t ue_chap_id;
};

struct ppp_ops {
	// One PPP packet (code, identifier, length, data) of `protocol`; the host adds the header of the frame.
	void (*send)(struct ppp_link *link, uint16_t protocol, const uint8_t *packet, size_t len);
	void (*event)(struct ppp_link *link, const struct ppp_event *event);
	void (*random)(struct ppp_link *link, void *out, size_t len);
	// Client: fills `out` for a demand by `auth`. 0, or -ENOENT when there is nothing.
	int (*credentials)(struct ppp_link *link, enum ppp_auth auth, struct ppp_credentials *out);
	// Server: the password of `name`, borrowed for the call. 0; PPP_ANYBODY = let in unseen (not with MS-CHAPv2); -ENOENT = unknown.
	int (*password)(struct ppp_link *link, const void *name, size_t name_len, const void **password, size_t *password_len);
	// Server: an address for the peer, which asks for `asked` (0 = any). 0 and `*address`, or -errno: none.
	int (*assign)(struct ppp_link *link, uint32_t asked, uint32_t *address);
};
#define PPP_ANYBODY 1

// Things counted, for all links that share the struct: a row is (member, "name for metrics", "help").
#define PPP_COUNTERS(X)                                                                                                          \
	X(received, "packets_received", "PPP control packets received")                                                          \
	X(sent, "packets_sent", "PPP control packets sent")                                                                      \
	X(malformed, "malformed", "packets dropped: bad length, or options that do not fit")                                     \
	X(illegal, "illegal_events", "events that RFC 1661 4.1 does not allow in the state")                                     \
	X(stale, "stale_replies", "replies whose identifier is not that of the latest request")                                  \
	X(out_of_phase, "out_of_phase", "packets dropped: their protocol is not due in this phase")                              \
	X(unknown_protocol, "unknown_protocols", "packets of protocols answered by Protocol-Reject")                             \
	X(unknown_code, "unknown_codes", "packets of codes answered by Code-Reject")                                             \
	X(timeouts, "timeouts", "restart timer expirations")                                                                     \
	X(renegotiations, "renegotiations", "links that the peer restarted while open")                                          \
	X(repeated, "repeated_requests", "repeated Configure-Requests acknowledged again")                                       \
	X(looped, "looped", "packets that carried our own magic number")                                                         \
	X(echo_sent, "echo_requests_sent", "LCP Echo-Requests sent")                                                             \
	X(echo_lost, "echo_requests_lost", "LCP Echo-Requests that stayed without reply")                                        \
	X(auth_ok, "auth_accepted", "authentications that succeeded")                                                            \
	X(auth_failed, "auth_refused", "authentications that failed")

struct ppp_counters {
#define PPP_COUNTER_MEMBER_(member, name, help) uint64_t member;
	PPP_COUNTERS(PPP_COUNTER_MEMBER_)
#undef PPP_COUNTER_MEMBER_
};

// How links behave; borrowed, shared by many links, and it must outlive them. ppp_options_init gives the defaults named here.
struct ppp_options {
	struct ppp_counters *counters; // NULL = not counted
	uint32_t first_restart_ms; // 1000: the first repeat; each further wait doubles up to restart_ms (RFC 1661 4.6)
	uint32_t restart_ms; // 3000
	uint32_t echo_interval_ms; // 30000; 0 = only when ppp_link_probe asks
	uint32_t auth_timeout_ms; // 10000: for the whole of the authentication phase
	uint8_t max_configure, max_terminate, max_failure; // 10, 2, 5
	uint8_t echo_failures; // 3 unanswered in a row end the link
	uint16_t mru; // 1460: what we announce and the longest that we send
	bool magic; // true: negotiate the magic number
	bool pfc, acfc; // false: let the peer compress the protocol, the address and control fields of what it sends
	bool server; // false: the client (SIM) role; true: authenticates the peer and gives it its address
	bool ipcp, ip6cp; // true, false: families wanted; ppp_link_want_families may want fewer
	bool proxy_sent; // false; client: proxy LCP and auth AVPs stood in the ICCN, the LNS may go on from there (RFC 2661 6.12)
	// Client role.
	uint8_t auth_accept; // PAP | CHAP_MD5 | MSCHAPV2: mask of enum ppp_auth that we may be asked for
	bool ask_dns, ask_nbns; // true, false (RFC 1877)
	// Server role.
	uint8_t auth_require; // 0: none. Mask: the strongest is asked first, and the next when the peer Naks for it
	uint32_t address, dns[2], nbns[2]; // ours, and what the peer is told; 0 = not given
	uint8_t name[16]; // CHAP challenge name, NUL padded ("lns")
};
void ppp_options_init(struct ppp_options *options);

struct ppp_auth_state {
	uint64_t due_ms; // repeat timer, or PPP_NEVER
	uint64_t deadline_ms; // end of the phase, or PPP_NEVER
	uint8_t challenge
		[16]; // server: the one that is out; client: that of MS-CHAPv2, to repeat the response and to check the proof
	uint8_t peer_challenge[16]; // client: our half of MS-CHAPv2
	uint8_t method; // enum ppp_auth that LCP asks for or agreed
	uint8_t refused; // server: mask of those that the peer would not do
	uint8_t id, tries;
	bool answered; // client: a response is out; server: `id` was judged (and passed)
	bool done; // passed on this LCP
};

// All of it is private: read it through the functions below.
struct ppp_link {
	const struct ppp_ops *ops;
	const struct ppp_options *options;
	struct ppp_cp lcp, ipcp, ip6cp;
	struct ppp_auth_state auth;
	struct ppp_result result;
	uint64_t now_ms; // of the call in progress
	uint64_t echo_due_ms;
	const char *text; // words for the events to come, only during a call
	uint32_t magic, peer_magic;
	uint32_t want_address;
	uint16_t text_len, pending; // events to raise at the end of the call, a bit a kind
	uint16_t want_mru;
	uint8_t phase, reason;
	uint8_t next_id; // for packets other than Configure-Requests
	uint8_t echo_missed, loops;
	bool no_ipv4, no_ipv6, no_proxy; // not on this link, whatever the options say
	uint8_t ip6_when; // enum ppp_ip6_when
	uint8_t proxy_use; // enum ppp_proxy_use
	bool settling, is_up, closing, proxied;
	bool auth_disliked; // client: the peer's last demand for authentication was none that we accept
};

// Other options from now on; the old ones may be freed. What was agreed stays agreed until the next negotiation.
static inline void ppp_link_reconfigure(struct ppp_link *link, const struct ppp_options *options)
{
	link->options = options;
}
// Starts from nothing: the link is dead until ppp_link_up. `ops` and `options` are borrowed.
void ppp_link_init(struct ppp_link *link, const struct ppp_ops *ops, const struct ppp_options *options);
// Client: ask for this address in place of 0.0.0.0 (an old one, or a subscribed one). Before ppp_link_up.
void ppp_link_want_address(struct ppp_link *link, uint32_t address);
// Announces a smaller MRU than the options' (the UE's own link MTU). Before ppp_link_up.
void ppp_link_want_mru(struct ppp_link *link, uint16_t mru);
// Of the options' families only these, on this link. Before ppp_link_up.
void ppp_link_want_families(struct ppp_link *link, bool ipv4, bool ipv6);
// When our IPv6CP begins, where both families are wanted. A peer's own IPv6CP is answered at any time.
enum ppp_ip6_when {
	PPP_IP6_WITH_IPV4, // at once
	PPP_IP6_AFTER_IPV4, // when IPCP is decided, or not a word of it came: some LNSs work at one thing at a time
	PPP_IP6_INSTEAD, // only where IPCP fails
};
void ppp_link_want_ip6_when(struct ppp_link *link, enum ppp_ip6_when when);
// Client: whether the proxy AVPs are in the ICCN of this call, where the options have proxy_sent. Before ppp_link_up.
void ppp_link_want_proxy(struct ppp_link *link, bool is_sent);
// What the LNS made of them (RFC 2661 6.12). Kept when the link ends.
enum ppp_proxy_use {
	PPP_PROXY_UNKNOWN, // none were sent, or it is too early to say
	PPP_PROXY_IGNORED, // LCP is negotiated anew
	PPP_PROXY_LCP, // it took LCP, and asks for the authentication afresh
	PPP_PROXY_ALL, // it went on behind both
};
enum ppp_proxy_use ppp_link_proxy_use(const struct ppp_link *link);
// The interface identifier to ask for in IPv6CP (an old one): not all zeros. Before ppp_link_up.
void ppp_link_want_interface_id(struct ppp_link *link, const uint8_t id[8]);
// Enough waiting: with one family up, those that are still undecided count as refused (NCP_TIMEOUT), and UP follows.
void ppp_link_decide(struct ppp_link *link, uint64_t now_ms);
// The lower layer is there: negotiation starts.
void ppp_link_up(struct ppp_link *link, uint64_t now_ms);
// The lower layer is gone (CDN, StopCCN): nothing more is sent, no event is raised.
void ppp_link_down(struct ppp_link *link);
// Ends the link in order: Terminate-Request, then ENDED (at once when LCP is not up). Calling it twice is harmless.
void ppp_link_close(struct ppp_link *link, uint64_t now_ms);
// A packet of any protocol except IP and IPv6 (which belong to the host: they pass while result.has_ipv4, has_ipv6).
void ppp_link_recv(struct ppp_link *link, uint16_t protocol, const void *packet, size_t len, uint64_t now_ms);
// When ppp_link_tick wants to be called next, or PPP_NEVER. Ask after every call.
uint64_t ppp_link_next(const struct ppp_link *link);
void ppp_link_tick(struct ppp_link *link, uint64_t now_ms);
// Sends an LCP Echo-Request now and repeats it; `echo_failures` without reply end the link. Only while LCP is open.
void ppp_link_probe(struct ppp_link *link, uint64_t now_ms);
// Writes an LCP Echo-Request of `len` octets in all (8 at least) with that identifier: the peer sends as many back (RFC 1661 5.8). The host sends it
// itself, to see what the way carries; the link takes the reply for a sign of life. 0 or -EMSGSIZE.
int ppp_link_echo_write(const struct ppp_link *link, uint8_t id, void *out, size_t len);
// Data came from the peer: the next periodic echo may wait a full interval.
void ppp_link_alive(struct ppp_link *link, uint64_t now_ms);

bool ppp_link_is_up(const struct ppp_link *link);
enum ppp_phase ppp_link_phase(const struct ppp_link *link);
// Why it is not up, were it given up now: what it waits for, as the reason that ENDED would carry; NONE while it is up.
enum ppp_reason ppp_link_suspect(const struct ppp_link *link);
const char *ppp_phase_name(enum ppp_phase phase);
const struct ppp_result *ppp_link_result(const struct ppp_link *link); // what is agreed so far
const char *ppp_auth_name(enum ppp_auth auth); // "none", "pap", "chap-md5", "mschapv2"

// The LCP option lists that a LAC puts into its ICCN for a link with `proxy_sent`: `received` is the value of AVPs 26 and 28 (the SIM's
// request, as this link would have sent it), `sent` that of AVP 27 (what the LNS would have sent, with a demand for `auth`).
// Call it before ppp_link_up. 0, or -EMSGSIZE when a cursor is full.
int ppp_link_proxy_lcp(struct ppp_link *link, enum ppp_auth auth, struct wire_out *received, struct wire_out *sent);

// Server: what a LAC says in its ICCN of the negotiation that it has had (RFC 2661 4.4.5, 6.12, 6.13). Borrowed for the call.
struct ppp_proxy {
	const void *received_lcp, *sent_lcp; // AVPs 28 and 27: option lists
	const void *name, *challenge, *response; // AVPs 30, 31, 33
	size_t received_lcp_len, sent_lcp_len, name_len, challenge_len, response_len;
	uint16_t auth_type; // AVP 29: 2 CHAP, 3 PAP; others count as none
	uint8_t auth_id; // AVP 32
	bool trust_auth; // false: LCP is taken, but the client is asked afresh
};
// In place of ppp_link_up: goes on where the LAC stopped. False when its options can't be taken: then nothing has happened.
bool ppp_link_up_proxied(struct ppp_link *link, const struct ppp_proxy *proxy, uint64_t now_ms);

// The durable part of an open link: fixed size, no pointers, zero padding.
struct ppp_record {
	struct ppp_result result;
	uint32_t magic, peer_magic;
	uint32_t lcp_hash, ipcp_hash, ip6cp_hash;
	uint16_t lcp_asked, ipcp_asked, ip6cp_asked;
	uint8_t lcp_id, ipcp_id, ip6cp_id;
	uint8_t lcp_peer_id, ipcp_peer_id, ip6cp_peer_id;
	uint8_t next_id, auth_id;
	uint8_t version; // PPP_RECORD_VERSION
	uint8_t auth_flags; // PPP_RECORD_ANSWERED, PPP_RECORD_PASSED
	uint8_t lcp_repeats, ipcp_repeats, ip6cp_repeats;
	uint8_t ip6_when; // enum ppp_ip6_when
};
enum { PPP_RECORD_ANSWERED = 1, PPP_RECORD_PASSED = 2 }; // a response is out; the authentication is done
#define PPP_RECORD_VERSION 1
// 0, or -EAGAIN while the link is not up.
int ppp_link_save(const struct ppp_link *link, struct ppp_record *out);
// In place of init and up: goes on as saved, silently (no packet, no event). 0, or -EINVAL for a record that makes no sense.
int ppp_link_resume(struct ppp_link *link, const struct ppp_ops *ops, const struct ppp_options *options,
	const struct ppp_record *record, uint64_t now_ms);

// One line of text for a trace: "IPCP Configure-Nak id 1 address 10.77.0.1 dns1 10.77.0.53". Passwords, challenges' responses and
// text from the peer that is not printable are masked. Always terminated; gives the length of the text.
size_t ppp_print(uint16_t protocol, const void *packet, size_t len, char *out, size_t size);
