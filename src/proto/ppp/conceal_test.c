// SPDX-License-Identifier: Apache-2.0
#include "proto/ppp/conceal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clean.h"
#include "proto/ppp/frame.h"

#define PACKET(text) (text), sizeof(text) - 1

static const struct {
	const char *name;
	uint16_t protocol;
	const char *before;
	size_t len;
	const char *after; // NULL: as before
} cases[] = {
	{"PAP: the name stays", PPP_PAP, PACKET("\1\7\0\16\3bob\5s3cr!"), "\1\7\0\16\3bob\5\0\0\0\0\0"},
	{"PAP: what stands behind the password goes too", PPP_PAP, PACKET("\1\7\0\15\3bob\4pass??"),
		"\1\7\0\15\3bob\4\0\0\0\0\0\0"},
	{"PAP: a name longer than the packet", PPP_PAP, PACKET("\1\7\0\14\x40pass123"), "\1\7\0\14\0\0\0\0\0\0\0\0"},
	{"PAP: no password at all", PPP_PAP, PACKET("\1\7\0\10\3bob"), NULL},
	{"PAP: an answer has words", PPP_PAP, PACKET("\3\7\0\11\4sure"), NULL},
	{"CHAP: a challenge is no secret", PPP_CHAP, PACKET("\1\1\0\13\4wxyzlns"), NULL},
	{"CHAP: the response goes, the name stays", PPP_CHAP, PACKET("\2\1\0\13\4wxyzbob"), "\2\1\0\13\4\0\0\0\0bob"},
	{"CHAP: a response longer than the packet", PPP_CHAP, PACKET("\2\1\0\10\x10wxyz"), "\2\1\0\10\0\0\0\0\0"},
	{"CHAP: the server's proof", PPP_CHAP, PACKET("\3\1\0\12S=AABB"), "\3\1\0\12\0\0\0\0\0\0"},
	{"CHAP: a failure has words", PPP_CHAP, PACKET("\4\1\0\11E=691"), NULL},
	{"CHAP: a change of the password", PPP_CHAP, PACKET("\7\1\0\10hash"), "\7\1\0\10\0\0\0\0"},
	{"EAP: the type stays", PPP_EAP, PACKET("\2\1\0\12\4\2xyz!"), "\2\1\0\12\4\0\0\0\0\0"},
	{"SPAP", 0xc027, PACKET("\1\1\0\10abcd"), "\1\1\0\10\0\0\0\0"},
	{"LCP has none", PPP_LCP, PACKET("\1\1\0\10\1\4\5\xb4"), NULL},
	{"a packet without its head", PPP_PAP, PACKET("\1\7\0"), NULL},
};

static void secrets_are_zeroed(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_len(cases); i++) {
		uint8_t packet[64];
		bool changes = cases[i].after;

		memcpy(packet, cases[i].before, cases[i].len);
		print_message("%s\n", cases[i].name);
		assert_int_equal(ppp_conceal(cases[i].protocol, packet, cases[i].len), changes);
		assert_memory_equal(packet, changes ? cases[i].after : cases[i].before, cases[i].len);
	}
}

// Whatever is cut off and wherever: neither a read past the end nor an octet of the password left.
static void every_cut_is_safe(void **state)
{
	static const char whole[] = "\1\7\0\16\3bob\5SSSSS";

	(void)state;
	for (size_t len = 0; len < sizeof(whole); len++) {
		_cleanup_free_ uint8_t *packet = malloc(len ? len : 1);

		memcpy(packet, whole, len);
		ppp_conceal(PPP_PAP, packet, len);
		assert_null(memchr(packet, 'S', len));
		memcpy(packet, whole, len);
		ppp_conceal(PPP_CHAP, packet, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_zeroed),
		cmocka_unit_test(every_cut_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
