// SPDX-License-Identifier: Apache-2.0
// The LAC is killed at every single call to its store, made again from what was stored, and goes on: both sides must come to hold the same.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clean.h"
#include "proto/l2tp/pair.h"

#define CALLS 12

static struct pair *p;

// What the host does after a kill: a fresh engine from the records. Nothing that happened after the kill is known to it.
static void resurrect(struct pair_side *side)
{
	struct pair_store *store = &side->store;

	l2tp_tunnel_fini(&side->tunnel);
	memset(side->calls, 0, sizeof(side->calls));
	side->is_dead = false;
	side->kill_at = 0;
	l2tp_tunnel_init(&side->tunnel, &pair_ops, side, &side->options, &side->counters);
	if (!store->tunnel.state || l2tp_tunnel_resume(&side->tunnel, &store->tunnel, p->now_ms) < 0)
		return;
	for (uint16_t id = 1; id < PAIR_SESSIONS; id++)
		if (store->sessions[id].state)
			assert_int_equal(l2tp_session_resume(&side->tunnel, &side->calls[id].session, &store->sessions[id]), 0);
	for (size_t i = 0; i < L2TP_WINDOW_MAX; i++)
		if (store->messages[i].message.len)
			assert_int_equal(l2tp_tunnel_resume_message(&side->tunnel, &store->messages[i].message), 0);
	l2tp_tunnel_resume_done(&side->tunnel, p->now_ms);
}

static void run(uint64_t ms)
{
	uint64_t until = p->now_ms + ms;

	// The kill takes effect within; the rest of the time belongs to the new engine.
	while (p->now_ms < until) {
		pair_run(p, p->now_ms + 1);
		if (p->lac.is_dead)
			resurrect(&p->lac);
	}
}

static void dial(uint16_t id)
{
	struct pair_call *call = &p->lac.calls[id];

	if (p->lac.tunnel.state == L2TP_TUNNEL_IDLE || p->lac.tunnel.state == L2TP_TUNNEL_CLOSING)
		return;
	l2tp_session_dial(&p->lac.tunnel, &call->session, id, &p->call, p->now_ms);
}

static void hangup(uint16_t id)
{
	if (l2tp_tunnel_session(&p->lac.tunnel, id))
		pair_hangup(&p->lac.calls[id], L2TP_CDN_lost_carrier);
}

// Some life: calls come and go from both sides, with a HELLO between. The ids do not come again.
static void live(void)
{
	l2tp_tunnel_open(&p->lac.tunnel, 11, &p->lns.address, 0, p->now_ms);
	if (p->lac.is_dead)
		resurrect(&p->lac);
	run(50);
	for (uint16_t id = 1; id <= CALLS; id++)
		dial(id);
	run(60);
	hangup(2);
	hangup(11);
	if (l2tp_tunnel_session(&p->lns.tunnel, 1))
		pair_hangup(&p->lns.calls[1], L2TP_CDN_administrative);
	run(3);
	for (uint16_t id = 21; id <= 20 + CALLS; id++)
		dial(id);
	run(23);
	hangup(22);
	hangup(23);
	l2tp_tunnel_hello(&p->lac.tunnel, p->now_ms);
	run(200);
}

static void assert_same(unsigned kill)
{
	struct l2tp_session *session;
	uint32_t cursor = 0;

	if (p->lac.tunnel.state != L2TP_TUNNEL_ESTABLISHED) {
		assert_int_not_equal(p->lns.tunnel.state, L2TP_TUNNEL_ESTABLISHED);
		assert_int_equal(p->lns.tunnel.sessions + p->lac.tunnel.sessions, 0);
		return;
	}
	if (p->lac.tunnel.sessions != p->lns.tunnel.sessions)
		print_message("killed at %u: %u sessions here, %u there\n", kill, p->lac.tunnel.sessions, p->lns.tunnel.sessions);
	assert_int_equal(p->lac.tunnel.sessions, p->lns.tunnel.sessions);
	while ((session = l2tp_tunnel_session_next(&p->lac.tunnel, &cursor))) {
		const struct l2tp_session *peer = l2tp_tunnel_session(&p->lns.tunnel, session->peer_id);

		assert_int_equal(session->state, L2TP_SESSION_ESTABLISHED);
		assert_non_null(peer);
		assert_int_equal(peer->peer_id, session->local_id);
		assert_int_equal(peer->state, L2TP_SESSION_ESTABLISHED);
		assert_int_equal(p->lac.store.sessions[session->local_id].state, L2TP_SESSION_ESTABLISHED);
	}
	for (uint16_t id = 0; id < PAIR_SESSIONS; id++)
		assert_int_equal(!!p->lac.store.sessions[id].state, !!l2tp_tunnel_session(&p->lac.tunnel, id));
	for (size_t i = 0; i < L2TP_WINDOW_MAX; i++)
		assert_int_equal(p->lac.store.messages[i].message.len, 0);
	assert_int_equal(p->lac.store.tunnel.ns, p->lac.tunnel.channel.ns);
	assert_int_equal(p->lac.store.tunnel.nr, p->lac.tunnel.channel.nr);
	assert_int_equal(p->lns.counters.at[L2TP_COUNT_rx_bad_ack] + p->lac.counters.at[L2TP_COUNT_rx_bad_ack], 0);
}

static unsigned scenario(unsigned kill, uint32_t loss, uint32_t seed)
{
	unsigned calls;

	p = pair_new();
	p->random = seed;
	p->loss = loss;
	p->lac.kill_at = kill;
	p->lac.options.hello_ms = p->lns.options.hello_ms = 0;
	p->lac.options.retries = p->lns.options.retries = 10;
	p->lac.options.setup_retries = p->lns.options.setup_retries = 6;
	live();
	run(90000);
	assert_same(kill);
	calls = p->lac.store.calls;
	pair_free(&p);
	return calls;
}

static void killed_at_every_store(void **state)
{
	unsigned calls = scenario(0, 0, 1);

	(void)state;
	assert_true(calls > 200);
	for (unsigned kill = 1; kill <= calls; kill++)
		scenario(kill, 0, 1);
}

static void killed_at_every_store_on_a_lossy_path(void **state)
{
	unsigned calls = scenario(0, 100, 77);

	(void)state;
	for (unsigned kill = 1; kill <= calls; kill++)
		scenario(kill, 100, 77);
}

// An established session survives: no event, no CDN, and the next call carries on the numbers.
static void what_is_established_goes_on(void **state)
{
	(void)state;
	p = pair_new();
	pair_open(p);
	pair_dial(p, 5);
	pair_run(p, p->now_ms + 100);
	assert_int_equal(p->lac.calls[5].up, 1);
	p->lac.log[0] = 0;
	resurrect(&p->lac);
	pair_run(p, p->now_ms + 100);
	assert_string_equal(p->lac.log, "");
	assert_int_equal(p->lac.calls[5].session.state, L2TP_SESSION_ESTABLISHED);
	assert_int_equal(p->lac.tunnel.established, 1);
	assert_int_equal(p->lac.calls[5].down + p->lns.calls[1].down, 0);
	pair_dial(p, 6);
	pair_run(p, p->now_ms + 100);
	assert_int_equal(p->lac.calls[6].up, 1);
	assert_int_equal(p->lac.calls[6].session.serial, 2);
	pair_hangup(&p->lac.calls[5], L2TP_CDN_lost_carrier);
	pair_run(p, p->now_ms + 100);
	assert_int_equal(p->lns.calls[1].down, 1);
	pair_free(&p);
}

static void what_was_half_done_is_torn_down(void **state)
{
	(void)state;
	p = pair_new();
	pair_open(p);
	p->lns.verdict = L2TP_CALL_DEFER;
	pair_dial(p, 5);
	pair_run(p, p->now_ms + 100);
	resurrect(&p->lac);
	assert_int_equal(p->lac.calls[5].failed, 1);
	assert_int_equal(p->lac.calls[5].reason, L2TP_REASON_resumed);
	pair_run(p, p->now_ms + 100);
	assert_int_equal(p->lac.calls[5].gone, 1);
	assert_int_equal(p->lns.calls[1].failed, 1);
	assert_int_equal(p->lns.tunnel.sessions, 0);
	pair_free(&p);
	// A tunnel that was being set up: StopCCN.
	p = pair_new();
	p->lac.is_deaf = true;
	assert_int_equal(l2tp_tunnel_open(&p->lac.tunnel, 11, &p->lns.address, 0, p->now_ms), 0);
	pair_run(p, p->now_ms + 100);
	p->lac.is_deaf = false;
	resurrect(&p->lac);
	assert_int_equal(p->lac.failed, 1);
	pair_run(p, p->now_ms + 60000);
	assert_int_equal(p->lns.failed, 1);
	assert_int_equal(p->lac.gone + p->lns.gone, 2);
	pair_free(&p);
}

static void records_that_make_no_sense(void **state)
{
	struct l2tp_tunnel_record tunnel = {.local_id = 11, .peer_id = 22, .state = L2TP_TUNNEL_ESTABLISHED};
	struct l2tp_session_record session = {.local_id = 5, .peer_id = 6, .state = L2TP_SESSION_ESTABLISHED};
	struct l2tp_session memory = {0};
	uint8_t bytes[16] = {0};
	struct l2tp_stored_message message = {.ns = 3, .type = L2TP_hello, .len = 16, .bytes = bytes};

	(void)state;
	p = pair_new();
	tunnel.state = 0;
	assert_int_equal(l2tp_tunnel_resume(&p->lac.tunnel, &tunnel, 0), -EINVAL);
	tunnel.state = L2TP_TUNNEL_STATES;
	assert_int_equal(l2tp_tunnel_resume(&p->lac.tunnel, &tunnel, 0), -EINVAL);
	tunnel.state = L2TP_TUNNEL_ESTABLISHED;
	tunnel.secret = 2;
	assert_int_equal(l2tp_tunnel_resume(&p->lac.tunnel, &tunnel, 0), -EINVAL);
	tunnel.secret = 0;
	tunnel.peer_id = 0;
	assert_int_equal(l2tp_tunnel_resume(&p->lac.tunnel, &tunnel, 0), -EINVAL);
	tunnel.peer_id = 22;
	assert_int_equal(l2tp_tunnel_resume(&p->lac.tunnel, &tunnel, 0), 0);
	session.peer_id = 0;
	assert_int_equal(l2tp_session_resume(&p->lac.tunnel, &memory, &session), -EINVAL);
	session.peer_id = 6;
	session.state = L2TP_SESSION_STATES;
	assert_int_equal(l2tp_session_resume(&p->lac.tunnel, &memory, &session), -EINVAL);
	session.state = L2TP_SESSION_ESTABLISHED;
	assert_int_equal(l2tp_session_resume(&p->lac.tunnel, &memory, &session), 0);
	assert_int_equal(l2tp_session_resume(&p->lac.tunnel, &memory, &session), -EEXIST);
	// A message that does not join Ns: the channel cannot go on, so the tunnel ends.
	assert_int_equal(l2tp_tunnel_resume_message(&p->lac.tunnel, &message), 0);
	l2tp_tunnel_resume_done(&p->lac.tunnel, p->now_ms);
	assert_int_equal(p->lac.down, 1);
	assert_int_equal(p->lac.reason, L2TP_REASON_resumed);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_at_every_store),
		cmocka_unit_test(killed_at_every_store_on_a_lossy_path),
		cmocka_unit_test(what_is_established_goes_on),
		cmocka_unit_test(what_was_half_done_is_torn_down),
		cmocka_unit_test(records_that_make_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
