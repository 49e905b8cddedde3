// SPDX-License-Identifier: Apache-2.0
// The arithmetic of MS-CHAPv2 (RFC 2759 8) and of CHAP with MD5 (RFC 1994 4.1).
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CHAP_MD5_LEN 16
#define MSCHAP_CHALLENGE_LEN 16
#define MSCHAP_NT_LEN 24
#define MSCHAP_RESPONSE_LEN 49 // peer challenge, 8 reserved, NT response, flags
#define MSCHAP_PROOF_LEN 20

void chap_md5(uint8_t id, const void *secret, size_t secret_len, const void *challenge, size_t challenge_len,
	uint8_t out[CHAP_MD5_LEN]);

// What the two parties hash: names and challenges are those of the exchange, the password is UTF-8.
struct mschap {
	const uint8_t *auth_challenge, *peer_challenge; // MSCHAP_CHALLENGE_LEN each
	const void *name, *password;
	size_t name_len, password_len;
};
// The NT-Response (RFC 2759 8.1).
void mschap_nt_response(const struct mschap *in, uint8_t out[MSCHAP_NT_LEN]);
// The authenticator's proof (RFC 2759 8.7), the octets behind "S=".
void mschap_proof(const struct mschap *in, const uint8_t nt_response[MSCHAP_NT_LEN], uint8_t out[MSCHAP_PROOF_LEN]);
// What an MS-CHAP Failure says by its "E=" (RFC 2759 6), such as "the password has expired"; NULL where it says nothing of the kind.
const char *mschap_failure_words(const char *text, size_t len);
