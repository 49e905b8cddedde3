// SPDX-License-Identifier: Apache-2.0
// GET /vslices/{id}/lnsconfig?for=KIND&lns=...&lac=...: what the customer's LNS must be told.
#include "controller/api/op.h"
#include "controller/api/ops.h"
#include "controller/lnsconfig/lnsconfig.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

// The row that a query names by id, moniker or address; the first one when it names none. NULL, and a reply, when there is none.
static const void *find_row(
	struct op *op, const struct noun *noun, const struct field_rows *rows, const char *query, const char *called)
{
	const struct field *address = field_find(noun, "address");

	for (size_t i = 0; i < rows->count; i++) {
		const struct object *row = field_rows_at(noun, rows, i);
		const char *names[] = {row->id, row->moniker, *field_text(address, row)};

		for (int n = 0; called && n < 3; n++)
			if (names[n] && strcasecmp(names[n], called) == 0)
				return row;
	}
	if (rows->count && !called)
		return rows->items;
	if (called)
		op_fail(op, 400, "%s: \"%.60s\" is no %s of this VSlice", query, called, noun->title);
	else
		op_fail(op, 409, "The VSlice has no %s yet; add one first", noun->title);
	return NULL;
}

static const struct lnsconfig_kind *find_kind(struct op *op)
{
	const char *word = op_query(op, "for");
	const struct lnsconfig_kind *kind = word ? lnsconfig_kind_find(word) : NULL;
	char accepted[200] = "";

	if (kind)
		return kind;
	for (const struct lnsconfig_kind *row = lnsconfig_kinds; row->moniker; row++)
		snprintf(accepted + strlen(accepted), sizeof(accepted) - strlen(accepted), "%s%s", *accepted ? ", " : "",
			row->moniker);
	if (word)
		op_fail(op, 400, "for: \"%.40s\" is not accepted; accepted: %s", word, accepted);
	else
		op_fail(op, 400, "for: is missing; accepted: %s", accepted);
	return NULL;
}

static void reply(struct op *op, const struct lnsconfig_kind *kind, const struct vslice *vslice)
{
	const struct lns *lns = find_row(op, &noun_lns, &vslice->lnss, "lns", op_query(op, "lns"));
	const struct lac *lac = lns ? find_row(op, &noun_lac, &vslice->lacs, "lac", op_query(op, "lac")) : NULL;
	struct text text = {0};

	if (!lac)
		return;
	if (lnsconfig_write(&text, kind, vslice, lns, op_query(op, "lac") ? lac : NULL)) {
		op_fail(op, 500, "The template failed. Look at the controller's log");
	} else {
		op_reply_begin(op);
		text_add(&op->reply, "{\"for\":");
		text_json(&op->reply, kind->moniker);
		text_add(&op->reply, ",\"name\":");
		text_json(&op->reply, kind->name);
		text_format(&op->reply, ",\"isTested\":%s,\"text\":", kind->is_tested ? "true" : "false");
		text_json(&op->reply, text.bytes);
		text_char(&op->reply, '}');
		op_reply_end(op);
	}
	text_fini(&text);
}

void op_lns_config(struct op *op)
{
	const struct lnsconfig_kind *kind;
	struct vslice *vslice = NULL;
	char id[UUID_TEXT];
	int error;

	if (!op_find(op, id) || !(kind = find_kind(op)))
		return;
	error = db_get(op->db, &noun_vslice, id, DB_LEAN, (void **)&vslice);
	if (error) {
		op_fail_store(op, error);
		return;
	}
	if (vslice->type == VSLICE_L2TP)
		reply(op, kind, vslice);
	else
		op_fail(op, 409, "An integrated VSlice has no LNS; the platform assigns its addresses");
	object_free(&noun_vslice, vslice);
}
