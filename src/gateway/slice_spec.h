// SPDX-License-Identifier: Apache-2.0
// The two halves of a slice. slice.c is the control thread's: the object that others hold, its jobs and callbacks. slice_kernel.c is the
// worker threads': what was last brought into the kernel and how to get from there to a new description. They share only these values.
#pragma once

#include "gateway/netns.h"
#include "gateway/policy.h"
#include "gateway/slice.h"
#include "gateway/target/target.h"

// A slice, described whole. Made on the control thread, then the worker's.
struct slice_spec {
	struct policy *policy;
	VEC(struct target_spec) targets;
	VEC(struct uuid) unknown; // targets of a type that this gateway does not have, or without a usable interface
};

int slice_spec_new(const struct vslice_config *vslice, const struct config *config, struct slice_spec **out);
void slice_spec_free(struct slice_spec **spec);

// The interface of a target, for those who listen to link events.
struct slice_watch {
	char interface[16];
	bool is_there, is_available; // as the last apply found it
	bool has_come; // since then it was seen in the gateway's own namespace,
	bool has_changed, is_running; // or something was said of it in the slice's
};

struct slice_result {
	int error;
	char message[POLICY_WHY];
	bool has_let_go; // of something that the underlay may have had rules for
	int nsid; // by which link events name the namespace
	VEC(struct slice_target_status) targets;
	VEC(struct slice_watch) watches;
};

struct slice_kernel;

// `underlay_fd` and `state_dir` are borrowed. `is_there`: an earlier gateway has left that namespace. Nothing is done in the kernel yet.
int slice_kernel_new(int underlay_fd, const char *state_dir, const char *name, bool is_there, struct slice_kernel **out);
const char *slice_kernel_key(const struct slice_kernel *kernel);
void slice_kernel_free(struct slice_kernel **kernel); // the object only
// Brings the kernel to `spec` (taken; NULL = as last time, look again) and says what came of it.
void slice_kernel_apply(struct slice_kernel *kernel, struct slice_spec *spec, struct slice_result *result);
// Asks the targets that are watched, without changing anything.
void slice_kernel_look(struct slice_kernel *kernel, struct slice_result *result);
// Which policy each SIM has, or what of it has changed (slice_members).
void slice_kernel_members(struct slice_kernel *kernel, const struct slice_member *rows, size_t count, bool whole);
struct slice_traffics {
	VEC(struct slice_traffic) rows;
};
void slice_kernel_traffic(struct slice_kernel *kernel, struct slice_traffics *out); // vec_free(&out->rows)
int slice_kernel_bindings(struct slice_kernel *kernel, const struct binding_query *query, struct bindings *out); // 0 or -errno
void slice_kernel_cable(struct slice_kernel *kernel, bool on); // slice_cable
int slice_kernel_enter(struct slice_kernel *kernel); // the thread into the slice's namespace; -ENOENT when there is none
// Gives back the interfaces and ends the namespace. Whether something was there.
bool slice_kernel_remove(struct slice_kernel *kernel);
