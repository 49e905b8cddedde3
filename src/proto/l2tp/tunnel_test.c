// SPDX-License-Identifier: Apache-2.0
#include "proto/l2tp/tunnel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clean.h"
#include "proto/l2tp/pair.h"

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

static void a_tunnel_comes_up(void **state)
{
	(void)state;
	p->lns.options.vendor_name = BYTES("Example");
	pair_open(p);
	assert_int_equal(p->lac.up, 1);
	assert_int_equal(p->lns.up, 1);
	assert_string_equal(p->lac.log, "SCCRQ SCCCN ");
	assert_string_equal(p->lns.log, "SCCRP ZLB ");
	assert_int_equal(p->lac.tunnel.peer_id, 22);
	assert_int_equal(p->lns.tunnel.peer_id, 11);
	assert_true(p->lac.tunnel.is_proved);
	assert_true(p->lns.tunnel.is_proved);
	assert_memory_equal(p->lac.tunnel.peer_host_name, "lns", 3);
	assert_memory_equal(p->lac.tunnel.peer_vendor_name, "Example", 7);
	assert_int_equal(l2tp_channel_rtt_us(&p->lac.tunnel.channel), 10000);
	assert_int_equal(p->lac.store.tunnel.state, L2TP_TUNNEL_ESTABLISHED);
	assert_int_equal(p->lac.store.tunnel.ns, 2);
	assert_int_equal(p->lac.store.tunnel.nr, 1);
}

static void the_lns_may_open_it(void **state)
{
	(void)state;
	assert_int_equal(l2tp_tunnel_open(&p->lns.tunnel, 22, &p->lac.address, 0, p->now_ms), 0);
	pair_run(p, 3000);
	assert_int_equal(p->lac.up, 1);
	assert_int_equal(p->lns.up, 1);
	pair_dial(p, 7);
	pair_run(p, 4000);
	assert_int_equal(p->lac.calls[7].up, 1);
}

// Whatever is sent from the moment the tunnel is up hides the ids, and the setup before it hides nothing.
static void hidden_avps_from_both_sides(void **state)
{
	(void)state;
	p->lac.options.hide = p->lns.options.hide = true;
	pair_open(p);
	assert_int_equal(p->lac.up, 1);
	p->delay_ms = 50;
	pair_dial(p, 0x7a7a % PAIR_SESSIONS);
	assert_non_null(p->path);
	assert_null(memmem(p->path->bytes + 12, p->path->len - 12, (uint8_t[]){0x0a, 0x7a}, 2));
	assert_null(memmem(p->path->bytes, p->path->len, "internet", 8));
	pair_run(p, p->now_ms + 1000);
	assert_int_equal(p->lac.calls[0x0a7a].up, 1);
	l2tp_tunnel_close(&p->lac.tunnel, L2TP_STOP_shutdown, L2TP_ERROR_none, "bye", p->now_ms);
	pair_run(p, p->now_ms + 1000);
	assert_string_equal(p->lns.text, "bye");
	assert_int_equal(p->lac.counters.at[L2TP_COUNT_rx_malformed] + p->lns.counters.at[L2TP_COUNT_rx_malformed], 0);
}

// A peer may hide in the setup too, before it has proved its secret: both of ours are tried.
static void hidden_avps_in_a_setup(void **state)
{
	const struct l2tp_hiding hiding = {
		.secret = BYTES("old"), .random_vector = BYTES("0123456789abcdef"), .padding = BYTES("0123456789abcdef")};
	struct l2tp_msg sccrq = {.type = L2TP_sccrq};
	uint8_t bytes[256];
	struct wire_out out = wire_out(bytes, sizeof(bytes));

	(void)state;
	p->lns.options.secrets[0] = BYTES("new");
	p->lns.options.secrets[1] = BYTES("old");
	l2tp_set(&sccrq, protocol_version, 0x0100);
	l2tp_set(&sccrq, host_name, BYTES("lac"));
	l2tp_set(&sccrq, framing_capabilities, 3);
	l2tp_set(&sccrq, assigned_tunnel_id, 11);
	l2tp_set(&sccrq, challenge, BYTES("0123456789abcdef"));
	wire_put_zeros(&out, L2TP_CONTROL_HEADER);
	l2tp_msg_encode(&out, &sccrq, &hiding);
	size_t len = wire_used(&out);

	out.pos = out.start;
	l2tp_header_build(&out, &(struct l2tp_header){.flags = L2TP_CONTROL_FLAGS, .len = (uint16_t)(len - L2TP_CONTROL_HEADER)});
	pair_inject(&p->lns, bytes, len);
	assert_int_equal(p->lns.tunnel.state, L2TP_TUNNEL_WAIT_CONN);
	assert_int_equal(p->lns.tunnel.peer_id, 11);
	assert_int_equal(p->lns.tunnel.secret, 1);
}

static void no_secret_no_challenge(void **state)
{
	(void)state;
	p->lac.options.secrets[0] = p->lns.options.secrets[0] = (struct l2tp_bytes){0};
	pair_open(p);
	assert_int_equal(p->lac.up, 1);
	assert_false(p->lac.tunnel.is_proved);
}

// Who has which secret, who challenges, and what each side says of it.
static void authentication_fails_in_words(void **state)
{
	static const struct {
		const char *lac_secret, *lns_secret;
		enum l2tp_auth lac, lns;
		int up;
		enum l2tp_reason lac_reason, lns_reason;
	} cases[] = {
		{"a", "a", L2TP_AUTH_REQUIRE, L2TP_AUTH_REQUIRE, 1, 0, 0},
		{"a", "a", L2TP_AUTH_NONE, L2TP_AUTH_REQUIRE, 1, 0, 0},
		{"a", "a", L2TP_AUTH_REQUIRE, L2TP_AUTH_NONE, 1, 0, 0},
		{"a", "b", L2TP_AUTH_REQUIRE, L2TP_AUTH_REQUIRE, 0, L2TP_REASON_secret_differs, L2TP_REASON_secret_refused},
		{"a", "b", L2TP_AUTH_NONE, L2TP_AUTH_REQUIRE, 0, L2TP_REASON_secret_refused, L2TP_REASON_secret_differs},
		{"a", "b", L2TP_AUTH_NONE, L2TP_AUTH_NONE, 1, 0, 0},
		{"", "b", L2TP_AUTH_REQUIRE, L2TP_AUTH_REQUIRE, 0, L2TP_REASON_secret_missing, L2TP_REASON_secret_refused},
		{"a", "", L2TP_AUTH_REQUIRE, L2TP_AUTH_REQUIRE, 0, L2TP_REASON_secret_refused, L2TP_REASON_secret_missing},
	};

	(void)state;
	for (size_t i = 0; i < array_len(cases); i++) {
		p->lac.options.secrets[0] =
			(struct l2tp_bytes){(const uint8_t *)cases[i].lac_secret, (uint16_t)strlen(cases[i].lac_secret)};
		p->lns.options.secrets[0] =
			(struct l2tp_bytes){(const uint8_t *)cases[i].lns_secret, (uint16_t)strlen(cases[i].lns_secret)};
		p->lac.options.auth = cases[i].lac;
		p->lns.options.auth = cases[i].lns;
		pair_open(p);
		assert_int_equal(p->lac.tunnel.state == L2TP_TUNNEL_ESTABLISHED, cases[i].up);
		assert_int_equal(p->lns.tunnel.state == L2TP_TUNNEL_ESTABLISHED, cases[i].up);
		assert_int_equal(p->lac.reason, cases[i].lac_reason);
		assert_int_equal(p->lns.reason, cases[i].lns_reason);
		if (!cases[i].up)
			assert_int_equal(p->lac.result, L2TP_STOP_not_authorized);
		pair_free(&p);
		p = pair_new();
	}
}

// A peer that is asked and does not answer, as one does that knows no secrets (auth none and no secret cannot be made of our engine: it refuses).
static void a_peer_without_a_response(void **state)
{
	static const uint8_t sccrp[] = {0x80, 8, 0, 0, 0, 0, 0, 2, 0x80, 8, 0, 0, 0, 2, 1, 0, 0x80, 0x0a, 0, 0, 0, 3, 0, 0, 0, 3,
		0x80, 8, 0, 0, 0, 7, 'v', 'm', 0x80, 8, 0, 0, 0, 9, 0, 22};

	(void)state;
	for (int is_required = 0; is_required < 2; is_required++) {
		p->lac.options.auth = is_required ? L2TP_AUTH_REQUIRE : L2TP_AUTH_CHALLENGE;
		p->lns.is_deaf = true;
		assert_int_equal(l2tp_tunnel_open(&p->lac.tunnel, 11, &p->lns.address, 0, p->now_ms), 0);
		p->lns.tunnel.channel.nr = 1;
		pair_forge(&p->lns, 0, sccrp, sizeof(sccrp));
		assert_int_equal(p->lac.up, !is_required);
		assert_int_equal(p->lac.reason, is_required ? L2TP_REASON_secret_unproved : L2TP_REASON_none);
		pair_free(&p);
		p = pair_new();
	}
}

static void two_secrets_while_one_is_replaced(void **state)
{
	(void)state;
	p->lac.options.secrets[0] = BYTES("new");
	p->lac.options.secrets[1] = BYTES("old");
	p->lns.options.secrets[0] = BYTES("old");
	pair_open(p);
	assert_int_equal(p->lac.up, 1);
	assert_int_equal(p->lac.tunnel.secret, 1);
	// The old one is dropped while the tunnel is up: it has to be opened again to be under the new one.
	struct l2tp_options options = p->lac.options;

	options.secrets[1] = (struct l2tp_bytes){0};
	assert_false(l2tp_tunnel_reconfigure(&p->lac.tunnel, &options));
	pair_run(p, 3000);
	assert_int_equal(p->lac.tunnel.state, L2TP_TUNNEL_ESTABLISHED);
}

static void what_a_reconfiguration_takes(void **state)
{
	struct l2tp_options options;

	(void)state;
	pair_open(p);
	options = p->lac.options;
	options.hello_ms = 1000;
	options.secrets[1] = options.secrets[0];
	options.secrets[0] = BYTES("next");
	assert_true(l2tp_tunnel_reconfigure(&p->lac.tunnel, &options));
	assert_int_equal(p->lac.tunnel.secret, 1);
	assert_int_equal(l2tp_tunnel_next(&p->lac.tunnel), p->lac.tunnel.heard_ms + 1000);
	options.host_name = BYTES("other");
	struct l2tp_options renamed = options;

	options.host_name = BYTES("lac");
	assert_false(l2tp_tunnel_reconfigure(&p->lac.tunnel, &renamed));
}

static void the_wrong_host(void **state)
{
	(void)state;
	p->lac.options.peer_host_name = BYTES("another");
	pair_open(p);
	assert_int_equal(p->lac.failed, 1);
	assert_int_equal(p->lac.reason, L2TP_REASON_host_name);
	assert_int_equal(p->lns.reason, L2TP_REASON_secret_refused);
	assert_int_equal(p->lns.result, L2TP_STOP_not_authorized);
}

static void the_wrong_version(void **state)
{
	static const uint8_t sccrq[] = {0x80, 8, 0, 0, 0, 0, 0, 1, 0x80, 8, 0, 0, 0, 2, 2, 0, 0x80, 0x0a, 0, 0, 0, 3, 0, 0, 0, 3,
		0x80, 8, 0, 0, 0, 7, 'v', 'm', 0x80, 8, 0, 0, 0, 9, 0, 11};
	uint8_t bytes[128];
	struct wire_out out = wire_out(bytes, sizeof(bytes));

	(void)state;
	l2tp_header_build(&out, &(struct l2tp_header){.flags = L2TP_CONTROL_FLAGS, .len = sizeof(sccrq)});
	wire_put_bytes(&out, sccrq, sizeof(sccrq));
	pair_inject(&p->lns, bytes, wire_used(&out));
	assert_int_equal(p->lns.failed, 1);
	assert_int_equal(p->lns.reason, L2TP_REASON_version);
	assert_int_equal(p->lns.result, L2TP_STOP_version);
	assert_int_equal(p->lns.error, 0x0100); // the highest one that we speak
}

// Nobody there: the setup's own repeats, then FAILED; what answers too late is told to forget it, and after the linger nothing is left.
static void nobody_answers(void **state)
{
	(void)state;
	p->lns.is_deaf = true;
	p->lac.options.setup_retransmit_ms = 300;
	assert_int_equal(l2tp_tunnel_open(&p->lac.tunnel, 11, &p->lns.address, 0, p->now_ms), 0);
	pair_run(p, 1000 + 2099);
	assert_int_equal(p->lac.failed, 0);
	pair_run(p, 1000 + 2100);
	assert_int_equal(p->lac.failed, 1);
	assert_int_equal(p->lac.reason, L2TP_REASON_no_answer);
	assert_string_equal(p->lac.log, "SCCRQ SCCRQ SCCRQ ");
	pair_run(p, 1000 + 2100 + 30999);
	assert_int_equal(p->lac.gone, 0);
	pair_run(p, 1000 + 2100 + 31000);
	assert_int_equal(p->lac.gone, 1);
}

static void an_answer_that_comes_too_late(void **state)
{
	(void)state;
	p->lac.options.setup_retransmit_ms = 100;
	p->lac.options.setup_retries = 0;
	p->delay_ms = 200;
	assert_int_equal(l2tp_tunnel_open(&p->lac.tunnel, 11, &p->lns.address, 0, p->now_ms), 0);
	pair_run(p, 5000);
	assert_int_equal(p->lac.reason, L2TP_REASON_no_answer);
	assert_int_equal(p->lns.failed, 1); // no half tunnel is left over there
	assert_int_equal(p->lns.reason, L2TP_REASON_peer_closed);
	pair_run(p, 60000);
	assert_int_equal(p->lac.gone + p->lns.gone, 2);
}

// RFC 2661 5.7: the side that was told lingers to acknowledge repeats; its first acknowledgment is lost here.
static void stopccn_is_acknowledged_for_a_full_cycle(void **state)
{
	(void)state;
	pair_open(p);
	p->lac.is_deaf = true;
	l2tp_tunnel_close(&p->lac.tunnel, L2TP_STOP_shutdown, L2TP_ERROR_none, "bye", p->now_ms);
	assert_int_equal(p->lac.down, 1);
	assert_int_equal(p->lac.reason, L2TP_REASON_local);
	pair_run(p, p->now_ms + 500);
	assert_int_equal(p->lns.down, 1);
	assert_int_equal(p->lns.reason, L2TP_REASON_peer_closed);
	assert_int_equal(p->lns.result, L2TP_STOP_shutdown);
	assert_string_equal(p->lns.text, "bye");
	p->lns.log[0] = 0;
	pair_run(p, p->now_ms + 24000);
	assert_string_equal(p->lns.log, "ZLB ZLB ZLB ZLB ZLB ");
	assert_int_equal(p->lns.gone, 0);
	pair_run(p, p->now_ms + 10000);
	assert_int_equal(p->lac.gone + p->lns.gone, 2);
	assert_int_equal(l2tp_tunnel_next(&p->lac.tunnel), L2TP_NEVER);
}

static void hello_on_silence_only(void **state)
{
	(void)state;
	pair_open(p);
	p->lns.options.hello_ms = 0;
	p->lac.log[0] = 0;
	uint64_t heard = p->lac.tunnel.heard_ms;

	pair_run(p, heard + 59999);
	assert_string_equal(p->lac.log, "");
	l2tp_tunnel_heard(&p->lac.tunnel, heard + 59999); // data came
	pair_run(p, heard + 119998);
	assert_string_equal(p->lac.log, "");
	pair_run(p, heard + 120100);
	assert_string_equal(p->lac.log, "HELLO ");
	pair_run(p, heard + 240000);
	assert_string_equal(p->lac.log, "HELLO HELLO ");
	l2tp_tunnel_hello(&p->lac.tunnel, p->now_ms);
	assert_string_equal(p->lac.log, "HELLO HELLO HELLO ");
}

static void a_peer_that_falls_silent_is_lost(void **state)
{
	(void)state;
	pair_open(p);
	uint64_t heard = p->lac.tunnel.heard_ms;

	for (uint16_t id = 1; id <= 3; id++)
		pair_dial(p, id);
	pair_run(p, p->now_ms + 100);
	heard = p->lac.tunnel.heard_ms;
	p->lns.is_deaf = p->lac.is_deaf = true;
	pair_run(p, heard + 60000 + 30999);
	assert_int_equal(p->lac.down, 0);
	pair_run(p, heard + 60000 + 31000);
	assert_int_equal(p->lac.down, 1);
	assert_int_equal(p->lac.reason, L2TP_REASON_peer_lost);
	for (uint16_t id = 1; id <= 3; id++) {
		assert_int_equal(p->lac.calls[id].down, 1);
		assert_int_equal(p->lac.calls[id].reason, L2TP_REASON_tunnel);
		assert_int_equal(p->lac.calls[id].gone, 1);
	}
	assert_int_equal(p->lac.gone, 1); // there is nobody to linger for
	assert_int_equal(p->lac.tunnel.sessions, 0);
}

// The answer comes from another address and port: taken once, in the SCCRP, and kept.
static void the_peer_answers_from_elsewhere(void **state)
{
	(void)state;
	p->lns.heard_at = (struct ip_end){ip_addr_v4(0x0a000099), 40000};
	pair_open(p);
	assert_int_equal(p->lac.up, 1);
	assert_int_equal(p->lac.moved, 1);
	assert_int_equal(p->lac.tunnel.peer.port, 40000);
	p->lns.heard_at.port = 40001;
	l2tp_tunnel_hello(&p->lns.tunnel, p->now_ms);
	pair_run(p, p->now_ms + 100);
	assert_int_equal(p->lac.counters.at[L2TP_COUNT_rx_other_address], 1);
	assert_int_equal(p->lac.tunnel.peer.port, 40000);
}

static void the_peer_may_not_answer_from_elsewhere(void **state)
{
	(void)state;
	p->lac.options.accept_move = false;
	p->lns.heard_at.port = 40000;
	pair_open(p);
	assert_int_equal(p->lac.up, 0);
	assert_true(p->lac.counters.at[L2TP_COUNT_rx_other_address] > 0);
}

static void illegal_messages_end_the_tunnel(void **state)
{
	static const uint8_t sccrq[] = {0x80, 8, 0, 0, 0, 0, 0, 1, 0x80, 8, 0, 0, 0, 2, 1, 0, 0x80, 0x0a, 0, 0, 0, 3, 0, 0, 0, 3,
		0x80, 8, 0, 0, 0, 7, 'v', 'm', 0x80, 8, 0, 0, 0, 9, 0, 11};
	uint8_t message[sizeof(sccrq)];
	static const size_t lens[] = {sizeof(sccrq), sizeof(sccrq), 8};

	(void)state;
	for (uint8_t type = 1; type <= 3; type++) {
		memcpy(message, sccrq, sizeof(sccrq));
		message[7] = type;
		pair_open(p);
		pair_forge(&p->lns, 0, message, lens[type - 1]);
		assert_int_equal(p->lac.down, 1);
		assert_int_equal(p->lac.reason, L2TP_REASON_unexpected);
		assert_int_equal(p->lac.result, L2TP_STOP_state);
		assert_int_equal(p->lac.counters.at[L2TP_COUNT_rx_unexpected], 1);
		pair_run(p, p->now_ms + 100);
		assert_int_equal(p->lns.reason, L2TP_REASON_peer_fault);
		pair_free(&p);
		p = pair_new();
	}
}

// RFC 2661 7.2.1: an SCCCN in wait-ctl-reply.
static void an_scccn_before_its_time(void **state)
{
	static const uint8_t scccn[] = {0x80, 8, 0, 0, 0, 0, 0, 3};

	(void)state;
	p->lns.is_deaf = true;
	assert_int_equal(l2tp_tunnel_open(&p->lac.tunnel, 11, &p->lns.address, 0, p->now_ms), 0);
	pair_forge(&p->lns, 0, scccn, sizeof(scccn));
	assert_int_equal(p->lac.failed, 1);
	assert_int_equal(p->lac.result, L2TP_STOP_state);
}

// One with an unknown mandatory AVP, one of an unknown mandatory type, one that cannot be read: StopCCN 2 with the error code.
static void what_cannot_be_accepted_ends_the_tunnel(void **state)
{
	static const struct {
		uint8_t avps[16];
		size_t len;
		uint16_t error;
	} cases[] = {
		{{0x80, 8, 0, 0, 0, 0, 0, 6, 0x80, 7, 0, 0, 0x30, 0x39, 1}, 15, L2TP_ERROR_unknown_avp},
		{{0x80, 8, 0, 0, 0, 0, 0, 99}, 8, L2TP_ERROR_unknown_avp},
		{{0x80, 8, 0, 0, 0, 0, 0, 6, 0x80, 5, 0, 0, 0, 9}, 14, L2TP_ERROR_length},
		{{0x80, 8, 0, 0, 0, 7, 0, 6}, 8, L2TP_ERROR_length},
	};

	(void)state;
	for (size_t i = 0; i < array_len(cases); i++) {
		pair_open(p);
		pair_forge(&p->lns, 0, cases[i].avps, cases[i].len);
		assert_int_equal(p->lac.down, 1);
		assert_int_equal(p->lac.reason, L2TP_REASON_malformed);
		assert_int_equal(p->lac.result, L2TP_STOP_error);
		assert_int_equal(p->lac.error, cases[i].error);
		pair_run(p, p->now_ms + 100);
		assert_int_equal(p->lns.result, L2TP_STOP_error);
		assert_int_equal(p->lns.error, cases[i].error);
		assert_true(p->lns.text[0] != 0);
		pair_free(&p);
		p = pair_new();
	}
}

static void optional_unknowns_pass(void **state)
{
	static const uint8_t hello[] = {0x80, 8, 0, 0, 0, 0, 0, 6, 0x00, 7, 0, 0, 0x30, 0x39, 1};
	static const uint8_t unknown[] = {0x00, 8, 0, 0, 0, 0, 0, 99};
	static const uint8_t fsq[] = {0x00, 8, 0, 0, 0, 0, 0, 21, 0x80, 16, 0, 0, 0, 79, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2};

	(void)state;
	pair_open(p);
	pair_forge(&p->lns, 0, hello, sizeof(hello));
	pair_forge(&p->lns, 0, unknown, sizeof(unknown));
	pair_forge(&p->lns, 0, fsq, sizeof(fsq));
	assert_int_equal(p->lac.down, 0);
	assert_int_equal(p->lac.counters.at[L2TP_COUNT_rx_unknown_avps], 1);
	assert_int_equal(p->lac.counters.at[L2TP_COUNT_rx_unknown_messages], 2);
}

static void try_another_is_told(void **state)
{
	(void)state;
	pair_open(p);
	l2tp_tunnel_close(&p->lns.tunnel, L2TP_STOP_error, L2TP_ERROR_try_another, "192.0.2.7", p->now_ms);
	pair_run(p, p->now_ms + 100);
	assert_int_equal(p->lac.reason, L2TP_REASON_try_another);
	assert_string_equal(p->lac.text, "192.0.2.7");
}

// RFC 2661 4.4.3: the lower value wins; a value beats none; equal values lose both; none on either side makes two tunnels.
static void the_tie_breaker(void **state)
{
	static const struct {
		bool has_ours, has_theirs;
		uint64_t theirs; // ours is 5
		enum l2tp_glare want;
	} cases[] = {
		{true, true, 6, L2TP_GLARE_OURS},
		{true, true, 4, L2TP_GLARE_THEIRS},
		{true, true, 5, L2TP_GLARE_NEITHER},
		{true, false, 0, L2TP_GLARE_OURS},
		{false, true, 9, L2TP_GLARE_THEIRS},
		{false, false, 0, L2TP_GLARE_BOTH},
	};

	(void)state;
	for (size_t i = 0; i < array_len(cases); i++) {
		const struct l2tp_peek theirs = {
			.type = L2TP_sccrq, .has_tie_breaker = cases[i].has_theirs, .tie_breaker = cases[i].theirs};
		bool is_dropped = cases[i].want == L2TP_GLARE_THEIRS || cases[i].want == L2TP_GLARE_NEITHER;

		p->lns.is_deaf = true;
		p->lac.options.tie_breaker = cases[i].has_ours;
		assert_int_equal(l2tp_tunnel_open(&p->lac.tunnel, 11, &p->lns.address, 0, p->now_ms), 0);
		pair_dial(p, 3);
		p->lac.tunnel.tie_breaker = 5;
		assert_int_equal(l2tp_tunnel_glare(&p->lac.tunnel, &theirs, p->now_ms), cases[i].want);
		assert_int_equal(p->lac.failed, is_dropped);
		pair_run(p, p->now_ms + 1);
		assert_int_equal(p->lac.gone, is_dropped);
		if (is_dropped) {
			assert_int_equal(p->lac.reason, L2TP_REASON_glare);
			assert_int_equal(p->lac.calls[3].gone, 1); // to be dialled again on the other one
			assert_string_equal(p->lac.log, "SCCRQ "); // silently
		}
		pair_free(&p);
		p = pair_new();
	}
}

static void a_repeated_sccrq_is_no_second_tunnel(void **state)
{
	(void)state;
	p->doubling = 1000;
	pair_open(p);
	assert_int_equal(p->lac.up, 1);
	assert_int_equal(p->lns.up, 1);
	assert_true(p->lns.counters.at[L2TP_COUNT_rx_duplicates] >= 1);
}

static void what_a_peek_tells(void **state)
{
	struct l2tp_header header;
	struct l2tp_peek peek;

	(void)state;
	p->delay_ms = 1000;
	assert_int_equal(l2tp_tunnel_open(&p->lac.tunnel, 11, &p->lns.address, 0, p->now_ms), 0);
	assert_int_equal(l2tp_header_parse(p->path->bytes, p->path->len, &header), 0);
	assert_int_equal(l2tp_peek(&header, &peek), 0);
	assert_int_equal(peek.type, L2TP_sccrq);
	assert_int_equal(peek.assigned_tunnel_id, 11);
	assert_string_equal(peek.host_name, "lac");
	assert_true(peek.has_tie_breaker);
	header.len = 0;
	assert_int_equal(l2tp_peek(&header, &peek), -EBADMSG);
}

// A peer that was started again does not know the tunnel: it says so, and we need not wait for 31 s.
static void a_peer_that_has_forgotten_us(void **state)
{
	(void)state;
	pair_open(p);
	l2tp_tunnel_fini(&p->lns.tunnel);
	l2tp_tunnel_hello(&p->lac.tunnel, p->now_ms);
	pair_run(p, p->now_ms + 100);
	assert_int_equal(p->lac.down, 1);
	assert_int_equal(p->lac.reason, L2TP_REASON_forgotten);
	assert_int_equal(p->lac.gone, 1);
}

// The same packet, made up by someone who does not see our traffic, ends nothing.
static void a_forged_loss_of_state(void **state)
{
	const struct l2tp_header unknown = {
		.flags = L2TP_CONTROL_FLAGS, .tunnel_id = 11, .ns = 40, .payload = (const uint8_t *)"", .len = 1};
	uint8_t bytes[L2TP_STOPCCN_SIZE];
	size_t len;

	(void)state;
	pair_open(p);
	assert_int_equal(l2tp_stopccn_for_unknown(&unknown, bytes, sizeof(bytes), &len), 0);
	pair_inject(&p->lac, bytes, len);
	assert_int_equal(p->lac.down, 0);
	for (size_t size = 0; size < len; size++)
		assert_int_equal(l2tp_stopccn_for_unknown(&unknown, bytes, size, &len), -EMSGSIZE);
}

static void no_stopccn_is_answered_by_one(void **state)
{
	static const uint8_t stopccn[] = {0x80, 8, 0, 0, 0, 0, 0, 4};
	struct l2tp_header unknown = {.flags = L2TP_CONTROL_FLAGS, .tunnel_id = 9, .payload = stopccn, .len = sizeof(stopccn)};
	uint8_t bytes[L2TP_STOPCCN_SIZE];
	size_t len;

	(void)state;
	assert_int_equal(l2tp_stopccn_for_unknown(&unknown, bytes, sizeof(bytes), &len), -ENODATA);
	unknown.len = 0;
	assert_int_equal(l2tp_stopccn_for_unknown(&unknown, bytes, sizeof(bytes), &len), -ENODATA);
	unknown.flags = 0;
	assert_int_equal(l2tp_stopccn_for_unknown(&unknown, bytes, sizeof(bytes), &len), -ENODATA);
}

static void what_cannot_be_opened(void **state)
{
	static const uint8_t name[1400] = {0};

	(void)state;
	assert_int_equal(l2tp_tunnel_open(&p->lac.tunnel, 0, &p->lns.address, 0, 0), -EINVAL);
	assert_int_equal(l2tp_tunnel_open(&p->lac.tunnel, 11, &p->lns.address, 2, 0), -EINVAL);
	p->lac.options.host_name = (struct l2tp_bytes){name, sizeof(name)};
	assert_int_equal(l2tp_tunnel_open(&p->lac.tunnel, 11, &p->lns.address, 0, 0), -ENOMEM);
	assert_int_equal(p->lac.tunnel.state, L2TP_TUNNEL_IDLE);
	assert_int_equal(p->lac.failed, 0);
}

#define tunnel_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		tunnel_test(a_tunnel_comes_up),
		tunnel_test(the_lns_may_open_it),
		tunnel_test(hidden_avps_from_both_sides),
		tunnel_test(hidden_avps_in_a_setup),
		tunnel_test(no_secret_no_challenge),
		tunnel_test(authentication_fails_in_words),
		tunnel_test(a_peer_without_a_response),
		tunnel_test(two_secrets_while_one_is_replaced),
		tunnel_test(what_a_reconfiguration_takes),
		tunnel_test(the_wrong_host),
		tunnel_test(the_wrong_version),
		tunnel_test(nobody_answers),
		tunnel_test(an_answer_that_comes_too_late),
		tunnel_test(stopccn_is_acknowledged_for_a_full_cycle),
		tunnel_test(hello_on_silence_only),
		tunnel_test(a_peer_that_falls_silent_is_lost),
		tunnel_test(the_peer_answers_from_elsewhere),
		tunnel_test(the_peer_may_not_answer_from_elsewhere),
		tunnel_test(illegal_messages_end_the_tunnel),
		tunnel_test(an_scccn_before_its_time),
		tunnel_test(what_cannot_be_accepted_ends_the_tunnel),
		tunnel_test(optional_unknowns_pass),
		tunnel_test(try_another_is_told),
		tunnel_test(the_tie_breaker),
		tunnel_test(a_repeated_sccrq_is_no_second_tunnel),
		tunnel_test(what_a_peek_tells),
		tunnel_test(a_peer_that_has_forgotten_us),
		tunnel_test(a_forged_loss_of_state),
		tunnel_test(no_stopccn_is_answered_by_one),
		tunnel_test(what_cannot_be_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
