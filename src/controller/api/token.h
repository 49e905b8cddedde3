// SPDX-License-Identifier: Apache-2.0
// API tokens: 32 hexadecimal characters, of which only a hash is stored.
#pragma once

#include "controller/store/db.h"

#define TOKEN_CHARS 32
#define TOKEN_HASH_TEXT 65

struct actor;

void token_make(char out[TOKEN_CHARS + 1]); // random
void token_hash(const char *token, char out[TOKEN_HASH_TEXT]); // 128 random bits need no slow hash: SHA-256
// Whose token is it? 0; -EACCES when it is unknown, disabled or expired, or its creator is disabled.
int token_check(struct db *db, const char *token, struct actor *actor);
// Makes `token` a platform owner's, unless the store knows it already.
int token_adopt(struct db *db, const char *token);
