// SPDX-License-Identifier: Apache-2.0
// YAML in, as JSON values. Every scalar is a text, as it was written, but for plain nothing (null, ~, an empty one): what a member's
// text means is for its field row to say, so that an ICCID needs no quotes and "on" stays "on" where a text is wanted.
#pragma once

#include <jansson.h>

// Calls `take` for each document of the text with the line on which it begins; an empty document is left out. 0, or -EINVAL and
// why in `error` (of `size` octets, with the line), or what `take` gave other than 0.
int yaml_read(const char *text, size_t len, int (*take)(json_t *document, unsigned line, void *context), void *context,
	char *error, size_t size);
