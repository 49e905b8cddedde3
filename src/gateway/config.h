// SPDX-License-Identifier: Apache-2.0
// The gateway's decoded configuration: what the controller's stream (docs/reference/gateway-link.md) says, as C objects.
//
// `struct config` owns every object here, and each object begins with its id. An object is replaced whole when its row changes: readers keep ids (uuid) or look up
// again, they never keep a pointer across a return to the loop, except where a "borrowed until config_changed" is said.
#pragma once

#include "base/addr.h"
#include "base/map.h"
#include "base/subnet.h"
#include "base/vec.h"
#include "gateway/natpool.h"
#include "proto/gtp/tbcd.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define UUID_TEXT 37

struct uuid {
	char text[UUID_TEXT]; // lower case, or "" for none
};

struct lac_config {
	struct uuid id;
	char *name;
	struct ip_end address;
	char *secret; // NULL = none
	char *next_secret; // valid beside it; NULL = none
};

struct lns_config {
	struct uuid id;
	char *name;
	struct ip_end address;
	int preference; // 1 is tried first
	char *secret; // overrides the LAC's; NULL = the LAC's
	char *next_secret; // valid beside it; NULL = the LAC's where `secret` is
	json_t *settings; // the advancedSettings that are otherwise than the VSlice's; owned, NULL = none
};

enum vslice_type { VSLICE_INTEGRATED = 1, VSLICE_L2TP };

struct prefix_list {
	VEC(struct ip_prefix) rows;
};

// An object of a VSlice among the others of its kind (config_target_first, config_group_first).
struct sibling {
	void *next; // the next object, or NULL
};

struct vslice_config {
	struct uuid id;
	char *moniker, *name;
	enum vslice_type type;
	struct uuid default_policy;
	VEC(struct lac_config) lacs;
	VEC(struct lns_config) lnss; // in order of preference
	VEC(struct ip_addr)
	named; // that they said to try in their place (RFC 3193); not from the controller, and kept when it writes anew
	json_t *settings; // the advancedSettings that are set; owned
	bool has_ipv4, has_ipv6; // what its sessions may have
	// Of an Integrated VSlice:
	struct prefix_list subnets;
	VEC(struct ip_addr) dns; // empty = this gateway's
	VEC(struct subnet_range) leases; // what this gateway may give out for the length of a session
};

enum target_type { TARGET_INTERNET = 1, TARGET_VPN, TARGET_WIREGUARD, TARGET_PEERING };

struct peering_config {
	char interface[16]; // a host interface, "if.N" for a VLAN, or a veth's end
	struct ip_addr local; // with local_len
	uint8_t local_len;
	struct ip_addr gateway; // IP_NONE = on link
	struct prefix_list remote_subnets; // empty = everything, or with BGP nothing but what is learned
	struct {
		uint32_t local_as, peer_as; // 0 = no BGP
		struct ip_addr peer;
		char password[81]; // TCP-MD5; "" = none
	} bgp;
};

#define WIREGUARD_KEY_TEXT 45 // 44 characters of base64

struct wireguard_config {
	char remote_key[WIREGUARD_KEY_TEXT]; // the peer's public one
	struct ip_end remote; // IP_NONE = the peer dials
	struct prefix_list local_subnets, remote_subnets; // remote: empty = everything
};

struct vpn_config {
	struct ip_addr remote; // the peer's IKE end
	char local_id[101], remote_id[101]; // in IKE; "" = our address, and anybody
	char secret[129]; // "" = none yet
	char ike[101], esp[101]; // proposals, as strongSwan writes them; "" = its defaults
	uint32_t ike_lifetime_s, esp_lifetime_s;
	struct prefix_list local_subnets, remote_subnets; // remote: what the routes lead to; empty = everything
	struct prefix_list local_domain, remote_domain; // traffic selectors; empty = the subnets
};

struct internet_config {
	struct addr_set addresses; // of the gateway's public ones; empty = any of them
};

// The configuration of a Routing Target. What belongs to another type is empty.
struct target_config {
	struct uuid id, vslice;
	struct sibling sibling;
	char *moniker;
	enum target_type type;
	struct internet_config internet;
	struct peering_config peering;
	struct wireguard_config wireguard;
	struct vpn_config vpn;
};

int target_config_copy(const struct target_config *from, struct target_config **out); // 0 or -ENOMEM
void target_config_free(struct target_config **config);

enum rule_action { RULE_FORWARD = 1, RULE_DROP };
enum rule_direction { RULE_UPLINK = 1, RULE_DOWNLINK };

struct rule_config {
	struct uuid id;
	enum rule_action action;
	enum rule_direction direction;
	bool enabled, reflexive;
	// Patterns as the API checked them: address, CIDR, range a-b, comma-separated list; ports likewise; NULL = any.
	char *source, *destination, *source_port, *destination_port;
	char *protocol; // "tcp", "udp", "icmp" or NULL
	struct ip_addr divert; // IP_NONE = none
	uint16_t divert_port;
	struct uuid target;
	struct uuid regional_gateway; // applies at that gateway only; none = everywhere
};

struct policy_config {
	struct uuid id, vslice;
	char *moniker;
	bool active;
	VEC(struct rule_config) rules; // in order; first match wins
	uint64_t rate_bps[2]; // of each endpoint, uplink and downlink; 0 = no limit
	uint8_t discard_percent[2];
};

enum steering_action { STEERING_ALLOW = 1, STEERING_REJECT_SOFT, STEERING_REJECT_HARD };
enum radio_access { RADIO_2G = 1, RADIO_3G, RADIO_45G };

// What a policy says of some networks, or of all that no other entry names.
struct steering_entry {
	VEC(struct plmn) networks; // mnc_digits 0: all networks of the country code; empty: the default entry
	enum radio_access radio; // 0 = all
	enum steering_action action; // of an Operator Policy
	struct uuid gateway; // of a Regional Policy
	char *gateway_moniker;
};

// An Operator Policy or a Regional Policy.
struct steering_config {
	struct uuid id;
	char *moniker;
	VEC(struct steering_entry) entries;
};

struct group_config {
	struct uuid id, vslice, lac, operator_policy, regional_policy;
	struct uuid policy; // on an Integrated VSlice; none = no traffic
	struct sibling sibling;
	char *moniker;
	bool is_pooled; // addresses for the session only
};

enum endpoint_status {
	ENDPOINT_UNALLOCATED = 1,
	ENDPOINT_PENDING,
	ENDPOINT_PROVISIONAL,
	ENDPOINT_AUTO_ACTIVATE,
	ENDPOINT_ACTIVE,
	ENDPOINT_SUSPENDED,
	ENDPOINT_TERMINATED
};

const char *endpoint_status_name(enum endpoint_status status);

// The addresses that are kept for an endpoint of an Integrated VSlice; 0 = none of that family.
struct endpoint_address {
	struct uuid vslice;
	uint64_t v4, v6; // numbers of base/subnet.h
};

struct endpoint_config {
	struct uuid id, group;
	char iccid[24], msisdn[17];
	uint8_t status; // enum endpoint_status
	uint8_t imsi_count;
	uint64_t imsis[4]; // imsi_key() of proto/gtp/tbcd.h
	char *ppp_username, *ppp_password; // NULL = by the template
	struct endpoint_address *kept; // NULL = none
};

struct config {
	uint64_t revision;
	struct uuid gateway_id;
	VEC(struct ip_prefix) gtp_peers;
	struct natpool public_addresses; // for NAT; empty = the underlay's own
	VEC(char *) apns; // lower case; empty = any
	struct strmap vslices, targets, policies, operator_policies, regional_policies, groups, endpoints; // by uuid text
	struct strmap targets_of, groups_of; // by the VSlice's id: the first of its targets, of its groups
	struct map by_imsi; // imsi_key -> struct endpoint_config
	struct map kept; // hash of (VSlice, family, number) -> struct endpoint_config
};

// What a row changed, for those who hold live things made from it.
struct config_change {
	const char *kind; // "vslice", "routingTarget", ...
	struct uuid id;
	bool deleted;
	uint8_t imsi_count; // of an endpoint that was there before: the IMSIs that it had
	uint64_t imsis[4];
};

struct config *config_new(void);
void config_free(struct config **config);
// Takes the `data` of a put row. 0, or -EINVAL with a message in `why` (size 160): the object stays as it was.
int config_put(struct config *config, const char *kind, const char *id, const json_t *data, char *why);
void config_delete(struct config *config, const char *kind, const char *id);

struct vslice_config *config_vslice(const struct config *config, const struct uuid *id);
// An address that an LNS named: its answers are let in from the next slice_apply on.
void config_name_lns(struct vslice_config *vslice, const struct ip_addr *address);
struct target_config *config_target(const struct config *config, const struct uuid *id);
// Those of one VSlice: for (target = config_target_first(config, id); target; target = target->sibling.next)
struct target_config *config_target_first(const struct config *config, const struct uuid *vslice);
struct group_config *config_group_first(const struct config *config, const struct uuid *vslice);
struct policy_config *config_policy(const struct config *config, const struct uuid *id);
struct steering_config *config_operator_policy(const struct config *config, const struct uuid *id);
struct steering_config *config_regional_policy(const struct config *config, const struct uuid *id);
struct group_config *config_group(const struct config *config, const struct uuid *id);
struct endpoint_config *config_endpoint(const struct config *config, const struct uuid *id);
struct endpoint_config *config_endpoint_by_imsi(const struct config *config, uint64_t imsi_key);
// The endpoint for which the address is kept, or NULL.
const struct endpoint_config *config_kept_for(
	const struct config *config, const struct uuid *vslice, enum ip_family family, uint64_t number);
const struct lac_config *vslice_lac(const struct vslice_config *vslice, const struct uuid *id);

static inline bool uuid_is_none(const struct uuid *id)
{
	return !id->text[0];
}
bool uuid_equal(const struct uuid *a, const struct uuid *b);
void uuid_new(struct uuid *out); // random
void uuid_set(struct uuid *out, const char *text); // NULL = none
// The 16 octets of an id, for durable records: all zero for none, or for what is no UUID.
void uuid_pack(const struct uuid *id, uint8_t out[16]);
void uuid_unpack(const uint8_t octets[16], struct uuid *out);
