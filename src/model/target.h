// SPDX-License-Identifier: Apache-2.0
// Routing Target: where a VSlice's traffic leaves the platform. And the redundancy zones that targets stand in.
#pragma once

#include "model/noun.h"

enum target_type { TARGET_INTERNET = 1, TARGET_VPN, TARGET_WIREGUARD, TARGET_PEERING };
enum target_status { TARGET_PENDING = 1, TARGET_AVAILABLE, TARGET_UNAVAILABLE };

struct vpn_config {
	char *remote_peer_address, *remote_subnets, *remote_encryption_domain, *local_encryption_domain, *local_subnets;
	char *preshared_key, *key_exchange_type, *ike_option, *esp_option, *local_identity, *remote_identity;
	int64_t phase1_lifetime, phase2_lifetime;
};

struct internet_config {
	char *public_addresses;
};

struct wireguard_config {
	char *local_subnets, *local_public_key, *remote_public_key, *remote_subnets, *remote_peer_address;
	int64_t remote_peer_port;
};

struct bgp_config {
	int64_t local_as, peer_as;
	char *peer_address, *password;
};

struct peering_config {
	char *interface, *local_address, *gateway_address, *remote_subnets;
	struct bgp_config bgp; // nothing set = no BGP
};

struct target_config {
	struct internet_config internet;
	struct vpn_config vpn;
	struct wireguard_config wireguard;
	struct peering_config peering;
};

struct target {
	struct object object;
	int64_t type, status;
	struct field_ref vslice, zone;
	char *zone_name, *gateway_moniker, *gateway_name;
	struct target_config config;
	int64_t packets_up, bytes_up, packets_down, bytes_down, refused;
	char *public_instance, *instance, *instance_id, *subnet_address, *status_message;
	int64_t network_key;
};

struct zone {
	struct object object;
	struct field_ref gateway;
};

// Fills `instance`: what of its zone serves the target. Each zone has one instance a type.
void target_fill_instance(struct target *target);
