// SPDX-License-Identifier: Apache-2.0
#include "proto/ip6/dhcp6.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

// A Reply with client and server identifiers and an IA_PD with 2001:db8:1200::/56 for 7200 s; made as those of nd_test.c.
static const uint8_t reply_packet[] = {0x60, 0x00, 0x00, 0x00, 0x00, 0x55, 0x11, 0x40, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0xfe, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x05, 0x02, 0x23, 0x02, 0x22, 0x00, 0x55, 0x9a, 0x33, 0x07, 0xab, 0xcd, 0xef, 0x00, 0x01, 0x00,
	0x0a, 0x00, 0x03, 0x00, 0x01, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x00, 0x02, 0x00, 0x0a, 0x00, 0x03, 0x00, 0x01, 0x67,
	0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x00, 0x19, 0x00, 0x29, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x03, 0xe8, 0x00, 0x00, 0x07,
	0xd0, 0x00, 0x1a, 0x00, 0x19, 0x00, 0x00, 0x0e, 0x10, 0x00, 0x00, 0x1c, 0x20, 0x38, 0x20, 0x01, 0x0d, 0xb8, 0x12, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};

static void a_delegated_prefix_is_found(void **state)
{
	static const uint8_t prefix[IP6_LEN] = {0x20, 0x01, 0x0d, 0xb8, 0x12};
	struct dhcp6_delegation found;

	assert_int_equal(dhcp6_delegation_read(reply_packet, sizeof(reply_packet), &found), 1);
	assert_memory_equal(found.prefix, prefix, IP6_LEN);
	assert_int_equal(found.len, 56);
	assert_int_equal(found.valid_s, 7200);
}

static void what_is_cut_or_changed_is_no_delegation(void **state)
{
	uint8_t bad[sizeof(reply_packet)];
	struct dhcp6_delegation found;

	for (size_t len = 0; len < sizeof(bad); len++)
		assert_int_not_equal(dhcp6_delegation_read(reply_packet, len, &found), 1);
	for (size_t at = 0; at < sizeof(bad); at++) {
		memcpy(bad, reply_packet, sizeof(bad));
		bad[at] ^= 0x10;
		if (at != 1 && at != 2 && at != 3 && at != 7) // traffic class, flow label and hop limit are not summed
			assert_int_not_equal(dhcp6_delegation_read(bad, sizeof(bad), &found), 1);
	}
}

static void what_is_written_is_read(void **state)
{
	const struct dhcp6_delegation written = {.prefix = {0x20, 0x01, 0x0d, 0xb8, 0x55}, .len = 56, .valid_s = 600};
	struct dhcp6_delegation found;
	uint8_t out[256];
	size_t len;

	assert_int_equal(dhcp6_delegation_write(reply_packet + 8, reply_packet + 24, &written, out, sizeof(out), &len), 0);
	assert_int_equal(dhcp6_delegation_read(out, len, &found), 1);
	assert_memory_equal(found.prefix, written.prefix, IP6_LEN);
	assert_int_equal(found.len, 56);
	assert_int_equal(found.valid_s, 600);
	assert_int_equal(dhcp6_delegation_write(reply_packet + 8, reply_packet + 24, &written, out, len - 1, &len), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delegated_prefix_is_found),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_cut_or_changed_is_no_delegation),
	};

	return cmocka_run_group_tests_name("dhcp6", tests, NULL, NULL);
}
