// SPDX-License-Identifier: Apache-2.0
// Calls (RFC 2661 7.4.1 for the LAC, 7.4.2 for the LNS).
//
// The LAC dials: the session waits for the tunnel, for its turn and for the window (WAIT_TUNNEL), its ICRQ goes out (WAIT_REPLY), ICRP comes,
// the ICCN is queued (CONNECTING) and goes out (ESTABLISHED). Only so many calls are asked for at once (options.asked_max): a slow LNS is not
// buried under calls that it can only answer when their time is over, and those that wait can still be hung up without a word to it.
// The LNS is asked by ICRQ, answers ICRP at once or when the host has made
// up its mind (DEFERRED, WAIT_CONNECT), and is ESTABLISHED by the ICCN. CDN ends it from anywhere.
//
// A session that ends stays in the table (CLOSING) while a message of its own is queued or unacknowledged, so that its id is not used again while
// the peer may still speak of it. Then GONE. A call whose ICRQ never left is gone at once: the peer has not heard of it.
#include "proto/l2tp/session.h"

#include <stdio.h>

#include "proto/l2tp/private.h"

#define WEN_INTERVAL_MS 60000 // RFC 2661 6.13

enum { LIST_NONE, LIST_WAITING, LIST_ANSWERING };

static struct l2tp_session_list *list_of(struct l2tp_session *session)
{
	return session->list == LIST_WAITING ? &session->tunnel->waiting : &session->tunnel->answering;
}

static void enlist(struct l2tp_session *session, uint8_t which)
{
	struct l2tp_session_list *list;

	session->list = which;
	list = list_of(session);
	session->next = NULL;
	session->prev = list->tail;
	if (list->tail)
		list->tail->next = session;
	else
		list->head = session;
	list->tail = session;
	session->tunnel->waiting_calls += which == LIST_WAITING;
}

void l2tp_session_unlist(struct l2tp_session *session)
{
	struct l2tp_session_list *list = list_of(session);

	if (!session->list)
		return;
	if (session->next)
		session->next->prev = session->prev;
	else
		list->tail = session->prev;
	if (session->prev)
		session->prev->next = session->next;
	else
		list->head = session->next;
	session->tunnel->waiting_calls -= session->list == LIST_WAITING;
	session->next = session->prev = NULL;
	session->list = LIST_NONE;
}

static void store(struct l2tp_session *session)
{
	const struct l2tp_session_record record = {.local_id = session->local_id,
		.peer_id = session->peer_id,
		.serial = session->serial,
		.state = session->state,
		.sequencing = session->sequencing,
		.result = session->result,
		.error = session->error};

	if (session->tunnel->ops->store_session)
		session->tunnel->ops->store_session(session, &record);
}

static void drop_frame(struct l2tp_session *session)
{
	if (!session->frame)
		return;
	l2tp_channel_cancel(&session->tunnel->channel, session->frame);
	session->frame = NULL;
	session->frames--;
}

static void count(const struct l2tp_tunnel *tunnel, enum l2tp_counter counter)
{
	l2tp_count(tunnel->channel.counters, counter, 1);
}

static void raise(struct l2tp_session *session, enum l2tp_session_event_type type, const struct l2tp_msg *msg)
{
	session->tunnel->ops->session_event(session, &(struct l2tp_session_event){.type = type, .msg = msg});
}

void l2tp_session_bury(struct l2tp_session *session)
{
	l2tp_table_del(session->tunnel, session);
	session->state = L2TP_SESSION_IDLE;
	raise(session, L2TP_SESSION_GONE, NULL);
}

void l2tp_session_end(struct l2tp_session *session, const struct l2tp_end *end, uint64_t now_ms)
{
	struct l2tp_tunnel *tunnel = session->tunnel;
	bool peer_knows =
		session->state != L2TP_SESSION_WAIT_TUNNEL && !(session->state == L2TP_SESSION_WAIT_REPLY && session->frame);

	(void)now_ms;
	if (session->state == L2TP_SESSION_CLOSING || session->state == L2TP_SESSION_IDLE)
		return;
	l2tp_session_unlist(session);
	drop_frame(session);
	tunnel->established -= session->state == L2TP_SESSION_ESTABLISHED;
	tunnel->asked_calls -= session->state == L2TP_SESSION_WAIT_REPLY;
	session->state = L2TP_SESSION_CLOSING;
	session->result = end->result;
	session->error = end->error;
	session->call = NULL;
	if (peer_knows)
		store(session);
	if (end->tell_peer && peer_knows && tunnel->state == L2TP_TUNNEL_ESTABLISHED)
		l2tp_call_cdn(session, end);
	if (end->tell_host)
		tunnel->ops->session_event(session,
			&(struct l2tp_session_event){.type = session->was_up ? L2TP_SESSION_DOWN : L2TP_SESSION_FAILED,
				.reason = end->reason,
				.has_result = end->has_result,
				.result = end->result,
				.error = end->error,
				.text = end->text,
				.disconnect = end->disconnect,
				.msg = end->msg});
	if (!session->frames)
		l2tp_session_bury(session);
}

void l2tp_session_stored(struct l2tp_session *session, const struct l2tp_frame *frame)
{
	session->frame = NULL;
	if (frame->type == L2TP_iccn) {
		session->state = L2TP_SESSION_ESTABLISHED;
		session->wen_ms = 0;
		session->tunnel->established++;
	} else if (frame->type == L2TP_icrq) {
		session->state = L2TP_SESSION_WAIT_REPLY;
		session->tunnel->asked_calls++;
		count(session->tunnel, L2TP_COUNT_calls_dialed);
	}
	store(session);
}

void l2tp_session_sent(struct l2tp_session *session, const struct l2tp_frame *frame, uint64_t now_ms)
{
	uint32_t wait = session->tunnel->options->call_wait_ms;

	if (frame->type == L2TP_iccn) {
		session->was_up = true;
		session->call = NULL;
		count(session->tunnel, L2TP_COUNT_calls_established);
		raise(session, L2TP_SESSION_UP, NULL);
	} else if (wait && (session->state == L2TP_SESSION_WAIT_REPLY || session->state == L2TP_SESSION_WAIT_CONNECT)) {
		session->due_ms = now_ms + wait;
		enlist(session, LIST_ANSWERING);
	}
}

void l2tp_session_acked(struct l2tp_session *session)
{
	if (session->frames)
		session->frames--;
	if (!session->frames && session->state == L2TP_SESSION_CLOSING)
		l2tp_session_bury(session);
}

void l2tp_session_timeouts(struct l2tp_tunnel *tunnel, uint64_t now_ms)
{
	while (tunnel->answering.head && tunnel->answering.head->due_ms <= now_ms) {
		count(tunnel, L2TP_COUNT_calls_unanswered);
		l2tp_session_end(tunnel->answering.head,
			&(struct l2tp_end){.reason = L2TP_REASON_no_answer,
				.result = L2TP_CDN_time_limit,
				.has_result = true,
				.tell_peer = true,
				.tell_host = true,
				.text = l2tp_text("no answer in time")},
			now_ms);
	}
}

bool l2tp_session_feed(struct l2tp_tunnel *tunnel, uint64_t now_ms)
{
	bool has_fed = false;

	while (tunnel->state == L2TP_TUNNEL_ESTABLISHED && tunnel->waiting.head &&
		tunnel->channel.waiting[L2TP_CLASS_START].count + tunnel->asked_calls < tunnel->options->asked_max) {
		struct l2tp_session *session = tunnel->waiting.head;

		l2tp_session_unlist(session);
		if (l2tp_call_icrq(session) < 0) {
			l2tp_session_end(session,
				&(struct l2tp_end){.reason = L2TP_REASON_resources,
					.tell_host = true,
					.text = l2tp_text("the ICRQ cannot be made")},
				now_ms);
			continue;
		}
		has_fed = true;
	}
	return has_fed;
}

struct input {
	const struct l2tp_msg *msg;
	uint64_t now_ms;
};

static void take_icrp(struct l2tp_session *session, const struct input *in)
{
	l2tp_session_unlist(session);
	session->peer_id = in->msg->assigned_session_id;
	if (l2tp_call_iccn(session) == 0) {
		session->tunnel->asked_calls--;
		return;
	}
	l2tp_session_end(session,
		&(struct l2tp_end){.reason = L2TP_REASON_resources,
			.result = L2TP_CDN_error,
			.error = L2TP_ERROR_resources,
			.tell_peer = true,
			.tell_host = true,
			.text = l2tp_text("the ICCN cannot be made")},
		in->now_ms);
}

// It answers an earlier call under this id: ours has not been asked for yet.
static void refuse_stale(struct l2tp_session *session, const struct input *in)
{
	count(session->tunnel, L2TP_COUNT_rx_unknown_session);
	l2tp_call_stray_cdn(session->tunnel, session->local_id, in->msg->assigned_session_id,
		&(struct l2tp_result){.code = L2TP_CDN_error, .error = L2TP_ERROR_session_id});
}

static void ignore_stale(struct l2tp_session *session, const struct input *in)
{
	(void)in;
	count(session->tunnel, L2TP_COUNT_rx_unknown_session);
}

// The call was hung up before the peer's id was known: the first CDN may have told the peer nothing.
static void refuse_icrp(struct l2tp_session *session, const struct input *in)
{
	if (session->peer_id)
		return;
	session->peer_id = in->msg->assigned_session_id;
	drop_frame(session);
	l2tp_call_cdn(session, &(struct l2tp_end){.result = session->result, .error = session->error});
	store(session);
}

static void take_iccn(struct l2tp_session *session, const struct input *in)
{
	l2tp_session_unlist(session);
	session->sequencing = l2tp_has(in->msg, sequencing_required);
	session->state = L2TP_SESSION_ESTABLISHED;
	session->wen_ms = 0;
	session->was_up = true;
	session->tunnel->established++;
	count(session->tunnel, L2TP_COUNT_calls_established);
	store(session);
	raise(session, L2TP_SESSION_UP, in->msg);
}

static enum l2tp_reason reason_of(const struct l2tp_result *result)
{
	if (result->code != L2TP_CDN_error)
		return L2TP_REASON_peer_closed;
	if (result->error == L2TP_ERROR_try_another)
		return L2TP_REASON_try_another;
	return result->error == L2TP_ERROR_length || result->error == L2TP_ERROR_range ||
			result->error == L2TP_ERROR_session_id || result->error == L2TP_ERROR_unknown_avp
		? L2TP_REASON_peer_fault
		: L2TP_REASON_peer_closed;
}

static void take_cdn(struct l2tp_session *session, const struct input *in)
{
	const struct l2tp_msg *msg = in->msg;

	l2tp_session_end(session,
		&(struct l2tp_end){.reason = reason_of(&msg->result),
			.result = msg->result.code,
			.error = msg->result.error,
			.has_result = l2tp_has(msg, result),
			.tell_host = true,
			.text = msg->result.text,
			.disconnect = l2tp_has(msg, disconnect) ? &msg->disconnect : NULL,
			.msg = msg},
		in->now_ms);
}

static void take_info(struct l2tp_session *session, const struct input *in)
{
	raise(session, L2TP_SESSION_INFO, in->msg);
}

static void ignore(struct l2tp_session *session, const struct input *in)
{
	(void)in;
	count(session->tunnel, L2TP_COUNT_rx_closing);
}

enum session_input { INPUT_ICRQ, INPUT_ICRP, INPUT_ICCN, INPUT_CDN, INPUT_SLI, INPUT_WEN, INPUT_OUTGOING, INPUTS };

#define WAIT_TUNNEL L2TP_SESSION_WAIT_TUNNEL
#define WAIT_REPLY L2TP_SESSION_WAIT_REPLY
#define CONNECTING L2TP_SESSION_CONNECTING
#define DEFERRED L2TP_SESSION_DEFERRED
#define WAIT_CONNECT L2TP_SESSION_WAIT_CONNECT
#define ESTABLISHED L2TP_SESSION_ESTABLISHED
#define CLOSING L2TP_SESSION_CLOSING

// RFC 2661 7.4. An empty cell is illegal: CDN, clean up. SLI and WEN never end a call that is on its way or up.
static const struct {
	void (*act)(struct l2tp_session *session, const struct input *in);
	uint8_t next;
} automaton[INPUTS][L2TP_SESSION_STATES] = {
	[INPUT_ICRQ] = {[CLOSING] = {ignore, CLOSING}},
	[INPUT_ICRP] = {[WAIT_TUNNEL] = {refuse_stale, WAIT_TUNNEL},
		[WAIT_REPLY] = {take_icrp, CONNECTING},
		[CLOSING] = {refuse_icrp, CLOSING}},
	[INPUT_ICCN] = {[WAIT_CONNECT] = {take_iccn, ESTABLISHED}, [CLOSING] = {ignore, CLOSING}},
	[INPUT_CDN] = {[WAIT_TUNNEL] = {ignore_stale, WAIT_TUNNEL},
		[WAIT_REPLY] = {take_cdn, CLOSING},
		[CONNECTING] = {take_cdn, CLOSING},
		[DEFERRED] = {take_cdn, CLOSING},
		[WAIT_CONNECT] = {take_cdn, CLOSING},
		[ESTABLISHED] = {take_cdn, CLOSING},
		[CLOSING] = {ignore, CLOSING}},
	[INPUT_SLI] = {[CONNECTING] = {take_info, CONNECTING},
		[WAIT_CONNECT] = {take_info, WAIT_CONNECT},
		[ESTABLISHED] = {take_info, ESTABLISHED},
		[CLOSING] = {ignore, CLOSING}},
	[INPUT_WEN] = {[CONNECTING] = {take_info, CONNECTING},
		[WAIT_CONNECT] = {take_info, WAIT_CONNECT},
		[ESTABLISHED] = {take_info, ESTABLISHED},
		[CLOSING] = {ignore, CLOSING}},
	[INPUT_OUTGOING] = {[CLOSING] = {ignore, CLOSING}},
};

static enum session_input input_of(uint16_t type)
{
	switch (type) {
	case L2TP_icrq:
		return INPUT_ICRQ;
	case L2TP_icrp:
		return INPUT_ICRP;
	case L2TP_iccn:
		return INPUT_ICCN;
	case L2TP_cdn:
		return INPUT_CDN;
	case L2TP_sli:
		return INPUT_SLI;
	case L2TP_wen:
		return INPUT_WEN;
	default:
		return INPUT_OUTGOING;
	}
}

// A message that breaks the rules ends its session.
static void end_by_fault(
	struct l2tp_session *session, const struct input *in, enum l2tp_reason reason, uint16_t error, const char *text)
{
	l2tp_session_end(session,
		&(struct l2tp_end){.reason = reason,
			.result = L2TP_CDN_error,
			.error = error,
			.has_result = true,
			.tell_peer = true,
			.tell_host = true,
			.text = l2tp_text(text),
			.msg = in->msg},
		in->now_ms);
}

static void illegal(struct l2tp_session *session, const struct input *in)
{
	char text[80];

	count(session->tunnel, L2TP_COUNT_rx_unexpected);
	// After a restart the peer may repeat what was dealt with just before the kill.
	if (session->tunnel->maybe_replay)
		return;
	snprintf(text, sizeof(text), "%s in state %s", l2tp_msg_name(in->msg->type),
		l2tp_session_state_name((enum l2tp_session_state)session->state));
	end_by_fault(session, in, L2TP_REASON_unexpected, L2TP_ERROR_vendor, text);
}

static void incoming(struct l2tp_tunnel *tunnel, const struct l2tp_msg *icrq, uint64_t now_ms)
{
	struct l2tp_call_answer answer = {.result = L2TP_CDN_permanent, .text = l2tp_text("incoming calls are not taken here")};
	enum l2tp_call_verdict verdict = L2TP_CALL_REFUSE;
	struct l2tp_session *session;

	if (tunnel->ops->incoming_call)
		verdict = tunnel->ops->incoming_call(tunnel, icrq, &answer);
	if (verdict == L2TP_CALL_IGNORE)
		return;
	session = answer.session;
	if (verdict != L2TP_CALL_REFUSE) {
		*session = (struct l2tp_session){.tunnel = tunnel,
			.local_id = answer.local_id,
			.peer_id = icrq->assigned_session_id,
			.serial = icrq->call_serial_number,
			.state = DEFERRED};
		if (session->local_id && l2tp_table_put(tunnel, session) == 0) {
			store(session);
			if (verdict == L2TP_CALL_ACCEPT)
				l2tp_session_answer(session, now_ms);
			return;
		}
		session->state = L2TP_SESSION_IDLE;
		answer = (struct l2tp_call_answer){.result = L2TP_CDN_error, .error = L2TP_ERROR_resources};
	}
	count(tunnel, L2TP_COUNT_calls_refused);
	l2tp_call_stray_cdn(tunnel, l2tp_table_free_id(tunnel), icrq->assigned_session_id,
		&(struct l2tp_result){.code = answer.result, .error = answer.error, .text = answer.text});
	if (verdict != L2TP_CALL_REFUSE)
		raise(session, L2TP_SESSION_GONE, NULL);
}

// Messages that name no session of ours: requests, and what belongs to a call that is over here.
static void take_stray(struct l2tp_tunnel *tunnel, uint16_t session_id, const struct l2tp_msg *msg,
	const struct l2tp_fault *fault, uint64_t now_ms)
{
	bool is_request = msg->type == L2TP_icrq || msg->type == L2TP_ocrq;
	struct l2tp_result result = {.code = L2TP_CDN_error, .error = L2TP_ERROR_session_id};

	if (fault && is_request)
		result = (struct l2tp_result){.code = L2TP_CDN_error, .error = fault->error, .text = l2tp_text(fault->text)};
	else if (msg->type == L2TP_icrq && !session_id) {
		incoming(tunnel, msg, now_ms);
		return;
	} else if (msg->type == L2TP_ocrq && !session_id)
		result = (struct l2tp_result){.code = L2TP_CDN_permanent, .text = l2tp_text("outgoing calls are not provided")};
	if (is_request)
		count(tunnel, L2TP_COUNT_calls_refused);
	else
		count(tunnel, L2TP_COUNT_rx_unknown_session);
	if (msg->type == L2TP_cdn || !msg->type || tunnel->maybe_replay)
		return;
	l2tp_call_stray_cdn(tunnel, session_id ? session_id : l2tp_table_free_id(tunnel), msg->assigned_session_id, &result);
}

void l2tp_session_input(struct l2tp_tunnel *tunnel, uint16_t session_id, const struct l2tp_msg *msg,
	const struct l2tp_fault *fault, uint64_t now_ms)
{
	const struct input in = {.msg = msg, .now_ms = now_ms};
	enum session_input input = input_of(msg->type);
	struct l2tp_session *session = l2tp_tunnel_session(tunnel, session_id);
	uint8_t state, next;

	if (!session && !session_id && input == INPUT_CDN)
		session = l2tp_table_find_peer(tunnel, msg->assigned_session_id);
	if (!session) {
		take_stray(tunnel, session_id, msg, fault, now_ms);
		return;
	}
	if (fault) {
		end_by_fault(session, &in, L2TP_REASON_malformed, fault->error, fault->text);
		return;
	}
	state = session->state;
	next = automaton[input][state].next;
	if (!next) {
		illegal(session, &in);
		return;
	}
	automaton[input][state].act(session, &in);
	// The cell may have ended the session, whose memory may be the host's again.
	if (next == CLOSING || next == ESTABLISHED || l2tp_tunnel_session(tunnel, session_id) != session ||
		session->state != state)
		return;
	session->state = next;
	if (next != state)
		store(session);
}

int l2tp_session_dial(struct l2tp_tunnel *tunnel, struct l2tp_session *session, uint16_t local_id, const struct l2tp_call *call,
	uint64_t now_ms)
{
	bool is_outer;
	int error;

	if (!local_id || !call)
		return -EINVAL;
	if (tunnel->state == L2TP_TUNNEL_IDLE || tunnel->state == L2TP_TUNNEL_CLOSING)
		return -ENOTCONN;
	if (tunnel->waiting_calls >= tunnel->options->queue_max)
		return -ENOBUFS;
	*session =
		(struct l2tp_session){.tunnel = tunnel, .call = call, .local_id = local_id, .is_lac = true, .state = WAIT_TUNNEL};
	error = l2tp_table_put(tunnel, session);
	if (error) {
		session->state = L2TP_SESSION_IDLE;
		return error;
	}
	session->serial = call->serial ? call->serial : ++tunnel->serial;
	is_outer = l2tp_enter(tunnel);
	enlist(session, LIST_WAITING);
	l2tp_leave(tunnel, is_outer, now_ms);
	return 0;
}

void l2tp_session_answer(struct l2tp_session *session, uint64_t now_ms)
{
	struct l2tp_tunnel *tunnel = session->tunnel;
	struct l2tp_msg msg = {.type = L2TP_icrp};
	bool is_outer;

	if (session->state != DEFERRED || tunnel->state != L2TP_TUNNEL_ESTABLISHED)
		return;
	is_outer = l2tp_enter(tunnel);
	l2tp_set(&msg, assigned_session_id, session->local_id);
	if (l2tp_queue_msg(tunnel, session, L2TP_CLASS_FINISH, session->local_id, session->peer_id, &msg) == 0)
		session->state = WAIT_CONNECT;
	else
		l2tp_session_end(session, &(struct l2tp_end){.reason = L2TP_REASON_resources, .tell_host = true}, now_ms);
	l2tp_leave(tunnel, is_outer, now_ms);
}

void l2tp_session_hangup(struct l2tp_session *session, enum l2tp_cdn result, enum l2tp_error error,
	const struct l2tp_disconnect *disconnect, const char *text, uint64_t now_ms)
{
	struct l2tp_tunnel *tunnel = session->tunnel;
	bool is_outer;

	if (session->state == L2TP_SESSION_IDLE || session->state == CLOSING)
		return;
	is_outer = l2tp_enter(tunnel);
	l2tp_session_end(session,
		&(struct l2tp_end){.reason = L2TP_REASON_local,
			.result = (uint16_t)result,
			.error = (uint16_t)error,
			.tell_peer = true,
			.text = l2tp_text(text),
			.disconnect = disconnect},
		now_ms);
	l2tp_leave(tunnel, is_outer, now_ms);
}

static int send_info(struct l2tp_session *session, const struct l2tp_msg *msg, uint64_t now_ms)
{
	struct l2tp_tunnel *tunnel = session->tunnel;
	bool is_outer;
	int error;

	if (session->state != ESTABLISHED)
		return -ENOTCONN;
	is_outer = l2tp_enter(tunnel);
	error = l2tp_queue_msg(tunnel, NULL, L2TP_CLASS_FINISH, session->local_id, session->peer_id, msg);
	l2tp_leave(tunnel, is_outer, now_ms);
	return error;
}

int l2tp_session_wen(struct l2tp_session *session, const struct l2tp_call_errors *errors, uint64_t now_ms)
{
	struct l2tp_msg msg = {.type = L2TP_wen};
	int error;

	if (session->state == ESTABLISHED && session->wen_ms && now_ms - session->wen_ms < WEN_INTERVAL_MS)
		return -EAGAIN;
	l2tp_set(&msg, call_errors, *errors);
	error = send_info(session, &msg, now_ms);
	if (!error)
		session->wen_ms = now_ms;
	return error;
}

int l2tp_session_sli(struct l2tp_session *session, const struct l2tp_accm *accm, uint64_t now_ms)
{
	struct l2tp_msg msg = {.type = L2TP_sli};

	l2tp_set(&msg, accm, *accm);
	return send_info(session, &msg, now_ms);
}

const char *l2tp_session_state_name(enum l2tp_session_state state)
{
	static const char *const names[L2TP_SESSION_STATES] = {[L2TP_SESSION_IDLE] = "idle",
		[WAIT_TUNNEL] = "wait-tunnel",
		[WAIT_REPLY] = "wait-reply",
		[CONNECTING] = "connecting",
		[DEFERRED] = "deferred",
		[WAIT_CONNECT] = "wait-connect",
		[ESTABLISHED] = "established",
		[CLOSING] = "closing"};

	return state < L2TP_SESSION_STATES && names[state] ? names[state] : "unknown";
}
