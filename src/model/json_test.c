// SPDX-License-Identifier: Apache-2.0
// The field codec, both ways, and the judgement of a write without a store.
#include "model/json.h"

#include "base/clean.h"
#include "model/endpoint.h"
#include "model/policy.h"
#include "model/ruling.h"
#include "model/vslice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *parse(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, JSON_DECODE_ANY, &error);

	if (!json)
		fail_msg("%s: %s", text, error.text);
	return json;
}

static char *write_object(const struct noun *noun, const void *object, enum json_form form)
{
	struct text out = {0};

	json_put_object(&out, noun, object, form);
	return text_take(&out, NULL);
}

static void take(struct ruling *ruling, const struct noun *noun, const char *text, void *object, enum json_verb verb)
{
	json_t *body = parse(text);

	json_get_object(ruling, noun, body, object, verb);
	json_decref(body);
}

static bool said(const struct ruling *ruling, const char *text)
{
	for (size_t i = 0; i < ruling->fault_count; i++)
		if (strstr(ruling->faults[i], text))
			return true;
	return false;
}

// The faults of a new object of this body; the caller ends the ruling.
static struct ruling judge_new(const struct noun *noun, const char *text)
{
	struct ruling ruling = {0};
	void *object = object_new(noun);

	take(&ruling, noun, text, object, JSON_CREATE);
	object_judge(&ruling, noun, object, NULL);
	object_free(noun, object);
	return ruling;
}

static void assert_refused(const struct noun *noun, const char *text, const char *message)
{
	struct ruling ruling = judge_new(noun, text);

	if (!said(&ruling, message))
		fail_msg("%s: \"%s\" not in %s", text, message, ruling.fault_count ? ruling.faults[0] : "(no fault)");
	ruling_fini(&ruling);
}

static void test_defaults_are_written(void **state)
{
	(void)state;
	struct vslice *vslice = object_new(&noun_vslice);

	assert_int_equal(vslice->type, VSLICE_INTEGRATED);
	assert_int_equal(vslice->settings.hello_interval_s, 60);
	assert_int_equal(vslice->settings.tunnel_auth, TUNNEL_AUTH_REQUIRE);
	assert_string_equal(vslice->settings.failover_codes, "2,4,5,6,10");
	_cleanup_free_ char *json = write_object(&noun_vslice, vslice, JSON_READ);

	assert_non_null(
		strstr(json, "\"vsliceType\":{\"key\":1,\"moniker\":\"integrated\",\"name\":\"Integrated\",\"active\":true}"));
	assert_non_null(strstr(json, "\"advancedSettings\":null")); // not of this type
	assert_null(strstr(json, "subnetAddress")); // only written
	object_free(&noun_vslice, vslice);
}

static void test_each_type_goes_in_and_out(void **state)
{
	(void)state;
	struct rule *rule = object_new(&noun_rule);
	struct ruling ruling = {0};

	take(&ruling, &noun_rule,
		"{\"Description\":\"a \\\"b\\\" \\u0007 "
		"\\u00e9\",\"RULEACTION\":\"drop\",\"ruleDirection\":{\"key\":2,\"moniker\":\"downlink\"},"
		"\"destinationPortPattern\":\"80,8000-8100\",\"transportProtocol\":\"tcp\",\"reflexive\":true}",
		rule, JSON_CREATE);
	assert_int_equal(ruling.fault_count, 0);
	assert_int_equal(rule->action, RULE_DROP);
	assert_int_equal(rule->direction, RULE_DOWNLINK);
	assert_int_equal(rule->reflexive, 1);
	assert_int_equal(rule->enabled, 1);
	_cleanup_free_ char *json = write_object(&noun_rule, rule, JSON_READ);

	assert_non_null(strstr(json, "\"description\":\"a \\\"b\\\" \\u0007 \xc3\xa9\""));
	assert_non_null(strstr(json, "\"sourceIpPattern\":null"));
	_cleanup_free_ char *link = write_object(&noun_rule, rule, JSON_LINK);

	assert_string_equal(link,
		"{\"description\":\"a \\\"b\\\" \\u0007 \xc3\xa9\",\"ruleAction\":\"drop\",\"ruleDirection\":\"downlink\","
		"\"transportProtocol\":\"tcp\",\"destinationPortPattern\":\"80,8000-8100\",\"reflexive\":true,\"enabled\":true}");
	object_free(&noun_rule, rule);
}

static void test_what_is_read_can_be_written_back(void **state)
{
	(void)state;
	struct vslice *vslice = object_new(&noun_vslice), *again = object_new(&noun_vslice);
	struct ruling ruling = {0};

	take(&ruling, &noun_vslice,
		"{\"name\":\"x\",\"vsliceType\":\"l2tp\",\"lacs\":[{\"address\":\"10.0.0.1\",\"moniker\":\"a\",\"tunnelSecret\":"
		"\"s\"}],"
		"\"lnss\":[{\"address\":\"10.0.0.2\",\"moniker\":\"b\"}],\"advancedSettings\":{\"hideAvps\":true}}",
		vslice, JSON_CREATE);
	assert_int_equal(ruling.fault_count, 0);
	_cleanup_free_ char *json = write_object(&noun_vslice, vslice, JSON_READ);

	take(&ruling, &noun_vslice, json, again, JSON_CREATE);
	assert_int_equal(ruling.fault_count, 0);
	field_text_set(&((struct lac *)again->lacs.items)->tunnel_secret, "s"); // was not shown
	assert_true(object_equal(&noun_vslice, vslice, again));
	object_free(&noun_vslice, vslice);
	object_free(&noun_vslice, again);
}

static void test_a_secret_is_never_written(void **state)
{
	(void)state;
	struct lac *lac = object_new(&noun_lac);

	field_text_set(&lac->tunnel_secret, "hush");
	_cleanup_free_ char *read = write_object(&noun_lac, lac, JSON_READ);
	_cleanup_free_ char *link = write_object(&noun_lac, lac, JSON_LINK);

	assert_null(strstr(read, "hush"));
	assert_non_null(strstr(read, "\"tunnelSecretSet\":true"));
	assert_non_null(strstr(link, "\"tunnelSecret\":\"hush\"")); // gateways need it
	object_free(&noun_lac, lac);
}

static void test_replace_keeps_what_clients_do_not_know(void **state)
{
	(void)state;
	struct vslice *vslice = object_new(&noun_vslice);
	struct ruling ruling = {0};

	take(&ruling, &noun_vslice,
		"{\"name\":\"x\",\"vsliceType\":\"l2tp\",\"lacs\":[{\"address\":\"10.0.0.1\",\"tunnelSecret\":\"s\",\"name\":"
		"\"n\"}]}",
		vslice, JSON_CREATE);
	field_text_set(&((struct object *)vslice->lacs.items)->id, "id-1");
	take(&ruling, &noun_vslice, "{\"name\":\"y\"}", vslice, JSON_REPLACE);
	assert_int_equal(vslice->type, VSLICE_L2TP);
	assert_int_equal(vslice->lacs.count, 1);
	take(&ruling, &noun_vslice,
		"{\"name\":\"y\",\"lacs\":[{\"address\":\"10.0.0.9\"},{\"address\":\"10.0.0.1\",\"port\":1701,\"tunnelSecret\":"
		"\"\"}]}",
		vslice, JSON_REPLACE);
	assert_int_equal(vslice->lacs.count, 2);
	struct lac *lacs = vslice->lacs.items;

	assert_null(lacs[0].object.id);
	assert_string_equal(lacs[1].object.id, "id-1"); // found by address and port
	assert_string_equal(lacs[1].tunnel_secret, "s");
	take(&ruling, &noun_vslice, "{\"lacs\":[{\"id\":\"ID-1\",\"address\":\"10.0.0.3\",\"tunnelSecret\":null}]}", vslice,
		JSON_MERGE);
	lacs = vslice->lacs.items;
	assert_string_equal(lacs[0].address, "10.0.0.3");
	assert_null(lacs[0].tunnel_secret);
	assert_string_equal(vslice->object.name, "y");
	take(&ruling, &noun_vslice, "{\"lacs\":null}", vslice, JSON_MERGE);
	assert_int_equal(vslice->lacs.count, 0);
	assert_int_equal(ruling.fault_count, 0);
	object_free(&noun_vslice, vslice);
}

static void test_a_fault_names_member_problem_and_remedy(void **state)
{
	(void)state;
	static const struct {
		const struct noun *noun;
		const char *body, *message;
	} rows[] = {
		{&noun_lac, "{\"address\":1}", "address: is an integer; accepted: an IPv4 unicast address"},
		{&noun_lac, "{}", "address: is missing; accepted: an IPv4 unicast address"},
		{&noun_lac, "{\"address\":\"10.0.0.1\",\"port\":\"1701\"}",
			"port: is a text; accepted: an integer from 1 to 65535"},
		{&noun_lac, "{\"address\":\"10.0.0.1\",\"port\":65536}", "port: 65536 is out of range"},
		{&noun_lac, "{\"address\":\"10.0.0.1\",\"port\":1.0}", "port: is a number"},
		{&noun_lac, "{\"address\":\"224.0.0.1\"}", "address: \"224.0.0.1\" is not accepted"},
		{&noun_lac, "{\"address\":\"10.0.0.1\",\"colour\":1}",
			"colour: is not a member of L2TP Access Concentrator; accepted: moniker, name, address"},
		{&noun_lac, "[]", "body: is a list; accepted: an object"},
		{&noun_rule, "{\"ruleAction\":\"divert\",\"ruleDirection\":\"uplink\"}",
			"ruleAction: \"divert\" is not known; accepted: one of forward, drop"},
		{&noun_endpoint, "{\"iccid\":\"8988303000000000003\",\"imsis\":[\"1\"]}",
			"imsis[0]: \"1\" is not accepted; accepted: 14 or 15 digits"},
		{&noun_endpoint, "{\"tags\":\"a\"}", "tags: is a text; accepted: a list"},
		{&noun_vslice, "{\"name\":\"x\",\"name2\":{}}", "name2: is not a member of VSlice"},
		{&noun_vslice, "{\"name\":\"x\",\"lnss\":[1]}", "l2tpNetworkServers[0]: is an integer; accepted: an object"},
		{&noun_vslice, "{\"name\":\"x\",\"lnss\":[{},{},{},{},{},{}]}",
			"l2tpNetworkServers: has 6 entries; accepted: a list of 0 to 5 objects"},
		{&noun_vslice, "{\"name\":\"x\",\"vsliceType\":\"l2tp\",\"subnetAddress\":\"10.0.0.0/8\"}",
			"subnetAddress: does not apply here: the LNS assigns"},
		{&noun_vslice, "{\"name\":\"x\",\"advancedSettings\":{\"pppMru\":100}}",
			"advancedSettings.pppMru: 100 is out of range; accepted: an integer from 576"},
	};

	for (size_t i = 0; i < array_len(rows); i++)
		assert_refused(rows[i].noun, rows[i].body, rows[i].message);
}

static void test_a_name_is_measured_in_characters(void **state)
{
	(void)state;
	struct ruling ruling = {0};
	struct vslice *vslice = object_new(&noun_vslice);
	char body[400] = "{\"name\":\"";

	for (int i = 0; i < 100; i++)
		strcat(body, "\xc3\xa9");
	strcat(body, "\"}");
	take(&ruling, &noun_vslice, body, vslice, JSON_CREATE);
	assert_int_equal(ruling.fault_count, 0);
	assert_int_equal(strlen(vslice->object.name), 200);
	object_free(&noun_vslice, vslice);
}

static void test_many_faults_are_bounded(void **state)
{
	(void)state;
	struct text body = {0};

	text_char(&body, '{');
	for (int i = 0; i < 1000; i++)
		text_format(&body, "%s\"m%d\":1", i ? "," : "", i);
	text_char(&body, '}');
	struct ruling ruling = judge_new(&noun_lac, body.bytes);

	assert_int_equal(ruling.fault_count, 1001);
	assert_int_equal(ruling.verdict, RULING_INVALID);
	ruling_fini(&ruling);
	text_fini(&body);
}

static void test_time(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} rows[] = {{"1970-01-01T00:00:00Z", 0}, {"2026-11-23T16:05:03.250Z", 1795449903250},
		{"2026-11-23T18:05:03+02:00", 1795449903000}};
	int64_t ms;

	for (size_t i = 0; i < array_len(rows); i++) {
		assert_int_equal(json_time_parse(rows[i].text, &ms), 0);
		assert_int_equal(ms, rows[i].ms);
	}
	assert_int_not_equal(json_time_parse("tomorrow", &ms), 0);
	assert_int_not_equal(json_time_parse("2026-11-23T16:05:03Zx", &ms), 0);
	struct text out = {0};

	json_put_time(&out, 1795449903250);
	assert_string_equal(out.bytes, "\"2026-11-23T16:05:03.250Z\"");
	text_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_written),
		cmocka_unit_test(test_each_type_goes_in_and_out),
		cmocka_unit_test(test_what_is_read_can_be_written_back),
		cmocka_unit_test(test_a_secret_is_never_written),
		cmocka_unit_test(test_replace_keeps_what_clients_do_not_know),
		cmocka_unit_test(test_a_fault_names_member_problem_and_remedy),
		cmocka_unit_test(test_a_name_is_measured_in_characters),
		cmocka_unit_test(test_many_faults_are_bounded),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
