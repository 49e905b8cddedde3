// SPDX-License-Identifier: Apache-2.0
// The channel alone: what it sends is noted, what it hears is made up, time is a number.
#include "proto/l2tp/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clean.h"

struct note {
	uint16_t ns, nr, type;
	bool is_zlb;
};

static struct {
	struct l2tp_channel channel;
	struct l2tp_options options;
	struct l2tp_counters counters;
	struct note sent[256];
	uint16_t delivered[256];
	size_t sent_count, delivered_count, stored, acked;
	uint64_t now_ms;
} t;

static void on_send(struct l2tp_channel *channel, const uint8_t *bytes, size_t len)
{
	struct l2tp_header header;

	assert_ptr_equal(channel, &t.channel);
	assert_int_equal(l2tp_header_parse(bytes, len, &header), 0);
	assert_int_equal(header.tunnel_id, 99);
	assert_true(t.sent_count < array_len(t.sent));
	t.sent[t.sent_count++] = (struct note){
		.ns = header.ns, .nr = header.nr, .is_zlb = l2tp_is_zlb(&header), .type = header.len ? header.payload[0] : 0};
}

static void on_deliver(struct l2tp_channel *channel, const struct l2tp_header *header, uint64_t now_ms)
{
	(void)channel;
	assert_int_equal(now_ms, t.now_ms);
	t.delivered[t.delivered_count++] = header->payload[0];
}

static void on_store(struct l2tp_channel *channel, const struct l2tp_frame *frame)
{
	(void)channel;
	assert_int_equal(frame->sends, 0);
	t.stored++;
}

static void on_sent(struct l2tp_channel *channel, const struct l2tp_frame *frame, uint64_t now_ms)
{
	(void)channel;
	(void)frame;
	(void)now_ms;
}

static void on_acked(struct l2tp_channel *channel, const struct l2tp_frame *frame, uint64_t now_ms)
{
	(void)channel;
	(void)frame;
	(void)now_ms;
	t.acked++;
}

static const struct l2tp_channel_ops ops = {
	.send = on_send, .deliver = on_deliver, .store = on_store, .sent = on_sent, .acked = on_acked};

static int setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	l2tp_options_default(&t.options);
	t.options.send_window = L2TP_WINDOW_MAX;
	l2tp_channel_init(&t.channel, &ops, &t.options, &t.counters);
	t.channel.peer_tunnel_id = 99;
	t.channel.is_setup = false;
	l2tp_channel_set_window(&t.channel, 8);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	l2tp_channel_fini(&t.channel);
	return 0;
}

static void queue(enum l2tp_class class, uint8_t tag)
{
	assert_int_equal(l2tp_channel_send(&t.channel, class, L2TP_hello, NULL, 0, 0, &tag, 1, NULL), 0);
}

static void push(void)
{
	l2tp_channel_push(&t.channel, t.now_ms);
}

static void hear(uint16_t ns, uint16_t nr, uint8_t tag)
{
	const struct l2tp_header header = {.flags = L2TP_CONTROL_FLAGS, .ns = ns, .nr = nr, .payload = &tag, .len = tag ? 1 : 0};

	l2tp_channel_recv(&t.channel, &header, t.now_ms);
}

static void hear_ack(uint16_t nr)
{
	hear(0, nr, 0);
	push();
}

static void tick(uint64_t now_ms)
{
	t.now_ms = now_ms;
	l2tp_channel_tick(&t.channel, now_ms);
}

// The trace of appendix A, message by message: CWND 1, 2, 3 ... by one for each acknowledgment up to SSTHRESH (the peer's window), never more.
static void slow_start_as_in_appendix_a(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < 40; i++)
		queue(L2TP_CLASS_TUNNEL, i + 1);
	push();
	assert_int_equal(t.sent_count, 1);
	for (uint16_t nr = 1, cwnd = 2; nr < 20; nr++, cwnd++) {
		hear_ack(nr);
		assert_int_equal(t.channel.cwnd, cwnd < 8 ? cwnd : 8);
		assert_int_equal(t.sent_count, nr + (cwnd < 8 ? cwnd : 8));
	}
	for (size_t i = 0; i < t.sent_count; i++)
		assert_int_equal(t.sent[i].ns, i);
}

// A time-out halves SSTHRESH and shuts the window to one; past SSTHRESH it opens by one for each full window acknowledged.
static void congestion_avoidance_as_in_appendix_a(void **state)
{
	// Acknowledgments after the time-out at CWND 8, and the window that each leaves.
	static const uint16_t cwnd[] = {2, 3, 4, 4, 4, 4, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 7};

	(void)state;
	for (uint8_t i = 0; i < 100; i++)
		queue(L2TP_CLASS_TUNNEL, i + 1);
	push();
	for (uint16_t nr = 1; nr <= 7; nr++)
		hear_ack(nr);
	assert_int_equal(t.channel.cwnd, 8);
	tick(1000);
	assert_int_equal(t.channel.ssthresh, 4);
	assert_int_equal(t.channel.cwnd, 1);
	for (size_t i = 0; i < array_len(cwnd); i++) {
		hear_ack((uint16_t)(8 + i));
		assert_int_equal(t.channel.cwnd, cwnd[i]);
	}
}

// 1, 2, 4, 8, 8, 8: a full cycle is 31 s; Ns stays, Nr is the newest.
static void repeats_back_off_and_end(void **state)
{
	static const uint64_t at[] = {1000, 3000, 7000, 15000, 23000};

	(void)state;
	assert_int_equal(l2tp_cycle_ms(&t.options), 31000);
	queue(L2TP_CLASS_TUNNEL, 1);
	push();
	for (size_t i = 0; i < array_len(at); i++) {
		assert_int_equal(l2tp_channel_next(&t.channel), at[i]);
		tick(at[i] - 1);
		assert_int_equal(t.sent_count, 1 + i);
		hear((uint16_t)i, 0, 7); // something comes, which the repeat acknowledges
		tick(at[i]);
		assert_int_equal(t.sent[1 + i].ns, 0);
		assert_int_equal(t.sent[1 + i].nr, i + 1);
		assert_false(t.sent[1 + i].is_zlb);
	}
	assert_int_equal(t.stored, 1);
	tick(30999);
	assert_false(t.channel.is_lost);
	tick(31000);
	assert_true(t.channel.is_lost);
	assert_int_equal(l2tp_channel_next(&t.channel), L2TP_NEVER);
	assert_int_equal(t.counters.at[L2TP_COUNT_tx_retransmits], 5);
}

static void setup_has_its_own_patience(void **state)
{
	(void)state;
	t.channel.is_setup = true;
	t.options.setup_retransmit_ms = 250;
	queue(L2TP_CLASS_TUNNEL, 1);
	push();
	tick(250);
	tick(750);
	assert_int_equal(t.sent_count, 3);
	assert_int_equal(l2tp_channel_next(&t.channel), 1750);
	tick(1750);
	assert_true(t.channel.is_lost);
}

// After the time-out one acknowledgment that covers all in flight sends none of them again.
static void one_lost_of_many(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < 12; i++)
		queue(L2TP_CLASS_TUNNEL, i + 1);
	push();
	for (uint16_t nr = 1; nr <= 3; nr++)
		hear_ack(nr);
	assert_int_equal(t.sent_count, 7); // 3 to 6 are in flight
	tick(1000);
	assert_int_equal(t.sent_count, 8);
	assert_int_equal(t.sent[7].ns, 3);
	hear_ack(7);
	assert_int_equal(t.acked, 7);
	assert_int_equal(t.sent[8].ns, 7);
	assert_int_equal(t.sent[9].ns, 8);
	assert_int_equal(t.sent_count, 10);
}

// All in flight are lost: they are sent again in order, window by window, before anything new.
static void all_lost(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < 12; i++)
		queue(L2TP_CLASS_TUNNEL, i + 1);
	push();
	for (uint16_t nr = 1; nr <= 3; nr++)
		hear_ack(nr);
	tick(1000);
	hear_ack(4);
	hear_ack(5);
	hear_ack(6);
	const uint16_t want[] = {3, 4, 5, 6, 7, 8};

	for (size_t i = 0; i < array_len(want); i++)
		assert_int_equal(t.sent[7 + i].ns, want[i]);
}

static void an_ack_of_what_was_never_sent(void **state)
{
	(void)state;
	queue(L2TP_CLASS_TUNNEL, 1);
	push();
	hear(0, 2, 5);
	assert_int_equal(t.delivered_count, 0);
	assert_int_equal(t.counters.at[L2TP_COUNT_rx_bad_ack], 1);
	hear(0, 1, 5);
	assert_int_equal(t.delivered_count, 1);
	hear(1, 0, 6); // an older one is fine
	assert_int_equal(t.delivered_count, 2);
	assert_int_equal(t.acked, 1);
}

static void early_messages_wait_for_the_gap(void **state)
{
	static const uint8_t order[] = {3, 1, 4, 2, 0};

	(void)state;
	for (size_t i = 0; i < array_len(order); i++) {
		hear(order[i], 0, (uint8_t)(10 + order[i]));
		if (order[i])
			assert_int_equal(t.delivered_count, 0);
	}
	assert_int_equal(t.delivered_count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(t.delivered[i], 10 + i);
	l2tp_channel_flush(&t.channel);
	assert_int_equal(t.sent_count, 1); // one acknowledgment for all
	assert_int_equal(t.sent[0].nr, 5);
	assert_int_equal(t.channel.early_count, 0);
}

// The gap is filled in part: only what is in turn is delivered.
static void early_messages_with_two_gaps(void **state)
{
	(void)state;
	hear(1, 0, 11);
	hear(3, 0, 13);
	hear(3, 0, 13); // again
	hear(0, 0, 10);
	assert_int_equal(t.delivered_count, 2);
	assert_int_equal(t.channel.nr, 2);
	hear(2, 0, 12);
	assert_int_equal(t.delivered_count, 4);
	assert_int_equal(t.delivered[3], 13);
}

static void early_messages_are_bounded(void **state)
{
	(void)state;
	t.options.receive_window = 4;
	for (uint16_t ns = 1; ns < 10; ns++)
		hear(ns, 0, 1);
	assert_int_equal(t.channel.early_count, 3);
	assert_int_equal(t.counters.at[L2TP_COUNT_rx_beyond_window], 6);
	t.options.receive_window = 1000;
	for (uint16_t ns = 1; ns < 100; ns++)
		hear(ns, 0, 1);
	assert_int_equal(t.channel.early_count, L2TP_EARLY_MAX);
}

static void duplicates_are_acknowledged_and_not_delivered(void **state)
{
	(void)state;
	hear(0, 0, 1);
	l2tp_channel_flush(&t.channel);
	l2tp_channel_flush(&t.channel);
	assert_int_equal(t.sent_count, 1);
	hear(0, 0, 1);
	l2tp_channel_flush(&t.channel);
	assert_int_equal(t.sent_count, 2);
	assert_true(t.sent[1].is_zlb);
	assert_int_equal(t.sent[1].nr, 1);
	assert_int_equal(t.delivered_count, 1);
	// A ZLB is no message: it is neither delivered nor acknowledged.
	hear(0, 0, 0);
	l2tp_channel_flush(&t.channel);
	assert_int_equal(t.sent_count, 2);
}

static void an_ack_rides_on_a_message(void **state)
{
	(void)state;
	t.options.ack_delay_ms = 50;
	hear(0, 0, 1);
	assert_int_equal(l2tp_channel_next(&t.channel), 50);
	queue(L2TP_CLASS_TUNNEL, 1);
	push();
	assert_int_equal(t.sent_count, 1);
	assert_int_equal(t.sent[0].nr, 1);
	tick(50);
	assert_int_equal(t.sent_count, 1);
	hear(1, 0, 1);
	tick(99);
	assert_int_equal(t.sent_count, 1);
	tick(100);
	assert_true(t.sent[1].is_zlb);
	assert_int_equal(t.sent[1].ns, 1); // the next one's, which it does not use up
}

// Through the wrap of the 16 bits, both ways.
static void numbers_wrap(void **state)
{
	(void)state;
	t.channel.ns = 65530;
	t.channel.nr = 65530;
	for (int i = 0; i < 12; i++) {
		queue(L2TP_CLASS_TUNNEL, 1);
		push();
		hear((uint16_t)(65530 + i), (uint16_t)(65530 + i + 1), 1);
	}
	assert_int_equal(t.acked, 12);
	assert_int_equal(t.delivered_count, 12);
	assert_int_equal(t.channel.ns, 6);
	hear(65530, 6, 1); // long ago, not far ahead
	assert_int_equal(t.delivered_count, 12);
	assert_int_equal(t.channel.early_count, 0);
}

static void classes_share_the_window(void **state)
{
	uint8_t starts = 0;

	(void)state;
	for (int i = 0; i < 40; i++) {
		queue(L2TP_CLASS_START, 3);
		queue(L2TP_CLASS_FINISH, 2);
	}
	queue(L2TP_CLASS_TUNNEL, 1);
	push();
	assert_int_equal(t.sent[0].type, 1);
	for (uint16_t nr = 1; t.sent_count < 33; nr++)
		hear_ack(nr);
	for (size_t i = 1; i <= 32; i++)
		starts += t.sent[i].type == 3;
	assert_int_equal(starts, 8);
}

static void the_queue_is_bounded_for_what_begins(void **state)
{
	const uint8_t tag = 1;

	(void)state;
	t.options.queue_max = 3;
	for (int i = 0; i < 3; i++)
		queue(L2TP_CLASS_START, 1);
	assert_int_equal(l2tp_channel_send(&t.channel, L2TP_CLASS_START, 1, NULL, 0, 0, &tag, 1, NULL), -ENOBUFS);
	assert_int_equal(l2tp_channel_send(&t.channel, L2TP_CLASS_FINISH, 1, NULL, 0, 0, &tag, 1, NULL), -ENOBUFS);
	assert_int_equal(l2tp_channel_send(&t.channel, L2TP_CLASS_TUNNEL, 1, NULL, 0, 0, &tag, 1, NULL), 0);
	assert_int_equal(l2tp_channel_send(&t.channel, L2TP_CLASS_TUNNEL, 1, NULL, 0, 0, &tag, 1389, NULL), -EMSGSIZE);
}

static void a_waiting_message_is_taken_back(void **state)
{
	struct l2tp_frame *frames[3];
	const uint8_t tags[] = {1, 2, 3};

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(l2tp_channel_send(&t.channel, L2TP_CLASS_START, 1, NULL, 0, 0, &tags[i], 1, &frames[i]), 0);
	l2tp_channel_cancel(&t.channel, frames[1]);
	push();
	hear_ack(1);
	assert_int_equal(t.sent_count, 2);
	assert_int_equal(t.sent[0].type, 1);
	assert_int_equal(t.sent[1].type, 3);
	assert_int_equal(t.sent[1].ns, 1); // no hole where it was
	queue(L2TP_CLASS_START, 4);
	assert_int_equal(l2tp_channel_send(&t.channel, L2TP_CLASS_START, 1, NULL, 0, 0, &tags[0], 1, &frames[0]), 0);
	l2tp_channel_cancel(&t.channel, frames[0]); // the last one
	queue(L2TP_CLASS_START, 5);
	hear_ack(2);
	assert_int_equal(t.sent[2].type, 4);
	assert_int_equal(t.sent[3].type, 5);
}

// A path of 400 ms with a first wait of 250 ms: once measured, nothing is repeated that was not lost.
static void the_wait_learns_the_round_trip(void **state)
{
	(void)state;
	t.options.retransmit_ms = 250;
	assert_int_equal(l2tp_channel_rtt_us(&t.channel), L2TP_RTT_UNKNOWN);
	for (uint16_t nr = 1; nr <= 10; nr++) {
		uint64_t start = t.now_ms;

		queue(L2TP_CLASS_TUNNEL, 1);
		push();
		for (uint64_t next; (next = l2tp_channel_next(&t.channel)) < start + 400;)
			tick(next);
		t.now_ms = start + 400;
		if (nr == 1) {
			t.channel.flight->sends = 1; // as if it had not been repeated
			t.channel.timeout_ms = 0;
		}
		hear_ack(nr);
	}
	assert_int_equal(l2tp_channel_rtt_us(&t.channel), 400000);
	assert_int_equal(t.counters.at[L2TP_COUNT_tx_retransmits], 1);
}

static void our_own_limit_holds_too(void **state)
{
	(void)state;
	t.options.send_window = 2;
	for (int i = 0; i < 20; i++)
		queue(L2TP_CLASS_TUNNEL, 1);
	push();
	for (uint16_t nr = 1; nr < 10; nr++) {
		hear_ack(nr);
		assert_int_equal(t.channel.in_flight, 2);
	}
}

// RFC 2661 4.4.3: without the AVP the window is four.
static void the_peers_window_when_it_is_silent(void **state)
{
	(void)state;
	l2tp_channel_set_window(&t.channel, 0);
	for (int i = 0; i < 20; i++)
		queue(L2TP_CLASS_TUNNEL, 1);
	push();
	for (uint16_t nr = 1; nr < 10; nr++)
		hear_ack(nr);
	assert_int_equal(t.channel.in_flight, 4);
}

static void resumed_messages_go_first_and_in_order(void **state)
{
	uint8_t bytes[L2TP_CONTROL_HEADER + 1];
	struct l2tp_stored_message message = {.len = sizeof(bytes), .bytes = bytes};
	struct wire_out out = wire_out(bytes, sizeof(bytes));

	(void)state;
	l2tp_header_build(&out, &(struct l2tp_header){.flags = L2TP_CONTROL_FLAGS, .len = 1});
	t.channel.ns = 7;
	t.channel.nr = 3;
	for (uint16_t ns = 6; ns >= 4; ns--) {
		bytes[12] = (uint8_t)ns;
		message.ns = ns;
		assert_int_equal(l2tp_channel_resume(&t.channel, &message, NULL), 0);
	}
	assert_int_equal(l2tp_channel_resume(&t.channel, &message, NULL), -EINVAL); // twice the same
	message.len = 11;
	assert_int_equal(l2tp_channel_resume(&t.channel, &message, NULL), -EINVAL);
	queue(L2TP_CLASS_TUNNEL, 70);
	push();
	assert_int_equal(t.sent_count, 1);
	hear_ack(5);
	hear_ack(6);
	hear_ack(7);
	const uint16_t want[] = {4, 5, 6, 7};

	assert_int_equal(t.sent_count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(t.sent[i].ns, want[i]);
		assert_int_equal(t.sent[i].nr, 3);
		assert_int_equal(t.sent[i].type, i < 3 ? want[i] : 70);
	}
	assert_int_equal(t.stored, 1);
}

#define channel_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		channel_test(slow_start_as_in_appendix_a),
		channel_test(congestion_avoidance_as_in_appendix_a),
		channel_test(repeats_back_off_and_end),
		channel_test(setup_has_its_own_patience),
		channel_test(one_lost_of_many),
		channel_test(all_lost),
		channel_test(an_ack_of_what_was_never_sent),
		channel_test(early_messages_wait_for_the_gap),
		channel_test(early_messages_with_two_gaps),
		channel_test(early_messages_are_bounded),
		channel_test(duplicates_are_acknowledged_and_not_delivered),
		channel_test(an_ack_rides_on_a_message),
		channel_test(numbers_wrap),
		channel_test(classes_share_the_window),
		channel_test(the_queue_is_bounded_for_what_begins),
		channel_test(a_waiting_message_is_taken_back),
		channel_test(the_wait_learns_the_round_trip),
		channel_test(our_own_limit_holds_too),
		channel_test(the_peers_window_when_it_is_silent),
		channel_test(resumed_messages_go_first_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
