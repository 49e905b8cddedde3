// SPDX-License-Identifier: Apache-2.0
#include "proto/l2tp/header.h"

#define VERSION_MASK 0x000f
#define FLAGS_MASK (L2TP_CONTROL_FLAGS | L2TP_FLAG_OFFSET | L2TP_FLAG_PRIORITY)

int l2tp_header_parse(const void *bytes, size_t len, struct l2tp_header *out)
{
	struct wire_in in = wire_in(bytes, len);
	uint16_t word = wire_get_be16(&in);
	struct l2tp_header header = {.flags = word & FLAGS_MASK};

	if (in.error)
		return -EBADMSG;
	if ((word & VERSION_MASK) != L2TP_VERSION)
		return -EPROTONOSUPPORT;
	if (l2tp_is_control(&header) && (header.flags & (L2TP_CONTROL_FLAGS | L2TP_FLAG_OFFSET)) != L2TP_CONTROL_FLAGS)
		return -EBADMSG;
	if (header.flags & L2TP_FLAG_LENGTH) {
		uint16_t length = wire_get_be16(&in);

		if (in.error || length < 4 || length > len)
			return -EBADMSG;
		// What follows the stated length is not ours to read (an Ethernet frame's padding, say).
		in.end = (const uint8_t *)bytes + length;
	}
	header.tunnel_id = wire_get_be16(&in);
	header.session_id = wire_get_be16(&in);
	if (header.flags & L2TP_FLAG_SEQUENCE) {
		header.ns = wire_get_be16(&in);
		header.nr = wire_get_be16(&in);
	}
	if (header.flags & L2TP_FLAG_OFFSET) {
		header.offset = wire_get_be16(&in);
		wire_skip(&in, header.offset);
	}
	if (in.error || wire_left(&in) > UINT16_MAX)
		return -EBADMSG;
	header.payload = in.pos;
	header.len = (uint16_t)wire_left(&in);
	*out = header;
	return 0;
}

size_t l2tp_header_size(const struct l2tp_header *header)
{
	return 6u + (header->flags & L2TP_FLAG_LENGTH ? 2u : 0u) + (header->flags & L2TP_FLAG_SEQUENCE ? 4u : 0u) +
		(header->flags & L2TP_FLAG_OFFSET ? 2u + header->offset : 0u);
}

void l2tp_header_build(struct wire_out *out, const struct l2tp_header *header)
{
	size_t length = l2tp_header_size(header) + header->len;

	if (length > UINT16_MAX) {
		out->error = -EMSGSIZE;
		return;
	}
	wire_put_be16(out, (uint16_t)((header->flags & FLAGS_MASK) | L2TP_VERSION));
	if (header->flags & L2TP_FLAG_LENGTH)
		wire_put_be16(out, (uint16_t)length);
	wire_put_be16(out, header->tunnel_id);
	wire_put_be16(out, header->session_id);
	if (header->flags & L2TP_FLAG_SEQUENCE) {
		wire_put_be16(out, header->ns);
		wire_put_be16(out, header->nr);
	}
	if (header->flags & L2TP_FLAG_OFFSET) {
		wire_put_be16(out, header->offset);
		wire_put_zeros(out, header->offset);
	}
}
