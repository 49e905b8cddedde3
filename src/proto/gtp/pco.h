// SPDX-License-Identifier: Apache-2.0
// Protocol Configuration Options (TS 24.008 10.5.6.3): what a SIM asks for and what it is told. The same format is in PCO, APCO
// and ePCO of both GTP versions.
//
// The gateway:
//
//	struct pco_request ask;
//	if (!pco_request_read(&body->pco, &ask) && ask.has_pap)
//		...; // user name and password for the LNS
//	struct pco_answer tell = {.dns4 = {dns1, dns2}, .address = address, .mtu = 1420};
//	size_t len;
//	pco_answer_write(&ask, &tell, bytes, sizeof(bytes), &len); // answers what was asked, and nothing else
//	ie_set(answer, pco) = (struct ie_bytes){bytes, (uint16_t)len};
//
// The simulator: pco_request_write() and pco_answer_read() are the other direction.
//
// Texts and values point into the bytes that were read; whoever keeps them copies them. They are secrets: pco_text() masks them.
#pragma once

#include "base/addr.h"
#include "proto/gtp/ie.h"

enum pco_id {
	PCO_LCP = 0xc021,
	PCO_PAP = 0xc023,
	PCO_CHAP = 0xc223,
	PCO_IPCP = 0x8021,
	PCO_PCSCF_V6 = 0x0001,
	PCO_IM_CN_FLAG = 0x0002,
	PCO_DNS_V6 = 0x0003,
	PCO_BEARER_CONTROL = 0x0005,
	PCO_ADDRESS_BY_NAS = 0x000a,
	PCO_ADDRESS_BY_DHCP = 0x000b,
	PCO_PCSCF_V4 = 0x000c,
	PCO_DNS_V4 = 0x000d,
	PCO_MSISDN = 0x000e,
	PCO_LINK_MTU_V4 = 0x0010,
	PCO_PCSCF_RESELECTION = 0x0012,
	PCO_LINK_MTU_NON_IP = 0x0015,
};

// One after another: struct pco_item item; for (in = wire_in(...), pco_open(&in); pco_next(&in, &item) > 0;)
struct pco_item {
	uint16_t id; // enum pco_id
	struct ie_bytes value;
};
int pco_open(struct wire_in *in); // reads octet 3; 0, or -EBADMSG (also when the configuration protocol is not PPP)
int pco_next(struct wire_in *in, struct pco_item *out); // 1, 0 at the end, -EBADMSG

#define PCO_IPCP_MAX 4 // some devices ask each address in a packet of its own
#define PCO_IPCP_OPTIONS 6

struct pco_ipcp {
	uint8_t code; // 1 Configure-Request; in an answer 2 Ack, 3 Nak, 4 Reject
	uint8_t id;
	uint8_t count;
	struct {
		uint8_t type; // 3 address, 129 DNS, 130 NBNS, 131 second DNS, 132 second NBNS; others are never answered
		struct ip_addr value; // IP_NONE when it is no IPv4 address
		struct ie_bytes raw; // the option's contents
	} options[PCO_IPCP_OPTIONS];
};

// What the SIM asks for.
struct pco_request {
	bool has_pap;
	uint8_t pap_id;
	struct ie_bytes pap_user, pap_password;
	bool has_chap_challenge, has_chap_response; // has_chap_response without a challenge cannot be checked
	uint8_t chap_challenge_id, chap_id; // of the Challenge and of the Response
	struct ie_bytes chap_challenge, chap_response, chap_name;
	uint8_t ipcp_count;
	struct pco_ipcp ipcp[PCO_IPCP_MAX];
	bool wants_dns4, wants_dns6, wants_mtu, wants_pcscf4, wants_pcscf6, wants_msisdn, wants_bearer_control;
};

// What it is told. An address that is IP_NONE is not there.
struct pco_answer {
	bool is_refused; // PAP and CHAP: the LNS said no
	bool is_ipcp_nak; // Configure-Nak in place of the customary Configure-Ack
	struct ip_addr address; // IPCP option 3
	struct ip_addr dns4[2], nbns[2], dns6[2];
	uint16_t mtu; // 0 = not told
};

// 0, or -EBADMSG when it is malformed (counts as absent; `out` is empty then). Never reads past its end.
int pco_request_read(const struct ie_bytes *pco, struct pco_request *out);
// The answer to `ask`: authentication, IPCP, then containers. 0 or -EMSGSIZE. `*len` is 0 when nothing was asked: then send no PCO.
int pco_answer_write(const struct pco_request *ask, const struct pco_answer *tell, void *out, size_t size, size_t *len);

// The SIM's side. IPCP packets are written as Configure-Requests of `options` (type and value).
int pco_request_write(const struct pco_request *ask, void *out, size_t size, size_t *len);
struct pco_told {
	bool has_pap, pap_ok, has_chap, chap_ok;
	uint8_t pap_id, chap_id;
	uint8_t ipcp_count;
	struct pco_ipcp ipcp[PCO_IPCP_MAX];
	struct ip_addr address, dns4[2], nbns[2], dns6[2]; // from IPCP and from the containers
	uint16_t mtu; // 0 = not told
};
int pco_answer_read(const struct ie_bytes *pco, struct pco_told *out); // 0 or -EBADMSG

// "PAP(id=1 user=prim password=***) IPCP(Request id=10 dns1=0.0.0.0) DNSv4": one line, no secrets. Returns `out`.
char *pco_text(const struct ie_bytes *pco, char *out, size_t size);
