// SPDX-License-Identifier: Apache-2.0
// The audit log, read. A customer sees what was changed of its own; a platform owner also what belongs to no customer.
#include "controller/api/op.h"
#include "controller/api/ops.h"
#include "controller/store/audit.h"

#include <string.h>

struct listing {
	struct op *op;
	size_t count;
};

static void put(const struct audit *audit, void *context)
{
	struct listing *listing = context;

	text_add(&listing->op->reply, listing->count++ ? "," : "");
	json_put_object(&listing->op->reply, &noun_audit, audit, JSON_READ);
}

static struct audit_query query_of(const struct op *op)
{
	return (struct audit_query){.customer = op->actor.customer, .platform = op->actor.scope == TOKEN_OWNER, .limit = 1};
}

void op_audit_list(struct op *op)
{
	struct audit_query query = query_of(op);
	struct listing listing = {op, 0};
	int64_t total = 0;
	char why[200];

	if (!op_paging(op, &query.offset, &query.limit))
		return;
	query.filter = op_query(op, "filter");
	query.sort = op_query(op, "sortBy");
	op_reply_begin(op);
	text_char(&op->reply, '[');
	int error = audit_list(op->db, &query, put, &listing, &total, why);

	text_char(&op->reply, ']');
	op_reply_found(op, error, why, total, query.limit, query.offset);
}

void op_audit_get(struct op *op)
{
	struct audit_query query = query_of(op);
	struct listing listing = {op, 0};
	char why[200];

	if (op->segments[1][strspn(op->segments[1], "0123456789")]) {
		op_fail(op, 404, "Record not found");
		return;
	}
	query.id = op->segments[1];
	op_reply_begin(op);
	int error = audit_list(op->db, &query, put, &listing, NULL, why);

	if (error)
		op_fail_store(op, error);
	else if (!listing.count)
		op_fail(op, 404, "Record not found");
	else
		op_reply_end(op);
}
