// SPDX-License-Identifier: Apache-2.0
// Templates of user names and numbers: "%{imsi}@example.net".
#pragma once

#include <stddef.h>

struct template_values {
	const char *imsi, *iccid, *msisdn, *imei, *apn; // NULL = empty
};

// Writes `text` with its %{...} replaced into `out` (always terminated, cut when full). An unknown name stands as it is. The length written.
size_t template_expand(const char *text, const struct template_values *values, char *out, size_t size);
