// SPDX-License-Identifier: Apache-2.0
// Routing Target rows and rules. A target belongs to one VSlice; the same fields serve both VSlice types (the seed).
#include "model/target.h"

#include "model/ruling.h"
#include "model/slug.h"
#include "model/text.h"
#include "model/vslice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct word target_types[] = {
	{TARGET_INTERNET, "internet", "Internet", "source NAT to a public address; nothing comes in"},
	{TARGET_VPN, "vpn", "VPN", "an IPsec tunnel to the customer"},
	{TARGET_WIREGUARD, "wireguard", "WireGuard", "a WireGuard tunnel to the customer"},
	{TARGET_PEERING, "peering", "Peering", "a private interface: a cross-connect, a VLAN, a cloud connection"},
	{0},
};

static const struct word target_statuses[] = {
	{TARGET_PENDING, "pending", "Pending", "no gateway has set it up yet"},
	{TARGET_AVAILABLE, "available", "Available", "traffic can flow"},
	{TARGET_UNAVAILABLE, "unavailable", "Unavailable", "it is set up, but does not work"},
	{0},
};

static const struct field vpn_fields[] = {
	{.name = "remotePeerAddress",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED,
		FIELD_AT(struct vpn_config, remote_peer_address),
		.max = 45,
		.format = FORMAT_IPV4,
		.label = "Remote peer address",
		.link = "remotePeerAddress",
		.help = "The customer's IKE end"},
	{.name = "remoteSubnets",
		.type = FIELD_TEXT,
		FIELD_AT(struct vpn_config, remote_subnets),
		.max = 1000,
		.format = FORMAT_PREFIXES,
		.label = "Remote subnets",
		.link = "remoteSubnets",
		.help = "The customer's networks, separated by commas"},
	{.name = "remoteEncryptionDomain",
		.type = FIELD_TEXT,
		FIELD_AT(struct vpn_config, remote_encryption_domain),
		.max = 1000,
		.format = FORMAT_PREFIXES,
		.label = "Remote encryption domain",
		.link = "remoteEncryptionDomain",
		.help = "The remote traffic selectors when they differ from the subnets"},
	{.name = "localEncryptionDomain",
		.type = FIELD_TEXT,
		FIELD_AT(struct vpn_config, local_encryption_domain),
		.max = 1000,
		.format = FORMAT_PREFIXES,
		.label = "Local encryption domain",
		.link = "localEncryptionDomain",
		.help = "The local traffic selectors when they differ from the subnets"},
	{.name = "localSubnets",
		.type = FIELD_TEXT,
		FIELD_AT(struct vpn_config, local_subnets),
		.max = 1000,
		.format = FORMAT_PREFIXES,
		.label = "Local subnets",
		.link = "localSubnets",
		.help = "Our networks, separated by commas"},
	{.name = "presharedKey",
		.type = FIELD_TEXT,
		.flags = FIELD_SECRET | FIELD_BLANK | FIELD_KEEP,
		FIELD_AT(struct vpn_config, preshared_key),
		.min = 1,
		.max = 128,
		.label = "Preshared key",
		.link = "presharedKey",
		.help = "The IKE secret that both sides share"},
	{.name = "localIdentity",
		.type = FIELD_TEXT,
		FIELD_AT(struct vpn_config, local_identity),
		.min = 1,
		.max = 100,
		.format = FORMAT_IDENTITY,
		.label = "Local identity",
		.link = "localIdentity",
		.help = "How we call ourselves in IKE; absent = our address. Targets with the same peer are told apart by it"},
	{.name = "remoteIdentity",
		.type = FIELD_TEXT,
		FIELD_AT(struct vpn_config, remote_identity),
		.min = 1,
		.max = 100,
		.format = FORMAT_IDENTITY,
		.label = "Remote identity",
		.link = "remoteIdentity",
		.help = "How the peer must call itself in IKE; absent = as it likes"},
	{.name = "keyExchangeType",
		.type = FIELD_TEXT,
		FIELD_AT(struct vpn_config, key_exchange_type),
		.min = 1,
		.max = 16,
		.initial = "ikev2",
		.label = "Key exchange",
		.link = "keyExchangeType",
		.help = "ikev2"},
	{.name = "vpnIkeOption",
		.type = FIELD_TEXT,
		FIELD_AT(struct vpn_config, ike_option),
		.max = 100,
		.label = "IKE proposal",
		.link = "vpnIkeOption",
		.help = "For example aes256-sha256-modp2048"},
	{.name = "vpnEspOption",
		.type = FIELD_TEXT,
		FIELD_AT(struct vpn_config, esp_option),
		.max = 100,
		.label = "ESP proposal",
		.link = "vpnEspOption",
		.help = "For example aes256-sha256-modp2048"},
	{.name = "phase1Lifetime",
		.type = FIELD_INT,
		.flags = FIELD_ZERO,
		FIELD_AT(struct vpn_config, phase1_lifetime),
		.min = 300,
		.max = 604800,
		.initial = "28800",
		.unit = "seconds",
		.label = "Phase 1 lifetime",
		.link = "phase1Lifetime",
		.help = "Life of the IKE association"},
	{.name = "phase2Lifetime",
		.type = FIELD_INT,
		.flags = FIELD_ZERO,
		FIELD_AT(struct vpn_config, phase2_lifetime),
		.min = 300,
		.max = 604800,
		.initial = "3600",
		.unit = "seconds",
		.label = "Phase 2 lifetime",
		.link = "phase2Lifetime",
		.help = "Life of the ESP association"},
};

static const struct field internet_fields[] = {
	{.name = "publicAddresses",
		.type = FIELD_TEXT,
		FIELD_AT(struct internet_config, public_addresses),
		.min = 1,
		.max = 400,
		.format = FORMAT_ADDRESSES4,
		.label = "Public addresses",
		.link = "publicAddresses",
		.help = "Those of the Regional Gateway's public addresses that it translates to; absent = any of them. A SIM "
			"keeps the one that it "
			"has"},
};

static const struct field wireguard_fields[] = {
	{.name = "localSubnets",
		.type = FIELD_TEXT,
		FIELD_AT(struct wireguard_config, local_subnets),
		.max = 1000,
		.format = FORMAT_NETWORKS,
		.label = "Local subnets",
		.link = "localSubnets",
		.help = "Our networks, separated by commas"},
	{.name = "localPublicKey",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct wireguard_config, local_public_key),
		.label = "Local public key",
		.help = "Made by the platform"},
	{.name = "remotePublicKey",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED,
		FIELD_AT(struct wireguard_config, remote_public_key),
		.max = 44,
		.label = "Remote public key",
		.link = "remotePublicKey",
		.help = "The customer's public key, 44 characters of base64"},
	{.name = "remoteSubnets",
		.type = FIELD_TEXT,
		FIELD_AT(struct wireguard_config, remote_subnets),
		.max = 1000,
		.format = FORMAT_NETWORKS,
		.label = "Remote subnets",
		.link = "remoteSubnets",
		.help = "The customer's networks, separated by commas"},
	{.name = "remotePeerIPAddress",
		.type = FIELD_TEXT,
		FIELD_AT(struct wireguard_config, remote_peer_address),
		.max = 45,
		.format = FORMAT_IPV4,
		.label = "Remote peer address",
		.link = "remotePeerIPAddress",
		.help = "The customer's end; absent when the customer dials"},
	{.name = "remotePeerPortNumber",
		.type = FIELD_INT,
		.flags = FIELD_ZERO,
		FIELD_AT(struct wireguard_config, remote_peer_port),
		.min = 1,
		.max = 65535,
		.initial = "51820",
		.label = "Remote peer port",
		.link = "remotePeerPortNumber",
		.help = "The customer's UDP port"},
};

static const struct field bgp_fields[] = {
	{.name = "localAs",
		.type = FIELD_INT,
		FIELD_AT(struct bgp_config, local_as),
		.min = 1,
		.max = 4294967295,
		.label = "Local AS",
		.link = "localAs",
		.help = "Our autonomous system number"},
	{.name = "peerAs",
		.type = FIELD_INT,
		FIELD_AT(struct bgp_config, peer_as),
		.min = 1,
		.max = 4294967295,
		.label = "Peer AS",
		.link = "peerAs",
		.help = "The peer's autonomous system number"},
	{.name = "peerAddress",
		.type = FIELD_TEXT,
		FIELD_AT(struct bgp_config, peer_address),
		.max = 15,
		.format = FORMAT_IPV4,
		.label = "Peer address",
		.link = "peerAddress",
		.help = "The peer's address"},
	{.name = "password",
		.type = FIELD_TEXT,
		.flags = FIELD_SECRET | FIELD_KEEP,
		FIELD_AT(struct bgp_config, password),
		.min = 1,
		.max = 80,
		.label = "Password",
		.link = "password",
		.help = "The TCP-MD5 secret of the BGP session"},
};

static const struct field peering_fields[] = {
	{.name = "interface",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED,
		FIELD_AT(struct peering_config, interface),
		.max = 15,
		.format = FORMAT_INTERFACE,
		.label = "Interface",
		.link = "interface",
		.help = "An interface of the gateway's host: eth1, a VLAN eth1.100, or a veth; it is moved into the VSlice"},
	{.name = "localAddress",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED,
		FIELD_AT(struct peering_config, local_address),
		.max = 49,
		.format = FORMAT_OWN_ADDRESS,
		.label = "Local address",
		.link = "localAddress",
		.help = "Our address on it, with the length of its network: 192.0.2.1/30, or IPv6; all addresses of one target "
			"are of one family"},
	{.name = "gatewayAddress",
		.type = FIELD_TEXT,
		FIELD_AT(struct peering_config, gateway_address),
		.max = 45,
		.format = FORMAT_ADDRESS,
		.label = "Gateway address",
		.link = "gatewayAddress",
		.help = "The next hop; absent when everything is on the link"},
	{.name = "remoteSubnets",
		.type = FIELD_TEXT,
		FIELD_AT(struct peering_config, remote_subnets),
		.max = 1000,
		.format = FORMAT_NETWORKS,
		.label = "Remote subnets",
		.link = "remoteSubnets",
		.help = "What lies behind it, separated by commas; absent = everything"},
	{.name = "bgp",
		.type = FIELD_OBJECT,
		FIELD_AT(struct peering_config, bgp),
		.noun = &noun_bgp_config,
		.label = "BGP",
		.group = "BGP",
		.link = "bgp",
		.help = "How routes are learnt from the peer; absent = they are not"},
};

#define CONFIG_OF(json, member, part, which, what)                                                                               \
	{                                                                                                                        \
		.name = (json), .type = FIELD_OBJECT, FIELD_AT(struct target_config, member), .noun = &(part),                   \
		.visible = {"^routingTargetType", which}, .label = (what), .group = (what), .link = (json),                      \
		.help = "Configuration of a target of type " which, .refusal = "it belongs to targets of type " which            \
	}

static const struct field config_fields[] = {
	CONFIG_OF("internetConfig", internet, noun_internet_config, "internet", "Internet"),
	CONFIG_OF("vpnConfig", vpn, noun_vpn_config, "vpn", "VPN"),
	CONFIG_OF("wireGuardConfig", wireguard, noun_wireguard_config, "wireguard", "WireGuard"),
	CONFIG_OF("peeringConfig", peering, noun_peering_config, "peering", "Peering"),
};

#define COUNTED(json, member, its_unit, its_label, its_help)                                                                     \
	{                                                                                                                        \
		.name = (json), .type = FIELD_INT, .flags = FIELD_READ_ONLY | FIELD_LIVE, FIELD_AT(struct target, member),       \
		.unit = (its_unit), .label = (its_label), .help = (its_help)                                                     \
	}

static const struct field target_fields[] = {
	OBJECT_FIELDS(100),
	{.name = "routingTargetType",
		.type = FIELD_ENUM,
		.flags = FIELD_REQUIRED | FIELD_FIXED | FIELD_SUMMARY,
		FIELD_AT(struct target, type),
		.words = target_types,
		.label = "Type",
		.link = "routingTargetType",
		.help = "How traffic leaves; chosen at creation"},
	{.name = "routingTargetStatus",
		.type = FIELD_ENUM,
		.flags = FIELD_READ_ONLY | FIELD_LIVE | FIELD_SUMMARY,
		FIELD_AT(struct target, status),
		.words = target_statuses,
		.initial = "pending",
		.label = "Status",
		.help = "What the gateway last said of it"},
	{.name = "statusMessage",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY | FIELD_LIVE,
		FIELD_AT(struct target, status_message),
		.label = "Status message",
		.help = "The gateway's words on the status"},
	{.name = "vSlice",
		.alias = "vslice",
		.type = FIELD_REF,
		.flags = FIELD_REQUIRED | FIELD_FIXED | FIELD_OWNED | FIELD_SUMMARY,
		FIELD_AT(struct target, vslice),
		.noun = &noun_vslice,
		.label = "VSlice",
		.link = "vslice",
		.help = "The VSlice that it belongs to; chosen at creation"},
	{.name = "configurationData",
		.type = FIELD_OBJECT,
		.flags = FIELD_WHOLE,
		FIELD_AT(struct target, config),
		.noun = &noun_target_config,
		.label = "Configuration",
		.link = "",
		.help = "What the type needs: vpnConfig, wireGuardConfig or peeringConfig; internetConfig may be absent"},
	{.name = "publicInstanceConfiguration",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct target, public_instance),
		.initial = "{}",
		.label = "Public configuration",
		.help = "What the customer must know of our end, a JSON document as a string"},
	COUNTED("packetsUplink", packets_up, NULL, "Packets up", "Packets that left by it, since its interface was made"),
	COUNTED("bytesUplink", bytes_up, "octets", "Octets up", "Octets that left by it"),
	COUNTED("packetsDownlink", packets_down, NULL, "Packets down", "Packets that came by it, whatever became of them"),
	COUNTED("bytesDownlink", bytes_down, "octets", "Octets down", "Octets that came by it"),
	COUNTED("connectionsRefused", refused, NULL, "Connections refused",
		"Of an Internet target: connections of its VSlice for which no public port was left, or no room"),
	{.name = "networkKey",
		.type = FIELD_INT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct target, network_key),
		.initial = "0",
		.label = "Network key",
		.help = "The target's number"},
	{.name = "routingTargetTypeInstanceId",
		.type = FIELD_TEXT,
		.flags = FIELD_INPUT | FIELD_KEEP,
		FIELD_AT(struct target, instance_id),
		.max = 64,
		.label = "Instance",
		.help = "The physical instance; empty = chosen by the platform"},
	{.name = "routingTargetTypeInstance",
		.type = FIELD_RAW,
		.flags = FIELD_READ_ONLY | FIELD_LIVE,
		FIELD_AT(struct target, instance),
		.label = "Instance",
		.help = "The physical instance that serves it"},
	{.name = "routingRedundancyZoneMoniker",
		.type = FIELD_REF,
		.flags = FIELD_FLAT,
		FIELD_AT(struct target, zone),
		.noun = &noun_zone,
		.label = "Redundancy Zone",
		.help = "Where it stands; on an L2TP VSlice the primary zone of its Regional Gateway when absent"},
	{.name = "routingRedundancyZoneName",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct target, zone_name),
		.sql = "(SELECT z.name FROM redundancy_zone z WHERE z.id = t.routing_redundancy_zone_moniker)",
		.label = "Redundancy Zone name",
		.help = "The zone's name"},
	{.name = "regionalGatewayMoniker",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct target, gateway_moniker),
		.sql = "(SELECT r.moniker FROM redundancy_zone z JOIN regional_gateway r ON r.id = z.regional_gateway"
		       " WHERE z.id = t.routing_redundancy_zone_moniker)",
		.label = "Regional Gateway",
		.help = "The zone's Regional Gateway"},
	{.name = "regionalGatewayName",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct target, gateway_name),
		.sql = "(SELECT r.name FROM redundancy_zone z JOIN regional_gateway r ON r.id = z.regional_gateway"
		       " WHERE z.id = t.routing_redundancy_zone_moniker)",
		.label = "Regional Gateway name",
		.help = "The zone's Regional Gateway"},
	{.name = "subnetAddress",
		.type = FIELD_TEXT,
		FIELD_AT(struct target, subnet_address),
		.max = 18,
		.format = FORMAT_PREFIX,
		.label = "Subnet",
		.help = "The subnet that it serves; empty = all of the VSlice"},
	CUSTOMER_FIELD,
	CHANGED_FIELD,
	DELIVERY_FIELDS,
};

static const struct field zone_fields[] = {
	OBJECT_FIELDS(50),
	{.name = "regionalGateway",
		.type = FIELD_REF,
		.flags = FIELD_REQUIRED | FIELD_OWNED | FIELD_SUMMARY,
		FIELD_AT(struct zone, gateway),
		.noun = &noun_gateway,
		.label = "Regional Gateway",
		.help = "The gateway that the zone is part of"},
};

// On an L2TP VSlice the target stands where the tunnels start, unless another zone is named.
static void target_prepare(struct ruling *ruling, void *object, const void *before)
{
	struct target *target = object;

	(void)before;
	if (target->zone.id || target->zone.moniker || !ruling_resolve(ruling, &noun_vslice, NULL, &target->vslice))
		return;
	const struct vslice *vslice = ruling_load(ruling, &noun_vslice, &target->vslice);

	if (!vslice || vslice->type != VSLICE_L2TP || !vslice->regional_gateway.moniker)
		return;
	char zone[MONIKER_TEXT + 8];

	snprintf(zone, sizeof(zone), "%.22s-primary", vslice->regional_gateway.moniker);
	field_text_set(&target->zone.moniker, zone);
}

static void target_check(struct ruling *ruling, void *object, const void *before)
{
	const struct target *target = object;

	(void)before;
	if (!target->zone.id && !target->zone.moniker && !ruling_has(ruling, "routingRedundancyZoneMoniker"))
		ruling_fault(ruling, "routingRedundancyZoneMoniker",
			"is missing; accepted: the moniker of a Redundancy Zone such as europe-primary (GET "
			"/api/v1/redundancyzones lists them)");
}

// BGP is configured whole or not at all.
static void bgp_check(struct ruling *ruling, void *object, const void *before)
{
	const struct bgp_config *bgp = object;
	bool any = bgp->local_as != FIELD_UNSET || bgp->peer_as != FIELD_UNSET || bgp->peer_address || bgp->password;

	(void)before;
	if (any && bgp->local_as == FIELD_UNSET && !ruling_has(ruling, "localAs"))
		ruling_fault(ruling, "localAs", "is missing; accepted: our autonomous system number");
	if (any && bgp->peer_as == FIELD_UNSET && !ruling_has(ruling, "peerAs"))
		ruling_fault(ruling, "peerAs", "is missing; accepted: the peer's autonomous system number");
	if (any && !bgp->peer_address && !ruling_has(ruling, "peerAddress"))
		ruling_fault(ruling, "peerAddress", "is missing; accepted: the peer's IPv4 address");
}

void target_fill_instance(struct target *target)
{
	const struct word *type = word_of(target_types, target->type);
	struct text json = {0};

	if (!type || !target->zone.moniker)
		return;
	text_format(&json, "{\"id\":%d,\"name\":\"%s, %s\",\"moniker\":\"%s-%s\"}", type->key, type->name, target->zone.moniker,
		type->moniker, target->zone.moniker);
	free(target->instance);
	target->instance = text_take(&json, NULL);
}

#define PART(symbol, its_word, its_title, its_struct, table, its_check)                                                          \
	const struct noun symbol = {.word = its_word,                                                                            \
		.title = its_title,                                                                                              \
		.help = its_title,                                                                                               \
		.size = sizeof(its_struct),                                                                                      \
		.flags = NOUN_PART,                                                                                              \
		NOUN_FIELDS(table),                                                                                              \
		.check = its_check}

PART(noun_internet_config, "internet-config", "Internet configuration", struct internet_config, internet_fields, NULL);
PART(noun_vpn_config, "vpn-config", "VPN configuration", struct vpn_config, vpn_fields, NULL);
PART(noun_wireguard_config, "wireguard-config", "WireGuard configuration", struct wireguard_config, wireguard_fields, NULL);
PART(noun_peering_config, "peering-config", "Peering configuration", struct peering_config, peering_fields, NULL);
PART(noun_bgp_config, "bgp-config", "BGP configuration", struct bgp_config, bgp_fields, bgp_check);
PART(noun_target_config, "configuration", "target configuration", struct target_config, config_fields, NULL);

const struct noun noun_target = {
	.word = "routing-target",
	.title = "Routing Target",
	.path = "routingtargets",
	.spelling = "RoutingTargets",
	.table = "routing_target",
	.help = "Where a VSlice's traffic leaves the platform: internet, vpn, wireguard or peering",
	.size = sizeof(struct target),
	NOUN_FIELDS(target_fields),
	.prepare = target_prepare,
	.check = target_check,
};

const struct noun noun_zone = {
	.word = "redundancy-zone",
	.title = "Redundancy Zone",
	.path = "redundancyzones",
	.spelling = "RedundancyZones",
	.table = "redundancy_zone",
	.help = "A part of a Regional Gateway that Routing Targets stand in",
	.size = sizeof(struct zone),
	.flags = NOUN_PLATFORM,
	NOUN_FIELDS(zone_fields),
};
