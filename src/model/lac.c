// SPDX-License-Identifier: Apache-2.0
// The two ends of an L2TP VSlice's tunnels: its LACs, ours, and its LNSs, the customer's.
#include "model/noun.h"
#include "model/vslice.h"

// What both ends are: an object of the VSlice with an address and a port.
#define END_FIELDS(end, word_, address_label, address_help)                                                                      \
	{.name = "id",                                                                                                           \
		.type = FIELD_TEXT,                                                                                              \
		.flags = FIELD_READ_ONLY,                                                                                        \
		FIELD_AT(end, object.id),                                                                                        \
		.label = "Id",                                                                                                   \
		.link = "id",                                                                                                    \
		.help = "The " word_ "'s UUID, given by the platform"},                                                          \
		{.name = "moniker",                                                                                              \
			.type = FIELD_TEXT,                                                                                      \
			.flags = FIELD_SUMMARY | FIELD_KEEP,                                                                     \
			FIELD_AT(end, object.moniker),                                                                           \
			.min = 1,                                                                                                \
			.max = 30,                                                                                               \
			.format = FORMAT_MONIKER,                                                                                \
			.label = "Moniker",                                                                                      \
			.link = "moniker",                                                                                       \
			.help = "The name in references, unique in the VSlice"},                                                 \
		{.name = "name",                                                                                                 \
			.type = FIELD_TEXT,                                                                                      \
			.flags = FIELD_SUMMARY | FIELD_KEEP,                                                                     \
			FIELD_AT(end, object.name),                                                                              \
			.min = 1,                                                                                                \
			.max = 50,                                                                                               \
			.label = "Name",                                                                                         \
			.link = "name",                                                                                          \
			.help = "The name that people see"},                                                                     \
		{.name = "address",                                                                                              \
			.type = FIELD_TEXT,                                                                                      \
			.flags = FIELD_REQUIRED | FIELD_SUMMARY,                                                                 \
			FIELD_AT(end, address),                                                                                  \
			.max = 45,                                                                                               \
			.format = FORMAT_IPV4,                                                                                   \
			.label = (address_label),                                                                                \
			.link = "address",                                                                                       \
			.help = (address_help)},                                                                                 \
	{                                                                                                                        \
		.name = "port", .type = FIELD_INT, .flags = FIELD_SUMMARY, FIELD_AT(end, port), .min = 1, .max = 65535,          \
		.initial = "1701", .label = "Port", .link = "port", .help = "The " word_ "'s UDP port"                           \
	}

#define SECRET_FIELDS(end, secret_help, next_help)                                                                               \
	{.name = "tunnelSecret",                                                                                                 \
		.type = FIELD_TEXT,                                                                                              \
		.flags = FIELD_SECRET | FIELD_KEEP,                                                                              \
		FIELD_AT(end, tunnel_secret),                                                                                    \
		.min = 1,                                                                                                        \
		.max = 128,                                                                                                      \
		.label = "Tunnel Secret",                                                                                        \
		.link = "tunnelSecret",                                                                                          \
		.help = (secret_help)},                                                                                          \
	{                                                                                                                        \
		.name = "nextTunnelSecret", .type = FIELD_TEXT, .flags = FIELD_SECRET | FIELD_KEEP,                              \
		FIELD_AT(end, next_tunnel_secret), .min = 1, .max = 128, .label = "Next Tunnel Secret",                          \
		.link = "nextTunnelSecret", .help = (next_help)                                                                  \
	}

static const struct field lac_fields[] = {
	END_FIELDS(struct lac, "LAC", "Virtual LAC Address",
		"The LAC's address inside the VSlice, chosen by the customer; another VSlice may use the same"),
	SECRET_FIELDS(struct lac, "The secret that the LNS shares; none = no tunnel authentication; null takes it away",
		"While the secret is being changed: valid beside tunnelSecret. Set it, change the LNS, then make it the "
		"tunnelSecret"),
};

static const struct field lns_fields[] = {
	END_FIELDS(struct lns, "LNS", "Address", "The LNS's IPv4 address, as reached from the VSlice"),
	{.name = "preference",
		.type = FIELD_INT,
		.flags = FIELD_READ_ONLY | FIELD_SUMMARY,
		FIELD_AT(struct lns, preference),
		.label = "Preference",
		.link = "preference",
		.sql = "t.position",
		.help = "Its place in the list: 1 is tried first; change the order to change it"},
	{.name = "equalPreference",
		.type = FIELD_BOOL,
		FIELD_AT(struct lns, equal_preference),
		.initial = "false",
		.label = "As preferred as the one before",
		.link = "equalPreference",
		.help = "It is no worse than the LNS before it in the list: the two take turns"},
	SECRET_FIELDS(struct lns, "Overrides the LAC's secrets toward this LNS",
		"While the secret is being changed: valid beside this LNS's tunnelSecret, or the LAC's where it has none"),
	{.name = "advancedSettings",
		.type = FIELD_OBJECT,
		.flags = FIELD_KEEP,
		FIELD_AT(struct lns, settings),
		.noun = &noun_lns_settings,
		.label = "Advanced Settings",
		.link = "advancedSettings",
		.help = "Settings that are otherwise for this LNS than for the VSlice; null makes one the VSlice's again"},
};

const struct noun noun_lac = {
	.word = "lac",
	.title = "L2TP Access Concentrator",
	.path = "lacs",
	.table = "lac",
	.help = "The platform's end of an L2TP VSlice's tunnels",
	.size = sizeof(struct lac),
	.flags = NOUN_ROW,
	.owner = &noun_vslice,
	NOUN_FIELDS(lac_fields),
};

const struct noun noun_lns = {
	.word = "lns",
	.title = "L2TP Network Server",
	.path = "lnss",
	.table = "lns",
	.help = "The customer's end of an L2TP VSlice's tunnels",
	.size = sizeof(struct lns),
	.flags = NOUN_ROW,
	.owner = &noun_vslice,
	NOUN_FIELDS(lns_fields),
};
