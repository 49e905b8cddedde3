// SPDX-License-Identifier: Apache-2.0
#include "proto/l2tp/header.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clean.h"

// Every legal form of a data header: L, S, O and P are free (RFC 2661 3.1).
static const struct {
	const char *name;
	uint8_t bytes[24];
	size_t len, header_len;
	struct l2tp_header want;
} variants[] = {
	{"6 octets", {0x00, 0x02, 0, 7, 0, 9, 0xff, 0x03}, 8, 6, {.tunnel_id = 7, .session_id = 9}},
	{"8 octets, L", {0x40, 0x02, 0, 10, 0, 7, 0, 9, 0xff, 0x03}, 10, 8, {.flags = 0x4000, .tunnel_id = 7, .session_id = 9}},
	{"10 octets, S", {0x08, 0x02, 0, 7, 0, 9, 0x12, 0x34, 0, 5, 0xff, 0x03}, 12, 10,
		{.flags = 0x0800, .tunnel_id = 7, .session_id = 9, .ns = 0x1234, .nr = 5}},
	{"12 octets, L S", {0x48, 0x02, 0, 14, 0, 7, 0, 9, 0, 1, 0, 0, 0xff, 0x03}, 14, 12,
		{.flags = 0x4800, .tunnel_id = 7, .session_id = 9, .ns = 1}},
	{"O without padding", {0x02, 0x02, 0, 7, 0, 9, 0, 0, 0xff, 0x03}, 10, 8,
		{.flags = 0x0200, .tunnel_id = 7, .session_id = 9}},
	{"O with 3 octets", {0x02, 0x02, 0, 7, 0, 9, 0, 3, 0, 0, 0, 0xff, 0x03}, 13, 11,
		{.flags = 0x0200, .tunnel_id = 7, .session_id = 9, .offset = 3}},
	{"all and P", {0x4b, 0x02, 0, 18, 0, 7, 0, 9, 0, 1, 0, 0, 0, 2, 0, 0, 0xff, 0x03}, 18, 16,
		{.flags = 0x4b00, .tunnel_id = 7, .session_id = 9, .ns = 1, .offset = 2}},
	{"control", {0xc8, 0x02, 0, 14, 0, 7, 0, 0, 0, 1, 0, 2, 0xff, 0x03}, 14, 12,
		{.flags = 0xc800, .tunnel_id = 7, .ns = 1, .nr = 2}},
};

static void each_variant_parses_and_builds(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_len(variants); i++) {
		uint8_t built[32];
		struct wire_out out = wire_out(built, sizeof(built));
		struct l2tp_header header;

		assert_int_equal(l2tp_header_parse(variants[i].bytes, variants[i].len, &header), 0);
		assert_int_equal(header.flags, variants[i].want.flags);
		assert_int_equal(header.tunnel_id, variants[i].want.tunnel_id);
		assert_int_equal(header.session_id, variants[i].want.session_id);
		assert_int_equal(header.ns, variants[i].want.ns);
		assert_int_equal(header.nr, variants[i].want.nr);
		assert_int_equal(header.offset, variants[i].want.offset);
		assert_int_equal(header.len, 2);
		assert_ptr_equal(header.payload, variants[i].bytes + variants[i].header_len);
		assert_int_equal(l2tp_header_size(&header), variants[i].header_len);
		l2tp_header_build(&out, &header);
		assert_int_equal(out.error, 0);
		assert_int_equal(wire_used(&out), variants[i].header_len);
		assert_memory_equal(built, variants[i].bytes, variants[i].header_len);
	}
}

static void each_cut_is_refused(void **state)
{
	struct l2tp_header header;

	(void)state;
	for (size_t i = 0; i < array_len(variants); i++)
		for (size_t len = 0; len < variants[i].header_len; len++)
			assert_int_equal(l2tp_header_parse(variants[i].bytes, len, &header), -EBADMSG);
}

static void other_versions_are_told_apart(void **state)
{
	const uint8_t l2f[] = {0x00, 0x01, 0, 7, 0, 9}, v3[] = {0xc8, 0x03, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0};
	struct l2tp_header header;

	(void)state;
	assert_int_equal(l2tp_header_parse(l2f, sizeof(l2f), &header), -EPROTONOSUPPORT);
	assert_int_equal(l2tp_header_parse(v3, sizeof(v3), &header), -EPROTONOSUPPORT);
}

static void a_control_header_has_l_and_s_and_no_o(void **state)
{
	const uint8_t no_l[] = {0x88, 0x02, 0, 7, 0, 0, 0, 1, 0, 2, 0, 0}, no_s[] = {0xc0, 0x02, 0, 8, 0, 7, 0, 0};
	const uint8_t with_o[] = {0xca, 0x02, 0, 14, 0, 7, 0, 0, 0, 1, 0, 2, 0, 0};
	struct l2tp_header header;

	(void)state;
	assert_int_equal(l2tp_header_parse(no_l, sizeof(no_l), &header), -EBADMSG);
	assert_int_equal(l2tp_header_parse(no_s, sizeof(no_s), &header), -EBADMSG);
	assert_int_equal(l2tp_header_parse(with_o, sizeof(with_o), &header), -EBADMSG);
}

static void the_length_rules(void **state)
{
	uint8_t bytes[] = {0xc8, 0x02, 0, 12, 0, 7, 0, 0, 0, 1, 0, 2, 0xee, 0xee};
	struct l2tp_header header;

	(void)state;
	// Octets behind it (padding of the link below) are no payload: this is a ZLB.
	assert_int_equal(l2tp_header_parse(bytes, sizeof(bytes), &header), 0);
	assert_true(l2tp_is_zlb(&header));
	bytes[3] = 15; // more than there is
	assert_int_equal(l2tp_header_parse(bytes, sizeof(bytes), &header), -EBADMSG);
	for (bytes[3] = 0; bytes[3] < 12; bytes[3]++)
		assert_int_equal(l2tp_header_parse(bytes, sizeof(bytes), &header), -EBADMSG);
}

static void reserved_bits_are_ignored(void **state)
{
	const uint8_t bytes[] = {0x34, 0xf2, 0, 7, 0, 9, 0xff};
	struct l2tp_header header;

	(void)state;
	assert_int_equal(l2tp_header_parse(bytes, sizeof(bytes), &header), 0);
	assert_int_equal(header.flags, 0);
	assert_int_equal(header.len, 1);
}

static void a_small_buffer_is_not_overrun(void **state)
{
	(void)state;
	for (size_t size = 0; size < 16; size++) {
		uint8_t bytes[17];
		struct wire_out out = wire_out(bytes, size);

		memset(bytes, 0xa5, sizeof(bytes));
		l2tp_header_build(&out, &variants[6].want);
		assert_int_equal(out.error, -EMSGSIZE);
		for (size_t i = size; i < sizeof(bytes); i++)
			assert_int_equal(bytes[i], 0xa5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_variant_parses_and_builds),
		cmocka_unit_test(each_cut_is_refused),
		cmocka_unit_test(other_versions_are_told_apart),
		cmocka_unit_test(a_control_header_has_l_and_s_and_no_o),
		cmocka_unit_test(the_length_rules),
		cmocka_unit_test(reserved_bits_are_ignored),
		cmocka_unit_test(a_small_buffer_is_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
