// SPDX-License-Identifier: Apache-2.0
// GTPv1-C: the header with its optional fields and extension headers (TS 29.060 6), and the messages as rows for the walker.
#include "proto/gtp/gtp1.h"

#include "proto/gtp/walk.h"

#define MESSAGE_TABLE_(type, name, word, kind, answer, text) IE_TABLE(gtp1_##name, GTP1_##word##_IES, false)
#define MESSAGE_DEF_(number, name, word, kind, answer, text) [number] = {number, answer, GTP_##kind, &gtp1_##name##_ies, text},

GTP1_MESSAGES(MESSAGE_TABLE_)

static const struct gtp_message_def defs[256] = {GTP1_MESSAGES(MESSAGE_DEF_)};

#define BODY_OF(message) ((void *)&(message)->echo_request) // every member of the union begins there

enum { FLAG_EXTENSION = 0x04, FLAG_SEQUENCE = 0x02, FLAG_NPDU = 0x01, FLAG_PROTOCOL = 0x10 };

// Extension headers that say something a gateway may leave alone (6.1): MBMS and MS Info Change reporting support, PDCP number.
static bool extension_known(uint8_t type)
{
	return type == 0x01 || type == 0x02 || type == 0xc0;
}

static bool accepts(const struct ie_table *table, const void *body)
{
	const uint8_t *cause = ies_find(table, body, &ie_codec_gtp1_cause);

	return !cause || gtp1_cause_accepts(*cause);
}

// The chain: length in units of four octets, contents, type of the next. The bit 0x80 of a type asks for understanding.
static int extensions_skip(struct wire_in *in, uint8_t type, struct gtp1_header *header)
{
	while (type) {
		uint8_t units = wire_get_u8(in);

		if (!units || in->error)
			return -EBADMSG;
		if (type & 0x80 && !extension_known(type) && !header->unknown_extension)
			header->unknown_extension = type;
		wire_skip(in, units * 4u - 2);
		type = wire_get_u8(in);
	}
	return in->error;
}

int gtp1_header_read(const void *bytes, size_t len, struct gtp1_header *out)
{
	struct wire_in in = wire_in(bytes, len);
	struct gtp1_header header = {0};
	uint8_t flags = wire_get_u8(&in), next;
	uint16_t rest;

	if (in.error)
		return -EBADMSG;
	if (flags >> 5 != 1 || !(flags & FLAG_PROTOCOL))
		return -EPROTONOSUPPORT;
	header.type = wire_get_u8(&in);
	rest = wire_get_be16(&in);
	header.teid = wire_get_be32(&in);
	in = wire_get_sub(&in, rest);
	// 29.060 9.3.1.1: a control message without a sequence number could not be answered
	if (!(flags & FLAG_SEQUENCE))
		return -EBADMSG;
	header.sequence = wire_get_be16(&in);
	header.npdu = wire_get_u8(&in);
	header.has_npdu = flags & FLAG_NPDU;
	if (!header.has_npdu)
		header.npdu = 0;
	next = wire_get_u8(&in);
	if (in.error || rest > UINT16_MAX - 8)
		return -EBADMSG;
	if (flags & FLAG_EXTENSION && extensions_skip(&in, next, &header))
		return -EBADMSG;
	header.length = (uint16_t)(rest + 8);
	header.body_at = (uint16_t)(header.length - wire_left(&in));
	*out = header;
	return 0;
}

int gtp1_decode(const void *bytes, size_t len, enum gtp1_role role, struct gtp1_message *out, struct ie_fault *fault)
{
	struct ie_context context = {.framing = &ie_framing_v1, .at_ggsn = role == GTP1_AT_GGSN, .accepts = accepts};
	const struct ie_table *ies;
	struct wire_in in;
	int r;

	*fault = (struct ie_fault){0};
	r = gtp1_header_read(bytes, len, &out->header);
	if (r)
		return r;
	ies = defs[out->header.type].ies;
	if (!ies)
		return -ENOMSG;
	memset(BODY_OF(out), 0, ies->size);
	if (out->header.unknown_extension)
		return -EOPNOTSUPP;
	in = wire_in(bytes, out->header.length);
	wire_skip(&in, out->header.body_at);
	ies_read(&context, ies, in, BODY_OF(out), fault);
	return fault->cause ? -EINVAL : 0;
}

int gtp1_encode(const struct gtp1_message *message, void *bytes, size_t size, size_t *len)
{
	const struct gtp1_header *header = &message->header;
	struct wire_out out = wire_out(bytes, size);

	if (!defs[header->type].ies)
		return -ENOMSG;
	wire_put_u8(&out, (uint8_t)(0x20 | FLAG_PROTOCOL | FLAG_SEQUENCE | (header->has_npdu ? FLAG_NPDU : 0)));
	wire_put_u8(&out, header->type);
	wire_put_be16(&out, 0);
	wire_put_be32(&out, header->teid);
	wire_put_be16(&out, header->sequence);
	wire_put_u8(&out, header->has_npdu ? header->npdu : 0);
	wire_put_u8(&out, 0);
	ies_write(&ie_framing_v1, defs[header->type].ies, &out, BODY_OF(message));
	if (out.error)
		return out.error;
	if (wire_used(&out) - 8 > UINT16_MAX)
		return -EMSGSIZE;
	wire_patch_be16(&out, 2, (uint16_t)(wire_used(&out) - 8));
	*len = wire_used(&out);
	return 0;
}

static void message_init(struct gtp1_message *out, uint8_t type, uint16_t sequence, uint32_t teid)
{
	out->header = (struct gtp1_header){.type = type, .teid = teid, .sequence = sequence};
	if (defs[type].ies)
		memset(BODY_OF(out), 0, defs[type].ies->size);
}

void gtp1_answer(struct gtp1_message *out, const struct gtp1_header *request, uint32_t peer_teid)
{
	message_init(out, defs[request->type].answer, request->sequence, peer_teid);
}

void gtp1_request(struct gtp1_message *out, enum gtp1_type type, uint32_t peer_teid)
{
	message_init(out, (uint8_t)type, 0, peer_teid);
}

int gtp1_refuse(const struct gtp1_header *request, uint32_t peer_teid, uint8_t cause, void *out, size_t size, size_t *len)
{
	struct gtp1_message answer;
	uint8_t *slot;

	gtp1_answer(&answer, request, peer_teid);
	if (!answer.header.type)
		return -ENOMSG;
	slot = ies_set(defs[answer.header.type].ies, BODY_OF(&answer), &ie_codec_gtp1_cause);
	if (slot)
		*slot = cause;
	return gtp1_encode(&answer, out, size, len);
}

uint8_t gtp1_message_cause(const struct gtp1_message *message)
{
	const struct ie_table *ies = defs[message->header.type].ies;
	const uint8_t *found = ies ? ies_find(ies, BODY_OF(message), &ie_codec_gtp1_cause) : NULL;

	return found ? *found : 0;
}

bool gtp1_message_recovery(const struct gtp1_message *message, uint8_t *out)
{
	const struct ie_table *ies = defs[message->header.type].ies;
	const uint8_t *found = ies ? ies_find(ies, BODY_OF(message), &ie_codec_recovery) : NULL;

	if (found)
		*out = *found;
	return found;
}

char *gtp1_text(const struct gtp1_message *message, char *out, size_t size)
{
	struct ie_text text = {.at = out, .room = size};

	if (size)
		out[0] = 0;
	ie_text_add(&text, "%s seq=%u teid=0x%x", gtp1_type_name(message->header.type), message->header.sequence,
		message->header.teid);
	if (defs[message->header.type].ies)
		ies_print(defs[message->header.type].ies, &text, BODY_OF(message));
	return out;
}

const char *gtp1_type_name(uint8_t type)
{
	return defs[type].name ? defs[type].name : "unknown";
}

enum gtp_kind gtp1_type_kind(uint8_t type)
{
	return (enum gtp_kind)defs[type].kind;
}

uint8_t gtp1_type_answer(uint8_t type)
{
	return defs[type].answer;
}
