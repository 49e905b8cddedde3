// SPDX-License-Identifier: Apache-2.0
// IPv6 as far as a gateway has to speak it itself: the header (RFC 8200), the checksum over the pseudo header, and what kind of signalling a packet
// is. Neighbour Discovery is in nd.h, DHCPv6 in dhcp6.h. All of them take whole IPv6 packets, as PPP and GTP-U carry them.
#pragma once

#include "base/wire.h"

#define IP6_LEN 16
#define IP6_HEADER_LEN 40
#define IP6_TEXT 46

enum ip6_next { IP6_UDP = 17, IP6_ICMP = 58 };

struct ip6_header {
	uint8_t src[IP6_LEN], dst[IP6_LEN];
	uint16_t payload_len;
	uint8_t next, hop_limit; // enum ip6_next; others are kept as they came
};

// The header, and in `*payload` a cursor over as many octets as it says. 0, or -EBADMSG: not IPv6, or cut short.
int ip6_header_read(const void *packet, size_t len, struct ip6_header *out, struct wire_in *payload);
// Writes the header; `payload_len` is patched by ip6_payload_end.
void ip6_header_write(struct wire_out *out, const struct ip6_header *header);
// Ends the one packet in `out`: length, and the checksum at `checksum_at` octets into the payload (RFC 8200 8.1). 0 or -EMSGSIZE.
int ip6_payload_end(struct wire_out *out, size_t checksum_at);
// Over pseudo header and payload, as it stands in the packet; 0 when the payload carries the right one already.
uint16_t ip6_checksum(const struct ip6_header *header, const uint8_t *payload, size_t len);

// What the packet is to one who watches a link; extension headers make it IP6_OTHER (RFC 6980: ND has none).
enum ip6_kind {
	IP6_OTHER,
	IP6_ROUTER_SOLICITATION,
	IP6_ROUTER_ADVERTISEMENT,
	IP6_NEIGHBOR_SOLICITATION,
	IP6_NEIGHBOR_ADVERTISEMENT,
	IP6_ECHO_REQUEST,
	IP6_ECHO_REPLY,
	IP6_PACKET_TOO_BIG,
	IP6_DHCP_FROM_SERVER, // UDP 547 -> 546
	IP6_DHCP_FROM_CLIENT, // UDP 546 -> 547
};
enum ip6_kind ip6_kind(const void *packet, size_t len);

// fe80:: and the interface identifier (RFC 4291 2.5.6).
void ip6_link_local(const uint8_t interface_id[8], uint8_t out[IP6_LEN]);
bool ip6_is_link_local(const uint8_t address[IP6_LEN]); // fe80::/10
extern const uint8_t ip6_any[IP6_LEN]; // ::
static inline bool ip6_is_any(const uint8_t address[IP6_LEN])
{
	return memcmp(address, ip6_any, IP6_LEN) == 0;
}
extern const uint8_t ip6_all_nodes[IP6_LEN], ip6_all_routers[IP6_LEN]; // ff02::1, ff02::2

// An ICMPv6 Echo Request of `len` octets in all, zeros in its data. 0 or -EMSGSIZE (also when `len` is less than its headers).
int ip6_echo_write(const uint8_t src[IP6_LEN], const uint8_t dst[IP6_LEN], uint16_t id, uint16_t sequence, void *out, size_t len);
