// SPDX-License-Identifier: Apache-2.0
// VSlice: an isolated network of one customer, with its LACs and LNSs when its type is L2TP.
#pragma once

#include "model/noun.h"
#include "model/settings.h"

enum vslice_type { VSLICE_INTEGRATED = 1, VSLICE_L2TP };
enum dns_mode { DNS_AUTO = 1, DNS_CUSTOM };
enum ip_allocation { IP_ALLOCATION_STATIC = 1, IP_ALLOCATION_POOLED, IP_ALLOCATION_PPP };

enum ip_address_family { IP_FAMILY_IPV4 = 1, IP_FAMILY_IPV6, IP_FAMILY_IPV4V6 };

struct lac {
	struct object object;
	char *address;
	int64_t port;
	char *tunnel_secret, *next_tunnel_secret;
};

struct lns {
	struct object object;
	char *address;
	int64_t port;
	int64_t preference; // as the list stands, from 1
	int64_t equal_preference; // as good as the one before it
	char *tunnel_secret, *next_tunnel_secret;
	struct l2tp_settings settings; // in place of the VSlice's; mostly unset
};

struct vslice {
	struct object object;
	int64_t type; // enum vslice_type
	int64_t ip_address_family, dns_mode, ip_allocation;
	char *subnet_address; // written only: the first of `subnets`
	struct field_texts subnets, dns_servers;
	struct field_texts leases; // in the gateway link only: what that gateway may give out
	struct field_ref default_routing_policy, regional_gateway, event_map;
	struct field_rows lacs, lnss;
	struct l2tp_settings settings;
	int64_t endpoint_groups, endpoints;
	char *readiness; // JSON, made when it is read
	char *data_path;
};

#define VSLICE_LNS_MAX 5
