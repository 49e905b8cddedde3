// SPDX-License-Identifier: Apache-2.0
// Keeps the addresses of Integrated VSlices as the configuration has them: follows its changes, and answers gateways that ask for more to give out.
#pragma once

#include "base/addr.h"
#include "controller/controller.h"

struct addresses;

int addresses_new(struct controller *controller, struct addresses **out); // 0 or -ENOMEM; needs the store
void addresses_free(struct addresses **addresses); // after the store was closed
void addresses_changed(struct addresses *addresses, int64_t revision); // NULL is fine
// A gateway comes to an end of what it may give out.
void addresses_want(struct addresses *addresses, const char *vslice, enum ip_family family, const char *gateway);
