// SPDX-License-Identifier: Apache-2.0
// From records to a running tunnel, after the host was killed at any instant.
//
// Established tunnels and sessions go on as if nothing had been: Ns and Nr continue, what was unacknowledged is sent again. Whatever was half
// done has lost the other half of its purpose (an attach that nobody waits for any more) and is torn down toward the peer.
#include "proto/l2tp/private.h"

int l2tp_tunnel_resume(struct l2tp_tunnel *tunnel, const struct l2tp_tunnel_record *record, uint64_t now_ms)
{
	if (tunnel->state != L2TP_TUNNEL_IDLE || !record->local_id || record->state <= L2TP_TUNNEL_IDLE ||
		record->state >= L2TP_TUNNEL_STATES || record->secret >= L2TP_SECRETS)
		return -EINVAL;
	if (record->state == L2TP_TUNNEL_ESTABLISHED && !record->peer_id)
		return -EINVAL;
	tunnel->local_id = record->local_id;
	tunnel->peer_id = tunnel->channel.peer_tunnel_id = record->peer_id;
	tunnel->peer = record->peer;
	tunnel->secret = record->secret;
	tunnel->state = record->state;
	tunnel->heard_ms = tunnel->up_ms = now_ms;
	tunnel->maybe_replay = true;
	tunnel->was_up = record->state == L2TP_TUNNEL_ESTABLISHED;
	tunnel->is_initiator = !record->peer_id; // it may still answer our SCCRQ
	l2tp_channel_set_window(&tunnel->channel, record->peer_window);
	tunnel->channel.ns = record->ns;
	tunnel->channel.nr = record->nr;
	tunnel->channel.is_setup = record->state == L2TP_TUNNEL_WAIT_REPLY || record->state == L2TP_TUNNEL_WAIT_CONN;
	return 0;
}

int l2tp_session_resume(struct l2tp_tunnel *tunnel, struct l2tp_session *session, const struct l2tp_session_record *record)
{
	int error;

	if (!record->local_id || record->state <= L2TP_SESSION_IDLE || record->state >= L2TP_SESSION_STATES)
		return -EINVAL;
	if (record->state == L2TP_SESSION_ESTABLISHED && !record->peer_id)
		return -EINVAL;
	*session = (struct l2tp_session){.tunnel = tunnel,
		.local_id = record->local_id,
		.peer_id = record->peer_id,
		.serial = record->serial,
		.state = record->state,
		.sequencing = record->sequencing,
		.result = record->result,
		.error = record->error,
		.was_up = record->state == L2TP_SESSION_ESTABLISHED,
		.is_lac = record->state != L2TP_SESSION_DEFERRED && record->state != L2TP_SESSION_WAIT_CONNECT};
	error = l2tp_table_put(tunnel, session);
	if (error) {
		session->state = L2TP_SESSION_IDLE;
		return error;
	}
	tunnel->established += session->state == L2TP_SESSION_ESTABLISHED;
	tunnel->asked_calls += session->state == L2TP_SESSION_WAIT_REPLY;
	if (tunnel->serial < record->serial)
		tunnel->serial = record->serial;
	return 0;
}

static bool is_of_session(uint16_t type)
{
	return type == L2TP_icrq || type == L2TP_icrp || type == L2TP_iccn || type == L2TP_cdn;
}

int l2tp_tunnel_resume_message(struct l2tp_tunnel *tunnel, const struct l2tp_stored_message *message)
{
	struct l2tp_session *session = is_of_session(message->type) ? l2tp_tunnel_session(tunnel, message->session_id) : NULL;
	int error = l2tp_channel_resume(&tunnel->channel, message, session);

	if (error)
		return error;
	if (session) {
		session->frames++;
		// Its CDN is on the way already: no second one.
		if (message->type == L2TP_cdn)
			session->list = UINT8_MAX;
	}
	return 0;
}

// The messages must be the last ones before Ns, without a gap. One more than Ns tells of was stored just before the kill, and counts.
static bool is_sound(struct l2tp_channel *channel)
{
	const struct l2tp_frame *frame = channel->flight;
	uint16_t ns = frame ? frame->ns : channel->ns;

	for (; frame; frame = frame->next)
		if (frame->ns != ns++)
			return false;
	if (ns != channel->ns && ns != (uint16_t)(channel->ns + 1))
		return false;
	channel->ns = ns;
	return true;
}

static void end_session(struct l2tp_session *session, uint64_t now_ms)
{
	bool has_cdn = session->list == UINT8_MAX, was_closing = session->state == L2TP_SESSION_CLOSING;
	uint16_t result = was_closing && session->result ? session->result : L2TP_CDN_administrative;

	session->list = 0;
	if (has_cdn && was_closing)
		return;
	// CLOSING with a CDN that was never sent: as if it were hung up now.
	if (was_closing)
		session->state = L2TP_SESSION_CONNECTING;
	l2tp_session_end(session,
		&(struct l2tp_end){.reason = L2TP_REASON_resumed,
			.result = result,
			.error = session->error,
			.tell_peer = !has_cdn,
			.tell_host = !was_closing},
		now_ms);
}

void l2tp_tunnel_resume_done(struct l2tp_tunnel *tunnel, uint64_t now_ms)
{
	bool is_outer = l2tp_enter(tunnel), is_ok = is_sound(&tunnel->channel);
	uint8_t state = tunnel->state;
	struct l2tp_session *session;
	uint32_t cursor = 0;

	if (state != L2TP_TUNNEL_ESTABLISHED || !is_ok) {
		// A StopCCN that is in flight already is the goodbye; else one is sent.
		bool has_stopccn = false;

		if (!is_ok) {
			l2tp_channel_fini(&tunnel->channel);
			tunnel->channel.ns = tunnel->channel.nr = 0;
		}
		for (const struct l2tp_frame *frame = tunnel->channel.flight; frame; frame = frame->next)
			has_stopccn |= frame->type == L2TP_stopccn;
		tunnel->state = L2TP_TUNNEL_ESTABLISHED;
		tunnel->was_up = state == L2TP_TUNNEL_ESTABLISHED;
		l2tp_tunnel_end(tunnel,
			&(struct l2tp_end){.reason = L2TP_REASON_resumed,
				.result = L2TP_STOP_clear,
				.has_result = true,
				.tell_peer = is_ok && !has_stopccn && state != L2TP_TUNNEL_CLOSING,
				.tell_host = state != L2TP_TUNNEL_CLOSING},
			now_ms);
	}
	while (tunnel->state == L2TP_TUNNEL_ESTABLISHED && (session = l2tp_tunnel_session_next(tunnel, &cursor)))
		if (session->state != L2TP_SESSION_ESTABLISHED)
			end_session(session, now_ms);
	// Ns may be one more than the record says, whose message will be cleared first.
	l2tp_store_tunnel(tunnel);
	l2tp_leave(tunnel, is_outer, now_ms);
}
