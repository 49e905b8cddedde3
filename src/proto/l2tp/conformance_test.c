// SPDX-License-Identifier: Apache-2.0
// What RFC 2661 asks of each packet that a LAC sends, looked at on the wire while tunnels and calls live and die over a bad line.
// docs/reference/rfc2661.md says which test holds which sentence of the RFC.
#include "proto/l2tp/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clean.h"

#define BYTES(text) ((struct l2tp_bytes){(const uint8_t *)(text), sizeof(text) - 1})

static struct pair *p;

static int setup(void **state)
{
	(void)state;
	p = pair_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_free(&p);
	return 0;
}

// Looks at everything that the LAC has on the wire, each millisecond until then.
static void watch(uint64_t until_ms, void (*look)(const struct pair_packet *packet))
{
	while (p->now_ms < until_ms) {
		for (const struct pair_packet *packet = p->path; packet; packet = packet->next)
			if (packet->from == &p->lac)
				look(packet);
		pair_run(p, p->now_ms + 1);
	}
}

// A whole life: set-up, calls, one hung up by each side, silence with a HELLO, the end; a tenth of the packets is lost, some come twice.
static void live(void (*look)(const struct pair_packet *packet))
{
	p->loss = 100;
	p->doubling = 50;
	p->lac.options.hello_ms = 5000;
	p->call.proxy_authen_type = 3;
	p->call.proxy_authen_name = BYTES("name");
	p->call.proxy_authen_response = BYTES("password");
	p->call.called_number = BYTES("apn");
	assert_int_equal(l2tp_tunnel_open(&p->lac.tunnel, 11, &p->lns.address, 0, p->now_ms), 0);
	for (uint16_t id = 1; id <= 8; id++)
		pair_dial(p, id);
	watch(p->now_ms + 10000, look);
	assert_int_equal(p->lac.up, 1);
	pair_hangup(&p->lac.calls[1], L2TP_CDN_administrative);
	watch(p->now_ms + 20000, look);
	l2tp_tunnel_close(&p->lac.tunnel, L2TP_STOP_shutdown, L2TP_ERROR_none, NULL, p->now_ms);
	watch(p->now_ms + 40000, look);
	assert_int_equal(p->lac.gone, 1);
}

static void look_at_header(const struct pair_packet *packet)
{
	struct wire_in in = wire_in(packet->bytes, packet->len);
	uint16_t flags = wire_get_be16(&in), len = wire_get_be16(&in), tunnel = wire_get_be16(&in), session = wire_get_be16(&in);
	uint16_t type;

	assert_int_equal(flags, 0xc802); // T, L, S; not O, not P, no reserved bit; version 2
	assert_int_equal(len, packet->len);
	wire_skip(&in, 4);
	if (!wire_left(&in)) { // a ZLB is the tunnel's
		assert_int_equal(session, 0);
		return;
	}
	wire_skip(&in, L2TP_AVP_HEADER);
	type = wire_get_be16(&in);
	assert_int_equal(tunnel, type == L2TP_sccrq ? 0 : 22); // the receiver's, as soon as it is known
	if (type == L2TP_sccrq || type == L2TP_scccn || type == L2TP_stopccn || type == L2TP_hello || type == L2TP_icrq)
		assert_int_equal(session, 0);
	if (type == L2TP_iccn)
		assert_int_not_equal(session, 0);
}

static void every_header_that_we_send(void **state)
{
	(void)state;
	live(look_at_header);
}

static void look_at_avps(const struct pair_packet *packet)
{
	struct wire_in in = wire_in(packet->bytes + L2TP_CONTROL_HEADER, packet->len - L2TP_CONTROL_HEADER);
	bool has_vector = false, is_first = true;
	struct l2tp_avp_raw avp;
	uint64_t seen = 0;
	int error;

	for (; !(error = l2tp_avp_next(&in, &avp)); is_first = false) {
		int row = l2tp_avp_find(avp.type);

		assert_int_equal(avp.vendor, 0);
		assert_false(avp.reserved);
		assert_true(row >= 0);
		assert_int_equal(avp.mandatory, l2tp_avps[row].mandatory);
		assert_int_equal(is_first, row == L2TP_AVP_message_type);
		assert_true(row == L2TP_AVP_random_vector || !(seen >> row & 1)); // none twice
		seen |= 1ULL << row;
		has_vector |= row == L2TP_AVP_random_vector;
		if (row == L2TP_AVP_random_vector)
			assert_true(avp.value.len >= 16);
		if (avp.hidden) {
			assert_true(l2tp_avps[row].can_hide);
			assert_true(has_vector);
		}
	}
	assert_int_equal(error, -ENODATA);
}

static void every_avp_that_we_send(void **state)
{
	(void)state;
	live(look_at_avps);
}

static void every_avp_that_we_send_hidden(void **state)
{
	(void)state;
	p->lac.options.hide = p->lns.options.hide = true;
	live(look_at_avps);
}

static void no_password_in_the_clear(const struct pair_packet *packet)
{
	assert_null(memmem(packet->bytes, packet->len, "password", 8));
}

static void hidden_passwords_are_hidden(void **state)
{
	(void)state;
	p->lac.options.hide = p->lns.options.hide = true;
	live(no_password_in_the_clear);
}

// 5.8: numbers begin at 0, a ZLB has the next one and does not use it up, a repeat has its own, and an Nr that never goes back.
static struct {
	uint16_t next, nr;
	size_t len[64];
	uint8_t bytes[64][L2TP_MESSAGE_MAX];
} numbers;

static void look_at_numbers(const struct pair_packet *packet)
{
	struct wire_in in = wire_in(packet->bytes + 8, packet->len - 8);
	uint16_t ns = wire_get_be16(&in), nr = wire_get_be16(&in);

	if (packet->due_ms != p->now_ms + p->delay_ms)
		return; // not sent just now
	assert_true(nr >= numbers.nr);
	numbers.nr = nr;
	if (!wire_left(&in)) {
		assert_int_equal(ns, numbers.next);
		return;
	}
	assert_true(ns <= numbers.next && ns < 64);
	if (ns == numbers.next) {
		numbers.next++;
		numbers.len[ns] = packet->len;
		memcpy(numbers.bytes[ns], packet->bytes, packet->len);
		return;
	}
	assert_int_equal(packet->len, numbers.len[ns]);
	assert_memory_equal(packet->bytes, numbers.bytes[ns], 10); // all but Nr is as it was
	assert_memory_equal(packet->bytes + 12, numbers.bytes[ns] + 12, packet->len - 12);
}

static void numbers_as_in_5_8(void **state)
{
	(void)state;
	memset(&numbers, 0, sizeof(numbers));
	live(look_at_numbers);
	assert_true(numbers.next > 10);
}

static const struct pair_packet *last_of_lac(void)
{
	const struct pair_packet *last = NULL;

	for (const struct pair_packet *packet = p->path; packet; packet = packet->next)
		last = packet->from == &p->lac ? packet : last;
	assert_non_null(last);
	return last;
}

static uint16_t value_of(const struct pair_packet *packet, uint16_t type)
{
	struct wire_in in = wire_in(packet->bytes + L2TP_CONTROL_HEADER, packet->len - L2TP_CONTROL_HEADER);
	struct l2tp_avp_raw avp;

	while (!l2tp_avp_next(&in, &avp)) {
		struct wire_in value = wire_in(avp.value.bytes, avp.value.len);

		if (avp.type == type)
			return wire_get_be16(&value);
	}
	return 0;
}

// 4.4.3, 4.4.4: whoever has not heard our ids yet can still tell which tunnel or call is given up.
static void what_is_given_up_early_names_our_id(void **state)
{
	const struct pair_packet *sent;

	(void)state;
	p->lns.is_deaf = true;
	assert_int_equal(l2tp_tunnel_open(&p->lac.tunnel, 11, &p->lns.address, 0, p->now_ms), 0);
	l2tp_tunnel_close(&p->lac.tunnel, L2TP_STOP_clear, L2TP_ERROR_none, NULL, p->now_ms);
	sent = last_of_lac();
	assert_int_equal(value_of(sent, 0), L2TP_stopccn);
	assert_int_equal(sent->bytes[4] << 8 | sent->bytes[5], 0);
	assert_int_equal(value_of(sent, 9), 11);
	pair_free(&p);
	p = pair_new();
	pair_open(p);
	p->lns.verdict = L2TP_CALL_IGNORE;
	pair_dial(p, 7);
	pair_run(p, p->now_ms + 100);
	pair_hangup(&p->lac.calls[7], L2TP_CDN_administrative);
	sent = last_of_lac();
	assert_int_equal(value_of(sent, 0), L2TP_cdn);
	assert_int_equal(sent->bytes[6] << 8 | sent->bytes[7], 0);
	assert_int_equal(value_of(sent, 14), 7);
}

// 4.4.4: the serial number names the call in the logs of both sides.
static void each_call_has_its_serial_number(void **state)
{
	(void)state;
	pair_open(p);
	for (uint16_t id = 1; id <= 20; id++)
		pair_dial(p, id);
	pair_run(p, p->now_ms + 3000);
	for (uint16_t id = 1; id <= 20; id++) {
		assert_int_equal(p->lac.calls[id].up, 1);
		for (uint16_t other = 1; other < id; other++)
			assert_int_not_equal(p->lac.calls[id].session.serial, p->lac.calls[other].session.serial);
	}
}

// 4.4.3: no framing is asked for that the peer cannot.
static void the_framing_is_one_that_the_lns_can(void **state)
{
	static const struct {
		uint32_t can, want;
	} cases[] = {{3, 1}, {1, 1}, {2, 2}, {0, 1}};

	(void)state;
	for (size_t i = 0; i < array_len(cases); i++) {
		const struct pair_packet *sent = NULL;

		p->lns.options.framing_capabilities = cases[i].can;
		pair_open(p);
		pair_dial(p, 7);
		for (int ms = 0; ms < 100 && !strstr(p->lac.log, "ICCN"); ms++)
			pair_run(p, p->now_ms + 1);
		sent = last_of_lac();
		assert_int_equal(value_of(sent, 0), L2TP_iccn);
		for (struct wire_in in = wire_in(sent->bytes + 12, sent->len - 12); wire_left(&in);) {
			struct l2tp_avp_raw avp;

			assert_int_equal(l2tp_avp_next(&in, &avp), 0);
			if (avp.type == 19)
				assert_int_equal(avp.value.bytes[3], cases[i].want);
		}
		pair_free(&p);
		p = pair_new();
	}
}

#define conformance_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		conformance_test(every_header_that_we_send),
		conformance_test(every_avp_that_we_send),
		conformance_test(every_avp_that_we_send_hidden),
		conformance_test(hidden_passwords_are_hidden),
		conformance_test(numbers_as_in_5_8),
		conformance_test(what_is_given_up_early_names_our_id),
		conformance_test(each_call_has_its_serial_number),
		conformance_test(the_framing_is_one_that_the_lns_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
