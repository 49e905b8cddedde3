// SPDX-License-Identifier: Apache-2.0
// Signing in and out, and who one is.
//
// A sign-in runs twice: once to find the account and whether it is locked, then, when a thread has held the password against the hash, to
// write down what came of it. An account that nobody has takes the same way and the same time. The session's secret is in the cookie only;
// the store has its hash.
#include "controller/api/http.h"
#include "controller/api/op.h"
#include "controller/api/ops.h"
#include "controller/api/session.h"
#include "controller/store/audit.h"

#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(login);

#define MEMBER_TEXT 201

struct account {
	char email[MEMBER_TEXT]; // as it was written, in lower case
	char key[MEMBER_TEXT]; // that failures are counted by
	struct user *user; // NULL = nobody
};

// A member of a body of texts; false (and a reply) when it is not there or no text.
static bool take_text(struct op *op, const json_t *body, const char *name, char out[MEMBER_TEXT])
{
	const char *text = json_string_value(json_object_get(body, name));

	if (text && *text && strlen(text) < MEMBER_TEXT && strlen(text) == json_string_length(json_object_get(body, name))) {
		snprintf(out, MEMBER_TEXT, "%s", text);
		return true;
	}
	op_fail(op, 400, "%s: is missing or no text; accepted: a text of at most %d characters", name, MEMBER_TEXT - 1);
	return false;
}

// The two texts of the body, and nothing else.
static bool take_pair(struct op *op, const char *first, char one[MEMBER_TEXT], const char *second, char two[MEMBER_TEXT])
{
	json_t *body = op_body(op), *value;
	const char *key;
	bool ok = body;

	if (body && !json_is_object(body)) {
		op_fail(op, 400, "body: is not accepted; accepted: an object with %s and %s", first, second);
		ok = false;
	}
	json_object_foreach(body, key, value) if (ok && strcmp(key, first) != 0 && strcmp(key, second) != 0)
	{
		op_fail(op, 400, "%.60s: is not a member; accepted: %s, %s", key, first, second);
		ok = false;
	}
	ok = ok && take_text(op, body, first, one) && take_text(op, body, second, two);
	json_decref(body);
	return ok;
}

static void account_find(struct op *op, struct account *account)
{
	sqlite3_stmt *statement = db_statement(op->db, "SELECT id FROM user_account WHERE email = ?1");
	char id[UUID_TEXT] = "", hash[TOKEN_HASH_TEXT];

	for (char *c = account->email; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	sqlite3_bind_text(statement, 1, account->email, -1, SQLITE_STATIC);
	if (statement && sqlite3_step(statement) == SQLITE_ROW)
		snprintf(id, sizeof(id), "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_reset(statement);
	if (*id)
		(void)!db_get(op->db, &noun_user, id, DB_SECRETS | DB_LEAN, (void **)&account->user);
	token_hash(account->email, hash);
	snprintf(account->key, sizeof(account->key), "%s", account->user ? account->user->email : hash);
}

static void audit(struct op *op, const struct user *user, const char *action, const char *more)
{
	char after[200];

	snprintf(after, sizeof(after), "{\"address\":\"%.60s\"%s}", exchange_address(op->exchange), more);
	struct audit_action row = {.actor = *op->actor.id ? op->actor.id : NULL,
		.customer = user ? user->object.customer.id : NULL,
		.action = action,
		.noun = &noun_user,
		.id = user ? user->object.id : NULL,
		.moniker = user ? user->object.moniker : NULL,
		.after = after};

	audit_action(op->db, &row);
}

static void refuse_locked(struct op *op, const char *why, int status, int64_t until)
{
	op->retry_s = (unsigned)((until - db_now_ms()) / 1000 + 1);
	op_fail(op, status, "%s; after too many wrong passwords sign-ins are refused for %u s", why, op->retry_s);
}

// True (and a reply) when the account is locked.
static bool is_locked(struct op *op, const char *key)
{
	int64_t until = login_locked_until(op->db, key);

	if (until)
		refuse_locked(op, "Not now", 429, until);
	return until;
}

static void refuse(struct op *op, const struct user *user, const char *key, const char *why)
{
	int64_t until = login_failed(op->db, key);
	char more[60] = "";

	op->stays = true;
	if (until)
		snprintf(more, sizeof(more), ",\"lockedSeconds\":%lld", (long long)((until - db_now_ms()) / 1000 + 1));
	audit(op, user, until ? "lockout" : "login-failed", more);
	log_warn("login failed user=%s address=%s%s", user ? user->object.id : "", exchange_address(op->exchange),
		until ? " locked=1" : "");
	if (until)
		refuse_locked(op, why, 401, until);
	else
		op_fail(op, 401, "%s", why);
}

static void put_ref(struct op *op, const char *name, const struct noun *noun, const char *id)
{
	struct field_ref ref = {.moniker = strdup(id)};

	text_format(&op->reply, ",\"%s\":", name);
	if (*id && db_resolve(op->db, noun, NULL, NULL, &ref)) {
		text_add(&op->reply, "{\"id\":");
		text_json(&op->reply, ref.id);
		text_add(&op->reply, ",\"moniker\":");
		text_json(&op->reply, ref.moniker);
		text_add(&op->reply, ",\"name\":");
		text_json(&op->reply, ref.name);
		text_char(&op->reply, '}');
	} else {
		text_add(&op->reply, "null");
	}
	free(ref.id);
	free(ref.moniker);
	free(ref.name);
}

static void put_user(struct op *op)
{
	struct user *user = NULL;

	if (!op->actor.is_person || db_get(op->db, &noun_user, op->actor.id, DB_LEAN, (void **)&user)) {
		text_add(&op->reply, "{\"user\":null");
		return;
	}
	text_add(&op->reply, "{\"user\":{\"id\":");
	text_json(&op->reply, user->object.id);
	text_add(&op->reply, ",\"moniker\":");
	text_json(&op->reply, user->object.moniker);
	text_add(&op->reply, ",\"name\":");
	text_json(&op->reply, user->object.name);
	text_add(&op->reply, ",\"email\":");
	text_json(&op->reply, user->email);
	text_char(&op->reply, '}');
	object_free(&noun_user, user);
}

void op_me(struct op *op)
{
	const struct actor *actor = &op->actor;
	const struct word *role = word_of(account_roles, actor->role);
	char csrf[CSRF_TEXT];

	op_reply_begin(op);
	put_user(op);
	put_ref(op, "token", &noun_token, actor->is_person ? "" : actor->id);
	put_ref(op, "customer", &noun_customer, actor->customer);
	text_add(&op->reply, ",\"role\":");
	text_json(&op->reply, actor->scope != TOKEN_GATEWAY && role ? role->moniker : NULL);
	text_format(&op->reply, ",\"platform\":%s,\"readOnly\":%s,\"csrfToken\":", actor->scope == TOKEN_OWNER ? "true" : "false",
		actor->scope == TOKEN_READER ? "true" : "false");
	if (actor->is_person)
		session_csrf(op->credential.text, csrf);
	text_json(&op->reply, actor->is_person ? csrf : NULL);
	text_add(&op->reply, ",\"expiresAt\":");
	json_put_time(&op->reply, actor->expires_ms);
	text_char(&op->reply, '}');
	op_reply_end(op);
}

static void sign_in(struct op *op, struct user *user)
{
	char secret[TOKEN_CHARS + 1], hash[TOKEN_HASH_TEXT];
	const char *why;

	token_make(secret);
	token_hash(secret, hash);
	int error = login_session_add(op->db, hash, user->object.id, &op->controller->logins);

	credential_fini(&op->credential);
	op->credential = (struct credential){strdup(secret), true};
	if (error || (error = actor_identify(op->db, &op->credential, &op->controller->logins, &op->actor, &why))) {
		op_fail_store(op, error);
		return;
	}
	login_forgive(op->db, user->email);
	sqlite3_stmt *statement = db_statement(op->db, "UPDATE user_account SET last_login_at = ?2 WHERE id = ?1");

	sqlite3_bind_text(statement, 1, user->object.id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, db_now_ms());
	db_step(op->db, statement);
	audit(op, user, "login", "");
	session_cookie(op, secret);
	explicit_bzero(secret, sizeof(secret));
	op_me(op);
}

// A customer that is not active has nobody who may sign in.
static bool may_sign_in(struct op *op, const struct user *user)
{
	const struct customer *customer;
	struct field_ref ref = {.id = user->object.customer.id};

	customer = op->ruling.load(&op->ruling, &noun_customer, ref.id);
	return user->enabled && customer && customer->active;
}

void op_login(struct op *op)
{
	struct account account = {0};
	char password[MEMBER_TEXT];

	if (!take_pair(op, "email", account.email, "password", password))
		return;
	account_find(op, &account);
	const char *hash = account.user ? account.user->password : NULL;

	if (!is_locked(op, account.key)) {
		if (!op->work.is_done)
			op_work_check(op, password, hash, NULL);
		else if (op->work.matches && hash && strcmp(hash, op->work.hash) == 0 && may_sign_in(op, account.user))
			sign_in(op, account.user);
		else
			refuse(op, account.user, account.key, "Wrong email or password");
	}
	object_free(&noun_user, account.user);
	explicit_bzero(password, sizeof(password));
}

void op_logout(struct op *op)
{
	char hash[TOKEN_HASH_TEXT];

	if (op->actor.is_person) {
		token_hash(op->credential.text, hash);
		login_session_end(op->db, hash);
		op_audit(op, "logout", &noun_user, op->actor.id, NULL, NULL);
		session_cookie(op, NULL);
		op->actor.session_due = false;
	}
	op_reply_begin(op);
	text_add(&op->reply, "null");
	op_reply_end(op);
}

static void change_password(struct op *op, struct user *user)
{
	void *before = NULL;
	char hash[TOKEN_HASH_TEXT];
	int error = op->work.failed ? -EIO : db_get(op->db, &noun_user, user->object.id, DB_SECRETS | DB_LEAN, &before);

	if (!error)
		error = field_text_set(&user->password, op->work.made);
	if (!error)
		error = db_update(op->db, &noun_user, user, op->actor.id);
	if (error) {
		op_fail_store(op, error);
	} else {
		token_hash(op->credential.text, hash);
		login_sessions_end(op->db, user->object.id, hash);
		audit_change(op->db, op->actor.id, &noun_user, before, user);
		op_reply_id(op, user->object.id);
	}
	object_free(&noun_user, before);
}

void op_password(struct op *op)
{
	const struct field *field = field_find(&noun_user, "password");
	char current[MEMBER_TEXT], wanted[MEMBER_TEXT];
	struct user *user = NULL;

	if (!take_pair(op, "currentPassword", current, "newPassword", wanted))
		return;
	if (!op->actor.is_person) {
		op_fail(op, 403, "A token has no password; sign in (POST /api/v1/login)");
		return;
	}
	if (strlen(wanted) < (size_t)field->min) {
		op_fail(op, 400, "newPassword: is too short; accepted: %lld to %lld characters", (long long)field->min,
			(long long)field->max);
		return;
	}
	if (db_get(op->db, &noun_user, op->actor.id, DB_SECRETS | DB_LEAN, (void **)&user)) {
		op_fail(op, 404, "Record not found");
		return;
	}
	if (!is_locked(op, user->email)) {
		if (!op->work.is_done)
			op_work_check(op, current, user->password, wanted);
		else if (op->work.matches && user->password && strcmp(user->password, op->work.hash) == 0)
			change_password(op, user);
		else
			refuse(op, user, user->email, "currentPassword: is wrong");
	}
	object_free(&noun_user, user);
	explicit_bzero(current, sizeof(current));
	explicit_bzero(wanted, sizeof(wanted));
}
