// SPDX-License-Identifier: Apache-2.0
#include "cli/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clean.h"
#include "base/vec.h"
#include "cli/command.h"

static char error[CLI_ERROR_TEXT];

// Pairs of name and value, until a NULL name; a value of NULL is a bare option. Gives the JSON or, on failure, NULL.
static char *body_of(const struct noun *noun, const char *start, const char *const *pairs)
{
	json_t *body = start ? json_loads(start, 0, NULL) : json_object();
	struct options options = {0};
	char *text = NULL;

	for (; *pairs; pairs += 2)
		*(struct option *)vec_add(&options) =
			(struct option){.name = pairs[0], .name_len = strlen(pairs[0]), .value = pairs[1]};
	if (body_fill(noun, &options, body, error) == 0)
		text = json_dumps(body, JSON_COMPACT);
	vec_free(&options);
	json_decref(body);
	return text;
}

#define PAIRS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_body(const struct noun *noun, const char *const *pairs, const char *wanted)
{
	_cleanup_free_ char *text = body_of(noun, NULL, pairs);

	if (!text)
		fail_msg("%s", error);
	assert_string_equal(text, wanted);
}

static void assert_fault(const struct noun *noun, const char *const *pairs, const char *wanted)
{
	_cleanup_free_ char *text = body_of(noun, NULL, pairs);

	assert_null(text);
	assert_string_equal(error, wanted);
}

static void test_names_are_words_with_hyphens(void **state)
{
	assert_body(&noun_vslice, PAIRS("name", "Vantiq", "vslice-type", "l2tp", "regional-gateway", "europe"),
		"{\"name\":\"Vantiq\",\"vsliceType\":\"l2tp\",\"regionalGateway\":\"europe\"}");
	assert_body(&noun_vslice, PAIRS("vsliceType", "l2tp"), "{\"vsliceType\":\"l2tp\"}");
	assert_body(&noun_target, PAIRS("vslice", "v"), "{\"vSlice\":\"v\"}");
}

static void test_types(void **state)
{
	assert_body(&noun_lac, PAIRS("address", "10.0.0.1", "port", "1702"), "{\"address\":\"10.0.0.1\",\"port\":1702}");
	assert_body(&noun_rule, PAIRS("reflexive", NULL, "enabled", "off"), "{\"reflexive\":true,\"enabled\":false}");
	assert_fault(&noun_lac, PAIRS("port", "many"), "--port: a number is wanted");
	assert_fault(&noun_lac, PAIRS("port", "17x"), "--port: a number is wanted");
	assert_fault(&noun_rule, PAIRS("enabled", "maybe"), "--enabled: yes or no is wanted");
	assert_fault(&noun_lac, PAIRS("address", NULL), "--address: a value is wanted");
}

static void test_digits_stay_text_where_text_is_wanted(void **state)
{
	assert_body(&noun_endpoint, PAIRS("iccid", "8944001010000000001", "reference", "007"),
		"{\"iccid\":\"8944001010000000001\",\"reference\":\"007\"}");
}

static void test_empty_clears(void **state)
{
	assert_body(&noun_vslice, PAIRS("default-routing-policy", "", "dns-servers", ""),
		"{\"defaultRoutingPolicy\":null,\"dnsServers\":[]}");
}

static void test_lists_grow(void **state)
{
	assert_body(&noun_endpoint, PAIRS("imsis", "001010000000001,001010000000002", "imsi", "001010000000003"),
		"{\"imsis\":[\"001010000000001\",\"001010000000002\",\"001010000000003\"]}");
}

static void test_members_of_parts(void **state)
{
	assert_body(&noun_vslice, PAIRS("hello-interval-seconds", "30", "advanced-settings.hide-avps", "yes"),
		"{\"advancedSettings\":{\"helloIntervalSeconds\":30,\"hideAvps\":true}}");
	assert_body(&noun_target, PAIRS("interface", "eth1", "peering-config.local-address", "192.0.2.1/30"),
		"{\"configurationData\":{\"peeringConfig\":{\"interface\":\"eth1\",\"localAddress\":\"192.0.2.1/30\"}}}");
}

static void test_type_decides_between_parts(void **state)
{
	assert_body(&noun_target, PAIRS("remote-subnets", "10.0.0.0/8", "routing-target-type", "peering"),
		"{\"configurationData\":{\"peeringConfig\":{\"remoteSubnets\":\"10.0.0.0/"
		"8\"}},\"routingTargetType\":\"peering\"}");
	assert_fault(&noun_target, PAIRS("remote-subnets", "10.0.0.0/8"),
		"--remote-subnets is ambiguous: --vpn-config.remote-subnets or --wire-guard-config.remote-subnets");
}

static void test_rows(void **state)
{
	assert_body(&noun_policy,
		PAIRS("rule", "direction=uplink,action=forward,routing-target=dc", "rule",
			"direction=downlink,action=drop,enabled=no"),
		"{\"routingPolicyRules\":[{\"ruleDirection\":\"uplink\",\"ruleAction\":\"forward\",\"routingTarget\":\"dc\"},"
		"{\"ruleDirection\":\"downlink\",\"ruleAction\":\"drop\",\"enabled\":false}]}");
	assert_body(&noun_vslice, PAIRS("lac", "address=10.0.0.1,port=1701"),
		"{\"l2tpAccessConcentrators\":[{\"address\":\"10.0.0.1\",\"port\":1701}]}");
	assert_body(&noun_vslice, PAIRS("lnss", "[{\"address\":\"10.0.0.2\"},{\"address\":\"10.0.0.3\"}]"),
		"{\"l2tpNetworkServers\":[{\"address\":\"10.0.0.2\"},{\"address\":\"10.0.0.3\"}]}");
	assert_fault(&noun_policy, PAIRS("rule", "colour=red"),
		"rule: no \"colour\"; it is written key=value,key=value with the keys of: slicegate rule --help");
	assert_fault(&noun_policy, PAIRS("rules", "[{"), "--routingPolicyRules: this is not valid JSON");
}

static void test_unknown_and_read_only(void **state)
{
	assert_fault(&noun_vslice, PAIRS("colour", "red"), "VSlice: no option --colour; see: slicegate vslice --help");
	assert_fault(&noun_vslice, PAIRS("endpoint-count", "5"), "--endpoint-count is set by the platform");
	assert_fault(&noun_vslice, PAIRS("advanced-settings.colour", "red"),
		"VSlice: no option --advanced-settings.colour; see: slicegate vslice --help");
}

static void test_values_from_files(void **state)
{
	char path[] = "/tmp/cli_test.XXXXXX", at_path[64];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "s3cret\n", 7), 7);
	close(fd);
	snprintf(at_path, sizeof(at_path), "@%s", path);
	assert_body(&noun_lac, PAIRS("tunnel-secret", at_path), "{\"tunnelSecret\":\"s3cret\"}");
	unlink(path);
	assert_body(&noun_lac, PAIRS("tunnel-secret", "@@home"), "{\"tunnelSecret\":\"@home\"}");
	assert_fault(&noun_lac, PAIRS("tunnel-secret", "@/nonexistent"), "/nonexistent: No such file or directory");
}

static void test_options_change_what_a_file_said(void **state)
{
	_cleanup_free_ char *text = body_of(&noun_vslice,
		"{\"name\":\"a\",\"dnsServers\":[\"1.1.1.1\"],\"advancedSettings\":{\"hideAvps\":true,\"receiveWindow\":4}}",
		PAIRS("name", "b", "dns-servers", "9.9.9.9", "receive-window", "8"));

	assert_string_equal(text,
		"{\"name\":\"b\",\"dnsServers\":[\"9.9.9.9\"],\"advancedSettings\":{\"hideAvps\":true,\"receiveWindow\":8}}");
}

static void test_every_member_has_its_option(void **state)
{
	for (size_t i = 0; nouns[i]; i++)
		for (size_t f = 0; f < nouns[i]->field_count; f++) {
			char option[96];

			name_as_option(nouns[i]->fields[f].name, option);
			assert_true(name_matches(option, strlen(option), nouns[i]->fields[f].name));
			for (const char *at = option; *at; at++)
				assert_non_null(strchr("abcdefghijklmnopqrstuvwxyz0123456789-", *at));
		}
}

static void test_option_names(void **state)
{
	static const char *const rows[][2] = {{"vsliceType", "vslice-type"}, {"vSlice", "vslice"},
		{"l2tpAccessConcentrators", "l2tp-access-concentrators"}, {"remotePeerIPAddress", "remote-peer-ip-address"},
		{"iccid", "iccid"}, {"wireGuardConfig", "wire-guard-config"}};

	for (size_t i = 0; i < array_len(rows); i++) {
		char option[96];

		assert_string_equal(name_as_option(rows[i][0], option), rows[i][1]);
	}
}

static void test_words_for_nouns(void **state)
{
	assert_ptr_equal(noun_of_word("vslice"), &noun_vslice);
	assert_ptr_equal(noun_of_word("VSlices"), &noun_vslice);
	assert_ptr_equal(noun_of_word("target"), &noun_target);
	assert_ptr_equal(noun_of_word("RoutingTargets"), &noun_target);
	assert_ptr_equal(noun_of_word("policies"), &noun_policy);
	assert_ptr_equal(noun_of_word("lns"), &noun_lns);
	assert_ptr_equal(noun_of_word("lacs"), &noun_lac);
	assert_ptr_equal(noun_of_word("sessions"), &noun_session);
	assert_null(noun_of_word("s"));
	assert_null(noun_of_word(""));
	assert_null(noun_of_word("vslicer"));
}

static void test_verbs_of_nouns(void **state)
{
	assert_non_null(verb_find(&noun_vslice, "create"));
	assert_non_null(verb_find(&noun_vslice, "wait"));
	assert_ptr_equal(verb_find(&noun_vslice, "add"), verb_find(&noun_vslice, "create"));
	assert_null(verb_find(&noun_session, "create"));
	assert_null(verb_find(&noun_session, "delete"));
	assert_non_null(verb_find(&noun_tunnel, "restart"));
	assert_null(verb_find(&noun_vslice, "restart"));
	assert_non_null(verb_find(&noun_lns, "order"));
	assert_non_null(verb_find(&noun_rule, "order"));
	assert_null(verb_find(&noun_vslice, "order"));
}

static void test_paths_are_escaped(void **state)
{
	char path[256] = "";

	path_add(path, sizeof(path), "vslices");
	path_add(path, sizeof(path), "a/b?c d\xc3\xa9");
	path_add(path, sizeof(path), "..");
	query_add(path, sizeof(path), "filter", "name:x&y");
	query_add(path, sizeof(path), "sortBy", "asc(name),desc(id)");
	assert_string_equal(path, "/vslices/a%2Fb%3Fc%20d%C3%A9/%2E%2E?filter=name:x%26y&sortBy=asc(name),desc(id)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_words_with_hyphens),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_digits_stay_text_where_text_is_wanted),
		cmocka_unit_test(test_empty_clears),
		cmocka_unit_test(test_lists_grow),
		cmocka_unit_test(test_members_of_parts),
		cmocka_unit_test(test_type_decides_between_parts),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_unknown_and_read_only),
		cmocka_unit_test(test_values_from_files),
		cmocka_unit_test(test_options_change_what_a_file_said),
		cmocka_unit_test(test_every_member_has_its_option),
		cmocka_unit_test(test_option_names),
		cmocka_unit_test(test_words_for_nouns),
		cmocka_unit_test(test_verbs_of_nouns),
		cmocka_unit_test(test_paths_are_escaped),
	};

	return cmocka_run_group_tests_name("cli/body", tests, NULL, NULL);
}
