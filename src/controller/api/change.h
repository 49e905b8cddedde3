// SPDX-License-Identifier: Apache-2.0
// The last part of every change of an object: conflicts, the write, what else the write means.
#pragma once

#include "controller/api/op.h"

// Judges `object` (a body was taken into it; `before` is NULL for a new one), stores it and replies with its id, or with all faults.
// Nothing is written when nothing changed.
void change_store(struct op *op, const struct noun *noun, void *object, const void *before);
