// SPDX-License-Identifier: Apache-2.0
// Customers, and the tokens that act for them.
#pragma once

#include "model/noun.h"

enum token_scope { TOKEN_OWNER = 1, TOKEN_CUSTOMER, TOKEN_READER, TOKEN_GATEWAY };

struct customer {
	struct object object;
	int64_t active;
};

struct token {
	struct object object;
	int64_t scope, enabled;
	struct field_ref gateway;
	char *hash, *token; // the hash is what is stored; the token itself is shown once
	int64_t expires_ms, created_ms;
};
