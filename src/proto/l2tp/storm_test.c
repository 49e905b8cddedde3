// SPDX-License-Identifier: Apache-2.0
// Thousands of calls over a path that loses, doubles, delays and reorders, by seeds: in the end both sides hold the same.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clean.h"
#include "proto/l2tp/pair.h"

static struct pair *p;

static void make(uint32_t seed, uint32_t loss, uint32_t doubling, uint32_t delay_ms, uint32_t jitter_ms)
{
	p = pair_new();
	p->random = seed;
	p->loss = loss;
	p->doubling = doubling;
	p->delay_ms = delay_ms;
	p->jitter_ms = jitter_ms;
	// 15 % both ways would lose the tunnel itself now and then.
	p->lac.options.retries = p->lns.options.retries = 12;
	p->lac.options.setup_retries = 8;
	p->lns.options.setup_retries = 8;
	p->lac.options.call_wait_ms = p->lns.options.call_wait_ms = 60000;
	assert_int_equal(l2tp_tunnel_open(&p->lac.tunnel, 11, &p->lns.address, 0, p->now_ms), 0);
}

static int teardown(void **state)
{
	(void)state;
	pair_free(&p);
	return 0;
}

// What one side holds the other holds, under the same pair of ids, and nothing is half done.
static void assert_same(unsigned want)
{
	struct l2tp_session *session;
	uint32_t cursor = 0;

	assert_int_equal(p->lac.tunnel.sessions, want);
	assert_int_equal(p->lns.tunnel.sessions, want);
	assert_int_equal(p->lac.tunnel.established, want);
	assert_int_equal(p->lns.tunnel.established, want);
	while ((session = l2tp_tunnel_session_next(&p->lac.tunnel, &cursor))) {
		const struct l2tp_session *peer = l2tp_tunnel_session(&p->lns.tunnel, session->peer_id);

		assert_int_equal(session->state, L2TP_SESSION_ESTABLISHED);
		assert_non_null(peer);
		assert_int_equal(peer->peer_id, session->local_id);
		assert_int_equal(peer->serial, session->serial);
	}
	assert_true(l2tp_channel_idle(&p->lac.tunnel.channel));
	assert_true(l2tp_channel_idle(&p->lns.tunnel.channel));
}

static const struct {
	uint32_t seed, loss, doubling, delay_ms, jitter_ms;
} paths[] = {
	{1, 0, 0, 10, 0},
	{2, 50, 0, 10, 0},
	{3, 0, 300, 10, 30},
	{4, 50, 50, 20, 40},
	{5, 150, 100, 5, 100},
	{6, 50, 20, 300, 50},
};

static void every_call_comes_up_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_len(paths); i++) {
		make(paths[i].seed, paths[i].loss, paths[i].doubling, paths[i].delay_ms, paths[i].jitter_ms);
		for (uint16_t id = 1; id <= 2000; id++)
			pair_dial(p, id);
		pair_run(p, 3600000);
		assert_int_equal(p->lac.up, 1);
		assert_same(2000);
		for (uint16_t id = 1; id <= 2000; id++) {
			assert_int_equal(p->lac.calls[id].up, 1);
			assert_int_equal(p->lns.calls[p->lac.calls[id].session.peer_id].up, 1);
		}
		assert_int_equal(p->lac.counters.at[L2TP_COUNT_calls_established], 2000);
		assert_int_equal(p->lns.counters.at[L2TP_COUNT_calls_established], 2000);
		assert_int_equal(p->lns.counters.at[L2TP_COUNT_rx_unexpected] + p->lac.counters.at[L2TP_COUNT_rx_unexpected], 0);
		pair_free(&p);
	}
}

// Impatient hosts, calls hung up from both sides at random moments, refusals: whatever became of each, both sides agree on it.
static void nothing_is_left_half_done(void **state)
{
	(void)state;
	for (size_t i = 0; i < array_len(paths); i++) {
		make(paths[i].seed + 100, paths[i].loss, paths[i].doubling, paths[i].delay_ms, paths[i].jitter_ms);
		p->lac.options.call_wait_ms = 1500;
		p->lns.options.call_wait_ms = 4000;
		for (uint16_t round = 0; round < 3000; round++) {
			// Ids rest for long before they are used again, as a host has to see to.
			uint16_t dialled = (uint16_t)(1 + round), id = (uint16_t)(1 + pair_random(p) % dialled);

			p->lns.verdict = pair_random(p) % 20 ? L2TP_CALL_ACCEPT : L2TP_CALL_REFUSE;
			if (pair_random(p) % 50 == 0)
				p->lns.verdict = L2TP_CALL_IGNORE;
			if (l2tp_tunnel_session(&p->lns.tunnel, id) && pair_random(p) % 8 == 0)
				pair_hangup(&p->lns.calls[id], L2TP_CDN_administrative);
			if (l2tp_tunnel_session(&p->lac.tunnel, id) && pair_random(p) % 2)
				pair_hangup(&p->lac.calls[id], L2TP_CDN_lost_carrier);
			pair_dial(p, dialled);
			pair_run(p, p->now_ms + pair_random(p) % 100);
		}
		p->lns.options.hello_ms = p->lac.options.hello_ms = 0;
		pair_run(p, p->now_ms + 3600000);
		assert_int_equal(p->lac.up, 1);
		assert_int_equal(p->lac.down + p->lns.down, 0);
		assert_same(p->lac.tunnel.established);
		assert_int_equal(p->lns.counters.at[L2TP_COUNT_rx_unexpected] + p->lac.counters.at[L2TP_COUNT_rx_unexpected], 0);
		pair_free(&p);
	}
}

// A window of one at the peer: slow, but all come up, and never more than one message is in flight.
static void a_window_of_one(void **state)
{
	(void)state;
	make(9, 20, 20, 10, 10);
	p->lns.options.receive_window = 1;
	for (uint16_t id = 1; id <= 300; id++)
		pair_dial(p, id);
	for (int i = 0; i < 2000; i++) {
		pair_run(p, p->now_ms + 100);
		assert_true(p->lac.tunnel.channel.in_flight <= 1 || p->lac.tunnel.state != L2TP_TUNNEL_ESTABLISHED);
	}
	assert_same(300);
}

// Calls that began first are complete first: the channel is not filled with ICRQs while ICCNs wait.
static void finishing_goes_before_starting(void **state)
{
	(void)state;
	make(10, 0, 0, 10, 0);
	for (uint16_t id = 1; id <= 2000; id++)
		pair_dial(p, id);
	while (!p->lac.calls[1000].up)
		pair_run(p, p->now_ms + 10);
	assert_true(p->lac.tunnel.established > 900);
	assert_true(p->lac.counters.at[L2TP_COUNT_calls_dialed] < p->lac.tunnel.established + 200);
}

#define storm_test(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		storm_test(every_call_comes_up_once),
		storm_test(nothing_is_left_half_done),
		storm_test(a_window_of_one),
		storm_test(finishing_goes_before_starting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
