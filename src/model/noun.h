// SPDX-License-Identifier: Apache-2.0
// The registry: every noun of the product, and what all objects have in common.
#pragma once

#include "model/field.h"

// The head of every object's struct: rows and objects alike have it as their first member.
struct object {
	char *id; // UUID, lower case
	char *moniker;
	char *name;
	struct field_ref customer; // of objects that belong to one
	int64_t position; // of a row: its place in the list, from 1
	int64_t revision; // of the last change; the ETag
	int64_t import; // the import that it came by (NOUN_BULK), 0 for none; only written
	int64_t changed_ms;
	int64_t taken; // enum taken: of objects that gateways get
	struct field_texts pending_gateways;
};

enum taken { TAKEN_BY_ALL = 1, TAKEN_PENDING, TAKEN_BY_NONE };
extern const struct word taken_words[];

// Of the nouns that gateways get.
#define DELIVERY_FIELDS                                                                                                          \
	{.name = "deliveryStatus",                                                                                               \
		.type = FIELD_ENUM,                                                                                              \
		.flags = FIELD_READ_ONLY | FIELD_LIVE,                                                                           \
		FIELD_AT(struct object, taken),                                                                                  \
		.words = taken_words,                                                                                            \
		.label = "Delivery",                                                                                             \
		.help = "Whether every Regional Gateway that it concerns has taken the object as it is"},                        \
	{                                                                                                                        \
		.name = "pendingGateways", .type = FIELD_TEXTS, .flags = FIELD_READ_ONLY | FIELD_LIVE,                           \
		FIELD_AT(struct object, pending_gateways), .label = "Pending gateways",                                          \
		.help = "The Regional Gateways that have not taken it yet"                                                       \
	}

// The rows that most nouns start with. `name_max` differs by noun, because existing clients enforce it so.
#define OBJECT_FIELDS(name_max)                                                                                                  \
	{.name = "id",                                                                                                           \
		.type = FIELD_TEXT,                                                                                              \
		.flags = FIELD_READ_ONLY,                                                                                        \
		FIELD_AT(struct object, id),                                                                                     \
		.label = "Id",                                                                                                   \
		.help = "The object's UUID, given by the platform"},                                                             \
		{.name = "moniker",                                                                                              \
			.type = FIELD_TEXT,                                                                                      \
			.flags = FIELD_SUMMARY | FIELD_KEEP,                                                                     \
			FIELD_AT(struct object, moniker),                                                                        \
			.min = 1,                                                                                                \
			.max = 30,                                                                                               \
			.format = FORMAT_MONIKER,                                                                                \
			.label = "Moniker",                                                                                      \
			.link = "moniker",                                                                                       \
			.help = "The name in paths and references; made from the name when absent; unique per customer and "     \
				"kind"},                                                                                         \
	{                                                                                                                        \
		.name = "name", .type = FIELD_TEXT, .flags = FIELD_REQUIRED | FIELD_SUMMARY, FIELD_AT(struct object, name),      \
		.min = 1, .max = (name_max), .label = "Name", .link = "name", .help = "The name that people see"                 \
	}

#define CUSTOMER_FIELD                                                                                                           \
	{                                                                                                                        \
		.name = "customerId", .type = FIELD_REF, .flags = FIELD_READ_ONLY | FIELD_FLAT_ID,                               \
		FIELD_AT(struct object, customer), .noun = &noun_customer, .label = "Customer",                                  \
		.help = "The customer that the object belongs to"                                                                \
	}

#define CHANGED_FIELD                                                                                                            \
	{                                                                                                                        \
		.name = "changedAt", .type = FIELD_TIME, .flags = FIELD_READ_ONLY, FIELD_AT(struct object, changed_ms),          \
		.label = "Changed", .help = "When the object was last changed"                                                   \
	}

#define NOUN_FIELDS(table) .fields = (table), .field_count = sizeof(table) / sizeof((table)[0])

extern const struct noun noun_customer, noun_user, noun_token;
extern const struct noun noun_vslice, noun_lac, noun_lns, noun_settings, noun_lns_settings;
extern const struct noun noun_target, noun_target_config, noun_internet_config, noun_vpn_config, noun_wireguard_config,
	noun_peering_config, noun_bgp_config;
extern const struct noun noun_policy, noun_rule, noun_edge_service;
extern const struct noun noun_group, noun_endpoint;
extern const struct noun noun_gateway, noun_zone, noun_regional_policy, noun_regional_policy_entry;
extern const struct noun noun_operator, noun_operator_policy, noun_operator_policy_entry;
extern const struct noun noun_event_endpoint_type, noun_event_type, noun_event_handler, noun_handler_config, noun_webhook_config;
extern const struct noun noun_event_map, noun_event_subscription, noun_event, noun_audit;
extern const struct noun noun_session, noun_tunnel, noun_usage, noun_capture;

// All nouns that have a path of their own, in the order in which people meet them; ends with NULL. Tables are made in this
// order too: a noun stands after those that it refers to, but for the VSlice's Default Routing Policy.
extern const struct noun *const nouns[];

// Finds one by the command line's word or by its path, letter case ignored; rows too. NULL when there is none.
const struct noun *noun_find(const char *word);
const struct noun *noun_by_path(const char *path);
// The row noun of `owner` whose sub-collection is `path` ("lacs"), and the owner's member that holds it; NULL when there is none.
const struct noun *noun_row_by_path(const struct noun *owner, const char *path, const struct field **member);
