// SPDX-License-Identifier: Apache-2.0
// The attaches of an endpoint, each with its time line and a verdict.
#pragma once

#include <jansson.h>
#include <stdio.h>

// The API's list, newest first; printed in that order.
void attaches_print(FILE *out, const json_t *attaches);
