// SPDX-License-Identifier: Apache-2.0
// The L2TPv2 header of control and data messages, every legal variant (RFC 2661 3.1).
#pragma once

#include "base/wire.h"

#define L2TP_FLAG_CONTROL 0x8000 // T
#define L2TP_FLAG_LENGTH 0x4000 // L
#define L2TP_FLAG_SEQUENCE 0x0800 // S: Ns and Nr are there
#define L2TP_FLAG_OFFSET 0x0200 // O
#define L2TP_FLAG_PRIORITY 0x0100 // P
#define L2TP_VERSION 2
#define L2TP_CONTROL_FLAGS (L2TP_FLAG_CONTROL | L2TP_FLAG_LENGTH | L2TP_FLAG_SEQUENCE)
#define L2TP_CONTROL_HEADER 12 // octets
#define L2TP_PORT 1701

struct l2tp_header {
	uint16_t flags; // L2TP_FLAG_*; the version and reserved bits are taken away
	uint16_t tunnel_id, session_id; // of the receiver
	uint16_t ns, nr; // 0 without S
	uint16_t offset; // padding octets before the payload; 0 without O
	const uint8_t *payload; // borrowed: AVPs, or a PPP frame with or without FF 03
	uint16_t len; // octets of payload
};

static inline bool l2tp_is_control(const struct l2tp_header *header)
{
	return header->flags & L2TP_FLAG_CONTROL;
}

// Zero-Length Body: only acknowledges.
static inline bool l2tp_is_zlb(const struct l2tp_header *header)
{
	return l2tp_is_control(header) && header->len == 0;
}

// 0; -EPROTONOSUPPORT when the version is not 2 (L2F, L2TPv3: to be discarded silently); -EBADMSG when it is cut short, when the length
// disagrees or when a control header lacks L or S or has O. Octets after the header's length are not part of the payload.
int l2tp_header_parse(const void *bytes, size_t len, struct l2tp_header *out);
// Octets of the header that `header->flags` and `header->offset` ask for: 6 to 14 and the padding.
size_t l2tp_header_size(const struct l2tp_header *header);
// Writes the header (payload not included) for a payload of header->len octets.
void l2tp_header_build(struct wire_out *out, const struct l2tp_header *header);
