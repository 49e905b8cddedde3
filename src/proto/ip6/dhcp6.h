// SPDX-License-Identifier: Apache-2.0
// DHCPv6 (RFC 8415) as far as one must read it who passes it on: which prefix a server has delegated to the router behind the link (IA_PD), so that
// packets from it are known to be the SIM's.
#pragma once

#include "proto/ip6/ip6.h"

struct dhcp6_delegation {
	uint8_t prefix[IP6_LEN];
	uint8_t len; // bits
	uint32_t valid_s; // 0: it is taken back
};

// 1: the packet is a server's Reply with a delegated prefix, the first is in `*out`; 0: it is none; -EBADMSG: malformed.
int dhcp6_delegation_read(const void *packet, size_t len, struct dhcp6_delegation *out);
// Such a Reply, with that prefix alone. 0 or -EMSGSIZE.
int dhcp6_delegation_write(const uint8_t from[IP6_LEN], const uint8_t to[IP6_LEN], const struct dhcp6_delegation *delegation,
	void *out, size_t size, size_t *len);
