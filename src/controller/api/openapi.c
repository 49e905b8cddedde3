// SPDX-License-Identifier: Apache-2.0
// OpenAPI 3.1, written from the route table and the field tables.
#include "controller/api/ops.h"

#include "controller/api/op.h"

void op_openapi(struct op *op)
{
	op_fail(op, 500, "not yet");
}
