// SPDX-License-Identifier: Apache-2.0
// The last part of every change of an object: conflicts, the write, what else the write means.
#pragma once

#include "controller/api/op.h"

// Judges `object` (a body was taken into it; `before` is NULL for a new one), stores it and replies with its id, or with all faults.
// Nothing is written when nothing changed.
void change_store(struct op *op, const struct noun *noun, void *object, const void *before);

// The two halves of it, for what changes several objects at once. The judgement adds its faults to op->ruling and has no other answer.
void change_judge(struct op *op, const struct noun *noun, void *object, const void *before);
// Stores what was judged without a fault. 0, or -errno for op_fail_store.
int change_apply(struct op *op, const struct noun *noun, void *object, const void *before);
