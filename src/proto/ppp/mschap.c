// SPDX-License-Identifier: Apache-2.0

#include "proto/ppp/mschap.h"

#include <nettle/des.h>
#include <nettle/md4.h>
#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <stdbool.h>
#include <string.h>

#include "base/clean.h"
#include "base/wire.h"

void chap_md5(
	uint8_t id, const void *secret, size_t secret_len, const void *challenge, size_t challenge_len, uint8_t out[CHAP_MD5_LEN])
{
	struct md5_ctx md5;

	md5_init(&md5);
	md5_update(&md5, 1, &id);
	md5_update(&md5, secret_len, secret);
	md5_update(&md5, challenge_len, challenge);
	md5_digest(&md5, CHAP_MD5_LEN, out);
}

static void md4_unit(struct md4_ctx *md4, uint16_t unit)
{
	const uint8_t bytes[2] = {(uint8_t)unit, (uint8_t)(unit >> 8)};

	md4_update(md4, sizeof(bytes), bytes);
}

// One code point of UTF-8; octets that are none pass as Latin-1, so that any password has one reading.
static uint32_t next_code_point(struct wire_in *in)
{
	const uint8_t *at = in->pos;
	uint8_t first = wire_get_u8(in);
	size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
	uint32_t point = more ? first & (0x3fu >> more) : first;

	if (wire_left(in) < more || first > 0xf4)
		return first;
	for (size_t i = 1; i <= more; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return first;
		point = point << 6 | (at[i] & 0x3fu);
	}
	wire_skip(in, more);
	return point;
}

// RFC 2759 8.3: MD4 over the password in UTF-16, little end first.
static void nt_password_hash(const void *password, size_t len, uint8_t out[MD4_DIGEST_SIZE])
{
	struct wire_in in = wire_in(password, len);
	struct md4_ctx md4;

	md4_init(&md4);
	while (wire_left(&in)) {
		uint32_t point = next_code_point(&in);

		if (point > 0xffff) {
			md4_unit(&md4, (uint16_t)(0xd800 + ((point - 0x10000) >> 10)));
			point = 0xdc00 + ((point - 0x10000) & 0x3ff);
		}
		md4_unit(&md4, (uint16_t)point);
	}
	md4_digest(&md4, MD4_DIGEST_SIZE, out);
}

// RFC 2759 8.2. The name counts without the domain in front of it (4: "DOMAIN\user").
static void challenge_hash(const struct mschap *in, uint8_t out[8])
{
	const uint8_t *name = in->name;
	size_t len = in->name_len;
	struct sha1_ctx sha;

	for (size_t i = len; i > 0; i--) {
		if (name[i - 1] == '\\') {
			name += i;
			len -= i;
			break;
		}
	}
	sha1_init(&sha);
	sha1_update(&sha, MSCHAP_CHALLENGE_LEN, in->peer_challenge);
	sha1_update(&sha, MSCHAP_CHALLENGE_LEN, in->auth_challenge);
	sha1_update(&sha, len, name);
	sha1_digest(&sha, 8, out);
}

// RFC 2759 8.6: DES under a key of 7 octets, spread over 8 with a parity bit each.
static void des_encrypt_7(const uint8_t key7[7], const uint8_t clear[8], uint8_t out[8])
{
	uint8_t key[DES_KEY_SIZE], spread[DES_KEY_SIZE];
	struct des_ctx des;

	for (unsigned int i = 0; i < DES_KEY_SIZE; i++) {
		unsigned int high = i > 0 ? (unsigned int)key7[i - 1] << (8 - i) : 0,
			     low = i < 7 ? (unsigned int)key7[i] >> i : 0;

		spread[i] = (uint8_t)((high | low) & 0xfe);
	}
	des_fix_parity(DES_KEY_SIZE, key, spread);
	(void)des_set_key(&des, key); // a weak key is still the key
	des_encrypt(&des, DES_BLOCK_SIZE, out, clear);
}

void mschap_nt_response(const struct mschap *in, uint8_t out[MSCHAP_NT_LEN])
{
	uint8_t challenge[8], key[21] = {0};

	challenge_hash(in, challenge);
	nt_password_hash(in->password, in->password_len, key);
	for (size_t i = 0; i < 3; i++)
		des_encrypt_7(key + 7 * i, challenge, out + 8 * i);
}

void mschap_proof(const struct mschap *in, const uint8_t nt_response[MSCHAP_NT_LEN], uint8_t out[MSCHAP_PROOF_LEN])
{
	static const char magic1[] = "Magic server to client signing constant";
	static const char magic2[] = "Pad to make it do more than one iteration";
	uint8_t hash[MD4_DIGEST_SIZE], hash_hash[MD4_DIGEST_SIZE], challenge[8], digest[SHA1_DIGEST_SIZE];
	struct md4_ctx md4;
	struct sha1_ctx sha;

	nt_password_hash(in->password, in->password_len, hash);
	md4_init(&md4);
	md4_update(&md4, sizeof(hash), hash);
	md4_digest(&md4, sizeof(hash_hash), hash_hash);

	sha1_init(&sha);
	sha1_update(&sha, sizeof(hash_hash), hash_hash);
	sha1_update(&sha, MSCHAP_NT_LEN, nt_response);
	sha1_update(&sha, sizeof(magic1) - 1, (const uint8_t *)magic1);
	sha1_digest(&sha, sizeof(digest), digest);

	challenge_hash(in, challenge);
	sha1_init(&sha);
	sha1_update(&sha, sizeof(digest), digest);
	sha1_update(&sha, sizeof(challenge), challenge);
	sha1_update(&sha, sizeof(magic2) - 1, (const uint8_t *)magic2);
	sha1_digest(&sha, MSCHAP_PROOF_LEN, out);
}

const char *mschap_failure_words(const char *text, size_t len)
{
	static const struct {
		unsigned int code;
		const char *words;
	} rows[] = {
		{646, "the account may not log in at this hour (E=646)"},
		{647, "the account is disabled (E=647)"},
		{648, "the password has expired (E=648)"},
		{649, "the account has no permission to dial in (E=649)"},
		{691, "the user name or password is wrong (E=691)"},
		{709, "the password could not be changed (E=709)"},
	};
	unsigned int code = 0;

	if (len < 5 || memcmp(text, "E=", 2) != 0)
		return NULL;
	for (size_t i = 2; i < 5; i++)
		code = code * 10 + (unsigned int)(text[i] - '0');
	for (size_t i = 0; i < array_len(rows); i++)
		if (rows[i].code == code)
			return rows[i].words;
	return NULL;
}
