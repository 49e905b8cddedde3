// SPDX-License-Identifier: Apache-2.0
// The store: one file, one writer thread, pooled readers.
//
// The loop hands jobs to two queues. The writer takes all write jobs that wait, runs each in a savepoint and commits them together
// (WAL, synchronous=FULL), so that one sync of the disk serves many requests; only then their `done` is due. Readers take read jobs
// one by one, each on its own connection, and see the last commit. Finished jobs go to a third queue, which the loop empties when
// the async handle wakes it. Each commit that moved the last revision of `changes` is told to `on_change`: the single source for
// gateways and events.
#include "controller/store/store.h"

#include "base/log.h"
#include "controller/store/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(store_threads);

#define READERS_MAX 8
#define COMMIT_JOBS_MAX 256

struct queue {
	struct store_job *first, **last;
};

struct store {
	struct seal seal;
	uv_mutex_t lock;
	uv_cond_t wake_writer, wake_readers;
	struct queue writes, reads, finished;
	bool closing;
	struct db *writer_db, *reader_dbs[READERS_MAX];
	uv_thread_t writer, readers[READERS_MAX];
	unsigned reader_count, started;
	int64_t revision, told; // last committed; last given to on_change
	uv_async_t async;
	void (*on_change)(void *owner, int64_t revision);
	void *owner;
};

struct reader {
	struct store *store;
	struct db *db;
};

static void queue_add(struct queue *queue, struct store_job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
}

static struct store_job *queue_take(struct queue *queue)
{
	struct store_job *job = queue->first;

	if (job && !(queue->first = job->next))
		queue->last = &queue->first;
	return job;
}

static void run_write(struct db *db, struct store_job *job)
{
	job->error = db_run(db, "SAVEPOINT job");
	if (job->error)
		return;
	job->run(db, job);
	if (job->abort)
		db_run(db, "ROLLBACK TO job");
	job->error = db_run(db, "RELEASE job");
}

static void write_all(struct store *store, struct store_job *batch)
{
	struct db *db = store->writer_db;
	int error = db_run(db, "BEGIN IMMEDIATE");

	for (struct store_job *job = batch; job; job = job->next) {
		if (!error)
			run_write(db, job);
		else
			job->error = error;
	}
	if (!error && (error = db_run(db, "COMMIT"))) {
		db_run(db, "ROLLBACK");
		for (struct store_job *job = batch; job; job = job->next)
			job->error = error;
	}
}

static void writer_main(void *argument)
{
	struct store *store = argument;

	uv_mutex_lock(&store->lock);
	for (;;) {
		while (!store->writes.first && !store->closing)
			uv_cond_wait(&store->wake_writer, &store->lock);
		if (!store->writes.first)
			break;
		struct queue batch = {.last = &batch.first};

		for (unsigned i = 0; i < COMMIT_JOBS_MAX && store->writes.first; i++)
			queue_add(&batch, queue_take(&store->writes));
		uv_mutex_unlock(&store->lock);
		write_all(store, batch.first);
		int64_t revision = db_revision(store->writer_db);

		uv_mutex_lock(&store->lock);
		store->revision = revision;
		for (struct store_job *job; (job = queue_take(&batch));)
			queue_add(&store->finished, job);
		uv_async_send(&store->async);
	}
	uv_mutex_unlock(&store->lock);
}

static void reader_main(void *argument)
{
	struct reader reader = *(struct reader *)argument;
	struct store *store = reader.store;
	struct store_job *job;

	free(argument);
	uv_mutex_lock(&store->lock);
	for (;;) {
		while (!store->reads.first && !store->closing)
			uv_cond_wait(&store->wake_readers, &store->lock);
		if (!(job = queue_take(&store->reads)))
			break;
		uv_mutex_unlock(&store->lock);
		// One snapshot for the whole job: a list and its total agree.
		job->error = db_run(reader.db, "BEGIN");
		if (!job->error)
			job->run(reader.db, job);
		db_run(reader.db, "COMMIT");
		uv_mutex_lock(&store->lock);
		queue_add(&store->finished, job);
		uv_async_send(&store->async);
	}
	uv_mutex_unlock(&store->lock);
}

static void finish(struct store *store)
{
	uv_mutex_lock(&store->lock);
	struct store_job *job = store->finished.first;
	int64_t revision = store->revision;

	store->finished = (struct queue){.last = &store->finished.first};
	uv_mutex_unlock(&store->lock);
	while (job) {
		struct store_job *next = job->next;

		job->done(job);
		job = next;
	}
	if (store->on_change && revision != store->told && !store->closing) {
		store->told = revision;
		store->on_change(store->owner, revision);
	}
}

static void on_async(uv_async_t *async)
{
	finish(async->data);
}

static int start_threads(struct store *store, const char *path, char why[200])
{
	int error = db_open(path, &store->seal, true, &store->writer_db, why);

	for (unsigned i = 0; !error && i < store->reader_count; i++)
		error = db_open(path, &store->seal, false, &store->reader_dbs[i], why);
	if (error)
		return error;
	store->revision = store->told = db_revision(store->writer_db);
	if (uv_thread_create(&store->writer, writer_main, store))
		return -EAGAIN;
	store->started = 1;
	for (unsigned i = 0; i < store->reader_count; i++) {
		struct reader *reader = malloc(sizeof(*reader));

		if (!reader)
			return -ENOMEM;
		*reader = (struct reader){store, store->reader_dbs[i]};
		if (uv_thread_create(&store->readers[i], reader_main, reader)) {
			free(reader);
			return -EAGAIN;
		}
		store->started++;
	}
	return 0;
}

static void store_release(struct store *store)
{
	db_close(&store->writer_db);
	for (unsigned i = 0; i < store->reader_count; i++)
		db_close(&store->reader_dbs[i]);
	uv_cond_destroy(&store->wake_writer);
	uv_cond_destroy(&store->wake_readers);
	uv_mutex_destroy(&store->lock);
	explicit_bzero(&store->seal, sizeof(store->seal));
	free(store);
}

static void on_closed(uv_handle_t *handle)
{
	store_release(handle->data);
}

int store_open(const char *path, unsigned readers, uv_loop_t *loop, void (*on_change)(void *owner, int64_t revision), void *owner,
	struct store **out, char why[200])
{
	struct store *store = calloc(1, sizeof(*store));

	if (!store)
		return -ENOMEM;
	store->reader_count = readers < 1 ? 1 : readers > READERS_MAX ? READERS_MAX : readers;
	store->on_change = on_change;
	store->owner = owner;
	store->writes.last = &store->writes.first;
	store->reads.last = &store->reads.first;
	store->finished.last = &store->finished.first;
	uv_mutex_init(&store->lock);
	uv_cond_init(&store->wake_writer);
	uv_cond_init(&store->wake_readers);
	int error = seal_of_database(path, &store->seal, why);

	if (error) {
		store_release(store);
		return error;
	}
	uv_async_init(loop, &store->async, on_async);
	store->async.data = store;
	error = start_threads(store, path, why);
	if (error)
		store_close(&store);
	else
		*out = store;
	return error;
}

void store_close(struct store **handle)
{
	struct store *store = *handle;

	if (!store)
		return;
	*handle = NULL;
	uv_mutex_lock(&store->lock);
	store->closing = true;
	uv_cond_broadcast(&store->wake_writer);
	uv_cond_broadcast(&store->wake_readers);
	uv_mutex_unlock(&store->lock);
	if (store->started > 0)
		uv_thread_join(&store->writer);
	for (unsigned i = 1; i < store->started; i++)
		uv_thread_join(&store->readers[i - 1]);
	finish(store);
	uv_close((uv_handle_t *)&store->async, on_closed);
}

static void give(struct store *store, struct queue *queue, uv_cond_t *wake, struct store_job *job)
{
	job->abort = false;
	job->error = 0;
	uv_mutex_lock(&store->lock);
	queue_add(queue, job);
	uv_cond_signal(wake);
	uv_mutex_unlock(&store->lock);
}

void store_read(struct store *store, struct store_job *job)
{
	give(store, &store->reads, &store->wake_readers, job);
}

void store_write(struct store *store, struct store_job *job)
{
	give(store, &store->writes, &store->wake_writer, job);
}

int64_t store_revision(const struct store *store)
{
	return store->told;
}
