// SPDX-License-Identifier: Apache-2.0
// Advanced settings of a VSlice as the gateway uses them: the model's rows give names, defaults and ranges.
#pragma once

#include "model/settings.h"

#include <jansson.h>

// Every setting at its default, then what `data` (may be NULL) sets. A value that the rows do not allow keeps the default.
// `*out` owns its texts: settings_free. 0 or -ENOMEM.
int settings_new(const json_t *data, struct l2tp_settings **out);
// Then what `data` (may be NULL) sets of those that an LNS may have for itself.
void settings_override(struct l2tp_settings *settings, const json_t *data);
bool settings_equal(const struct l2tp_settings *a, const struct l2tp_settings *b);
void settings_free(struct l2tp_settings **settings);
