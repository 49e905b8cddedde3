// SPDX-License-Identifier: Apache-2.0
// An annex: a network namespace of one target beside its slice's, for a daemon that must not share the slice's addresses or rules. It has, as
// any slice, a transfer link to the underlay, and may have a cable to the slice (the target's interface there). It is called
// "<interface>.<slice's namespace>", so whoever ends the slice finds it.
#pragma once

#include "gateway/target/transfer.h"

#define ANNEX_SLICE_SIDE 0xa9fe4d00u // 169.254.77.0: of the slice's end of the cable
#define ANNEX_OWN_SIDE 0xa9fe4d01u

struct annex {
	struct target_env env; // inside = the annex
	struct nl_link cable; // the slice's end, after annex_lay_cable
	struct nl_link inner; // the annex's end
	struct transfer transfer;
};

// Makes or adopts it. The thread is in the annex afterwards; annex_close takes it back to the slice. 0 or -errno with `why` (size 160).
int annex_open(const struct target_env *slice, const struct uuid *owner, const char *interface, struct annex *out, char *why);
void annex_close(const struct target_env *slice, struct annex *annex);
// Joins annex and slice by a veth called `interface` in the slice, or adopts it. 0 or -errno.
int annex_lay_cable(const struct target_env *slice, const char *interface, struct annex *annex);
// Ends the daemons of targets in the namespace `ns_fd`.
void annex_end_daemons(int ns_fd);
// Ends its daemons and the namespace.
void annex_end(const char *slice_name, const char *interface);
// The annexes of a slice that ends.
void annex_end_all(const char *slice_name);
// The pid of a daemon of that name (NULL: any of a target's) in the namespace `ns_fd`, or 0.
int annex_find(int ns_fd, const char *program);
