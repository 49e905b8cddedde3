// SPDX-License-Identifier: Apache-2.0
// The header of a frame: any octets parse or not, and what parses is inside; the printer takes any of it.

#include <stdlib.h>

#include "proto/ppp/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *packet;
	uint16_t protocol;
	size_t len;
	char text[200];

	if (ppp_frame_parse(data, size, &protocol, &packet, &len) < 0)
		return 0;
	if (packet < data || packet + len != data + size)
		abort();
	if (ppp_print(protocol, packet, len, text, sizeof(text)) >= sizeof(text))
		abort();
	return 0;
}
