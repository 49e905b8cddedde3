// SPDX-License-Identifier: Apache-2.0
// The portal of a controller that was built without one.
#include "controller/portal.h"

const struct portal_asset portal_assets[1];
const size_t portal_asset_count = 0;
