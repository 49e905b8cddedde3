// SPDX-License-Identifier: Apache-2.0
// Sessions, tunnels and what can be done to them. A command goes to the gateway that holds the thing.
#include "controller/api/ops.h"

#include "controller/api/op.h"
#include "controller/events/events.h"
#include "controller/link.h"
#include "controller/live.h"
#include "controller/store/attach.h"
#include "model/event.h"

#include <stdio.h>
#include <string.h>

void op_live_list(struct op *op)
{
	int64_t offset, limit, total;
	char why[200];

	if (op->noun == &noun_capture) {
		op_capture_list(op);
		return;
	}
	if (op->noun == &noun_event) {
		op_event_list(op);
		return;
	}
	if (op->noun == &noun_audit) {
		op_audit_list(op);
		return;
	}
	if (op->noun == &noun_usage) {
		op_usage_list(op);
		return;
	}
	if (!op_paging(op, &offset, &limit))
		return;
	op_reply_begin(op);
	text_char(&op->reply, '[');
	if (live_list(op->controller->live, op->noun, op->actor.customer, op_query(op, "filter"), op_query(op, "sortBy"), offset,
		    limit, &op->reply, &total, why)) {
		op_fail(op, 400, "%s", why);
		return;
	}
	text_char(&op->reply, ']');
	op_reply_end_list(op, total, limit, offset);
}

void op_live_get(struct op *op)
{
	if (op->noun == &noun_capture) {
		op_capture_get(op);
		return;
	}
	if (op->noun == &noun_event) {
		op_event_get(op);
		return;
	}
	if (op->noun == &noun_audit) {
		op_audit_get(op);
		return;
	}
	if (op->noun == &noun_usage) {
		op_usage_get(op);
		return;
	}
	op_reply_begin(op);
	if (live_get(op->controller->live, op->noun, op->actor.customer, op->segments[1], &op->reply))
		op_reply_end(op);
	else
		op_fail(op, 404, "Record not found");
}

static void send_detach(struct op *op)
{
	if (link_command(op->controller->link, op->after_gateway, op->after_command, "endpoint", op->after_id))
		events_detached(op->controller->events, op->after_id, op->after_gateway, "a detach was asked for");
}

static void send_tunnel_command(struct op *op)
{
	link_command(op->controller->link, op->after_gateway, op->after_command, "tunnel", op->after_id);
}

void op_endpoint_detach(struct op *op)
{
	if (!op_find(op, op->after_id))
		return;
	if (!live_gateway_of(op->controller->live, false, op->actor.customer, op->after_id, op->after_gateway)) {
		op_fail(op, 409, "The Endpoint has no live session; there is nothing to detach");
		return;
	}
	strcpy(op->after_command, "detach");
	op_audit(op, "detach", &noun_endpoint, op->after_id, NULL, NULL);
	op->after = send_detach;
	op_reply_id(op, op->after_id);
}

void op_endpoint_attaches(struct op *op)
{
	char id[UUID_TEXT];

	if (!op_find(op, id))
		return;
	op_reply_begin(op);
	text_char(&op->reply, '[');
	attach_list(op->db, id, &op->reply);
	text_char(&op->reply, ']');
	op_reply_end(op);
}

static void tunnel_command(struct op *op, const char *command, const char *action)
{
	snprintf(op->after_id, sizeof(op->after_id), "%s", op->segments[1]);
	if (!live_gateway_of(op->controller->live, true, op->actor.customer, op->after_id, op->after_gateway)) {
		op_fail(op, 404, "Record not found");
		return;
	}
	snprintf(op->after_command, sizeof(op->after_command), "%s", command);
	op_audit(op, action, &noun_tunnel, op->after_id, NULL, NULL);
	op->after = send_tunnel_command;
	op_reply_id(op, op->after_id);
}

void op_tunnel_restart(struct op *op)
{
	tunnel_command(op, "restartTunnel", "restart");
}

void op_tunnel_drain(struct op *op)
{
	tunnel_command(op, "drainTunnel", "drain");
}
