// SPDX-License-Identifier: Apache-2.0
// The operators that everybody may name in policies. An operator is named by a number, as existing clients do: here it is the country
// code and network code of its first network, so that a network without a row of its own can be named as well.
#include "model/operator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *digits, *iso3, *name, *networks;
} operators[] = {
#define OPERATOR(digits, iso3, name, networks) {digits, iso3, name, networks},
#include "model/operators.def"
#undef OPERATOR
};

static const struct {
	const char *iso3, *codes;
} countries[] = {
#define COUNTRY(iso3, codes) {iso3, codes},
#include "model/countries.def"
#undef COUNTRY
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void add_each(struct field_texts *texts, const char *list)
{
	while (*list) {
		size_t len = strcspn(list, ",");
		char digits[OPERATOR_DIGITS];

		snprintf(digits, sizeof(digits), "%.*s", (int)len, list);
		if (field_texts_add(texts, digits))
			abort();
		list += len + (list[len] == ',');
	}
}

bool operator_built_in(size_t at, struct operator* out)
{
	if (at >= COUNT(operators))
		return false;
	out->number = strtoll(operators[at].digits, NULL, 10);
	add_each(&out->networks, operators[at].networks);
	return field_text_set(&out->iso3, operators[at].iso3) == 0 &&
		field_text_set(&out->object.name, operators[at].name) == 0 &&
		field_text_set(&out->object.moniker, operators[at].digits) == 0;
}

bool country_has(const char *iso3, const char *digits)
{
	for (const char *codes = country_codes(iso3); codes && *codes;
		codes += strspn(codes, "0123456789"), codes += *codes == ',')
		if (strncmp(codes, digits, 3) == 0)
			return true;
	return false;
}

static bool is_network(const char *digits)
{
	for (size_t i = 0; i < COUNT(countries); i++)
		if (country_has(countries[i].iso3, digits))
			return true;
	return strncmp(digits, "901", 3) == 0 || strncmp(digits, "999", 3) == 0; // international and private networks
}

const char *operator_networks(int64_t number, char *digits)
{
	if (number < 101 || number > 999999)
		return NULL;
	snprintf(digits, OPERATOR_DIGITS, "%05lld", (long long)number);
	for (size_t i = 0; i < COUNT(operators); i++)
		if (strcmp(operators[i].digits, digits) == 0)
			return operators[i].networks;
	return is_network(digits) ? digits : NULL;
}

const char *country_codes(const char *iso3)
{
	for (size_t i = 0; i < COUNT(countries); i++)
		if (strcmp(countries[i].iso3, iso3) == 0)
			return countries[i].codes;
	return NULL;
}

static const struct field operator_fields[] = {
	{.name = "id",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct operator, object.id),
		.label = "Id",
		.help = "The operator's UUID"},
	{.name = "moniker",
		.type = FIELD_TEXT,
		.flags = FIELD_SUMMARY,
		FIELD_AT(struct operator, object.moniker),
		.min = 1,
		.max = 30,
		.format = FORMAT_MONIKER,
		.label = "Moniker",
		.help = "Country code and network code of its first network"},
	{.name = "name",
		.type = FIELD_TEXT,
		.flags = FIELD_SUMMARY,
		FIELD_AT(struct operator, object.name),
		.min = 1,
		.max = 50,
		.label = "Name",
		.help = "The name that people see"},
	{.name = "operatorId",
		.type = FIELD_INT,
		.flags = FIELD_SUMMARY,
		FIELD_AT(struct operator, number),
		.min = 101,
		.max = 999999,
		.label = "Operator",
		.help = "The number that entries of policies name it by: the moniker as a number"},
	{.name = "iso3",
		.type = FIELD_TEXT,
		.flags = FIELD_SUMMARY,
		FIELD_AT(struct operator, iso3),
		.max = 3,
		.format = FORMAT_ISO3,
		.label = "Country",
		.help = "The country that it is in"},
	{.name = "networks",
		.type = FIELD_TEXTS,
		.flags = FIELD_SUMMARY,
		FIELD_AT(struct operator, networks),
		.max = 32,
		.format = FORMAT_DIGITS,
		.label = "Networks",
		.help = "Its networks: mobile country code and network code, as in 26201"},
};

const struct noun noun_operator = {
	.word = "operator",
	.title = "operator",
	.path = "operators",
	.spelling = "operators",
	.table = "operator",
	.help = "A mobile network operator, by its networks",
	.size = sizeof(struct operator),
	.flags = NOUN_PLATFORM | NOUN_BUILT_IN,
	NOUN_FIELDS(operator_fields),
};
