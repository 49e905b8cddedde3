// SPDX-License-Identifier: Apache-2.0
// What signing in leaves in the store: sessions, of which only a hash is kept, and the failures that lock an account for a while.
#pragma once

#include "controller/store/db.h"
#include "controller/store/uuid.h"

#define LOGIN_HASH_TEXT 65

// How long sessions last: without a request, and in all.
struct login_limits {
	uint64_t idle_ms, absolute_ms;
};

// Makes the tables; rights that tokens of an older program had are written down. 0 or -errno.
int login_schema(struct db *db);

struct login_session {
	char user[UUID_TEXT];
	int64_t expires_ms; // absolute
	bool due; // for login_session_seen
};

// Stores a session by the hash of its secret; what has ended, and a user's oldest ones beyond a bound, go. 0 or -errno.
int login_session_add(struct db *db, const char *hash, const char *user, const struct login_limits *limits);
// The session of this hash, when it has not ended. 0 or -ENOENT.
int login_session_get(struct db *db, const char *hash, const struct login_limits *limits, struct login_session *out);
void login_session_seen(struct db *db, const char *hash);
void login_session_end(struct db *db, const char *hash);
// Ends all of a user's sessions but the one of the hash `but` (may be NULL).
void login_sessions_end(struct db *db, const char *user, const char *but);

// Until when sign-ins of the account are refused; 0 = they are not. An account is a user's email, or the hash of what was written
// where no user is: both behave alike, so that nobody learns which is which.
int64_t login_locked_until(struct db *db, const char *account);
// Counts a failure. From the fifth on the account is locked, each time twice as long. The time until which it is; 0 = it is not.
int64_t login_failed(struct db *db, const char *account);
void login_forgive(struct db *db, const char *account);
