// SPDX-License-Identifier: Apache-2.0
#include "proto/gtp/tbcd.h"

#include "base/clean.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void digits_there_and_back(void **state)
{
	static const struct {
		const char *digits;
		uint8_t len, bytes[9];
	} rows[] = {
		{"240010123456789", 8, {0x42, 0x00, 0x01, 0x21, 0x43, 0x65, 0x87, 0xf9}},
		{"46702123456", 6, {0x64, 0x07, 0x12, 0x32, 0x54, 0xf6}},
		{"8665070400405301", 8, {0x68, 0x56, 0x70, 0x40, 0x00, 0x04, 0x35, 0x10}},
		{"7", 1, {0xf7}},
		{"123456789012345678", 9, {0x21, 0x43, 0x65, 0x87, 0x09, 0x21, 0x43, 0x65, 0x87}},
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		struct wire_in in = wire_in(rows[i].bytes, rows[i].len);
		struct tbcd value, parsed;
		uint8_t bytes[16];
		struct wire_out out = wire_out(bytes, sizeof(bytes));

		assert_int_equal(tbcd_read(&in, &value), 0);
		assert_string_equal(value.digits, rows[i].digits);
		assert_int_equal(tbcd_parse(rows[i].digits, &parsed), 0);
		assert_string_equal(parsed.digits, value.digits);
		tbcd_write(&out, &value, 0);
		assert_int_equal(wire_used(&out), rows[i].len);
		assert_memory_equal(bytes, rows[i].bytes, rows[i].len);
	}
}

static void bad_digits_are_refused(void **state)
{
	static const struct {
		uint8_t len, bytes[12];
	} rows[] = {
		{0, {0}}, {1, {0xff}}, // nothing but filler
		{2, {0xf1, 0x32}}, // filler in the middle
		{2, {0x1f, 0x32}}, {10, {0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11}}, // 20 digits
	};
	const char *texts[] = {"", "12a", "1234567890123456789", "-1"};
	struct tbcd value = {.digits = "kept"};

	for (size_t i = 0; i < array_len(rows); i++) {
		struct wire_in in = wire_in(rows[i].bytes, rows[i].len);

		assert_int_equal(tbcd_read(&in, &value), -EINVAL);
		assert_string_equal(value.digits, "kept");
	}
	for (size_t i = 0; i < array_len(texts); i++)
		assert_int_equal(tbcd_parse(texts[i], &value), -EINVAL);
}

// A short IMSI in GTPv1's fixed 8 octets
static void filler_octets_at_the_end(void **state)
{
	const uint8_t bytes[] = {0x21, 0x43, 0x65, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct wire_in in = wire_in(bytes, sizeof(bytes));
	uint8_t again[8];
	struct wire_out out = wire_out(again, sizeof(again));
	struct tbcd value;

	assert_int_equal(tbcd_read(&in, &value), 0);
	assert_string_equal(value.digits, "123456");
	tbcd_write(&out, &value, 8);
	assert_memory_equal(again, bytes, 8);
}

static void keys_keep_leading_zeros(void **state)
{
	const char *digits[] = {"001010123456789", "01010123456789", "1010123456789", "9999999999999999", "0"};
	struct tbcd back;

	for (size_t i = 0; i < array_len(digits); i++) {
		uint64_t key = imsi_key(digits[i]);

		assert_true(key);
		assert_int_equal(tbcd_from_key(key, &back), 0);
		assert_string_equal(back.digits, digits[i]);
		for (size_t k = 0; k < i; k++)
			assert_true(imsi_key(digits[k]) != key);
	}
	assert_int_equal(imsi_key(""), 0);
	assert_int_equal(imsi_key("12345678901234567"), 0);
	assert_int_equal(tbcd_from_key(0, &back), -EINVAL);
	assert_int_equal(tbcd_from_key(UINT64_C(1) << 56 | 10, &back), -EINVAL); // more than its digits
}

static void networks(void **state)
{
	static const struct {
		const char *text;
		uint8_t bytes[3];
	} rows[] = {
		{"001-01", {0x00, 0xf1, 0x10}},
		{"001-001", {0x00, 0x11, 0x00}},
		{"310-410", {0x13, 0x00, 0x14}},
		{"999-70", {0x99, 0xf9, 0x07}},
	};
	const char *bad[] = {"", "001", "0011", "001-1", "001-0101", "00-101", "001-0a", "001-01x"};
	struct plmn value;

	for (size_t i = 0; i < array_len(rows); i++) {
		struct wire_in in = wire_in(rows[i].bytes, 3);
		uint8_t bytes[3];
		struct wire_out out = wire_out(bytes, 3);
		struct plmn parsed;
		char text[PLMN_TEXT];

		assert_int_equal(plmn_read(&in, &value), 0);
		assert_string_equal(plmn_text(&value, text), rows[i].text);
		assert_int_equal(plmn_parse(rows[i].text, &parsed), 0);
		assert_true(plmn_equal(&value, &parsed));
		plmn_write(&out, &parsed);
		assert_memory_equal(bytes, rows[i].bytes, 3);
	}
	assert_int_equal(plmn_parse("26201", &value), 0);
	assert_int_equal(value.mcc, 262);
	assert_int_equal(value.mnc, 1);
	for (size_t i = 0; i < array_len(bad); i++)
		assert_int_equal(plmn_parse(bad[i], &value), -EINVAL);
	for (size_t len = 2; len <= 3; len++) {
		const uint8_t digit_a[] = {0x0a, 0xf1, 0x10};
		struct wire_in in = wire_in(digit_a, len);

		assert_int_equal(plmn_read(&in, &value), len < 3 ? -EBADMSG : -EINVAL);
	}
}

static int apn_from(const uint8_t *bytes, size_t len, struct apn *out)
{
	_cleanup_free_ uint8_t *exact = malloc(len ? len : 1);
	struct wire_in in = wire_in(exact, len);

	memcpy(exact, bytes, len);
	return apn_read(&in, out);
}

static void access_points(void **state)
{
	const uint8_t plain[] = "\x03iot\x07"
				"example",
		      root[] = "\x03iot\x00";
	struct apn apn, parsed;
	uint8_t bytes[APN_WIRE + 1];
	struct wire_out out = wire_out(bytes, sizeof(bytes));

	assert_int_equal(apn_from(plain, sizeof(plain) - 1, &apn), 0);
	assert_string_equal(apn.text, "iot.example");
	assert_int_equal(apn_parse("IOT.Example", &parsed), 0);
	assert_true(apn_equal(&apn, &parsed));
	apn_write(&out, &apn);
	assert_int_equal(wire_used(&out), sizeof(plain) - 1);
	assert_memory_equal(bytes, plain, sizeof(plain) - 1);
	assert_int_equal(apn_from(root, 5, &apn), 0);
	assert_string_equal(apn.text, "iot");
}

static void access_points_of_full_length(void **state)
{
	uint8_t bytes[2 * APN_WIRE];
	struct apn apn;

	// a label of 63, and one of 35: 100 octets
	memset(bytes, 'a', sizeof(bytes));
	bytes[0] = 63;
	bytes[64] = 35;
	assert_int_equal(apn_from(bytes, 100, &apn), 0);
	assert_int_equal(strlen(apn.text), 99);
	assert_int_equal(apn.text[63], '.');
	// no terminator, and a label that goes on past the end
	assert_int_equal(apn_from(bytes, 99, &apn), -EINVAL);
	assert_int_equal(apn_from(bytes, 64, &apn), 0);
	assert_int_equal(apn_from(bytes, 63, &apn), -EINVAL);
	assert_int_equal(apn_from(bytes, 65, &apn), -EINVAL);
	// 101 octets
	bytes[64] = 36;
	assert_int_equal(apn_from(bytes, 101, &apn), -EINVAL);
	// a label of 64
	bytes[0] = 64;
	assert_int_equal(apn_from(bytes, 65, &apn), -EINVAL);
}

static void bad_access_points(void **state)
{
	const char *texts[] = {
		"", ".", "a.", ".a", "a..b", "a b", "a/b", "0123456789012345678901234567890123456789012345678901234567890123"};
	const struct {
		size_t len;
		const char *bytes;
	} wires[] = {{0, ""}, {1, "\x00"}, {2, "\x00\x00"},
		{3,
			"\x01"
			"a\x05"},
		{5,
			"\x01"
			"a\x00\x01"
			"b"},
		{2, "\x01\x1b"},
		{4,
			"\x03"
			"a.b"}};
	struct apn apn;

	for (size_t i = 0; i < array_len(texts); i++)
		assert_int_equal(apn_parse(texts[i], &apn), -EINVAL);
	for (size_t i = 0; i < array_len(wires); i++)
		assert_int_equal(apn_from((const uint8_t *)wires[i].bytes, wires[i].len, &apn), -EINVAL);
}

static void the_operator_identifier_goes(void **state)
{
	const struct {
		const char *in, *out;
	} rows[] = {
		{"internet.mnc070.mcc999.gprs", "internet"},
		{"internet.MNC070.MCC999.GPRS", "internet"},
		{"internet", "internet"},
		{"internet.mnc07.mcc999.gprs", "internet.mnc07.mcc999.gprs"},
		{"mnc070.mcc999.gprs", "mnc070.mcc999.gprs"},
	};
	struct apn apn, id;

	for (size_t i = 0; i < array_len(rows); i++) {
		assert_int_equal(apn_parse(rows[i].in, &apn), 0);
		id = apn_network_id(&apn);
		assert_string_equal(id.text, rows[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digits_there_and_back),
		cmocka_unit_test(bad_digits_are_refused),
		cmocka_unit_test(filler_octets_at_the_end),
		cmocka_unit_test(keys_keep_leading_zeros),
		cmocka_unit_test(networks),
		cmocka_unit_test(access_points),
		cmocka_unit_test(access_points_of_full_length),
		cmocka_unit_test(bad_access_points),
		cmocka_unit_test(the_operator_identifier_goes),
	};

	return cmocka_run_group_tests_name("tbcd", tests, NULL, NULL);
}
