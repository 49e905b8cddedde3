// SPDX-License-Identifier: Apache-2.0
#include "controller/api/access.h"

#include "base/clean.h"
#include "controller/api/op.h"

#include <string.h>
#include <strings.h>

static bool is_get(const char *method)
{
	return strcasecmp(method, "GET") == 0;
}

struct access access_of(const struct route *route, const struct noun *noun)
{
	const struct noun *owner = noun && noun->owner ? noun->owner : noun; // a row is its owner's
	struct access access = {.reads = route->reads || is_get(route->method)};

	if (route->role)
		access.role = route->role;
	else if (is_get(route->method))
		access.role = owner && owner->read_role ? owner->read_role : ROLE_VIEWER;
	else
		access.role = owner && owner->write_role ? owner->write_role : ROLE_ADMINISTRATOR;
	if (owner)
		access.platform = owner->flags & NOUN_OWNER_ONLY || (!access.reads && owner->flags & NOUN_PLATFORM);
	return access;
}

// Who acts for the platform may act for a customer that it names; everybody else acts for the own.
static bool choose_customer(struct op *op)
{
	const char *name = op_header(op, "X-Customer");
	char id[UUID_TEXT];

	if (!name)
		return true;
	if (db_find(op->db, &noun_customer, NULL, NULL, name, id) ||
		(op->actor.scope != TOKEN_OWNER && strcmp(id, op->actor.customer) != 0)) {
		op_fail(op, 403,
			"X-Customer: \"%.60s\" is not a customer that this token may act for; leave the header out, or name one "
			"that exists",
			name);
		return false;
	}
	strcpy(op->actor.customer, id);
	return true;
}

static bool is_allowed(struct op *op)
{
	const struct access need = access_of(op->route, op->noun);
	const struct actor *actor = &op->actor;

	if (actor->scope == TOKEN_GATEWAY && op->route->role != ROLE_ANYBODY)
		op_fail(op, 403, "This token is for the gateway link only; use a token of scope customer or read-only");
	else if (actor->scope == TOKEN_READER && !need.reads)
		op_fail(op, 403, "This token may only read; use a token of scope customer");
	else if (need.platform && actor->scope != TOKEN_OWNER)
		op_fail(op, 403, "Only a platform owner may %s a %s", need.reads ? "read" : "change", op->noun->title);
	else if ((int)actor->role < need.role)
		op_fail(op, 403, "This takes the role %s, and you have the role %s; ask an owner of the customer for it",
			word_of(account_roles, need.role)->moniker, word_of(account_roles, actor->role)->moniker);
	else if (op->noun && !need.reads && op->noun->flags & NOUN_BUILT_IN)
		op_fail(op, 403, "Each %s comes with the program and cannot be changed", op->noun->title);
	else
		return true;
	return false;
}

// A browser sends the cookie with whatever page asks for it; the header only a page of ours can know.
static bool is_from_our_page(struct op *op)
{
	const char *header = op_header(op, "X-CSRF-Token");
	char csrf[CSRF_TEXT];

	if (!op->actor.is_person || is_get(op->method))
		return true;
	session_csrf(op->credential.text, csrf);
	if (header && strcmp(header, csrf) == 0)
		return true;
	op_fail(op, 403, "X-CSRF-Token: is missing or wrong; send the csrfToken that GET /api/v1/me tells");
	return false;
}

bool access_allows(struct op *op)
{
	return is_from_our_page(op) && choose_customer(op) && is_allowed(op);
}
