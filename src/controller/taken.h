// SPDX-License-Identifier: Apache-2.0
// Has every gateway that an object concerns taken it?
#pragma once

#include "controller/live.h"
#include "controller/store/db.h"

// Fills the object's `deliveryStatus` and `pendingGateways`, where the noun has them. On a store thread.
void taken_fill(struct db *db, struct live *live, const struct noun *noun, void *object);
