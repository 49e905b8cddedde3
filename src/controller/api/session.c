// SPDX-License-Identifier: Apache-2.0
#include "controller/api/session.h"

#include "base/clean.h"
#include "controller/api/op.h"

#include <stdio.h>
#include <stdlib.h>

void session_cookie(struct op *op, const char *secret)
{
	unsigned long long age_s = secret ? op->controller->logins.absolute_ms / 1000 : 0;

	snprintf(op->cookie, sizeof(op->cookie), SESSION_COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%llu%s",
		secret ? secret : "", age_s, op->is_secure ? "; Secure" : "");
}

struct seeing {
	struct store_job job;
	char hash[TOKEN_HASH_TEXT];
};

static void seen_run(struct db *db, struct store_job *job)
{
	login_session_seen(db, container_of(job, struct seeing, job)->hash);
}

static void seen_done(struct store_job *job)
{
	free(container_of(job, struct seeing, job));
}

void session_seen(struct controller *controller, const char *secret)
{
	struct seeing *seeing = controller->store ? calloc(1, sizeof(*seeing)) : NULL;

	if (!seeing)
		return;
	seeing->job = (struct store_job){.run = seen_run, .done = seen_done};
	token_hash(secret, seeing->hash);
	store_write(controller->store, &seeing->job);
}
