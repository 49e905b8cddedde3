// SPDX-License-Identifier: Apache-2.0
#include "base/addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/clean.h"

static void test_addresses_round_trip(void **state)
{
	static const char *const texts[] = {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "2001:db8::1", "fe80::ffff:0:1"};

	for (size_t i = 0; i < array_len(texts); i++) {
		struct ip_addr addr;
		char text[IP_ADDR_TEXT];

		assert_int_equal(ip_addr_parse(texts[i], &addr), 0);
		assert_int_equal(addr.family, strchr(texts[i], ':') ? IP_V6 : IP_V4);
		assert_string_equal(ip_addr_text(&addr, text), texts[i]);
	}
}

static void test_bad_addresses_leave_out_alone(void **state)
{
	static const char *const texts[] = {"", " ", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.4 ", "01.2.3.4", "a.b.c.d",
		":", "1::2::3", "lns.example", "1.2.3.4/32"};

	for (size_t i = 0; i < array_len(texts); i++) {
		struct ip_addr addr = ip_addr_v4(0x01020304), before = addr;

		assert_int_equal(ip_addr_parse(texts[i], &addr), -EINVAL);
		assert_memory_equal(&addr, &before, sizeof(addr));
	}
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = {
		{"10.0.0.0/8", "10.0.0.0/8"},
		{"10.1.2.3/8", "10.0.0.0/8"},
		{"10.1.2.3", "10.1.2.3/32"},
		{"255.255.255.255/0", "0.0.0.0/0"},
		{"192.0.2.129/25", "192.0.2.128/25"},
		{"192.0.2.129/31", "192.0.2.128/31"},
		{"2001:db8:ffff::1/33", "2001:db8:8000::/33"},
		{"2001:db8::1", "2001:db8::1/128"},
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		struct ip_prefix prefix;
		char text[IP_PREFIX_TEXT];

		assert_int_equal(ip_prefix_parse(rows[i].text, &prefix), 0);
		assert_string_equal(ip_prefix_text(&prefix, text), rows[i].wanted);
	}
}

static void test_bad_prefixes(void **state)
{
	static const char *const texts[] = {
		"",
		"/",
		"/8",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/+8",
		"10.0.0.0/ 8",
		"10.0.0.0/8 ",
		"10.0.0.0/08",
		"10.0.0.0/8/8",
		"10.0.0.0/0x8",
		"::/129",
		"10.0.0.0/1000",
		"0000000000000000000000000000000000000000000000000000000000000",
	};

	for (size_t i = 0; i < array_len(texts); i++) {
		struct ip_prefix prefix = {.len = 77};

		assert_int_equal(ip_prefix_parse(texts[i], &prefix), -EINVAL);
		assert_int_equal(prefix.len, 77);
	}
}

static void test_strict_prefix_refuses_host_bits(void **state)
{
	struct ip_prefix prefix;

	assert_int_equal(ip_prefix_parse_strict("10.0.0.1/24", &prefix), -EINVAL);
	assert_int_equal(ip_prefix_parse_strict("2001:db8::1/64", &prefix), -EINVAL);
	assert_int_equal(ip_prefix_parse_strict("10.0.0.0/24", &prefix), 0);
	assert_int_equal(prefix.len, 24);
	assert_int_equal(ip_prefix_parse_strict("10.0.0.1", &prefix), 0);
	assert_int_equal(prefix.len, 32);
}

static void test_prefix_has(void **state)
{
	static const struct {
		const char *prefix, *addr;
		bool has;
	} rows[] = {
		{"10.0.0.0/8", "10.255.255.255", true},
		{"10.0.0.0/8", "11.0.0.0", false},
		{"0.0.0.0/0", "1.2.3.4", true},
		{"0.0.0.0/0", "::1", false},
		{"192.0.2.128/25", "192.0.2.128", true},
		{"192.0.2.128/25", "192.0.2.127", false},
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.0", false},
		{"2001:db8::/33", "2001:db8:7fff::", true},
		{"2001:db8::/33", "2001:db8:8000::", false},
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		struct ip_prefix prefix;
		struct ip_addr addr;

		assert_int_equal(ip_prefix_parse(rows[i].prefix, &prefix), 0);
		assert_int_equal(ip_addr_parse(rows[i].addr, &addr), 0);
		assert_int_equal(ip_prefix_has(&prefix, &addr), rows[i].has);
	}
	assert_false(ip_prefix_has(&(struct ip_prefix){0}, &(struct ip_addr){0}));
}

static void test_numbers(void **state)
{
	struct ip_addr addr = ip_addr_v4(0xc0000201), v6;
	char text[IP_ADDR_TEXT];

	assert_string_equal(ip_addr_text(&addr, text), "192.0.2.1");
	assert_true(ip_addr_to_v4(&addr) == 0xc0000201);
	assert_int_equal(ip_addr_parse("c000:201::", &v6), 0);
	assert_true(ip_addr_to_v4(&v6) == 0);
	assert_false(ip_addr_equal(&addr, &v6));
	assert_string_equal(ip_addr_text(&(struct ip_addr){0}, text), "-");
}

static void test_end_points(void **state)
{
	static const struct {
		const char *addr;
		uint16_t port;
		const char *text;
	} rows[] = {{"192.0.2.1", 1701, "192.0.2.1:1701"}, {"2001:db8::1", 65535, "[2001:db8::1]:65535"}};

	for (size_t i = 0; i < array_len(rows); i++) {
		struct ip_end end = {.port = rows[i].port}, back = {0};
		struct sockaddr_storage sa;
		char text[IP_END_TEXT];

		assert_int_equal(ip_addr_parse(rows[i].addr, &end.addr), 0);
		assert_string_equal(ip_end_text(&end, text), rows[i].text);
		assert_int_equal(ip_end_to_sockaddr(&end, &sa), i ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
		assert_int_equal(ip_end_from_sockaddr((struct sockaddr *)&sa, &back), 0);
		assert_true(ip_end_equal(&end, &back));
		assert_true(ip_end_hash(&end) == ip_end_hash(&back));
		back.port++;
		assert_false(ip_end_equal(&end, &back));
		assert_true(ip_end_hash(&end) != ip_end_hash(&back));
	}
}

static void test_sockaddr_is_in_network_order(void **state)
{
	struct ip_end end = {.addr = ip_addr_v4(0x7f000001), .port = 0x1234};
	struct sockaddr_storage sa;
	struct sockaddr_in sin;

	ip_end_to_sockaddr(&end, &sa);
	memcpy(&sin, &sa, sizeof(sin));
	assert_int_equal(sin.sin_port, htons(0x1234));
	assert_int_equal(sin.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
}

static void test_other_families_are_refused(void **state)
{
	struct sockaddr sa = {.sa_family = AF_UNIX};
	struct ip_end end = {.port = 5};

	assert_int_equal(ip_end_from_sockaddr(&sa, &end), -EAFNOSUPPORT);
	assert_int_equal(end.port, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses_round_trip),
		cmocka_unit_test(test_bad_addresses_leave_out_alone),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_bad_prefixes),
		cmocka_unit_test(test_strict_prefix_refuses_host_bits),
		cmocka_unit_test(test_prefix_has),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_end_points),
		cmocka_unit_test(test_sockaddr_is_in_network_order),
		cmocka_unit_test(test_other_families_are_refused),
	};

	return cmocka_run_group_tests_name("base/addr", tests, NULL, NULL);
}
