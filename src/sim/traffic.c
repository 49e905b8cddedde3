// SPDX-License-Identifier: Apache-2.0

#include "sim/traffic.h"

#include <string.h>

#include "base/wire.h"

#define PORT 7007
#define MARK 0x736c696365676174 // "slicegat"
#define IPV4_HEADER 20
#define UDP_HEADER 8
#define IPV6_HEADER 40

static uint32_t sum(const uint8_t *bytes, size_t len, uint32_t start)
{
	struct wire_in in = wire_in(bytes, len);

	while (wire_left(&in) > 1)
		start += wire_get_be16(&in);
	if (wire_left(&in))
		start += (uint32_t)wire_get_u8(&in) << 8;
	return start;
}

static uint16_t fold(uint32_t value)
{
	while (value >> 16)
		value = (value & 0xffff) + (value >> 16);
	return (uint16_t)~value;
}

size_t traffic_write(uint8_t *bytes, size_t size, uint32_t from, uint32_t to, uint16_t port, const struct traffic_mark *mark)
{
	struct wire_out out = wire_out(bytes, size);

	wire_put_be16(&out, 0x4500);
	wire_put_be16(&out, (uint16_t)size);
	wire_put_be32(&out, (uint32_t)mark->sequence << 16);
	wire_put_be16(&out, 64 << 8 | 17);
	wire_put_be16(&out, 0);
	wire_put_be32(&out, from);
	wire_put_be32(&out, to);
	wire_patch_be16(&out, 10, fold(sum(bytes, IPV4_HEADER, 0)));
	wire_put_be16(&out, PORT);
	wire_put_be16(&out, port);
	wire_put_be16(&out, (uint16_t)(size - IPV4_HEADER));
	wire_put_be16(&out, 0); // no checksum (RFC 768)
	wire_put_be64(&out, MARK);
	wire_put_be32(&out, mark->sender);
	wire_put_be32(&out, mark->sequence);
	wire_put_be64(&out, mark->sent_us);
	wire_put_zeros(&out, (size_t)(out.end - out.pos));
	return out.error ? 0 : size;
}

bool traffic_read(const uint8_t *packet, size_t len, struct traffic_mark *out)
{
	struct wire_in in = wire_in(packet, len);

	if (wire_get_u8(&in) != 0x45)
		return false;
	wire_skip(&in, 8);
	if (wire_get_u8(&in) != 17)
		return false;
	wire_skip(&in, 10);
	if (wire_get_be16(&in) == 0 || wire_get_be16(&in) != PORT)
		return false;
	wire_skip(&in, 4);
	if (wire_get_be64(&in) != MARK)
		return false;
	out->sender = wire_get_be32(&in);
	out->sequence = wire_get_be32(&in);
	out->sent_us = wire_get_be64(&in);
	return !in.error;
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	uint8_t kept[16];

	memcpy(kept, a, len);
	memcpy(a, b, len);
	memcpy(b, kept, len);
}

// An Echo-Request becomes a Reply by its type alone; the checksum follows by the difference (RFC 1624).
static void icmp_reply(uint8_t *icmp, uint8_t type)
{
	struct wire_in in = wire_in(icmp + 2, 2);
	uint32_t checksum = (uint16_t)~wire_get_be16(&in) + ((uint32_t)type << 8) + (uint16_t) ~((uint32_t)icmp[0] << 8);
	struct wire_out out = wire_out(icmp + 2, 2);

	wire_put_be16(&out, fold(checksum));
	icmp[0] = type;
}

static bool echo_v4(uint8_t *packet, size_t len)
{
	size_t header = (packet[0] & 0xfu) * 4u;

	if (header < IPV4_HEADER || len < header + UDP_HEADER || (packet[6] & 0x3f) || packet[7])
		return false; // no fragments: this is no host
	if (packet[9] == 1 && packet[header] == 8)
		icmp_reply(packet + header, 0);
	else if (packet[9] == 17)
		swap(packet + header, packet + header + 2, 2); // ports; a checksum covers both in any order
	else
		return false;
	swap(packet + 12, packet + 16, 4);
	return true;
}

static bool echo_v6(uint8_t *packet, size_t len)
{
	if (len < IPV6_HEADER + UDP_HEADER)
		return false;
	if (packet[6] == 58 && packet[IPV6_HEADER] == 128)
		icmp_reply(packet + IPV6_HEADER, 129);
	else if (packet[6] == 17)
		swap(packet + IPV6_HEADER, packet + IPV6_HEADER + 2, 2);
	else
		return false;
	swap(packet + 8, packet + 24, 16);
	return true;
}

bool traffic_echo(uint8_t *packet, size_t len)
{
	if (len >= IPV4_HEADER && packet[0] >> 4 == 4)
		return echo_v4(packet, len);
	return len >= IPV6_HEADER && packet[0] >> 4 == 6 && echo_v6(packet, len);
}
