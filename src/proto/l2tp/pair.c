// SPDX-License-Identifier: Apache-2.0
#include "proto/l2tp/pair.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static struct pair_side *side_of(struct l2tp_tunnel *tunnel)
{
	return (struct pair_side *)tunnel;
}

static struct pair_side *other(struct pair_side *side)
{
	return side == &side->pair->lac ? &side->pair->lns : &side->pair->lac;
}

uint32_t pair_random(struct pair *pair)
{
	pair->random ^= pair->random << 13;
	pair->random ^= pair->random >> 17;
	pair->random ^= pair->random << 5;
	return pair->random;
}

static void put_on_path(struct pair_side *from, const uint8_t *bytes, size_t len)
{
	struct pair *pair = from->pair;
	struct pair_packet *packet = calloc(1, sizeof(*packet)), **at = &pair->path;

	assert(packet && len <= sizeof(packet->bytes));
	packet->from = from;
	packet->to = other(from);
	packet->due_ms = pair->now_ms + pair->delay_ms + (pair->jitter_ms ? pair_random(pair) % pair->jitter_ms : 0);
	packet->len = len;
	memcpy(packet->bytes, bytes, len);
	while (*at && (*at)->due_ms <= packet->due_ms)
		at = &(*at)->next;
	packet->next = *at;
	*at = packet;
}

static void log_packet(struct pair_side *side, const uint8_t *bytes, size_t len)
{
	size_t used = strlen(side->log);
	struct l2tp_header header;
	int error = l2tp_header_parse(bytes, len, &header);

	assert(!error && l2tp_is_control(&header));
	if (used + 16 < sizeof(side->log))
		snprintf(
			side->log + used, sizeof(side->log) - used, "%s ", header.len ? l2tp_msg_name(header.payload[7]) : "ZLB");
}

static void on_send(struct l2tp_tunnel *tunnel, const uint8_t *bytes, size_t len)
{
	struct pair_side *side = side_of(tunnel);
	struct pair *pair = side->pair;

	if (side->is_dead)
		return;
	pair->packets++;
	log_packet(side, bytes, len);
	if (pair_random(pair) % 1000 >= pair->loss)
		put_on_path(side, bytes, len);
	if (pair_random(pair) % 1000 < pair->doubling)
		put_on_path(side, bytes, len);
}

static void on_random(struct l2tp_tunnel *tunnel, void *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)pair_random(side_of(tunnel)->pair);
}

static void on_tunnel_event(struct l2tp_tunnel *tunnel, const struct l2tp_tunnel_event *event)
{
	struct pair_side *side = side_of(tunnel);

	if (side->is_dead)
		return;
	side->up += event->type == L2TP_TUNNEL_UP;
	side->moved += event->type == L2TP_TUNNEL_MOVED;
	side->gone += event->type == L2TP_TUNNEL_GONE;
	if (event->type == L2TP_TUNNEL_GONE)
		memset(&side->store.tunnel, 0, sizeof(side->store.tunnel));
	if (event->type != L2TP_TUNNEL_FAILED && event->type != L2TP_TUNNEL_DOWN)
		return;
	side->failed += event->type == L2TP_TUNNEL_FAILED;
	side->down += event->type == L2TP_TUNNEL_DOWN;
	side->reason = event->reason;
	side->result = event->result;
	side->error = event->error;
	snprintf(side->text, sizeof(side->text), "%.*s", event->text.len, event->text.len ? (const char *)event->text.bytes : "");
}

static void on_session_event(struct l2tp_session *session, const struct l2tp_session_event *event)
{
	struct pair_call *call = (struct pair_call *)session;
	struct pair_side *side = side_of(session->tunnel);

	if (side->is_dead)
		return;
	call->up += event->type == L2TP_SESSION_UP;
	call->info += event->type == L2TP_SESSION_INFO;
	call->gone += event->type == L2TP_SESSION_GONE;
	if (event->type == L2TP_SESSION_GONE)
		memset(&side->store.sessions[session->local_id], 0, sizeof(side->store.sessions[0]));
	if (event->type == L2TP_SESSION_FAILED || event->type == L2TP_SESSION_DOWN) {
		call->failed += event->type == L2TP_SESSION_FAILED;
		call->down += event->type == L2TP_SESSION_DOWN;
		call->reason = event->reason;
		call->result = event->result;
		call->error = event->error;
		if (event->disconnect)
			call->disconnect = *event->disconnect;
		snprintf(call->text, sizeof(call->text), "%.*s", event->text.len,
			event->text.len ? (const char *)event->text.bytes : "");
	}
	if (side->on_session)
		side->on_session(call, event);
}

static enum l2tp_call_verdict on_incoming_call(
	struct l2tp_tunnel *tunnel, const struct l2tp_msg *icrq, struct l2tp_call_answer *answer)
{
	struct pair_side *side = side_of(tunnel);

	(void)icrq;
	answer->result = side->refuse_result;
	if (side->verdict == L2TP_CALL_REFUSE || side->verdict == L2TP_CALL_IGNORE)
		return side->verdict;
	do
		side->next_call = (uint16_t)(side->next_call % (PAIR_SESSIONS - 1) + 1);
	while (l2tp_tunnel_session(tunnel, side->next_call));
	answer->session = &side->calls[side->next_call].session;
	answer->local_id = side->next_call;
	return side->verdict;
}

// True when the side is dead, or dies now.
static bool store_call(struct pair_side *side)
{
	if (++side->store.calls == side->kill_at)
		side->is_dead = true;
	return side->is_dead;
}

static void on_store_tunnel(struct l2tp_tunnel *tunnel, const struct l2tp_tunnel_record *record)
{
	struct pair_side *side = side_of(tunnel);

	if (!store_call(side))
		side->store.tunnel = *record;
}

static void on_store_session(struct l2tp_session *session, const struct l2tp_session_record *record)
{
	struct pair_side *side = side_of(session->tunnel);

	if (!store_call(side))
		side->store.sessions[session->local_id] = *record;
}

static void on_store_message(struct l2tp_tunnel *tunnel, const struct l2tp_stored_message *message)
{
	struct pair_side *side = side_of(tunnel);
	unsigned slot = message->ns % L2TP_WINDOW_MAX;

	if (store_call(side))
		return;
	assert(!side->store.messages[slot].message.len);
	side->store.messages[slot].message = *message;
	memcpy(side->store.messages[slot].bytes, message->bytes, message->len);
	side->store.messages[slot].message.bytes = side->store.messages[slot].bytes;
}

static void on_clear_message(struct l2tp_tunnel *tunnel, uint16_t ns)
{
	struct pair_side *side = side_of(tunnel);

	if (store_call(side))
		return;
	assert(side->store.messages[ns % L2TP_WINDOW_MAX].message.ns == ns);
	side->store.messages[ns % L2TP_WINDOW_MAX].message.len = 0;
}

const struct l2tp_ops pair_ops = {.send = on_send,
	.random = on_random,
	.tunnel_event = on_tunnel_event,
	.session_event = on_session_event,
	.incoming_call = on_incoming_call,
	.store_tunnel = on_store_tunnel,
	.store_session = on_store_session,
	.store_message = on_store_message,
	.clear_message = on_clear_message};

static void side_init(struct pair_side *side, struct pair *pair, const char *name, uint32_t address, uint16_t local_id)
{
	side->pair = pair;
	side->name = name;
	side->local_id = local_id;
	side->address = side->heard_at = (struct ip_end){ip_addr_v4(address), L2TP_PORT};
	side->verdict = L2TP_CALL_ACCEPT;
	side->refuse_result = L2TP_CDN_temporary;
	l2tp_options_default(&side->options);
	side->options.host_name = (struct l2tp_bytes){(const uint8_t *)name, (uint16_t)strlen(name)};
	side->options.secrets[0] = (struct l2tp_bytes){(const uint8_t *)"s3cret", 6};
	l2tp_tunnel_init(&side->tunnel, &pair_ops, side, &side->options, &side->counters);
}

struct pair *pair_new(void)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	assert(pair);
	pair->random = 0x12345678;
	pair->delay_ms = 5;
	pair->now_ms = 1000;
	pair->call =
		(struct l2tp_call){.called_number = {(const uint8_t *)"internet", 8}, .tx_bps = 10000000000, .rx_bps = 50000000};
	side_init(&pair->lac, pair, "lac", 0x0a000001, 11);
	side_init(&pair->lns, pair, "lns", 0x0a000002, 22);
	return pair;
}

void pair_free(struct pair **pair)
{
	if (!*pair)
		return;
	while ((*pair)->path) {
		struct pair_packet *packet = (*pair)->path;

		(*pair)->path = packet->next;
		free(packet);
	}
	l2tp_tunnel_fini(&(*pair)->lac.tunnel);
	l2tp_tunnel_fini(&(*pair)->lns.tunnel);
	free(*pair);
	*pair = NULL;
}

static void answer_unknown(struct pair_side *side, const struct l2tp_header *header)
{
	uint8_t bytes[L2TP_STOPCCN_SIZE];
	size_t len;

	if (l2tp_stopccn_for_unknown(header, bytes, sizeof(bytes), &len) < 0)
		return;
	log_packet(side, bytes, len);
	put_on_path(side, bytes, len);
}

static void receive(struct pair_side *side, const struct ip_end *from, const uint8_t *bytes, size_t len)
{
	struct l2tp_header header;
	struct l2tp_peek peek;

	if (side->is_deaf || side->is_dead || l2tp_header_parse(bytes, len, &header) < 0)
		return;
	if (side->tunnel.state != L2TP_TUNNEL_IDLE && (header.tunnel_id == side->local_id || !header.tunnel_id))
		l2tp_tunnel_recv(&side->tunnel, from, &header, side->pair->now_ms);
	else if (side->tunnel.state == L2TP_TUNNEL_IDLE && !header.tunnel_id && l2tp_peek(&header, &peek) == 0 &&
		peek.type == L2TP_sccrq) {
		if (side->gone) // the host makes a new one
			l2tp_tunnel_init(&side->tunnel, &pair_ops, side, &side->options, &side->counters);
		l2tp_tunnel_accept(&side->tunnel, side->local_id, from, &header, side->pair->now_ms);
	} else {
		answer_unknown(side, &header);
	}
	l2tp_tunnel_flush(&side->tunnel);
}

static uint64_t next_of(const struct pair_side *side)
{
	uint64_t next = side->is_dead ? L2TP_NEVER : l2tp_tunnel_next(&side->tunnel);

	return next < side->pair->now_ms ? side->pair->now_ms : next;
}

void pair_run(struct pair *pair, uint64_t until_ms)
{
	for (;;) {
		uint64_t lac = next_of(&pair->lac), lns = next_of(&pair->lns), next = lac < lns ? lac : lns;

		if (pair->path && pair->path->due_ms < next)
			next = pair->path->due_ms;
		if (next > until_ms)
			break;
		pair->now_ms = next;
		if (pair->path && pair->path->due_ms <= next) {
			struct pair_packet *packet = pair->path;

			pair->path = packet->next;
			receive(packet->to, &packet->from->heard_at, packet->bytes, packet->len);
			free(packet);
			continue;
		}
		if (lac <= next)
			l2tp_tunnel_tick(&pair->lac.tunnel, next);
		if (lns <= next)
			l2tp_tunnel_tick(&pair->lns.tunnel, next);
	}
	pair->now_ms = until_ms;
}

void pair_open(struct pair *pair)
{
	int error = l2tp_tunnel_open(&pair->lac.tunnel, pair->lac.local_id, &pair->lns.address, 0, pair->now_ms);

	assert(!error);
	pair_run(pair, pair->now_ms + 1000);
}

void pair_dial(struct pair *pair, uint16_t id)
{
	struct pair_call *call = &pair->lac.calls[id];
	int error;

	*call = (struct pair_call){0};
	error = l2tp_session_dial(&pair->lac.tunnel, &call->session, id, &pair->call, pair->now_ms);
	assert(!error);
}

void pair_hangup(struct pair_call *call, enum l2tp_cdn result)
{
	l2tp_session_hangup(&call->session, result, L2TP_ERROR_none, NULL, NULL, side_of(call->session.tunnel)->pair->now_ms);
}

void pair_inject(struct pair_side *to, const void *bytes, size_t len)
{
	receive(to, &other(to)->heard_at, bytes, len);
}

void pair_forge(struct pair_side *from, uint16_t session_id, const void *avps, size_t len)
{
	uint8_t bytes[L2TP_MESSAGE_MAX];
	struct wire_out out = wire_out(bytes, sizeof(bytes));
	struct pair_side *to = other(from);

	l2tp_header_build(&out,
		&(struct l2tp_header){.flags = L2TP_CONTROL_FLAGS,
			.tunnel_id = to->local_id,
			.session_id = session_id,
			.ns = from->tunnel.channel.ns++,
			.nr = from->tunnel.channel.nr,
			.len = (uint16_t)len});
	wire_put_bytes(&out, avps, len);
	pair_inject(to, bytes, wire_used(&out));
}
