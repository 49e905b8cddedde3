// SPDX-License-Identifier: Apache-2.0
// Usage: what went through in an hour or a day.
#pragma once

#include "model/noun.h"

struct usage {
	struct object object; // only id: when it begins, as text
	int64_t from_ms, to_ms;
	int64_t bytes_up, bytes_down, sessions;
};
