// SPDX-License-Identifier: Apache-2.0
#include "proto/l2tp/conceal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clean.h"
#include "proto/l2tp/avp.h"
#include "proto/l2tp/header.h"

static size_t message(uint8_t *bytes, size_t size, const char *avps, size_t len)
{
	struct wire_out out = wire_out(bytes, size);
	struct l2tp_header header = {.flags = L2TP_CONTROL_FLAGS, .tunnel_id = 7, .len = (uint16_t)len};

	l2tp_header_build(&out, &header);
	wire_put_bytes(&out, avps, len);
	assert_int_equal(out.error, 0);
	return wire_used(&out);
}

#define AVPS(text) (text), sizeof(text) - 1

static const struct {
	const char *name, *before;
	size_t len;
	const char *after; // NULL: as before
} cases[] = {
	{"a Host Name stays", AVPS("\x80\x08\0\0\0\0\0\1\x80\x09\0\0\0\7lac"), NULL},
	{"a Challenge Response",
		AVPS("\x80\x08\0\0\0\0\0\3\x80\x0a\0\0\0\x0d"
		     "abcd"),
		"\x80\x08\0\0\0\0\0\3\x80\x0a\0\0\0\x0d\0\0\0\0"},
	{"a Challenge",
		AVPS("\x80\x0a\0\0\0\x0b"
		     "abcd"),
		"\x80\x0a\0\0\0\x0b\0\0\0\0"},
	{"a Proxy Authen Response; the name stays",
		AVPS("\0\x09\0\0\0\x1e"
		     "bob\0\x0a\0\0\0\x21pass"),
		"\0\x09\0\0\0\x1e"
		"bob\0\x0a\0\0\0\x21\0\0\0\0"},
	{"a hidden AVP, whatever it is",
		AVPS("\xc0\x0a\0\0\0\x09"
		     "wxyz\x80\x08\0\0\0\x0a\0\4"),
		"\xc0\x0a\0\0\0\x09\0\0\0\0\x80\x08\0\0\0\x0a\0\4"},
	{"another vendor's AVP of the same number stays",
		AVPS("\0\x0a\0\x09\0\x0d"
		     "abcd"),
		NULL},
	{"an AVP of length 5: the rest goes", AVPS("\x80\x08\0\0\0\0\0\3\x80\x05\0\0\0\x0dsecret"),
		"\x80\x08\0\0\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0"},
	{"an AVP past the end: the rest goes", AVPS("\x80\x20\0\0\0\x21pass"), "\0\0\0\0\0\0\0\0\0\0"},
};

static void secrets_are_zeroed(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_len(cases); i++) {
		uint8_t before[128], after[128];
		size_t len = message(before, sizeof(before), cases[i].before, cases[i].len);
		bool changes = cases[i].after;

		message(after, sizeof(after), changes ? cases[i].after : cases[i].before, cases[i].len);
		print_message("%s\n", cases[i].name);
		assert_int_equal(l2tp_conceal(before, len), changes);
		assert_memory_equal(before, after, len);
	}
}

static void what_is_no_message_is_zeroed(void **state)
{
	uint8_t bytes[] = {0xc8, 2, 0, 200, 0, 7, 0, 0, 0, 0, 0, 0, 's', 'e', 'c', 'r', 'e', 't'};
	uint8_t padded[] = {0xc8, 2, 0, 12, 0, 7, 0, 0, 0, 0, 0, 0, 's', 'e', 'c', 'r', 'e', 't'};
	uint8_t data[] = {0, 2, 0, 7, 0, 9, 0xff, 3, 0xc0, 0x23, 1, 1};

	(void)state;
	assert_true(l2tp_conceal(bytes, sizeof(bytes)));
	assert_int_equal(bytes[4] << 8 | bytes[5], 7);
	assert_null(memchr(bytes, 's', sizeof(bytes)));
	assert_true(l2tp_conceal(padded, sizeof(padded))); // behind the end that the header tells
	assert_null(memchr(padded, 's', sizeof(padded)));
	assert_false(l2tp_conceal(data, sizeof(data)));
	for (size_t len = 0; len < sizeof(bytes); len++) {
		_cleanup_free_ uint8_t *cut = malloc(len ? len : 1);

		memcpy(cut, padded, len);
		l2tp_conceal(cut, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_zeroed),
		cmocka_unit_test(what_is_no_message_is_zeroed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
