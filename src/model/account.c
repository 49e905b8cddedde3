// SPDX-License-Identifier: Apache-2.0
// Customer, User and API token rows. Every object belongs to one customer. People and tokens see their own customer only; those of
// the platform may act for any (X-Customer). What a role may do stands with the nouns and the routes (controller/api/access.h).
#include "model/account.h"

#include "model/ruling.h"

#include <ctype.h>

const struct word account_roles[] = {
	{ROLE_VIEWER, "viewer", "Viewer", "reads"},
	{ROLE_OPERATOR, "operator", "Operator", "also changes Endpoints and acts: detach, restart, test, import"},
	{ROLE_ADMINISTRATOR, "administrator", "Administrator",
		"also changes everything else, makes API tokens, reads the audit log"},
	{ROLE_OWNER, "owner", "Owner", "also makes and changes Users"},
	{0},
};

static const struct word token_scopes[] = {
	{TOKEN_OWNER, "platform-owner", "Platform", "what its role may, for any customer (X-Customer: moniker) and the platform"},
	{TOKEN_CUSTOMER, "customer", "Customer", "what its role may, for its own customer"},
	{TOKEN_READER, "read-only", "Read only", "reads what its role may read of its own customer"},
	{TOKEN_GATEWAY, "gateway", "Gateway", "the gateway link of one Regional Gateway, nothing else"},
	{0},
};

static const struct field customer_fields[] = {
	OBJECT_FIELDS(100),
	{.name = "active",
		.type = FIELD_BOOL,
		.flags = FIELD_SUMMARY | FIELD_KEEP,
		FIELD_AT(struct customer, active),
		.initial = "true",
		.label = "Active",
		.help = "Users and tokens of a customer that is not active open nothing; its Endpoints go on"},
	CHANGED_FIELD,
};

static const struct field user_fields[] = {
	OBJECT_FIELDS(50),
	{.name = "email",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED | FIELD_SUMMARY | FIELD_UNIQUE,
		FIELD_AT(struct user, email),
		.min = 3,
		.max = 200,
		.format = FORMAT_EMAIL,
		.label = "Email",
		.help = "What the person signs in with; unique on the platform, letter case ignored"},
	{.name = "role",
		.type = FIELD_ENUM,
		.flags = FIELD_SUMMARY | FIELD_KEEP,
		FIELD_AT(struct user, role),
		.words = account_roles,
		.initial = "viewer",
		.label = "Role",
		.help = "What the person may do"},
	{.name = "platform",
		.type = FIELD_BOOL,
		.flags = FIELD_SUMMARY | FIELD_KEEP,
		FIELD_AT(struct user, platform),
		.initial = "false",
		.label = "Platform",
		.help = "Whether the person may act for any customer (X-Customer) and, as the role allows, for the platform"},
	{.name = "enabled",
		.type = FIELD_BOOL,
		.flags = FIELD_SUMMARY | FIELD_KEEP,
		FIELD_AT(struct user, enabled),
		.initial = "true",
		.label = "Enabled",
		.help = "A user that is not enabled cannot sign in; the sessions and tokens of that user open nothing meanwhile"},
	{.name = "password",
		.type = FIELD_TEXT,
		.flags = FIELD_SECRET,
		FIELD_AT(struct user, password),
		.min = 10,
		.max = 200,
		.label = "Password",
		.help = "Kept as a yescrypt hash; without one the user cannot sign in. A new one ends the user's sessions"},
	{.name = "lastLoginAt",
		.type = FIELD_TIME,
		.flags = FIELD_READ_ONLY | FIELD_SUMMARY,
		FIELD_AT(struct user, last_login_ms),
		.label = "Last sign-in",
		.help = "When the user last signed in"},
	{.name = "lockedUntil",
		.type = FIELD_TIME,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct user, locked_until_ms),
		.sql = "(SELECT f.until_ms FROM login_failure f WHERE f.account = t.email AND f.until_ms > "
		       "CAST(strftime('%s', 'now') AS INTEGER) * 1000)",
		.label = "Locked until",
		.help = "Until when sign-ins are refused after too many wrong passwords; null = not locked"},
	CUSTOMER_FIELD,
	CHANGED_FIELD,
};

static void user_prepare(struct ruling *ruling, void *object, const void *before)
{
	struct user *user = object;

	for (char *c = user->email; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

static const struct field token_fields[] = {
	OBJECT_FIELDS(50),
	{.name = "scope",
		.type = FIELD_ENUM,
		.flags = FIELD_FIXED | FIELD_SUMMARY | FIELD_KEEP,
		FIELD_AT(struct token, scope),
		.words = token_scopes,
		.initial = "customer",
		.label = "Scope",
		.help = "What it is for; chosen at creation"},
	{.name = "role",
		.type = FIELD_ENUM,
		.flags = FIELD_SUMMARY | FIELD_KEEP,
		FIELD_AT(struct token, role),
		.words = account_roles,
		.label = "Role",
		.help = "What it may do: the role of who makes it, unless a lesser one is given. It never may more than its "
			"creator"},
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
	{.name = "createdBy",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct token, created_by),
		.label = "Created by",
		.help = "The name of the user or token that made it"},
	{.name = "creator",
		.type = FIELD_REF,
		.flags = FIELD_READ_ONLY | FIELD_HIDDEN,
		FIELD_AT(struct token, creator),
		.noun = &noun_user,
		.label = "Creator",
		.help = "The user whose rights it takes"},
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
	.write_role = ROLE_OWNER,
	NOUN_FIELDS(customer_fields),
};

const struct noun noun_user = {
	.word = "user",
	.title = "User",
	.path = "users",
	.spelling = "Users",
	.table = "user_account",
	.help = "A person who signs in with email and password",
	.size = sizeof(struct user),
	.read_role = ROLE_ADMINISTRATOR,
	.write_role = ROLE_OWNER,
	.prepare = user_prepare,
	NOUN_FIELDS(user_fields),
};

const struct noun noun_token = {
	.word = "api-token",
	.title = "API token",
	.path = "apitokens",
	.spelling = "ApiTokens",
	.table = "api_token",
	.help = "A key to the API: 32 hexadecimal characters, shown once",
	.size = sizeof(struct token),
	.read_role = ROLE_ADMINISTRATOR,
	NOUN_FIELDS(token_fields),
};
