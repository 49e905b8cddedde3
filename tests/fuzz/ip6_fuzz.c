// SPDX-License-Identifier: Apache-2.0
// Neighbour Discovery and DHCPv6: any octets are read or not; an advertisement that was read is written, read and written to be the same. The checksum, which
// no fuzzer guesses, is made right first.

#include <stdlib.h>

#include "proto/ip6/dhcp6.h"
#include "proto/ip6/nd.h"

static void advertisement(const uint8_t *packet, size_t len)
{
	uint8_t out[ND_RA_MAX], twice[ND_RA_MAX];
	struct nd_ra ra, again;
	size_t out_len, twice_len;

	if (nd_ra_read(packet, len, &ra))
		return;
	if (ra.prefix_count > ND_PREFIXES || ra.server_count > ND_SERVERS)
		abort();
	(void)nd_ra_slaac(&ra);
	if (nd_ra_write(&ra, out, sizeof(out), &out_len) || nd_ra_read(out, out_len, &again) ||
		nd_ra_write(&again, twice, sizeof(twice), &twice_len) || out_len != twice_len || memcmp(out, twice, out_len) != 0)
		abort();
}

static void solicitation(const uint8_t *packet, size_t len)
{
	uint8_t out[96], src[IP6_LEN];
	struct nd_ns ns;
	size_t out_len;

	(void)nd_rs_read(packet, len, src);
	if (!nd_ns_read(packet, len, &ns) && nd_na_write(&ns, true, out, sizeof(out), &out_len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t packet[4096];
	struct dhcp6_delegation delegation;
	struct ip6_header header;
	struct wire_in payload;
	size_t at;

	if (size > sizeof(packet))
		return 0;
	memcpy(packet, data, size);
	if (!ip6_header_read(packet, size, &header, &payload) && wire_left(&payload) >= 8) {
		uint16_t sum;

		at = IP6_HEADER_LEN + (header.next == IP6_UDP ? 6 : 2);
		packet[at] = packet[at + 1] = 0;
		sum = ip6_checksum(&header, payload.pos, wire_left(&payload));
		packet[at] = (uint8_t)(sum >> 8);
		packet[at + 1] = (uint8_t)sum;
	}
	(void)ip6_kind(packet, size);
	advertisement(packet, size);
	solicitation(packet, size);
	if (dhcp6_delegation_read(packet, size, &delegation) == 1 && delegation.len > 128)
		abort();
	return 0;
}
