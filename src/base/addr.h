// SPDX-License-Identifier: Apache-2.0
// IP addresses, prefixes and UDP end points as plain values. Octets are in network order.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ip_family { IP_NONE = 0, IP_V4 = 4, IP_V6 = 6 };

struct ip_addr {
	uint8_t family; // enum ip_family
	uint8_t bytes[16]; // the first 4 for IPv4; the rest is zero
};

struct ip_prefix {
	struct ip_addr addr; // host bits are zero
	uint8_t len; // bits
};

// An address and a UDP or TCP port (host order).
struct ip_end {
	struct ip_addr addr;
	uint16_t port;
};

#define IP_ADDR_TEXT 46 // room for any address as text, with the NUL
#define IP_PREFIX_TEXT 50
#define IP_END_TEXT 56

// Text to value. 0, or -EINVAL; `*out` is untouched on failure. No name look-ups.
int ip_addr_parse(const char *text, struct ip_addr *out);
int ip_prefix_parse(const char *text, struct ip_prefix *out); // "a.b.c.d/n"; a bare address is /32 or /128; host bits are cleared
// As above, but refuses host bits: "10.0.0.1/24" is -EINVAL.
int ip_prefix_parse_strict(const char *text, struct ip_prefix *out);

// Value to text, into `out` (of the room named above); returns `out`. IP_NONE is "-"; an end point is "a.b.c.d:port" or "[v6]:port".
char *ip_addr_text(const struct ip_addr *addr, char *out);
char *ip_prefix_text(const struct ip_prefix *prefix, char *out);
char *ip_end_text(const struct ip_end *end, char *out);

struct ip_addr ip_addr_v4(uint32_t host_order);
uint32_t ip_addr_to_v4(const struct ip_addr *addr); // host order; 0 when it is not IPv4
bool ip_addr_equal(const struct ip_addr *a, const struct ip_addr *b);
bool ip_end_equal(const struct ip_end *a, const struct ip_end *b);
bool ip_prefix_has(const struct ip_prefix *prefix, const struct ip_addr *addr);
uint64_t ip_end_hash(const struct ip_end *end);

// To and from the socket API. ip_end_to_sockaddr returns the length used of `out`; ip_end_from_sockaddr is 0 or -EAFNOSUPPORT.
socklen_t ip_end_to_sockaddr(const struct ip_end *end, struct sockaddr_storage *out);
int ip_end_from_sockaddr(const struct sockaddr *sa, struct ip_end *out);
