// SPDX-License-Identifier: Apache-2.0
#include "proto/ip6/ip6.h"

#include "base/clean.h"

#define VERSION 0x60000000
#define ECHO_REQUEST 128

const uint8_t ip6_any[IP6_LEN];
const uint8_t ip6_all_nodes[IP6_LEN] = {0xff, 0x02, [15] = 1};
const uint8_t ip6_all_routers[IP6_LEN] = {0xff, 0x02, [15] = 2};

int ip6_header_read(const void *packet, size_t len, struct ip6_header *out, struct wire_in *payload)
{
	struct wire_in in = wire_in(packet, len);
	struct ip6_header header;
	uint32_t version = wire_get_be32(&in);
	const uint8_t *src, *dst;

	header.payload_len = wire_get_be16(&in);
	header.next = wire_get_u8(&in);
	header.hop_limit = wire_get_u8(&in);
	src = wire_get_bytes(&in, IP6_LEN);
	dst = wire_get_bytes(&in, IP6_LEN);
	*payload = wire_get_sub(&in, header.payload_len);
	if (in.error || !src || !dst || (version & 0xf0000000) != VERSION)
		return -EBADMSG;
	memcpy(header.src, src, IP6_LEN);
	memcpy(header.dst, dst, IP6_LEN);
	*out = header;
	return 0;
}

void ip6_header_write(struct wire_out *out, const struct ip6_header *header)
{
	wire_put_be32(out, VERSION);
	wire_put_be16(out, header->payload_len);
	wire_put_u8(out, header->next);
	wire_put_u8(out, header->hop_limit);
	wire_put_bytes(out, header->src, IP6_LEN);
	wire_put_bytes(out, header->dst, IP6_LEN);
}

static uint32_t sum_of(const uint8_t *bytes, size_t len, uint32_t sum)
{
	struct wire_in in = wire_in(bytes, len);

	while (wire_left(&in) >= 2)
		sum += wire_get_be16(&in);
	return wire_left(&in) ? sum + (uint32_t)(wire_get_u8(&in) << 8) : sum;
}

uint16_t ip6_checksum(const struct ip6_header *header, const uint8_t *payload, size_t len)
{
	uint32_t sum = sum_of(header->src, IP6_LEN, (uint32_t)len + header->next);

	sum = sum_of(header->dst, IP6_LEN, sum);
	sum = sum_of(payload, len, sum);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

int ip6_payload_end(struct wire_out *out, size_t checksum_at)
{
	struct ip6_header header;
	struct wire_in payload;
	size_t len = wire_used(out) - IP6_HEADER_LEN;
	uint16_t sum;

	if (out->error || wire_used(out) < IP6_HEADER_LEN || len > UINT16_MAX)
		return -EMSGSIZE;
	wire_patch_be16(out, 4, (uint16_t)len);
	wire_patch_be16(out, IP6_HEADER_LEN + checksum_at, 0);
	if (ip6_header_read(out->start, wire_used(out), &header, &payload))
		return -EMSGSIZE;
	sum = ip6_checksum(&header, payload.pos, len);
	wire_patch_be16(out, IP6_HEADER_LEN + checksum_at, sum ? sum : 0xffff);
	return 0;
}

enum ip6_kind ip6_kind(const void *packet, size_t len)
{
	static const struct {
		uint8_t type;
		enum ip6_kind kind;
	} messages[] = {
		{2, IP6_PACKET_TOO_BIG},
		{ECHO_REQUEST, IP6_ECHO_REQUEST},
		{129, IP6_ECHO_REPLY},
		{133, IP6_ROUTER_SOLICITATION},
		{134, IP6_ROUTER_ADVERTISEMENT},
		{135, IP6_NEIGHBOR_SOLICITATION},
		{136, IP6_NEIGHBOR_ADVERTISEMENT},
	};
	struct ip6_header header;
	struct wire_in payload;
	uint16_t first, second;

	if (ip6_header_read(packet, len, &header, &payload))
		return IP6_OTHER;
	first = wire_get_be16(&payload);
	second = wire_get_be16(&payload);
	if (payload.error)
		return IP6_OTHER;
	if (header.next == IP6_UDP && first == 547 && second == 546)
		return IP6_DHCP_FROM_SERVER;
	if (header.next == IP6_UDP && first == 546 && second == 547)
		return IP6_DHCP_FROM_CLIENT;
	for (size_t i = 0; header.next == IP6_ICMP && i < array_len(messages); i++)
		if (messages[i].type == first >> 8)
			return messages[i].kind;
	return IP6_OTHER;
}

void ip6_link_local(const uint8_t interface_id[8], uint8_t out[IP6_LEN])
{
	static const uint8_t prefix[8] = {0xfe, 0x80};

	memcpy(out, prefix, sizeof(prefix));
	memcpy(out + 8, interface_id, 8);
}

bool ip6_is_link_local(const uint8_t address[IP6_LEN])
{
	return address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

int ip6_echo_write(const uint8_t src[IP6_LEN], const uint8_t dst[IP6_LEN], uint16_t id, uint16_t sequence, void *out, size_t len)
{
	struct ip6_header header = {.next = IP6_ICMP, .hop_limit = 64};
	struct wire_out packet = wire_out(out, len);

	memcpy(header.src, src, IP6_LEN);
	memcpy(header.dst, dst, IP6_LEN);
	ip6_header_write(&packet, &header);
	wire_put_be16(&packet, ECHO_REQUEST << 8);
	wire_put_be16(&packet, 0);
	wire_put_be16(&packet, id);
	wire_put_be16(&packet, sequence);
	if (!packet.error)
		wire_put_zeros(&packet, len - wire_used(&packet));
	return ip6_payload_end(&packet, 2);
}
