// SPDX-License-Identifier: Apache-2.0
#include "proto/gtp/scan.h"

#include "proto/gtp/gtp1.h"
#include "proto/gtp/gtp2.h"
#include "proto/gtp/pco.h"
#include "proto/gtp/walk.h"

enum kind { KIND_IMSI = 1, KIND_SENDER, KIND_FTEID, KIND_PCO, KIND_GROUP, KIND_SECRET };

// TS 29.060 7.7, TS 29.274 8: the IEs that matter here. KIND_SENDER is a bare TEID.
static const struct {
	uint8_t version, type;
	enum kind kind;
} kinds[] = {
	{1, 2, KIND_IMSI}, {1, 9, KIND_SECRET}, // Authentication Triplet
	{1, 17, KIND_SENDER}, // TEID Control Plane
	{1, 129, KIND_SECRET}, // MM Context
	{1, 132, KIND_PCO}, {1, 136, KIND_SECRET}, // Authentication Quintuplet
	{2, 1, KIND_IMSI}, {2, 78, KIND_PCO}, {2, 87, KIND_FTEID}, {2, 93, KIND_GROUP}, // Bearer Context
	{2, 103, KIND_SECRET}, // MM Contexts
	{2, 104, KIND_SECRET}, {2, 105, KIND_SECRET}, {2, 106, KIND_SECRET}, {2, 107, KIND_SECRET}, {2, 108, KIND_SECRET},
	{2, 109, KIND_GROUP}, // PDN Connection
	{2, 163, KIND_PCO}, // Additional
	{2, 197, KIND_PCO}, // Extended
};

static enum kind kind_of(uint8_t version, uint8_t type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].version == version && kinds[i].type == type)
			return kinds[i].kind;
	return 0;
}

struct concealing {
	uint8_t *message;
	bool (*ppp)(uint16_t protocol, uint8_t *packet, size_t len);
	bool any;
};

static void zero(struct concealing *it, const uint8_t *from, const uint8_t *to)
{
	if (from >= to)
		return;
	memset(it->message + (from - it->message), 0, (size_t)(to - from));
	it->any = true;
}

static void conceal_pco(struct concealing *it, struct wire_in in)
{
	const uint8_t *at = in.pos;
	struct pco_item item;
	int more = pco_open(&in) ? -EBADMSG : 1;

	for (at = more > 0 ? in.pos : at; more > 0; at = in.pos) {
		more = pco_next(&in, &item);
		if (more > 0 && item.value.len && it->ppp(item.id, it->message + (item.value.data - it->message), item.value.len))
			it->any = true;
	}
	if (more < 0)
		zero(it, at, in.end);
}

// `depth` 0: the message; `out` and `it`: what to find, and to conceal; either may be NULL.
static void walk(uint8_t version, struct wire_in in, unsigned depth, struct gtp_scan *out, struct concealing *it)
{
	const struct ie_framing *framing = version == 2 ? &ie_framing_v2 : &ie_framing_v1;
	struct ie_seen seen = {0};
	struct ie_item item;
	struct tbcd digits;
	const uint8_t *at = in.pos, *end = in.end;
	int more;

	for (; (more = framing->next(&in, &seen, &item)) > 0; at = in.pos) {
		enum kind kind = kind_of(version, item.type);

		if (out && kind == KIND_IMSI && !ie_read_digits(&item.contents, &digits))
			out->imsi = tbcd_key(&digits);
		if (out && kind == KIND_FTEID && item.instance == (out->type == GTP2_CREATE_SESSION_RESPONSE)) {
			wire_skip(&item.contents, 1); // flags and the kind of interface
			out->sender_teid = wire_get_be32(&item.contents);
		}
		if (out && kind == KIND_SENDER)
			out->sender_teid = wire_get_be32(&item.contents);
		if (it && kind == KIND_PCO)
			conceal_pco(it, item.contents);
		if (it && kind == KIND_SECRET)
			zero(it, item.contents.pos, item.contents.end);
		if (it && kind == KIND_GROUP && depth < 2)
			walk(version, item.contents, depth + 1, NULL, it);
	}
	if (it && more < 0)
		zero(it, at, end);
}

static int message_open(const uint8_t *message, size_t len, struct gtp_scan *out, struct wire_in *ies)
{
	uint8_t version = len ? message[0] >> 5 : 0;
	struct gtp1_header v1;
	struct gtp2_header v2;
	uint16_t body_at;
	int error;

	*out = (struct gtp_scan){.version = version};
	if (version == 2) {
		error = gtp2_header_read(message, len, &v2);
		if (error && error != -ENOMSG)
			return -EBADMSG;
		out->type = v2.type;
		out->teid = v2.teid;
		out->sequence = v2.sequence;
		body_at = v2.has_teid ? 12 : 8;
		*ies = wire_in(message + body_at, (size_t)(v2.length - body_at));
		return 0;
	}
	error = version == 1 ? gtp1_header_read(message, len, &v1) : -EBADMSG;
	if (error && error != -ENOMSG && error != -EOPNOTSUPP)
		return -EBADMSG;
	out->type = v1.type;
	out->teid = v1.teid;
	out->sequence = v1.sequence;
	*ies = wire_in(message + v1.body_at, (size_t)(v1.length - v1.body_at));
	return 0;
}

int gtp_scan(const uint8_t *message, size_t len, struct gtp_scan *out)
{
	struct gtp_scan found;
	struct wire_in ies;
	int error = message_open(message, len, &found, &ies);

	if (error)
		return error;
	walk(found.version, ies, 0, &found, NULL);
	*out = found;
	return 0;
}

bool gtp_conceal(uint8_t *message, size_t len, bool (*conceal_ppp)(uint16_t protocol, uint8_t *packet, size_t len))
{
	struct concealing it = {.message = message, .ppp = conceal_ppp};
	struct gtp_scan scan;
	struct wire_in ies;

	if (message_open(message, len, &scan, &ies)) {
		zero(&it, message + (len < 8 ? len : 8), message + len);
		return it.any;
	}
	walk(scan.version, ies, 0, NULL, &it);
	zero(&it, ies.end, message + len); // a piggybacked message, which nobody sends us
	return it.any;
}
