// SPDX-License-Identifier: Apache-2.0
// GTP-U: the payload lies within the packet, and a packet written from what was read reads the same.
#include "proto/gtp/gtpu.h"

#include <stdlib.h>

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[70000];
	struct gtpu_packet packet, again;
	struct gtpu_error error;
	int r = gtpu_read(data, size, &packet), len;

	if (r == -EOPNOTSUPP)
		must(gtpu_supported_extensions(&packet, out, sizeof(out)) > 0);
	if (r)
		return 0;
	must(packet.payload >= data && packet.payload + packet.payload_len <= data + size);
	gtpu_error_read(&packet, &error);
	len = gtpu_write(&packet, out, sizeof(out));
	if (len < 0)
		return 0; // it had options in a packet of full length, and gets longer ones
	must(!gtpu_read(out, (size_t)len, &again));
	must(again.type == packet.type && again.teid == packet.teid && again.sequence == packet.sequence &&
		again.npdu == packet.npdu);
	must(again.udp_port == packet.udp_port && again.payload_len == packet.payload_len);
	must(!packet.payload_len || !memcmp(again.payload, packet.payload, packet.payload_len));
	return 0;
}
