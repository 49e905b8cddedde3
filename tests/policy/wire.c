// SPDX-License-Identifier: Apache-2.0
#include "wire.h"

#include <stdio.h>
#include <string.h>

#define MAGIC 0x504f4c49u

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static uint32_t sum_of(uint32_t sum, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static size_t header_len(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 8;
	}
	return 0;
}

// Where the checksum stands in the transport's header; 0: it has none.
static size_t sum_at(uint8_t protocol)
{
	return protocol == IPPROTO_TCP					 ? 16
		: protocol == IPPROTO_UDP				 ? 6
		: protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6 ? 2
									 : 0;
}

static uint32_t transport_sum(const struct reference_packet *packet, const uint8_t *transport, size_t len)
{
	size_t bytes = packet->source.family == IP_V4 ? 4 : 16;
	uint32_t sum = 0;

	if (packet->protocol != IPPROTO_ICMP)
		sum = sum_of(sum_of((uint32_t)(packet->protocol + len), packet->source.bytes, bytes), packet->destination.bytes,
			bytes);
	return sum_of(sum, transport, len);
}

static void put_transport(const struct wire_packet *packet, uint8_t *out, size_t len)
{
	const struct reference_packet *inner = &packet->packet;
	bool is_v6 = inner->protocol == IPPROTO_ICMPV6;
	size_t at = sum_at(inner->protocol);

	switch (inner->protocol) {
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		out[0] = is_v6 ? 128 + packet->is_answer : packet->is_answer ? 0 : 8;
		put16(out + 4, inner->source_port);
		break;
	case IPPROTO_TCP:
		put32(out + 4, packet->seq);
		put32(out + 8, packet->ack);
		put16(out + 12, 0x5000u | packet->tcp_flags);
		put16(out + 14, 0xffff);
		break;
	case IPPROTO_UDP:
		put16(out + 4, (unsigned)len);
		break;
	}
	if (inner->protocol == IPPROTO_TCP || inner->protocol == IPPROTO_UDP) {
		put16(out, inner->source_port);
		put16(out + 2, inner->destination_port);
	}
	if (at)
		put16(out + at, (uint16_t)~transport_sum(inner, out, len));
}

size_t wire_build(const struct wire_packet *packet, uint8_t out[WIRE_MAX])
{
	const struct reference_packet *inner = &packet->packet;
	size_t head = inner->source.family == IP_V4 ? 20 : 40, transport = header_len(inner->protocol),
	       len = transport + WIRE_PAYLOAD;

	memset(out, 0, WIRE_MAX);
	put32(out + head + transport, MAGIC);
	put32(out + head + transport + 4, packet->number);
	put_transport(packet, out + head, len);
	if (head == 40) {
		out[0] = 0x60;
		put16(out + 4, (unsigned)len);
		out[6] = inner->protocol;
		out[7] = 64;
		memcpy(out + 8, inner->source.bytes, 16);
		memcpy(out + 24, inner->destination.bytes, 16);
		return head + len;
	}
	out[0] = 0x45;
	put16(out + 2, (unsigned)(head + len));
	out[8] = 64;
	out[9] = inner->protocol;
	memcpy(out + 12, inner->source.bytes, 4);
	memcpy(out + 16, inner->destination.bytes, 4);
	put16(out + 10, (uint16_t)~sum_of(0, out, 20));
	return head + len;
}

bool wire_parse(const uint8_t *octets, size_t len, struct wire_packet *out, const char **fault)
{
	bool is_v6 = octets[0] >> 4 == 6;
	size_t head = is_v6 ? 40 : 20, whole = 0, transport, bytes = is_v6 ? 16 : 4;
	struct reference_packet *inner = &out->packet;

	*out = (struct wire_packet){0};
	if (len >= head)
		whole = is_v6 ? 40u + get16(octets + 4) : get16(octets + 2);
	if (len < head || whole > len)
		return false;
	inner->protocol = octets[is_v6 ? 6 : 9];
	transport = header_len(inner->protocol);
	if (whole != head + transport + WIRE_PAYLOAD || get32(octets + head + transport) != MAGIC)
		return false;
	inner->source.family = inner->destination.family = is_v6 ? IP_V6 : IP_V4;
	memcpy(inner->source.bytes, octets + (is_v6 ? 8 : 12), bytes);
	memcpy(inner->destination.bytes, octets + (is_v6 ? 24 : 16), bytes);
	octets += head;
	out->number = get32(octets + transport + 4);
	if (inner->protocol == IPPROTO_ICMP || inner->protocol == IPPROTO_ICMPV6) {
		out->is_answer = octets[0] == 0 || octets[0] == 129;
		inner->source_port = get16(octets + 4);
	} else if (transport) {
		inner->source_port = get16(octets);
		inner->destination_port = get16(octets + 2);
	}
	if (inner->protocol == IPPROTO_TCP) {
		out->seq = get32(octets + 4);
		out->ack = get32(octets + 8);
		out->tcp_flags = octets[13];
	}
	if (!is_v6 && sum_of(0, octets - head, 20) != 0xffff)
		*fault = "a wrong IP checksum";
	else if (sum_at(inner->protocol) && transport_sum(inner, octets, transport + WIRE_PAYLOAD) != 0xffff)
		*fault = "a wrong transport checksum";
	return true;
}

char *wire_text(const struct wire_packet *packet, char out[160])
{
	char from[IP_ADDR_TEXT], to[IP_ADDR_TEXT];

	snprintf(out, 160, "protocol %u %s port %u -> %s port %u%s", packet->packet.protocol,
		ip_addr_text(&packet->packet.source, from), packet->packet.source_port,
		ip_addr_text(&packet->packet.destination, to), packet->packet.destination_port,
		packet->is_answer ? " (answer)" : "");
	return out;
}
