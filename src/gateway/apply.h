// SPDX-License-Identifier: Apache-2.0
// What a change of the configuration means for what is live.
#pragma once

#include "gateway/gateway.h"

// The link's on_config; `owner` is the gateway.
void apply_config(void *owner, struct config *config, bool all, const struct config_change *changes, size_t count);
// Ends the endpoint's sessions, told to both sides.
void apply_detach(struct gateway *gateway, const struct uuid *endpoint, const char *why);
