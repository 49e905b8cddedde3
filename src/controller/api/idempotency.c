// SPDX-License-Identifier: Apache-2.0
// Idempotency-Key: the answer to a POST is kept with its change, and given again to who sends the same once more.
#include "controller/api/op.h"

#include <stdio.h>
#include <string.h>

#define KEPT_MS (24 * 3600 * 1000)

const char *op_idempotency_key(const struct op *op)
{
	return op_header(op, "Idempotency-Key");
}

bool op_answer_again(struct op *op)
{
	const char *key = op_idempotency_key(op);
	sqlite3_stmt *statement;
	bool found = false;

	if (!key)
		return false;
	if (strlen(key) > 100) {
		op_fail(op, 400, "Idempotency-Key: is too long; accepted: at most 100 characters");
		return true;
	}
	if (!(statement = db_statement(op->db, "SELECT request, reply FROM idempotency WHERE token = ?1 AND key = ?2")))
		return false;
	sqlite3_bind_text(statement, 1, op->actor.id, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		char request[REQUEST_HASH_TEXT];

		found = true;
		if (strcmp(op_request_hash(op, request), (const char *)sqlite3_column_text(statement, 0)) == 0)
			text_add(&op->reply, (const char *)sqlite3_column_text(statement, 1));
		else
			op_fail(op, 409, "Idempotency-Key: \"%.60s\" was used for another request; use a new key", key);
	}
	sqlite3_reset(statement);
	return found;
}

void idempotency_keep(struct db *db, const char *actor, const char *key, const char *request, const struct text *reply)
{
	sqlite3_stmt *statement;

	if ((statement = db_statement(db, "DELETE FROM idempotency WHERE at_ms < ?1"))) {
		sqlite3_bind_int64(statement, 1, db_now_ms() - KEPT_MS);
		db_step(db, statement);
	}
	if (!(statement = db_statement(
		      db, "INSERT INTO idempotency (token, key, request, reply, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)")))
		return;
	sqlite3_bind_text(statement, 1, actor, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, request, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 4, reply->bytes, (int)reply->len, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 5, db_now_ms());
	db_step(db, statement);
}

void op_remember_answer(struct op *op)
{
	const char *key = op_idempotency_key(op);
	char request[REQUEST_HASH_TEXT];

	if (key && op->status == 200 && op->noun != &noun_token) // a token's text is not kept
		idempotency_keep(op->db, op->actor.id, key, op_request_hash(op, request), &op->reply);
}
