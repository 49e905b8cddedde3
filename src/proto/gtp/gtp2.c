// SPDX-License-Identifier: Apache-2.0
// GTPv2-C: the header (TS 29.274 5.1), and the messages as rows for the walker.
#include "proto/gtp/gtp2.h"

#include "proto/gtp/walk.h"

#define GROUP_TABLE_(name, word)                                                                                                 \
	IE_TABLE(gtp2_##name, GTP2_##word##_IES, true)                                                                           \
	static const struct ie_codec ie_codec_gtp2_##name = {.group = &gtp2_##name##_ies};
#define MESSAGE_TABLE_(type, name, word, kind, answer, text) IE_TABLE(gtp2_##name, GTP2_##word##_IES, false)
#define MESSAGE_DEF_(number, name, word, kind, answer, text) [number] = {number, answer, GTP_##kind, &gtp2_##name##_ies, text},

GTP2_GROUPS(GROUP_TABLE_)
GTP2_MESSAGES(MESSAGE_TABLE_)

static const struct gtp_message_def defs[256] = {GTP2_MESSAGES(MESSAGE_DEF_)};

#define BODY_OF(message) ((void *)&(message)->echo_request) // every member of the union begins there

static bool has_body(uint8_t type)
{
	return defs[type].ies;
}

// Echo and Version Not Supported are about the node, not a tunnel: no TEID (5.5.2).
static bool has_teid(uint8_t type)
{
	return type > GTP2_VERSION_NOT_SUPPORTED;
}

static bool accepts(const struct ie_table *table, const void *body)
{
	const struct gtp2_cause *cause = ies_find(table, body, &ie_codec_gtp2_cause);

	return !cause || gtp2_cause_accepts(cause->value);
}

int gtp2_header_read(const void *bytes, size_t len, struct gtp2_header *out)
{
	struct wire_in in = wire_in(bytes, len);
	struct gtp2_header header = {0};
	uint8_t flags = wire_get_u8(&in);
	uint16_t rest;
	uint8_t priority;

	if (in.error)
		return -EBADMSG;
	if (flags >> 5 != 2)
		return -EPROTONOSUPPORT;
	header.is_piggybacked = flags & 0x10;
	header.has_teid = flags & 0x08;
	header.has_priority = flags & 0x04;
	header.type = wire_get_u8(&in);
	rest = wire_get_be16(&in);
	in = wire_get_sub(&in, rest);
	if (header.has_teid)
		header.teid = wire_get_be32(&in);
	header.sequence = wire_get_be24(&in);
	priority = wire_get_u8(&in);
	if (in.error || rest > UINT16_MAX - 4)
		return -EBADMSG;
	header.priority = header.has_priority ? priority >> 4 : 0;
	header.length = (uint16_t)(rest + 4);
	*out = header;
	return 0;
}

int gtp2_decode(const void *bytes, size_t len, struct gtp2_message *out, struct ie_fault *fault)
{
	static const struct ie_context context = {.framing = &ie_framing_v2, .accepts = accepts};
	const struct ie_table *ies;
	struct wire_in in;
	int r;

	*fault = (struct ie_fault){0};
	r = gtp2_header_read(bytes, len, &out->header);
	if (r)
		return r;
	ies = defs[out->header.type].ies;
	if (!ies)
		return -ENOMSG;
	memset(BODY_OF(out), 0, ies->size);
	in = wire_in(bytes, out->header.length);
	wire_skip(&in, out->header.has_teid ? 12 : 8);
	ies_read(&context, ies, in, BODY_OF(out), fault);
	return fault->cause ? -EINVAL : 0;
}

int gtp2_encode(const struct gtp2_message *message, void *bytes, size_t size, size_t *len)
{
	const struct gtp2_header *header = &message->header;
	struct wire_out out = wire_out(bytes, size);
	bool teid = has_teid(header->type);

	if (!has_body(header->type))
		return -ENOMSG;
	wire_put_u8(&out,
		(uint8_t)(0x40 | (header->is_piggybacked ? 0x10 : 0) | (teid ? 0x08 : 0) | (header->has_priority ? 0x04 : 0)));
	wire_put_u8(&out, header->type);
	wire_put_be16(&out, 0);
	if (teid)
		wire_put_be32(&out, header->teid);
	wire_put_be24(&out, header->sequence & 0xffffff);
	wire_put_u8(&out, (uint8_t)(header->has_priority ? header->priority << 4 : 0));
	ies_write(&ie_framing_v2, defs[header->type].ies, &out, BODY_OF(message));
	if (out.error)
		return out.error;
	if (wire_used(&out) - 4 > UINT16_MAX)
		return -EMSGSIZE;
	wire_patch_be16(&out, 2, (uint16_t)(wire_used(&out) - 4));
	*len = wire_used(&out);
	return 0;
}

static void message_init(struct gtp2_message *out, uint8_t type, uint32_t sequence, uint32_t teid)
{
	out->header = (struct gtp2_header){.type = type, .has_teid = has_teid(type), .teid = teid, .sequence = sequence};
	if (has_body(type))
		memset(BODY_OF(out), 0, defs[type].ies->size);
}

void gtp2_answer(struct gtp2_message *out, const struct gtp2_header *request, uint32_t peer_teid)
{
	message_init(out, defs[request->type].answer, request->sequence, peer_teid);
}

void gtp2_request(struct gtp2_message *out, enum gtp2_type type, uint32_t peer_teid)
{
	message_init(out, (uint8_t)type, 0, peer_teid);
}

int gtp2_refuse(
	const struct gtp2_message *request, uint32_t peer_teid, const struct ie_fault *fault, void *out, size_t size, size_t *len)
{
	struct gtp2_cause cause = {.value = fault->cause, .is_bearer_error = fault->in_bearer};
	const struct ie_table *ies;
	struct gtp2_message answer;
	struct gtp2_cause *slot;

	gtp2_answer(&answer, &request->header, peer_teid);
	if (!answer.header.type)
		return -ENOMSG;
	ies = defs[answer.header.type].ies;
	ies_echo(ies, BODY_OF(&answer), defs[request->header.type].ies, BODY_OF(request), &ie_codec_gtp2_cause, &cause);
	slot = ies_set(ies, BODY_OF(&answer), &ie_codec_gtp2_cause);
	if (slot) {
		*slot = cause;
		slot->offending_type = fault->type;
		slot->offending_instance = fault->instance;
	}
	return gtp2_encode(&answer, out, size, len);
}

const struct gtp2_cause *gtp2_message_cause(const struct gtp2_message *message)
{
	return has_body(message->header.type) ? ies_find(defs[message->header.type].ies, BODY_OF(message), &ie_codec_gtp2_cause)
					      : NULL;
}

bool gtp2_message_recovery(const struct gtp2_message *message, uint8_t *out)
{
	const uint8_t *found = has_body(message->header.type)
		? ies_find(defs[message->header.type].ies, BODY_OF(message), &ie_codec_recovery)
		: NULL;

	if (found)
		*out = *found;
	return found;
}

char *gtp2_text(const struct gtp2_message *message, char *out, size_t size)
{
	struct ie_text text = {.at = out, .room = size};

	if (size)
		out[0] = 0;
	ie_text_add(&text, "%s seq=%u", gtp2_type_name(message->header.type), message->header.sequence);
	if (message->header.has_teid)
		ie_text_add(&text, " teid=0x%x", message->header.teid);
	if (has_body(message->header.type))
		ies_print(defs[message->header.type].ies, &text, BODY_OF(message));
	return out;
}

const char *gtp2_type_name(uint8_t type)
{
	return defs[type].name ? defs[type].name : "unknown";
}

enum gtp_kind gtp2_type_kind(uint8_t type)
{
	return (enum gtp_kind)defs[type].kind;
}

uint8_t gtp2_type_answer(uint8_t type)
{
	return defs[type].answer;
}
