// SPDX-License-Identifier: Apache-2.0
#include "proto/gtp/pco.h"

#include "base/clean.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

// Of a real SGW: IPCP id 10 asks option 129, IPCP id 11 option 131, PAP id 12 "rim", "password".
static const uint8_t two_ipcp_and_pap[] = {0x80, 0x80, 0x21, 0x0a, 0x01, 0x0a, 0x00, 0x0a, 0x81, 0x06, 0x00, 0x00, 0x00, 0x00,
	0x80, 0x21, 0x0a, 0x01, 0x0b, 0x00, 0x0a, 0x83, 0x06, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x23, 0x11, 0x01, 0x0c, 0x00, 0x11,
	0x03, 'r', 'i', 'm', 0x08, 'p', 'a', 's', 's', 'w', 'o', 'r', 'd'};

// Of a real SGW: IPCP id 0 asks 129 and 131; 000C, 000D, 0002, 000A, 0010.
static const uint8_t ipcp_and_containers[] = {0x80, 0x80, 0x21, 0x10, 0x01, 0x00, 0x00, 0x10, 0x81, 0x06, 0x00, 0x00, 0x00, 0x00,
	0x83, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x00, 0x00, 0x0d, 0x00, 0x00, 0x02, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x10,
	0x00};

// What open5gs answered to it: Configure-Ack with both, 000D twice, 0010 = 1400.
static const uint8_t open5gs_answer[] = {0x80, 0x80, 0x21, 0x10, 0x02, 0x00, 0x00, 0x10, 0x81, 0x06, 0x08, 0x08, 0x08, 0x08, 0x83,
	0x06, 0x08, 0x08, 0x04, 0x04, 0x00, 0x0d, 0x04, 0x08, 0x08, 0x08, 0x08, 0x00, 0x0d, 0x04, 0x08, 0x08, 0x04, 0x04, 0x00,
	0x10, 0x02, 0x05, 0x78};

// RFC 1994: Challenge id 1 of 4 octets, name "c"; Response id 1 of 16 octets, name "sim".
static const uint8_t chap[] = {0x80, 0xc2, 0x23, 0x0a, 0x01, 0x01, 0x00, 0x0a, 0x04, 0xde, 0xad, 0xbe, 0xef, 'c', 0xc2, 0x23,
	0x18, 0x02, 0x07, 0x00, 0x18, 0x10, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d,
	0x0e, 0x0f, 's', 'i', 'm'};

static const struct pco_answer both_dns = {
	.dns4 = {{.family = IP_V4, .bytes = {8, 8, 8, 8}}, {.family = IP_V4, .bytes = {8, 8, 4, 4}}},
	.mtu = 1400,
};

static struct pco_request ask;
static uint8_t out[512];
static size_t len;

static void assert_answer(const struct pco_answer *tell, const uint8_t *want, size_t want_len)
{
	assert_int_equal(pco_answer_write(&ask, tell, out, sizeof(out), &len), 0);
	assert_int_equal(len, want_len);
	assert_memory_equal(out, want, want_len);
}

static void reads_ipcp_and_pap(void **state)
{
	assert_int_equal(pco_request_read(&IE_BYTES(two_ipcp_and_pap), &ask), 0);
	assert_true(ask.has_pap);
	assert_int_equal(ask.pap_id, 12);
	assert_int_equal(ask.pap_user.len, 3);
	assert_memory_equal(ask.pap_user.data, "rim", 3);
	assert_int_equal(ask.pap_password.len, 8);
	assert_memory_equal(ask.pap_password.data, "password", 8);
	assert_int_equal(ask.ipcp_count, 2);
	assert_int_equal(ask.ipcp[0].id, 10);
	assert_int_equal(ask.ipcp[0].options[0].type, 129);
	assert_int_equal(ask.ipcp[1].id, 11);
	assert_int_equal(ask.ipcp[1].options[0].type, 131);
	assert_false(ask.wants_dns4 || ask.wants_mtu || ask.has_chap_response);
}

static void answers_each_ipcp_and_pap(void **state)
{
	static const uint8_t accepted[] = {
		0x80,
		0xc0,
		0x23,
		0x05,
		2,
		12,
		0,
		5,
		0, // Authenticate-Ack, the same identifier, no message
		0x80,
		0x21,
		0x0a,
		2,
		10,
		0,
		10,
		129,
		6,
		8,
		8,
		8,
		8,
		0x80,
		0x21,
		0x0a,
		2,
		11,
		0,
		10,
		131,
		6,
		8,
		8,
		4,
		4,
	};
	static const uint8_t refused[] = {0x80, 0xc0, 0x23, 0x05, 3, 12, 0, 5, 0};
	struct pco_answer no = both_dns;

	assert_int_equal(pco_request_read(&IE_BYTES(two_ipcp_and_pap), &ask), 0);
	assert_answer(&both_dns, accepted, sizeof(accepted));
	no.is_refused = true;
	assert_answer(&no, refused, sizeof(refused));
}

static void answers_as_another_gateway_does(void **state)
{
	uint8_t nak[sizeof(open5gs_answer)];
	struct pco_answer tell = both_dns;

	assert_int_equal(pco_request_read(&IE_BYTES(ipcp_and_containers), &ask), 0);
	assert_true(ask.wants_dns4 && ask.wants_mtu && ask.wants_pcscf4);
	assert_answer(&both_dns, open5gs_answer, sizeof(open5gs_answer));
	memcpy(nak, open5gs_answer, sizeof(nak));
	nak[4] = 3;
	tell.is_ipcp_nak = true;
	assert_answer(&tell, nak, sizeof(nak));
}

static void without_dns_the_options_are_rejected(void **state)
{
	static const uint8_t want[] = {0x80, 0x80, 0x21, 0x10, 4, 0, 0, 0x10, 129, 6, 0, 0, 0, 0, 131, 6, 0, 0, 0, 0};

	assert_int_equal(pco_request_read(&IE_BYTES(ipcp_and_containers), &ask), 0);
	assert_answer(&(struct pco_answer){0}, want, sizeof(want));
}

static void an_option_without_a_value_is_left_out(void **state)
{
	// WINS servers (130, 132) asked together with DNS, as Windows does, and compression
	static const uint8_t bytes[] = {0x80, 0x80, 0x21, 0x1e, 1, 5, 0, 0x1e, 129, 6, 0, 0, 0, 0, 130, 6, 0, 0, 0, 0, 131, 6, 0,
		0, 0, 0, 2, 4, 0, 0x2d, 3, 4, 1, 2};
	static const uint8_t want[] = {0x80, 0x80, 0x21, 0x0a, 2, 5, 0, 10, 129, 6, 9, 9, 9, 9};

	assert_int_equal(pco_request_read(&IE_BYTES(bytes), &ask), 0);
	assert_int_equal(ask.ipcp[0].count, 5);
	assert_int_equal(ask.ipcp[0].options[4].value.family, IP_NONE);
	assert_answer(&(struct pco_answer){.dns4 = {{.family = IP_V4, .bytes = {9, 9, 9, 9}}}}, want, sizeof(want));
}

static void reads_chap(void **state)
{
	static const uint8_t success[] = {0x80, 0xc2, 0x23, 4, 3, 7, 0, 4}, failure[] = {0x80, 0xc2, 0x23, 4, 4, 7, 0, 4};

	assert_int_equal(pco_request_read(&IE_BYTES(chap), &ask), 0);
	assert_true(ask.has_chap_challenge && ask.has_chap_response && !ask.has_pap);
	assert_int_equal(ask.chap_challenge_id, 1);
	assert_int_equal(ask.chap_challenge.len, 4);
	assert_int_equal(ask.chap_id, 7);
	assert_int_equal(ask.chap_response.len, 16);
	assert_int_equal(ask.chap_response.data[15], 0x0f);
	assert_int_equal(ask.chap_name.len, 3);
	assert_memory_equal(ask.chap_name.data, "sim", 3);
	assert_answer(&both_dns, success, sizeof(success));
	assert_answer(&(struct pco_answer){.is_refused = true}, failure, sizeof(failure));
}

static void nothing_asked_is_nothing_told(void **state)
{
	const uint8_t empty[] = {0x80};

	assert_int_equal(pco_request_read(&IE_BYTES(empty), &ask), 0);
	assert_int_equal(pco_answer_write(&ask, &both_dns, out, sizeof(out), &len), 0);
	assert_int_equal(len, 0);
}

static void malformed_counts_as_absent(void **state)
{
	static const struct {
		uint8_t len, bytes[16];
	} rows[] = {
		{0, {0}}, {1, {0x81}}, // another configuration protocol
		{2, {0x80, 0x80}}, {3, {0x80, 0x80, 0x21}}, {5, {0x80, 0x00, 0x0d, 0x02, 0x01}}, // longer than its IE
		{7, {0x80, 0x00, 0x0d, 0x00, 0x00, 0x0d, 0x01}}, // the first is good: it goes with the rest
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		assert_int_equal(pco_request_read(&(struct ie_bytes){rows[i].bytes, rows[i].len}, &ask), -EBADMSG);
		assert_false(ask.wants_dns4);
	}
}

// A broken packet within its item harms nothing but itself.
static void broken_ppp_is_left_out(void **state)
{
	static const struct {
		uint8_t len, bytes[24];
	} rows[] = {
		{4, {0x80, 0xc0, 0x23, 0}},
		{7, {0x80, 0xc0, 0x23, 3, 1, 1, 0}},
		{8, {0x80, 0xc0, 0x23, 4, 1, 1, 0, 3}}, // a length below its own header
		{8, {0x80, 0xc0, 0x23, 4, 1, 1, 0, 9}}, // beyond the item
		{9, {0x80, 0xc0, 0x23, 5, 1, 1, 0, 5, 9}}, // a name beyond the packet
		{10, {0x80, 0xc0, 0x23, 6, 1, 1, 0, 6, 1, 'a'}}, // no password
		{9, {0x80, 0xc0, 0x23, 5, 2, 1, 0, 5, 0}}, // an Ack from a SIM
		{9, {0x80, 0xc2, 0x23, 5, 2, 1, 0, 5, 0}}, // an empty response
		{9, {0x80, 0xc2, 0x23, 5, 2, 1, 0, 5, 1}},
		{10, {0x80, 0x80, 0x21, 6, 1, 1, 0, 6, 129, 1}}, // an option shorter than its header
		{10, {0x80, 0x80, 0x21, 6, 1, 1, 0, 6, 129, 0}},
		{10, {0x80, 0x80, 0x21, 6, 1, 1, 0, 6, 129, 6}},
		{9, {0x80, 0x80, 0x21, 5, 1, 1, 0, 5, 129}},
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		_cleanup_free_ uint8_t *exact = malloc(rows[i].len + 3u);

		memcpy(exact, rows[i].bytes, rows[i].len);
		memcpy(exact + rows[i].len, "\x00\x0d\x00", 3);
		assert_int_equal(pco_request_read(&(struct ie_bytes){exact, (uint16_t)(rows[i].len + 3)}, &ask), 0);
		assert_false(ask.has_pap || ask.has_chap_challenge || ask.has_chap_response);
		assert_int_equal(ask.ipcp_count, 0);
		assert_true(ask.wants_dns4);
	}
}

static void the_sims_side(void **state)
{
	struct pco_request made = {
		.has_pap = true,
		.pap_id = 12,
		.pap_user = {(const uint8_t *)"rim", 3},
		.pap_password = {(const uint8_t *)"password", 8},
		.ipcp_count = 1,
		.ipcp[0] = {.code = 1, .id = 3, .count = 1, .options[0] = {.type = 129}},
		.wants_dns4 = true,
		.wants_mtu = true,
	};
	struct pco_told told;

	assert_int_equal(pco_request_write(&made, out, sizeof(out), &len), 0);
	assert_int_equal(pco_request_read(&(struct ie_bytes){out, (uint16_t)len}, &ask), 0);
	assert_true(ask.has_pap && ask.wants_dns4 && ask.wants_mtu && !ask.wants_dns6);
	assert_memory_equal(ask.pap_password.data, "password", 8);
	assert_int_equal(ask.ipcp[0].id, 3);

	assert_int_equal(pco_answer_read(&IE_BYTES(open5gs_answer), &told), 0);
	assert_int_equal(told.mtu, 1400);
	assert_int_equal(ip_addr_to_v4(&told.dns4[0]), 0x08080808);
	assert_int_equal(ip_addr_to_v4(&told.dns4[1]), 0x08080404);
	assert_int_equal(told.ipcp_count, 1);
	assert_int_equal(told.ipcp[0].code, 2);

	made.has_pap = false;
	made.has_chap_challenge = made.has_chap_response = true;
	made.chap_challenge = made.chap_response = (struct ie_bytes){(const uint8_t *)"0123456789abcdef", 16};
	made.chap_name = made.pap_user;
	made.chap_id = 9;
	assert_int_equal(pco_request_write(&made, out, sizeof(out), &len), 0);
	assert_int_equal(pco_request_read(&(struct ie_bytes){out, (uint16_t)len}, &ask), 0);
	assert_true(ask.has_chap_challenge && ask.has_chap_response);
	assert_int_equal(ask.chap_id, 9);
}

static void every_size_is_safe(void **state)
{
	size_t size = 0, used = 0;
	int r = -EMSGSIZE;

	assert_int_equal(pco_request_read(&IE_BYTES(ipcp_and_containers), &ask), 0);
	for (; r; size++) {
		_cleanup_free_ uint8_t *room = malloc(size ? size : 1);

		r = pco_answer_write(&ask, &both_dns, room, size, &used);
		assert_true(!r || r == -EMSGSIZE);
	}
	assert_int_equal(size - 1, sizeof(open5gs_answer));
}

static void the_text_masks_secrets(void **state)
{
	static const uint8_t forged[] = {0x80, 0xc0, 0x23, 12, 1, 1, 0, 12, 5, 'a', '\n', '=', '"', 'b', 1, 'x'};
	char line[256];

	assert_string_equal(pco_text(&IE_BYTES(two_ipcp_and_pap), line, sizeof(line)),
		"IPCP(code=1 id=10 129=0.0.0.0) IPCP(code=1 id=11 131=0.0.0.0) PAP(code=1 id=12 user=rim password=***)");
	assert_string_equal(pco_text(&IE_BYTES(chap), line, sizeof(line)),
		"CHAP(code=1 id=1 value=*** name=c) CHAP(code=2 id=7 value=*** name=sim)");
	assert_string_equal(pco_text(&IE_BYTES(forged), line, sizeof(line)), "PAP(code=1 id=1 user=a...b password=***)");
	assert_string_equal(pco_text(&IE_BYTES(open5gs_answer), line, sizeof(line)),
		"IPCP(code=2 id=0 129=8.8.8.8 131=8.8.4.4) DNSv4=8.8.8.8 DNSv4=8.8.4.4 MTU=1400");
	assert_string_equal(pco_text(&(struct ie_bytes){two_ipcp_and_pap, 20}, line, sizeof(line)),
		"IPCP(code=1 id=10 129=0.0.0.0) malformed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_ipcp_and_pap),
		cmocka_unit_test(answers_each_ipcp_and_pap),
		cmocka_unit_test(answers_as_another_gateway_does),
		cmocka_unit_test(without_dns_the_options_are_rejected),
		cmocka_unit_test(an_option_without_a_value_is_left_out),
		cmocka_unit_test(reads_chap),
		cmocka_unit_test(nothing_asked_is_nothing_told),
		cmocka_unit_test(malformed_counts_as_absent),
		cmocka_unit_test(broken_ppp_is_left_out),
		cmocka_unit_test(the_sims_side),
		cmocka_unit_test(every_size_is_safe),
		cmocka_unit_test(the_text_masks_secrets),
	};

	return cmocka_run_group_tests_name("pco", tests, NULL, NULL);
}
