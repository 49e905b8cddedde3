// SPDX-License-Identifier: Apache-2.0
#include "base/pattern.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_addrs(const char *pattern, enum ip_family family, const char *nft)
{
	struct addr_set set = {0};
	char text[512] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_int_equal(addr_set_parse(pattern, &set), 0);
	addr_set_nft(&set, family, out);
	fclose(out);
	assert_string_equal(text, nft);
	addr_set_fini(&set);
}

static void assert_ports(const char *pattern, const char *nft)
{
	struct port_set set = {0};
	char text[512] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_int_equal(port_set_parse(pattern, &set), 0);
	port_set_nft(&set, out);
	fclose(out);
	assert_string_equal(text, nft);
	port_set_fini(&set);
}

static bool addrs_have(const char *pattern, const char *addr)
{
	struct addr_set set = {0};
	struct ip_addr value;
	bool has;

	assert_int_equal(addr_set_parse(pattern, &set), 0);
	assert_int_equal(ip_addr_parse(addr, &value), 0);
	has = addr_set_has(&set, &value);
	addr_set_fini(&set);
	return has;
}

static void addresses_become_sorted_ranges(void **state)
{
	assert_addrs("10.0.0.1", IP_V4, "{ 10.0.0.1 }");
	assert_addrs("10.0.0.0/8", IP_V4, "{ 10.0.0.0/8 }");
	assert_addrs("10.1.2.3/8", IP_V4, "{ 10.0.0.0/8 }");
	assert_addrs("0.0.0.0/0", IP_V4, "{ 0.0.0.0/0 }");
	assert_addrs("10.0.0.5-10.0.0.9", IP_V4, "{ 10.0.0.5-10.0.0.9 }");
	assert_addrs("192.0.2.1, 10.0.0.0/24 ,10.0.9.1 - 10.0.9.3", IP_V4, "{ 10.0.0.0/24, 10.0.9.1-10.0.9.3, 192.0.2.1 }");
	assert_addrs("2001:db8::/32,10.0.0.1", IP_V6, "{ 2001:db8::/32 }");
	assert_addrs("2001:db8::/32,10.0.0.1", IP_V4, "{ 10.0.0.1 }");
}

// nft refuses intervals that overlap, and what a customer writes may well.
static void overlap_and_neighbours_are_merged(void **state)
{
	assert_addrs("10.0.0.0/24,10.0.0.7,10.0.0.128/25", IP_V4, "{ 10.0.0.0/24 }");
	assert_addrs("10.0.0.0/25,10.0.0.128/25", IP_V4, "{ 10.0.0.0/24 }");
	assert_addrs("10.0.0.1,10.0.0.2,10.0.0.4", IP_V4, "{ 10.0.0.1-10.0.0.2, 10.0.0.4 }");
	assert_addrs("255.255.255.255,255.255.255.254", IP_V4, "{ 255.255.255.254/31 }");
	assert_addrs("0.0.0.0/0,255.255.255.255", IP_V4, "{ 0.0.0.0/0 }");
	assert_ports("1-10,5-20,21,23", "{ 1-21, 23 }");
	assert_ports("65535,65534,0", "{ 0, 65534-65535 }");
}

static void membership(void **state)
{
	assert_true(addrs_have("10.0.0.5-10.0.0.9", "10.0.0.5"));
	assert_true(addrs_have("10.0.0.5-10.0.0.9", "10.0.0.9"));
	assert_false(addrs_have("10.0.0.5-10.0.0.9", "10.0.0.10"));
	assert_false(addrs_have("10.0.0.5-10.0.0.9", "10.0.0.4"));
	assert_true(addrs_have("2001:db8::/64", "2001:db8::ffff"));
	assert_false(addrs_have("2001:db8::/64", "2001:db8:0:1::"));
	assert_false(addrs_have("0.0.0.0/0", "2001:db8::1"));
	assert_true(addrs_have(NULL, "2001:db8::1"));
	assert_true(addrs_have("  ", "10.0.0.1"));
}

static void ports_have_their_limits(void **state)
{
	struct port_set set = {0};

	assert_int_equal(port_set_parse("1701, 1024-2048", &set), 0);
	assert_true(port_set_has(&set, 1701));
	assert_true(port_set_has(&set, 2048));
	assert_false(port_set_has(&set, 2049));
	port_set_fini(&set);
	assert_int_equal(port_set_parse(NULL, &set), 0);
	assert_true(port_set_has(&set, 7));
}

static void bad_text_is_refused(void **state)
{
	static const char *const addrs[] = {"10.0.0.1,", ",10.0.0.1", "10.0.0.9-10.0.0.1", "10.0.0.1-::1", "10.0.0.0/33",
		"lns.example", "10.0.0.1;drop", "10.0.0.1-", "-10.0.0.1", "1-2-3"};
	static const char *const ports[] = {"65536", "5-1", "-1", "1-", "x", "80,", "1,,2", "99999999999999999999", "0x50", "+1"};

	for (size_t i = 0; i < sizeof(addrs) / sizeof(addrs[0]); i++) {
		struct addr_set set = {.ranges.count = 42};

		assert_int_equal(addr_set_parse(addrs[i], &set), -EINVAL);
		assert_int_equal(set.ranges.count, 42);
	}
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
		struct port_set set = {.ranges.count = 42};

		assert_int_equal(port_set_parse(ports[i], &set), -EINVAL);
		assert_int_equal(set.ranges.count, 42);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_become_sorted_ranges),
		cmocka_unit_test(overlap_and_neighbours_are_merged),
		cmocka_unit_test(membership),
		cmocka_unit_test(ports_have_their_limits),
		cmocka_unit_test(bad_text_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
