// SPDX-License-Identifier: Apache-2.0
// The parsers of the hot path: GTP-U, L2TP data, PPP and the inner IP header, each in one pass over a received buffer that is edited
// in place afterwards. They are the one place in user space beside base/wire.h that looks at octets directly: each checks the room
// first, once, and all of them are fuzzed (tests/fuzz/dp_fuzz.c).
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GTPU_G_PDU 255
#define PPP_IP 0x0021
#define PPP_IPV6 0x0057
#define PPP_LCP 0xc021

static inline uint16_t parse_be16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t parse_be32(const uint8_t *at)
{
	return (uint32_t)parse_be16(at) << 16 | parse_be16(at + 2);
}

static inline void put_be16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void put_be32(uint8_t *at, uint32_t value)
{
	put_be16(at, (uint16_t)(value >> 16));
	put_be16(at + 2, (uint16_t)value);
}

// TS 29.281 5.1. `packet` points behind the header and its extensions.
struct gtpu_in {
	uint8_t type;
	uint32_t teid;
	uint8_t *packet;
	size_t len;
};

enum {
	GTPU_VERSION_1 = 0x30,
	GTPU_VERSION_MASK = 0xf0,
	GTPU_E = 4,
	GTPU_S = 2,
	GTPU_PN = 1
}; // version 1 and PT together are 0x30

// Whether a G-PDU with this extension header may be taken apart by one that does not act upon it: those that need no comprehension
// (bit 8 clear, TS 29.281 5.2.1) and those that only say something about radio handling.
static inline bool gtpu_extension_is_known(uint8_t type)
{
	return !(type & 0x80) || (type >= 0x81 && type <= 0x85) || (type >= 0xc0 && type <= 0xc2);
}

// 0; -EBADMSG; -EPROTONOSUPPORT for an extension that must be understood and is not.
static inline int gtpu_parse(uint8_t *datagram, size_t len, struct gtpu_in *out)
{
	size_t at = 8, end;
	uint8_t next;

	if (len < 8 || (datagram[0] & GTPU_VERSION_MASK) != GTPU_VERSION_1)
		return -EBADMSG;
	end = 8 + (size_t)parse_be16(datagram + 2);
	if (end > len)
		return -EBADMSG;
	out->type = datagram[1];
	out->teid = parse_be32(datagram + 4);
	if (datagram[0] & (GTPU_E | GTPU_S | GTPU_PN)) {
		if (end < 12)
			return -EBADMSG;
		next = datagram[0] & GTPU_E
			? datagram[11]
			: 0; // the octets are there with any of the three flags, and count only with their own
		at = 12;
		while (next) {
			size_t extension;

			if (at >= end)
				return -EBADMSG;
			extension = 4 * (size_t)datagram[at];
			if (extension == 0 || extension > end - at)
				return -EBADMSG;
			if (!gtpu_extension_is_known(next))
				return -EPROTONOSUPPORT;
			at += extension;
			next = datagram[at - 1];
		}
	}
	out->packet = datagram + at;
	out->len = end - at;
	return 0;
}

// RFC 2661 3.1. `payload` points behind the header, the offset padding included.
struct l2tp_in {
	bool control, sequenced;
	uint16_t tunnel_id, session_id;
	uint8_t *payload;
	size_t len;
};

enum { L2TP_T = 0x80, L2TP_L = 0x40, L2TP_S = 0x08, L2TP_O = 0x02, L2TP_P = 0x01 }; // of the first octet

// 0 or -EBADMSG. Reserved bits are ignored. Of a control datagram only `control` is set: it goes up whole.
static inline int l2tp_parse(uint8_t *datagram, size_t len, struct l2tp_in *out)
{
	size_t at = 2, end = len;
	uint8_t flags;

	if (len < 6 || (datagram[1] & 0x0f) != 2)
		return -EBADMSG;
	flags = datagram[0];
	out->control = flags & L2TP_T;
	if (out->control)
		return 0;
	if (len < (size_t)6 + (flags & L2TP_L ? 2 : 0) + (flags & L2TP_S ? 4 : 0) + (flags & L2TP_O ? 2 : 0))
		return -EBADMSG;
	if (flags & L2TP_L) {
		end = parse_be16(datagram + 2);
		at = 4;
		if (end > len)
			return -EBADMSG;
	}
	out->tunnel_id = parse_be16(datagram + at);
	out->session_id = parse_be16(datagram + at + 2);
	at += 4;
	out->sequenced = flags & L2TP_S;
	if (out->sequenced)
		at += 4;
	if (flags & L2TP_O)
		at += 2 + (size_t)parse_be16(datagram + at);
	if (at > end)
		return -EBADMSG;
	out->payload = datagram + at;
	out->len = end - at;
	return 0;
}

struct ppp_in {
	uint16_t protocol;
	uint8_t *packet;
	size_t len;
};

// RFC 1661 2, 6.5, 6.6: Address and Control or not, protocol of one octet (odd) or two (even, odd). 0 or -EBADMSG.
static inline int ppp_parse(uint8_t *frame, size_t len, struct ppp_in *out)
{
	size_t at = len >= 2 && frame[0] == 0xff && frame[1] == 0x03 ? 2 : 0;

	if (at >= len)
		return -EBADMSG;
	out->protocol = frame[at++];
	if (!(out->protocol & 1)) {
		if (at >= len || !(frame[at] & 1))
			return -EBADMSG;
		out->protocol = (uint16_t)(out->protocol << 8 | frame[at++]);
	}
	out->packet = frame + at;
	out->len = len - at;
	return 0;
}

struct inner_in {
	bool v6, dont_fragment;
	const uint8_t *source, *destination; // 4 or 16 octets
	size_t len; // as the header says: what follows it (padding) is cut off
};

// 0 or -EBADMSG. Only what forwarding needs is looked at: the packet's own checksum is its ends' affair.
static inline int inner_parse(const uint8_t *packet, size_t room, struct inner_in *out)
{
	if (room >= 20 && packet[0] >> 4 == 4) {
		size_t head = 4 * (size_t)(packet[0] & 15);

		out->len = parse_be16(packet + 2);
		if (head < 20 || out->len < head || out->len > room)
			return -EBADMSG;
		out->v6 = false;
		out->dont_fragment = packet[6] & 0x40;
		out->source = packet + 12;
		out->destination = packet + 16;
		return 0;
	}
	if (room < 40 || packet[0] >> 4 != 6)
		return -EBADMSG;
	out->len = 40 + (size_t)parse_be16(packet + 4);
	if (out->len > room)
		return -EBADMSG;
	out->v6 = out->dont_fragment = true;
	out->source = packet + 8;
	out->destination = packet + 24;
	return 0;
}
