// SPDX-License-Identifier: Apache-2.0
// The kernel-worker threads: what may take the kernel a while (namespaces, nft, netlink batches) is done here, and comes back to the control
// thread through the loop. worker_new and worker_free are in slice.h.
//
// Jobs of one lane are done one after the other in the order they were asked for; a slice has a lane, found by the key of its name, so a slice that comes back
// waits for the end of what it was before. Lanes go beside each other. A lane with a job that cannot wait goes before those whose jobs all can.
// A job without a lane is done alone: after all that was asked for before it, before all that comes after.
//
// A job belongs to the worker from worker_submit until its `done` is called. `run` is on a worker thread, may enter other network
// namespaces (the thread is put back home after each job), and must not touch what the control thread owns; `done` is on the loop.
#pragma once

#include "gateway/slice.h"

struct worker_lane;

struct worker_job {
	struct worker_job *next;
	struct worker_lane *lane;
	void (*run)(struct worker *worker, struct worker_job *job);
	void (*done)(struct worker_job *job); // frees the job
	bool can_wait, is_in_lane; // the second is the worker's
};

// The lane of that key (shorter than 32), made where there is none; NULL when memory is out. Control thread, as the rest.
struct worker_lane *worker_lane_get(struct worker *worker, const char *key);
bool worker_has_lane(const struct worker *worker, const char *key); // a slice holds it
void worker_lane_put(struct worker *worker, struct worker_lane *lane); // it goes after its last job
void worker_submit(struct worker *worker, struct worker_lane *lane, struct worker_job *job);
void worker_hurry(
	struct worker *worker, struct worker_job *job); // of a lane, not begun: it cannot wait any longer. Under the lock
// Runs `tidy` alone when there is nothing else to do, once however often it was asked for. Any thread.
void worker_when_idle(struct worker *worker, void (*tidy)(struct worker *worker));
// For what a job and the control thread both look at. Held for moments only.
void worker_lock(struct worker *worker);
void worker_unlock(struct worker *worker);
// The namespace that the gateway itself lives in ("underlay"): that of the thread which called worker_new.
int worker_underlay_fd(const struct worker *worker);
const char *worker_state_dir(const struct worker *worker); // where targets keep keys and sockets

// Live slices, kept by slice.c (control thread).
struct slice_list {
	struct slice *first;
	struct strmap left; // names of namespaces that were there before us, by their last parts (slice_names.c)
	bool has_looked;
	struct slice_ring *seeking,
		*news; // slice_events.c: those with an interface that is not there; those of whom something was said
	struct map by_nsid; // slices
	struct links *links; // tells when a link comes or goes, in any of their namespaces
};
struct slice_list *worker_slices(struct worker *worker);
void slice_on_link(void *worker, int nsid, const char *name, bool is_there, bool is_running); // struct links_host
void slice_on_links_end(void *worker);
void slice_on_links_lost(void *worker);
