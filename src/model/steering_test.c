// SPDX-License-Identifier: Apache-2.0
#include "model/steering.h"

#include "model/json.h"
#include "model/operator.h"
#include "model/ruling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// The faults of a body, joined; the object in `*out` when that is wanted.
static char *judge(const struct noun *noun, const char *text, void **out)
{
	struct ruling ruling = {0};
	json_t *body = json_loads(text, 0, NULL);
	void *object = object_new(noun);
	char *said = calloc(1, 4000);

	assert_non_null(body);
	json_get_object(&ruling, noun, body, object, JSON_CREATE);
	object_judge(&ruling, noun, object, NULL);
	for (size_t i = 0; i < ruling.fault_count; i++) {
		strcat(said, ruling.faults[i]);
		strcat(said, "\n");
	}
	ruling_fini(&ruling);
	json_decref(body);
	if (out)
		*out = object;
	else
		object_free(noun, object);
	return said;
}

static void refused(const struct noun *noun, const char *text, const char *words)
{
	char *said = judge(noun, text, NULL);

	if (!strstr(said, words))
		fail_msg("%s said \"%s\", not \"%s\"", text, said, words);
	free(said);
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
#define ENTRIES(text) "{\"name\":\"P\",\"entries\":[" text "]}"
#define ALLOW "\"steeringProfileEntryAction\":\"allow\""
	refused(&noun_operator_policy, ENTRIES("{\"iso3\":\"NLD\"," ALLOW "}"), "one entry must be the default");
	refused(&noun_operator_policy, ENTRIES("{\"radioAccess\":\"2g\"," ALLOW "}"), "one entry must be the default");
	refused(&noun_operator_policy, ENTRIES("{}"), "entries[0].steeringProfileEntryAction: is missing");
	refused(&noun_operator_policy, ENTRIES("{" ALLOW "},{" ALLOW "}"), "entries[1]: is about the same as entries[0]");
	refused(&noun_operator_policy,
		ENTRIES("{" ALLOW "},{\"operatorId\":26203," ALLOW "},{\"operatorId\":26203,\"iso3\":\"DEU\"," ALLOW "}"),
		"entries[2]: is about the same as entries[1]");
	refused(&noun_operator_policy, ENTRIES("{" ALLOW "},{\"operatorId\":12345," ALLOW "}"),
		"entries[1].operatorId: 12345 is no operator");
	refused(&noun_operator_policy, ENTRIES("{" ALLOW "},{\"operatorId\":26203,\"iso3\":\"NLD\"," ALLOW "}"), "is not in NLD");
	refused(&noun_operator_policy, ENTRIES("{" ALLOW "},{\"iso3\":\"XXX\"," ALLOW "}"), "\"XXX\" has no mobile networks");
	refused(&noun_regional_policy, ENTRIES("{\"iso3\":\"NLD\",\"regionalGatewayId\":\"europe\"}"),
		"one entry must be the default");
	refused(&noun_regional_policy, ENTRIES("{}"), "entries[0].regionalGateway: is missing");
}

static void what_is_allowed_follows_from_the_entries(void **state)
{
	struct operator_policy *policy;
	char *said;

	(void)state;
	said = judge(&noun_operator_policy, "{\"name\":\"P\"}", (void **)&policy);
	assert_string_equal(said, "");
	assert_true(policy->allow_2g && policy->allow_3g && policy->allow_45g);
	free(said);
	object_free(&noun_operator_policy, policy);
	said = judge(&noun_operator_policy,
		ENTRIES("{\"steeringProfileEntryAction\":\"reject-hard\"},{\"iso3\":\"NLD\",\"radioAccess\":\"45g\"," ALLOW "}"),
		(void **)&policy);
	assert_string_equal(said, "");
	assert_false(policy->allow_2g || policy->allow_3g);
	assert_true(policy->allow_45g);
	free(said);
	object_free(&noun_operator_policy, policy);
}

static void gateways_get_networks(void **state)
{
	struct operator_policy *policy;
	struct text out = {0};
	char *said = judge(&noun_operator_policy,
		ENTRIES("{" ALLOW "},{\"operatorId\":26203," ALLOW "},{\"operatorId\":26299," ALLOW "},{\"iso3\":\"GBR\"," ALLOW
			"}"),
		(void **)&policy);

	(void)state;
	assert_string_equal(said, "");
	free(said);
	steering_fill(&noun_operator_policy, policy);
	json_put_object(&out, &noun_operator_policy, policy, JSON_LINK);
	assert_non_null(strstr(out.bytes, "{\"networks\":[],\"action\":\"allow\"}"));
	assert_non_null(strstr(out.bytes, "{\"networks\":[\"26203\",\"26207\"],"));
	assert_non_null(strstr(out.bytes, "{\"networks\":[\"26299\"],"));
	assert_non_null(strstr(out.bytes, "{\"networks\":[\"234\",\"235\"],"));
	text_fini(&out);
	json_put_object(&out, &noun_operator_policy, policy, JSON_READ);
	assert_null(strstr(out.bytes, "networks"));
	text_fini(&out);
	object_free(&noun_operator_policy, policy);
}

// Each built-in operator is found by its number, once, and is in its country.
static void the_tables_agree(void **state)
{
	struct operator* operator= object_new(&noun_operator);
	int64_t numbers[500];
	size_t count = 0;

	(void)state;
	for (; operator_built_in(count, operator); count++) {
		char digits[OPERATOR_DIGITS];
		const char *first = operator->networks.items[0];

		assert_string_equal(operator->object.moniker, first);
		assert_int_equal(operator->number, strtoll(first, NULL, 10));
		assert_ptr_not_equal(operator_networks(operator->number, digits), digits);
		for (size_t i = 0; i < operator->networks.count; i++)
			if (operator->iso3 && !country_has(operator->iso3, operator->networks.items[i]))
				fail_msg("%s is not in %s", operator->networks.items[i], operator->iso3);
		for (size_t i = 0; i < count; i++)
			assert_int_not_equal(numbers[i], operator->number);
		numbers[count] = operator->number;
		object_free(&noun_operator, operator);
		operator= object_new(&noun_operator);
	}
	assert_true(count > 50);
	object_free(&noun_operator, operator);
	assert_null(operator_networks(100, (char[OPERATOR_DIGITS]){0}));
	assert_null(operator_networks(1000000, (char[OPERATOR_DIGITS]){0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_said),
		cmocka_unit_test(what_is_allowed_follows_from_the_entries),
		cmocka_unit_test(gateways_get_networks),
		cmocka_unit_test(the_tables_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
