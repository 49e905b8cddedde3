// SPDX-License-Identifier: Apache-2.0

#include "proto/ppp/frame.h"

#include "base/clean.h"
#include "base/wire.h"

#define ADDRESS_CONTROL 0xff03

int ppp_frame_parse(const void *frame, size_t len, uint16_t *protocol, const uint8_t **packet, size_t *packet_len)
{
	struct wire_in in = wire_in(frame, len), peek = in;
	uint16_t number;

	// FF 03 can't be a protocol: its first octet would be odd, which ends a compressed number (RFC 1661 2, 6.5).
	if (wire_get_be16(&peek) == ADDRESS_CONTROL)
		in = peek;
	number = wire_get_u8(&in);
	if (!(number & 1))
		number = (uint16_t)(number << 8 | wire_get_u8(&in));
	if (in.error || !(number & 1) || number & 0x100)
		return -EBADMSG;
	*protocol = number;
	*packet = in.pos;
	*packet_len = wire_left(&in);
	return 0;
}

size_t ppp_frame_head(uint8_t out[PPP_FRAME_HEAD_MAX], uint16_t protocol, bool acfc)
{
	struct wire_out head = wire_out(out, PPP_FRAME_HEAD_MAX);

	if (!acfc)
		wire_put_be16(&head, ADDRESS_CONTROL);
	wire_put_be16(&head, protocol);
	return wire_used(&head);
}

static const struct {
	uint16_t protocol;
	const char *name;
} names[] = {
	{PPP_IP, "IP"},
	{PPP_IPV6, "IPv6"},
	{PPP_IPCP, "IPCP"},
	{PPP_IPV6CP, "IPv6CP"},
	{PPP_CCP, "CCP"},
	{PPP_LCP, "LCP"},
	{PPP_PAP, "PAP"},
	{PPP_LQR, "LQR"},
	{PPP_CHAP, "CHAP"},
	{PPP_EAP, "EAP"},
	{0x8053, "ECP"},
	{0x8031, "BCP"},
	{0x8281, "MPLSCP"},
	{0xc029, "CBCP"},
	{0x003d, "MP"},
	{0x002d, "VJ-compressed"},
	{0x002f, "VJ-uncompressed"},
};

const char *ppp_protocol_name(uint16_t protocol)
{
	for (size_t i = 0; i < array_len(names); i++)
		if (names[i].protocol == protocol)
			return names[i].name;
	return "protocol";
}
