// SPDX-License-Identifier: Apache-2.0
// The control connection's automaton (RFC 2661 7.2.1) and what its cells do: setup, authentication, teardown.
#include <stdio.h>

#include "proto/l2tp/private.h"

#define PROTOCOL_VERSION 0x0100

struct input {
	const struct l2tp_header *header;
	struct l2tp_msg *msg;
	uint64_t now_ms;
};

// Ends the tunnel with a StopCCN.
static void stop(struct l2tp_tunnel *tunnel, const struct input *in, enum l2tp_reason reason, uint16_t result, uint16_t error,
	const char *text)
{
	l2tp_tunnel_end(tunnel,
		&(struct l2tp_end){.reason = reason,
			.result = result,
			.error = error,
			.has_result = true,
			.tell_peer = true,
			.tell_host = true,
			.text = l2tp_text(text ? text : l2tp_reason_text(reason)),
			.msg = in->msg},
		in->now_ms);
}

static bool has_secret(const struct l2tp_tunnel *tunnel)
{
	return tunnel->options->secrets[0].len || tunnel->options->secrets[1].len;
}

static void set_identity(struct l2tp_tunnel *tunnel, struct l2tp_msg *msg)
{
	const struct l2tp_options *options = tunnel->options;

	l2tp_set(msg, protocol_version, PROTOCOL_VERSION);
	l2tp_set(msg, host_name, options->host_name);
	l2tp_set(msg, framing_capabilities, options->framing_capabilities);
	l2tp_set(msg, assigned_tunnel_id, tunnel->local_id);
	l2tp_set(msg, receive_window, options->receive_window ? options->receive_window : 1);
	if (options->bearer_capabilities)
		l2tp_set(msg, bearer_capabilities, options->bearer_capabilities);
	if (options->firmware_revision)
		l2tp_set(msg, firmware_revision, options->firmware_revision);
	if (options->vendor_name.len)
		l2tp_set(msg, vendor_name, options->vendor_name);
	if (options->auth != L2TP_AUTH_NONE && has_secret(tunnel)) {
		tunnel->ops->random(tunnel, tunnel->challenge, sizeof(tunnel->challenge));
		tunnel->is_challenging = true;
		l2tp_set(msg, challenge, {tunnel->challenge, sizeof(tunnel->challenge)});
	}
}

static void keep_name(uint8_t *to, uint8_t *len, size_t room, struct l2tp_bytes name)
{
	*len = (uint8_t)(name.len < room ? name.len : room);
	if (*len)
		memcpy(to, name.bytes, *len);
}

// What SCCRQ and SCCRP have in common; false when the tunnel was ended over it.
static bool take_identity(struct l2tp_tunnel *tunnel, const struct input *in)
{
	const struct l2tp_msg *msg = in->msg;
	struct l2tp_bytes expected = tunnel->options->peer_host_name;

	tunnel->peer_id = tunnel->channel.peer_tunnel_id = msg->assigned_tunnel_id;
	l2tp_channel_set_window(&tunnel->channel, l2tp_has(msg, receive_window) ? msg->receive_window : 0);
	keep_name(tunnel->peer_host_name, &tunnel->peer_host_len, sizeof(tunnel->peer_host_name), msg->host_name);
	keep_name(tunnel->peer_vendor_name, &tunnel->peer_vendor_len, sizeof(tunnel->peer_vendor_name), msg->vendor_name);
	tunnel->peer_firmware = msg->firmware_revision;
	tunnel->peer_framing = msg->framing_capabilities & 3;
	if (msg->protocol_version >> 8 != PROTOCOL_VERSION >> 8) {
		stop(tunnel, in, L2TP_REASON_version, L2TP_STOP_version, PROTOCOL_VERSION, NULL);
		return false;
	}
	if (expected.len &&
		(expected.len != msg->host_name.len || memcmp(expected.bytes, msg->host_name.bytes, expected.len) != 0)) {
		stop(tunnel, in, L2TP_REASON_host_name, L2TP_STOP_not_authorized, 0, NULL);
		return false;
	}
	return true;
}

// Whether the response answers our challenge under a secret of ours; that one is used from here on.
static bool is_right(struct l2tp_tunnel *tunnel, uint8_t type, const uint8_t response[L2TP_RESPONSE_LEN])
{
	uint8_t expected[L2TP_RESPONSE_LEN];
	bool found = false;

	for (uint8_t i = 0; i < L2TP_SECRETS; i++) {
		struct l2tp_bytes secret = tunnel->options->secrets[i];

		if (!secret.len)
			continue;
		l2tp_challenge_response(
			type, secret, (struct l2tp_bytes){tunnel->challenge, sizeof(tunnel->challenge)}, expected);
		if (l2tp_response_equal(expected, response) && !found) {
			found = true;
			tunnel->secret = i;
		}
	}
	return found;
}

// The peer's answer to our challenge, if we challenged; false when the tunnel was ended over it.
static bool check_response(struct l2tp_tunnel *tunnel, const struct input *in)
{
	const struct l2tp_msg *msg = in->msg;

	if (!tunnel->is_challenging)
		return true;
	tunnel->is_challenging = false;
	if (!l2tp_has(msg, challenge_response)) {
		if (tunnel->options->auth != L2TP_AUTH_REQUIRE)
			return true;
		stop(tunnel, in, L2TP_REASON_secret_unproved, L2TP_STOP_not_authorized, 0, "no response to the challenge");
		return false;
	}
	if (!is_right(tunnel, (uint8_t)msg->type, msg->challenge_response.bytes)) {
		stop(tunnel, in, L2TP_REASON_secret_differs, L2TP_STOP_not_authorized, 0, "wrong response to the challenge");
		return false;
	}
	tunnel->is_proved = true;
	return true;
}

// Our answer to the peer's challenge goes into `reply`; false when the tunnel was ended over it.
static bool answer_challenge(
	struct l2tp_tunnel *tunnel, const struct input *in, struct l2tp_msg *reply, uint8_t response[L2TP_RESPONSE_LEN])
{
	if (!l2tp_has(in->msg, challenge))
		return true;
	if (!has_secret(tunnel)) {
		stop(tunnel, in, L2TP_REASON_secret_missing, L2TP_STOP_not_authorized, 0, "no secret is set here");
		return false;
	}
	// The secret that opened the peer's hidden AVPs is the one it knows.
	if (in->msg->secret >= 0)
		tunnel->secret = (uint8_t)in->msg->secret;
	else if (!tunnel->options->secrets[tunnel->secret].len)
		tunnel->secret ^= 1;
	l2tp_challenge_response((uint8_t)reply->type, tunnel->options->secrets[tunnel->secret], in->msg->challenge, response);
	l2tp_set(reply, challenge_response, {response, L2TP_RESPONSE_LEN});
	return true;
}

static void queue(struct l2tp_tunnel *tunnel, const struct input *in, const struct l2tp_msg *msg)
{
	if (l2tp_queue_msg(tunnel, NULL, L2TP_CLASS_TUNNEL, 0, 0, msg) < 0)
		stop(tunnel, in, L2TP_REASON_resources, L2TP_STOP_error, L2TP_ERROR_resources, NULL);
}

// A cell gives the state to go to; a tunnel that was ended on the way stays ended (input).
static void send_sccrq(struct l2tp_tunnel *tunnel, const struct input *in)
{
	struct l2tp_msg msg = {.type = L2TP_sccrq};

	set_identity(tunnel, &msg);
	if (tunnel->options->tie_breaker) {
		tunnel->ops->random(tunnel, &tunnel->tie_breaker, sizeof(tunnel->tie_breaker));
		l2tp_set(&msg, tie_breaker, tunnel->tie_breaker);
	}
	(void)in;
	(void)l2tp_queue_msg(tunnel, NULL, L2TP_CLASS_TUNNEL, 0, 0, &msg); // l2tp_tunnel_open looks whether it went
}

static void answer_sccrq(struct l2tp_tunnel *tunnel, const struct input *in)
{
	struct l2tp_msg reply = {.type = L2TP_sccrp};
	uint8_t response[L2TP_RESPONSE_LEN];

	if (!take_identity(tunnel, in) || !answer_challenge(tunnel, in, &reply, response))
		return;
	set_identity(tunnel, &reply);
	queue(tunnel, in, &reply);
}

static void take_sccrp(struct l2tp_tunnel *tunnel, const struct input *in)
{
	struct l2tp_msg reply = {.type = L2TP_scccn};
	uint8_t response[L2TP_RESPONSE_LEN];

	if (!take_identity(tunnel, in) || !check_response(tunnel, in) || !answer_challenge(tunnel, in, &reply, response))
		return;
	queue(tunnel, in, &reply);
}

static void take_scccn(struct l2tp_tunnel *tunnel, const struct input *in)
{
	check_response(tunnel, in);
}

static enum l2tp_reason reason_of(const struct l2tp_result *result)
{
	switch (result->code) {
	case L2TP_STOP_not_authorized:
		return L2TP_REASON_secret_refused; // it may come after our SCCCN, so when the tunnel is up already here
	case L2TP_STOP_version:
		return L2TP_REASON_version;
	case L2TP_STOP_state:
		return L2TP_REASON_peer_fault;
	case L2TP_STOP_error:
		if (result->error == L2TP_ERROR_try_another)
			return L2TP_REASON_try_another;
		return result->error == L2TP_ERROR_length || result->error == L2TP_ERROR_range ||
				result->error == L2TP_ERROR_unknown_avp
			? L2TP_REASON_peer_fault
			: L2TP_REASON_peer_closed;
	default:
		return L2TP_REASON_peer_closed;
	}
}

static void take_stopccn(struct l2tp_tunnel *tunnel, const struct input *in)
{
	const struct l2tp_msg *msg = in->msg;

	// The acknowledgment needs an address even when the peer refused before it introduced itself.
	if (!tunnel->peer_id && l2tp_has(msg, assigned_tunnel_id))
		tunnel->peer_id = tunnel->channel.peer_tunnel_id = msg->assigned_tunnel_id;
	l2tp_tunnel_end(tunnel,
		&(struct l2tp_end){.reason = reason_of(&msg->result),
			.result = msg->result.code,
			.error = msg->result.error,
			.has_result = l2tp_has(msg, result),
			.tell_host = true,
			.text = msg->result.text,
			.msg = msg},
		in->now_ms);
}

static void take_call(struct l2tp_tunnel *tunnel, const struct input *in)
{
	l2tp_session_input(tunnel, in->header->session_id, in->msg, NULL, in->now_ms);
}

static void take_nothing(struct l2tp_tunnel *tunnel, const struct input *in)
{
	(void)tunnel;
	(void)in;
}

static void ignore(struct l2tp_tunnel *tunnel, const struct input *in)
{
	(void)in;
	l2tp_count(tunnel->channel.counters, L2TP_COUNT_rx_closing, 1);
}

// The peer answers an SCCRQ that was given up: it has half a tunnel now, and must not keep it.
static void refuse_late(struct l2tp_tunnel *tunnel, const struct input *in)
{
	struct l2tp_msg msg = {.type = L2TP_stopccn};

	ignore(tunnel, in);
	if (tunnel->peer_id || !tunnel->is_initiator)
		return;
	tunnel->peer_id = tunnel->channel.peer_tunnel_id = in->msg->assigned_tunnel_id;
	tunnel->channel.is_lost = false;
	tunnel->gone_ms = in->now_ms + l2tp_cycle_ms(tunnel->options);
	l2tp_set(&msg, assigned_tunnel_id, tunnel->local_id);
	l2tp_set(&msg, result, {.code = L2TP_STOP_clear, .text = l2tp_text("the answer came too late")});
	l2tp_queue_msg(tunnel, NULL, L2TP_CLASS_TUNNEL, 0, 0, &msg);
}

#define IDLE L2TP_TUNNEL_IDLE
#define WAIT_REPLY L2TP_TUNNEL_WAIT_REPLY
#define WAIT_CONN L2TP_TUNNEL_WAIT_CONN
#define ESTABLISHED L2TP_TUNNEL_ESTABLISHED
#define CLOSING L2TP_TUNNEL_CLOSING

// RFC 2661 7.2.1. An empty cell is a state machine error: StopCCN, clean up. CLOSING is "clean up" that still acknowledges (5.7, 5.8).
static const struct {
	void (*act)(struct l2tp_tunnel *tunnel, const struct input *in);
	uint8_t next;
} automaton[L2TP_INPUTS][L2TP_TUNNEL_STATES] = {
	[L2TP_INPUT_OPEN] = {[IDLE] = {send_sccrq, WAIT_REPLY}},
	[L2TP_INPUT_SCCRQ] = {[IDLE] = {answer_sccrq, WAIT_CONN}, [CLOSING] = {ignore, CLOSING}},
	[L2TP_INPUT_SCCRP] = {[WAIT_REPLY] = {take_sccrp, ESTABLISHED}, [CLOSING] = {refuse_late, CLOSING}},
	[L2TP_INPUT_SCCCN] = {[WAIT_CONN] = {take_scccn, ESTABLISHED}, [CLOSING] = {ignore, CLOSING}},
	[L2TP_INPUT_STOPCCN] = {[IDLE] = {take_stopccn, CLOSING},
		[WAIT_REPLY] = {take_stopccn, CLOSING},
		[WAIT_CONN] = {take_stopccn, CLOSING},
		[ESTABLISHED] = {take_stopccn, CLOSING},
		[CLOSING] = {take_nothing, CLOSING}},
	[L2TP_INPUT_HELLO] = {[WAIT_REPLY] = {take_nothing, WAIT_REPLY},
		[WAIT_CONN] = {take_nothing, WAIT_CONN},
		[ESTABLISHED] = {take_nothing, ESTABLISHED},
		[CLOSING] = {take_nothing, CLOSING}},
	[L2TP_INPUT_CALL] = {[ESTABLISHED] = {take_call, ESTABLISHED}, [CLOSING] = {ignore, CLOSING}},
};

static void illegal(struct l2tp_tunnel *tunnel, const struct input *in)
{
	char text[80];

	l2tp_count(tunnel->channel.counters, L2TP_COUNT_rx_unexpected, 1);
	// After a restart the peer may repeat what was dealt with just before the kill.
	if (tunnel->maybe_replay || tunnel->state == IDLE)
		return;
	snprintf(text, sizeof(text), "%s in state %s", in->msg ? l2tp_msg_name(in->msg->type) : "open",
		l2tp_tunnel_state_name((enum l2tp_tunnel_state)tunnel->state));
	stop(tunnel, in, L2TP_REASON_unexpected, L2TP_STOP_state, 0, text);
}

void l2tp_tunnel_input(struct l2tp_tunnel *tunnel, enum l2tp_tunnel_input input, const struct l2tp_header *header,
	struct l2tp_msg *msg, uint64_t now_ms)
{
	const struct input in = {.header = header, .msg = msg, .now_ms = now_ms};
	uint8_t state = tunnel->state, next = automaton[input][state].next;

	if (!next) {
		illegal(tunnel, &in);
		return;
	}
	automaton[input][state].act(tunnel, &in);
	if (tunnel->state != state)
		return; // ended within
	tunnel->state = next;
	if (state != next && next == ESTABLISHED)
		l2tp_tunnel_came_up(tunnel, msg, now_ms);
}
