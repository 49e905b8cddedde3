// SPDX-License-Identifier: Apache-2.0
// PPP frames as L2TP carries them (RFC 2661 5.3, RFC 1662 3.1): no flags, no FCS.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ppp_protocol {
	PPP_IP = 0x0021,
	PPP_IPV6 = 0x0057,
	PPP_IPCP = 0x8021,
	PPP_IPV6CP = 0x8057,
	PPP_CCP = 0x80fd,
	PPP_LCP = 0xc021,
	PPP_PAP = 0xc023,
	PPP_LQR = 0xc025,
	PPP_CHAP = 0xc223,
	PPP_EAP = 0xc227,
};

#define PPP_FRAME_HEAD_MAX 4

// Takes a frame apart, whatever compression of the header it uses: FF 03 or not, a protocol field of one octet or two.
// `*packet` points into the frame. 0, or -EBADMSG (too short, or no protocol number can look like this).
int ppp_frame_parse(const void *frame, size_t len, uint16_t *protocol, const uint8_t **packet, size_t *packet_len);
// Writes the header of a frame: FF 03 and the protocol, or with `acfc` the protocol only. Gives the octets written (4 or 2).
size_t ppp_frame_head(uint8_t out[PPP_FRAME_HEAD_MAX], uint16_t protocol, bool acfc);
// "LCP", "IPCP", ...; "protocol" where it has no name. The text is static.
const char *ppp_protocol_name(uint16_t protocol);
