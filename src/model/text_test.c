// SPDX-License-Identifier: Apache-2.0
#include "model/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void is_json(const char *string, const char *json)
{
	struct text text = {0};

	text_json(&text, string);
	assert_string_equal(text.bytes, json);
	text_fini(&text);
}

static void test_a_json_string_is_valid_whatever_was_sent(void **state)
{
	is_json(NULL, "null");
	is_json("", "\"\"");
	is_json("a\"b\\c\nd\te\x7f", "\"a\\\"b\\\\c\\nd\\u0009e\x7f\"");
	is_json("Gr\u00f6\u00dfe \u20ac \U0001f600", "\"Gr\u00f6\u00dfe \u20ac \U0001f600\"");
	is_json("\xff", "\"\\ufffd\"");
	is_json("a\xc3", "\"a\\ufffd\""); // cut
	is_json("\xe2\x82", "\"\\ufffd\\ufffd\"");
	is_json("\xc0\xaf", "\"\\ufffd\\ufffd\""); // overlong
	is_json("\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\"");
	is_json("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""); // a surrogate
	is_json("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\""); // past U+10FFFF
	is_json("\xef\xbf\xbf\xf4\x8f\xbf\xbf", "\"\xef\xbf\xbf\xf4\x8f\xbf\xbf\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_json_string_is_valid_whatever_was_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
