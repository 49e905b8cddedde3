// SPDX-License-Identifier: Apache-2.0
// The segment size that the two ends of a TCP connection announce, lowered to what the session carries (RFC 9293 3.7.1), both ways.
//
// ICMP alone does not do: l2tpns drops what is longer than the MRU that we told it, and tells nobody, so a SIM's downloads would hang
// while its pings pass. The checksum is mended, not made (RFC 1624): a segment that was broken stays broken.
#include "gateway/dataplane/soft/soft.h"

enum { IP_TCP = 6, IP_OFFSET = 0x1fff, TCP_HEAD = 20, TCP_SYN = 2, OPTION_END = 0, OPTION_NONE = 1, OPTION_MSS = 2 };

// The two octets of a SYN's maximum segment size, or NULL when there is none. `room` is what the packet has from `tcp` on.
static uint8_t *find_mss(uint8_t *tcp, size_t room)
{
	size_t at = TCP_HEAD, head;

	if (room < TCP_HEAD || !(tcp[13] & TCP_SYN))
		return NULL;
	head = 4 * (size_t)(tcp[12] >> 4);
	if (head > room)
		return NULL;
	while (at + 4 <= head && tcp[at] != OPTION_END) {
		if (tcp[at] == OPTION_MSS)
			return tcp[at + 1] == 4 ? tcp + at + 2 : NULL;
		if (tcp[at] != OPTION_NONE && tcp[at + 1] < 2)
			return NULL;
		at += tcp[at] == OPTION_NONE ? 1 : tcp[at + 1];
	}
	return NULL;
}

// One of the words under a checksum becomes another. At an odd place its octets stand in two words: the sum sees them exchanged.
static void mend(uint8_t *checksum, uint16_t before, uint16_t after, bool odd)
{
	uint32_t sum = (uint16_t)~parse_be16(checksum);

	if (odd) {
		before = (uint16_t)(before << 8 | before >> 8);
		after = (uint16_t)(after << 8 | after >> 8);
	}
	sum += (uint16_t)~before + after;
	sum = (sum & 0xffff) + (sum >> 16);
	put_be16(checksum, (uint16_t) ~(sum + (sum >> 16)));
}

void soft_clamp_mss(uint8_t *packet, const struct inner_in *inner, uint16_t tcp_mss)
{
	size_t head = inner->v6 ? 40 : 4 * (size_t)(packet[0] & 15);
	uint16_t limit = inner->v6 ? tcp_mss - 20 : tcp_mss, announced;
	uint8_t *tcp = packet + head, *mss;

	if (packet[inner->v6 ? 6 : 9] != IP_TCP)
		return;
	if (!inner->v6 && parse_be16(packet + 6) & IP_OFFSET)
		return;
	mss = find_mss(tcp, inner->len - head);
	if (!mss)
		return;
	announced = parse_be16(mss);
	if (announced <= limit)
		return;
	put_be16(mss, limit);
	mend(tcp + 16, announced, limit, (mss - tcp) & 1);
}
