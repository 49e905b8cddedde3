// SPDX-License-Identifier: Apache-2.0
#include "cli/print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"
#include "cli/text.h"
#include "cli/wait.h"

enum shape { LIST, OBJECT };

static void assert_printed(
	enum shape shape, enum format format, const struct noun *noun, const char *columns, const char *json, const char *wanted)
{
	_cleanup_free_ char *text = NULL;
	json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(value);
	if (shape == LIST)
		print_list(out, format, noun, columns, value);
	else
		print_object(out, format, noun, value);
	fclose(out);
	json_decref(value);
	assert_string_equal(text, wanted);
}

static const char lacs[] =
	"[{\"id\":\"1\",\"moniker\":\"lac-a\",\"name\":null,\"address\":\"10.0.0.1\",\"port\":1701,\"tunnelSecretSet\":true},"
	"{\"id\":\"2\",\"moniker\":\"b\",\"name\":\"Zür\\\"ich, "
	"x\",\"address\":\"10.0.0.22\",\"port\":1702,\"tunnelSecretSet\":false}]";

static void test_table_of_summary_columns(void **state)
{
	assert_printed(LIST, FORMAT_TABLE, &noun_lac, NULL, lacs,
		"MONIKER  NAME        VIRTUAL LAC ADDRESS  PORT\n"
		"lac-a    -           10.0.0.1             1701\n"
		"b        Zür\"ich, x  10.0.0.22            1702\n");
}

static void test_chosen_columns(void **state)
{
	assert_printed(LIST, FORMAT_TABLE, &noun_lac, "port,tunnel-secret-set", lacs,
		"PORT  TUNNEL SECRET SET\n"
		"1701  yes\n"
		"1702  no\n");
	assert_printed(LIST, FORMAT_TABLE, NULL, "name,vslice.name",
		"[{\"name\":\"x\",\"vslice\":{\"moniker\":\"v\",\"name\":\"V 1\"}}]",
		"NAME  VSLICE.NAME\n"
		"x     V 1\n");
}

static void test_empty_list_has_its_head(void **state)
{
	assert_printed(LIST, FORMAT_TABLE, &noun_lac, NULL, "[]", "MONIKER  NAME  VIRTUAL LAC ADDRESS  PORT\n");
	assert_printed(LIST, FORMAT_TABLE, NULL, NULL, "[]", "");
	assert_printed(LIST, FORMAT_JSON, NULL, NULL, "[]", "[]\n");
}

static void test_csv(void **state)
{
	assert_printed(LIST, FORMAT_CSV, &noun_lac, "name,port", lacs, "name,port\r\n,1701\r\n\"Zür\"\"ich, x\",1702\r\n");
}

static void test_values_for_people(void **state)
{
	static const char *const rows[][2] = {
		{"null", "-"},
		{"\"\"", "-"},
		{"[]", "-"},
		{"true", "yes"},
		{"-5", "-5"},
		{"[\"a\",\"b\"]", "a, b"},
		{"{\"key\":1,\"moniker\":\"l2tp\",\"name\":\"L2TP\",\"active\":true}", "l2tp"},
		{"{\"id\":\"u\",\"moniker\":\"\",\"name\":\"LNS 1\"}", "LNS 1"},
		{"{\"lcp\":3}", "{\"lcp\":3}"},
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		json_t *value = json_loads(rows[i][0], JSON_DECODE_ANY, NULL);
		_cleanup_free_ char *text = print_text(value);

		assert_string_equal(text, rows[i][1]);
		json_decref(value);
	}
}

static void test_one_object_in_sections(void **state)
{
	assert_printed(OBJECT, FORMAT_TABLE, &noun_vslice, NULL,
		"{\"id\":\"u\",\"moniker\":\"v\",\"name\":\"V\",\"vsliceType\":{\"key\":2,\"moniker\":\"l2tp\",\"name\":\"L2TP\","
		"\"active\":true},"
		"\"defaultRoutingPolicy\":null,\"l2tpAccessConcentrators\":[{\"id\":\"1\",\"moniker\":\"lac\",\"name\":\"L\","
		"\"address\":\"10.0.0.1\",\"port\":1701}],"
		"\"advancedSettings\":{\"receiveWindow\":16},\"readiness\":[{\"check\":\"policy\",\"ok\":false,\"message\":"
		"\"none\"}]}",
		"Id       u\n"
		"Moniker  v\n"
		"Name     V\n"
		"Type     l2tp\n"
		"\n"
		"L2TP Access Concentrator(s)\n"
		"  MONIKER  NAME  VIRTUAL LAC ADDRESS  PORT\n"
		"  lac      L     10.0.0.1             1701\n"
		"\n"
		"Advanced Settings\n"
		"  Receive window  16\n"
		"\n"
		"Readiness\n"
		"  CHECK   OK  MESSAGE\n"
		"  policy  no  none\n");
}

static void test_yaml(void **state)
{
	assert_printed(OBJECT, FORMAT_YAML, NULL, NULL,
		"{\"name\":\"plain "
		"text\",\"port\":1701,\"digits\":\"1701\",\"no\":\"no\",\"empty\":\"\",\"nothing\":null,\"colon\":\"a: b\","
		"\"lines\":\"a\\nb\",\"at\":\"2026-11-23T00:00:00Z\",\"list\":[],\"deep\":{\"a\":[{\"x\":1,\"y\":[2,3]},\"z\"]}}",
		"name: plain text\n"
		"port: 1701\n"
		"digits: \"1701\"\n"
		"\"no\": \"no\"\n"
		"empty: \"\"\n"
		"nothing: null\n"
		"colon: \"a: b\"\n"
		"lines: \"a\\nb\"\n"
		"at: \"2026-11-23T00:00:00Z\"\n"
		"list: []\n"
		"deep:\n"
		"  a:\n"
		"  - x: 1\n"
		"    \"y\":\n" // true to a 1.1 reader
		"    - 2\n"
		"    - 3\n"
		"  - z\n");
	assert_printed(LIST, FORMAT_YAML, NULL, NULL, "[{\"a\":1},{\"a\":2}]", "- a: 1\n- a: 2\n");
	assert_printed(LIST, FORMAT_YAML, NULL, NULL, "[]", "[]\n");
}

static void test_width_is_in_characters(void **state)
{
	assert_int_equal(text_width("Zürich"), 6);
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("€"), 1);
}

static void test_obstacle(void **state)
{
	json_t *ready = json_loads("[{\"ok\":true,\"message\":\"fine\"}]", 0, NULL);
	json_t *not_ready = json_loads(
		"[{\"ok\":true},{\"ok\":false,\"message\":\"no policy\"},{\"ok\":false,\"message\":\"later\"}]", 0, NULL);

	assert_null(wait_obstacle(ready));
	assert_string_equal(wait_obstacle(not_ready), "no policy");
	assert_non_null(wait_obstacle(NULL));
	json_decref(ready);
	json_decref(not_ready);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_of_summary_columns),
		cmocka_unit_test(test_chosen_columns),
		cmocka_unit_test(test_empty_list_has_its_head),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_values_for_people),
		cmocka_unit_test(test_one_object_in_sections),
		cmocka_unit_test(test_yaml),
		cmocka_unit_test(test_width_is_in_characters),
		cmocka_unit_test(test_obstacle),
	};

	return cmocka_run_group_tests_name("cli/print", tests, NULL, NULL);
}
