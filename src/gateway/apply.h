// SPDX-License-Identifier: Apache-2.0
// What a change of the configuration means for what is live.
#pragma once

#include "gateway/gateway.h"

// The link's on_config; `owner` is the gateway.
void apply_config(void *owner, struct config *config, bool all, const struct config_change *changes, size_t count);
// The VSlice as devices want it now, though the configuration is still being taken; NULL when it cannot be had.
struct vslice *apply_wanted(struct gateway *gateway, const struct vslice_config *config);
void apply_forget(struct gateway *gateway); // of what is still to be taken
// Ends the endpoint's sessions, told to both sides.
void apply_detach(struct gateway *gateway, const struct uuid *endpoint, const char *why);
