// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/opt.h"

// The sections SYNOPSIS, DESCRIPTION and OPTIONS of the program's manual page, on standard output: what --man gives. tools/man puts
// the rest around it.
void opt_man(const struct opt_program *program);
