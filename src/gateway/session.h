// SPDX-License-Identifier: Apache-2.0
// A session: one PDN connection of one SIM, from the attach request to the detach.
//
//	access (pgw.c, ggsn.c) -> session_attach -> its way (struct session_way) -> session_attached -> session_end
//
// There may be a million of them, so each fact has one place and nothing stays that a session at rest does not need. What is durable is its record in
// the state file (`facts`), read where it stands; here is what is volatile. What only an attach needs (request, credentials, trace, timings) is
// `struct attach`, freed when the attach ends; timer and PPP link are `struct line`, freed when the link is quiet.
#pragma once

#include "gateway/advice.h"
#include "gateway/apns.h"
#include "gateway/records.h"
#include "gateway/tunnel.h"
#include "proto/gtp/gtp2.h"
#include "proto/gtp/pco.h"

struct pco_answer;
struct session;
struct trace;

#define SESSION_APN APN_TEXT

struct access_peer;

// What pgw.c and ggsn.c hand in; borrowed for the call.
struct attach_request {
	uint64_t imsi; // imsi_key
	char msisdn[17], imei[17];
	char apn[SESSION_APN]; // the network identifier, lower case
	uint8_t gtp_version; // 1 or 2
	uint8_t ebi; // EPS bearer identity, or NSAPI
	uint8_t rat; // enum gtp_rat
	uint8_t pdn_type; // enum gtp2_pdn_type: what is asked for
	bool has_dual_bearer; // the mobile network carries both families on one bearer (DAF; TS 29.060's Dual Address Bearer Flag)
	struct plmn serving_network;
	struct ip_end control_peer; // where its GTP-C lives
	uint32_t control_teid; // the peer's
	struct ip_addr user_peer;
	uint32_t user_teid;
	struct gtp_ambr ambr; // 0 = not told
	struct ip_addr wanted; // an address asked for (PAA, End User Address); IP_NONE
	const struct pco_request *pco; // NULL = none
	bool is_epco; // answered in the ePCO
	uint8_t qos_len, qos[64]; // GTPv1: the QoS profile, given back as it came
	uint64_t xact; // the transaction to answer
};

enum session_state { SESSION_DIALING = 1, SESSION_UP, SESSION_ENDING };

// How the access side hears of a session; implemented by pgw.c and ggsn.c.
struct access_ops {
	void (*accepted)(struct session *session); // answers session->attach->xact
	void (*refused)(struct gateway *gateway, const struct attach_request *request, enum refusal refusal);
	void (*release)(struct session *session, enum refusal reason); // Delete Bearer, Delete PDP Context
};
extern const struct access_ops pgw_ops, ggsn_ops;

// Of a session that waits for its router advertisement (session_ip6.c).
struct attach_ip6 {
	uint64_t due_ms, until_ms; // the next solicitation; the end of patience; WHEEL_NEVER
	struct session_ip6 got; // prefix and DNS servers
	bool has_prefix, gave_up;
	bool is_in_vain; // this LNS is known to give none
	uint16_t ra_len; // the advertisement, for the SIM
	uint8_t ra[400];
};
// Who is told of an end.
enum session_tell { SESSION_TELL_NOBODY = 0, SESSION_TELL_ACCESS = 1, SESSION_TELL_LNS = 2, SESSION_TELL_BOTH = 3 };

// How a session comes by its addresses and by its way to the other side: over an LNS (dial.c), or in the VSlice's own network (integrated.c).
struct session_way {
	const char *giver; // of the address, in words and in reports
	const char *source;
	void (*dial)(struct session *session); // begins; it ends in session_attached or in session_give_up
	uint16_t (*mtu)(const struct session *session); // of a session that has come up: the longest packet, octets
	void (*fill)(const struct session *session, struct dp_session_spec *spec); // its part of what the data plane is to know
	void (*store)(const struct session *session, struct session_record *record); // likewise, of the record
	void (*report)(const struct session *session, json_t *row); // likewise, of what the controller hears
	void (*dns)(const struct session *session, struct pco_answer *tell); // and other servers, as the device is told
	void (*welcome)(struct session *session); // the SIM has its answer; may be NULL
	const char *(*lack)(const struct session *session); // why a SIM that wants both families has one
	void (*watch)(struct session *session); // now and then while it is up; may be NULL
	void (*end)(struct session *session, enum session_tell tell, enum refusal reason); // gives back what it has
};
extern const struct session_way session_over_lns, session_integrated;

struct attach {
	struct attach_request request; // pco points to `pco`
	struct pco_request pco;
	uint8_t pco_bytes[512]; // what pco points into
	uint64_t started_ms, deadline_ms, try_ms; // try_ms: end of the attempt with this LNS, or WHEEL_NEVER
	uint64_t tunnel_up_ms, call_up_ms, lcp_up_ms, auth_ok_ms, ncp_up_ms; // 0 = not yet
	uint64_t dialled_ms; // when this LNS was dialled
	struct uuid tried[5], last; // LNSs; the one being dialled
	struct uuid vslice;
	unsigned tried_count;
	enum refusal refusal; // the last reason why an LNS did not do
	char why[200]; // its words
	struct advice_cause cause; // what else is known of it
	char user[64]; // the PPP name that was used, printable
	struct attach_ip6 ip6;
	struct l2tp_call call;
	char called[64], calling[24], sub_address[24];
	uint8_t proxy_received[64], proxy_sent[64];
	struct trace *trace;
	struct uuid test_lac, test_lns, lender; // of a test: its ends; whose name and password it borrows (lnstest.c)
	bool is_test; // no SIM asked for it
	uint64_t attached_ms; // of a test: when it had its address
	uint64_t test_until_ms; // of a test that passed: how long echoes are waited for; 0 = not yet
	uint16_t test_mtu; // the longest that came back
	bool must_answer; // the access side waits
	bool has_moved; // the last LNS did not do
	bool has_proxy; // proxy AVPs are in the ICCN
};

// Timer and PPP link: there while something goes on, an attach, a negotiation, an echo. A link that is up and quiet is what its record says, and
// is made from that when there is something to do again (session_wake).
struct line {
	struct session *session;
	struct timer timer;
	struct ppp_link ppp;
	bool started; // the link has a call under it
	uint8_t news; // events of the link since the last look (enum ppp_event_kind bits)
	uint8_t reason; // enum ppp_reason of the last of them
};

struct session {
	const struct session_record
		*facts; // its record in the state file or, while `has_draft`, what is to be written there: session_change
	struct gateway *gateway;
	const struct access_ops *access;
	const struct session_way *way;
	struct vslice *vslice;
	struct session *chain_next; // sessions.h
	struct session *peer_next, **peer_link; // of the GTP peer
	struct access_peer *peer;
	struct call *call;
	struct profile *profile; // the PPP link's options are in it
	struct dp_session *dp;
	struct attach *attach; // NULL when up
	struct line *line; // NULL at rest
	struct secrets *secrets; // NULL: from the configuration
	struct rescue *rescue; // its tunnel was lost, and it waits or is being dialled again; NULL otherwise
	struct session_ip6 *ip6; // NULL: it has no IPv6
	struct apn_name *apn; // NULL only in a session that could not be resumed
	uint64_t create_xact; // the request that made it: forgotten by the answer cache when the session ends
	uint64_t usage_packets; // when usage was last told
	uint32_t heard_packets; // downlink, when the silence was last looked at (low bits)
	uint32_t heard_s; // the last time that there were more; 0: not looked yet
	uint32_t state_index; // of `facts`, or NO_RECORD
	uint8_t state; // enum session_state
	uint8_t sync_round; // of the last report
	bool has_draft; // `facts` are not (all) in the file yet, or cannot be
};

// Checks the request and begins to dial. The answer goes out by access->accepted or access->refused, at once or later, exactly once.
void session_attach(struct gateway *gateway, const struct access_ops *access, const struct attach_request *request);
// Ends a session in any state and frees it; a pending attach is refused with the reason. `why` (may be NULL) adds words.
void session_end(struct session *session, enum refusal reason, enum session_tell tell, const char *why);
// A session that is nobody's yet, to be dialled. 0 or -errno.
int session_new(struct gateway *gateway, const struct access_ops *access, const struct attach_request *request,
	struct vslice *vslice, const struct uuid *endpoint, struct session **out);
struct session *session_find(const struct gateway *gateway, uint32_t local_teid);
// The user plane peer moved (Modify Bearer, Update PDP Context).
void session_move_user(struct session *session, uint32_t teid, const struct ip_addr *peer);

// session_record.c
int session_draft(
	struct session *session); // its facts become its own, out of the state file (where it is new: zero). 0 or -ENOMEM
void session_change(struct session *session, const struct session_record *to); // its facts: where they stand
void session_store(struct session *session); // into the state file, with what other parts know
void session_store_ppp(struct session *session); // of a link that is up, when it differs from its record
int session_unstore(struct session *session); // out of the state file: only a draft is left. 0 or -ENOMEM
void session_free_facts(struct session *session); // out of the state file

// session_line.c
int session_open_line(struct session *session); // 0 or -ENOMEM
void session_close_line(struct session *session); // without a word to anybody
bool session_wake(struct session *session); // whether there is a line, or one could be made from the record
bool session_has_ppp(const struct session *session); // a link under way or up, be it at rest
const struct ppp_result *session_ppp_result(const struct session *session); // of the line, or of the record
void session_settle(struct session *session); // arms the timer, or lets the line rest

void session_report(struct session *session);
// "10.0.0.7", "2001:db8:0:7::/64", or both; returns `out`.
#define SESSION_ADDRESS_TEXT (IP_ADDR_TEXT + IP_PREFIX_TEXT + 8)
char *session_address_text(const struct session *session, char out[SESSION_ADDRESS_TEXT]);
void session_report_end(struct session *session, const struct dp_counters *counters, const char *reason);
void session_report_usage(struct session *session); // only when packets have passed since the last time
// The LNS may have forgotten a session: a downlink silence of pppEchoIntervalSeconds is probed by LCP echo, whose failure ends the link. Looks at
// some of the sessions; called every SESSION_WATCH_MS it comes round in ten seconds.
#define SESSION_WATCH_MS 100
void session_watch_some(struct gateway *gateway);
// The settings were changed: they hold for this session too.
void session_take_profile(struct session *session, struct profile *profile);
// Its way has brought it up while the SIM waits: installs, remembers, answers, in this order. The session may be gone then.
void session_attached(struct session *session);
uint16_t session_since(uint64_t then_ms, uint64_t now_ms); // milliseconds, 65535 at most; 0 when one of the two is not known
void session_attach_done(struct session *session); // the attach was answered: frees what only it needed
void session_install(struct session *session); // into the data plane; ends the session when it cannot
const struct policy_config *session_policy(const struct session *session); // that holds its rates; NULL = none

// dial.c: the LNS side.
void session_dial_next(struct session *session); // the next LNS; refuses when there is none left
void session_redial(struct session *session); // a session that was up, whose tunnel is gone
struct lac *session_lac(const struct session *session); // its Endpoint Group's, or NULL
const struct endpoint_config *session_endpoint(const struct session *session); // NULL: not configured any longer
const struct group_config *session_group(const struct session *session); // likewise
void session_on_call(struct session *session, const struct l2tp_session_event *event);
void session_ppp_ready(struct session *session); // PPP is up, and the IPv6 prefix known or given up; the session may be gone then
void session_on_ppp(struct session *session, uint16_t protocol, const uint8_t *packet, size_t len);
void session_after_ppp(
	struct session *session); // acts on what the link said in the last call into it; the session may be gone then
struct template_values;
void session_values(const struct session *session, struct tbcd *imsi, struct template_values *out); // for templates
void session_on_tick(struct session *session, uint64_t now_ms);
void session_give_up(struct session *session, enum refusal refusal, const char *why); // refuses the attach
// The parts of session_over_lns that stand elsewhere.
void session_store_call(const struct session *session, struct session_record *record);
void session_report_call(const struct session *session, json_t *row);
void session_ppp_dns(const struct session *session, struct pco_answer *tell);
const char *session_ppp_lack(const struct session *session);
void session_watch_ppp(struct session *session);
uint16_t session_mtu_over_lns(const struct session *session); // session_mtu.c
uint16_t session_mtu_integrated(const struct session *session); // likewise
extern const struct ppp_ops session_ppp_ops;
