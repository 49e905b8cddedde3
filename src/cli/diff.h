// SPDX-License-Identifier: Apache-2.0
// What would change, in lines of YAML.
#pragma once

#include <jansson.h>
#include <stdio.h>

// The lines of `after` (and of `before`, NULL = nothing) that the other has not, with "-" and "+" before them and one line around.
void diff_print(FILE *out, const json_t *before, const json_t *after);
