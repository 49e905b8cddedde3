// SPDX-License-Identifier: Apache-2.0
// What the controller asks of NAT bindings (docs/reference/gateway-link.md): answered by a report.
#pragma once

#include <jansson.h>

struct gateway;

void natquery_run(struct gateway *gateway, const json_t *command);
