// SPDX-License-Identifier: Apache-2.0
#include "proto/ppp/conceal.h"

#include "base/wire.h"
#include "proto/ppp/frame.h"

#define HEAD 4 // code, identifier, length
#define SPAP 0xc027

enum { PAP_REQUEST = 1 };
enum { CHAP_CHALLENGE = 1, CHAP_RESPONSE = 2, CHAP_FAILURE = 4 };

// From `at` to the end of the packet.
static bool zero_rest(uint8_t *packet, size_t len, size_t at)
{
	if (at >= len)
		return false;
	memset(packet + at, 0, len - at);
	return true;
}

// A field with its length in one octet before it; gives where it ends, 0 when it does not fit.
static size_t after_counted(const uint8_t *packet, size_t len, size_t at)
{
	struct wire_in in = wire_in(packet, len);

	wire_skip(&in, at);
	wire_skip(&in, wire_get_u8(&in));
	return in.error ? 0 : (size_t)(in.pos - packet);
}

// RFC 1334 2.2: the name stays, the password goes with all that may stand behind it.
static bool conceal_pap(uint8_t *packet, size_t len)
{
	size_t password = after_counted(packet, len, HEAD);

	if (packet[0] != PAP_REQUEST)
		return false; // answers have words only
	return zero_rest(packet, len, password ? password + 1 : HEAD);
}

// RFC 1994 4.1: with the response a password can be guessed, and likewise with what MS-CHAPv2 says in its Success (RFC 2759 5).
static bool conceal_chap(uint8_t *packet, size_t len)
{
	size_t name = after_counted(packet, len, HEAD);

	if (packet[0] == CHAP_CHALLENGE || packet[0] == CHAP_FAILURE)
		return false;
	if (packet[0] != CHAP_RESPONSE || !name)
		return zero_rest(packet, len, HEAD);
	memset(packet + HEAD + 1, 0, name - HEAD - 1);
	return true;
}

bool ppp_conceal(uint16_t protocol, uint8_t *packet, size_t len)
{
	if (len < HEAD)
		return false;
	switch (protocol) {
	case PPP_PAP:
		return conceal_pap(packet, len);
	case PPP_CHAP:
		return conceal_chap(packet, len);
	case PPP_EAP:
		return zero_rest(packet, len, HEAD + 1); // the type stays
	case SPAP:
		return zero_rest(packet, len, HEAD);
	default:
		return false;
	}
}
