// SPDX-License-Identifier: Apache-2.0
// The shared secret at work. Both uses are MD5 as RFC 2661 has them; what it protects is only as private as that.
#include "proto/l2tp/hide.h"

#include <nettle/md5.h>
#include <nettle/memops.h>

static void md5_bytes(struct md5_ctx *md5, struct l2tp_bytes bytes)
{
	if (bytes.len)
		md5_update(md5, bytes.len, bytes.bytes);
}

// The first key of the chain: MD5(type, secret, random vector).
static void first_key(uint16_t type, struct l2tp_bytes secret, struct l2tp_bytes vector, uint8_t key[MD5_DIGEST_SIZE])
{
	const uint8_t octets[2] = {(uint8_t)(type >> 8), (uint8_t)type};
	struct md5_ctx md5;

	md5_init(&md5);
	md5_update(&md5, sizeof(octets), octets);
	md5_bytes(&md5, secret);
	md5_bytes(&md5, vector);
	md5_digest(&md5, MD5_DIGEST_SIZE, key);
}

// The following ones: MD5(secret, the cipher block before).
static void next_key(struct l2tp_bytes secret, const uint8_t *cipher, uint8_t key[MD5_DIGEST_SIZE])
{
	struct md5_ctx md5;

	md5_init(&md5);
	md5_bytes(&md5, secret);
	md5_update(&md5, MD5_DIGEST_SIZE, cipher);
	md5_digest(&md5, MD5_DIGEST_SIZE, key);
}

void l2tp_hide(struct wire_out *out, uint16_t type, struct l2tp_bytes secret, struct l2tp_bytes random_vector,
	struct l2tp_bytes value, struct l2tp_bytes padding)
{
	uint8_t key[MD5_DIGEST_SIZE], *start = out->pos;
	size_t len = 2 + (size_t)value.len + padding.len;

	wire_put_be16(out, value.len);
	wire_put_bytes(out, value.bytes, value.len);
	wire_put_bytes(out, padding.bytes, padding.len);
	if (out->error)
		return;
	first_key(type, secret, random_vector, key);
	for (size_t i = 0; i < len; i++) {
		if (i && i % MD5_DIGEST_SIZE == 0)
			next_key(secret, start + i - MD5_DIGEST_SIZE, key);
		start[i] ^= key[i % MD5_DIGEST_SIZE];
	}
}

int l2tp_unhide(uint16_t type, struct l2tp_bytes secret, struct l2tp_bytes random_vector, struct l2tp_bytes hidden,
	uint8_t *plain, struct l2tp_bytes *out)
{
	uint8_t key[MD5_DIGEST_SIZE];
	struct wire_in in;
	uint16_t len;

	first_key(type, secret, random_vector, key);
	for (size_t i = 0; i < hidden.len; i++) {
		if (i && i % MD5_DIGEST_SIZE == 0)
			next_key(secret, hidden.bytes + i - MD5_DIGEST_SIZE, key);
		plain[i] = hidden.bytes[i] ^ key[i % MD5_DIGEST_SIZE];
	}
	// The length inside is what the cipher gives: with a wrong secret it is anything at all.
	in = wire_in(plain, hidden.len);
	len = wire_get_be16(&in);
	if (in.error || len > wire_left(&in))
		return -EBADMSG;
	*out = (struct l2tp_bytes){.bytes = wire_get_bytes(&in, len), .len = len};
	return 0;
}

void l2tp_challenge_response(uint8_t id, struct l2tp_bytes secret, struct l2tp_bytes challenge, uint8_t out[L2TP_RESPONSE_LEN])
{
	struct md5_ctx md5;

	md5_init(&md5);
	md5_update(&md5, 1, &id);
	md5_bytes(&md5, secret);
	md5_bytes(&md5, challenge);
	md5_digest(&md5, L2TP_RESPONSE_LEN, out);
}

bool l2tp_response_equal(const uint8_t a[L2TP_RESPONSE_LEN], const uint8_t b[L2TP_RESPONSE_LEN])
{
	return memeql_sec(a, b, L2TP_RESPONSE_LEN);
}
