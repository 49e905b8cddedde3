// SPDX-License-Identifier: Apache-2.0
#include "proto/l2tp/session.h"

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
	pair_open(p);
	p->lac.log[0] = p->lns.log[0] = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pair_free(&p);
	return 0;
}

static void run(uint64_t ms)
{
	pair_run(p, p->now_ms + ms);
}

static struct pair_call *dial(uint16_t id)
{
	pair_dial(p, id);
	run(100);
	return &p->lac.calls[id];
}

static struct pair_call *at_lns(const struct pair_call *call)
{
	return &p->lns.calls[call->session.peer_id];
}

static void a_call_comes_up_and_goes(void **state)
{
	struct pair_call *call = dial(7);

	(void)state;
	assert_string_equal(p->lac.log, "ICRQ ICCN ");
	assert_string_equal(p->lns.log, "ICRP ZLB ");
	assert_int_equal(call->up, 1);
	assert_int_equal(call->session.state, L2TP_SESSION_ESTABLISHED);
	assert_int_equal(at_lns(call)->up, 1);
	assert_int_equal(at_lns(call)->session.peer_id, 7);
	assert_int_equal(at_lns(call)->session.serial, 1);
	assert_int_equal(p->lac.tunnel.established, 1);
	assert_int_equal(p->lac.store.sessions[7].state, L2TP_SESSION_ESTABLISHED);
	assert_null(call->session.call);
	pair_hangup(call, L2TP_CDN_lost_carrier);
	assert_int_equal(call->gone, 0);
	run(100);
	assert_int_equal(call->down, 0); // the host knows
	assert_int_equal(call->gone, 1);
	assert_int_equal(p->lns.calls[1].down, 1);
	assert_int_equal(p->lns.calls[1].result, L2TP_CDN_lost_carrier);
	assert_int_equal(p->lns.calls[1].reason, L2TP_REASON_peer_closed);
	assert_int_equal(p->lns.calls[1].gone, 1);
	assert_int_equal(p->lac.tunnel.sessions + p->lns.tunnel.sessions, 0);
	assert_int_equal(p->lac.tunnel.established + p->lns.tunnel.established, 0);
	assert_true(l2tp_channel_idle(&p->lac.tunnel.channel));
}

static struct l2tp_msg seen;
static uint8_t seen_bytes[256];

static void note_iccn(struct pair_call *call, const struct l2tp_session_event *event)
{
	(void)call;
	if (event->type != L2TP_SESSION_UP)
		return;
	seen = *event->msg;
	if (seen.proxy_authen_response.len)
		memcpy(seen_bytes, seen.proxy_authen_response.bytes, seen.proxy_authen_response.len);
}

static void an_iccn_carries_what_the_call_says(void **state)
{
	(void)state;
	p->lns.on_session = note_iccn;
	p->lac.options.sequencing = L2TP_SEQUENCING_REQUIRED;
	p->call.proxy_authen_type = 2;
	p->call.proxy_authen_name = BYTES("sim1");
	p->call.proxy_authen_challenge = BYTES("chal");
	p->call.proxy_authen_response = BYTES("0123456789abcdef");
	p->call.proxy_authen_id = 200;
	p->call.last_sent_lcp = BYTES("\x01\x04\x05\xb4");
	p->call.private_group_id = BYTES("group");
	struct pair_call *call = dial(7);

	assert_int_equal(at_lns(call)->up, 1);
	assert_int_equal(seen.tx_connect_speed, UINT32_MAX); // 10 Gbit/s does not fit
	assert_int_equal(seen.rx_connect_speed, 50000000);
	assert_int_equal(seen.framing_type, 1);
	assert_int_equal(seen.proxy_authen_type, 2);
	assert_int_equal(seen.proxy_authen_id, 200);
	assert_int_equal(seen.proxy_authen_challenge.len, 4);
	assert_memory_equal(seen_bytes, "0123456789abcdef", 16);
	assert_true(l2tp_has(&seen, last_sent_lcp));
	assert_false(l2tp_has(&seen, last_received_lcp));
	assert_true(l2tp_has(&seen, private_group_id));
	assert_true(call->session.sequencing);
	assert_true(at_lns(call)->session.sequencing);
}

// Which proxy AVPs go with which type (RFC 2661 4.4.5).
static void proxy_avps_by_type(void **state)
{
	static const struct {
		uint16_t type;
		bool name, challenge, id, response;
	} cases[] = {{1, true, false, false, true}, {2, true, true, true, true}, {3, true, false, true, true},
		{4, false, false, false, false}, {5, true, true, true, true}};

	(void)state;
	p->lns.on_session = note_iccn;
	p->call.proxy_authen_name = p->call.proxy_authen_challenge = p->call.proxy_authen_response = BYTES("x");
	for (size_t i = 0; i < array_len(cases); i++) {
		p->call.proxy_authen_type = cases[i].type;
		dial((uint16_t)(i + 1));
		assert_int_equal(seen.proxy_authen_type, cases[i].type);
		assert_int_equal(l2tp_has(&seen, proxy_authen_name), cases[i].name);
		assert_int_equal(l2tp_has(&seen, proxy_authen_challenge), cases[i].challenge);
		assert_int_equal(l2tp_has(&seen, proxy_authen_id), cases[i].id);
		assert_int_equal(l2tp_has(&seen, proxy_authen_response), cases[i].response);
	}
}

static void the_lns_refuses_with_a_code(void **state)
{
	(void)state;
	p->lns.verdict = L2TP_CALL_REFUSE;
	p->lns.refuse_result = L2TP_CDN_busy;
	struct pair_call *call = dial(7);

	assert_int_equal(call->failed, 1);
	assert_int_equal(call->result, L2TP_CDN_busy);
	assert_int_equal(call->reason, L2TP_REASON_peer_closed);
	assert_int_equal(call->gone, 1);
	assert_int_equal(p->lns.counters.at[L2TP_COUNT_calls_refused], 1);
	assert_int_equal(p->lns.tunnel.sessions, 0);
}

// No ICRP: CDN 10 after the wait, and nothing is left on either side.
static void the_lns_does_not_answer(void **state)
{
	(void)state;
	p->lns.verdict = L2TP_CALL_IGNORE;
	p->lac.options.call_wait_ms = 1500;
	pair_dial(p, 7);
	run(1499);
	assert_int_equal(p->lac.calls[7].failed, 0);
	run(200);
	assert_int_equal(p->lac.calls[7].failed, 1);
	assert_int_equal(p->lac.calls[7].reason, L2TP_REASON_no_answer);
	assert_int_equal(p->lac.calls[7].result, L2TP_CDN_time_limit);
	assert_int_equal(p->lac.calls[7].gone, 1);
	assert_string_equal(p->lac.log, "ICRQ CDN ");
	assert_int_equal(p->lac.counters.at[L2TP_COUNT_calls_unanswered], 1);
}

// An answer that was under way when the call was given up: the LNS must not keep its half.
static void an_answer_that_comes_too_late(void **state)
{
	(void)state;
	p->lns.verdict = L2TP_CALL_DEFER;
	p->lac.options.call_wait_ms = 500;
	pair_dial(p, 7);
	run(490);
	assert_int_equal(p->lns.calls[1].session.state, L2TP_SESSION_DEFERRED);
	p->delay_ms = 100;
	l2tp_session_answer(&p->lns.calls[1].session, p->now_ms);
	run(1000);
	assert_int_equal(p->lac.calls[7].failed, 1);
	assert_int_equal(p->lac.calls[7].gone, 1);
	assert_int_equal(p->lns.calls[1].failed, 1);
	assert_int_equal(p->lns.calls[1].gone, 1);
	assert_int_equal(p->lns.tunnel.sessions, 0);
}

// The CDN is lost on a peer that knows no call by the sender's id; the ICRP that follows is refused with its own id.
static void an_icrp_for_a_call_that_is_over(void **state)
{
	static const uint8_t icrp[] = {0x80, 8, 0, 0, 0, 0, 0, 11, 0x80, 8, 0, 0, 0, 14, 0, 77};

	(void)state;
	pair_forge(&p->lns, 7, icrp, sizeof(icrp));
	assert_string_equal(p->lac.log, "CDN ");
	assert_int_equal(p->path->bytes[7], 77);
	assert_int_equal(p->lac.counters.at[L2TP_COUNT_rx_unknown_session], 1);
	assert_int_equal(p->lac.down, 0);
}

static void a_deferred_call_is_answered_later(void **state)
{
	(void)state;
	p->lns.verdict = L2TP_CALL_DEFER;
	struct pair_call *call = dial(7);

	assert_int_equal(call->up, 0);
	run(800);
	l2tp_session_answer(&p->lns.calls[1].session, p->now_ms);
	run(100);
	assert_int_equal(call->up, 1);
	assert_int_equal(p->lns.calls[1].up, 1);
}

static void an_lns_that_never_gets_the_iccn(void **state)
{
	static const uint8_t icrq[] = {0x80, 8, 0, 0, 0, 0, 0, 10, 0x80, 8, 0, 0, 0, 14, 0, 9, 0x80, 10, 0, 0, 0, 15, 0, 0, 0, 1};

	(void)state;
	p->lac.is_deaf = true;
	pair_forge(&p->lac, 0, icrq, sizeof(icrq));
	run(1600);
	assert_int_equal(p->lns.calls[1].failed, 1);
	assert_int_equal(p->lns.calls[1].reason, L2TP_REASON_no_answer);
}

static void a_call_waits_for_its_tunnel(void **state)
{
	(void)state;
	pair_free(&p);
	p = pair_new();
	assert_int_equal(l2tp_session_dial(&p->lac.tunnel, &p->lac.calls[1].session, 1, &p->call, p->now_ms), -ENOTCONN);
	assert_int_equal(l2tp_tunnel_open(&p->lac.tunnel, 11, &p->lns.address, 0, p->now_ms), 0);
	pair_dial(p, 7);
	pair_dial(p, 8);
	assert_int_equal(p->lac.calls[7].session.state, L2TP_SESSION_WAIT_TUNNEL);
	pair_hangup(&p->lac.calls[8], L2TP_CDN_lost_carrier);
	assert_int_equal(p->lac.calls[8].gone, 1); // at once
	run(100);
	assert_int_equal(p->lac.calls[7].up, 1);
	assert_string_equal(p->lac.log, "SCCRQ SCCCN ICRQ ICCN ");
}

static void a_call_whose_tunnel_never_comes(void **state)
{
	(void)state;
	pair_free(&p);
	p = pair_new();
	p->lns.is_deaf = true;
	assert_int_equal(l2tp_tunnel_open(&p->lac.tunnel, 11, &p->lns.address, 0, p->now_ms), 0);
	pair_dial(p, 7);
	run(8000);
	assert_int_equal(p->lac.calls[7].failed, 1);
	assert_int_equal(p->lac.calls[7].reason, L2TP_REASON_tunnel);
	assert_int_equal(p->lac.calls[7].gone, 1);
	assert_int_equal(l2tp_session_dial(&p->lac.tunnel, &p->lac.calls[9].session, 9, &p->call, p->now_ms), -ENOTCONN);
}

// In every state of the dialling a hang-up leaves nothing on either side.
static void a_hangup_at_any_moment(void **state)
{
	(void)state;
	for (uint64_t after = 0; after < 40; after++) {
		uint16_t id = (uint16_t)(100 + after);

		pair_dial(p, id);
		run(after);
		pair_hangup(&p->lac.calls[id], L2TP_CDN_lost_carrier);
		pair_hangup(&p->lac.calls[id], L2TP_CDN_lost_carrier); // twice is once
		run(500);
		assert_int_equal(p->lac.calls[id].gone, 1);
		assert_int_equal(p->lac.tunnel.sessions, 0);
		assert_int_equal(p->lns.tunnel.sessions, 0);
	}
	assert_int_equal(p->lac.down + p->lns.down, 0);
}

static void both_hang_up_at_once(void **state)
{
	struct pair_call *call = dial(7);

	(void)state;
	pair_hangup(at_lns(call), L2TP_CDN_administrative);
	pair_hangup(call, L2TP_CDN_lost_carrier);
	run(200);
	assert_int_equal(call->gone, 1);
	assert_int_equal(p->lns.calls[1].gone, 1);
	assert_int_equal(p->lac.tunnel.sessions + p->lns.tunnel.sessions, 0);
}

static void the_lns_hangs_up_and_says_why(void **state)
{
	const struct l2tp_disconnect why = {.code = L2TP_DISCONNECT_auth_failed, .protocol = 0xc223, .direction = 1};
	struct pair_call *call = dial(7);

	(void)state;
	l2tp_session_hangup(&at_lns(call)->session, L2TP_CDN_administrative, L2TP_ERROR_none, &why, "bad password", p->now_ms);
	run(100);
	assert_int_equal(call->down, 1);
	assert_int_equal(call->disconnect.code, L2TP_DISCONNECT_auth_failed);
	assert_int_equal(call->disconnect.protocol, 0xc223);
	assert_string_equal(call->text, "bad password");
	assert_int_equal(call->gone, 1);
}

static void sli_and_wen_are_accepted(void **state)
{
	struct pair_call *call = dial(7);

	(void)state;
	assert_int_equal(l2tp_session_sli(&at_lns(call)->session, &(struct l2tp_accm){0xffffffff, 0xffffffff}, p->now_ms), 0);
	assert_int_equal(l2tp_session_wen(&call->session, &(struct l2tp_call_errors){.crc = 1}, p->now_ms), 0);
	assert_int_equal(l2tp_session_wen(&call->session, &(struct l2tp_call_errors){.crc = 2}, p->now_ms), -EAGAIN);
	run(100);
	assert_int_equal(call->info, 1);
	assert_int_equal(at_lns(call)->info, 1);
	run(60000);
	assert_int_equal(l2tp_session_wen(&call->session, &(struct l2tp_call_errors){.crc = 2}, p->now_ms), 0);
	// An SLI with nothing sound in it does no harm either.
	static const uint8_t sli[] = {0x80, 8, 0, 0, 0, 0, 0, 16, 0x00, 7, 0, 0, 0, 35, 1};

	run(100);
	pair_forge(&p->lns, 7, sli, sizeof(sli));
	assert_int_equal(call->down, 0);
}

static void outgoing_calls_are_refused(void **state)
{
	static const uint8_t ocrq[] = {0x80, 8, 0, 0, 0, 0, 0, 7, 0x80, 8, 0, 0, 0, 14, 0, 9, 0x80, 10, 0, 0, 0, 15, 0, 0, 0, 1,
		0x80, 10, 0, 0, 0, 16, 0, 0, 0, 1, 0x80, 10, 0, 0, 0, 17, 0, 0, 0, 1, 0x80, 10, 0, 0, 0, 18, 0, 0, 0, 1, 0x80, 10,
		0, 0, 0, 19, 0, 0, 0, 1, 0x80, 7, 0, 0, 0, 21, '1'};
	struct l2tp_header header;
	struct l2tp_fault fault;
	struct l2tp_msg msg;

	(void)state;
	pair_forge(&p->lns, 0, ocrq, sizeof(ocrq));
	assert_string_equal(p->lac.log, "CDN ");
	assert_int_equal(l2tp_header_parse(p->path->bytes, p->path->len, &header), 0);
	assert_int_equal(header.session_id, 9);
	assert_int_equal(l2tp_msg_decode(header.payload, header.len, NULL, &msg, &fault), 0);
	assert_int_equal(msg.result.code, L2TP_CDN_permanent);
	assert_int_not_equal(msg.assigned_session_id, 0);
	assert_int_equal(p->lac.down, 0);
	// One with a fault gets its fault.
	pair_forge(&p->lns, 0, ocrq, 16);
	assert_int_equal(p->lac.counters.at[L2TP_COUNT_calls_refused], 2);
	assert_int_equal(p->lac.counters.at[L2TP_COUNT_rx_malformed], 1);
	assert_int_equal(p->lac.down, 0);
}

// A LAC is asked for an incoming call when it takes none.
static void incoming_calls_are_refused_where_nobody_takes_them(void **state)
{
	static const uint8_t icrq[] = {0x80, 8, 0, 0, 0, 0, 0, 10, 0x80, 8, 0, 0, 0, 14, 0, 9, 0x80, 10, 0, 0, 0, 15, 0, 0, 0, 1};
	struct l2tp_ops ops = pair_ops;

	(void)state;
	ops.incoming_call = NULL;
	p->lac.tunnel.ops = &ops;
	pair_forge(&p->lns, 0, icrq, sizeof(icrq));
	assert_string_equal(p->lac.log, "CDN ");
	assert_int_equal(p->lac.tunnel.sessions, 0);
	p->lac.tunnel.ops = &pair_ops;
}

// go-l2tp's rule never fired: an unknown AVP with M in a session's message ends that session, and only that one.
static void a_bad_message_ends_its_session_only(void **state)
{
	static const struct {
		uint8_t avps[24];
		size_t len;
		uint16_t error;
	} cases[] = {
		{{0x80, 8, 0, 0, 0, 0, 0, 16, 0x80, 7, 0, 0, 0x30, 0x39, 1}, 15, L2TP_ERROR_unknown_avp},
		{{0x80, 8, 0, 0, 0, 0, 0, 15, 0x80, 9, 0, 0, 0, 34, 0, 0, 0}, 17, L2TP_ERROR_length},
		{{0x80, 8, 0, 0, 0, 0, 0, 12}, 8, L2TP_ERROR_range}, // an ICCN without its AVPs
		{{0x80, 8, 0, 0, 0, 0, 0, 16, 0x80, 3, 0, 0, 0, 35}, 14, L2TP_ERROR_length},
	};

	(void)state;
	struct pair_call *other = dial(500);

	for (size_t i = 0; i < array_len(cases); i++) {
		struct pair_call *call = dial((uint16_t)(i + 1));

		pair_forge(&p->lns, (uint16_t)(i + 1), cases[i].avps, cases[i].len);
		assert_int_equal(call->down, 1);
		assert_int_equal(call->reason, L2TP_REASON_malformed);
		assert_int_equal(call->result, L2TP_CDN_error);
		assert_int_equal(call->error, cases[i].error);
		run(100);
		assert_int_equal(call->gone, 1);
	}
	assert_int_equal(other->down, 0);
	assert_int_equal(p->lac.down, 0);
	assert_int_equal(p->lns.tunnel.sessions, 1);
}

// RFC 2661 7.4.1: what a LAC must not hear in these states. CDN, and the other sessions live on.
static void illegal_messages_end_the_session(void **state)
{
	static const uint8_t types[] = {10, 11, 12, 8, 9};
	uint8_t avps[] = {0x80, 8, 0, 0, 0, 0, 0, 0, 0x80, 8, 0, 0, 0, 14, 0, 9, 0x80, 10, 0, 0, 0, 15, 0, 0, 0, 1, 0x80, 10, 0,
		0, 0, 24, 0, 0, 0, 1, 0x80, 10, 0, 0, 0, 19, 0, 0, 0, 1};

	(void)state;
	for (size_t i = 0; i < array_len(types); i++) {
		struct pair_call *call = dial((uint16_t)(i + 1));

		avps[7] = types[i];
		pair_forge(&p->lns, (uint16_t)(i + 1), avps, sizeof(avps));
		assert_int_equal(call->down, 1);
		assert_int_equal(call->reason, L2TP_REASON_unexpected);
		assert_int_equal(p->lac.counters.at[L2TP_COUNT_rx_unexpected], i + 1);
		run(100);
		assert_int_equal(call->gone, 1);
		assert_int_equal(p->lns.tunnel.sessions, 0);
	}
	assert_int_equal(p->lac.down, 0);
}

static void the_icrq_that_never_left_is_not_hung_up(void **state)
{
	(void)state;
	for (uint16_t id = 1; id <= 30; id++)
		pair_dial(p, id);
	pair_hangup(&p->lac.calls[30], L2TP_CDN_lost_carrier);
	assert_int_equal(p->lac.calls[30].gone, 1);
	run(2000);
	assert_int_equal(p->lac.tunnel.established, 29);
	assert_null(strstr(p->lac.log, "CDN"));
}

static void ids_are_checked(void **state)
{
	(void)state;
	dial(7);
	assert_int_equal(l2tp_session_dial(&p->lac.tunnel, &p->lac.calls[8].session, 7, &p->call, p->now_ms), -EEXIST);
	assert_int_equal(l2tp_session_dial(&p->lac.tunnel, &p->lac.calls[8].session, 0, &p->call, p->now_ms), -EINVAL);
	p->lac.options.queue_max = 0;
	assert_int_equal(l2tp_session_dial(&p->lac.tunnel, &p->lac.calls[8].session, 8, &p->call, p->now_ms), -ENOBUFS);
	assert_int_equal(p->lac.tunnel.sessions, 1);
}

static void an_iccn_that_does_not_fit(void **state)
{
	static const uint8_t big[1000];

	(void)state;
	p->call.last_sent_lcp = p->call.last_received_lcp = (struct l2tp_bytes){big, sizeof(big)};
	struct pair_call *call = dial(7);

	assert_int_equal(call->failed, 1);
	assert_int_equal(call->reason, L2TP_REASON_resources);
	assert_int_equal(call->gone, 1);
	assert_int_equal(p->lns.tunnel.sessions, 0);
}

// The tunnel goes with 3,000 calls: each is told once, in portions, and all memory is given back.
static void a_tunnel_goes_with_all_its_calls(void **state)
{
	(void)state;
	for (uint16_t id = 1; id <= 3000; id++)
		pair_dial(p, id);
	run(60000);
	assert_int_equal(p->lac.tunnel.established, 3000);
	l2tp_tunnel_close(&p->lns.tunnel, L2TP_STOP_shutdown, L2TP_ERROR_none, NULL, p->now_ms);
	l2tp_tunnel_tick(&p->lns.tunnel, p->now_ms);
	assert_in_range(p->lns.tunnel.sessions, 2000, 2900);
	run(100);
	for (uint16_t id = 1; id <= 3000; id++) {
		assert_int_equal(p->lac.calls[id].down, 1);
		assert_int_equal(p->lac.calls[id].reason, L2TP_REASON_tunnel);
		assert_int_equal(p->lac.calls[id].result, L2TP_STOP_shutdown);
		assert_int_equal(p->lac.calls[id].gone, 1);
	}
	run(40000);
	assert_int_equal(p->lac.gone + p->lns.gone, 2);
}

static void hang_up_in_the_event(struct pair_call *call, const struct l2tp_session_event *event)
{
	if (event->type == L2TP_SESSION_UP)
		pair_hangup(call, L2TP_CDN_administrative);
}

static void close_in_the_event(struct pair_call *call, const struct l2tp_session_event *event)
{
	if (event->type == L2TP_SESSION_UP || event->type == L2TP_SESSION_DOWN)
		l2tp_tunnel_close(call->session.tunnel, L2TP_STOP_clear, L2TP_ERROR_none, NULL, p->now_ms);
}

static void dial_again_in_the_event(struct pair_call *call, const struct l2tp_session_event *event)
{
	if (event->type == L2TP_SESSION_FAILED && call->session.local_id < 20)
		pair_dial(p, (uint16_t)(call->session.local_id + 1));
}

static void the_host_acts_within_events(void **state)
{
	(void)state;
	p->lac.on_session = hang_up_in_the_event;
	struct pair_call *call = dial(1);

	assert_int_equal(call->up, 1);
	assert_int_equal(call->gone, 1);
	p->lac.on_session = dial_again_in_the_event;
	p->lns.verdict = L2TP_CALL_REFUSE;
	pair_dial(p, 2);
	run(2000);
	assert_int_equal(p->lac.calls[20].gone, 1);
	p->lns.verdict = L2TP_CALL_ACCEPT;
	p->lac.on_session = close_in_the_event;
	for (uint16_t id = 30; id < 60; id++)
		pair_dial(p, id);
	run(40000);
	assert_int_equal(p->lac.gone + p->lns.gone, 2);
	for (uint16_t id = 30; id < 60; id++)
		assert_int_equal(p->lac.calls[id].gone, 1);
}

#define session_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		session_test(a_call_comes_up_and_goes),
		session_test(an_iccn_carries_what_the_call_says),
		session_test(proxy_avps_by_type),
		session_test(the_lns_refuses_with_a_code),
		session_test(the_lns_does_not_answer),
		session_test(an_answer_that_comes_too_late),
		session_test(an_icrp_for_a_call_that_is_over),
		session_test(a_deferred_call_is_answered_later),
		session_test(an_lns_that_never_gets_the_iccn),
		session_test(a_call_waits_for_its_tunnel),
		session_test(a_call_whose_tunnel_never_comes),
		session_test(a_hangup_at_any_moment),
		session_test(both_hang_up_at_once),
		session_test(the_lns_hangs_up_and_says_why),
		session_test(sli_and_wen_are_accepted),
		session_test(outgoing_calls_are_refused),
		session_test(incoming_calls_are_refused_where_nobody_takes_them),
		session_test(a_bad_message_ends_its_session_only),
		session_test(illegal_messages_end_the_session),
		session_test(the_icrq_that_never_left_is_not_hung_up),
		session_test(ids_are_checked),
		session_test(an_iccn_that_does_not_fit),
		session_test(a_tunnel_goes_with_all_its_calls),
		session_test(the_host_acts_within_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
