// SPDX-License-Identifier: Apache-2.0
// Regional Gateway rows. A gateway may be declared before it joins; which one is alive is told by its reports.
#include "model/gateway.h"

#include "model/ruling.h"

static const struct word gateway_statuses[] = {
	{GATEWAY_NEVER_SEEN, "never-seen", "Never seen", "declared; no gateway has joined under this name yet"},
	{GATEWAY_CONNECTED, "connected", "Connected", "its configuration stream is open"},
	{GATEWAY_DISCONNECTED, "disconnected", "Disconnected",
		"its configuration stream is gone; it goes on serving with what it has"},
	{0},
};

#define LIVE(type_, json, member, label_, help_)                                                                                 \
	{                                                                                                                        \
		.name = (json), .type = (type_), .flags = FIELD_READ_ONLY | FIELD_LIVE, FIELD_AT(struct gateway, member),        \
		.label = (label_), .help = (help_)                                                                               \
	}
#define LOAD(extra, json, member, initial_, label_, help_)                                                                       \
	{                                                                                                                        \
		.name = (json), .type = FIELD_INT, .flags = FIELD_READ_ONLY | FIELD_LIVE | FIELD_PLATFORM | (extra),             \
		FIELD_AT(struct gateway, member), .initial = (initial_), .label = (label_), .help = (help_)                      \
	}

static const struct field gateway_fields[] = {
	OBJECT_FIELDS(50),
	{.name = "gtpPeers",
		.type = FIELD_TEXTS,
		.flags = FIELD_PLATFORM,
		FIELD_AT(struct gateway, gtp_peers),
		.max = 256,
		.format = FORMAT_ADDRESS_OR_PREFIX,
		.label = "GTP peers",
		.link = "gtpPeers",
		.help = "Addresses and prefixes that may speak GTP to it; others are counted and dropped; none = nobody may"},
	{.name = "publicAddresses",
		.type = FIELD_TEXTS,
		.flags = FIELD_PLATFORM,
		FIELD_AT(struct gateway, public_addresses),
		.max = 64,
		.format = FORMAT_ADDRESSES4,
		.label = "Public addresses",
		.link = "publicAddresses",
		.help = "Addresses, prefixes and ranges that its Internet targets translate to, 1,024 addresses in all; none = "
			"the host's own "
			"address"},
	{.name = "accessPointNames",
		.type = FIELD_TEXTS,
		FIELD_AT(struct gateway, access_point_names),
		.max = 64,
		.format = FORMAT_APN,
		.label = "Access point names",
		.link = "accessPointNames",
		.help = "APNs that it accepts; none = any"},
	{.name = "status",
		.type = FIELD_ENUM,
		.flags = FIELD_READ_ONLY | FIELD_LIVE | FIELD_SUMMARY,
		FIELD_AT(struct gateway, status),
		.words = gateway_statuses,
		.initial = "never-seen",
		.label = "Status",
		.help = "Whether it is connected"},
	{.name = "lastSeen",
		.type = FIELD_TIME,
		.flags = FIELD_READ_ONLY | FIELD_SUMMARY | FIELD_LIVE,
		FIELD_AT(struct gateway, last_seen_ms),
		.label = "Last seen",
		.help = "When it was last heard of"},
	LIVE(FIELD_TIME, "startedAt", started_ms, "Started", "When its process started"),
	LIVE(FIELD_TEXT, "version", version, "Version", "The version that it runs"),
	LIVE(FIELD_TEXT, "dataPath", data_path, "Data path",
		"How user packets go: by sockets, or by BPF programs (xdp) on the interfaces that are named, native or generic"),
	LIVE(FIELD_TEXTS, "addresses", addresses, "Addresses", "The addresses that it speaks GTP on"),
	LOAD(FIELD_SUMMARY, "sessions", sessions, "0", "Sessions", "Live sessions, of all customers"),
	LOAD(FIELD_SUMMARY, "tunnels", tunnels, "0", "Tunnels", "Live L2TP tunnels, of all customers"),
	LOAD(0, "load", load_percent, NULL, "Load", "Share of one processor in use, in percent"),
	LOAD(0, "configRevision", config_revision, NULL, "Revision", "The configuration revision that it has taken"),
	CHANGED_FIELD,
};

const struct noun noun_gateway = {
	.word = "regional-gateway",
	.title = "Regional Gateway",
	.path = "regionalgateways",
	.spelling = "RegionalGateways",
	.table = "regional_gateway",
	.help = "One slicegate-gateway: where sessions arrive and tunnels start",
	.size = sizeof(struct gateway),
	.flags = NOUN_PLATFORM,
	NOUN_FIELDS(gateway_fields),
};
