// SPDX-License-Identifier: Apache-2.0
// The kernel-worker thread: what may take the kernel a while (namespaces, nft, netlink batches) is done here, one job after the other, and
// comes back to the control thread through the loop. worker_new and worker_free are in slice.h.
//
// A job belongs to the worker from worker_submit until its `done` is called. `run` is on the worker thread, may enter other network
// namespaces (the thread is put back home after each job), and must not touch what the control thread owns; `done` is on the loop.
#pragma once

#include "gateway/slice.h"

struct worker_job {
	struct worker_job *next;
	void (*run)(struct worker *worker, struct worker_job *job);
	void (*done)(struct worker_job *job); // frees the job
};

void worker_submit(struct worker *worker, struct worker_job *job);
// For what a job and the control thread both look at. Held for moments only.
void worker_lock(struct worker *worker);
void worker_unlock(struct worker *worker);
// The namespace that the gateway itself lives in ("underlay"): that of the thread which called worker_new.
int worker_underlay_fd(const struct worker *worker);
const char *worker_state_dir(const struct worker *worker); // where targets keep keys and sockets

// Live slices, kept by slice.c (control thread).
struct slice_list {
	struct slice *first;
	struct links *links; // tells when a link comes or goes, in any of their namespaces
};
struct slice_list *worker_slices(struct worker *worker);
void slice_on_link(void *worker, int nsid, const char *name, bool is_there, bool is_running); // struct links_host
void slice_on_links_end(void *worker);
void slice_on_links_lost(void *worker);
