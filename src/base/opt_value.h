// SPDX-License-Identifier: Apache-2.0
// One option's value from its text: the part of opt.c that knows the kinds.
#pragma once

#include "base/opt.h"

// What stands for the value in --help: "MS", "A.B.C.D", "on|off"...; "" for a flag. Room: `size`.
void opt_value_word(const struct opt *opt, char *out, size_t size);
// Sets the target. 0; -EINVAL and what is accepted in `why`; -ENOMEM.
int opt_value_set(const struct opt *opt, const char *value, char why[OPT_ERROR_TEXT]);
// Empties text and lists, so that a stronger source replaces what a weaker one gave.
void opt_value_clear(const struct opt *opt);
