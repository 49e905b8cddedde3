// SPDX-License-Identifier: Apache-2.0
// The reliable channel (RFC 2661 5.8, appendix A).
//
// A message is a frame on the heap from the moment it is queued until the peer has acknowledged it. Waiting frames have no Ns: they stand in
// three classes (channel.h) and may be taken back. When the windows let one go it gets the next Ns, is stored by the host, is sent and moves to
// the list in flight, which is ordered by Ns and never changes its order. An acknowledgment takes frames off its head. A time-out of the head
// closes the congestion window to one and sends what is in flight again, one window after the other, from the head (`resend`); Nr is refreshed
// in each copy, Ns is not. The wait doubles from the initial value (or what the measured round trip asks for, if that is longer) to the cap.
//
// Received messages are delivered in order and once; a few that came early wait in `early`. An acknowledgment that is owed rides on the next
// message, or goes alone by l2tp_channel_flush or the tick, whichever is first. A duplicate is acknowledged again: its first answer was lost.
#include "proto/l2tp/channel.h"

#include <stdlib.h>

#define AT_TUNNEL_ID 4 // offsets in a control header
#define AT_NS 8
#define AT_NR 10
#define DEFAULT_WINDOW 4 // until the peer tells, and when it does not (RFC 2661 4.4.3)

static int16_t serial_cmp(uint16_t a, uint16_t b)
{
	return (int16_t)(uint16_t)(a - b);
}

static void queue_init(struct l2tp_queue *queue)
{
	*queue = (struct l2tp_queue){.tail = &queue->head};
}

static void queue_add(struct l2tp_queue *queue, struct l2tp_frame *frame)
{
	frame->next = NULL;
	frame->link = queue->tail;
	*queue->tail = frame;
	queue->tail = &frame->next;
	queue->count++;
}

static void queue_take(struct l2tp_queue *queue, struct l2tp_frame *frame)
{
	*frame->link = frame->next;
	if (frame->next)
		frame->next->link = frame->link;
	else
		queue->tail = frame->link;
	frame->next = NULL;
	frame->link = NULL;
	queue->count--;
}

void l2tp_channel_init(struct l2tp_channel *channel, const struct l2tp_channel_ops *ops, const struct l2tp_options *options,
	struct l2tp_counters *counters)
{
	*channel = (struct l2tp_channel){.ops = ops,
		.options = options,
		.counters = counters,
		.window = DEFAULT_WINDOW,
		.cwnd = 1,
		.ssthresh = DEFAULT_WINDOW,
		.is_setup = true,
		.ack_due_ms = L2TP_NEVER,
		.retransmit_ms = L2TP_NEVER};
	channel->flight_tail = &channel->flight;
	for (int i = 0; i < L2TP_CLASSES; i++)
		queue_init(&channel->waiting[i]);
}

static void free_list(struct l2tp_frame *frame)
{
	while (frame) {
		struct l2tp_frame *next = frame->next;

		free(frame);
		frame = next;
	}
}

void l2tp_channel_fini(struct l2tp_channel *channel)
{
	l2tp_channel_cancel_all(channel);
	free_list(channel->flight);
	free_list(channel->early);
	channel->flight = channel->resend = channel->early = NULL;
	channel->flight_tail = &channel->flight;
	channel->in_flight = channel->window_used = channel->early_count = 0;
	channel->retransmit_ms = channel->ack_due_ms = L2TP_NEVER;
	channel->ack_owed = false;
}

void l2tp_channel_set_window(struct l2tp_channel *channel, uint16_t window)
{
	channel->window = window ? window : DEFAULT_WINDOW;
	channel->ssthresh = channel->window;
}

static uint32_t waiting(const struct l2tp_channel *channel)
{
	uint32_t count = 0;

	for (int i = 0; i < L2TP_CLASSES; i++)
		count += channel->waiting[i].count;
	return count;
}

bool l2tp_channel_idle(const struct l2tp_channel *channel)
{
	return !channel->flight && !waiting(channel);
}

static struct l2tp_frame *frame_new(size_t len)
{
	struct l2tp_frame *frame = malloc(sizeof(*frame) + len);

	if (frame)
		*frame = (struct l2tp_frame){.len = (uint16_t)len};
	return frame;
}

int l2tp_channel_send(struct l2tp_channel *channel, enum l2tp_class class, uint16_t type, struct l2tp_session *session,
	uint16_t local_session_id, uint16_t peer_session_id, const void *avps, size_t len, struct l2tp_frame **out)
{
	// Calls that begin, and answers that belong to nobody, are what a flood is made of; what ends a call is never refused.
	bool is_bounded = class == L2TP_CLASS_START || (class == L2TP_CLASS_FINISH && !session);
	struct l2tp_frame *frame = NULL;
	struct wire_out bytes;

	if (len > L2TP_MESSAGE_MAX - L2TP_CONTROL_HEADER)
		return -EMSGSIZE;
	if (is_bounded && waiting(channel) >= channel->options->queue_max) {
		l2tp_count(channel->counters, L2TP_COUNT_tx_refused, 1);
		return -ENOBUFS;
	}
	frame = frame_new(L2TP_CONTROL_HEADER + len);
	if (!frame) {
		l2tp_count(channel->counters, L2TP_COUNT_tx_refused, 1);
		return -ENOMEM;
	}
	bytes = wire_out(frame->bytes, frame->len);
	l2tp_header_build(
		&bytes, &(struct l2tp_header){.flags = L2TP_CONTROL_FLAGS, .session_id = peer_session_id, .len = (uint16_t)len});
	wire_put_bytes(&bytes, avps, len);
	frame->session = session;
	frame->session_id = local_session_id;
	frame->type = type;
	frame->class = (uint8_t) class;
	queue_add(&channel->waiting[class], frame);
	if (out)
		*out = frame;
	return 0;
}

void l2tp_channel_cancel(struct l2tp_channel *channel, struct l2tp_frame *frame)
{
	queue_take(&channel->waiting[frame->class], frame);
	free(frame);
}

void l2tp_channel_cancel_all(struct l2tp_channel *channel)
{
	for (int i = 0; i < L2TP_CLASSES; i++) {
		free_list(channel->waiting[i].head);
		queue_init(&channel->waiting[i]);
	}
}

// How long to wait for the acknowledgment of the head, after so many time-outs.
static uint64_t wait_ms(const struct l2tp_channel *channel)
{
	const struct l2tp_options *options = channel->options;
	uint64_t wait = channel->is_setup ? options->setup_retransmit_ms : options->retransmit_ms;
	uint64_t cap = options->retransmit_cap_ms > wait ? options->retransmit_cap_ms : wait;
	uint64_t measured = channel->has_rtt ? channel->srtt_8 / 8 + channel->rttvar_4 : 0;

	if (wait < measured)
		wait = measured;
	wait = wait ? wait : 1;
	for (int i = 0; i < channel->timeouts && wait < cap; i++)
		wait *= 2;
	return wait < cap ? wait : cap;
}

static void transmit(struct l2tp_channel *channel, struct l2tp_frame *frame)
{
	struct wire_out bytes = wire_out(frame->bytes, frame->len);

	bytes.pos = bytes.end;
	wire_patch_be16(&bytes, AT_TUNNEL_ID, channel->peer_tunnel_id);
	wire_patch_be16(&bytes, AT_NS, frame->ns);
	wire_patch_be16(&bytes, AT_NR, channel->nr);
	if (!frame->sends)
		channel->ops->store(channel, frame);
	if (frame->sends < UINT8_MAX)
		frame->sends++;
	channel->ack_owed = false;
	channel->ack_due_ms = L2TP_NEVER;
	channel->window_used++;
	channel->ops->send(channel, frame->bytes, frame->len);
}

// The next waiting frame: tunnel first, then what finishes a call; one place in four is for what starts one.
static struct l2tp_frame *pick(struct l2tp_channel *channel)
{
	struct l2tp_queue *queue = &channel->waiting[L2TP_CLASS_TUNNEL];
	struct l2tp_queue *finish = &channel->waiting[L2TP_CLASS_FINISH], *start = &channel->waiting[L2TP_CLASS_START];
	struct l2tp_frame *frame;

	if (!queue->head)
		queue = finish->head && (!start->head || ++channel->picks % 4) ? finish : start;
	frame = queue->head;
	if (frame)
		queue_take(queue, frame);
	return frame;
}

static uint16_t window_now(const struct l2tp_channel *channel)
{
	const struct l2tp_frame *first = channel->waiting[L2TP_CLASS_TUNNEL].head;
	uint16_t window = channel->options->send_window < L2TP_WINDOW_MAX ? channel->options->send_window : L2TP_WINDOW_MAX;

	if (window > channel->window)
		window = channel->window;
	// The goodbye does not wait for the congestion window, which may be closed because nobody answers.
	if (first && first->type == L2TP_stopccn && !channel->resend)
		return window;
	return window < channel->cwnd ? window : channel->cwnd;
}

void l2tp_channel_push(struct l2tp_channel *channel, uint64_t now_ms)
{
	struct l2tp_frame *frame;

	while (!channel->is_lost && channel->window_used < window_now(channel)) {
		if (channel->resend) {
			frame = channel->resend;
			channel->resend = frame->next;
			l2tp_count(channel->counters, L2TP_COUNT_tx_retransmits, 1);
			transmit(channel, frame);
		} else {
			frame = pick(channel);
			if (!frame)
				break;
			frame->ns = channel->ns++;
			frame->sent_ms = now_ms;
			*channel->flight_tail = frame;
			channel->flight_tail = &frame->next;
			channel->in_flight++;
			l2tp_count(channel->counters, L2TP_COUNT_tx_messages, 1);
			transmit(channel, frame);
			channel->ops->sent(channel, frame, now_ms);
		}
		if (channel->retransmit_ms == L2TP_NEVER)
			channel->retransmit_ms = now_ms + wait_ms(channel);
	}
}

// RFC 6298's smoothing, in integers. A frame that was sent twice measures nothing (Karn), nor does one that the peer kept behind a gap.
static void measure(struct l2tp_channel *channel, const struct l2tp_frame *frame, uint64_t now_ms)
{
	uint32_t sample = now_ms - frame->sent_ms < 60000 ? (uint32_t)(now_ms - frame->sent_ms) : 60000;
	uint32_t srtt = channel->srtt_8 / 8, difference = sample > srtt ? sample - srtt : srtt - sample;

	if (frame->sends != 1 || frame->sent_ms < channel->timeout_ms)
		return;
	if (!channel->has_rtt) {
		channel->has_rtt = true;
		channel->srtt_8 = sample * 8;
		channel->rttvar_4 = sample * 2;
		return;
	}
	channel->srtt_8 += sample - srtt;
	channel->rttvar_4 += difference - channel->rttvar_4 / 4;
}

uint32_t l2tp_channel_rtt_us(const struct l2tp_channel *channel)
{
	return channel->has_rtt ? channel->srtt_8 * 125 : L2TP_RTT_UNKNOWN;
}

// Appendix A: one more for each acknowledgment below SSTHRESH, then one more for each full window of them.
static void grow(struct l2tp_channel *channel)
{
	if (channel->cwnd >= channel->window)
		return;
	if (channel->cwnd < channel->ssthresh) {
		channel->cwnd++;
	} else if (++channel->cwnd_acks >= channel->cwnd) {
		channel->cwnd_acks = 0;
		channel->cwnd++;
	}
}

// Takes the peer's Nr. False when it acknowledges what was never sent.
static bool take_ack(struct l2tp_channel *channel, uint16_t nr, uint64_t now_ms)
{
	uint16_t oldest = (uint16_t)(channel->ns - channel->in_flight);
	int count = serial_cmp(nr, oldest);

	if (count > channel->in_flight)
		return false;
	if (count <= 0)
		return true;
	while (count-- > 0) {
		struct l2tp_frame *frame = channel->flight;

		channel->flight = frame->next;
		if (!channel->flight)
			channel->flight_tail = &channel->flight;
		channel->in_flight--;
		if (channel->resend == frame)
			channel->resend = frame->next;
		else
			channel->window_used--;
		if (count == 0)
			measure(channel, frame, now_ms);
		channel->ops->acked(channel, frame, now_ms);
		free(frame);
	}
	channel->timeouts = 0;
	grow(channel);
	channel->retransmit_ms = channel->flight ? now_ms + wait_ms(channel) : L2TP_NEVER;
	return true;
}

static void owe_ack(struct l2tp_channel *channel, uint64_t now_ms)
{
	if (!channel->ack_owed)
		channel->ack_due_ms = now_ms + channel->options->ack_delay_ms;
	channel->ack_owed = true;
}

static void keep_early(struct l2tp_channel *channel, const struct l2tp_header *header)
{
	struct l2tp_frame **at = &channel->early, *frame;
	uint16_t ahead = (uint16_t)(header->ns - channel->nr);

	if (ahead >= channel->options->receive_window || channel->early_count >= L2TP_EARLY_MAX) {
		l2tp_count(channel->counters, L2TP_COUNT_rx_beyond_window, 1);
		return;
	}
	while (*at && serial_cmp((*at)->ns, header->ns) < 0)
		at = &(*at)->next;
	if (*at && (*at)->ns == header->ns) {
		l2tp_count(channel->counters, L2TP_COUNT_rx_duplicates, 1);
		return;
	}
	frame = frame_new(header->len);
	if (!frame)
		return; // as if it had been lost on the way
	frame->ns = header->ns;
	frame->session_id = header->session_id;
	memcpy(frame->bytes, header->payload, header->len);
	frame->next = *at;
	*at = frame;
	channel->early_count++;
	l2tp_count(channel->counters, L2TP_COUNT_rx_early, 1);
}

static void deliver(struct l2tp_channel *channel, const struct l2tp_header *header, uint64_t now_ms)
{
	channel->nr++;
	owe_ack(channel, now_ms);
	l2tp_count(channel->counters, L2TP_COUNT_rx_messages, 1);
	channel->ops->deliver(channel, header, now_ms);
}

void l2tp_channel_recv(struct l2tp_channel *channel, const struct l2tp_header *header, uint64_t now_ms)
{
	struct l2tp_header early = *header;
	int ahead;

	if (!take_ack(channel, header->nr, now_ms)) {
		l2tp_count(channel->counters, L2TP_COUNT_rx_bad_ack, 1);
		return;
	}
	if (l2tp_is_zlb(header)) {
		l2tp_count(channel->counters, L2TP_COUNT_rx_acks, 1);
		return;
	}
	ahead = serial_cmp(header->ns, channel->nr);
	if (ahead < 0) {
		l2tp_count(channel->counters, L2TP_COUNT_rx_duplicates, 1);
		owe_ack(channel, now_ms);
		return;
	}
	if (ahead > 0) {
		keep_early(channel, header);
		return;
	}
	deliver(channel, header, now_ms);
	// What came early may be in turn now. A copy of it that came in time has made the kept one old.
	while (channel->early && serial_cmp(channel->early->ns, channel->nr) <= 0) {
		struct l2tp_frame *frame = channel->early;

		channel->early = frame->next;
		channel->early_count--;
		if (frame->ns == channel->nr) {
			early.ns = frame->ns;
			early.session_id = frame->session_id;
			early.payload = frame->bytes;
			early.len = frame->len;
			deliver(channel, &early, now_ms);
		}
		free(frame);
	}
}

void l2tp_channel_flush(struct l2tp_channel *channel)
{
	uint8_t bytes[L2TP_CONTROL_HEADER];
	struct wire_out out = wire_out(bytes, sizeof(bytes));

	if (!channel->ack_owed)
		return;
	channel->ack_owed = false;
	channel->ack_due_ms = L2TP_NEVER;
	l2tp_header_build(&out,
		&(struct l2tp_header){
			.flags = L2TP_CONTROL_FLAGS, .tunnel_id = channel->peer_tunnel_id, .ns = channel->ns, .nr = channel->nr});
	l2tp_count(channel->counters, L2TP_COUNT_tx_acks, 1);
	channel->ops->send(channel, bytes, wire_used(&out));
}

void l2tp_channel_tick(struct l2tp_channel *channel, uint64_t now_ms)
{
	uint8_t retries = channel->is_setup ? channel->options->setup_retries : channel->options->retries;

	if (channel->retransmit_ms <= now_ms) {
		if (++channel->timeouts > retries) {
			channel->is_lost = true;
			channel->retransmit_ms = L2TP_NEVER;
		} else {
			channel->ssthresh = channel->cwnd > 1 ? channel->cwnd / 2 : 1;
			channel->cwnd = 1;
			channel->cwnd_acks = 0;
			channel->timeout_ms = now_ms;
			channel->resend = channel->flight;
			channel->window_used = 0;
			channel->retransmit_ms = now_ms + wait_ms(channel);
			l2tp_channel_push(channel, now_ms);
		}
	}
	if (channel->ack_due_ms <= now_ms)
		l2tp_channel_flush(channel);
}

uint64_t l2tp_channel_next(const struct l2tp_channel *channel)
{
	return channel->ack_due_ms < channel->retransmit_ms ? channel->ack_due_ms : channel->retransmit_ms;
}

int l2tp_channel_resume(struct l2tp_channel *channel, const struct l2tp_stored_message *message, struct l2tp_session *session)
{
	struct l2tp_frame **at = &channel->flight, *frame;

	if (message->len < L2TP_CONTROL_HEADER || message->len > L2TP_MESSAGE_MAX || channel->in_flight >= L2TP_WINDOW_MAX)
		return -EINVAL;
	while (*at && serial_cmp((*at)->ns, message->ns) < 0)
		at = &(*at)->next;
	if (*at && (*at)->ns == message->ns)
		return -EINVAL;
	frame = frame_new(message->len);
	if (!frame)
		return -ENOMEM;
	memcpy(frame->bytes, message->bytes, message->len);
	frame->ns = message->ns;
	frame->type = message->type;
	frame->session_id = message->session_id;
	frame->session = session;
	frame->sends = 2; // it is on disk already, and measures no round trip
	frame->next = *at;
	*at = frame;
	while (*channel->flight_tail)
		channel->flight_tail = &(*channel->flight_tail)->next;
	channel->in_flight++;
	channel->resend = channel->flight;
	return 0;
}
