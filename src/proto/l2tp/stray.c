// SPDX-License-Identifier: Apache-2.0
// Control packets that belong to no tunnel yet, or no more, and SCCRQs that cross.
#include "proto/l2tp/private.h"

int l2tp_peek(const struct l2tp_header *header, struct l2tp_peek *out)
{
	struct l2tp_fault fault;
	struct l2tp_msg msg;

	if (!l2tp_is_control(header) || !header->len)
		return -EBADMSG;
	// A faulty SCCRQ is of use too: its fault is answered by StopCCN when it is accepted.
	(void)l2tp_msg_decode(header->payload, header->len, NULL, &msg, &fault);
	if (msg.type != L2TP_sccrq && msg.type != L2TP_stopccn)
		return -EBADMSG;
	*out = (struct l2tp_peek){
		.type = msg.type, .has_tie_breaker = l2tp_has(&msg, tie_breaker), .tie_breaker = msg.tie_breaker};
	if (l2tp_has(&msg, assigned_tunnel_id))
		out->assigned_tunnel_id = msg.assigned_tunnel_id;
	if (l2tp_has(&msg, host_name)) {
		out->host_len =
			(uint8_t)(msg.host_name.len < sizeof(out->host_name) ? msg.host_name.len : sizeof(out->host_name) - 1);
		memcpy(out->host_name, msg.host_name.bytes, out->host_len);
	}
	return 0;
}

enum l2tp_glare l2tp_tunnel_glare(struct l2tp_tunnel *ours, const struct l2tp_peek *theirs, uint64_t now_ms)
{
	bool has_ours = ours->options->tie_breaker, is_outer;
	enum l2tp_glare verdict;

	if (ours->state != L2TP_TUNNEL_WAIT_REPLY || (!has_ours && !theirs->has_tie_breaker))
		return L2TP_GLARE_BOTH;
	if (has_ours && (!theirs->has_tie_breaker || ours->tie_breaker < theirs->tie_breaker))
		return L2TP_GLARE_OURS;
	verdict = has_ours && ours->tie_breaker == theirs->tie_breaker ? L2TP_GLARE_NEITHER : L2TP_GLARE_THEIRS;
	is_outer = l2tp_enter(ours);
	// "Silently": the peer drops the SCCRQ by the same rule.
	l2tp_tunnel_end(ours, &(struct l2tp_end){.reason = L2TP_REASON_glare, .tell_host = true}, now_ms);
	l2tp_channel_fini(&ours->channel);
	l2tp_leave(ours, is_outer, now_ms);
	return verdict;
}

int l2tp_stopccn_for_unknown(const struct l2tp_header *header, uint8_t *out, size_t size, size_t *len)
{
	static const char text[] = "unknown tunnel";
	struct l2tp_msg answer = {.type = L2TP_stopccn}, msg;
	struct wire_out bytes = wire_out(out, size);
	struct l2tp_header reply = {.flags = L2TP_CONTROL_FLAGS, .ns = header->nr, .nr = (uint16_t)(header->ns + 1)};
	struct l2tp_fault fault;

	if (!l2tp_is_control(header) || !header->len || !header->tunnel_id)
		return -ENODATA;
	(void)l2tp_msg_decode(header->payload, header->len, NULL, &msg, &fault);
	if (msg.type == L2TP_stopccn)
		return -ENODATA;
	// Only an SCCRP tells where the sender wants to be addressed; otherwise it is tunnel 0, and our old id says which one is meant.
	reply.tunnel_id = l2tp_has(&msg, assigned_tunnel_id) ? msg.assigned_tunnel_id : 0;
	l2tp_set(&answer, assigned_tunnel_id, header->tunnel_id);
	l2tp_set(&answer, result, {.code = L2TP_STOP_error, .error = L2TP_ERROR_no_control_connection, .text = l2tp_text(text)});
	bytes.pos += L2TP_CONTROL_HEADER < size ? L2TP_CONTROL_HEADER : size;
	l2tp_msg_encode(&bytes, &answer, NULL);
	if (bytes.error)
		return bytes.error;
	reply.len = (uint16_t)(wire_used(&bytes) - L2TP_CONTROL_HEADER);
	*len = wire_used(&bytes);
	bytes.pos = bytes.start;
	l2tp_header_build(&bytes, &reply);
	return bytes.error;
}
