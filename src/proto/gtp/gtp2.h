// SPDX-License-Identifier: Apache-2.0
// GTPv2-C messages (TS 29.274): struct gtp2_create_session_request and so on, made from gtp2.def.
//
//	struct gtp2_message request;
//	struct ie_fault fault;
//	int r = gtp2_decode(bytes, len, &request, &fault);
//	if (r == -EINVAL) // the header is good, an IE is not: `fault` says which; the other IEs have been read
//		return gtp2_refuse(&request, peer_teid, &fault, out, sizeof(out), &out_len);
//	if (!r && request.header.type == GTP2_CREATE_SESSION_REQUEST && request.create_session_request.has.imsi)
//		...
//	struct gtp2_message answer;
//	gtp2_answer(&answer, &request.header, peer_teid); // type, sequence, TEID; no IE is set
//	ie_set(&answer.create_session_response, cause) = (struct gtp2_cause){.value = GTP2_CAUSE_REQUEST_ACCEPTED};
//	struct gtp2_bearer_created *bearer = ie_add(&answer.create_session_response, bearers);
//	ie_set(bearer, ebi) = 5;
//	gtp2_encode(&answer, out, sizeof(out), &out_len);
//
// struct gtp2_message is some kilobytes: keep one in the owner, not one a session.
#pragma once

#include "proto/gtp/cause.h"
#include "proto/gtp/gtp.h"
#include "proto/gtp/ie.h"

#define GTP2_BEARERS 11 // EBI 5 to 15

enum gtp2_interface { // F-TEID interface types, 8.22
	GTP2_IF_S1U_ENODEB = 0,
	GTP2_IF_S1U_SGW = 1,
	GTP2_IF_S5S8U_SGW = 4,
	GTP2_IF_S5S8U_PGW = 5,
	GTP2_IF_S5S8C_SGW = 6,
	GTP2_IF_S5S8C_PGW = 7,
};

enum gtp2_pdn_type { GTP2_PDN_IPV4 = 1, GTP2_PDN_IPV6 = 2, GTP2_PDN_IPV4V6 = 3, GTP2_PDN_NON_IP = 4, GTP2_PDN_ETHERNET = 5 };

// Bits of the Indication IE (8.12): octet from 0, bit from 7 (left) to 0, as octet << 3 | bit.
enum gtp2_indication {
	GTP2_INDICATION_DAF = 0 << 3 | 7, // dual address bearer
	GTP2_INDICATION_DTF = 0 << 3 | 6,
	GTP2_INDICATION_HI = 0 << 3 | 5, // handover
	GTP2_INDICATION_OI = 0 << 3 | 3, // operation: the SGW is to pass the Delete on
	GTP2_INDICATION_SI = 1 << 3 | 1, // scope
	GTP2_INDICATION_UIMSI = 1 << 3 | 6, // the IMSI is not authenticated
	GTP2_INDICATION_CRSI = 1 << 3 | 4,
	GTP2_INDICATION_EPCOSI = 5 << 3 | 6, // extended PCO is supported
};
bool gtp2_indicates(const struct ie_bytes *indication, enum gtp2_indication bit);

struct gtp2_cause {
	uint8_t value; // enum gtp2_cause_value
	bool is_pdn_error, is_bearer_error, is_remote; // PCE, BCE, CS
	uint8_t offending_type, offending_instance; // type 0 = none
};

struct gtp2_fteid {
	uint8_t interface; // enum gtp2_interface
	uint32_t teid;
	struct ip_addr v4, v6; // at least one is not IP_NONE
};

struct gtp2_paa {
	uint8_t pdn_type; // enum gtp2_pdn_type
	uint8_t v6_len; // prefix length, bits
	struct ip_addr v4, v6; // as pdn_type says
};

struct gtp2_qos {
	uint8_t arp; // octet 5: PCI, priority level, PVI
	uint8_t qci;
	uint64_t mbr_uplink_kbps, mbr_downlink_kbps, gbr_uplink_kbps, gbr_downlink_kbps; // 40 bits each
};

// Of a User Location Information IE (8.21). Octets of an unknown location kind at the end are left alone.
int gtp2_location_read(const struct ie_bytes *uli, struct gtp_location *out); // 0 or -EBADMSG

#include "proto/gtp/gtp2.def"

#define GTP2_GROUP_STRUCT_(name, word) IE_STRUCT(gtp2_##name, GTP2_##word##_IES);
#define GTP2_MESSAGE_STRUCT_(type, name, word, kind, answer, text) IE_STRUCT(gtp2_##name, GTP2_##word##_IES);
#define GTP2_MESSAGE_TYPE_(number, name, word, kind, answer, text) GTP2_##word = number,
#define GTP2_MESSAGE_MEMBER_(type, name, word, kind, answer, text) struct gtp2_##name name;

GTP2_GROUPS(GTP2_GROUP_STRUCT_)
GTP2_MESSAGES(GTP2_MESSAGE_STRUCT_)
enum gtp2_type { GTP2_MESSAGES(GTP2_MESSAGE_TYPE_) };

struct gtp2_header {
	uint8_t type; // enum gtp2_type
	bool has_teid;
	bool is_piggybacked; // another message follows in the datagram (5.5.1)
	bool has_priority;
	uint8_t priority;
	uint32_t teid;
	uint32_t sequence; // 24 bits
	uint16_t length; // of the message with its header, octets
};

struct gtp2_message {
	struct gtp2_header header;
	union {
		GTP2_MESSAGES(GTP2_MESSAGE_MEMBER_)
	};
};

// Reads one message, the first of the datagram; header.length says where a piggybacked one would begin. 0, or:
// -EPROTONOSUPPORT (version is not 2), -EBADMSG (header or lengths make no sense: drop it), -ENOMSG (unknown type: drop it;
// the header is read), -EINVAL (`*fault` is the first fault, everything readable is in `*out`).
int gtp2_decode(const void *bytes, size_t len, struct gtp2_message *out, struct ie_fault *fault);
// The header alone; same errors.
int gtp2_header_read(const void *bytes, size_t len, struct gtp2_header *out);
// Writes what is set: presence is not enforced. has_teid is taken from the type. 0, -EMSGSIZE, -ENOMSG (unknown type).
int gtp2_encode(const struct gtp2_message *message, void *out, size_t size, size_t *len);

// Empties `out` to an answer of `request`: its type, sequence number and the peer's TEID (0 when it is not known).
void gtp2_answer(struct gtp2_message *out, const struct gtp2_header *request, uint32_t peer_teid);
// Empties `out` to a request of that type; the path engine gives it its sequence number.
void gtp2_request(struct gtp2_message *out, enum gtp2_type type, uint32_t peer_teid);
// The whole refusing answer in one call: Cause with the offending IE, and what else the answer must repeat of the request (EBIs, PTI).
// The errors are gtp2_encode's; -ENOMSG if it has no answer.
int gtp2_refuse(const struct gtp2_message *request, uint32_t peer_teid, const struct ie_fault *fault, void *out, size_t size,
	size_t *len);
// The Cause of an answer; NULL when the message has none.
const struct gtp2_cause *gtp2_message_cause(const struct gtp2_message *message);
// The Recovery IE, wherever the message carries one.
bool gtp2_message_recovery(const struct gtp2_message *message, uint8_t *out);

// One line for traces: "Create Session Request seq=1 teid=0x0 imsi=... bearers={ebi=5 ...}". No secrets. Returns `out`.
char *gtp2_text(const struct gtp2_message *message, char *out, size_t size);

const char *gtp2_type_name(uint8_t type); // "Create Session Request"; "unknown" otherwise
enum gtp_kind gtp2_type_kind(uint8_t type); // 0 when unknown
uint8_t gtp2_type_answer(uint8_t type); // 0 when it has none
