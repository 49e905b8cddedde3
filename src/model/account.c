// SPDX-License-Identifier: Apache-2.0
// Customer and API token rows. Every object belongs to one customer; a token sees its own customer only, a platform owner's all.
#include "model/account.h"

#include "model/ruling.h"

static const struct word token_scopes[] = {
	{TOKEN_OWNER, "platform-owner", "Platform owner", "everything, for any customer (X-Customer: moniker)"},
	{TOKEN_CUSTOMER, "customer", "Customer", "everything of its own customer"},
	{TOKEN_READER, "read-only", "Read only", "reads everything of its own customer"},
	{TOKEN_GATEWAY, "gateway", "Gateway", "the gateway link of one Regional Gateway, nothing else"},
	{0},
};

static const struct field customer_fields[] = {
	OBJECT_FIELDS(100),
	CHANGED_FIELD,
};

static const struct field token_fields[] = {
	OBJECT_FIELDS(50),
	{.name = "scope",
		.type = FIELD_ENUM,
		.flags = FIELD_FIXED | FIELD_SUMMARY | FIELD_KEEP,
		FIELD_AT(struct token, scope),
		.words = token_scopes,
		.initial = "customer",
		.label = "Scope",
		.help = "What it may do; chosen at creation"},
	{.name = "regionalGateway",
		.type = FIELD_REF,
		.flags = FIELD_FIXED | FIELD_KEEP,
		FIELD_AT(struct token, gateway),
		.noun = &noun_gateway,
		.visible = {"scope", "gateway"},
		.required = {"scope", "gateway"},
		.label = "Regional Gateway",
		.help = "The Regional Gateway that it is for",
		.refusal = "only a token of scope gateway is bound to one"},
	{.name = "enabled",
		.type = FIELD_BOOL,
		.flags = FIELD_SUMMARY,
		FIELD_AT(struct token, enabled),
		.initial = "true",
		.label = "Enabled",
		.help = "A token that is not enabled opens nothing"},
	{.name = "expiresAt",
		.type = FIELD_TIME,
		FIELD_AT(struct token, expires_ms),
		.label = "Expires",
		.help = "When it ends to be valid; absent = never"},
	{.name = "hash",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY | FIELD_HIDDEN | FIELD_UNIQUE,
		FIELD_AT(struct token, hash),
		.label = "Hash",
		.help = "SHA-256 of the token"},
	CUSTOMER_FIELD,
	CHANGED_FIELD,
};

const struct noun noun_customer = {
	.word = "customer",
	.title = "Customer",
	.path = "customers",
	.spelling = "Customers",
	.table = "customer",
	.help = "An account whose objects no other customer sees",
	.size = sizeof(struct customer),
	.flags = NOUN_PLATFORM | NOUN_OWNER_ONLY,
	NOUN_FIELDS(customer_fields),
};

const struct noun noun_token = {
	.word = "api-token",
	.title = "API token",
	.path = "apitokens",
	.spelling = "ApiTokens",
	.table = "api_token",
	.help = "A key to the API: 32 hexadecimal characters, shown once",
	.size = sizeof(struct token),
	NOUN_FIELDS(token_fields),
};
