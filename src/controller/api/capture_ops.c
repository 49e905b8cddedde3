// SPDX-License-Identifier: Apache-2.0
// Captures: begun, looked at, downloaded, stopped and deleted. The Regional Gateway captures, controller/capture.c keeps the file.
#include "controller/api/op.h"
#include "controller/api/ops.h"
#include "controller/capture.h"
#include "controller/live.h"
#include "model/endpoint.h"
#include "model/group.h"
#include "model/vslice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void op_capture_list(struct op *op)
{
	int64_t offset, limit, total;
	char why[200];

	if (!op_paging(op, &offset, &limit))
		return;
	op_reply_begin(op);
	text_char(&op->reply, '[');
	if (captures_list(op->controller->captures, op->actor.customer, op_query(op, "filter"), op_query(op, "sortBy"), offset,
		    limit, &op->reply, &total, why)) {
		op_fail(op, 400, "%s", why);
		return;
	}
	text_char(&op->reply, ']');
	op_reply_end_list(op, total, limit, offset);
}

void op_capture_get(struct op *op)
{
	op_reply_begin(op);
	if (captures_get(op->controller->captures, op->actor.customer, op->segments[1], &op->reply))
		op_reply_end(op);
	else
		op_fail(op, 404, "Record not found");
}

static bool is_there(struct op *op)
{
	snprintf(op->after_id, sizeof(op->after_id), "%s", op->segments[1]);
	if (captures_has(op->controller->captures, op->actor.customer, op->after_id))
		return true;
	op_fail(op, 404, "Record not found");
	return false;
}

static void download(struct op *op)
{
	captures_download(op->controller->captures, op->after_id, op->exchange);
}

void op_capture_download(struct op *op)
{
	if (!is_there(op))
		return;
	op->takes = download;
	op->status = 200;
}

static void stop(struct op *op)
{
	captures_stop(op->controller->captures, op->after_id);
}

void op_capture_stop(struct op *op)
{
	if (!is_there(op))
		return;
	op->after = stop;
	op_reply_id(op, op->after_id);
}

static void delete (struct op *op)
{
	captures_delete(op->controller->captures, op->after_id);
}

void op_capture_delete(struct op *op)
{
	if (!is_there(op))
		return;
	op_audit(op, "delete", &noun_capture, op->after_id, NULL, NULL);
	op->after = delete;
	op_reply_id(op, op->after_id);
}

// Where a SIM without a session will attach: at the Regional Gateway of its VSlice.
static void gateway_of_endpoint(struct op *op, const char *id, char gateway[UUID_TEXT])
{
	struct endpoint *endpoint = NULL;
	struct vslice *vslice = NULL;
	struct group *group = NULL;

	if (live_gateway_of(op->controller->live, false, op->actor.customer, id, gateway))
		return;
	if (db_get(op->db, &noun_endpoint, id, DB_LEAN, (void **)&endpoint) == 0 && endpoint->group.id &&
		db_get(op->db, &noun_group, endpoint->group.id, DB_LEAN, (void **)&group) == 0 && group->vslice.id &&
		db_get(op->db, &noun_vslice, group->vslice.id, DB_LEAN, (void **)&vslice) == 0 && vslice->regional_gateway.id)
		snprintf(gateway, UUID_TEXT, "%s", vslice->regional_gateway.id);
	object_free(&noun_vslice, vslice);
	object_free(&noun_group, group);
	object_free(&noun_endpoint, endpoint);
}

static void gateway_of_vslice(struct op *op, const char *id, char gateway[UUID_TEXT])
{
	struct vslice *vslice = NULL;

	if (db_get(op->db, &noun_vslice, id, DB_LEAN, (void **)&vslice) == 0 && vslice->regional_gateway.id)
		snprintf(gateway, UUID_TEXT, "%s", vslice->regional_gateway.id);
	object_free(&noun_vslice, vslice);
}

static void look_streams(struct live_gateway *state, void *context)
{
	*(bool *)context = state->streams;
}

// The gateway that is to capture, connected now. False and a reply when there is none.
static bool find_gateway(struct op *op, struct capture *capture)
{
	char gateway[UUID_TEXT] = "";
	bool is_connected = false;

	if (capture->tunnel && !live_gateway_of(op->controller->live, true, op->actor.customer, capture->tunnel, gateway)) {
		op_fail(op, 404, "tunnel: \"%.40s\" is not a live tunnel", capture->tunnel);
		return false;
	}
	if (capture->endpoint.id)
		gateway_of_endpoint(op, capture->endpoint.id, gateway);
	if (capture->lns.id)
		gateway_of_vslice(op, capture->vslice.id, gateway);
	if (!*gateway) {
		op_fail(op, 409,
			"No Regional Gateway is known to serve it now; capture it while it is attached, or give its VSlice a "
			"Regional Gateway");
		return false;
	}
	live_change_gateway(op->controller->live, gateway, look_streams, &is_connected);
	if (!is_connected) {
		op_fail(op, 409, "The Regional Gateway that serves it is not connected");
		return false;
	}
	capture->gateway.moniker = strdup(gateway);
	return ruling_resolve(&op->ruling, &noun_gateway, NULL, &capture->gateway);
}

static void begin(struct op *op)
{
	captures_begin(op->controller->captures, op->actor.customer, op->taken);
	op->taken = NULL;
}

static void all_levels(struct capture *capture)
{
	static const char *const levels[] = {"gtp", "l2tp", "ip"};

	for (size_t i = 0; i < 3 && capture->levels.count < i + 1; i++)
		field_texts_add(&capture->levels, levels[i]);
}

void op_capture_create(struct op *op)
{
	struct capture *capture = object_new(&noun_capture);
	json_t *body = op_body(op);
	char why[200], id[UUID_TEXT];

	if (!capture || !body)
		goto out;
	json_get_object(&op->ruling, &noun_capture, body, capture, JSON_CREATE);
	object_judge(&op->ruling, &noun_capture, capture, NULL);
	if (op->ruling.fault_count) {
		op_fail_ruling(op);
		goto out;
	}
	if (!find_gateway(op, capture))
		goto out;
	if (!captures_have_room(op->controller->captures, op->actor.customer, why)) {
		op_fail(op, 409, "%s", why);
		goto out;
	}
	uuid_make(id);
	field_text_set(&capture->object.id, id);
	if (!capture->levels.count)
		all_levels(capture);
	op_audit(op, "create", &noun_capture, id, NULL, NULL);
	op_reply_id(op, id);
	if (op->is_dry)
		goto out;
	op->taken = capture;
	op->after = begin;
	capture = NULL;
out:
	json_decref(body);
	object_free(&noun_capture, capture);
}
