// SPDX-License-Identifier: Apache-2.0
// Enumerations that more than one noun uses.
#pragma once

#include "model/field.h"

extern const struct word ip_allocations[];
