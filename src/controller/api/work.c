// SPDX-License-Identifier: Apache-2.0
// Passwords are hashed on libuv's threads: the loop and the store's writer go on meanwhile. How many wait is bounded, since each costs memory.
#include "controller/api/op.h"

#include "base/clean.h"

#include <stdlib.h>
#include <string.h>

#define HASHING_MAX 32

static void wipe(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void op_work_fini(struct op_work *work)
{
	wipe(&work->password);
	wipe(&work->new_password);
	wipe(&work->hash);
	explicit_bzero(work->made, sizeof(work->made));
}

void op_work_hash(struct op *op, const char *password)
{
	op->work.password = strdup(password);
	op->work.is_due = true;
	op->status = 0;
}

void op_work_check(struct op *op, const char *password, const char *hash, const char *new_password)
{
	op->work.password = strdup(password);
	op->work.hash = hash ? strdup(hash) : NULL;
	op->work.new_password = new_password ? strdup(new_password) : NULL;
	op->work.checks = op->work.is_due = true;
	op->status = 0;
}

static void on_thread(uv_work_t *request)
{
	struct op_work *work = &container_of(request, struct op, work.work)->work;
	const char *to_hash = work->checks ? work->new_password : work->password;

	if (work->checks)
		work->matches = password_matches(work->password, work->hash);
	if (to_hash && (work->matches || !work->checks))
		work->failed = password_hash(to_hash, work->made) != 0;
}

static void on_done(uv_work_t *request, int status)
{
	struct op *op = container_of(request, struct op, work.work);
	struct controller *controller = op->controller;

	controller->hashing--;
	op->work.is_done = true;
	op->work.failed |= status != 0;
	op_again(op);
}

bool op_work_start(struct op *op)
{
	if (op->controller->hashing >= HASHING_MAX) {
		op_fail(op, 429, "Too many passwords are being checked just now; try again");
		op->retry_s = 1;
		return false;
	}
	if (uv_queue_work(&op->controller->loop, &op->work.work, on_thread, on_done)) {
		op_fail(op, 500, "The password could not be checked. Look at the controller's log");
		return false;
	}
	op->controller->hashing++;
	return true;
}
