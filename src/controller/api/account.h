// SPDX-License-Identifier: Apache-2.0
// What holds for users and tokens beyond their rows: nobody gives more than they have, nobody takes their own rights away.
#pragma once

#include "controller/api/op.h"

// Fills what the platform sets, and reports faults to op->ruling. Of other nouns: nothing.
void account_judge(struct op *op, const struct noun *noun, void *object, const void *before);
void account_judge_delete(struct op *op, const struct noun *noun, const void *object);
// A new password of a user is hashed on another thread first: true when that is still to be done, and the caller returns.
bool account_waits(struct op *op, const struct noun *noun, void *object, const void *before);
// After a user was stored.
void account_after(struct op *op, const struct user *user, const struct user *before);
