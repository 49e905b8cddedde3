// SPDX-License-Identifier: Apache-2.0
#include "proto/l2tp/msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clean.h"
#include "proto/l2tp/result.h"

#define BYTES(text) ((struct l2tp_bytes){(const uint8_t *)(text), sizeof(text) - 1})

// AVPs of messages that xl2tpd (as LAC) and l2tpns (as LNS) exchanged, from a capture.
static const uint8_t xl2tpd_sccrq[] = {0x80, 0x08, 0, 0, 0, 0, 0, 1, 0x80, 0x08, 0, 0, 0, 2, 1, 0, 0x80, 0x0a, 0, 0, 0, 3, 0, 0,
	0, 3, 0x80, 0x0a, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8, 0, 0, 0, 6, 6, 0x90, 0x80, 0x0e, 0, 0, 0, 7, 'l', 'a', 'c', '.', 't', 'e',
	's', 't', 0, 0x13, 0, 0, 0, 8, 'x', 'e', 'l', 'e', 'r', 'a', 'n', 'c', 'e', '.', 'c', 'o', 'm', 0x80, 8, 0, 0, 0, 9, 0x0d,
	0xd6, 0x80, 8, 0, 0, 0, 0x0a, 0, 4, 0x80, 0x16, 0, 0, 0, 0x0b, 0xbb, 0xff, 0xff, 0xf5, 3, 0x4e, 0x17, 0xe8, 0xdc, 0x3b,
	0x4f, 0xfa, 0xd1, 0xf4, 0x7c, 0x96};
static const uint8_t l2tpns_sccrp[] = {0x80, 8, 0, 0, 0, 0, 0, 2, 0x80, 8, 0, 0, 0, 2, 1, 0, 0x80, 0x0a, 0, 0, 0, 3, 0, 0, 0, 3,
	0x80, 8, 0, 0, 0, 7, 'v', 'm', 0x80, 0x16, 0, 0, 0, 0x0d, 0xb1, 0xdf, 0xbe, 0xb0, 0x8e, 0x8f, 0xca, 0x8d, 0x72, 0xa0,
	0xb4, 2, 0x8d, 0x6e, 0x65, 0x34, 0x80, 8, 0, 0, 0, 9, 0, 2};
static const uint8_t xl2tpd_icrq[] = {0x80, 8, 0, 0, 0, 0, 0, 0x0a, 0x80, 8, 0, 0, 0, 0x0e, 0x6c, 0x5b, 0x80, 0x0a, 0, 0, 0, 0x0f,
	0, 0, 0, 1, 0x80, 0x0a, 0, 0, 0, 0x12, 0, 0, 0, 0};
static const uint8_t xl2tpd_iccn[] = {0x80, 8, 0, 0, 0, 0, 0, 0x0c, 0x80, 0x0a, 0, 0, 0, 0x18, 0, 0, 0, 0, 0x80, 0x0a, 0, 0, 0,
	0x13, 0, 0, 0, 1, 0, 0x0a, 0, 0, 0, 0x26, 0, 0, 0, 0};

static struct l2tp_msg msg;
static struct l2tp_fault fault;

static int decode(const uint8_t *avps, size_t len)
{
	return l2tp_msg_decode(avps, len, NULL, &msg, &fault);
}

static void messages_of_other_implementations(void **state)
{
	(void)state;
	assert_int_equal(decode(xl2tpd_sccrq, sizeof(xl2tpd_sccrq)), 0);
	assert_int_equal(msg.type, L2TP_sccrq);
	assert_true(msg.mandatory);
	assert_int_equal(msg.protocol_version, 0x0100);
	assert_int_equal(msg.framing_capabilities, 3);
	assert_true(l2tp_has(&msg, bearer_capabilities));
	assert_int_equal(msg.firmware_revision, 0x0690);
	assert_int_equal(msg.host_name.len, 8);
	assert_memory_equal(msg.host_name.bytes, "lac.test", 8);
	assert_memory_equal(msg.vendor_name.bytes, "xelerance.com", 13);
	assert_int_equal(msg.assigned_tunnel_id, 3542);
	assert_int_equal(msg.receive_window, 4);
	assert_int_equal(msg.challenge.len, 16);
	assert_false(l2tp_has(&msg, tie_breaker));

	assert_int_equal(decode(l2tpns_sccrp, sizeof(l2tpns_sccrp)), 0);
	assert_int_equal(msg.assigned_tunnel_id, 2);
	assert_int_equal(msg.challenge_response.bytes[15], 0x34);
	assert_false(l2tp_has(&msg, receive_window));

	assert_int_equal(decode(xl2tpd_icrq, sizeof(xl2tpd_icrq)), 0);
	assert_int_equal(msg.assigned_session_id, 27739);
	assert_int_equal(msg.call_serial_number, 1);

	assert_int_equal(decode(xl2tpd_iccn, sizeof(xl2tpd_iccn)), 0);
	assert_int_equal(msg.framing_type, 1);
	assert_true(l2tp_has(&msg, rx_connect_speed));
}

// What we would send in their place is the same, octet for octet, but for the order of AVPs.
static void an_icrq_is_encoded_like_theirs(void **state)
{
	struct l2tp_msg icrq = {.type = L2TP_icrq};
	uint8_t bytes[64];
	struct wire_out out = wire_out(bytes, sizeof(bytes));

	(void)state;
	l2tp_set(&icrq, assigned_session_id, 27739);
	l2tp_set(&icrq, call_serial_number, 1);
	l2tp_set(&icrq, bearer_type, 0);
	l2tp_msg_encode(&out, &icrq, NULL);
	assert_int_equal(out.error, 0);
	assert_int_equal(wire_used(&out), sizeof(xl2tpd_icrq));
	assert_memory_equal(bytes, xl2tpd_icrq, sizeof(xl2tpd_icrq));
}

// An SCCRQ with one AVP appended.
static int decode_with(const uint8_t *extra, size_t len)
{
	uint8_t bytes[sizeof(xl2tpd_sccrq) + 64];

	memcpy(bytes, xl2tpd_sccrq, sizeof(xl2tpd_sccrq));
	memcpy(bytes + sizeof(xl2tpd_sccrq), extra, len);
	return decode(bytes, sizeof(xl2tpd_sccrq) + len);
}

static void an_unknown_avp_matters_when_it_is_mandatory(void **state)
{
	(void)state;
	assert_int_equal(decode_with((const uint8_t[]){0x00, 7, 0, 0, 0x30, 0x39, 1}, 7), 0);
	assert_int_equal(msg.unknown_avps, 1);
	assert_int_equal(decode_with((const uint8_t[]){0x80, 7, 0, 0, 0x30, 0x39, 1}, 7), -EBADMSG);
	assert_int_equal(fault.error, L2TP_ERROR_unknown_avp);
	assert_int_equal(fault.avp, 12345);
	assert_false(fault.is_session);
	assert_string_equal(fault.text, "unknown mandatory AVP 12345");
	// Another vendor's AVP is unknown whatever its number says.
	assert_int_equal(decode_with((const uint8_t[]){0x00, 8, 0, 9, 0, 9, 0, 1}, 8), 0);
	assert_int_equal(decode_with((const uint8_t[]){0x80, 8, 0, 9, 0, 9, 0, 1}, 8), -EBADMSG);
	assert_int_equal(fault.error, L2TP_ERROR_unknown_avp);
	// A reserved bit makes a known AVP unknown.
	for (unsigned bit = 0x04; bit <= 0x20; bit <<= 1) {
		assert_int_equal(decode_with((const uint8_t[]){(uint8_t)bit, 8, 0, 0, 0, 6, 0, 1}, 8), 0);
		assert_int_equal(msg.unknown_avps, 1);
		assert_int_equal(decode_with((const uint8_t[]){(uint8_t)(0x80 | bit), 8, 0, 0, 0, 6, 0, 1}, 8), -EBADMSG);
		assert_int_equal(fault.error, L2TP_ERROR_unknown_avp);
	}
}

// npppd looped or read astray on lengths below the header's own.
static void lengths_below_six_end_the_message(void **state)
{
	(void)state;
	for (uint8_t len = 0; len < 6; len++) {
		assert_int_equal(decode_with((const uint8_t[]){0x80, len, 0, 0, 0, 8, 'x'}, 7), -EBADMSG);
		assert_int_equal(fault.error, L2TP_ERROR_length);
		// Without M the rest is passed over.
		assert_int_equal(decode_with((const uint8_t[]){0x00, len, 0, 0, 0, 8, 'x'}, 7), 0);
		assert_int_equal(msg.bad_avps, 1);
	}
	// Longer than the message, and every cut of an AVP header.
	assert_int_equal(decode_with((const uint8_t[]){0x80, 8, 0, 0, 0, 8, 'x'}, 7), -EBADMSG);
	for (size_t cut = 2; cut < 6; cut++)
		assert_int_equal(decode_with((const uint8_t[]){0x80, 6, 0, 0, 0, 8}, cut), -EBADMSG);
	assert_int_equal(decode_with((const uint8_t[]){0x80}, 1), 0);
	assert_int_equal(msg.bad_avps, 1);
}

static void the_message_type_comes_first_and_is_sound(void **state)
{
	static const struct {
		uint8_t bytes[10];
		size_t len;
	} bad[] = {
		{{0}, 0},
		{{0x80, 8, 0, 0, 0, 9, 0, 1}, 8}, // another AVP
		{{0x80, 8, 0, 9, 0, 0, 0, 1}, 8}, // a vendor's
		{{0xc0, 8, 0, 0, 0, 0, 0, 1}, 8}, // hidden
		{{0x84, 8, 0, 0, 0, 0, 0, 1}, 8}, // reserved bit
		{{0x80, 7, 0, 0, 0, 0, 1}, 7}, // short
		{{0x80, 10, 0, 0, 0, 0, 0, 0, 0, 1}, 10}, // long
		{{0x80, 5, 0, 0, 0, 0, 0, 1}, 8},
	};

	(void)state;
	for (size_t i = 0; i < array_len(bad); i++) {
		assert_int_equal(decode(bad[i].bytes, bad[i].len), -EBADMSG);
		assert_int_equal(msg.type, 0);
		assert_false(fault.is_session);
	}
}

// Each missing mandatory AVP is named; with two missing the first of the dictionary is.
static void each_missing_avp_is_named(void **state)
{
	static const uint16_t must[] = {2, 7, 3, 9};

	(void)state;
	for (size_t i = 0; i < array_len(must); i++) {
		uint8_t bytes[sizeof(xl2tpd_sccrq)];
		struct wire_in in = wire_in(xl2tpd_sccrq, sizeof(xl2tpd_sccrq));
		struct wire_out out = wire_out(bytes, sizeof(bytes));

		while (wire_left(&in)) {
			const uint8_t *start = in.pos;
			struct l2tp_avp_raw avp;

			assert_int_equal(l2tp_avp_next(&in, &avp), 0);
			if (avp.type != must[i])
				wire_put_bytes(&out, start, (size_t)(in.pos - start));
		}
		assert_int_equal(decode(bytes, wire_used(&out)), -EBADMSG);
		assert_int_equal(fault.avp, must[i]);
		assert_non_null(strstr(fault.text, "missing"));
	}
	assert_int_equal(decode(xl2tpd_icrq, 8), -EBADMSG);
	assert_int_equal(fault.avp, 14);
	assert_true(fault.is_session);
}

static void a_bad_value_matters_when_it_is_mandatory(void **state)
{
	(void)state;
	// Rx Connect Speed of two octets: the example of RFC 2661 7.1; the call is accepted.
	uint8_t iccn[sizeof(xl2tpd_iccn)];

	memcpy(iccn, xl2tpd_iccn, sizeof(iccn));
	iccn[sizeof(iccn) - 9] = 8;
	assert_int_equal(decode(iccn, sizeof(iccn) - 2), 0);
	assert_false(l2tp_has(&msg, rx_connect_speed));
	assert_int_equal(msg.bad_avps, 1);
	// Assigned Session ID 0, window 0: out of range.
	uint8_t icrq[sizeof(xl2tpd_icrq)];

	memcpy(icrq, xl2tpd_icrq, sizeof(icrq));
	icrq[14] = icrq[15] = 0;
	assert_int_equal(decode(icrq, sizeof(icrq)), -EBADMSG);
	assert_int_equal(fault.error, L2TP_ERROR_range);
	assert_int_equal(fault.avp, 14);
	assert_true(fault.is_session);
	uint8_t sccrq[sizeof(xl2tpd_sccrq)];

	memcpy(sccrq, xl2tpd_sccrq, sizeof(sccrq));
	sccrq[92] = 0;
	assert_int_equal(sccrq[90], 0x0a); // the Receive Window Size
	assert_int_equal(decode(sccrq, sizeof(sccrq)), -EBADMSG);
	assert_int_equal(fault.avp, 10);
	// What stands behind the fault is known all the same, so that the answer finds its way.
	assert_true(l2tp_has(&msg, challenge));
}

static void teardowns_are_never_refused(void **state)
{
	const uint8_t stopccn[] = {
		0x80, 8, 0, 0, 0, 0, 0, 4, 0x80, 7, 0, 0, 0x30, 0x39, 1, 0x80, 8, 0, 0, 0, 9, 0, 0, 0x80, 8, 0, 0, 0, 1, 0, 6};
	const uint8_t cdn[] = {0x80, 8, 0, 0, 0, 0, 0, 14};

	(void)state;
	assert_int_equal(decode(stopccn, sizeof(stopccn)), 0);
	assert_int_equal(msg.result.code, 6);
	assert_false(l2tp_has(&msg, assigned_tunnel_id));
	assert_int_equal(decode(cdn, sizeof(cdn)), 0);
	assert_false(l2tp_has(&msg, result));
}

static void an_unknown_message_tells_its_m_bit(void **state)
{
	(void)state;
	assert_int_equal(decode((const uint8_t[]){0x80, 8, 0, 0, 0, 0, 0, 99}, 8), 0);
	assert_int_equal(msg.type, 99);
	assert_true(msg.mandatory);
	assert_int_equal(decode((const uint8_t[]){0x00, 8, 0, 0, 0, 0, 0, 99, 0x80, 7, 0, 0, 0x30, 0x39, 1}, 15), 0);
	assert_false(msg.mandatory);
	assert_null(l2tp_msg_find(99));
}

static void the_first_of_two_is_taken(void **state)
{
	(void)state;
	assert_int_equal(decode_with((const uint8_t[]){0x80, 8, 0, 0, 0, 9, 0, 1}, 8), 0);
	assert_int_equal(msg.assigned_tunnel_id, 3542);
}

static void result_codes_in_three_lengths(void **state)
{
	(void)state;
	assert_int_equal(decode((const uint8_t[]){0x80, 8, 0, 0, 0, 0, 0, 14, 0x80, 8, 0, 0, 0, 1, 0, 3}, 16), 0);
	assert_int_equal(msg.result.code, 3);
	assert_false(msg.result.has_error);
	assert_int_equal(decode((const uint8_t[]){0x80, 8, 0, 0, 0, 0, 0, 14, 0x80, 10, 0, 0, 0, 1, 0, 2, 0, 4}, 18), 0);
	assert_int_equal(msg.result.error, 4);
	assert_int_equal(decode((const uint8_t[]){0x80, 8, 0, 0, 0, 0, 0, 4, 0x80, 12, 0, 0, 0, 1, 0, 2, 0, 7, 'h', 'i'}, 20), 0);
	assert_int_equal(msg.result.text.len, 2);
	// One octet of an error code is none.
	assert_int_equal(decode((const uint8_t[]){0x80, 8, 0, 0, 0, 0, 0, 4, 0x80, 9, 0, 0, 0, 1, 0, 2, 0}, 17), 0);
	assert_false(l2tp_has(&msg, result));
}

// RFC 3145: code, control protocol, direction, text.
static void a_disconnect_cause(void **state)
{
	const uint8_t cdn[] = {0x80, 8, 0, 0, 0, 0, 0, 14, 0x80, 8, 0, 0, 0, 1, 0, 3, 0x80, 8, 0, 0, 0, 14, 0, 9, 0x00, 14, 0, 0,
		0, 46, 0, 16, 0xc2, 0x23, 1, 'b', 'a', 'd'};
	char text[256];

	(void)state;
	assert_int_equal(decode(cdn, sizeof(cdn)), 0);
	assert_int_equal(msg.disconnect.code, L2TP_DISCONNECT_auth_failed);
	assert_int_equal(msg.disconnect.protocol, 0xc223);
	assert_int_equal(msg.disconnect.direction, 1);
	assert_int_equal(msg.disconnect.text.len, 3);
	l2tp_msg_print(&msg, text, sizeof(text));
	assert_string_equal(text,
		"CDN Result Code=3 (administrative reasons) Assigned Session ID=9 PPP Disconnect Cause=16 (authentication "
		"failed: bad "
		"name or password) protocol c223 peer \"bad\"");
}

// A value for each kind, so that each row of the dictionary can make the trip.
static void fill(struct l2tp_msg *to, unsigned row)
{
	void *value = (char *)to + l2tp_avps[row].offset;

	switch ((enum l2tp_kind)l2tp_avps[row].kind) {
	case L2TP_KIND_u16:
	case L2TP_KIND_id:
		*(uint16_t *)value = (uint16_t)(0x0101 + row);
		break;
	case L2TP_KIND_u32:
		*(uint32_t *)value = 0x01020304 + row;
		break;
	case L2TP_KIND_u64:
		*(uint64_t *)value = 0x0102030405060708;
		break;
	case L2TP_KIND_bytes:
		*(struct l2tp_bytes *)value = BYTES("sixteen octets!!");
		break;
	case L2TP_KIND_flag:
		*(bool *)value = true;
		break;
	case L2TP_KIND_result:
		*(struct l2tp_result *)value = (struct l2tp_result){2, 7, true, BYTES("10.0.0.1")};
		break;
	case L2TP_KIND_q931:
		*(struct l2tp_q931 *)value = (struct l2tp_q931){16, 5, BYTES("clear")};
		break;
	case L2TP_KIND_call_errors:
		*(struct l2tp_call_errors *)value = (struct l2tp_call_errors){1, 2, 3, 4, 5, 6};
		break;
	case L2TP_KIND_accm:
		*(struct l2tp_accm *)value = (struct l2tp_accm){0xa0000, 0xffffffff};
		break;
	case L2TP_KIND_disconnect:
		*(struct l2tp_disconnect *)value = (struct l2tp_disconnect){17, 0x8021, 2, BYTES("late")};
		break;
	case L2TP_KIND_failover:
		*(struct l2tp_failover *)value = (struct l2tp_failover){true, false, 5000};
		break;
	case L2TP_KIND_id_pair:
		*(struct l2tp_id_pair *)value = (struct l2tp_id_pair){3, 4};
		break;
	case L2TP_KIND_sequence:
		*(struct l2tp_sequence *)value = (struct l2tp_sequence){5, 6};
		break;
	case L2TP_KIND_speed_update:
		*(struct l2tp_speed_update *)value = (struct l2tp_speed_update){7, 8, 9};
		break;
	case L2TP_KINDS:
		fail();
	}
	to->has |= (uint64_t)1 << row;
}

// All AVPs that a message may have, plain and hidden: encode, decode, encode is stable, every length is in the row's bounds, and no buffer
// size is overrun.
static void every_row_of_every_message_makes_the_trip(void **state)
{
	const struct l2tp_hiding hiding = {
		.secret = BYTES("s3cret"), .random_vector = BYTES("0123456789abcdef"), .padding = BYTES("0123456789abcdef")};
	const struct l2tp_keys keys = {.secrets = {BYTES("other"), BYTES("s3cret")}};

	(void)state;
	for (unsigned type = 0; type < 100; type++) {
		const struct l2tp_msg_def *def = l2tp_msg_find((uint16_t)type);

		for (int is_hidden = 0; def && is_hidden < 2; is_hidden++) {
			struct l2tp_msg from = {.type = (uint16_t)type};
			uint8_t first[2048], second[2048];
			struct wire_out out = wire_out(first, sizeof(first));
			size_t len;

			for (unsigned row = 1; row < L2TP_AVPS; row++)
				if ((def->must | def->may) >> row & 1)
					fill(&from, row);
			l2tp_msg_encode(&out, &from, is_hidden ? &hiding : NULL);
			assert_int_equal(out.error, 0);
			len = wire_used(&out);
			assert_int_equal(l2tp_msg_decode(first, len, &keys, &msg, &fault), 0);
			assert_int_equal(msg.has & ~((uint64_t)1 << L2TP_AVP_random_vector), from.has | 1);
			assert_int_equal(msg.mandatory, def->mandatory);
			assert_int_equal(msg.unknown_avps + msg.bad_avps, 0);
			out = wire_out(second, sizeof(second));
			l2tp_msg_encode(&out, &msg, is_hidden ? &hiding : NULL);
			assert_int_equal(wire_used(&out), len);
			assert_memory_equal(first, second, len);
			for (size_t size = 0; size < len; size++) {
				second[size] = 0xa5;
				out = wire_out(second, size);
				l2tp_msg_encode(&out, &from, is_hidden ? &hiding : NULL);
				assert_int_equal(out.error, -EMSGSIZE);
				assert_int_equal(second[size], 0xa5);
			}
			// Every cut of it ends well, whatever it says.
			for (size_t cut = 0; cut < len; cut++) {
				uint8_t *exact = malloc(cut ? cut : 1);

				memcpy(exact, first, cut);
				l2tp_msg_decode(exact, cut, &keys, &msg, &fault);
				free(exact);
			}
		}
	}
}

// Each row of fixed length refuses one octet less and one more.
static void every_length_is_checked(void **state)
{
	uint8_t bytes[64] = {0, 1};
	struct l2tp_msg to;

	(void)state;
	for (unsigned row = 0; row < L2TP_AVPS; row++) {
		const struct l2tp_avp_def *def = &l2tp_avps[row];
		void *member = (char *)&to + def->offset;

		if (def->min > 6)
			assert_int_equal(
				l2tp_value_read(row, (struct l2tp_bytes){bytes, (uint16_t)(def->min - 7)}, member), -EBADMSG);
		assert_int_equal(l2tp_value_read(row, (struct l2tp_bytes){bytes, (uint16_t)(def->min - 6)}, member), 0);
		if (def->max < 64)
			assert_int_equal(
				l2tp_value_read(row, (struct l2tp_bytes){bytes, (uint16_t)(def->max - 5)}, member), -EBADMSG);
		assert_int_equal(l2tp_avp_find(def->type), row);
	}
	assert_int_equal(l2tp_avp_find(20), -1);
	assert_int_equal(l2tp_avp_find(99), -1);
}

static void hidden_avps_need_vector_and_secret(void **state)
{
	const struct l2tp_hiding hiding = {.secret = BYTES("s3cret"), .random_vector = BYTES("0123456789abcdef")};
	struct l2tp_keys keys = {.secrets = {{0}, BYTES("s3cret")}};
	struct l2tp_msg icrp = {.type = L2TP_icrp};
	uint8_t bytes[128];
	struct wire_out out = wire_out(bytes, sizeof(bytes));

	(void)state;
	l2tp_set(&icrp, assigned_session_id, 77);
	l2tp_msg_encode(&out, &icrp, &hiding);
	assert_int_equal(l2tp_msg_decode(bytes, wire_used(&out), &keys, &msg, &fault), 0);
	assert_int_equal(msg.assigned_session_id, 77);
	assert_int_equal(msg.secret, 1);
	// The id does not stand there in clear.
	for (size_t i = 0; i + 1 < wire_used(&out); i++)
		assert_false(bytes[i] == 0 && bytes[i + 1] == 77);
	assert_int_equal(l2tp_msg_decode(bytes, wire_used(&out), NULL, &msg, &fault), -EBADMSG);
	assert_int_equal(fault.avp, 14);
	assert_true(fault.is_session);
	keys.secrets[1] = BYTES("S3cret");
	assert_int_equal(l2tp_msg_decode(bytes, wire_used(&out), &keys, &msg, &fault), -EBADMSG);
	// No vector in front: the message without its second AVP.
	keys.secrets[1] = BYTES("s3cret");
	memmove(bytes + 8, bytes + 8 + 22, wire_used(&out) - 30);
	assert_int_equal(l2tp_msg_decode(bytes, wire_used(&out) - 22, &keys, &msg, &fault), -EBADMSG);
}

// Filled up to a block: neither the length of a password nor of a name can be told from outside, and every peer takes it.
static void hidden_values_fill_a_block(void **state)
{
	const struct l2tp_hiding hiding = {
		.secret = BYTES("s3cret"), .random_vector = BYTES("0123456789abcdef"), .padding = BYTES("0123456789abcdef")};
	static const uint8_t value[40];
	struct l2tp_msg iccn = {.type = L2TP_iccn};

	(void)state;
	for (uint16_t len = 0; len <= sizeof(value); len++) {
		uint8_t bytes[256];
		struct wire_out out = wire_out(bytes, sizeof(bytes));
		struct wire_in in;
		struct l2tp_avp_raw avp;

		l2tp_set(&iccn, proxy_authen_response, {value, len});
		l2tp_msg_encode(&out, &iccn, &hiding);
		in = wire_in(bytes, wire_used(&out));
		for (int i = 0; i < 3; i++)
			assert_int_equal(l2tp_avp_next(&in, &avp), 0);
		assert_int_equal(avp.type, 33);
		assert_int_equal(avp.value.len, (len + 2 + 15) / 16 * 16);
	}
}

static void challenges_are_not_hidden(void **state)
{
	const struct l2tp_hiding hiding = {.secret = BYTES("s3cret"), .random_vector = BYTES("0123456789abcdef")};
	struct l2tp_msg scccn = {.type = L2TP_scccn};
	uint8_t bytes[64];
	struct wire_out out = wire_out(bytes, sizeof(bytes));

	(void)state;
	l2tp_set(&scccn, challenge_response, BYTES("sixteen octets!!"));
	l2tp_msg_encode(&out, &scccn, &hiding);
	assert_int_equal(wire_used(&out), 8 + 22);
	assert_memory_equal(bytes + 14, "sixteen octets!!", 16);
}

// More hidden octets than there is room for opened ones.
static void too_much_that_is_hidden(void **state)
{
	const struct l2tp_hiding hiding = {.secret = BYTES("s3cret"), .random_vector = BYTES("0123456789abcdef")};
	const struct l2tp_keys keys = {.secrets = {BYTES("s3cret")}};
	static uint8_t bytes[8192], big[900];
	struct l2tp_msg iccn = {.type = L2TP_iccn};
	struct wire_out out = wire_out(bytes, sizeof(bytes));

	(void)state;
	l2tp_set(&iccn, tx_connect_speed, 1);
	l2tp_set(&iccn, framing_type, 1);
	l2tp_set(&iccn, initial_received_lcp, {big, sizeof(big)});
	l2tp_set(&iccn, last_sent_lcp, {big, sizeof(big)});
	l2tp_set(&iccn, last_received_lcp, {big, sizeof(big)});
	l2tp_msg_encode(&out, &iccn, &hiding);
	assert_int_equal(out.error, 0);
	assert_int_equal(l2tp_msg_decode(bytes, wire_used(&out), &keys, &msg, &fault), 0);
	assert_true(l2tp_has(&msg, last_sent_lcp));
	assert_false(l2tp_has(&msg, last_received_lcp));
	assert_int_equal(msg.bad_avps, 1);
	// An AVP of more than 1,023 octets cannot be written at all.
	l2tp_set(&iccn, initial_received_lcp, {bytes, 1018});
	out = wire_out(big, sizeof(big));
	l2tp_msg_encode(&out, &iccn, NULL);
	assert_int_equal(out.error, -EMSGSIZE);
}

static void the_printer_masks_what_is_secret(void **state)
{
	struct l2tp_msg iccn = {.type = L2TP_iccn};
	char text[512], small[12];
	size_t len;

	(void)state;
	l2tp_set(&iccn, proxy_authen_type, 3);
	l2tp_set(&iccn, proxy_authen_name, BYTES("sim \"1\""));
	l2tp_set(&iccn, proxy_authen_response, BYTES("hunter2"));
	l2tp_set(&iccn, last_sent_lcp, BYTES("\x01\x04\x05\xb4"));
	len = l2tp_msg_print(&iccn, text, sizeof(text));
	assert_int_equal(len, strlen(text));
	assert_string_equal(text,
		"ICCN Last Sent LCP CONFREQ=010405b4 Proxy Authen Type=3 Proxy Authen Name=\"sim \\\"1\\\"\" Proxy Authen "
		"Response=***");
	assert_int_equal(decode(xl2tpd_sccrq, sizeof(xl2tpd_sccrq)), 0);
	l2tp_msg_print(&msg, text, sizeof(text));
	assert_null(strstr(text, "bbffff"));
	assert_non_null(strstr(text, "Challenge=***"));
	assert_non_null(strstr(text, "Host Name=\"lac.test\""));
	assert_int_equal(l2tp_msg_print(&iccn, small, sizeof(small)), sizeof(small) - 1);
	assert_string_equal(small, "ICCN Last S");
	assert_int_equal(l2tp_msg_print(&iccn, small, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_of_other_implementations),
		cmocka_unit_test(an_icrq_is_encoded_like_theirs),
		cmocka_unit_test(an_unknown_avp_matters_when_it_is_mandatory),
		cmocka_unit_test(lengths_below_six_end_the_message),
		cmocka_unit_test(the_message_type_comes_first_and_is_sound),
		cmocka_unit_test(each_missing_avp_is_named),
		cmocka_unit_test(a_bad_value_matters_when_it_is_mandatory),
		cmocka_unit_test(teardowns_are_never_refused),
		cmocka_unit_test(an_unknown_message_tells_its_m_bit),
		cmocka_unit_test(the_first_of_two_is_taken),
		cmocka_unit_test(result_codes_in_three_lengths),
		cmocka_unit_test(a_disconnect_cause),
		cmocka_unit_test(every_row_of_every_message_makes_the_trip),
		cmocka_unit_test(every_length_is_checked),
		cmocka_unit_test(hidden_avps_need_vector_and_secret),
		cmocka_unit_test(hidden_values_fill_a_block),
		cmocka_unit_test(challenges_are_not_hidden),
		cmocka_unit_test(too_much_that_is_hidden),
		cmocka_unit_test(the_printer_masks_what_is_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
