// SPDX-License-Identifier: Apache-2.0
#include "gateway/steering.h"

#include "proto/gtp/gtp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ID "11111111-0000-4000-8000-00000000000"
#define HERE ID "8"

static int put(struct config *config, const char *kind, const char *id, const char *text, char *why)
{
	json_t *data = json_loads(text, 0, NULL);
	int error;

	assert_non_null(data);
	error = config_put(config, kind, id, data, why);
	json_decref(data);
	return error;
}

static struct config *world(void)
{
	struct config *config = config_new();
	char why[160];

	assert_int_equal(put(config, "regionalGateway", HERE, "{\"moniker\":\"here\"}", why), 0);
	assert_int_equal(put(config, "vslice", ID "1", "{\"moniker\":\"v\",\"vsliceType\":\"integrated\"}", why), 0);
	assert_int_equal(put(config, "operatorPolicy", ID "2",
				 "{\"moniker\":\"roaming\",\"entries\":[{\"action\":\"reject-hard\"},"
				 "{\"networks\":[\"262\"],\"action\":\"allow\"},"
				 "{\"networks\":[\"262\"],\"radioAccess\":\"2g\",\"action\":\"reject-soft\"},"
				 "{\"networks\":[\"26203\",\"26207\"],\"action\":\"reject-soft\"},"
				 "{\"networks\":[\"310410\"],\"action\":\"allow\"}]}",
				 why),
		0);
	assert_int_equal(
		put(config, "regionalPolicy", ID "3",
			"{\"moniker\":\"split\",\"entries\":[{\"regionalGateway\":\"" HERE
			"\",\"regionalGatewayMoniker\":\"here\"},"
			"{\"networks\":[\"310\",\"311\"],\"regionalGateway\":\"" ID "9\",\"regionalGatewayMoniker\":\"there\"}]}",
			why),
		0);
	assert_int_equal(put(config, "endpointGroup", ID "4",
				 "{\"moniker\":\"g\",\"vslice\":\"" ID "1\",\"steeringProfile\":\"" ID
				 "2\",\"regionalGatewayPolicy\":\"" ID "3\"}",
				 why),
		0);
	return config;
}

static enum refusal check(const struct config *config, const char *network, uint8_t rat, char *why)
{
	struct plmn plmn = {0};
	struct uuid id;

	if (*network)
		assert_int_equal(plmn_parse(network, &plmn), 0);
	*why = '\0';
	uuid_set(&id, ID "4");
	const struct group_config *group = config_group(config, &id);

	uuid_set(&id, ID "1");
	return steering_check(config, group, config_vslice(config, &id), &plmn, rat, why, 200);
}

static void the_most_specific_entry_decides(void **state)
{
	static const struct {
		const char *network;
		uint8_t rat;
		enum refusal refusal;
	} cases[] = {
		{"00101", GTP_RAT_EUTRAN, REFUSED_STEERED_HARD}, // the default
		{"", GTP_RAT_EUTRAN, REFUSED_STEERED_HARD}, // a network that did not say which it is
		{"26201", GTP_RAT_EUTRAN, REFUSED_NONE}, // the country
		{"26201", GTP_RAT_UTRAN, REFUSED_NONE}, {"26201", GTP_RAT_GERAN, REFUSED_STEERED_SOFT}, // the country, by 2G
		{"26207", GTP_RAT_NR, REFUSED_STEERED_SOFT}, // the operator, by its second network
		{"310410", GTP_RAT_EUTRAN, REFUSED_REGION}, // allowed, but elsewhere
		{"31041", GTP_RAT_EUTRAN, REFUSED_STEERED_HARD}, // two digits are another network than three
	};
	struct config *config = world();
	char why[200];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (check(config, cases[i].network, cases[i].rat, why) != cases[i].refusal)
			fail_msg("%s by %s: %s", cases[i].network, gtp_rat_name(cases[i].rat), why);
	assert_int_equal(check(config, "26203", GTP_RAT_LTE_M, why), REFUSED_STEERED_SOFT);
	assert_string_equal(why, "network 262-03, RAT LTE-M, Operator Policy \"roaming\"");
	assert_int_equal(check(config, "310410", GTP_RAT_LTE_M, why), REFUSED_REGION);
	assert_string_equal(why, "network 310-410, Regional Policy \"split\": Regional Gateway \"there\"");
	config_free(&config);
}

static void a_policy_that_says_nothing_lets_in(void **state)
{
	struct config *config = world();
	char why[200];

	(void)state;
	assert_int_equal(put(config, "operatorPolicy", ID "2", "{\"moniker\":\"roaming\"}", why), 0);
	config_delete(config, "regionalPolicy", ID "3");
	assert_int_equal(check(config, "310410", GTP_RAT_EUTRAN, why), REFUSED_NONE);
	assert_int_equal(put(config, "endpointGroup", ID "4", "{\"moniker\":\"g\"}", why), 0);
	assert_int_equal(check(config, "310410", GTP_RAT_EUTRAN, why), REFUSED_NONE);
	config_free(&config);
}

// On an L2TP VSlice the gateway is fixed: no Regional Policy is looked at.
static void an_l2tp_vslice_has_no_regional_policy(void **state)
{
	struct config *config = world();
	char why[200];

	(void)state;
	assert_int_equal(put(config, "vslice", ID "1", "{\"moniker\":\"v\",\"vsliceType\":\"l2tp\"}", why), 0);
	assert_int_equal(check(config, "310410", GTP_RAT_EUTRAN, why), REFUSED_NONE);
	assert_int_equal(check(config, "00101", GTP_RAT_EUTRAN, why), REFUSED_STEERED_HARD);
	config_free(&config);
}

static void a_bad_policy_leaves_the_one_that_was(void **state)
{
	static const char *const bad[] = {
		"{\"entries\":[{\"networks\":[\"26\"]}]}",
		"{\"entries\":[{\"networks\":[\"26a01\"]}]}",
		"{\"entries\":[{\"networks\":[262]}]}",
		"{\"entries\":[{\"action\":\"perhaps\"}]}",
		"{\"entries\":[{\"radioAccess\":\"6g\"}]}",
	};
	struct config *config = world();
	char why[200];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(put(config, "operatorPolicy", ID "2", bad[i], why), -EINVAL);
	assert_int_equal(check(config, "00101", GTP_RAT_EUTRAN, why), REFUSED_STEERED_HARD);
	config_free(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_specific_entry_decides),
		cmocka_unit_test(a_policy_that_says_nothing_lets_in),
		cmocka_unit_test(an_l2tp_vslice_has_no_regional_policy),
		cmocka_unit_test(a_bad_policy_leaves_the_one_that_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
