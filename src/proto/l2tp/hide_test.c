// SPDX-License-Identifier: Apache-2.0
// The vectors were made with Python's hashlib from the text of RFC 2661 4.3, not with the code under test.
#include "proto/l2tp/hide.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clean.h"

#define BYTES(text) ((struct l2tp_bytes){(const uint8_t *)(text), sizeof(text) - 1})
#define ARRAY(array) ((struct l2tp_bytes){array, sizeof(array)})

static const uint8_t counting[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t short_cipher[] = {0xd3, 0x96, 0xfb, 0xdf, 0xb6, 0x80, 0x9c};
static const uint8_t id_cipher[] = {0xdc, 0xd6, 0x78, 0x7c, 0xde, 0x3d, 0x99};
static const uint8_t long_cipher[] = {0x6d, 0x33, 0x96, 0x86, 0x5b, 0xd9, 0xfd, 0xbf, 0x2c, 0x21, 0xc0, 0x20, 0xa6, 0x88, 0x44,
	0xb9, 0xf4, 0x32, 0xf7, 0x76, 0xe4, 0x35, 0xa3, 0xc3, 0x77, 0x50, 0x0e, 0x0d, 0x7f, 0x76, 0xe7, 0x62, 0x2c, 0xc2, 0x25,
	0x98, 0x09, 0x78, 0x8b, 0x24, 0xc1, 0x5b, 0x8d, 0x7e, 0xd3, 0x62, 0x5b, 0x5e, 0x2b, 0xf9, 0x00, 0xe5, 0xeb, 0x1d, 0x06,
	0x7f, 0xc0, 0xa9};

static const struct {
	uint16_t type;
	struct l2tp_bytes secret, vector, value, padding, cipher;
} vectors[] = {
	{33, BYTES("s3cret"), ARRAY(counting), BYTES("pass1"), {0}, ARRAY(short_cipher)},
	{9, BYTES("s3cret"), ARRAY(counting), BYTES("\x12\x34"), BYTES("\xaa\xbb\xcc"), ARRAY(id_cipher)},
	{30, BYTES("tunnel secret of some length"), BYTES("0123456789abcdefXYZ"),
		BYTES("a name that is rather longer than two blocks of md5"), BYTES("\x55\x55\x55\x55\x55"), ARRAY(long_cipher)},
};

static void vectors_hide_and_open(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_len(vectors); i++) {
		uint8_t bytes[128];
		struct wire_out out = wire_out(bytes, sizeof(bytes));
		struct l2tp_bytes value;

		l2tp_hide(&out, vectors[i].type, vectors[i].secret, vectors[i].vector, vectors[i].value, vectors[i].padding);
		assert_int_equal(out.error, 0);
		assert_int_equal(wire_used(&out), vectors[i].cipher.len);
		assert_memory_equal(bytes, vectors[i].cipher.bytes, vectors[i].cipher.len);
		assert_int_equal(
			l2tp_unhide(vectors[i].type, vectors[i].secret, vectors[i].vector, vectors[i].cipher, bytes, &value), 0);
		assert_int_equal(value.len, vectors[i].value.len);
		assert_memory_equal(value.bytes, vectors[i].value.bytes, value.len);
	}
}

// The length inside is cipher output: with a wrong secret it points anywhere, and must not be followed.
static void the_inner_length_is_bounded(void **state)
{
	uint8_t bytes[64], plain[64];
	struct l2tp_bytes value;

	(void)state;
	for (unsigned len = 0; len < 20; len++) {
		for (unsigned claimed = 0; claimed < 40; claimed++) {
			const uint8_t inner[2] = {0, (uint8_t)claimed};
			uint8_t key[16];
			struct wire_out out = wire_out(bytes, sizeof(bytes));

			// The key is what an all-zero plain text shows.
			l2tp_hide(&out, 9, BYTES("s3cret"), ARRAY(counting), (struct l2tp_bytes){0}, (struct l2tp_bytes){0});
			memcpy(key, bytes, 2);
			memset(bytes, 0, sizeof(bytes));
			bytes[0] = key[0] ^ inner[0];
			bytes[1] = key[1] ^ inner[1];
			assert_int_equal(l2tp_unhide(9, BYTES("s3cret"), ARRAY(counting),
						 (struct l2tp_bytes){bytes, (uint16_t)len}, plain, &value),
				len >= 2 && claimed <= len - 2 ? 0 : -EBADMSG);
		}
	}
}

static void hiding_never_overruns(void **state)
{
	(void)state;
	for (size_t size = 0; size < sizeof(long_cipher); size++) {
		uint8_t bytes[sizeof(long_cipher) + 1];
		struct wire_out out = wire_out(bytes, size);

		memset(bytes, 0xa5, sizeof(bytes));
		l2tp_hide(&out, vectors[2].type, vectors[2].secret, vectors[2].vector, vectors[2].value, vectors[2].padding);
		assert_int_equal(out.error, -EMSGSIZE);
		for (size_t i = size; i < sizeof(bytes); i++)
			assert_int_equal(bytes[i], 0xa5);
	}
}

// Taken from the wire: xl2tpd's challenge in an SCCRQ and l2tpns's response in its SCCRP.
static void a_response_between_two_other_implementations(void **state)
{
	static const uint8_t challenge[] = {
		0xbb, 0xff, 0xff, 0xf5, 0x03, 0x4e, 0x17, 0xe8, 0xdc, 0x3b, 0x4f, 0xfa, 0xd1, 0xf4, 0x7c, 0x96};
	static const uint8_t want[] = {
		0xb1, 0xdf, 0xbe, 0xb0, 0x8e, 0x8f, 0xca, 0x8d, 0x72, 0xa0, 0xb4, 0x02, 0x8d, 0x6e, 0x65, 0x34};
	uint8_t response[L2TP_RESPONSE_LEN];

	(void)state;
	l2tp_challenge_response(2, BYTES("s3cret"), ARRAY(challenge), response);
	assert_memory_equal(response, want, sizeof(want));
	assert_true(l2tp_response_equal(response, want));
	response[15] ^= 1;
	assert_false(l2tp_response_equal(response, want));
}

// The identifier is the type of the message that carries the response: an SCCCN's is 3.
static void a_response_in_an_scccn(void **state)
{
	static const uint8_t want[] = {
		0x64, 0x3b, 0x6a, 0xd8, 0x1f, 0xd3, 0x82, 0x57, 0x66, 0xd3, 0x96, 0xd2, 0x18, 0x86, 0xac, 0xb3};
	uint8_t response[L2TP_RESPONSE_LEN];

	(void)state;
	l2tp_challenge_response(3, BYTES("s3cret"), ARRAY(counting), response);
	assert_memory_equal(response, want, sizeof(want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_hide_and_open),
		cmocka_unit_test(the_inner_length_is_bounded),
		cmocka_unit_test(hiding_never_overruns),
		cmocka_unit_test(a_response_between_two_other_implementations),
		cmocka_unit_test(a_response_in_an_scccn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
