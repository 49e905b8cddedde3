// SPDX-License-Identifier: Apache-2.0
// The maps sims4 and sims6 of an Integrated slice (policy_sims.c): whose packets are judged by which downlink chain. Worker thread, in the slice's
// namespace.
#pragma once

#include "gateway/slice.h"

struct members;

int members_new(struct members **out); // 0 or -ENOMEM; nothing is known of what nft has
void members_free(struct members **members);
void members_forget(struct members *members); // nft may have others by now; NULL is fine
// `whole`: these are all. Without it the rows are changes, which are passed over as long as nothing is known: all will follow. 0 or -errno with `why`
// (POLICY_WHY).
int members_set(struct members *members, const struct slice_member *rows, size_t count, bool whole, char *why);
