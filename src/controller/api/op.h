// SPDX-License-Identifier: Apache-2.0
// An operation: one API request on its way through the store. It is made on the loop, runs whole on a store thread (a write is one
// transaction) and is answered on the loop.
#pragma once

#include "controller/api/actor.h"
#include "controller/api/password.h"
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
struct route;

enum op_kind { OP_READ = 1, OP_WRITE };

// What a write hands to a thread of its own, because it is slow by intent: hashing a password, or holding one against a hash. The write is
// run, comes to the point, is taken back, and is run once more when the work is done.
struct op_work {
	char *password, *hash; // when it `checks`: do they match? (NULL = nobody's hash.) Else a hash of `password` is made
	char *new_password; // to be hashed when they match; NULL = none
	bool checks, is_due, is_done, matches, failed;
	char made[PASSWORD_HASH_TEXT];
	uv_work_t work;
};

struct op {
	struct store_job job;
	struct controller *controller;
	struct exchange *exchange;
	const struct route *route;
	// The request.
	const char *method;
	char *segments[6]; // of the path, after /api/v1
	size_t segment_count;
	char *path; // segments point into it
	struct credential credential;
	bool is_secure; // it came over TLS, or from this machine's socket
	bool wants_stream; // Accept: text/event-stream
	bool is_dry; // ?dryRun=true: judged and answered as a change, but nothing is stored
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
	struct op_work work;
	bool stays; // what was written is committed although the request is refused
	// The reply.
	int status;
	struct text reply;
	const char *content_type, *allow;
	char etag[32];
	char cookie[200]; // Set-Cookie; "" = none
	unsigned retry_s; // Retry-After; 0 = none
	// What is left to do on the loop after a write was committed; may be NULL.
	void (*after)(struct op *op);
	// Takes the exchange over instead of an answer being given, when the status is 200; may be NULL. On the loop.
	void (*takes)(struct op *op);
	void *taken; // for it
	int64_t cursor;
	char after_id[UUID_TEXT], after_gateway[UUID_TEXT], after_command[24];
};

// Of the request, borrowed until the reply: a member of the query, a header; NULL when absent.
const char *op_query(const struct op *op, const char *name);
const char *op_header(const struct op *op, const char *name);
const char *op_idempotency_key(const struct op *op);

// Makes the operation of a request, with authentication, and gives it to the store.
void op_start(struct controller *controller, struct exchange *exchange, const struct route *route, const struct noun *noun,
	char *path, char **segments, size_t count);

// Asks for work on another thread; the caller returns then, and is run once more with work.is_done.
void op_work_hash(struct op *op, const char *password);
void op_work_check(struct op *op, const char *password, const char *hash, const char *new_password);
// Begins the work that is due; false (and a reply) when it cannot.
bool op_work_start(struct op *op);
void op_work_fini(struct op_work *work);
// Gives the operation to the store once more, as it was at first.
void op_again(struct op *op);

// Notes in the audit log what the actor did without a change of an object. `after` is JSON; it and the ids may be NULL.
void op_audit(struct op *op, const char *action, const struct noun *noun, const char *id, const char *moniker, const char *after);

// Replies. Each sets the status and the whole body.
void op_reply_id(struct op *op, const char *id); // {success, messages: [], data: id}
void op_reply_begin(struct op *op); // {"success":true,"messages":[],"data":  ... the caller adds the value, then:
void op_reply_end(struct op *op); // ... "totalItems":0,"limit":0,"offset":0}
void op_reply_end_list(struct op *op, int64_t total, int64_t limit, int64_t offset);
// The same for a search of the store: -EINVAL is a request that cannot be searched for, `why` says so.
void op_reply_found(struct op *op, int error, const char *why, int64_t total, int64_t limit, int64_t offset);
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
// A hash of method, path, customer and body, into `out`; returns `out`.
char *op_request_hash(const struct op *op, char out[REQUEST_HASH_TEXT]);
// A repeated POST with the same Idempotency-Key is answered as the first one was. True when that was done.
bool op_answer_again(struct op *op);
// Keeps the answer for that, when it was a success.
void op_remember_answer(struct op *op);
// The same for an answer that is made later: `actor` and `key` of the request, and its hash. In the transaction of the change.
void idempotency_keep(struct db *db, const char *actor, const char *key, const char *request, const struct text *reply);
// The customer whose objects are seen; NULL for nouns of the platform.
const char *op_customer(const struct op *op, const struct noun *noun);
