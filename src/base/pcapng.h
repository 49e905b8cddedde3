// SPDX-License-Identifier: Apache-2.0
// Writes capture files of the pcapng format (draft-ietf-opsawg-pcapng), block by block: what Wireshark and tshark read, from a file or live.
#pragma once

#include "base/wire.h"

#define PCAPNG_RAW_IP 101 // link type: packets begin with their IPv4 or IPv6 header

// One section is begun by a writer, then its interfaces, numbered from 0 in this order, then packets.
void pcapng_section(struct wire_out *out, const char *application, const char *comment);
// `snap`: octets kept of each packet, 0 = all.
void pcapng_interface(struct wire_out *out, const char *name, const char *description, uint32_t snap);

struct pcapng_packet {
	uint32_t interface;
	uint64_t time_us; // since 1970
	bool is_sent; // by us; else received
	const uint8_t *head, *bytes; // the packet in two pieces
	size_t head_len, len;
	size_t cut; // octets that were left out at its end
	uint64_t missed; // packets between the last one and this that were not kept
	const char *comment; // or NULL
};
void pcapng_packet(struct wire_out *out, const struct pcapng_packet *packet);
// The last words about an interface.
void pcapng_statistics(
	struct wire_out *out, uint32_t interface, uint64_t time_us, uint64_t seen, uint64_t missed, const char *comment);
