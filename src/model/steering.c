// SPDX-License-Identifier: Apache-2.0
// Operator Policy and Regional Policy rows and rules.
//
// An entry is about an operator, a country, or, when it names neither, everything that no other entry is about: the default entry,
// which a list that is not empty must have. The most specific entry decides: the operator's, then the country's, then the default;
// of these one that is about one radio access before one that is about all. A policy without entries decides nothing: all is allowed,
// every gateway may serve. Gateways know no operators or countries: their networks go along (`networks`).
#include "model/steering.h"

#include "model/operator.h"
#include "model/ruling.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct word steering_actions[] = {
	{STEERING_ALLOW, "allow", "Allow", "endpoints may attach there"},
	{STEERING_REJECT_SOFT, "reject-soft", "Reject, soft", "refused as if there was no room: the device tries again later"},
	{STEERING_REJECT_HARD, "reject-hard", "Reject, hard", "refused as not subscribed: the device does not try again there"},
	{0},
};

static const struct word radio_accesses[] = {
	{RADIO_2G, "2g", "2G", "GSM, GPRS, EDGE"},
	{RADIO_3G, "3g", "3G", "UMTS, HSPA"},
	{RADIO_45G, "45g", "4G and 5G", "LTE, LTE-M, NB-IoT, 5G"},
	{0},
};

#define SCOPE_FIELDS(holder)                                                                                                     \
	{.name = "operatorId",                                                                                                   \
		.type = FIELD_INT,                                                                                               \
		.flags = FIELD_SUMMARY,                                                                                          \
		FIELD_AT(holder, scope.operator_id),                                                                             \
		.min = 101,                                                                                                      \
		.max = 999999,                                                                                                   \
		.label = "Operator",                                                                                             \
		.help = "The operator that the entry is about, of the list of operators or a network's country and network "     \
			"code as one number; absent = all"},                                                                     \
		{.name = "iso3",                                                                                                 \
			.type = FIELD_TEXT,                                                                                      \
			.flags = FIELD_SUMMARY,                                                                                  \
			FIELD_AT(holder, scope.iso3),                                                                            \
			.max = 3,                                                                                                \
			.format = FORMAT_ISO3,                                                                                   \
			.label = "Country",                                                                                      \
			.help = "The country that the entry is about; absent = all"},                                            \
	{                                                                                                                        \
		.name = "networks", .type = FIELD_TEXTS, .flags = FIELD_READ_ONLY | FIELD_HIDDEN | FIELD_LIVE,                   \
		FIELD_AT(holder, scope.networks), .label = "Networks", .link = "networks",                                       \
		.help = "The networks of the operator or country, for gateways"                                                  \
	}

#define ALLOWS(json, member, label_)                                                                                             \
	{                                                                                                                        \
		.name = (json), .type = FIELD_BOOL, .flags = FIELD_READ_ONLY, FIELD_AT(struct operator_policy, member),          \
		.initial = "true", .label = (label_), .help = "Whether some network is allowed by " label_                       \
	}

static const struct field operator_entry_fields[] = {
	{.name = "id",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct operator_policy_entry, object.id),
		.label = "Id",
		.help = "The entry's UUID, given by the platform"},
	SCOPE_FIELDS(struct operator_policy_entry),
	{.name = "radioAccess",
		.type = FIELD_ENUM,
		.flags = FIELD_SUMMARY,
		FIELD_AT(struct operator_policy_entry, radio),
		.words = radio_accesses,
		.label = "Radio access",
		.link = "radioAccess",
		.help = "The radio access that the entry is about; absent = all"},
	{.name = "steeringProfileEntryAction",
		.alias = "action",
		.type = FIELD_ENUM,
		.flags = FIELD_REQUIRED | FIELD_SUMMARY,
		FIELD_AT(struct operator_policy_entry, action),
		.words = steering_actions,
		.label = "Action",
		.link = "action",
		.help = "What happens to an endpoint that attaches there"},
};

static const struct field operator_policy_fields[] = {
	OBJECT_FIELDS(50),
	ALLOWS("allow2g", allow_2g, "2G"),
	ALLOWS("allow3g", allow_3g, "3G"),
	ALLOWS("allow45g", allow_45g, "4G and 5G"),
	{.name = "entries",
		.type = FIELD_ROWS,
		FIELD_AT(struct operator_policy, entries),
		.max = 1000,
		.noun = &noun_operator_policy_entry,
		.label = "Entries",
		.link = "entries",
		.help = "What is allowed where; one entry without operator, country and radio access is the default"},
	CUSTOMER_FIELD,
	CHANGED_FIELD,
	DELIVERY_FIELDS,
};

static const struct field regional_entry_fields[] = {
	{.name = "id",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct regional_policy_entry, object.id),
		.label = "Id",
		.help = "The entry's UUID, given by the platform"},
	SCOPE_FIELDS(struct regional_policy_entry),
	{.name = "regionalGatewayPolicyId",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct regional_policy_entry, policy),
		.sql = "t.owner",
		.label = "Regional Policy",
		.help = "The policy that the entry is part of"},
	{.name = "regionalGateway",
		.alias = "regionalGatewayId",
		.type = FIELD_REF,
		.flags = FIELD_REQUIRED | FIELD_SUMMARY,
		FIELD_AT(struct regional_policy_entry, gateway),
		.noun = &noun_gateway,
		.label = "Regional Gateway",
		.link = "regionalGateway",
		.help = "The gateway that serves it"},
	{.name = "regionalGatewayMoniker",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY | FIELD_HIDDEN | FIELD_LIVE,
		FIELD_AT(struct regional_policy_entry, gateway_moniker),
		.label = "Gateway's moniker",
		.link = "regionalGatewayMoniker",
		.help = "The gateway's moniker, for gateways"},
};

static const struct field regional_policy_fields[] = {
	OBJECT_FIELDS(50),
	{.name = "active",
		.type = FIELD_BOOL,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct regional_policy, active),
		.initial = "true",
		.label = "Active",
		.help = "Whether it may be used"},
	{.name = "isFixed",
		.type = FIELD_BOOL,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct regional_policy, fixed),
		.initial = "false",
		.label = "Built in",
		.help = "Whether it came with the program and cannot be changed"},
	{.name = "entries",
		.type = FIELD_ROWS,
		FIELD_AT(struct regional_policy, entries),
		.max = 1000,
		.noun = &noun_regional_policy_entry,
		.label = "Entries",
		.link = "entries",
		.help = "Which gateway serves which operator or country; one entry without either is the default"},
	CUSTOMER_FIELD,
	CHANGED_FIELD,
	DELIVERY_FIELDS,
};

static void scope_check(struct ruling *ruling, const struct entry_scope *scope)
{
	bool has_operator = scope->operator_id != FIELD_UNSET;
	char digits[OPERATOR_DIGITS];
	const char *networks = has_operator ? operator_networks(scope->operator_id, digits) : NULL;

	if (has_operator && !networks && !ruling_has(ruling, "operatorId"))
		ruling_fault(ruling, "operatorId",
			"%lld is no operator and no network; accepted: the operatorId of one that GET /operators lists, or a "
			"network's "
			"country code and network code as one number, as in 26201",
			(long long)scope->operator_id);
	if (scope->iso3 && !country_codes(scope->iso3) && !ruling_has(ruling, "iso3"))
		ruling_fault(ruling, "iso3",
			"\"%s\" has no mobile networks; accepted: a country's three capital letters such as NLD", scope->iso3);
	else if (networks && scope->iso3 && !country_has(scope->iso3, networks) && !ruling_has(ruling, "iso3"))
		ruling_fault(ruling, "iso3", "operator %lld is not in %s; leave one of them out", (long long)scope->operator_id,
			scope->iso3);
}

// An operator's entry is about the operator, whatever its country.
static bool scope_equal(const struct entry_scope *a, const struct entry_scope *b)
{
	if (a->operator_id != b->operator_id)
		return false;
	if (a->operator_id != FIELD_UNSET || !a->iso3 || !b->iso3)
		return a->operator_id != FIELD_UNSET || a->iso3 == b->iso3;
	return strcmp(a->iso3, b->iso3) == 0;
}

static bool is_default(const struct entry_scope *scope, int64_t radio)
{
	return scope->operator_id == FIELD_UNSET && !scope->iso3 && radio == FIELD_UNSET;
}

static const struct entry_scope *scope_at(const struct noun *noun, const struct field_rows *rows, size_t at, int64_t *radio)
{
	void *row = field_rows_at(noun, rows, at);

	*radio = noun == &noun_operator_policy_entry ? ((struct operator_policy_entry *)row)->radio : FIELD_UNSET;
	return noun == &noun_operator_policy_entry ? &((struct operator_policy_entry *)row)->scope
						   : &((struct regional_policy_entry *)row)->scope;
}

// The list has its default entry, and no two entries about the same.
static void entries_check(struct ruling *ruling, const struct noun *noun, const struct field_rows *rows)
{
	bool has_default = rows->count == 0;
	int64_t radio, other;

	for (size_t i = 0; i < rows->count; i++) {
		const struct entry_scope *scope = scope_at(noun, rows, i, &radio);

		has_default |= is_default(scope, radio);
		for (size_t j = 0; j < i; j++) {
			char name[40];

			if (!scope_equal(scope, scope_at(noun, rows, j, &other)) || radio != other)
				continue;
			snprintf(name, sizeof(name), "entries[%zu]", i);
			ruling_fault(ruling, name, "is about the same as entries[%zu]; change one of them, or leave it out", j);
			break;
		}
	}
	if (!has_default)
		ruling_fault(ruling, "entries", "one entry must be the default, for all that no other entry is about: one %s",
			noun == &noun_operator_policy_entry ? "without operatorId, iso3 and radioAccess"
							    : "without operatorId and iso3");
}

// Whether two entries say the same of the same; also before they are judged: what they refer to is looked up.
static bool operator_entry_same(struct ruling *ruling, void *row, void *other)
{
	const struct operator_policy_entry *a = row, *b = other;

	(void)ruling;
	return scope_equal(&a->scope, &b->scope) && a->radio == b->radio && a->action == b->action;
}

static bool regional_entry_same(struct ruling *ruling, void *row, void *other)
{
	struct regional_policy_entry *a = row, *b = other;

	ruling_resolve(ruling, &noun_gateway, NULL, &a->gateway);
	ruling_resolve(ruling, &noun_gateway, NULL, &b->gateway);
	return scope_equal(&a->scope, &b->scope) && a->gateway.id && b->gateway.id && !strcmp(a->gateway.id, b->gateway.id);
}

static void operator_entry_check(struct ruling *ruling, void *object, const void *before)
{
	(void)before;
	scope_check(ruling, &((struct operator_policy_entry *)object)->scope);
}

static void regional_entry_check(struct ruling *ruling, void *object, const void *before)
{
	(void)before;
	scope_check(ruling, &((struct regional_policy_entry *)object)->scope);
}

static bool allows(const struct operator_policy *policy, enum radio_access radio)
{
	bool allowed = policy->entries.count == 0;

	for (size_t i = 0; i < policy->entries.count; i++) {
		const struct operator_policy_entry *entry = field_rows_at(&noun_operator_policy_entry, &policy->entries, i);

		allowed |= entry->action == STEERING_ALLOW && (entry->radio == FIELD_UNSET || entry->radio == radio);
	}
	return allowed;
}

static void operator_policy_check(struct ruling *ruling, void *object, const void *before)
{
	struct operator_policy *policy = object;

	(void)before;
	entries_check(ruling, &noun_operator_policy_entry, &policy->entries);
	policy->allow_2g = allows(policy, RADIO_2G);
	policy->allow_3g = allows(policy, RADIO_3G);
	policy->allow_45g = allows(policy, RADIO_45G);
}

static void regional_policy_check(struct ruling *ruling, void *object, const void *before)
{
	struct regional_policy *policy = object;

	(void)before;
	entries_check(ruling, &noun_regional_policy_entry, &policy->entries);
}

static void scope_fill(struct entry_scope *scope)
{
	char digits[OPERATOR_DIGITS], network[OPERATOR_DIGITS];
	const char *list = scope->operator_id != FIELD_UNSET ? operator_networks(scope->operator_id, digits)
		: scope->iso3				     ? country_codes(scope->iso3)
							     : NULL;

	while (list && *list) {
		size_t len = strcspn(list, ",");

		snprintf(network, sizeof(network), "%.*s", (int)len, list);
		if (field_texts_add(&scope->networks, network))
			abort();
		list += len + (list[len] == ',');
	}
}

void steering_fill(const struct noun *noun, void *object)
{
	if (noun == &noun_operator_policy) {
		struct operator_policy *policy = object;

		for (size_t i = 0; i < policy->entries.count; i++)
			scope_fill(
				&((struct operator_policy_entry *)field_rows_at(&noun_operator_policy_entry, &policy->entries, i))
					 ->scope);
	} else if (noun == &noun_regional_policy) {
		struct regional_policy *policy = object;

		for (size_t i = 0; i < policy->entries.count; i++) {
			struct regional_policy_entry *entry = field_rows_at(&noun_regional_policy_entry, &policy->entries, i);

			scope_fill(&entry->scope);
			field_text_set(&entry->gateway_moniker, entry->gateway.moniker);
		}
	}
}

const struct noun noun_operator_policy_entry = {
	.word = "operator-policy-entry",
	.title = "entry",
	.path = "entries",
	.table = "operator_policy_entry",
	.help = "One entry of an Operator Policy",
	.size = sizeof(struct operator_policy_entry),
	.flags = NOUN_ROW,
	.owner = &noun_operator_policy,
	NOUN_FIELDS(operator_entry_fields),
	.check = operator_entry_check,
	.same = operator_entry_same,
};

const struct noun noun_operator_policy = {
	.word = "operator-policy",
	.title = "Operator Policy",
	.path = "operatorpolicies",
	.spelling = "OperatorPolicies",
	.table = "operator_policy",
	.help = "Which networks endpoints may use",
	.size = sizeof(struct operator_policy),
	.flags = NOUN_SHARED,
	NOUN_FIELDS(operator_policy_fields),
	.check = operator_policy_check,
};

const struct noun noun_regional_policy_entry = {
	.word = "regional-policy-entry",
	.title = "entry",
	.path = "entries",
	.table = "regional_policy_entry",
	.help = "One entry of a Regional Policy",
	.size = sizeof(struct regional_policy_entry),
	.flags = NOUN_ROW,
	.owner = &noun_regional_policy,
	NOUN_FIELDS(regional_entry_fields),
	.check = regional_entry_check,
	.same = regional_entry_same,
};

const struct noun noun_regional_policy = {
	.word = "regional-policy",
	.title = "Regional Policy",
	.path = "regionalpolicies",
	.spelling = "RegionalPolicies",
	.table = "regional_policy",
	.help = "Which Regional Gateway serves a group of an integrated VSlice",
	.size = sizeof(struct regional_policy),
	.flags = NOUN_SHARED,
	NOUN_FIELDS(regional_policy_fields),
	.check = regional_policy_check,
};
