// SPDX-License-Identifier: Apache-2.0
// What the gateway needs of rtnetlink, over libmnl: links, addresses, routes and rules of one namespace.
//
// A `struct nl` speaks for the namespace that the thread was in when it was opened, wherever the thread goes afterwards. Calls are
// synchronous (the kernel answers at once): worker thread only. All return 0 or -errno; nl_error is the kernel's own explanation of the last
// failure, where it gave one.
#pragma once

#include "base/addr.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nl;

// Routes and rules that carry this protocol number are the gateway's; others are left alone.
#define NL_PROTOCOL 115

int nl_new(struct nl **out);
void nl_free(struct nl **nl);
const char *nl_error(const struct nl *nl); // "" when the kernel said nothing more than the number

struct nl_link {
	int index;
	char name[16];
	uint32_t flags; // IFF_*
	uint32_t mtu;
	char alias[40]; // room for an id
	char kind[16]; // "veth", "vlan", ..., "" for hardware
	uint64_t sent_packets, sent_bytes, received_packets, received_bytes;
};

int nl_link_get(struct nl *nl, const char *name, struct nl_link *out); // -ENODEV
struct nl_links {
	VEC(struct nl_link) rows;
};
int nl_links_get(struct nl *nl, struct nl_links *out); // vec_free(&out->rows) when done
int nl_link_up(struct nl *nl, int index);
// Moves the link to the namespace `ns_fd`, under the same name unless that is taken there (then as "devN").
int nl_link_move(struct nl *nl, int index, int ns_fd);
int nl_link_del(struct nl *nl, int index);
// Makes VLAN `id` of the link `lower`, straight into the namespace `ns_fd`. -EOPNOTSUPP where the kernel has no VLAN.
int nl_vlan_new(struct nl *nl, int lower, uint16_t id, const char *name, int ns_fd);

// Makes the global addresses of a link be exactly `wanted` (those of link-local and host scope stay).
struct nl_addr {
	struct ip_addr addr;
	uint8_t len;
};
int nl_addrs_set(struct nl *nl, int index, const struct nl_addr *wanted, size_t count);

enum nl_route_kind { NL_ROUTE_UNICAST = 1, NL_ROUTE_LOCAL = 2, NL_ROUTE_UNREACHABLE = 7 };
struct nl_route {
	enum nl_route_kind kind;
	struct ip_prefix to;
	struct ip_addr gateway; // IP_NONE = on link; it need not lie in a prefix of the link
	struct ip_addr source; // preferred; IP_NONE = the kernel chooses
	int link; // index; 0 for an unreachable one
	uint32_t metric;
};
// Makes the gateway's routes of a table be exactly `wanted`: what is there already is not touched.
int nl_routes_set(struct nl *nl, uint32_t table, const struct nl_route *wanted, size_t count);
int nl_route_put(struct nl *nl, uint32_t table, const struct nl_route *route); // adds or replaces one
bool nl_is_address(struct nl *nl, const struct ip_addr *addr); // somebody else has made it an address of this namespace
bool nl_has_default_route(struct nl *nl, int link); // some default route of the main table leaves by this link

// Makes the gateway's rules be exactly "fwmark M lookup M" for each mark, in both families. Routes of tables that lose their rule are removed.
int nl_marks_set(struct nl *nl, const uint32_t *marks, size_t count);

// Has what comes in by `iif` routed by `table` even where it is for an address of this namespace: the rule "local" comes after (IPv4).
int nl_local_after(struct nl *nl, const char *iif, uint32_t table);
// Has UDP to an address of this namespace that stands in the table NL_TABLE_CABLE make the detour by its route there, unless it comes in by `wire`.
#define NL_TABLE_CABLE 101
int nl_cable_rules_set(struct nl *nl, const char *wire, bool is_wanted);

// Makes a pair of virtual cables' ends: `name` here, `far_name` in the namespace `far_fd`. -EEXIST when one of the names is taken.
int nl_veth_new(struct nl *nl, const char *name, const char *far_name, int far_fd);
// Makes a link of a kind that needs no more than a name ("wireguard", "dummy"), straight into the namespace `ns_fd`. -EOPNOTSUPP where the
// kernel has none.
int nl_kind_new(struct nl *nl, const char *kind, const char *name, int ns_fd);
// Makes an XFRM interface (IPsec security associations as a link) in this namespace, which keeps the associations wherever the link is moved
// to. -EOPNOTSUPP where the kernel has none.
int nl_xfrm_new(struct nl *nl, const char *name, uint32_t if_id);
// The link's neighbour with this address is, for ever, at this Ethernet address.
int nl_neighbour_set(struct nl *nl, int index, const struct ip_addr *addr, const uint8_t mac[6]);
int nl_alias_set(struct nl *nl, int index, const char *alias); // the kernel takes none while a link is made
int nl_mtu_set(struct nl *nl, int index, uint32_t mtu);

// The number by which events name the namespace `ns_fd` to a listener in this one (NETLINK_LISTEN_ALL_NSID); made where there is none.
int nl_nsid(struct nl *nl, int ns_fd, int *out);
