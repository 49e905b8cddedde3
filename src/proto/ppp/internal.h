// SPDX-License-Identifier: Apache-2.0
// What the files of src/proto/ppp share among themselves; nobody else includes it.
#pragma once

#include "base/wire.h"
#include "proto/ppp/link.h"

// Codes of control protocols (RFC 1661 5, RFC 1570 2) and of the two authentication protocols.
enum ppp_code {
	PPP_CONF_REQ = 1,
	PPP_CONF_ACK,
	PPP_CONF_NAK,
	PPP_CONF_REJ,
	PPP_TERM_REQ,
	PPP_TERM_ACK,
	PPP_CODE_REJ,
	PPP_PROTO_REJ,
	PPP_ECHO_REQ,
	PPP_ECHO_REPLY,
	PPP_DISCARD_REQ,
	PPP_IDENTIFICATION,
	PPP_TIME_REMAINING,
};
enum { PAP_REQUEST = 1, PAP_ACK, PAP_NAK };
enum { CHAP_CHALLENGE = 1, CHAP_RESPONSE, CHAP_SUCCESS, CHAP_FAILURE };

// Events, in the order of the rows of RFC 1661 4.1.
enum ppp_cp_event {
	PPP_CP_UP,
	PPP_CP_DOWN,
	PPP_CP_OPEN,
	PPP_CP_CLOSE,
	PPP_CP_TO_PLUS,
	PPP_CP_TO_MINUS,
	PPP_CP_RCR_PLUS,
	PPP_CP_RCR_MINUS,
	PPP_CP_RCA,
	PPP_CP_RCN,
	PPP_CP_RTR,
	PPP_CP_RTA,
	PPP_CP_RUC,
	PPP_CP_RXJ_PLUS,
	PPP_CP_RXJ_MINUS,
	PPP_CP_RXR,
	PPP_CP_EVENTS
};

// Actions, executed in this order; a cell of the table is a set of them and the next state.
enum ppp_cp_action {
	PPP_CP_TLD = 1 << 4,
	PPP_CP_TLS = 1 << 5,
	PPP_CP_IRC = 1 << 6,
	PPP_CP_ZRC = 1 << 7,
	PPP_CP_SCR = 1 << 8,
	PPP_CP_SCA = 1 << 9,
	PPP_CP_SCN = 1 << 10,
	PPP_CP_STR = 1 << 11,
	PPP_CP_STA = 1 << 12,
	PPP_CP_SCJ = 1 << 13,
	PPP_CP_SER = 1 << 14,
	PPP_CP_TLU = 1 << 15,
	PPP_CP_TLF = 1 << 16,
};
#define PPP_CP_STATE_MASK 0xfu

// The cell of the table; 0 = the standard has none. Shown for the test that lays it beside the RFC.
uint32_t ppp_cp_cell(enum ppp_cp_event event, enum ppp_cp_state state);

// What the options of a peer's Configure-Request say, gathered while it is judged, in force once it is acknowledged.
struct ppp_offer {
	uint32_t address, magic;
	uint16_t mru;
	uint8_t auth, interface_id[8];
	bool pfc, acfc;
};

enum ppp_verdict { PPP_ACK, PPP_NAK, PPP_REJ };
enum ppp_value_kind { PPP_VALUE_HEX, PPP_VALUE_NUMBER, PPP_VALUE_ADDRESS, PPP_VALUE_AUTH, PPP_VALUE_NOTHING };

// A row of a protocol's table of options.
struct ppp_option {
	uint8_t type, min, max; // lengths are those of the value
	uint8_t kind; // enum ppp_value_kind, for the printer
	const char *name;
	// Writes the value for our own request; a row without it is never asked.
	void (*put)(struct ppp_link *link, uint8_t type, struct wire_out *out);
	// The peer wants this option: a verdict, with the better value for a Nak. A row without it is rejected.
	enum ppp_verdict (*judge)(
		struct ppp_link *link, uint8_t type, struct wire_in value, struct ppp_offer *offer, struct wire_out *better);
	// The peer Naks our value with its own. False: don't ask any more.
	bool (*nak)(struct ppp_link *link, uint8_t type, struct wire_in value);
};

// A control protocol: its options, and what the link does when it comes and goes. `why` is the event that caused it.
struct ppp_cp_class {
	const char *name;
	const struct ppp_option *options;
	size_t option_count;
	size_t offset; // of its struct ppp_cp in struct ppp_link
	uint16_t protocol;
	uint16_t codes; // known ones, a bit a code
	void (*prepare)(struct ppp_link *link, struct ppp_cp *cp); // a negotiation begins: what shall be asked
	bool (*missing)(struct ppp_link *link, uint32_t seen,
		struct wire_out *better); // options that the peer should have sent: true = Nak
	void (*agree)(struct ppp_link *link, const struct ppp_offer *offer); // the peer's request was acknowledged
	void (*rejected)(struct ppp_link *link, uint8_t type); // the peer rejects an option of ours
	void (*up)(struct ppp_link *link);
	void (*down)(struct ppp_link *link, enum ppp_cp_event why);
	void (*finished)(struct ppp_link *link, enum ppp_cp_event why);
	void (*diverged)(struct ppp_link *link); // no agreement after all tries
	void (*left)(struct ppp_link *link); // a Terminate-Request was dealt with
	void (*extra)(struct ppp_link *link, uint8_t code, uint8_t id, struct wire_in data); // codes past Code-Reject
};

extern const struct ppp_cp_class ppp_lcp, ppp_ipcp, ppp_ip6cp;

static inline struct ppp_cp *ppp_cp_of(struct ppp_link *link, const struct ppp_cp_class *class)
{
	return (struct ppp_cp *)(void *)((char *)link + class->offset);
}

#define ppp_count(link, what)                                                                                                    \
	do {                                                                                                                     \
		if ((link)->options->counters)                                                                                   \
			(link)->options->counters->what++;                                                                       \
	} while (0)

// A count of eight bits that stays at its end.
static inline uint8_t ppp_more(uint8_t count)
{
	return (uint8_t)(count < UINT8_MAX ? count + 1 : count);
}

// cp.c
void ppp_cp_init(struct ppp_cp *cp);
void ppp_cp_run(struct ppp_link *link, const struct ppp_cp_class *class, enum ppp_cp_event event);
void ppp_cp_recv(struct ppp_link *link, const struct ppp_cp_class *class, const uint8_t *packet, size_t len);
void ppp_cp_timeout(struct ppp_link *link, const struct ppp_cp_class *class);
void ppp_cp_assume_open(struct ppp_cp *cp);
void ppp_cp_unask(struct ppp_link *link, const struct ppp_cp_class *class, uint8_t type);
void ppp_cp_put_request(struct ppp_link *link, const struct ppp_cp_class *class, struct wire_out *out);
const struct ppp_option *ppp_cp_option(const struct ppp_cp_class *class, uint8_t type);
// Takes the next option off the list: false at its end, and with in->error at an option that does not fit.
bool ppp_option_next(struct wire_in *in, uint8_t *type, struct wire_in *value);
uint64_t ppp_backoff(const struct ppp_link *link, uint8_t tries); // when the try after `tries` is due

// lcp.c
void ppp_lcp_echo(struct ppp_link *link);
void ppp_lcp_protocol_reject(struct ppp_link *link, uint16_t protocol, const uint8_t *packet, size_t len);
void ppp_lcp_put_auth(enum ppp_auth auth, struct wire_out *out);
enum ppp_auth ppp_lcp_get_auth(struct wire_in value);

// auth.c: the phase; pap.c and chap.c: the two protocols
void ppp_auth_begin(struct ppp_link *link);
void ppp_auth_reset(struct ppp_link *link);
void ppp_auth_recv(struct ppp_link *link, uint16_t protocol, const uint8_t *packet, size_t len);
void ppp_auth_tick(struct ppp_link *link);
void ppp_auth_passed(struct ppp_link *link, enum ppp_auth auth);
void ppp_auth_failed(struct ppp_link *link, enum ppp_reason reason);
bool ppp_auth_implied(const struct ppp_link *link); // may a network packet stand for a Success that was lost?
int ppp_auth_credentials(struct ppp_link *link, enum ppp_auth auth, struct ppp_credentials *out);
bool ppp_pap_check(struct ppp_link *link, struct wire_in name, struct wire_in password);
void ppp_pap_reply(struct ppp_link *link, uint8_t code, uint8_t id, const char *text);
void ppp_pap_request(struct ppp_link *link);
void ppp_pap_recv(struct ppp_link *link, uint8_t code, uint8_t id, struct wire_in data);
void ppp_chap_challenge(struct ppp_link *link, bool fresh);
bool ppp_chap_check(struct ppp_link *link, uint8_t id, struct wire_in name, struct wire_in challenge, struct wire_in response);
void ppp_chap_verdict(struct ppp_link *link, uint8_t id, bool right, const char *text);
void ppp_chap_repeat(struct ppp_link *link);
void ppp_chap_recv(struct ppp_link *link, uint8_t code, uint8_t id, struct wire_in data);

// ipcp.c
enum ppp_reason ppp_ncp_reason(enum ppp_cp_event why);

// link.c
void ppp_link_send(struct ppp_link *link, uint16_t protocol, const struct wire_out *packet);
void ppp_link_settle(struct ppp_link *link); // the end of every call from the host: the events. After it the link may be gone
void ppp_link_raise(struct ppp_link *link, enum ppp_event_kind kind);
void ppp_link_text(struct ppp_link *link, struct wire_in text);
void ppp_link_network(struct ppp_link *link); // authenticated: the network protocols start
void ppp_link_fail(struct ppp_link *link, enum ppp_reason reason); // one Terminate-Request where LCP may hear it, and ENDED
void ppp_link_lcp_down(struct ppp_link *link, enum ppp_reason reason);
void ppp_link_family_up(struct ppp_link *link, const struct ppp_cp_class *class);
void ppp_link_family_down(struct ppp_link *link, const struct ppp_cp_class *class, enum ppp_reason reason);
void ppp_link_family_refused(struct ppp_link *link, const struct ppp_cp_class *class, enum ppp_reason reason);
void ppp_link_restart(struct ppp_link *link); // real LCP in place of the proxied one

// Room for a packet of ours, with its head written; ppp_packet_end sets the length.
static inline struct wire_out ppp_packet(uint8_t *buffer, size_t size, uint8_t code, uint8_t id)
{
	struct wire_out out = wire_out(buffer, size);

	wire_put_u8(&out, code);
	wire_put_u8(&out, id);
	wire_put_be16(&out, 0);
	return out;
}
