// SPDX-License-Identifier: Apache-2.0
// Tunnels: the engine (src/proto/l2tp) tied to a socket, a timer, ids, the state file and reports.
//
// After every call into the engine the tunnel is "settled": its timer is armed for the engine's next deadline. Acknowledgments that are owed
// after received messages leave at the end of the batch, so that a burst of messages costs one ZLB.
// A tunnel is freed from its timer after GONE, never inside a callback of the engine.
#include "gateway/tunnel.h"

#include "base/clean.h"
#include "gateway/capture/capture.h"
#include "gateway/health.h"
#include "gateway/records.h"
#include "gateway/session.h"
#include "gateway/trace.h"
#include "gateway/vslice_rules.h"
#include "gateway/vslice_watch.h"

#include <errno.h>
#include <stdio.h>

LOG_CATEGORY(tunnel);

#define SESSION_ID_REST_MS 35000 // longer than a full retransmission cycle of the LNS (31 s)

static struct tunnel *tunnel_of(struct l2tp_tunnel *l2tp)
{
	return container_of(l2tp, struct tunnel, l2tp);
}

static struct gateway *gateway_of(const struct tunnel *tunnel)
{
	return tunnel->lac->vslice->gateway;
}

static void on_send(struct l2tp_tunnel *l2tp, const uint8_t *bytes, size_t len)
{
	struct tunnel *tunnel = tunnel_of(l2tp);

	if (gateway_of(tunnel)->captures)
		capture_l2tp_control(tunnel, true, &l2tp->peer, bytes, len);
	if (tunnel->lac->dp)
		(void)dp_lac_send(tunnel->lac->dp, &l2tp->peer, bytes, len);
}

static void on_random(struct l2tp_tunnel *l2tp, void *out, size_t len)
{
	random_fill(out, len);
}

static void on_trace(struct l2tp_tunnel *l2tp, struct l2tp_session *l2tp_session, bool is_sent, const struct l2tp_msg *msg)
{
	struct call *call = l2tp_session ? container_of(l2tp_session, struct call, l2tp) : NULL;

	if (call && call->session && call->session->attach)
		trace_l2tp(call->session->attach->trace, gateway_of(tunnel_of(l2tp))->now_ms, is_sent, msg);
}

static void words_of(const struct l2tp_tunnel_event *event, char *out, size_t size)
{
	int used = snprintf(out, size, "%s", l2tp_reason_text(event->reason));

	if (event->has_result && used > 0 && (size_t)used < size)
		used += snprintf(out + used, size - (size_t)used, " (StopCCN %u: %s%s%s)", event->result,
			l2tp_stop_name(event->result), event->error ? ", " : "",
			event->error ? l2tp_error_name(event->error) : "");
	if (event->text.len && used > 0 && (size_t)used < size)
		snprintf(out + used, size - (size_t)used, ": \"%.*s\"", (int)event->text.len, (const char *)event->text.bytes);
	for (char *c = out; *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
			*c = '?';
}

static void tunnel_event_report(const struct tunnel *tunnel, const char *type, const char *why)
{
	char lns[IP_END_TEXT];

	report_add(gateway_of(tunnel)->report,
		json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:s}}", "row", "event", "eventType", type, "vslice",
			tunnel->lac->vslice->id.text, "detail", "tunnel", tunnel->id.text, "lns",
			ip_end_text(&tunnel->l2tp.peer, lns), "reason", why));
}

// For people it is gone, though it lives on to acknowledge what the LNS repeats.
static void tell_end(struct tunnel *tunnel)
{
	if (tunnel->is_told)
		return;
	tunnel->is_told = true;
	report_add(gateway_of(tunnel)->report,
		json_pack("{s:s, s:s, s:s}", "row", "tunnelEnd", "id", tunnel->id.text, "reason", tunnel->last_error));
}

// What failed before is no news any longer.
static void forget_failures(struct tunnel *up)
{
	for (struct tunnel *tunnel = up->pair ? up->pair->tunnels : NULL; tunnel; tunnel = tunnel->next)
		if (tunnel->l2tp.state == L2TP_TUNNEL_CLOSING)
			tell_end(tunnel);
}

void tunnel_follow_path(struct tunnel *tunnel)
{
	const struct dp_path *path = &(struct dp_path){0};

	if (!tunnel->l2tp.peer_id)
		return;
	if (tunnel->pair && ip_end_equal(&tunnel->l2tp.peer, &tunnel->pair->lns)) // the policy was asked about no other
		path = &tunnel->pair->path;
	dp_tunnel_set_path(tunnel->dp, path);
	vslice_cable_for(tunnel);
}

static void on_up(struct tunnel *tunnel)
{
	struct gateway *gateway = gateway_of(tunnel);
	char lns[IP_END_TEXT];

	gateway->counters.tunnels_opened++;
	tunnel->since_wall_ms = wall_ms();
	tunnel->unused_ms = gateway->now_ms;
	dp_tunnel_set_peer(tunnel->dp, tunnel->l2tp.peer_id, &tunnel->l2tp.peer);
	tunnel_follow_path(tunnel);
	if (tunnel->pair)
		health_works(tunnel->pair);
	log_info("tunnel up vslice=%s tunnel=%u/%u lns=%s host=\"%.*s\"", tunnel->lac->vslice->moniker, tunnel->l2tp.local_id,
		tunnel->l2tp.peer_id, ip_end_text(&tunnel->l2tp.peer, lns), tunnel->l2tp.peer_host_len,
		(const char *)tunnel->l2tp.peer_host_name);
	tunnel_event_report(tunnel, "l2tptunnelup_v1", "");
	tunnel_report(tunnel);
	forget_failures(tunnel);
}

static void on_down(struct tunnel *tunnel, const struct l2tp_tunnel_event *event)
{
	struct gateway *gateway = gateway_of(tunnel);
	char lns[IP_END_TEXT];
	bool was_up = event->type == L2TP_TUNNEL_DOWN;

	words_of(event, tunnel->last_error, sizeof(tunnel->last_error));
	gateway->counters.tunnels_lost++;
	if (tunnel->pair && event->reason == L2TP_REASON_try_another)
		tunnel->is_again = health_redirect(tunnel->pair, event->text);
	else if (tunnel->pair && event->reason == L2TP_REASON_secret_refused)
		tunnel->is_again = health_other_secret(tunnel->pair);
	if (tunnel->pair && event->reason != L2TP_REASON_local && event->reason != L2TP_REASON_glare && !tunnel->is_again)
		health_failed(tunnel->pair, tunnel->last_error);
	log_warn("tunnel %s vslice=%s tunnel=%u/%u lns=%s sessions=%u why=\"%s\"", was_up ? "down" : "failed",
		tunnel->lac->vslice->moniker, tunnel->l2tp.local_id, tunnel->l2tp.peer_id, ip_end_text(&tunnel->l2tp.peer, lns),
		tunnel->l2tp.sessions, tunnel->last_error);
	if (was_up)
		tunnel_event_report(tunnel, "l2tptunneldown_v1", tunnel->last_error);
	if (event->reason == L2TP_REASON_local)
		tell_end(tunnel);
	else
		tunnel_report(tunnel);
}

static void on_tunnel_event(struct l2tp_tunnel *l2tp, const struct l2tp_tunnel_event *event)
{
	struct tunnel *tunnel = tunnel_of(l2tp);

	switch (event->type) {
	case L2TP_TUNNEL_UP:
		on_up(tunnel);
		return;
	case L2TP_TUNNEL_FAILED:
	case L2TP_TUNNEL_DOWN:
		on_down(tunnel, event);
		return;
	case L2TP_TUNNEL_MOVED:
		dp_tunnel_set_peer(tunnel->dp, l2tp->peer_id, &l2tp->peer);
		tunnel_follow_path(tunnel);
		log_info("the LNS answers from another address or port vslice=%s tunnel=%u", tunnel->lac->vslice->moniker,
			l2tp->local_id);
		return;
	case L2TP_TUNNEL_GONE:
		tunnel->gone = true;
		wheel_arm(&gateway_of(tunnel)->wheel, &tunnel->timer, gateway_of(tunnel)->now_ms);
		return;
	}
}

static void on_session_event(struct l2tp_session *l2tp, const struct l2tp_session_event *event)
{
	struct call *call = container_of(l2tp, struct call, l2tp);
	struct tunnel *tunnel = tunnel_of(l2tp->tunnel);
	struct gateway *gateway = gateway_of(tunnel);

	if (event->type == L2TP_SESSION_GONE) {
		dp_tunnel_forget(tunnel->dp, l2tp->local_id);
		idset_give(tunnel->session_ids, l2tp->local_id, gateway->now_ms);
		tunnel->unused_ms = gateway->now_ms;
		if (call->session)
			call->session->call = NULL;
		pool_give(&gateway->call_pool, call);
		return;
	}
	if (call->session)
		session_on_call(call->session, event);
}

static void on_store_tunnel(struct l2tp_tunnel *l2tp, const struct l2tp_tunnel_record *record)
{
	struct tunnel *tunnel = tunnel_of(l2tp);
	struct gateway *gateway = gateway_of(tunnel);
	struct tunnel_record row;

	memset(&row, 0, sizeof(row));
	if (tunnel->state_index == NO_RECORD && state_take(gateway->state, TABLE_TUNNEL, &tunnel->state_index)) {
		tunnel->state_index = NO_RECORD;
		return; // the file is full: this tunnel will not survive a restart
	}
	uuid_pack(&tunnel->id, row.id);
	uuid_pack(&tunnel->lac->vslice->id, row.vslice);
	uuid_pack(&tunnel->lac->id, row.lac);
	uuid_pack(&tunnel->lns_id, row.lns);
	row.l2tp = *record;
	row.since_wall_ms = tunnel->since_wall_ms;
	memcpy(row.peer_host, l2tp->peer_host_name,
		l2tp->peer_host_len < sizeof(row.peer_host) ? l2tp->peer_host_len : sizeof(row.peer_host) - 1);
	memcpy(row.peer_vendor, l2tp->peer_vendor_name,
		l2tp->peer_vendor_len < sizeof(row.peer_vendor) ? l2tp->peer_vendor_len : sizeof(row.peer_vendor) - 1);
	state_put(gateway->state, TABLE_TUNNEL, tunnel->state_index, &row);
}

static void on_store_session(struct l2tp_session *l2tp, const struct l2tp_session_record *record)
{
	struct call *call = container_of(l2tp, struct call, l2tp);

	if (call->session)
		session_store(call->session);
}

static void on_store_message(struct l2tp_tunnel *l2tp, const struct l2tp_stored_message *message)
{
	struct tunnel *tunnel = tunnel_of(l2tp);
	struct gateway *gateway = gateway_of(tunnel);
	uint32_t *index = &tunnel->messages[message->ns % L2TP_WINDOW_MAX];
	struct message_record row;

	if (message->len > sizeof(row.bytes) || (*index == NO_RECORD && state_take(gateway->state, TABLE_MESSAGE, index))) {
		*index = NO_RECORD;
		return;
	}
	memset(&row, 0, sizeof(row));
	row.tunnel = tunnel->state_index;
	row.ns = message->ns;
	row.session_id = message->session_id;
	row.type = message->type;
	row.len = message->len;
	memcpy(row.bytes, message->bytes, message->len);
	state_put(gateway->state, TABLE_MESSAGE, *index, &row);
}

static void on_clear_message(struct l2tp_tunnel *l2tp, uint16_t ns)
{
	struct tunnel *tunnel = tunnel_of(l2tp);
	uint32_t *index = &tunnel->messages[ns % L2TP_WINDOW_MAX];

	if (*index == NO_RECORD)
		return;
	state_clear(gateway_of(tunnel)->state, TABLE_MESSAGE, *index);
	*index = NO_RECORD;
}

const struct l2tp_ops tunnel_ops = {
	.send = on_send,
	.random = on_random,
	.tunnel_event = on_tunnel_event,
	.session_event = on_session_event,
	.trace = on_trace,
	.store_tunnel = on_store_tunnel,
	.store_session = on_store_session,
	.store_message = on_store_message,
	.clear_message = on_clear_message,
};

static void on_timer(struct timer *timer, uint64_t now_ms)
{
	struct tunnel *tunnel = container_of(timer, struct tunnel, timer);

	if (tunnel->gone) {
		tunnel_free(tunnel);
		return;
	}
	l2tp_tunnel_tick(&tunnel->l2tp, now_ms);
	tunnel_settle(tunnel);
}

void tunnel_settle(struct tunnel *tunnel)
{
	struct gateway *gateway = gateway_of(tunnel);

	wheel_arm(&gateway->wheel, &tunnel->timer, tunnel->gone ? gateway->now_ms : l2tp_tunnel_next(&tunnel->l2tp));
}

void tunnel_touch(struct tunnel *tunnel)
{
	struct gateway *gateway = gateway_of(tunnel);

	if (tunnel->is_touched)
		return;
	tunnel->is_touched = true;
	tunnel->touched_next = gateway->touched;
	gateway->touched = tunnel;
}

void tunnels_flush(struct gateway *gateway)
{
	struct tunnel *tunnel;

	while ((tunnel = gateway->touched)) {
		gateway->touched = tunnel->touched_next;
		tunnel->is_touched = false;
		if (!tunnel->gone)
			l2tp_tunnel_flush(&tunnel->l2tp);
		tunnel_settle(tunnel);
	}
}

int tunnel_new(struct pair *pair, const struct ip_end *peer, uint16_t local_id, struct tunnel **out)
{
	struct lac *lac = pair->lac;
	struct gateway *gateway = lac->vslice->gateway;
	struct tunnel *tunnel = pool_take(&gateway->tunnel_pool);
	int error;

	if (!tunnel)
		return -ENOMEM;
	tunnel->lac = lac;
	tunnel->state_index = NO_RECORD;
	for (size_t i = 0; i < array_len(tunnel->messages); i++)
		tunnel->messages[i] = NO_RECORD;
	tunnel->timer.fire = on_timer;
	tunnel->lns_id = pair->lns_id;
	tunnel->since_wall_ms = wall_ms();
	uuid_new(&tunnel->id);
	error = idset_new(1, 65535, SESSION_ID_REST_MS, &tunnel->session_ids);
	if (!error)
		error = dp_tunnel_new(lac->dp, local_id, 0, peer, &pair->profile->framing, &tunnel->dp);
	if (!error)
		error = map_put(&lac->vslice->tunnels, local_id, tunnel);
	if (error) {
		if (tunnel->dp)
			dp_tunnel_free(&tunnel->dp);
		idset_free(&tunnel->session_ids);
		pool_give(&gateway->tunnel_pool, tunnel);
		return error;
	}
	tunnel->profile = profile_ref(pair->profile);
	l2tp_tunnel_init(&tunnel->l2tp, &tunnel_ops, tunnel, &tunnel->profile->l2tp, &gateway->l2tp_counters);
	tunnel->l2tp.local_id = local_id;
	tunnel->pair = pair;
	tunnel->next = pair->tunnels;
	pair->tunnels = tunnel;
	gateway->tunnels++;
	*out = tunnel;
	return 0;
}

static bool has_room(const struct tunnel *tunnel)
{
	return !tunnel->gone && !tunnel->is_draining && tunnel->l2tp.state != L2TP_TUNNEL_CLOSING &&
		tunnel->l2tp.state != L2TP_TUNNEL_IDLE &&
		tunnel->l2tp.sessions < (uint64_t)tunnel->profile->settings->max_sessions_per_tunnel;
}

// What has to go through the tunnel's window before a new call is through.
static uint32_t backlog(const struct tunnel *tunnel)
{
	uint32_t count = tunnel->l2tp.waiting_calls + tunnel->l2tp.asked_calls;

	for (size_t i = 0; i < L2TP_CLASSES; i++)
		count += tunnel->l2tp.channel.waiting[i].count;
	return count;
}

// A call takes two messages through the window, so this many wait for some ten round trips: time for another tunnel, where one may be had.
static bool is_busy(const struct tunnel *tunnel)
{
	uint32_t window = tunnel->l2tp.channel.window ? tunnel->l2tp.channel.window : 4; // not told yet

	return backlog(tunnel) > 5 * window;
}

int tunnel_get(struct pair *pair, struct tunnel **out)
{
	const struct ip_end *peer = pair->has_redirect ? &pair->redirect : &pair->lns;
	struct gateway *gateway = pair->lac->vslice->gateway;
	struct tunnel *tunnel, *best = NULL;
	int64_t live = 0;
	uint32_t id;
	int error;

	for (tunnel = pair->tunnels; tunnel; tunnel = tunnel->next) {
		if (has_room(tunnel) && (!best || backlog(tunnel) < backlog(best)))
			best = tunnel;
		live += !tunnel->gone && tunnel->l2tp.state != L2TP_TUNNEL_CLOSING;
	}
	if (best && (!is_busy(best) || live >= pair->profile->settings->max_tunnels_per_lns)) {
		*out = best;
		return 0;
	}
	if (live >= pair->profile->settings->max_tunnels_per_lns)
		return -EDQUOT;
	error = idset_take(pair->lac->vslice->tunnel_ids, gateway->now_ms, &id);
	if (error)
		return error;
	error = tunnel_new(pair, peer, (uint16_t)id, &tunnel);
	if (error) {
		idset_give(pair->lac->vslice->tunnel_ids, id, gateway->now_ms);
		return error;
	}
	error = l2tp_tunnel_open(&tunnel->l2tp, (uint16_t)id, peer, pair->secret, gateway->now_ms);
	if (error) {
		tunnel_free(tunnel);
		return error;
	}
	tunnel_settle(tunnel);
	tunnel_report(tunnel);
	*out = tunnel;
	return 0;
}

static void unlink_from_pair(struct tunnel *tunnel)
{
	struct tunnel **link;

	if (!tunnel->pair)
		return;
	for (link = &tunnel->pair->tunnels; *link != tunnel; link = &(*link)->next)
		;
	*link = tunnel->next;
	tunnel->pair = NULL;
}

static void unlink_from_touched(struct tunnel *tunnel)
{
	struct tunnel **link = &gateway_of(tunnel)->touched;

	if (!tunnel->is_touched)
		return;
	while (*link != tunnel)
		link = &(*link)->touched_next;
	*link = tunnel->touched_next;
}

void tunnel_free(struct tunnel *tunnel)
{
	struct lac *lac = tunnel->lac;
	struct gateway *gateway = gateway_of(tunnel);

	tell_end(tunnel);
	vslice_rules_gather_tunnel(tunnel);
	unlink_from_pair(tunnel);
	unlink_from_touched(tunnel);
	wheel_disarm(&gateway->wheel, &tunnel->timer);
	for (size_t i = 0; i < array_len(tunnel->messages); i++)
		if (tunnel->messages[i] != NO_RECORD)
			state_clear(gateway->state, TABLE_MESSAGE, tunnel->messages[i]);
	if (tunnel->state_index != NO_RECORD)
		state_clear(gateway->state, TABLE_TUNNEL, tunnel->state_index);
	map_del(&lac->vslice->tunnels, tunnel->l2tp.local_id);
	idset_give(lac->vslice->tunnel_ids, tunnel->l2tp.local_id, gateway->now_ms);
	l2tp_tunnel_fini(&tunnel->l2tp);
	dp_tunnel_free(&tunnel->dp);
	idset_free(&tunnel->session_ids);
	profile_unref(&tunnel->profile);
	pool_give(&gateway->tunnel_pool, tunnel);
	gateway->tunnels--;
	lac_free_if_unused(lac);
}

void tunnel_close(struct tunnel *tunnel, enum l2tp_stop result, const char *text)
{
	if (tunnel->gone)
		return;
	l2tp_tunnel_close(&tunnel->l2tp, result, L2TP_ERROR_none, text, gateway_of(tunnel)->now_ms);
	tunnel_settle(tunnel);
}

struct tunnel *tunnel_find(const struct gateway *gateway, const struct uuid *id)
{
	struct vslice *vslice;
	struct tunnel *tunnel;

	for (size_t i = 0; (vslice = strmap_next(&gateway->vslices, &i));)
		for (size_t j = 0; (tunnel = map_next(&vslice->tunnels, &j));)
			if (uuid_equal(&tunnel->id, id))
				return tunnel;
	return NULL;
}

int tunnel_dial(struct tunnel *tunnel, struct session *session, const struct l2tp_call *wish, struct call **out)
{
	struct gateway *gateway = gateway_of(tunnel);
	struct call *call;
	uint32_t id;
	int error = idset_take(tunnel->session_ids, gateway->now_ms, &id);

	if (error)
		return error;
	call = pool_take(&gateway->call_pool);
	if (!call) {
		idset_give(tunnel->session_ids, id, gateway->now_ms);
		return -ENOMEM;
	}
	call->session = session;
	*out = call; // before the dial: its first store wants to find it
	error = l2tp_session_dial(&tunnel->l2tp, &call->l2tp, (uint16_t)id, wish, gateway->now_ms);
	if (error) {
		*out = NULL;
		idset_give(tunnel->session_ids, id, gateway->now_ms);
		pool_give(&gateway->call_pool, call);
		return error;
	}
	tunnel_settle(tunnel);
	return 0;
}

void call_drop(struct call **out, enum l2tp_cdn result, enum l2tp_error error, const struct l2tp_disconnect *disconnect,
	const char *text)
{
	struct call *call = *out;
	struct tunnel *tunnel;

	*out = NULL;
	if (!call)
		return;
	tunnel = call_tunnel(call);
	if (call->session && gateway_of(tunnel)->captures)
		capture_call_ends(call);
	call->session = NULL;
	l2tp_session_hangup(&call->l2tp, result, error, disconnect, text, gateway_of(tunnel)->now_ms);
	tunnel_settle(tunnel);
}

static const char *state_word(const struct tunnel *tunnel)
{
	switch (tunnel->l2tp.state) {
	case L2TP_TUNNEL_ESTABLISHED:
		return "established";
	case L2TP_TUNNEL_CLOSING:
		return "closing";
	case L2TP_TUNNEL_IDLE:
		return "idle";
	default:
		return "opening";
	}
}

static void add_habit(json_t *row, const char *name, const char *words)
{
	if (words)
		json_object_set_new(row, name, json_string(words));
}

void tunnel_report(struct tunnel *tunnel)
{
	uint32_t rtt_us = l2tp_channel_rtt_us(&tunnel->l2tp.channel);
	struct gateway *gateway = gateway_of(tunnel);
	json_t *row;

	if (!report_is_on(gateway->report) || tunnel->is_told)
		return;
	row = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:i, s:i, s:o, s:o, s:I, s:s, s:s, s:o}", "row", "tunnel", "id",
		tunnel->id.text, "vslice", tunnel->lac->vslice->id.text, "lac", tunnel->lac->id.text, "lns", tunnel->lns_id.text,
		"state", state_word(tunnel), "since", json_time(tunnel->since_wall_ms), "localTunnelId", tunnel->l2tp.local_id,
		"peerTunnelId", tunnel->l2tp.peer_id, "peerHostName",
		json_text((const char *)tunnel->l2tp.peer_host_name, tunnel->l2tp.peer_host_len), "peerVendor",
		json_text((const char *)tunnel->l2tp.peer_vendor_name, tunnel->l2tp.peer_vendor_len), "sessions",
		(json_int_t)tunnel->l2tp.established, "dataPath", dp_way_name(tunnel->way_told), "lastError", tunnel->last_error,
		"rttMs", rtt_us == L2TP_RTT_UNKNOWN ? json_null() : json_real(rtt_us / 1000.0));
	add_habit(row, "proxyBehaviour", habits_proxy_words(tunnel->pair));
	add_habit(row, "ipv6Behaviour", habits_ip6_words(tunnel->pair));
	report_add(gateway->report, row);
	if (gateway->link)
		link_kick(gateway->link);
}
