// SPDX-License-Identifier: Apache-2.0
#include "base/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clean.h"

static void test_reads_network_order(void **state)
{
	static const uint8_t bytes[] = {
		0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87};
	struct wire_in in = wire_in(bytes, sizeof(bytes));

	assert_int_equal(wire_get_u8(&in), 0x01);
	assert_int_equal(wire_get_be16(&in), 0x0203);
	assert_int_equal(wire_get_be24(&in), 0x040506);
	assert_int_equal(wire_get_be32(&in), 0x0708090a);
	assert_true(wire_get_be64(&in) == UINT64_C(0x8081828384858687));
	assert_int_equal(wire_left(&in), 0);
	assert_int_equal(in.error, 0);
}

static void test_high_bits_do_not_spread(void **state)
{
	static const uint8_t bytes[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct wire_in in = wire_in(bytes, sizeof(bytes));

	assert_true(wire_get_be64(&in) == UINT64_MAX);
	in = wire_in(bytes, sizeof(bytes));
	assert_true(wire_get_be32(&in) == UINT32_MAX);
	assert_true(wire_get_be24(&in) == 0xffffff);
	assert_true(wire_get_be16(&in) == 0xffff);
}

static void test_read_past_end_is_sticky(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3};
	struct wire_in in = wire_in(bytes, sizeof(bytes));

	assert_int_equal(wire_get_be16(&in), 0x0102);
	assert_int_equal(wire_get_be16(&in), 0);
	assert_int_equal(in.error, -EBADMSG);
	// The octet that was left is not given out any more.
	assert_int_equal(wire_get_u8(&in), 0);
	assert_int_equal(wire_left(&in), 0);
	assert_null(wire_get_bytes(&in, 0));
}

static void test_empty_input(void **state)
{
	struct wire_in in = wire_in(NULL, 0);

	assert_int_equal(wire_left(&in), 0);
	assert_int_equal(in.error, 0);
	wire_skip(&in, 1);
	assert_int_equal(in.error, -EBADMSG);
}

static void test_huge_length_is_refused(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3};
	struct wire_in in = wire_in(bytes, sizeof(bytes));

	assert_null(wire_get_bytes(&in, SIZE_MAX));
	assert_int_equal(in.error, -EBADMSG);
}

static void test_sub_cursor_is_bounded(void **state)
{
	static const uint8_t bytes[] = {1, 2, 3, 4};
	struct wire_in in = wire_in(bytes, sizeof(bytes));
	struct wire_in sub = wire_get_sub(&in, 2);

	assert_int_equal(wire_get_be16(&sub), 0x0102);
	assert_int_equal(wire_get_u8(&sub), 0);
	assert_int_equal(sub.error, -EBADMSG);
	// What went wrong inside does not concern what follows.
	assert_int_equal(in.error, 0);
	assert_int_equal(wire_get_be16(&in), 0x0304);
	sub = wire_get_sub(&in, 1);
	assert_int_equal(sub.error, -EBADMSG);
	assert_int_equal(wire_left(&sub), 0);
}

static void test_writes_network_order(void **state)
{
	static const uint8_t wanted[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x80, 0x81, 0x82, 0x83, 0x84,
		0x85, 0x86, 0x87, 'h', 'i', 0, 0};
	uint8_t bytes[sizeof(wanted)];
	struct wire_out out = wire_out(bytes, sizeof(bytes));

	wire_put_u8(&out, 0x01);
	wire_put_be16(&out, 0x0203);
	wire_put_be24(&out, 0x040506);
	wire_put_be32(&out, 0x0708090a);
	wire_put_be64(&out, UINT64_C(0x8081828384858687));
	wire_put_bytes(&out, "hi", 2);
	wire_put_zeros(&out, 2);
	assert_int_equal(out.error, 0);
	assert_int_equal(wire_used(&out), sizeof(wanted));
	assert_memory_equal(bytes, wanted, sizeof(wanted));
}

static void test_write_past_end_is_sticky(void **state)
{
	uint8_t bytes[4] = {0xaa, 0xaa, 0xaa, 0xaa};
	struct wire_out out = wire_out(bytes, 3);

	wire_put_be16(&out, 0x0102);
	wire_put_bytes(&out, "xy", 2);
	assert_int_equal(out.error, -EMSGSIZE);
	wire_put_u8(&out, 3);
	assert_int_equal(wire_used(&out), 2);
	assert_int_equal(bytes[2], 0xaa);
	assert_int_equal(bytes[3], 0xaa);
}

static void test_every_short_buffer_is_refused(void **state)
{
	for (size_t size = 0; size < 8; size++) {
		uint8_t bytes[8];
		struct wire_out out = wire_out(bytes, size);

		memset(bytes, 0xee, sizeof(bytes));
		wire_put_be64(&out, 0);
		assert_int_equal(out.error, -EMSGSIZE);
		for (size_t i = size; i < sizeof(bytes); i++)
			assert_int_equal(bytes[i], 0xee);
	}
}

static void test_patch_stays_inside(void **state)
{
	uint8_t bytes[8] = {0};
	struct wire_out out = wire_out(bytes, sizeof(bytes));

	wire_put_zeros(&out, 4);
	wire_patch_be16(&out, 1, 0xbeef);
	assert_int_equal(bytes[1], 0xbe);
	assert_int_equal(bytes[2], 0xef);
	wire_patch_be16(&out, 3, 0xffff); // the second octet was not written yet
	assert_int_equal(bytes[3], 0);
	assert_int_equal(bytes[4], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_network_order),
		cmocka_unit_test(test_high_bits_do_not_spread),
		cmocka_unit_test(test_read_past_end_is_sticky),
		cmocka_unit_test(test_empty_input),
		cmocka_unit_test(test_huge_length_is_refused),
		cmocka_unit_test(test_sub_cursor_is_bounded),
		cmocka_unit_test(test_writes_network_order),
		cmocka_unit_test(test_write_past_end_is_sticky),
		cmocka_unit_test(test_every_short_buffer_is_refused),
		cmocka_unit_test(test_patch_stays_inside),
	};

	return cmocka_run_group_tests_name("base/wire", tests, NULL, NULL);
}
