// SPDX-License-Identifier: Apache-2.0
// What a subnet has to give to SIMs, as numbers that count up: of IPv4 the addresses, of IPv6 the /64 prefixes, since each SIM has one of its own
// (TS 23.401 5.3.1.2.2); their upper 64 bits are the number.
#pragma once

#include "base/addr.h"

struct subnet_range {
	enum ip_family family;
	uint64_t first, last; // inclusive
};

#define SUBNET_TEXT IP_PREFIX_TEXT

// All but the network's own address, its broadcast address and the first one, which is the gateway's; of an IPv6 subnet larger than /64 all but
// the first /64. -ERANGE when nothing is left: longer than /30, or than /64.
int subnet_range(const struct ip_prefix *prefix, struct subnet_range *out);
// The gateway's address in it; IP_NONE of IPv6, where routers are known by link-local addresses.
struct ip_addr subnet_gateway(const struct ip_prefix *prefix);
uint64_t subnet_number(const struct ip_addr *addr); // 0 for IP_NONE
struct ip_addr subnet_addr(enum ip_family family, uint64_t number); // of IPv6 the prefix, its lower half zero
char *subnet_text(enum ip_family family, uint64_t number, char out[SUBNET_TEXT]); // "100.64.0.7", "2001:db8:0:7::/64"
// What subnet_text wrote, or a bare address. 0 or -EINVAL.
int subnet_parse(const char *text, enum ip_family *family, uint64_t *number);
bool subnet_range_has(const struct subnet_range *range, enum ip_family family, uint64_t number);
