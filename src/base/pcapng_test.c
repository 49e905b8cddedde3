// SPDX-License-Identifier: Apache-2.0
// The octets are typed from draft-ietf-opsawg-pcapng; tests/smoke/capture.sh lets tshark read what the gateway writes.
#include "base/pcapng.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect(const struct wire_out *out, const char *bytes, size_t len)
{
	assert_int_equal(out->error, 0);
	assert_int_equal(wire_used(out), len);
	assert_memory_equal(out->start, bytes, len);
}

#define BYTES(text) (text), sizeof(text) - 1

static void a_section_and_an_interface(void **state)
{
	uint8_t bytes[256];
	struct wire_out out = wire_out(bytes, sizeof(bytes));

	(void)state;
	pcapng_section(&out, "test", "");
	expect(&out,
		BYTES("\x0a\x0d\x0d\x0a\x28\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\4\0\4\0test\0\0\0\0\x28"
		      "\0\0\0"));
	out = wire_out(bytes, sizeof(bytes));
	pcapng_interface(&out, "ip", NULL, 96);
	expect(&out, BYTES("\1\0\0\0\x20\0\0\0\x65\0\0\0\x60\0\0\0\2\0\2\0ip\0\0\0\0\0\0\x20\0\0\0"));
}

static void a_packet_of_two_pieces(void **state)
{
	uint8_t bytes[256];
	struct wire_out out = wire_out(bytes, sizeof(bytes));
	struct pcapng_packet packet = {
		.interface = 1,
		.time_us = 0x0102030405060708,
		.is_sent = true,
		.head = (const uint8_t *)"ab",
		.head_len = 2,
		.bytes = (const uint8_t *)"cde",
		.len = 3,
		.cut = 4,
		.missed = 2,
		.comment = "c",
	};

	(void)state;
	pcapng_packet(&out, &packet);
	expect(&out,
		BYTES("\6\0\0\0\x48\0\0\0\1\0\0\0\4\3\2\1\x08\7\6\5\5\0\0\0\x09\0\0\0"
		      "abcde\0\0\0\2\0\4\0\2\0\0\0\4\0\x08\0\2\0\0\0\0\0\0\0\1\0\1\0c\0\0\0\0\0\0\0\x48\0\0\0"));
}

static void the_last_words(void **state)
{
	uint8_t bytes[256];
	struct wire_out out = wire_out(bytes, sizeof(bytes));

	(void)state;
	pcapng_statistics(&out, 2, 1, 3, 4, "done");
	expect(&out,
		BYTES("\5\0\0\0\x3c\0\0\0\2\0\0\0\0\0\0\0\1\0\0\0\4\0\x08\0\3\0\0\0\0\0\0\0\5\0\x08\0\4\0\0\0\0\0\0\0\1\0\4\0done"
		      "\0\0\0\0\x3c\0\0\0"));
}

static void what_does_not_fit_is_an_error(void **state)
{
	uint8_t bytes[64];

	(void)state;
	for (size_t size = 0; size < 40; size++) {
		struct wire_out out = wire_out(bytes, size);

		pcapng_section(&out, "test", "");
		assert_int_equal(out.error, -EMSGSIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_section_and_an_interface),
		cmocka_unit_test(a_packet_of_two_pieces),
		cmocka_unit_test(the_last_words),
		cmocka_unit_test(what_does_not_fit_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
