// SPDX-License-Identifier: Apache-2.0
// A live tunnel with calls, its peer's packets and its host's acts in any order: in the end everything is told and given back.
//
// The input is a list of acts: an octet that says which, an octet of argument, and for packets that many octets.
#include "proto/l2tp/session.h"

#include <stdlib.h>

#define CALLS 64

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

static struct {
	struct l2tp_tunnel tunnel;
	struct l2tp_options options;
	struct l2tp_counters counters;
	struct l2tp_session calls[CALLS];
	bool is_live[CALLS];
	uint32_t random;
	bool is_gone, is_ended;
	uint64_t now_ms;
} t;

static const struct ip_end peer = {{IP_V4, {192, 0, 2, 1}}, L2TP_PORT};

static void on_send(struct l2tp_tunnel *tunnel, const uint8_t *bytes, size_t len)
{
	struct l2tp_header header;
	struct l2tp_fault fault;
	struct l2tp_msg msg;

	(void)tunnel;
	// What we send is sound, whatever came before.
	must(l2tp_header_parse(bytes, len, &header) == 0 && l2tp_is_control(&header));
	must(!header.len || l2tp_msg_decode(header.payload, header.len, NULL, &msg, &fault) == 0);
	must(!header.len || (msg.bad_avps == 0 && msg.unknown_avps == 0));
}

static void on_random(struct l2tp_tunnel *tunnel, void *out, size_t len)
{
	(void)tunnel;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)(t.random = t.random * 1103515245 + 12345) >> 3;
}

static void on_tunnel_event(struct l2tp_tunnel *tunnel, const struct l2tp_tunnel_event *event)
{
	(void)tunnel;
	must(!t.is_gone);
	if (event->type == L2TP_TUNNEL_FAILED || event->type == L2TP_TUNNEL_DOWN) {
		must(!t.is_ended);
		t.is_ended = true;
	}
	t.is_gone = event->type == L2TP_TUNNEL_GONE;
}

static void on_session_event(struct l2tp_session *session, const struct l2tp_session_event *event)
{
	size_t i = (size_t)(session - t.calls);

	must(t.is_live[i]);
	if (event->type != L2TP_SESSION_GONE)
		return;
	t.is_live[i] = false;
	memset(session, 0xa5, sizeof(*session));
}

static enum l2tp_call_verdict on_incoming_call(
	struct l2tp_tunnel *tunnel, const struct l2tp_msg *icrq, struct l2tp_call_answer *answer)
{
	size_t i = icrq->call_serial_number % CALLS;

	(void)tunnel;
	if (i < 4 || t.is_live[i])
		return i & 1 ? L2TP_CALL_REFUSE : L2TP_CALL_IGNORE;
	t.is_live[i] = true;
	answer->session = &t.calls[i];
	answer->local_id = (uint16_t)(i + 1);
	return i & 1 ? L2TP_CALL_ACCEPT : L2TP_CALL_DEFER;
}

static const struct l2tp_ops ops = {.send = on_send,
	.random = on_random,
	.tunnel_event = on_tunnel_event,
	.session_event = on_session_event,
	.incoming_call = on_incoming_call};

static void receive(const struct l2tp_header *header)
{
	l2tp_tunnel_recv(&t.tunnel, &peer, header, t.now_ms);
}

static void come_up(void)
{
	static const uint8_t sccrp[] = {0x80, 8, 0, 0, 0, 0, 0, 2, 0x80, 8, 0, 0, 0, 2, 1, 0, 0x80, 0x0a, 0, 0, 0, 3, 0, 0, 0, 3,
		0x80, 8, 0, 0, 0, 7, 'v', 'm', 0x80, 8, 0, 0, 0, 9, 0, 22};

	must(l2tp_tunnel_open(&t.tunnel, 11, &peer, 0, t.now_ms) == 0);
	receive(&(struct l2tp_header){
		.flags = L2TP_CONTROL_FLAGS, .tunnel_id = 11, .nr = 1, .payload = sccrp, .len = sizeof(sccrp)});
	must(t.tunnel.state == L2TP_TUNNEL_ESTABLISHED);
}

static void act(uint8_t what, uint8_t argument, struct wire_in *in)
{
	static const struct l2tp_call call = {.called_number = {(const uint8_t *)"apn", 3}, .tx_bps = 1000};
	size_t i = argument % CALLS, len = argument < wire_left(in) ? argument : wire_left(in);
	struct l2tp_header header;

	switch (what % 10) {
	case 0: // any packet
		if (l2tp_header_parse(wire_get_bytes(in, len), len, &header) == 0)
			receive(&header);
		break;
	case 1: // a message in sequence that acknowledges all; its first octet is the session
	case 2:
		header = (struct l2tp_header){.flags = L2TP_CONTROL_FLAGS,
			.tunnel_id = 11,
			.ns = t.tunnel.channel.nr,
			.nr = t.tunnel.channel.ns,
			.session_id = wire_get_u8(in)};
		len = len ? len - 1 : 0;
		header.payload = wire_get_bytes(in, len);
		header.len = header.payload ? (uint16_t)len : 0;
		receive(&header);
		break;
	case 3: // one that is early
		header = (struct l2tp_header){.flags = L2TP_CONTROL_FLAGS,
			.tunnel_id = 11,
			.ns = (uint16_t)(t.tunnel.channel.nr + 1 + (argument & 7)),
			.nr = t.tunnel.channel.ns,
			.payload = (const uint8_t *)"\x80\x08\0\0\0\0\0\x06",
			.len = 8};
		receive(&header);
		break;
	case 4:
		if (!t.is_live[i]) {
			t.is_live[i] = true;
			if (l2tp_session_dial(&t.tunnel, &t.calls[i], (uint16_t)(i + 1), &call, t.now_ms) < 0)
				t.is_live[i] = false;
		}
		break;
	case 5:
		if (t.is_live[i])
			l2tp_session_hangup(&t.calls[i], L2TP_CDN_lost_carrier, L2TP_ERROR_none, NULL, "bye", t.now_ms);
		break;
	case 6:
		if (t.is_live[i])
			l2tp_session_answer(&t.calls[i], t.now_ms);
		break;
	case 7:
		t.now_ms += argument * 20u;
		l2tp_tunnel_tick(&t.tunnel, t.now_ms);
		break;
	case 8:
		l2tp_tunnel_flush(&t.tunnel);
		break;
	default:
		if (argument == 0xff)
			l2tp_tunnel_close(&t.tunnel, L2TP_STOP_clear, L2TP_ERROR_none, NULL, t.now_ms);
		else
			l2tp_tunnel_hello(&t.tunnel, t.now_ms);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_in in = wire_in(data, size);

	memset(&t, 0, sizeof(t));
	l2tp_options_default(&t.options);
	t.options.host_name = (struct l2tp_bytes){(const uint8_t *)"lac", 3};
	l2tp_tunnel_init(&t.tunnel, &ops, NULL, &t.options, &t.counters);
	come_up();
	while (wire_left(&in) >= 2 && !t.is_gone) {
		uint8_t what = wire_get_u8(&in);

		act(what, wire_get_u8(&in), &in);
	}
	if (!t.is_gone)
		l2tp_tunnel_close(&t.tunnel, L2TP_STOP_clear, L2TP_ERROR_none, NULL, t.now_ms);
	for (int i = 0; i < 1000 && !t.is_gone; i++) {
		uint64_t next = l2tp_tunnel_next(&t.tunnel);

		must(next != L2TP_NEVER);
		t.now_ms = next > t.now_ms ? next : t.now_ms;
		l2tp_tunnel_tick(&t.tunnel, t.now_ms);
	}
	must(t.is_gone && t.is_ended && t.tunnel.sessions == 0);
	for (size_t i = 0; i < CALLS; i++)
		must(!t.is_live[i]);
	return 0;
}
