// SPDX-License-Identifier: Apache-2.0
// GTPv1-C messages (TS 29.060): struct gtp1_create_pdp_request and so on, made from gtp1.def.
//
//	struct gtp1_message request;
//	struct ie_fault fault;
//	int r = gtp1_decode(bytes, len, GTP1_AT_GGSN, &request, &fault);
//	if (r == -EINVAL)
//		return gtp1_refuse(&request.header, peer_teid, fault.cause, out, sizeof(out), &out_len);
//	if (!r && request.header.type == GTP1_CREATE_PDP_REQUEST && request.create_pdp_request.has.linked_nsapi)
//		...; // a secondary PDP context
//	struct gtp1_message answer;
//	gtp1_answer(&answer, &request.header, peer_teid);
//	ie_set(&answer.create_pdp_response, cause) = GTP1_CAUSE_REQUEST_ACCEPTED;
//	gtp1_encode(&answer, out, sizeof(out), &out_len);
#pragma once

#include "proto/gtp/cause.h"
#include "proto/gtp/gtp.h"
#include "proto/gtp/ie.h"

// End User Address (7.7.27): organisation and number of the PDP type; addresses are IP_NONE when they are asked for (dynamic).
enum gtp1_pdp_type {
	GTP1_PDP_PPP = 0 << 8 | 0x01,
	GTP1_PDP_NON_IP = 0 << 8 | 0x02,
	GTP1_PDP_IPV4 = 1 << 8 | 0x21,
	GTP1_PDP_IPV6 = 1 << 8 | 0x57,
	GTP1_PDP_IPV4V6 = 1 << 8 | 0x8d,
};

struct gtp1_eua {
	uint16_t pdp_type; // enum gtp1_pdp_type: organisation << 8 | number; others are kept as they came
	struct ip_addr v4, v6;
};

struct gtp1_rai {
	struct plmn plmn;
	uint16_t lac;
	uint8_t rac;
};

int gtp1_location_read(const struct ie_bytes *uli, struct gtp_location *out); // User Location Information, 7.7.51; 0 or -EBADMSG

// Common Flags (7.7.48)
#define GTP1_FLAG_DUAL_ADDRESS_BEARER 0x80
#define GTP1_FLAG_UPGRADE_QOS 0x40
#define GTP1_FLAG_NRSN 0x20
#define GTP1_FLAG_NO_QOS_NEGOTIATION 0x10
static inline bool gtp1_flag(const struct ie_bytes *common_flags, uint8_t flag)
{
	return common_flags->len && common_flags->data[0] & flag;
}

#include "proto/gtp/gtp1.def"

#define GTP1_MESSAGE_STRUCT_(type, name, word, kind, answer, text) IE_STRUCT(gtp1_##name, GTP1_##word##_IES);
#define GTP1_MESSAGE_TYPE_(number, name, word, kind, answer, text) GTP1_##word = number,
#define GTP1_MESSAGE_MEMBER_(type, name, word, kind, answer, text) struct gtp1_##name name;

GTP1_MESSAGES(GTP1_MESSAGE_STRUCT_)
enum gtp1_type { GTP1_MESSAGES(GTP1_MESSAGE_TYPE_) };
enum gtp1_role { GTP1_AT_GGSN, GTP1_AT_SGSN }; // who reads

// The header with its optional parts (TS 29.060 6): GTP-C always carries a sequence number.
struct gtp1_header {
	uint8_t type; // enum gtp1_type
	bool has_npdu;
	uint8_t npdu;
	uint32_t teid;
	uint16_t sequence;
	uint8_t unknown_extension; // a type that must be understood and is not: answer "supported extensions"; 0 = none
	uint16_t length; // of the message with its header, octets
	uint16_t body_at; // where the IEs begin
};

struct gtp1_message {
	struct gtp1_header header;
	union {
		GTP1_MESSAGES(GTP1_MESSAGE_MEMBER_)
	};
};

// 0, or: -EPROTONOSUPPORT (version is not 1, or GTP'), -EBADMSG (header or lengths make no sense: drop it), -ENOMSG (unknown
// type), -EOPNOTSUPP (an extension header that must be understood: the path engine answers it), -EINVAL (`*fault` is the first
// fault; everything readable is in `*out`).
int gtp1_decode(const void *bytes, size_t len, enum gtp1_role role, struct gtp1_message *out, struct ie_fault *fault);
int gtp1_header_read(const void *bytes, size_t len, struct gtp1_header *out);
// Writes what is set: presence is not enforced. 0, -EMSGSIZE, -ENOMSG.
int gtp1_encode(const struct gtp1_message *message, void *out, size_t size, size_t *len);

// As in gtp2.h.
void gtp1_answer(struct gtp1_message *out, const struct gtp1_header *request, uint32_t peer_teid);
void gtp1_request(struct gtp1_message *out, enum gtp1_type type, uint32_t peer_teid);
int gtp1_refuse(const struct gtp1_header *request, uint32_t peer_teid, uint8_t cause, void *out, size_t size, size_t *len);
uint8_t gtp1_message_cause(const struct gtp1_message *message); // 0 when the message has none and is no answer
bool gtp1_message_recovery(const struct gtp1_message *message, uint8_t *out);
char *gtp1_text(const struct gtp1_message *message, char *out, size_t size);

const char *gtp1_type_name(uint8_t type);
enum gtp_kind gtp1_type_kind(uint8_t type);
uint8_t gtp1_type_answer(uint8_t type);
