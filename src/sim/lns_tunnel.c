// SPDX-License-Identifier: Apache-2.0
// Packets from LACs to their tunnels and sessions; tunnels as they come and go.

#include <stdio.h>
#include <stdlib.h>

#include "base/clean.h"
#include "sim/lns.h"

static void say(const struct lns *lns, const struct lns_tunnel *tunnel, const char *what, const char *why)
{
	char text[IP_END_TEXT];

	if (!lns->config.quiet)
		printf("tunnel-%s id=%u peer=%s host=\"%.*s\"%s%s\n", what, tunnel->tunnel.local_id,
			ip_end_text(&tunnel->tunnel.peer, text), tunnel->tunnel.peer_host_len, tunnel->tunnel.peer_host_name,
			why ? " reason=" : "", why ? why : "");
}

static void on_fire(struct timer *timer, uint64_t now_ms)
{
	struct lns_tunnel *tunnel = container_of(timer, struct lns_tunnel, timer);

	l2tp_tunnel_tick(&tunnel->tunnel, now_ms);
	lns_tunnel_arm(tunnel);
}

// Sets its timer, or frees it when the engine has let go of it.
void lns_tunnel_arm(struct lns_tunnel *tunnel)
{
	struct lns *lns = tunnel->lns;
	struct lns_tunnel **link;

	if (!tunnel->gone) {
		wheel_arm(&lns->wheel, &tunnel->timer, l2tp_tunnel_next(&tunnel->tunnel));
		return;
	}
	for (link = &lns->tunnels; *link != tunnel; link = &(*link)->next)
		;
	*link = tunnel->next;
	wheel_disarm(&lns->wheel, &tunnel->timer);
	lns->by_id[tunnel->tunnel.local_id] = NULL;
	idset_give(lns->tunnel_ids, tunnel->tunnel.local_id, io_ms());
	l2tp_tunnel_fini(&tunnel->tunnel);
	free(tunnel);
}

void lns_tunnels_flush(struct lns *lns)
{
	for (struct lns_tunnel *tunnel = lns->tunnels, *next; tunnel; tunnel = next) {
		next = tunnel->next;
		if (!tunnel->touched)
			continue;
		tunnel->touched = false;
		l2tp_tunnel_flush(&tunnel->tunnel);
		lns_tunnel_arm(tunnel);
	}
}

static void on_send(struct l2tp_tunnel *tunnel, const uint8_t *bytes, size_t len)
{
	lns_send(lns_of(tunnel), &tunnel->peer, bytes, len, NULL, 0);
}

static void on_random(struct l2tp_tunnel *tunnel, void *out, size_t len)
{
	uint8_t *bytes = out;

	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)lns_random(lns_of(tunnel));
}

static void on_tunnel_event(struct l2tp_tunnel *engine, const struct l2tp_tunnel_event *event)
{
	struct lns_tunnel *tunnel = engine->owner;
	struct lns *lns = tunnel->lns;

	switch (event->type) {
	case L2TP_TUNNEL_UP:
		lns->counters.tunnels++;
		say(lns, tunnel, "up", NULL);
		break;
	case L2TP_TUNNEL_FAILED:
	case L2TP_TUNNEL_DOWN:
		say(lns, tunnel, event->type == L2TP_TUNNEL_DOWN ? "down" : "failed", l2tp_reason_name(event->reason));
		break;
	case L2TP_TUNNEL_GONE:
		tunnel->gone = true; // freed where nobody holds it any more
		break;
	case L2TP_TUNNEL_MOVED:
		break;
	}
}

static enum l2tp_call_verdict on_incoming(
	struct l2tp_tunnel *tunnel, const struct l2tp_msg *icrq, struct l2tp_call_answer *answer)
{
	return lns_call_new(tunnel->owner, icrq, answer);
}

const struct l2tp_ops lns_l2tp_ops = {
	.send = on_send,
	.random = on_random,
	.tunnel_event = on_tunnel_event,
	.session_event = lns_call_event,
	.incoming_call = on_incoming,
};

// The fault `stopccn`: refused before there is a tunnel (RFC 2661 5.7: it names the sender's id, and none of ours).
static void refuse(struct lns *lns, const struct ip_end *from, const struct l2tp_peek *peek)
{
	struct l2tp_header header = {.flags = L2TP_CONTROL_FLAGS, .tunnel_id = peek->assigned_tunnel_id, .nr = 1};
	struct l2tp_msg msg = {.type = L2TP_stopccn, .mandatory = true};
	uint8_t body[64], bytes[128];
	struct wire_out avps = wire_out(body, sizeof(body)), out = wire_out(bytes, sizeof(bytes));

	l2tp_set(&msg, assigned_tunnel_id, 1);
	l2tp_set(&msg, result, {.code = (uint16_t)lns->faults.number[LNS_FAULT_stopccn]});
	l2tp_msg_encode(&avps, &msg, NULL);
	header.len = (uint16_t)wire_used(&avps);
	l2tp_header_build(&out, &header);
	lns->counters.faults_hit++;
	lns_send(lns, from, bytes, wire_used(&out), body, wire_used(&avps));
}

static struct lns_tunnel *find_by_peer(struct lns *lns, const struct ip_end *from, const struct l2tp_peek *peek)
{
	for (struct lns_tunnel *tunnel = lns->tunnels; tunnel; tunnel = tunnel->next)
		if (ip_end_equal(&tunnel->tunnel.peer, from) &&
			(!peek->assigned_tunnel_id || peek->assigned_tunnel_id == tunnel->tunnel.peer_id))
			return tunnel;
	return NULL;
}

static int new_tunnel(struct lns *lns, struct lns_tunnel **out)
{
	_cleanup_free_ struct lns_tunnel *tunnel = calloc(1, sizeof(*tunnel));
	uint32_t id;
	int error = tunnel ? idset_take(lns->tunnel_ids, io_ms(), &id) : -ENOMEM;

	if (error)
		return error;
	tunnel->lns = lns;
	tunnel->next_id = (uint16_t)lns_random(lns);
	tunnel->timer.fire = on_fire;
	tunnel->next = lns->tunnels;
	l2tp_tunnel_init(&tunnel->tunnel, &lns_l2tp_ops, tunnel, &lns->l2tp, &lns->l2tp_counters);
	tunnel->tunnel.local_id = (uint16_t)id;
	tunnel->touched = true;
	lns->by_id[id] = tunnel;
	lns->tunnels = *out = TAKE_PTR(tunnel);
	return 0;
}

static void accept_tunnel(
	struct lns *lns, const struct ip_end *from, const struct l2tp_header *header, const struct l2tp_peek *peek)
{
	struct lns_tunnel *tunnel = NULL;

	if (lns_has(&lns->faults, LNS_FAULT_stopccn)) {
		refuse(lns, from, peek);
		return;
	}
	if (new_tunnel(lns, &tunnel) == 0 &&
		l2tp_tunnel_accept(&tunnel->tunnel, tunnel->tunnel.local_id, from, header, io_ms()) < 0)
		tunnel->gone = true;
}

int lns_tunnel_open(struct lns *lns, const struct ip_end *lac)
{
	struct lns_tunnel *tunnel = NULL;
	int error = new_tunnel(lns, &tunnel);

	if (!error)
		error = l2tp_tunnel_open(&tunnel->tunnel, tunnel->tunnel.local_id, lac, 0, io_ms());
	return error;
}

static void recv_control(struct lns *lns, const struct ip_end *from, const struct l2tp_header *header)
{
	struct lns_tunnel *tunnel = lns->by_id[header->tunnel_id];
	struct l2tp_peek peek;
	uint8_t answer[L2TP_STOPCCN_SIZE];
	size_t len;

	if (!header->tunnel_id) {
		if (l2tp_peek(header, &peek) < 0) {
			lns->counters.packets_dropped++;
			return;
		}
		tunnel = find_by_peer(lns, from, &peek);
		if (!tunnel && peek.type == L2TP_sccrq) {
			accept_tunnel(lns, from, header, &peek);
			return;
		}
	}
	if (tunnel) {
		l2tp_tunnel_recv(&tunnel->tunnel, from, header, io_ms());
		tunnel->touched = true;
	} else if (l2tp_stopccn_for_unknown(header, answer, sizeof(answer), &len) == 0) {
		lns_send(lns, from, answer, len, NULL, 0);
	}
}

static void recv_data(struct lns *lns, const struct l2tp_header *header)
{
	struct lns_tunnel *tunnel = lns->by_id[header->tunnel_id];
	struct l2tp_session *session = tunnel ? l2tp_tunnel_session(&tunnel->tunnel, header->session_id) : NULL;

	if (!session || session->state != L2TP_SESSION_ESTABLISHED) {
		lns->counters.packets_dropped++;
		return;
	}
	tunnel->tunnel.heard_ms = io_ms();
	lns_call_data(lns_call_of(session), (uint8_t *)header->payload, header->len);
}

void lns_recv(void *owner, const struct ip_end *from, uint8_t *bytes, size_t len)
{
	struct lns *lns = owner;
	const struct lns_faults *faults = &lns->faults;
	struct l2tp_header header;

	if (faults->set) {
		bool lost = lns_has(faults, LNS_FAULT_loss) && lns_random(lns) % 100 < faults->number[LNS_FAULT_loss];

		if (lost || lns_has(faults, LNS_FAULT_no_answer) || lns_is_mute(lns)) {
			lns->counters.faults_hit++;
			return;
		}
	}
	if (l2tp_header_parse(bytes, len, &header) < 0)
		lns->counters.packets_dropped++;
	else if (l2tp_is_control(&header))
		recv_control(lns, from, &header);
	else
		recv_data(lns, &header);
}

void lns_stop_all(struct lns *lns, uint16_t result)
{
	for (struct lns_tunnel *tunnel = lns->tunnels; tunnel; tunnel = tunnel->next) {
		l2tp_tunnel_close(&tunnel->tunnel, result, L2TP_ERROR_none, NULL, io_ms());
		tunnel->touched = true;
	}
}
