// SPDX-License-Identifier: Apache-2.0
// The test of an LNS: the Regional Gateway dials it with no SIM. What comes of it is kept like the attaches of an endpoint, under the LNS's id.
#include "controller/api/op.h"
#include "controller/api/ops.h"
#include "controller/link.h"
#include "controller/live.h"
#include "controller/store/attach.h"
#include "model/vslice.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

// The LNS that the path names: its id, and the gateway that serves its VSlice ("" = none). False and a reply when there is none.
static bool find_lns(struct op *op, char lns[UUID_TEXT], char gateway[UUID_TEXT])
{
	struct vslice *vslice = NULL;
	char id[UUID_TEXT];
	int error;

	if (!op_find(op, id))
		return false;
	error = db_get(op->db, &noun_vslice, id, DB_LEAN, (void **)&vslice);
	if (error) {
		op_fail_store(op, error);
		return false;
	}
	*lns = *gateway = '\0';
	if (vslice->regional_gateway.id)
		snprintf(gateway, UUID_TEXT, "%s", vslice->regional_gateway.id);
	for (size_t i = 0; i < vslice->lnss.count; i++) {
		const struct object *row = field_rows_at(&noun_lns, &vslice->lnss, i);

		if (strcasecmp(row->id, op->segments[3]) == 0 || (row->moniker && strcasecmp(row->moniker, op->segments[3]) == 0))
			snprintf(lns, UUID_TEXT, "%s", row->id);
	}
	object_free(&noun_vslice, vslice);
	if (!*lns)
		op_fail(op, 404, "Record not found");
	return *lns;
}

static void send_test(struct op *op)
{
	link_command(op->controller->link, op->after_gateway, "testLns", "lns", op->after_id);
}

void op_lns_test(struct op *op)
{
	if (!find_lns(op, op->after_id, op->after_gateway))
		return;
	if (!*op->after_gateway) {
		op_fail(op, 409, "The VSlice has no Regional Gateway that could dial the LNS; set regionalGateway");
		return;
	}
	op_audit(op, "test", &noun_lns, op->after_id, NULL, NULL);
	op->after = send_test;
	op_reply_id(op, op->after_id);
}

void op_lns_tests(struct op *op)
{
	char lns[UUID_TEXT], gateway[UUID_TEXT];

	if (!find_lns(op, lns, gateway))
		return;
	op_reply_begin(op);
	text_char(&op->reply, '[');
	attach_list(op->db, lns, &op->reply);
	text_char(&op->reply, ']');
	op_reply_end(op);
}
