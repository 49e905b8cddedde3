// SPDX-License-Identifier: Apache-2.0
// Vectors typed from RFC 2759 9.2 and from a capture of a real LNS.

#include "proto/ppp/mschap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proto/ppp/testing.h"

static const uint8_t auth_challenge[] = {
	0x5b, 0x5d, 0x7c, 0x7d, 0x7b, 0x3f, 0x2f, 0x3e, 0x3c, 0x2c, 0x60, 0x21, 0x32, 0x26, 0x26, 0x28};
static const uint8_t peer_challenge[] = {
	0x21, 0x40, 0x23, 0x24, 0x25, 0x5e, 0x26, 0x2a, 0x28, 0x29, 0x5f, 0x2b, 0x3a, 0x33, 0x7c, 0x7e};
static const uint8_t nt_response[] = {0x82, 0x30, 0x9e, 0xcd, 0x8d, 0x70, 0x8b, 0x5e, 0xa0, 0x8f, 0xaa, 0x39, 0x81, 0xcd, 0x83,
	0x54, 0x42, 0x33, 0x11, 0x4a, 0x3d, 0x85, 0xd6, 0xdf};

static struct mschap exchange(const char *name, const char *password)
{
	return (struct mschap){
		.auth_challenge = auth_challenge,
		.peer_challenge = peer_challenge,
		.name = name,
		.name_len = strlen(name),
		.password = password,
		.password_len = strlen(password),
	};
}

static void nt_response_of_rfc_2759(void **)
{
	struct mschap in = exchange("User", "clientPass");
	uint8_t out[MSCHAP_NT_LEN];

	mschap_nt_response(&in, out);
	assert_memory_equal(out, nt_response, sizeof(out));
}

static void a_domain_does_not_count(void **)
{
	struct mschap in = exchange("BIGCO\\User", "clientPass");
	uint8_t out[MSCHAP_NT_LEN];

	mschap_nt_response(&in, out);
	assert_memory_equal(out, nt_response, sizeof(out));
}

static void proof_of_rfc_2759(void **)
{
	struct mschap in = exchange("User", "clientPass");
	uint8_t out[MSCHAP_PROOF_LEN], want[MSCHAP_PROOF_LEN];

	testing_unhex("407A5589115FD0D6209F510FE9C04566932CDA56", want, sizeof(want));
	mschap_proof(&in, nt_response, out);
	assert_memory_equal(out, want, sizeof(out));
}

// "é" is one unit of UTF-16 and U+1F600 two; an octet that is no UTF-8 is read as Latin-1, so both spellings are one password.
static void passwords_are_utf8(void **)
{
	struct mschap in = exchange("User", "p\xc3\xa9\xf0\x9f\x98\x80"), latin = exchange("User", "p\xe9\xf0\x9f\x98\x80");
	uint8_t out[MSCHAP_NT_LEN], same[MSCHAP_NT_LEN];

	mschap_nt_response(&in, out);
	mschap_nt_response(&latin, same);
	assert_memory_equal(out, same, sizeof(out));
}

// l2tpns 2.4.1 accepted this response of sim1/pass1.
static void md5_of_a_real_exchange(void **)
{
	uint8_t challenge[16], want[16], out[CHAP_MD5_LEN];

	testing_unhex("b1ba8d53190b7ce3334f49341d6c7191", challenge, sizeof(challenge));
	testing_unhex("39196a88edcdaaf026a5a9aa9bdd7a58", want, sizeof(want));
	chap_md5(1, "pass1", 5, challenge, sizeof(challenge), out);
	assert_memory_equal(out, want, sizeof(out));
}

static void a_failure_in_words(void **)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"E=648 R=0 C=00000000000000000000000000000000 V=3 M=change it", "the password has expired (E=648)"},
		{"E=691", "the user name or password is wrong (E=691)"},
		{"E=999 R=0", NULL},
		{"E=64", NULL},
		{"wrong name or password", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *words = mschap_failure_words(cases[i].text, strlen(cases[i].text));

		assert_true(!words == !cases[i].words);
		if (words)
			assert_string_equal(words, cases[i].words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nt_response_of_rfc_2759),
		cmocka_unit_test(a_domain_does_not_count),
		cmocka_unit_test(proof_of_rfc_2759),
		cmocka_unit_test(passwords_are_utf8),
		cmocka_unit_test(md5_of_a_real_exchange),
		cmocka_unit_test(a_failure_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
