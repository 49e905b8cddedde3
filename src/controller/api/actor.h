// SPDX-License-Identifier: Apache-2.0
// Who asks: a token's holder, or a person with a login session. Looked up anew for each request, so that what is taken away is gone at once.
#pragma once

#include "controller/api/token.h"
#include "controller/store/login.h"
#include "model/account.h"

// What a request shows: a token, or a session's secret from the cookie.
struct credential {
	char *text; // NULL = nothing
	bool is_session;
};

// Who acts.
struct actor {
	char id[UUID_TEXT]; // the token's or the user's
	char user[UUID_TEXT]; // the person, or the one whose rights the token takes; "" = nobody's
	char customer[UUID_TEXT]; // for whom
	char gateway[UUID_TEXT]; // of a gateway's token
	enum token_scope scope; // of a person: TOKEN_OWNER for one of the platform, else TOKEN_CUSTOMER
	enum account_role role;
	int64_t expires_ms; // of a session; FIELD_UNSET = never
	bool is_person;
	bool session_due; // for login_session_seen
};

// 0; -EACCES with a sentence in `why` when the credential opens nothing.
int actor_identify(struct db *db, const struct credential *credential, const struct login_limits *limits, struct actor *actor,
	const char **why);
void credential_copy(struct credential *out, const struct credential *credential);
void credential_fini(struct credential *credential);

// The value of X-CSRF-Token that goes with a session's secret.
#define CSRF_TEXT 33
void session_csrf(const char *secret, char out[CSRF_TEXT]);
