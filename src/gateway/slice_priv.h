// SPDX-License-Identifier: Apache-2.0
// Shared by slice.c (a slice's life), slice_jobs.c (what else is asked of it) and slice_events.c (what is heard of its interfaces). Control thread.
#pragma once

#include "gateway/nft.h"
#include "gateway/slice_spec.h"
#include "gateway/target/bindings.h"
#include "gateway/worker.h"

// A place in a list of slices.
struct slice_ring {
	struct slice *slice;
	struct slice_ring *next, **link; // NULL = it is in none
};

struct slice {
	struct slice *next, **link; // in the worker's list
	struct worker *worker;
	struct slice_host host;
	struct worker_lane *lane; // found by the name of the namespace: what is to become of it is done in order
	struct slice_kernel *kernel; // the worker threads'
	struct slice_job *jobs; // on their way
	struct slice_job *waiting; // an apply that may not have begun
	size_t applies; // of the jobs
	VEC(struct slice_watch) watches;
	int nsid;
	VEC(struct slice_target_status) statuses; // as last told, with the two below
	int error;
	char message[POLICY_WHY];
	bool is_watched, is_looking, can_wait;
	struct slice_ring seeking, news; // slice_events.c
};

struct slice_job {
	struct worker_job job;
	struct slice *slice; // NULL once the slice is gone
	struct slice_kernel *kernel;
	struct slice_job *next, **link; // in slice->jobs
	union {
		struct {
			struct slice_spec *spec; // taken by run (under the worker's lock); NULL = as before
			bool has_begun; // likewise
			struct slice_result result;
		} apply;
		struct {
			struct ip_end address; // of no family: the SIMs' cable
			int fd;
			void (*done)(void *owner, int fd);
			void *owner;
		} socket;
		struct {
			struct nft_counters rows;
			struct slice_traffics traffic;
			void (*done)(void *owner, const struct slice_counts *counts);
			void *owner;
		} counters;
		struct {
			struct slice_member *rows;
			size_t count;
			bool whole;
		} members;
		struct {
			struct binding_query query;
			struct bindings found;
			int error;
			void (*done)(void *owner, int error, const struct bindings *bindings);
			void *owner;
		} bindings;
		bool keep;
		bool cable;
	};
};

// A job of the slice, to be submitted by slice_submit; NULL when memory is out.
struct slice_job *slice_job_new(
	struct slice *slice, void (*run)(struct worker *, struct worker_job *), void (*done)(struct worker_job *));
void slice_submit(struct slice *slice, struct slice_job *job);
// Takes a job that has come back off its slice's list, and gives the slice, or NULL when that is gone.
struct slice *slice_job_end(struct slice_job *job);
// The last description once more.
void slice_apply_again(struct slice *slice);

// Events of interfaces (slice_events.c).
// Whether what was heard since the last apply is news; then it is applied again.
void slice_follow_events(struct slice *slice);
// What the slice is to hear of, after its watches or the number of its namespace (-1 = none) have changed, or an apply has begun.
void slice_listen(struct slice *slice, int nsid);
void slice_listen_no_more(struct slice *slice);
