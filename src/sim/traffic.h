// SPDX-License-Identifier: Apache-2.0
// User traffic without hosts: small UDP packets that carry their sender's number and time, and an end that answers them.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRAFFIC_MIN 52 // IPv4, UDP and the mark
#define TRAFFIC_MAX 1500

struct traffic_mark {
	uint32_t sender; // the SIM's number
	uint32_t sequence;
	uint64_t sent_us;
};

// Writes an IPv4 UDP packet of `size` octets (TRAFFIC_MIN to TRAFFIC_MAX) from port 7007; gives its length.
size_t traffic_write(uint8_t *out, size_t size, uint32_t from, uint32_t to, uint16_t port, const struct traffic_mark *mark);
// Is this the echo of a packet of ours? Checks header and mark.
bool traffic_read(const uint8_t *packet, size_t len, struct traffic_mark *out);

// Turns a packet into its echo, in place: ICMP Echo-Request and any UDP over IPv4, ICMPv6 Echo-Request. False: nothing to answer.
bool traffic_echo(uint8_t *packet, size_t len);
