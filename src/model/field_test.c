// SPDX-License-Identifier: Apache-2.0
// The tables themselves: every row of every noun is whole, and the formats know right from wrong.
#include "model/field.h"

#include "base/clean.h"
#include "model/noun.h"
#include "model/slug.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_row(const struct noun *noun, const struct field *field);

static void check_noun(const struct noun *noun)
{
	assert_true(noun->size > 0 && noun->word && noun->title && noun->help);
	for (size_t i = 0; i < noun->field_count; i++) {
		check_row(noun, &noun->fields[i]);
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(noun->fields[i].name, noun->fields[j].name);
			if (noun->fields[i].alias)
				assert_ptr_equal(field_find(noun, noun->fields[i].alias), &noun->fields[i]);
		}
	}
}

static void check_row(const struct noun *noun, const struct field *field)
{
	if (!field->label || !field->help || field->help[strlen(field->help) - 1] == '.')
		fail_msg("%s.%s: label and help, without a full stop", noun->word, field->name);
	assert_true(field->type >= FIELD_TEXT && field->type <= FIELD_RAW);
	assert_true(field->offset < noun->size);
	assert_true((field->type == FIELD_ENUM) == (field->words != NULL));
	assert_true(
		(field->type == FIELD_REF || field->type == FIELD_ROWS || field->type == FIELD_OBJECT) == (field->noun != NULL));
	if (field->type == FIELD_ENUM && field->initial)
		assert_non_null(word_find(field->words, field->initial));
	if (field->type == FIELD_TEXT && field->initial)
		assert_true(field_format_ok(field->format, field->initial));
	if (field->type == FIELD_TEXT && !(field->flags & FIELD_READ_ONLY))
		assert_true(field->max > 0); // every text that a client writes is bounded
	if (field->type == FIELD_ROWS || field->type == FIELD_OBJECT)
		check_noun(field->noun);
	if (field->visible.field)
		assert_non_null(field->refusal);
}

static void test_every_table_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; nouns[i]; i++) {
		check_noun(nouns[i]);
		assert_non_null(nouns[i]->path);
		assert_non_null(nouns[i]->spelling);
		assert_ptr_equal(noun_by_path(nouns[i]->path), nouns[i]);
		assert_ptr_equal(noun_find(nouns[i]->word), nouns[i]);
	}
}

static void test_objects_live_and_die(void **state)
{
	(void)state;
	for (size_t i = 0; nouns[i]; i++) {
		void *object = object_new(nouns[i]);

		for (size_t f = 0; f < nouns[i]->field_count; f++)
			if (nouns[i]->fields[f].type == FIELD_ROWS)
				assert_non_null(
					field_rows_add(nouns[i]->fields[f].noun, field_rows(&nouns[i]->fields[f], object)));
		object_free(nouns[i], object);
	}
}

static void test_formats(void **state)
{
	(void)state;
	static const struct {
		enum field_format format;
		const char *text;
		bool ok;
	} rows[] = {
		{FORMAT_MONIKER, "a-1", true},
		{FORMAT_MONIKER, "", false},
		{FORMAT_MONIKER, "A", false},
		{FORMAT_MONIKER, "1234567890123456789012345678901", false},
		{FORMAT_IPV4, "192.0.2.1", true},
		{FORMAT_IPV4, "0.0.0.0", false},
		{FORMAT_IPV4, "224.0.0.1", false},
		{FORMAT_IPV4, "2001:db8::1", false},
		{FORMAT_IPV4, "192.0.2.1/32", false},
		{FORMAT_PREFIX, "10.0.0.0/8", true},
		{FORMAT_PREFIX, "10.0.0.1/8", false},
		{FORMAT_PREFIX, "10.0.0.0", false},
		{FORMAT_PREFIX, "10.0.0.0/33", false},
		{FORMAT_ADDRESS_OR_PREFIX, "192.0.2.1/30", true},
		{FORMAT_ADDRESS_OR_PREFIX, "192.0.2.1", true},
		{FORMAT_PREFIXES, "10.0.0.0/8, 192.0.2.0/24", true},
		{FORMAT_PREFIXES, "10.0.0.0/8,,192.0.2.0/24", false},
		{FORMAT_PORTS, "80", true},
		{FORMAT_PORTS, "80,8000-8100", true},
		{FORMAT_PORTS, "0", false},
		{FORMAT_PORTS, "65536", false},
		{FORMAT_PORTS, "9-8", false},
		{FORMAT_PORTS, "80-", false},
		{FORMAT_IMSI, "001010123456789", true},
		{FORMAT_IMSI, "0010101234567", false},
		{FORMAT_APN, "iot.example", true},
		{FORMAT_APN, "iot..example", false},
		{FORMAT_APN, ".iot", false},
		{FORMAT_INTERFACE, "eth1.100", true},
		{FORMAT_INTERFACE, "eth1/x", false},
		{FORMAT_INTERFACE, "a234567890123456", false},
		{FORMAT_TEMPLATE, "%{imsi}@example.net", true},
		{FORMAT_TEMPLATE, "%{name}", false},
		{FORMAT_TEMPLATE, "100%", false},
		{FORMAT_NUMBERS, "2,4,5", true},
		{FORMAT_NUMBERS, "", true},
		{FORMAT_NUMBERS, "2,x", false},
		{FORMAT_ISO3, "NLD", true},
		{FORMAT_ISO3, "nld", false},
		{FORMAT_URL, "https://example.net/x", true},
		{FORMAT_URL, "ftp://example.net", false},
	};

	for (size_t i = 0; i < array_len(rows); i++)
		if (field_format_ok(rows[i].format, rows[i].text) != rows[i].ok)
			fail_msg("\"%s\" should %sbe %s", rows[i].text, rows[i].ok ? "" : "not ",
				field_format_help(rows[i].format));
}

// The textbook's example of the Luhn sum, 7992739871 with check digit 3; zeros before it change nothing.
static void test_luhn(void **state)
{
	(void)state;
	for (char digit = '0'; digit <= '9'; digit++) {
		char iccid[24];

		snprintf(iccid, sizeof(iccid), "0000000007992739871%c", digit);
		assert_int_equal(field_format_ok(FORMAT_ICCID, iccid), digit == '3');
	}
	assert_false(field_format_ok(FORMAT_ICCID, "00000079927398713")); // 17 digits
	assert_false(field_format_ok(FORMAT_ICCID, "00000000000079927398713")); // 23 digits
	assert_true(field_format_ok(FORMAT_ICCID, "0000000000079927398713")); // 22 digits
}

static void test_columns(void **state)
{
	(void)state;
	char out[64];

	assert_string_equal(field_column(&(struct field){.name = "remotePeerIPAddress"}, out), "remote_peer_ip_address");
	assert_string_equal(field_column(&(struct field){.name = "vSlice"}, out), "v_slice");
	assert_string_equal(field_column(&(struct field){.name = "pppMru"}, out), "ppp_mru");
}

static void test_slugs(void **state)
{
	(void)state;
	char out[MONIKER_TEXT];

	assert_string_equal(slug_make("Vantiq Diagnostics L2TP", "x", out), "vantiq-diagnostics-l2tp");
	assert_string_equal(slug_make("  --\xc3\xa9--  ", "vslice", out), "vslice");
	assert_string_equal(slug_make("a name of more than thirty characters", "x", out), "a-name-of-more-than-thirty-cha");
	assert_string_equal(slug_number("a-name-of-more-than-thirty-cha", 12, out), "a-name-of-more-than-thirty--12");
	assert_true(field_format_ok(FORMAT_MONIKER, out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_table_is_whole),
		cmocka_unit_test(test_objects_live_and_die),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_luhn),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_slugs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
