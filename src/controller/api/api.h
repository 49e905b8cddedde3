// SPDX-License-Identifier: Apache-2.0
// The API's entry: every request comes here and is routed by one table.
#pragma once

#include "controller/controller.h"

#include <stdbool.h>
#include <stddef.h>

struct exchange;
struct op;

void api_request(struct controller *controller, struct exchange *exchange);
size_t api_body_max(void *owner, const char *method, const char *path);

// One row of the route table. A pattern's {noun} is any noun's path, {rows} a list of it; {id} and {row} are names.
struct route {
	const char *method, *pattern;
	int kind; // enum op_kind
	void (*run)(struct op *op);
	const char *id, *summary; // of the OpenAPI operation; {noun} stands for its title
	int role; // the least that may (enum account_role, or ROLE_ANYBODY); 0 = the noun's for reading or writing
	bool reads; // it changes nothing although it is no GET
	bool is_open; // without a token or a session
};
#define ROLE_ANYBODY (-1) // any token, a gateway's too
extern const struct route routes[];
extern const size_t route_count;
