// SPDX-License-Identifier: Apache-2.0
// The store's face to the loop: jobs that run on store threads and come back as callbacks. Nothing here blocks the loop.
#pragma once

#include "controller/store/db.h"

#include <uv.h>

struct store;

// One piece of work. The owner embeds it; it is the store's from store_read/store_write until `done` is called.
struct store_job {
	void (*run)(struct db *db, struct store_job *job); // on a store thread
	void (*done)(struct store_job *job); // on the loop
	bool quick; // of a read job: takes some microseconds; several of these may share one look at the store
	bool may_vanish; // of a bulk job: a power cut may undo it, so long as no later commit is on the disk: nobody was told of it
	bool abort; // set by run of a write job: nothing of what it did stays
	int error; // of a write job: what it did could not be committed
	struct store_job *next;
};

// Opens or makes the database; its key file is PATH.key. `on_change` (may be NULL) is called on the loop after a commit that
// changed something, with the last revision. 0 or -errno with one line in `why`.
int store_open(const char *path, unsigned readers, uv_loop_t *loop, void (*on_change)(void *owner, int64_t revision), void *owner,
	struct store **out, char why[200]);
// Finishes the jobs that were given, then closes. Their `done` is called before it returns.
void store_close(struct store **store);
// Jobs are given on the loop.
void store_read(struct store *store, struct store_job *job);
// A read that takes some microseconds, at once and on the loop: for one object, where to hand it to a thread would cost more than to do
// it. Its `done` is called before this returns. False when it cannot be now; then it is for store_read.
bool store_read_here(struct store *store, struct store_job *job);
// Reads that may take long, one after the other on a thread of their own: checks of an import, exports.
void store_study(struct store *store, struct store_job *job);
// Write jobs run in order, each whole or not at all; several may share one commit. Answered means on the disk.
void store_write(struct store *store, struct store_job *job);
// A portion of a long work, a few milliseconds of it: a commit of its own, after those that others wait for.
void store_write_bulk(struct store *store, struct store_job *job);
int64_t store_revision(const struct store *store); // the last committed, at the start
