// SPDX-License-Identifier: Apache-2.0
// Tunnel authentication and AVP hiding: the uses of the shared secret (RFC 2661 4.2, 4.3, 5.1.1).
#pragma once

#include "proto/l2tp/avp.h"

#define L2TP_RESPONSE_LEN 16

// Writes the hidden form of `value`: its length, the value and `padding` octets, all ciphered. An empty secret or vector is fine here.
// `padding` should be random; its octets are borrowed. The error is in `out`.
void l2tp_hide(struct wire_out *out, uint16_t type, struct l2tp_bytes secret, struct l2tp_bytes random_vector,
	struct l2tp_bytes value, struct l2tp_bytes padding);
// Deciphers into `plain` (of `hidden.len` octets at least); `*out` is the value within it, borrowed. 0, or -EBADMSG when the length inside is
// more than what the AVP carries, which is also what a wrong secret looks like.
int l2tp_unhide(uint16_t type, struct l2tp_bytes secret, struct l2tp_bytes random_vector, struct l2tp_bytes hidden,
	uint8_t *plain, struct l2tp_bytes *out);

// MD5(id, secret, challenge) where `id` is the type of the message that carries the response: 2 in SCCRP, 3 in SCCCN.
void l2tp_challenge_response(uint8_t id, struct l2tp_bytes secret, struct l2tp_bytes challenge, uint8_t out[L2TP_RESPONSE_LEN]);
// Constant-time.
bool l2tp_response_equal(const uint8_t a[L2TP_RESPONSE_LEN], const uint8_t b[L2TP_RESPONSE_LEN]);
