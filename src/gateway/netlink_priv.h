// SPDX-License-Identifier: Apache-2.0
// Shared by netlink.c (addresses, routes, rules) and netlink_link.c.
#pragma once

#include "gateway/netlink.h"

#include <libmnl/libmnl.h>

struct nl {
	struct mnl_socket *socket;
	uint32_t seq;
	char error[120]; // the kernel's words
	char out[1024] __attribute__((aligned(8)));
	char in[32768] __attribute__((aligned(8)));
};

// What the callbacks of an exchange get as their data.
struct nl_reply {
	struct nl *nl;
	void *data; // the caller's
};

// Begins a request in nl->out.
struct nlmsghdr *nl_request(struct nl *nl, uint16_t type, uint16_t flags);
// Sends it and waits for the end of the answer. `each` (may be NULL) sees the messages of the answer.
int nl_talk(struct nl *nl, mnl_cb_t each, void *data);
// As nl_talk for a dump into a vector, whose `*count` is set back when the kernel says that the dump was torn and it has to be repeated.
int nl_dump(struct nl *nl, mnl_cb_t each, void *data, size_t *count);
void nl_put_addr(struct nlmsghdr *request, uint16_t type, const struct ip_addr *addr);
void nl_get_addr(const struct nlattr *attr, struct ip_addr *out); // by the length of the attribute
uint8_t nl_family(const struct ip_addr *addr); // AF_*
void nl_link_parse(const struct nlmsghdr *message, struct nl_link *out); // RTM_NEWLINK, RTM_DELLINK
