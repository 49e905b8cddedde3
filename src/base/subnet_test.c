// SPDX-License-Identifier: Apache-2.0
#include "base/subnet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

static struct ip_prefix prefix_of(const char *text)
{
	struct ip_prefix prefix;

	assert_int_equal(ip_prefix_parse(text, &prefix), 0);
	return prefix;
}

static void expect(const char *subnet, const char *first, const char *last)
{
	struct ip_prefix prefix = prefix_of(subnet);
	struct subnet_range range;
	char text[SUBNET_TEXT];

	assert_int_equal(subnet_range(&prefix, &range), 0);
	assert_string_equal(subnet_text(range.family, range.first, text), first);
	assert_string_equal(subnet_text(range.family, range.last, text), last);
}

static void test_what_a_subnet_gives(void **state)
{
	expect("10.0.0.0/24", "10.0.0.2", "10.0.0.254");
	expect("10.0.0.8/30", "10.0.0.10", "10.0.0.10");
	expect("0.0.0.0/0", "0.0.0.2", "255.255.255.254");
	expect("2001:db8::/48", "2001:db8:0:1::/64", "2001:db8:0:ffff::/64");
	expect("2001:db8:0:7::/64", "2001:db8:0:7::/64", "2001:db8:0:7::/64");
}

static void test_what_gives_nothing(void **state)
{
	const char *const none[] = {"10.0.0.0/31", "10.0.0.1/32", "2001:db8::/65", "::/0"};
	struct subnet_range range;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		struct ip_prefix prefix = prefix_of(none[i]);

		assert_int_equal(subnet_range(&prefix, &range), -ERANGE);
	}
}

static void test_the_gateway_is_the_first_address(void **state)
{
	struct ip_prefix v4 = prefix_of("100.64.0.0/16"), v6 = prefix_of("2001:db8::/48");
	struct ip_addr gateway = subnet_gateway(&v4);
	char text[IP_ADDR_TEXT];

	assert_string_equal(ip_addr_text(&gateway, text), "100.64.0.1");
	assert_int_equal(subnet_gateway(&v6).family, IP_NONE);
}

static void test_text_there_and_back(void **state)
{
	enum ip_family family;
	uint64_t number;
	char text[SUBNET_TEXT];

	assert_int_equal(subnet_parse("100.64.1.2", &family, &number), 0);
	assert_string_equal(subnet_text(family, number, text), "100.64.1.2");
	assert_int_equal(subnet_parse("fd00:1:2:3::/64", &family, &number), 0);
	assert_string_equal(subnet_text(family, number, text), "fd00:1:2:3::/64");
	assert_int_equal(subnet_parse("100.64.0.0/24", &family, &number), -EINVAL);
	assert_int_equal(subnet_parse("2001:db8::/48", &family, &number), -EINVAL);
	assert_int_equal(subnet_parse("nonsense", &family, &number), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_subnet_gives),
		cmocka_unit_test(test_what_gives_nothing),
		cmocka_unit_test(test_the_gateway_is_the_first_address),
		cmocka_unit_test(test_text_there_and_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
