// SPDX-License-Identifier: Apache-2.0
#include "controller/api/token.h"

#include "controller/api/actor.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void hex(const uint8_t *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * len] = '\0';
}

void token_make(char out[TOKEN_CHARS + 1])
{
	uint8_t bytes[TOKEN_CHARS / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		abort();
	hex(bytes, sizeof(bytes), out);
}

void token_hash(const char *token, char out[TOKEN_HASH_TEXT])
{
	struct sha256_ctx ctx;
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_init(&ctx);
	sha256_update(&ctx, strlen(token), (const uint8_t *)token);
	sha256_digest(&ctx, sizeof(digest), digest);
	hex(digest, sizeof(digest), out);
}

static void copy_id(char out[UUID_TEXT], const unsigned char *id)
{
	snprintf(out, UUID_TEXT, "%s", id ? (const char *)id : "");
}

// A token never may more than who made it may by now; the token of a user who may not sign in opens nothing.
static void load(sqlite3_stmt *statement, struct actor *actor)
{
	enum account_role role = (enum account_role)sqlite3_column_int(statement, 4),
			  of_creator = (enum account_role)sqlite3_column_int(statement, 6);

	*actor = (struct actor){.expires_ms = FIELD_UNSET};
	copy_id(actor->id, sqlite3_column_text(statement, 0));
	copy_id(actor->customer, sqlite3_column_text(statement, 1));
	copy_id(actor->gateway, sqlite3_column_text(statement, 2));
	actor->scope = (enum token_scope)sqlite3_column_int(statement, 3);
	copy_id(actor->user, sqlite3_column_text(statement, 5));
	actor->role = *actor->user && of_creator < role ? of_creator : role;
	if (*actor->user && actor->scope == TOKEN_OWNER && !sqlite3_column_int(statement, 7))
		actor->scope = TOKEN_CUSTOMER;
}

struct holder {
	struct actor actor;
	int64_t ends_ms;
};

static int holder_find(struct db *db, const char *hash, struct holder *holder)
{
	sqlite3_stmt *statement = db_statement(db,
		"SELECT t.id, t.customer, t.regional_gateway, t.scope, t.role, u.id, u.role, u.platform, t.expires_at FROM "
		"api_token t JOIN customer c ON c.id = t.customer LEFT JOIN user_account u ON u.id = t.creator WHERE t.hash = ?1 "
		"AND t.enabled = 1 AND ifnull(u.enabled, 1) = 1 AND (c.active = 1 OR t.scope = 4)");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, hash, -1, SQLITE_STATIC);
	bool found = sqlite3_step(statement) == SQLITE_ROW;

	if (found) {
		load(statement, &holder->actor);
		holder->ends_ms =
			sqlite3_column_type(statement, 8) == SQLITE_NULL ? INT64_MAX : sqlite3_column_int64(statement, 8);
	}
	sqlite3_reset(statement);
	return found ? 0 : -EACCES;
}

int token_check(struct db *db, const char *token, struct actor *actor)
{
	struct holder found;
	char hash[TOKEN_HASH_TEXT];

	token_hash(token, hash);
	const struct holder *holder = db_known(db, hash);

	if (!holder) {
		int error = holder_find(db, hash, &found);

		if (error)
			return error;
		db_keep(db, hash, &found, sizeof(found));
		holder = &found;
	}
	if (holder->ends_ms <= db_now_ms())
		return -EACCES;
	*actor = holder->actor;
	return 0;
}

int token_adopt(struct db *db, const char *token)
{
	struct actor actor;
	char id[UUID_TEXT], hash[TOKEN_HASH_TEXT];

	if (token_check(db, token, &actor) == 0)
		return 0;
	int error = db_find(db, &noun_customer, NULL, NULL, "default", id);

	if (error)
		return error;
	struct token *record = object_new(&noun_token);

	if (!record)
		return -ENOMEM;
	token_hash(token, hash);
	record->scope = TOKEN_OWNER;
	record->role = ROLE_OWNER;
	if (field_text_set(&record->object.name, "Administrator") || field_text_set(&record->hash, hash) ||
		field_text_set(&record->object.customer.id, id))
		error = -ENOMEM;
	else
		error = db_insert(db, &noun_token, record, "built-in");
	object_free(&noun_token, record);
	return error;
}
