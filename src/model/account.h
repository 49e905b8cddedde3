// SPDX-License-Identifier: Apache-2.0
// Customers, the people of a customer, and the tokens that act for either.
#pragma once

#include "model/noun.h"

// What somebody may do; each role may do what the one before it may, and more.
enum account_role { ROLE_VIEWER = 1, ROLE_OPERATOR, ROLE_ADMINISTRATOR, ROLE_OWNER };

extern const struct word account_roles[];

enum token_scope { TOKEN_OWNER = 1, TOKEN_CUSTOMER, TOKEN_READER, TOKEN_GATEWAY };

struct customer {
	struct object object;
	int64_t active;
};

struct user {
	struct object object;
	char *email; // in lower case
	char *password; // as it was written; what is stored in its place is its yescrypt hash
	int64_t role, platform, enabled;
	int64_t last_login_ms, locked_until_ms;
};

struct token {
	struct object object;
	int64_t scope, role, enabled;
	struct field_ref gateway, creator;
	char *created_by; // the creator's name
	char *hash; // of the token, which is shown once and not kept
	int64_t expires_ms;
};
