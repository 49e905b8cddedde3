// SPDX-License-Identifier: Apache-2.0
#include "controller/events/reach.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static bool may(const struct reach *reach, const char *text)
{
	struct ip_addr addr;

	assert_int_equal(ip_addr_parse(text, &addr), 0);
	return reach_may(reach, &addr);
}

static void test_links_are_out_of_reach(void **state)
{
	static const char *const denied[] = {"0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::", "fe80::1",
		"ff02::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"};
	static const char *const allowed[] = {
		"192.0.2.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "2001:db8::1", "fd00::1", "::ffff:192.0.2.1"};
	struct reach reach;
	char why[200];

	assert_int_equal(reach_init(&reach, REACH_DENY, NULL, why), 0);
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++)
		assert_false(may(&reach, denied[i]));
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		assert_true(may(&reach, allowed[i]));
	reach_fini(&reach);
}

static void test_what_is_allowed_stands_before_what_is_denied(void **state)
{
	struct reach reach;
	char why[200];

	assert_int_equal(reach_init(&reach, "0.0.0.0/0,::/0", "127.0.0.1,198.51.100.0/24", why), 0);
	assert_true(may(&reach, "127.0.0.1"));
	assert_true(may(&reach, "::ffff:198.51.100.9"));
	assert_false(may(&reach, "127.0.0.2"));
	assert_false(may(&reach, "2001:db8::1"));
	reach_fini(&reach);
	assert_int_equal(reach_init(&reach, "", "", why), 0);
	assert_true(may(&reach, "127.0.0.1"));
	reach_fini(&reach);
}

static void test_a_wrong_list_is_told(void **state)
{
	struct reach reach;
	char why[200] = "";

	assert_int_equal(reach_init(&reach, "localhost", NULL, why), -EINVAL);
	assert_non_null(strstr(why, "--webhook-deny localhost"));
	reach_fini(&reach);
	assert_int_equal(reach_init(&reach, NULL, "10.0.0.0/33", why), -EINVAL);
	assert_non_null(strstr(why, "--webhook-allow"));
	reach_fini(&reach);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links_are_out_of_reach),
		cmocka_unit_test(test_what_is_allowed_stands_before_what_is_denied),
		cmocka_unit_test(test_a_wrong_list_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
