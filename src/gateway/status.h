// SPDX-License-Identifier: Apache-2.0
// The gateway's own small HTTP face: /metrics (OpenMetrics) and /health. Nothing is written by it and nothing secret is in it.
#pragma once

#include "gateway/gateway.h"

struct status;

// Listens on `address`. 0 or -errno.
int status_new(struct gateway *gateway, const struct ip_end *address, struct status **out);
void status_free(struct status **status);
