// SPDX-License-Identifier: Apache-2.0
#include "gateway/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct template_values values = {
	.imsi = "001010000000001", .iccid = "8944", .msisdn = "", .imei = NULL, .apn = "iot"};

static void names_are_replaced(void **state)
{
	char out[128];

	(void)state;
	assert_int_equal(
		template_expand("%{imsi}@%{apn}.example", &values, out, sizeof(out)), strlen("001010000000001@iot.example"));
	assert_string_equal(out, "001010000000001@iot.example");
	template_expand("%{iccid}%{msisdn}%{imei}.", &values, out, sizeof(out));
	assert_string_equal(out, "8944.");
}

static void the_rest_stands(void **state)
{
	char out[128];

	(void)state;
	template_expand("100% %{ %{nobody} %", &values, out, sizeof(out));
	assert_string_equal(out, "100% %{ %{nobody} %");
	template_expand("", &values, out, sizeof(out));
	assert_string_equal(out, "");
}

static void it_is_cut_at_the_end_of_its_room(void **state)
{
	char out[8];

	(void)state;
	for (size_t size = 1; size <= sizeof(out); size++) {
		memset(out, 'x', sizeof(out));
		assert_int_equal(template_expand("%{imsi}", &values, out, size), size - 1);
		assert_int_equal(strnlen(out, sizeof(out)), size - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_replaced),
		cmocka_unit_test(the_rest_stands),
		cmocka_unit_test(it_is_cut_at_the_end_of_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
