// SPDX-License-Identifier: Apache-2.0
#include "controller/api/account.h"

#include <stdlib.h>
#include <string.h>

static const char *role_name(int64_t role)
{
	return word_of(account_roles, role)->moniker;
}

static void forbid(struct op *op, const char *field, const char *text)
{
	ruling_fault_of(&op->ruling, RULING_FORBIDDEN, field, "%s", text);
}

// Who has no say over an object is told so, whatever the change.
static bool is_above(struct op *op, const struct noun *noun, const void *object)
{
	const struct actor *actor = &op->actor;
	const struct token *token = object;

	if (noun == &noun_user)
		return ((const struct user *)object)->platform && actor->scope != TOKEN_OWNER;
	return noun == &noun_token &&
		(((token->scope == TOKEN_OWNER || token->scope == TOKEN_GATEWAY) && actor->scope != TOKEN_OWNER) ||
			(token->scope != TOKEN_GATEWAY && token->role != FIELD_UNSET && token->role > (int64_t)actor->role));
}

static void judge_user(struct op *op, const struct user *user, const struct user *before)
{
	bool is_self = before && op->actor.is_person && strcmp(user->object.id, op->actor.id) == 0;

	if (user->platform && !(before && before->platform) && op->actor.scope != TOKEN_OWNER)
		forbid(op, "platform", "only who acts for the platform may give this; leave it false");
	if (is_self && (user->role < before->role || !user->enabled || (before->platform && !user->platform)))
		ruling_fault_of(&op->ruling, RULING_CONFLICT, NULL,
			"You cannot take your own rights away (role, enabled, platform); ask another owner to do it");
}

static void judge_token(struct op *op, struct token *token, const struct token *before)
{
	const struct actor *actor = &op->actor;

	if ((token->scope == TOKEN_OWNER || token->scope == TOKEN_GATEWAY) && actor->scope != TOKEN_OWNER)
		forbid(op, "scope", "only a platform owner's token may make one of this scope; accepted: customer, read-only");
	if (token->role == FIELD_UNSET)
		token->role = before ? before->role : (int64_t)actor->role;
	if (token->role > (int64_t)actor->role)
		ruling_fault_of(&op->ruling, RULING_FORBIDDEN, "role",
			"is %s, and you have the role %s; nobody gives more than they have", role_name(token->role),
			role_name(actor->role));
	if (before)
		return;
	struct field_ref creator = {.moniker = strdup(*actor->user ? actor->user : actor->id)};

	if (db_resolve(op->db, *actor->user ? &noun_user : &noun_token, NULL, NULL, &creator))
		field_text_set(&token->created_by, creator.name);
	if (*actor->user && token->scope != TOKEN_GATEWAY) // a gateway outlives whoever let it in
		field_text_set(&token->creator.id, actor->user);
	free(creator.id);
	free(creator.moniker);
	free(creator.name);
}

void account_judge(struct op *op, const struct noun *noun, void *object, const void *before)
{
	if (before && is_above(op, noun, before))
		ruling_fault_of(&op->ruling, RULING_FORBIDDEN, NULL, "This %s may do more than you; ask somebody who may as much",
			noun->title);
	if (noun == &noun_user)
		judge_user(op, object, before);
	else if (noun == &noun_token)
		judge_token(op, object, before);
}

void account_judge_delete(struct op *op, const struct noun *noun, const void *object)
{
	if (is_above(op, noun, object))
		ruling_fault_of(&op->ruling, RULING_FORBIDDEN, NULL, "This %s may do more than you; ask somebody who may as much",
			noun->title);
	if (noun == &noun_user && op->actor.is_person && strcmp(((const struct object *)object)->id, op->actor.id) == 0)
		ruling_fault_of(&op->ruling, RULING_CONFLICT, NULL, "You cannot delete yourself; ask another owner to do it");
}

static bool has_new_password(const struct user *user, const struct user *before)
{
	return user->password && !(before && before->password && strcmp(user->password, before->password) == 0);
}

bool account_waits(struct op *op, const struct noun *noun, void *object, const void *before)
{
	struct user *user = object;

	if (noun != &noun_user || !has_new_password(user, before))
		return false;
	if (!op->work.is_done) {
		op_work_hash(op, user->password);
		return true;
	}
	if (op->work.failed)
		op_fail(op, 500, "The password could not be hashed. Look at the controller's log");
	else
		field_text_set(&user->password, op->work.made);
	return op->work.failed;
}

void account_after(struct op *op, const struct user *user, const struct user *before)
{
	char hash[TOKEN_HASH_TEXT];

	if (!before || (!has_new_password(user, before) && user->enabled <= before->enabled && user->password))
		return;
	login_forgive(op->db, user->email);
	if (op->credential.is_session)
		token_hash(op->credential.text, hash);
	login_sessions_end(op->db, user->object.id, op->credential.is_session ? hash : NULL);
}
