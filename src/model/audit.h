// SPDX-License-Identifier: Apache-2.0
// Audit entry: one change of one object.
#pragma once

#include "model/noun.h"

struct audit {
	struct object object; // only id and customer
	int64_t time_ms;
	char *actor_id, *actor, *action, *object_type, *object_id, *object_moniker;
	char *before, *after; // JSON
};
