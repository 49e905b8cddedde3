// SPDX-License-Identifier: Apache-2.0
// Takes away usage that is older than it is to be kept, hour by hour.
#pragma once

#include "controller/controller.h"
#include "controller/store/usage.h"

struct usage_keeper;

int usage_keeper_new(struct controller *controller, const struct usage_limits *limits, struct usage_keeper **out);
// Once the store is closed.
void usage_keeper_free(struct usage_keeper **keeper);
