// SPDX-License-Identifier: Apache-2.0
// What the messages of a call say (RFC 2661 6.6 - 6.12): from the host's wish to ICRQ, ICCN and CDN.
#include "proto/l2tp/private.h"

void l2tp_call_cdn(struct l2tp_session *session, const struct l2tp_end *end)
{
	struct l2tp_msg msg = {.type = L2TP_cdn};

	l2tp_set(&msg, assigned_session_id, session->local_id);
	l2tp_set(&msg, result, {.code = end->result, .error = end->error, .text = end->text});
	if (end->disconnect)
		l2tp_set(&msg, disconnect, *end->disconnect);
	(void)l2tp_queue_msg(session->tunnel, session, L2TP_CLASS_FINISH, session->local_id, session->peer_id, &msg);
}

// Refuses a call that has no session here.
void l2tp_call_stray_cdn(struct l2tp_tunnel *tunnel, uint16_t local_id, uint16_t peer_id, const struct l2tp_result *result)
{
	struct l2tp_msg msg = {.type = L2TP_cdn};

	l2tp_set(&msg, assigned_session_id, local_id);
	l2tp_set(&msg, result, *result);
	(void)l2tp_queue_msg(tunnel, NULL, L2TP_CLASS_FINISH, 0, peer_id, &msg);
}

int l2tp_call_icrq(struct l2tp_session *session)
{
	const struct l2tp_call *call = session->call;
	struct l2tp_msg msg = {.type = L2TP_icrq};

	l2tp_set(&msg, assigned_session_id, session->local_id);
	l2tp_set(&msg, call_serial_number, session->serial);
	l2tp_set(&msg, bearer_type, call->bearer_type);
	if (call->has_physical_channel)
		l2tp_set(&msg, physical_channel_id, call->physical_channel);
	if (call->called_number.len)
		l2tp_set(&msg, called_number, call->called_number);
	if (call->calling_number.len)
		l2tp_set(&msg, calling_number, call->calling_number);
	if (call->sub_address.len)
		l2tp_set(&msg, sub_address, call->sub_address);
	return l2tp_queue_msg(session->tunnel, session, L2TP_CLASS_START, session->local_id, 0, &msg);
}

static uint32_t speed(uint64_t bps)
{
	return bps < UINT32_MAX ? (uint32_t)bps : UINT32_MAX;
}

static void set_proxy(struct l2tp_msg *msg, const struct l2tp_call *call)
{
	// Which go with which type: RFC 2661 4.4.5.
	bool has_challenge = call->proxy_authen_type == 2 || call->proxy_authen_type == 5;

	if (call->initial_received_lcp.len)
		l2tp_set(msg, initial_received_lcp, call->initial_received_lcp);
	if (call->last_sent_lcp.len)
		l2tp_set(msg, last_sent_lcp, call->last_sent_lcp);
	if (call->last_received_lcp.len)
		l2tp_set(msg, last_received_lcp, call->last_received_lcp);
	if (!call->proxy_authen_type)
		return;
	l2tp_set(msg, proxy_authen_type, call->proxy_authen_type);
	if (call->proxy_authen_type == 4)
		return;
	l2tp_set(msg, proxy_authen_name, call->proxy_authen_name);
	l2tp_set(msg, proxy_authen_response, call->proxy_authen_response);
	if (has_challenge)
		l2tp_set(msg, proxy_authen_challenge, call->proxy_authen_challenge);
	if (has_challenge || call->proxy_authen_type == 3)
		l2tp_set(msg, proxy_authen_id, call->proxy_authen_id);
}

// RFC 2661 4.4.3: no call is asked for with a framing that the peer has not said it can. Over L2TP the frames are the same either way.
static uint32_t framing_of(const struct l2tp_session *session)
{
	uint32_t wanted = session->call->framing_type ? session->call->framing_type : 1, can = session->tunnel->peer_framing;

	return !can || wanted & can ? wanted : can;
}

int l2tp_call_iccn(struct l2tp_session *session)
{
	const struct l2tp_call *call = session->call;
	struct l2tp_msg msg = {.type = L2TP_iccn};

	l2tp_set(&msg, tx_connect_speed, speed(call->tx_bps));
	l2tp_set(&msg, framing_type, framing_of(session));
	if (call->rx_bps)
		l2tp_set(&msg, rx_connect_speed, speed(call->rx_bps));
	if (call->private_group_id.len)
		l2tp_set(&msg, private_group_id, call->private_group_id);
	if (session->tunnel->options->sequencing == L2TP_SEQUENCING_REQUIRED) {
		session->sequencing = true;
		l2tp_set(&msg, sequencing_required, true);
	}
	set_proxy(&msg, call);
	return l2tp_queue_msg(session->tunnel, session, L2TP_CLASS_FINISH, session->local_id, session->peer_id, &msg);
}
