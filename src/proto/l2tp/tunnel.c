// SPDX-License-Identifier: Apache-2.0
// The control connection (RFC 2661 5, 7.2).
//
// A tunnel owns its channel, its queues and the table of its sessions; the memory of the tunnel and of each session is the host's, and it gets
// them back with the event GONE. Bytes come in by l2tp_tunnel_recv, time by l2tp_tunnel_tick; bytes, events and records go out by l2tp_ops.
//
//   setup.c    who is who: SCCRQ, SCCRP, SCCCN, StopCCN as the table of RFC 2661 7.2.1, with authentication
//   session.c  calls (what their messages say: call.c): ICRQ, ICRP, ICCN, CDN, SLI, WEN as the table of 7.4
//   channel.c  Ns and Nr, windows, repeats
//   resume.c   from records after a restart
//   stray.c    packets that belong to no tunnel, and SCCRQs that cross
//
// A call of the host may raise events, and in them the host may call again. So nothing is sent inside: messages are queued, and the outermost
// call sends them at its end (l2tp_enter, l2tp_leave). By then the records are as the peer will see them: whatever is sent was stored.
//
// The order that lets a killed host go on: what a received message does is stored first, then Nr; a message to be sent is stored first, then
// Ns, then it goes. A kill in between makes the peer's message come again once more, or ours be sent twice; both are harmless (maybe_replay).
//
// The end: StopCCN sent or received, or the peer lost. FAILED or DOWN is raised at once, the sessions are told in portions by the ticks (there
// may be 60,000 of them), and the channel lives on for a full cycle of repeats to acknowledge what comes again (5.7). Then GONE.
#include <stdlib.h>

#include "proto/l2tp/private.h"

#define CLEAR_PER_TICK 512 // sessions told of their tunnel's end in one tick

struct l2tp_bytes l2tp_text(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	return (struct l2tp_bytes){.bytes = (const uint8_t *)text, .len = (uint16_t)(len < 512 ? len : 512)};
}

void l2tp_tunnel_init(struct l2tp_tunnel *tunnel, const struct l2tp_ops *ops, void *owner, const struct l2tp_options *options,
	struct l2tp_counters *counters)
{
	*tunnel = (struct l2tp_tunnel){.ops = ops, .options = options, .owner = owner, .state = L2TP_TUNNEL_IDLE};
	l2tp_channel_init(&tunnel->channel, &l2tp_tunnel_channel_ops, options, counters);
}

void l2tp_tunnel_fini(struct l2tp_tunnel *tunnel)
{
	l2tp_channel_fini(&tunnel->channel);
	l2tp_table_fini(tunnel);
	tunnel->waiting = tunnel->answering = (struct l2tp_session_list){0};
	tunnel->state = L2TP_TUNNEL_IDLE;
}

bool l2tp_enter(struct l2tp_tunnel *tunnel)
{
	bool is_outer = !tunnel->is_busy;

	tunnel->is_busy = true;
	return is_outer;
}

void l2tp_leave(struct l2tp_tunnel *tunnel, bool is_outer, uint64_t now_ms)
{
	if (!is_outer)
		return;
	do {
		l2tp_channel_push(&tunnel->channel, now_ms);
	} while (l2tp_session_feed(tunnel, now_ms));
	tunnel->is_busy = false;
}

struct l2tp_keys l2tp_tunnel_keys(const struct l2tp_tunnel *tunnel)
{
	struct l2tp_keys keys = {0};

	for (unsigned i = 0; i < L2TP_SECRETS; i++)
		if (!tunnel->is_proved || i == tunnel->secret)
			keys.secrets[i] = tunnel->options->secrets[i];
	return keys;
}

void l2tp_store_tunnel(struct l2tp_tunnel *tunnel)
{
	const struct l2tp_tunnel_record record = {.local_id = tunnel->local_id,
		.peer_id = tunnel->peer_id,
		.ns = tunnel->channel.ns,
		.nr = tunnel->channel.nr,
		.peer_window = tunnel->channel.window,
		.state = tunnel->state,
		.secret = tunnel->secret,
		.peer = tunnel->peer};

	if (tunnel->ops->store_tunnel)
		tunnel->ops->store_tunnel(tunnel, &record);
}

int l2tp_queue_msg(struct l2tp_tunnel *tunnel, struct l2tp_session *session, enum l2tp_class class, uint16_t local_session_id,
	uint16_t peer_session_id, const struct l2tp_msg *msg)
{
	uint8_t avps[L2TP_MESSAGE_MAX - L2TP_CONTROL_HEADER], random[32];
	struct wire_out out = wire_out(avps, sizeof(avps));
	struct l2tp_bytes secret = tunnel->options->secrets[tunnel->secret];
	struct l2tp_frame *frame = NULL;
	int error;

	// Who a peer is has to be read before its secret can be looked up: xl2tpd opens nothing that is hidden in an SCCRQ. There is nothing
	// secret in the setup anyway.
	if (tunnel->options->hide && secret.len && tunnel->was_up) {
		tunnel->ops->random(tunnel, random, sizeof(random));
		l2tp_msg_encode(&out, msg,
			&(struct l2tp_hiding){.secret = secret, .random_vector = {random, 16}, .padding = {random + 16, 16}});
	} else {
		l2tp_msg_encode(&out, msg, NULL);
	}
	if (out.error)
		return out.error;
	error = l2tp_channel_send(
		&tunnel->channel, class, msg->type, session, local_session_id, peer_session_id, avps, wire_used(&out), &frame);
	if (error)
		return error;
	if (session) {
		session->frame = frame;
		session->frames++;
	}
	if (tunnel->ops->trace)
		tunnel->ops->trace(tunnel, session, true, msg);
	return 0;
}

static struct l2tp_tunnel *tunnel_of(struct l2tp_channel *channel)
{
	return (struct l2tp_tunnel *)((char *)channel - offsetof(struct l2tp_tunnel, channel));
}

static void on_send(struct l2tp_channel *channel, const uint8_t *bytes, size_t len)
{
	struct l2tp_tunnel *tunnel = tunnel_of(channel);

	tunnel->ops->send(tunnel, bytes, len);
}

static void on_store(struct l2tp_channel *channel, const struct l2tp_frame *frame)
{
	struct l2tp_tunnel *tunnel = tunnel_of(channel);

	// A call exists before its ICRQ does, and is established when its ICCN is sure to go out.
	if (frame->session && frame->type != L2TP_iccn)
		l2tp_session_stored(frame->session, frame);
	if (tunnel->ops->store_message)
		tunnel->ops->store_message(tunnel,
			&(struct l2tp_stored_message){.ns = frame->ns,
				.session_id = frame->session_id,
				.type = frame->type,
				.len = frame->len,
				.bytes = frame->bytes});
	if (frame->session && frame->type == L2TP_iccn)
		l2tp_session_stored(frame->session, frame);
	l2tp_store_tunnel(tunnel);
}

static void on_sent(struct l2tp_channel *channel, const struct l2tp_frame *frame, uint64_t now_ms)
{
	(void)channel;
	if (frame->session)
		l2tp_session_sent(frame->session, frame, now_ms);
}

static void on_acked(struct l2tp_channel *channel, const struct l2tp_frame *frame, uint64_t now_ms)
{
	struct l2tp_tunnel *tunnel = tunnel_of(channel);

	(void)now_ms;
	if (tunnel->ops->clear_message)
		tunnel->ops->clear_message(tunnel, frame->ns);
	if (frame->session)
		l2tp_session_acked(frame->session);
}

static enum l2tp_tunnel_input input_of(uint16_t type)
{
	switch (type) {
	case L2TP_sccrq:
		return L2TP_INPUT_SCCRQ;
	case L2TP_sccrp:
		return L2TP_INPUT_SCCRP;
	case L2TP_scccn:
		return L2TP_INPUT_SCCCN;
	case L2TP_stopccn:
		return L2TP_INPUT_STOPCCN;
	case L2TP_hello:
		return L2TP_INPUT_HELLO;
	default:
		return L2TP_INPUT_CALL;
	}
}

// What cannot be accepted ends the session it belongs to, or else the tunnel (RFC 2661 4.1, 7.1).
static void refuse(struct l2tp_tunnel *tunnel, const struct l2tp_header *header, const struct l2tp_msg *msg,
	const struct l2tp_fault *fault, uint64_t now_ms)
{
	l2tp_count(tunnel->channel.counters, L2TP_COUNT_rx_malformed, 1);
	if (tunnel->state == L2TP_TUNNEL_CLOSING)
		return;
	if (fault->is_session && tunnel->state == L2TP_TUNNEL_ESTABLISHED) {
		l2tp_session_input(tunnel, header->session_id, msg, fault, now_ms);
		return;
	}
	// So that the StopCCN finds its tunnel over there.
	if (!tunnel->peer_id && l2tp_has(msg, assigned_tunnel_id))
		tunnel->peer_id = tunnel->channel.peer_tunnel_id = msg->assigned_tunnel_id;
	l2tp_tunnel_end(tunnel,
		&(struct l2tp_end){.reason = L2TP_REASON_malformed,
			.result = L2TP_STOP_error,
			.error = fault->error,
			.has_result = true,
			.tell_peer = true,
			.tell_host = true,
			.text = l2tp_text(fault->text),
			.msg = msg},
		now_ms);
}

static bool is_optional_extension(uint16_t type)
{
	return type == L2TP_fsq || type == L2TP_fsr || type == L2TP_csun || type == L2TP_csurq;
}

static void take_message(struct l2tp_tunnel *tunnel, const struct l2tp_header *header, uint64_t now_ms)
{
	struct l2tp_keys keys = l2tp_tunnel_keys(tunnel);
	struct l2tp_fault fault;
	struct l2tp_msg msg;
	int error = l2tp_msg_decode(header->payload, header->len, &keys, &msg, &fault);

	l2tp_count(tunnel->channel.counters, L2TP_COUNT_rx_bad_avps, msg.bad_avps);
	l2tp_count(tunnel->channel.counters, L2TP_COUNT_rx_unknown_avps, msg.unknown_avps);
	if (tunnel->ops->trace)
		tunnel->ops->trace(tunnel, l2tp_tunnel_session(tunnel, header->session_id), false, &msg);
	if (!error && !l2tp_msg_find(msg.type) && msg.mandatory) {
		fault = (struct l2tp_fault){.error = L2TP_ERROR_unknown_avp, .text = "unknown mandatory message type"};
		error = -EBADMSG;
	}
	if (error) {
		refuse(tunnel, header, &msg, &fault, now_ms);
		return;
	}
	// Failover and speed updates are offered to nobody: what comes of them asks for no answer (RFC 4951, RFC 5515: M is 0).
	if (!l2tp_msg_find(msg.type) || is_optional_extension(msg.type)) {
		l2tp_count(tunnel->channel.counters, L2TP_COUNT_rx_unknown_messages, 1);
		return;
	}
	l2tp_tunnel_input(tunnel, input_of(msg.type), header, &msg, now_ms);
}

static void on_deliver(struct l2tp_channel *channel, const struct l2tp_header *header, uint64_t now_ms)
{
	struct l2tp_tunnel *tunnel = tunnel_of(channel);

	take_message(tunnel, header, now_ms);
	tunnel->maybe_replay = false;
	l2tp_store_tunnel(tunnel);
}

const struct l2tp_channel_ops l2tp_tunnel_channel_ops = {
	.send = on_send, .deliver = on_deliver, .store = on_store, .sent = on_sent, .acked = on_acked};

static bool is_from_peer(struct l2tp_tunnel *tunnel, const struct ip_end *from, const struct l2tp_header *header)
{
	struct wire_in in = wire_in(header->payload, header->len);
	struct l2tp_avp_raw avp;

	if (ip_end_equal(&tunnel->peer, from))
		return true;
	// The answer may come from elsewhere, and from then on that is where the peer is (RFC 2661 8.1).
	if (tunnel->state != L2TP_TUNNEL_WAIT_REPLY || !tunnel->options->accept_move || l2tp_avp_next(&in, &avp) < 0 ||
		avp.vendor || avp.type || avp.value.len != 2 || avp.value.bytes[0] || avp.value.bytes[1] != L2TP_sccrp ||
		header->ns || header->nr != 1)
		return false;
	tunnel->peer = *from;
	tunnel->ops->tunnel_event(tunnel, &(struct l2tp_tunnel_event){.type = L2TP_TUNNEL_MOVED});
	return true;
}

// A StopCCN to tunnel 0 comes from a peer that has lost its state and cannot number its messages. It is believed when it acknowledges a
// message that is in flight just now: only who sees our packets can know that.
static bool take_lost_state(struct l2tp_tunnel *tunnel, const struct l2tp_header *header, uint64_t now_ms)
{
	uint16_t oldest = (uint16_t)(tunnel->channel.ns - tunnel->channel.in_flight);
	uint16_t count = (uint16_t)(header->nr - oldest);
	struct l2tp_peek peek;

	if (header->tunnel_id || l2tp_peek(header, &peek) < 0 || peek.type != L2TP_stopccn)
		return false;
	// An initiator that gives up before it has heard our id.
	if (tunnel->state == L2TP_TUNNEL_WAIT_CONN && header->ns == tunnel->channel.nr)
		return false;
	if (tunnel->state != L2TP_TUNNEL_CLOSING && count >= 1 && count <= tunnel->channel.in_flight)
		l2tp_tunnel_end(tunnel,
			&(struct l2tp_end){.reason = L2TP_REASON_forgotten,
				.result = L2TP_STOP_clear,
				.has_result = true,
				.tell_host = true},
			now_ms);
	return true;
}

void l2tp_tunnel_recv(struct l2tp_tunnel *tunnel, const struct ip_end *from, const struct l2tp_header *header, uint64_t now_ms)
{
	bool is_outer;

	if (tunnel->state == L2TP_TUNNEL_IDLE || !l2tp_is_control(header))
		return;
	is_outer = l2tp_enter(tunnel);
	if (!is_from_peer(tunnel, from, header)) {
		l2tp_count(tunnel->channel.counters, L2TP_COUNT_rx_other_address, 1);
	} else if (!take_lost_state(tunnel, header, now_ms)) {
		tunnel->heard_ms = now_ms;
		l2tp_channel_recv(&tunnel->channel, header, now_ms);
	}
	l2tp_leave(tunnel, is_outer, now_ms);
}

void l2tp_tunnel_flush(struct l2tp_tunnel *tunnel)
{
	l2tp_channel_flush(&tunnel->channel);
}

void l2tp_tunnel_heard(struct l2tp_tunnel *tunnel, uint64_t now_ms)
{
	if (tunnel->heard_ms < now_ms)
		tunnel->heard_ms = now_ms;
}

int l2tp_tunnel_open(struct l2tp_tunnel *tunnel, uint16_t local_id, const struct ip_end *peer, unsigned secret, uint64_t now_ms)
{
	bool is_outer;

	if (tunnel->state != L2TP_TUNNEL_IDLE || !local_id || secret >= L2TP_SECRETS || !tunnel->options->host_name.len)
		return -EINVAL;
	is_outer = l2tp_enter(tunnel);
	tunnel->local_id = local_id;
	tunnel->peer = *peer;
	tunnel->secret = (uint8_t)(tunnel->options->secrets[secret].len ? secret : 0);
	tunnel->is_initiator = true;
	tunnel->heard_ms = now_ms;
	l2tp_tunnel_input(tunnel, L2TP_INPUT_OPEN, NULL, NULL, now_ms);
	if (l2tp_channel_idle(&tunnel->channel)) {
		tunnel->state = L2TP_TUNNEL_IDLE;
		tunnel->is_busy = !is_outer;
		return -ENOMEM;
	}
	l2tp_leave(tunnel, is_outer, now_ms);
	return 0;
}

int l2tp_tunnel_accept(struct l2tp_tunnel *tunnel, uint16_t local_id, const struct ip_end *peer, const struct l2tp_header *sccrq,
	uint64_t now_ms)
{
	struct l2tp_peek peek;
	bool is_outer;

	if (tunnel->state != L2TP_TUNNEL_IDLE || !local_id || l2tp_peek(sccrq, &peek) < 0 || peek.type != L2TP_sccrq)
		return -EINVAL;
	if (sccrq->ns || sccrq->nr) // the first message of a channel
		return -EINVAL;
	is_outer = l2tp_enter(tunnel);
	tunnel->local_id = local_id;
	tunnel->peer = *peer;
	tunnel->heard_ms = now_ms;
	l2tp_channel_recv(&tunnel->channel, sccrq, now_ms);
	l2tp_leave(tunnel, is_outer, now_ms);
	return 0;
}

void l2tp_tunnel_came_up(struct l2tp_tunnel *tunnel, const struct l2tp_msg *msg, uint64_t now_ms)
{
	tunnel->was_up = true;
	tunnel->up_ms = now_ms;
	tunnel->channel.is_setup = false;
	memset(tunnel->challenge, 0, sizeof(tunnel->challenge));
	l2tp_store_tunnel(tunnel);
	tunnel->ops->tunnel_event(tunnel, &(struct l2tp_tunnel_event){.type = L2TP_TUNNEL_UP, .msg = msg});
}

static void send_stopccn(struct l2tp_tunnel *tunnel, const struct l2tp_end *end)
{
	struct l2tp_msg msg = {.type = L2TP_stopccn};

	l2tp_set(&msg, assigned_tunnel_id, tunnel->local_id);
	l2tp_set(&msg, result, {.code = end->result, .error = end->error, .text = end->text});
	l2tp_queue_msg(tunnel, NULL, L2TP_CLASS_TUNNEL, 0, 0, &msg);
}

void l2tp_tunnel_end(struct l2tp_tunnel *tunnel, const struct l2tp_end *end, uint64_t now_ms)
{
	bool was_idle = tunnel->state == L2TP_TUNNEL_IDLE && !tunnel->peer_id;
	// A peer that is lost or has lost its state repeats nothing. One that was only slow to answer may still do so.
	bool is_over = was_idle || end->reason == L2TP_REASON_peer_lost || end->reason == L2TP_REASON_forgotten ||
		end->reason == L2TP_REASON_glare;
	uint32_t cycle = l2tp_cycle_ms(tunnel->options);
	uint32_t linger = tunnel->options->linger_ms > cycle ? tunnel->options->linger_ms : cycle;
	struct l2tp_session *session;
	uint32_t cursor = 0;

	if (tunnel->state == L2TP_TUNNEL_CLOSING)
		return;
	tunnel->state = L2TP_TUNNEL_CLOSING;
	tunnel->reason = end->reason;
	tunnel->result = end->result;
	tunnel->error = end->error;
	// Nothing that waits is sent any more, and what is in flight tells no session.
	l2tp_channel_cancel_all(&tunnel->channel);
	for (struct l2tp_frame *frame = tunnel->channel.flight; frame; frame = frame->next)
		frame->session = NULL;
	tunnel->waiting = tunnel->answering = (struct l2tp_session_list){0};
	tunnel->waiting_calls = 0;
	while ((session = l2tp_tunnel_session_next(tunnel, &cursor))) {
		session->frame = NULL;
		session->frames = 0;
		session->next = session->prev = NULL;
		session->list = 0;
	}
	tunnel->clear_cursor = 0;
	if (end->tell_peer && !was_idle)
		send_stopccn(tunnel, end);
	tunnel->gone_ms = is_over ? now_ms : now_ms + linger;
	l2tp_store_tunnel(tunnel);
	if (end->tell_host)
		tunnel->ops->tunnel_event(tunnel,
			&(struct l2tp_tunnel_event){.type = tunnel->was_up ? L2TP_TUNNEL_DOWN : L2TP_TUNNEL_FAILED,
				.reason = end->reason,
				.has_result = end->has_result,
				.result = end->result,
				.error = end->error,
				.text = end->text,
				.msg = end->msg});
}

void l2tp_tunnel_close(
	struct l2tp_tunnel *tunnel, enum l2tp_stop result, enum l2tp_error error, const char *text, uint64_t now_ms)
{
	bool is_outer;

	if (tunnel->state == L2TP_TUNNEL_IDLE)
		return;
	is_outer = l2tp_enter(tunnel);
	l2tp_tunnel_end(tunnel,
		&(struct l2tp_end){.reason = L2TP_REASON_local,
			.result = (uint16_t)result,
			.error = (uint16_t)error,
			.has_result = true,
			.tell_peer = true,
			.tell_host = true,
			.text = l2tp_text(text)},
		now_ms);
	l2tp_leave(tunnel, is_outer, now_ms);
}

static void send_hello(struct l2tp_tunnel *tunnel)
{
	struct l2tp_msg msg = {.type = L2TP_hello};

	if (l2tp_queue_msg(tunnel, NULL, L2TP_CLASS_TUNNEL, 0, 0, &msg) == 0)
		l2tp_count(tunnel->channel.counters, L2TP_COUNT_tx_hellos, 1);
}

void l2tp_tunnel_hello(struct l2tp_tunnel *tunnel, uint64_t now_ms)
{
	bool is_outer;

	if (tunnel->state != L2TP_TUNNEL_ESTABLISHED)
		return;
	is_outer = l2tp_enter(tunnel);
	send_hello(tunnel);
	l2tp_leave(tunnel, is_outer, now_ms);
}

// While something is in flight its own repeats find out whether the peer lives.
static uint64_t hello_due(const struct l2tp_tunnel *tunnel)
{
	if (tunnel->state != L2TP_TUNNEL_ESTABLISHED || !tunnel->options->hello_ms || !l2tp_channel_idle(&tunnel->channel))
		return L2TP_NEVER;
	return tunnel->heard_ms + tunnel->options->hello_ms;
}

static void clear_sessions(struct l2tp_tunnel *tunnel, uint64_t now_ms)
{
	const struct l2tp_end end = {.reason = L2TP_REASON_tunnel,
		.result = tunnel->result,
		.error = tunnel->error,
		.has_result = tunnel->result,
		.tell_host = true,
		.text = l2tp_text(l2tp_reason_text(tunnel->reason))};
	struct l2tp_session *session;

	for (int i = 0; i < CLEAR_PER_TICK && (session = l2tp_tunnel_session_next(tunnel, &tunnel->clear_cursor)); i++) {
		if (session->state == L2TP_SESSION_CLOSING)
			l2tp_session_bury(session);
		else
			l2tp_session_end(session, &end, now_ms);
	}
}

void l2tp_tunnel_tick(struct l2tp_tunnel *tunnel, uint64_t now_ms)
{
	bool is_outer;

	if (tunnel->state == L2TP_TUNNEL_IDLE)
		return;
	is_outer = l2tp_enter(tunnel);
	l2tp_channel_tick(&tunnel->channel, now_ms);
	if (tunnel->channel.is_lost && tunnel->state != L2TP_TUNNEL_CLOSING)
		l2tp_tunnel_end(tunnel,
			&(struct l2tp_end){
				.reason = tunnel->was_up ? L2TP_REASON_peer_lost : L2TP_REASON_no_answer, .tell_host = true},
			now_ms);
	if (hello_due(tunnel) <= now_ms)
		send_hello(tunnel);
	l2tp_session_timeouts(tunnel, now_ms);
	if (tunnel->state == L2TP_TUNNEL_CLOSING && tunnel->sessions)
		clear_sessions(tunnel, now_ms);
	l2tp_leave(tunnel, is_outer, now_ms);
	if (is_outer && tunnel->state == L2TP_TUNNEL_CLOSING && !tunnel->sessions && tunnel->gone_ms <= now_ms) {
		l2tp_tunnel_fini(tunnel);
		tunnel->ops->tunnel_event(
			tunnel, &(struct l2tp_tunnel_event){.type = L2TP_TUNNEL_GONE, .reason = tunnel->reason});
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t l2tp_tunnel_next(const struct l2tp_tunnel *tunnel)
{
	uint64_t next = l2tp_channel_next(&tunnel->channel);

	if (tunnel->state == L2TP_TUNNEL_IDLE)
		return L2TP_NEVER;
	if (tunnel->state == L2TP_TUNNEL_CLOSING)
		return tunnel->sessions ? 0 : earlier(next, tunnel->gone_ms);
	if (tunnel->answering.head)
		next = earlier(next, tunnel->answering.head->due_ms);
	return earlier(next, hello_due(tunnel));
}

const char *l2tp_tunnel_state_name(enum l2tp_tunnel_state state)
{
	static const char *const names[L2TP_TUNNEL_STATES] = {[L2TP_TUNNEL_IDLE] = "idle",
		[L2TP_TUNNEL_WAIT_REPLY] = "wait-reply",
		[L2TP_TUNNEL_WAIT_CONN] = "wait-conn",
		[L2TP_TUNNEL_ESTABLISHED] = "established",
		[L2TP_TUNNEL_CLOSING] = "closing"};

	return state < L2TP_TUNNEL_STATES && names[state] ? names[state] : "unknown";
}
