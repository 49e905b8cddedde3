// SPDX-License-Identifier: Apache-2.0
// The keeper: a tiny process that holds the gateway's sockets while the gateway is not there.
#pragma once

#include <stdbool.h>

struct keeper;

#define KEEPER_NAME 96

// Finds the keeper of `state_dir`, or makes one: it forks, so no thread may have been made yet. 0 or -errno.
int keeper_new(const char *state_dir, struct keeper **out);
// `stay`: the sockets are held until the next gateway comes for them; else they are let go. NULL is fine, here and below: nothing is kept.
void keeper_free(struct keeper **keeper, bool stay);
// The socket held under `name`; the caller owns what it gets, the keeper goes on holding its own. 0, or -ENOENT.
int keeper_take(struct keeper *keeper, const char *name, int *fd);
// Holds a duplicate of `fd` under `name` from here on, in place of what it held. Failure costs packets at a restart and no more: it is logged.
void keeper_put(struct keeper *keeper, const char *name, int fd);
void keeper_drop(struct keeper *keeper, const char *name);
