// SPDX-License-Identifier: Apache-2.0
// Packets of the random policies' tests as octets, each with a number of its own in its payload, by which it is known again wherever it comes out.
#pragma once

#include "reference.h"

#include <stddef.h>

struct wire_packet {
	struct reference_packet packet; // of ICMP echo the identifier is the source port
	uint32_t number;
	bool is_answer; // ICMP: an echo reply
	uint8_t tcp_flags;
	uint32_t seq, ack;
};

#define WIRE_MAX 128
#define WIRE_SYN 0x02
#define WIRE_ACK 0x10
#define WIRE_PAYLOAD 8 // octets
#define WIRE_OTHER 253 // a protocol that nobody knows (RFC 3692)

size_t wire_build(const struct wire_packet *packet, uint8_t out[WIRE_MAX]); // its length
// False when it is none of ours. A checksum that is wrong is said in `fault`.
bool wire_parse(const uint8_t *octets, size_t len, struct wire_packet *out, const char **fault);
char *wire_text(const struct wire_packet *packet, char out[160]);
