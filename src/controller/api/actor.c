// SPDX-License-Identifier: Apache-2.0
#include "controller/api/actor.h"

#include "base/clean.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy_id(char out[UUID_TEXT], sqlite3_stmt *statement, int at)
{
	const char *id = (const char *)sqlite3_column_text(statement, at);

	snprintf(out, UUID_TEXT, "%s", id ? id : "");
}

static int find_person(struct db *db, const char *secret, const struct login_limits *limits, struct actor *actor)
{
	struct login_session session;
	char hash[TOKEN_HASH_TEXT];

	token_hash(secret, hash);
	if (login_session_get(db, hash, limits, &session))
		return -EACCES;
	sqlite3_stmt *statement = db_statement(db,
		"SELECT u.customer, u.role, u.platform, c.active FROM user_account u JOIN customer c ON c.id = u.customer "
		"WHERE u.id = ?1 AND u.enabled = 1");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, session.user, -1, SQLITE_STATIC);
	bool found = sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 3);

	if (found) {
		*actor = (struct actor){.is_person = true, .session_due = session.due, .expires_ms = session.expires_ms};
		strcpy(actor->id, session.user);
		strcpy(actor->user, session.user);
		copy_id(actor->customer, statement, 0);
		actor->role = (enum account_role)sqlite3_column_int(statement, 1);
		actor->scope = sqlite3_column_int(statement, 2) ? TOKEN_OWNER : TOKEN_CUSTOMER;
	}
	sqlite3_reset(statement);
	return found ? 0 : -EACCES;
}

int actor_identify(struct db *db, const struct credential *credential, const struct login_limits *limits, struct actor *actor,
	const char **why)
{
	if (!credential->text) {
		*why = "No token; send the header Authorization: Bearer TOKEN, or sign in (POST /api/v1/login)";
		return -EACCES;
	}
	if (credential->is_session) {
		*why = "The session has ended; sign in again (POST /api/v1/login)";
		return find_person(db, credential->text, limits, actor);
	}
	*why = "Unknown, disabled or expired token; ask for another";
	return token_check(db, credential->text, actor);
}

void credential_copy(struct credential *out, const struct credential *credential)
{
	*out = (struct credential){credential->text ? strdup(credential->text) : NULL, credential->is_session};
}

void credential_fini(struct credential *credential)
{
	if (credential->text)
		explicit_bzero(credential->text, strlen(credential->text));
	free(credential->text);
	*credential = (struct credential){0};
}

void session_csrf(const char *secret, char out[CSRF_TEXT])
{
	char place[100], hash[TOKEN_HASH_TEXT];

	snprintf(place, sizeof(place), "csrf %s", secret);
	token_hash(place, hash);
	snprintf(out, CSRF_TEXT, "%.32s", hash);
	explicit_bzero(place, sizeof(place));
}
