// SPDX-License-Identifier: Apache-2.0
#include "cli/resource.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clean.h"
#include "cli/diff.h"
#include "cli/manifest.h"
#include "cli/yaml_read.h"

static char yaml_error[200];

static int keep(json_t *document, unsigned line, void *context)
{
	json_t *row = json_pack("[iO]", line, document);

	return json_array_append_new(context, row);
}

static void assert_yaml(const char *text, const char *wanted)
{
	json_t *all = json_array();
	_cleanup_free_ char *got = NULL;

	yaml_error[0] = '\0';
	if (yaml_read(text, strlen(text), keep, all, yaml_error, sizeof(yaml_error)) == 0)
		got = json_dumps(all, JSON_COMPACT);
	json_decref(all);
	assert_string_equal(got ? got : yaml_error, wanted);
}

static void test_yaml_scalars_are_texts(void **state)
{
	assert_yaml("a: 007\nb: on\nc: ~\nd:\ne: 'null'\nf: [1, x]\n",
		"[[1,{\"a\":\"007\",\"b\":\"on\",\"c\":null,\"d\":null,\"e\":\"null\",\"f\":[\"1\",\"x\"]}]]");
}

static void test_yaml_documents_have_their_lines(void **state)
{
	assert_yaml("# nothing yet\n---\na: 1\n---\n---\n- b\n", "[[3,{\"a\":\"1\"}],[6,[\"b\"]]]");
	assert_yaml("", "[]");
	assert_yaml("x: &x {a: b}\ny: *x\n", "[[1,{\"x\":{\"a\":\"b\"},\"y\":{\"a\":\"b\"}}]]");
}

static void test_yaml_faults_have_their_lines(void **state)
{
	assert_yaml("a: 1\na: 2\n", "2: this name was given before");
	assert_yaml("a: [1\n", "2: did not find expected ',' or ']'");
	assert_yaml("? [a]\n: b\n", "1: a name is wanted before the colon");
	assert_yaml("a: &a [*a]\n", "1: this is too deep or too large");
}

// Nine anchors, each ten times the one before: a thousand million values out of 200 octets.
static void test_yaml_aliases_are_bounded(void **state)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	fputs("a0: &a0 x\n", out);
	for (int i = 1; i < 10; i++) {
		fprintf(out, "a%d: &a%d [*a%d", i, i, i - 1);
		for (int j = 1; j < 10; j++)
			fprintf(out, ", *a%d", i - 1);
		fputs("]\n", out);
	}
	fclose(out);
	assert_yaml(text, "1: this is too deep or too large");
	free(text);
}

static struct resource_faults faults;

// What a document says, as the API takes it; or its faults.
static char *taken(const struct noun *noun, const char *yaml)
{
	struct resource_place place = {.where = "f:1", .faults = &faults};
	json_t *all = json_array(), *out;
	char *text = NULL;

	assert_int_equal(yaml_read(yaml, strlen(yaml), keep, all, yaml_error, sizeof(yaml_error)), 0);
	out = resource_from_document(noun, json_array_get(json_array_get(all, 0), 1), &place);
	if (!faults.lines.count)
		text = json_dumps(out, JSON_COMPACT);
	for (size_t i = 0; i < faults.lines.count; i++) {
		char *joined = NULL;

		assert_true(asprintf(&joined, "%s%s%s", text ? text : "", text ? "\n" : "", faults.lines.items[i]) > 0);
		free(text);
		text = joined;
	}
	resource_faults_fini(&faults);
	json_decref(out);
	json_decref(all);
	return text;
}

static void assert_taken(const struct noun *noun, const char *yaml, const char *wanted)
{
	_cleanup_free_ char *text = taken(noun, yaml);

	assert_string_equal(text, wanted);
}

static void test_rows_say_what_a_text_means(void **state)
{
	assert_taken(&noun_endpoint, "kind: endpoint\niccid: 8988303000000000019\nimsis: [001010000000001]\n",
		"{\"iccid\":\"8988303000000000019\",\"imsis\":[\"001010000000001\"]}");
	assert_taken(&noun_vslice, "lacs: [{address: 10.0.0.1, port: 1702}]\nADVANCEDSETTINGS: {hideAvps: on}\neventMap:\n",
		"{\"l2tpAccessConcentrators\":[{\"address\":\"10.0.0.1\",\"port\":1702}],\"advancedSettings\":{\"hideAvps\":true}"
		","
		"\"eventMap\":null}");
}

static void test_what_was_read_is_taken(void **state)
{
	assert_taken(&noun_group,
		"id: x\nname: G\nvslice: {id: 1, moniker: v, name: V}\nendpointsAssigned: 5\nipAllocationType: {key: 3, moniker: "
		"ppp, name: "
		"PPP}\n",
		"{\"name\":\"G\",\"vslice\":\"v\",\"ipAllocationType\":\"ppp\"}");
	assert_taken(&noun_vslice, "lacs: [{id: a, tunnelSecretSet: true, address: 10.0.0.1}]\n",
		"{\"l2tpAccessConcentrators\":[{\"id\":\"a\",\"address\":\"10.0.0.1\"}]}");
}

static void test_faults_name_member_and_document(void **state)
{
	assert_taken(&noun_vslice, "colour: red\nlacs: [{port: many}, 5]\nadvancedSettings: 3\ndnsServers: 1.1.1.1\n",
		"f:1: colour: a VSlice has no such member\n"
		"f:1: lacs[0].port: a number is wanted\n"
		"f:1: lacs[1]: members are wanted, \"name: value\"\n"
		"f:1: advancedSettings: members are wanted, \"name: value\"\n"
		"f:1: dnsServers: a list is wanted");
}

static void test_secrets_are_looked_up(void **state)
{
	char path[] = "/tmp/cli_resource.XXXXXX", yaml[200];
	int fd = mkstemp(path);

	assert_int_equal(write(fd, "s3cret\n", 7), 7);
	close(fd);
	snprintf(yaml, sizeof(yaml), "lacs: [{address: 10.0.0.1, tunnelSecret: {fromFile: %s}}]", path);
	assert_taken(
		&noun_vslice, yaml, "{\"l2tpAccessConcentrators\":[{\"address\":\"10.0.0.1\",\"tunnelSecret\":\"s3cret\"}]}");
	unlink(path);
	setenv("RESOURCE_TEST", "from-env", 1);
	assert_taken(&noun_vslice, "lacs: [{tunnelSecret: {fromEnv: RESOURCE_TEST}}]",
		"{\"l2tpAccessConcentrators\":[{\"tunnelSecret\":\"from-env\"}]}");
	unsetenv("RESOURCE_TEST");
	assert_taken(&noun_vslice, "lacs: [{tunnelSecret: {fromEnv: RESOURCE_TEST}}]",
		"f:1: lacs[0].tunnelSecret: the environment has no RESOURCE_TEST");
	assert_taken(&noun_vslice, "lacs: [{tunnelSecret: {from: x}}]",
		"f:1: lacs[0].tunnelSecret: a text is wanted, or {fromFile: PATH}, or {fromEnv: NAME}");
}

static bool same(const struct noun *noun, const char *member, const char *written, const char *answered)
{
	json_t *a = json_loads(written, JSON_DECODE_ANY, NULL), *b = json_loads(answered, JSON_DECODE_ANY, NULL);
	bool result = resource_same(field_find(noun, member), a, b);

	json_decref(a);
	json_decref(b);
	return result;
}

static void test_what_is_the_same(void **state)
{
	assert_true(same(&noun_vslice, "regionalGateway", "\"europe\"", "{\"id\":\"1\",\"moniker\":\"europe\",\"name\":\"E\"}"));
	assert_true(same(&noun_vslice, "regionalGateway", "\"E\"", "{\"id\":\"1\",\"moniker\":\"europe\",\"name\":\"E\"}"));
	assert_false(same(&noun_vslice, "regionalGateway", "\"asia\"", "{\"id\":\"1\",\"moniker\":\"europe\",\"name\":\"E\"}"));
	assert_false(same(&noun_vslice, "regionalGateway", "null", "{\"id\":\"1\",\"moniker\":\"europe\",\"name\":\"E\"}"));
	assert_true(same(&noun_vslice, "vsliceType", "\"L2TP\"", "{\"key\":2,\"moniker\":\"l2tp\"}"));
	assert_true(same(&noun_vslice, "eventMap", "null", "null"));
	assert_true(same(&noun_vslice, "dnsServers", "[]", "null"));
	assert_true(same(&noun_lac, "tunnelSecret", "\"x\"", "null"));
	assert_true(same(&noun_token, "expiresAt", "\"2030-01-01T00:00:00Z\"", "\"2030-01-01T00:00:00.000Z\""));
	assert_true(same(
		&noun_vslice, "lacs", "[{\"address\":\"10.0.0.1\"}]", "[{\"id\":\"1\",\"address\":\"10.0.0.1\",\"port\":1701}]"));
	assert_false(same(
		&noun_vslice, "lacs", "[{\"address\":\"10.0.0.1\",\"port\":5}]", "[{\"address\":\"10.0.0.1\",\"port\":1701}]"));
	assert_false(same(&noun_vslice, "lacs", "[]", "[{\"address\":\"10.0.0.1\"}]"));
}

static void test_rules_that_move_keep_their_ids(void **state)
{
	json_t *written = json_loads(
		"{\"routingPolicyRules\":[{\"description\":\"new\"},{\"description\":\"b\"},{\"description\":\"a\"}]}", 0, NULL);
	json_t *answered = json_loads("{\"routingPolicyRules\":[{\"id\":\"1\",\"description\":\"a\"},{\"id\":\"2\","
				      "\"description\":\"b\"},{\"id\":\"3\","
				      "\"description\":\"c\"}]}",
		0, NULL);
	_cleanup_free_ char *text = NULL;

	resource_keep_ids(&noun_policy, written, answered);
	text = json_dumps(written, JSON_COMPACT);
	assert_string_equal(text,
		"{\"routingPolicyRules\":[{\"description\":\"new\"},{\"description\":\"b\",\"id\":\"2\"},{\"description\":\"a\","
		"\"id\":\"1\"}]}");
	json_decref(written);
	json_decref(answered);
}

static void test_an_answer_becomes_a_document(void **state)
{
	json_t *answer = json_loads("{\"id\":\"1\",\"moniker\":\"v\",\"name\":\"V\",\"vsliceType\":{\"key\":2,\"moniker\":"
				    "\"l2tp\",\"name\":\"L2TP\",\"active\":true},"
				    "\"dnsServers\":null,\"l2tpAccessConcentrators\":[{\"id\":\"2\",\"moniker\":\"lac-1\","
				    "\"name\":null,\"address\":\"10.0.0.1\","
				    "\"port\":1701,\"tunnelSecretSet\":true}],\"endpointCount\":5,\"changedAt\":\"x\"}",
		0, NULL);
	json_t *whole = resource_from_answer(&noun_vslice, answer, false),
	       *brief = resource_from_answer(&noun_vslice, answer, true);
	_cleanup_free_ char *a = json_dumps(whole, JSON_COMPACT), *b = json_dumps(brief, JSON_COMPACT);

	assert_string_equal(a,
		"{\"moniker\":\"v\",\"name\":\"V\",\"vsliceType\":\"l2tp\",\"l2tpAccessConcentrators\":[{\"moniker\":\"lac-1\","
		"\"address\":\"10.0.0.1\",\"port\":1701}]}");
	assert_string_equal(b,
		"{\"moniker\":\"v\",\"name\":\"V\",\"vsliceType\":\"l2tp\",\"l2tpAccessConcentrators\":[{\"moniker\":\"lac-1\","
		"\"address\":\"10.0.0.1\"}]}");
	json_decref(whole);
	json_decref(brief);
	json_decref(answer);
}

// The documents of a file, in their order: "vslice a, endpoint b", or the faults.
static char *order_of(const char *text)
{
	char path[] = "/tmp/cli_manifest.XXXXXX", error[CLI_ERROR_TEXT] = "", *out = NULL, *line;
	struct manifest manifest = {0};
	int fd = mkstemp(path);
	size_t len;
	FILE *file = open_memstream(&out, &len);

	assert_true(write(fd, text, strlen(text)) >= 0);
	close(fd);
	if (manifest_read(&manifest, path, error) == 0)
		manifest_sort(&manifest);
	else
		fputs(error, file);
	vec_each (&manifest.faults.lines, fault)
		fprintf(file, "%s\n", *fault);
	vec_each (&manifest.documents, document)
		if (!manifest.faults.lines.count && !*error)
			fprintf(file, "%s %s, ", document->noun->word, document->called);
	fclose(file);
	unlink(path);
	manifest_fini(&manifest);
	while ((line = strstr(out, path))) // faults name it
		memmove(line, line + strlen(path), strlen(line + strlen(path)) + 1);
	return out;
}

static void assert_order(const char *text, const char *wanted)
{
	_cleanup_free_ char *got = order_of(text);

	assert_string_equal(got, wanted);
}

static void test_documents_are_put_in_order(void **state)
{
	assert_order("kind: endpoint\niccid: 89\n---\nkind: policy\nname: P one\n---\nkind: vslices\nname: V\n---\nkind: "
		     "target\nmoniker: t\n",
		"vslice v, routing-target t, routing-policy p-one, endpoint 89, ");
	assert_order("- {kind: vslice, name: B}\n- {kind: vslice, name: A}\n", "vslice a, vslice b, ");
	assert_order("{\"items\": [{\"kind\": \"vslice\", \"name\": \"A\"}]}", "vslice a, ");
	assert_order(
		"{\"kind\": \"vslice\", \"name\": \"A\"}\n[{\"kind\": \"vslice\", \"name\": \"B\"}]\n", "vslice a, vslice b, ");
}

static void test_documents_at_fault(void **state)
{
	assert_order("name: x\n---\nkind: colour\n---\nkind: lac\n---\nkind: session\n---\nkind: vslice\n---\n5\n",
		":1: kind: is missing: the noun of the object, such as vslice\n"
		":3: kind: there is no \"colour\"; see: slicegate --help\n"
		":5: kind: a lac stands in the list of its vslice\n"
		":7: kind: a session is only read\n"
		":9: vslice: moniker or name is wanted\n"
		":11: an object is wanted, with its kind: vslice, routing-target...\n");
	assert_order("- {kind: vslice, name: A}\n- {kind: vslice, moniker: a}\n",
		":1: entry 2: vslice a: vslice a stands in another document too (:1: entry 1: vslice A)\n");
	assert_order("{\"kind\": \"vslice\",\n \"name\": }", ":2: unexpected token near '}'");
}

static void test_difference(void **state)
{
	json_t *before = json_pack("{s:s,s:[s,s],s:s}", "name", "a", "list", "x", "y", "last", "same");
	json_t *after = json_pack("{s:s,s:[s,s],s:s}", "name", "b", "list", "x", "z", "last", "same");
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	diff_print(out, before, after);
	fclose(out);
	assert_string_equal(text, "  - name: a\n  + name: b\n    list:\n    - x\n  - - \"y\"\n  + - z\n    last: same\n");
	free(text);
	json_decref(before);
	json_decref(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_yaml_scalars_are_texts),
		cmocka_unit_test(test_yaml_documents_have_their_lines),
		cmocka_unit_test(test_yaml_faults_have_their_lines),
		cmocka_unit_test(test_yaml_aliases_are_bounded),
		cmocka_unit_test(test_rows_say_what_a_text_means),
		cmocka_unit_test(test_what_was_read_is_taken),
		cmocka_unit_test(test_faults_name_member_and_document),
		cmocka_unit_test(test_secrets_are_looked_up),
		cmocka_unit_test(test_what_is_the_same),
		cmocka_unit_test(test_rules_that_move_keep_their_ids),
		cmocka_unit_test(test_an_answer_becomes_a_document),
		cmocka_unit_test(test_documents_are_put_in_order),
		cmocka_unit_test(test_documents_at_fault),
		cmocka_unit_test(test_difference),
	};

	return cmocka_run_group_tests_name("cli/resource", tests, NULL, NULL);
}
