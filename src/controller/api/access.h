// SPDX-License-Identifier: Apache-2.0
// Who may do what: one row an operation, from its route and its noun. Requests are judged by it, and the description shows it.
#pragma once

#include "controller/api/api.h"
#include "model/account.h"

struct access {
	int role; // the least that may (enum account_role, or ROLE_ANYBODY)
	bool platform; // only who acts for the platform
	bool reads; // a read-only token may
};

// What an operation asks for. `noun` is the one that the path names, NULL when it names none.
struct access access_of(const struct route *route, const struct noun *noun);
// May the actor of `op` do it? And for the customer that it names? False, and a reply, when not.
bool access_allows(struct op *op);
