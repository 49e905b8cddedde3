// SPDX-License-Identifier: Apache-2.0
// An operation: one API request on its way through the store. It is made on the loop, runs whole on a store thread (a write is one
// transaction) and is answered on the loop.
#pragma once

#include "controller/controller.h"
#include "controller/store/store.h"
#include "controller/store/uuid.h"
#include "model/account.h"
#include "model/json.h"
#include "model/ruling.h"
#include "model/text.h"

#include <jansson.h>

struct exchange;
struct op;

enum op_kind { OP_READ = 1, OP_WRITE };

// Who acts: the token's holder.
struct actor {
	char token[UUID_TEXT]; // the token's id
	char customer[UUID_TEXT]; // for whom
	char gateway[UUID_TEXT]; // of a gateway's token
	enum token_scope scope;
};

struct op {
	struct store_job job;
	struct controller *controller;
	struct exchange *exchange;
	void (*run)(struct op *op); // on a store thread
	enum op_kind kind;
	// The request, copied.
	char method[12];
	char *segments[6]; // of the path, after /api/v1
	size_t segment_count;
	char *path; // segments point into it
	char *offset, *limit, *sort, *filter, *since; // of the query; NULL when absent
	char *token, *for_customer, *if_match, *idempotency_key, *last_event;
	bool wants_stream; // Accept: text/event-stream
	const char *body; // borrowed from the exchange
	size_t body_len;
	const struct noun *noun, *row; // that the path names
	const struct field *list; // the owner's member that holds the rows
	// While it runs.
	struct db *db;
	struct actor actor;
	struct ruling ruling;
	struct { // what rules looked at, kept until the end
		const struct noun *noun;
		void *object;
	} * loaded;
	size_t loaded_count;
	// The reply.
	int status;
	struct text reply;
	const char *content_type, *allow;
	char etag[32];
	// What is left to do on the loop after a write was committed; may be NULL.
	void (*after)(struct op *op);
	// Takes the exchange over instead of an answer being given, when the status is 200; may be NULL. On the loop.
	void (*takes)(struct op *op);
	void *taken; // for it
	int64_t cursor;
	char after_id[UUID_TEXT], after_gateway[UUID_TEXT], after_command[24];
};

// Makes the operation of a request, with authentication, and gives it to the store.
void op_start(struct controller *controller, struct exchange *exchange, const struct noun *noun, enum op_kind kind,
	void (*run)(struct op *op), char *path, char **segments, size_t count);

// Replies. Each sets the status and the whole body.
void op_reply_id(struct op *op, const char *id); // {success, messages: [], data: id}
void op_reply_begin(struct op *op); // {"success":true,"messages":[],"data":  ... the caller adds the value, then:
void op_reply_end(struct op *op); // ... "totalItems":0,"limit":0,"offset":0}
void op_reply_end_list(struct op *op, int64_t total, int64_t limit, int64_t offset);
void op_fail(struct op *op, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));
// The faults of op->ruling, all of them.
void op_fail_ruling(struct op *op);
// An error of the store in words.
void op_fail_store(struct op *op, int error);

// The body as JSON; NULL (and a reply) when it is not one.
json_t *op_body(struct op *op);
// `offset` and `limit` of the query; false (and a reply) when they are wrong.
bool op_paging(struct op *op, int64_t *offset, int64_t *limit);
// The id of the object that segment 1 names; false (and a 404) when the actor sees none.
bool op_find(struct op *op, char id[UUID_TEXT]);
// Does If-Match allow a change of an object of this revision? False (and a 412) when not.
bool op_matches(struct op *op, int64_t revision);
void op_etag(struct op *op, int64_t revision);
#define REQUEST_HASH_TEXT 65
// A hash of method, path and body, into `out`; returns `out`.
char *op_request_hash(const struct op *op, char out[REQUEST_HASH_TEXT]);
// A repeated POST with the same Idempotency-Key is answered as the first one was. True when that was done.
bool op_answer_again(struct op *op);
// Keeps the answer for that, when it was a success.
void op_remember_answer(struct op *op);
// The customer whose objects are seen; NULL for nouns of the platform.
const char *op_customer(const struct op *op, const struct noun *noun);
