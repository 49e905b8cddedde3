// SPDX-License-Identifier: Apache-2.0
// The gateways' end of the controller: docs/reference/gateway-link.md.
#pragma once

#include "controller/controller.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct exchange;
struct link;

int link_new(struct controller *controller, struct link **out);
void link_free(struct link **link);
// Does the path belong to the link? Then it takes the exchange.
bool link_request(struct link *link, struct exchange *exchange);
// The store has a new revision: streams that are behind get the difference.
void link_changed(struct link *link, int64_t revision);
// Sends a command to a gateway (its id), about the object `member` names. False when it has no stream open.
// The same with a whole row, to which `row` and `id` are added.
bool link_command_row(struct link *link, const char *gateway, json_t *row);
bool link_command(struct link *link, const char *gateway, const char *command, const char *member, const char *id);
