// SPDX-License-Identifier: Apache-2.0
// Names of slices' namespaces: "sg-<gateway>.<moniker>.<last part of the VSlice's id>". Gateway and id tell whose it is (monikers have no dots); a
// moniker that changed does not matter. The id's part, with its dot, is the slice's key. Control thread.
#pragma once

#include "gateway/netns.h"
#include "gateway/worker.h"

// The name that the VSlice's namespace has, where an earlier gateway has left it (`is_there`), or is to have. The names that there are, are read once.
void slice_name(struct slice_list *slices, const char *gateway_name, const struct uuid *vslice, const char *moniker,
	char out[NETNS_NAME], bool *is_there);
const char *slice_name_key(const char *name); // its last part
void slice_names_forget(struct slice_list *slices); // frees what was read
// Each namespace of the gateway that there is now.
void slice_names_each(const char *gateway_name, void (*each)(void *owner, const char *name), void *owner);
