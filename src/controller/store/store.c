// SPDX-License-Identifier: Apache-2.0
// The store: one file, one writer thread, pooled readers.
//
// The loop hands jobs to queues, all that one round of it brought at once: to wake a thread costs more than most jobs. The writer takes all write jobs that wait, runs each in a savepoint and commits them together
// (WAL, synchronous=FULL), so that one sync of the disk serves many requests; only then their `done` is due. Bulk jobs are taken one by
// one, each after what others wait for; what may vanish in a power cut is not synced, it comes to the disk with the next commit that is. Readers take read jobs,
// each on its own connection, and see the last commit; quick ones several at a time. What takes some microseconds the loop reads itself,
// over a connection of its own, which waits for nobody: one look serves all that a round of the loop brought.
// What may take long goes to the student, a reader of its own, so that nothing quick waits behind it. (It has the priority of all others:
// with less it would be put aside while it holds the lock.) It also brings the WAL into the database while writes go on. Bulk jobs wait for that once the WAL
// is long, so that it is finished and the WAL begins anew; only when the WAL has grown all the same the writer does it, and waits.
// Finished jobs go to a queue that the loop empties when the async handle wakes it. Each commit that moved the last revision of
// `changes` is told to `on_change`: the single source for gateways and events.
#include "controller/store/store.h"

#include "base/clean.h"
#include "base/log.h"
#include "base/turn.h"
#include "controller/store/plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(store_threads);

#define READERS_MAX 8
#define COMMIT_JOBS_MAX 256
#define QUICK_JOBS_MAX 16
#define WAL_PAGES 1000 // the student brings them home
#define WAL_PAGES_BULK 4000 // bulk jobs wait until they are home
#define WAL_PAGES_MAX 32768 // the writer does, at once

struct queue {
	struct store_job *first, **last;
};

struct store {
	struct seal seal;
	uv_mutex_t lock;
	uv_cond_t wake_writer, wake_readers, wake_student;
	struct queue writes, bulk, reads, studies, finished;
	bool closing, wal_is_long;
	bool bulk_waits; // for the student
	bool looking; // the loop, through loop_db: until its round ends, or something is told that is newer
	struct db *writer_db, *reader_dbs[READERS_MAX], *student_db, *checkpoint_db, *loop_db;
	uv_thread_t writer, readers[READERS_MAX], student;
	unsigned reader_count, started;
	int wal_next; // the writer's: pages at which it brings them home itself
	int64_t revision, told; // last committed; last given to on_change
	struct queue new_writes, new_bulk, new_reads, new_studies; // the loop's, until the end of its round
	uv_prepare_t prepare;
	uv_async_t async;
	unsigned handles;
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

static void queue_init(struct queue *queue)
{
	*queue = (struct queue){.last = &queue->first};
}

// Moves all of `from` to the end of `to`. False when there was nothing.
static bool queue_move(struct queue *to, struct queue *from)
{
	if (!from->first)
		return false;
	*to->last = from->first;
	to->last = from->last;
	queue_init(from);
	return true;
}

static struct store_job *queue_take(struct queue *queue)
{
	struct store_job *job = queue->first;

	if (job && !(queue->first = job->next))
		queue->last = &queue->first;
	return job;
}

// SQL that answers nothing and is run for each job.
static int run_kept(struct db *db, const char *sql)
{
	return db_step(db, db_statement(db, sql));
}

static void run_write(struct db *db, struct store_job *job)
{
	job->error = run_kept(db, "SAVEPOINT job");
	if (job->error)
		return;
	job->run(db, job);
	if (job->abort)
		run_kept(db, "ROLLBACK TO job");
	job->error = run_kept(db, "RELEASE job");
}

static void write_all(struct store *store, struct store_job *batch)
{
	struct db *db = store->writer_db;
	int error = run_kept(db, "BEGIN IMMEDIATE");

	for (struct store_job *job = batch; job; job = job->next) {
		if (!error)
			run_write(db, job);
		else
			job->error = error;
	}
	if (!error && (error = run_kept(db, "COMMIT"))) {
		run_kept(db, "ROLLBACK");
		for (struct store_job *job = batch; job; job = job->next)
			job->error = error;
	}
}

static void tell_finished(struct store *store, struct queue *batch)
{
	for (struct store_job *job; (job = queue_take(batch));)
		queue_add(&store->finished, job);
	uv_async_send(&store->async);
}

static void write_bulk(struct store *store, struct store_job *job)
{
	bool may_vanish = job->may_vanish;

	if (may_vanish)
		run_kept(store->writer_db, "PRAGMA synchronous = NORMAL");
	write_all(store, job);
	if (may_vanish)
		run_kept(store->writer_db, "PRAGMA synchronous = FULL");
}

// All that others wait for, else one bulk job; and that in turn where there is both.
static bool take_writes(struct store *store, bool was_bulk, struct queue *batch)
{
	bool may_bulk = store->bulk.first && (!store->bulk_waits || store->closing);
	bool is_bulk = may_bulk && (!was_bulk || !store->writes.first);

	if (is_bulk)
		queue_add(batch, queue_take(&store->bulk));
	for (unsigned i = 0; !is_bulk && i < COMMIT_JOBS_MAX && store->writes.first; i++)
		queue_add(batch, queue_take(&store->writes));
	return is_bulk;
}

static void writer_main(void *argument)
{
	struct store *store = argument;
	bool is_bulk = false;

	turn_short();
	uv_mutex_lock(&store->lock);
	for (;;) {
		struct queue batch = {.last = &batch.first};

		is_bulk = take_writes(store, is_bulk, &batch);
		if (!batch.first) {
			if (store->closing)
				break;
			uv_cond_wait(&store->wake_writer, &store->lock);
			continue;
		}
		uv_mutex_unlock(&store->lock);
		if (is_bulk)
			write_bulk(store, batch.first);
		else
			write_all(store, batch.first);
		int64_t revision = db_revision(store->writer_db);

		uv_mutex_lock(&store->lock);
		store->revision = revision;
		tell_finished(store, &batch);
	}
	uv_mutex_unlock(&store->lock);
}

// One snapshot for all: a list and its total agree.
static void read_all(struct db *db, struct store_job *jobs)
{
	int error = db_look_begin(db);

	for (struct store_job *job = jobs; job; job = job->next) {
		job->error = error;
		if (!error)
			job->run(db, job);
	}
	if (!error)
		db_look_end(db);
}

// Takes a job and, if it is quick, the quick ones behind it.
static void take_reads(struct store *store, struct queue *batch)
{
	struct store_job *job = queue_take(&store->reads);

	for (unsigned i = 1; job; i++) {
		bool goes_on = job->quick && i < QUICK_JOBS_MAX && store->reads.first && store->reads.first->quick;

		queue_add(batch, job);
		job = goes_on ? queue_take(&store->reads) : NULL;
	}
}

static void reader_main(void *argument)
{
	struct reader reader = *(struct reader *)argument;
	struct store *store = reader.store;

	free(argument);
	turn_short();
	uv_mutex_lock(&store->lock);
	for (;;) {
		struct queue batch = {.last = &batch.first};

		while (!store->reads.first && !store->closing)
			uv_cond_wait(&store->wake_readers, &store->lock);
		take_reads(store, &batch);
		if (!batch.first)
			break;
		if (store->reads.first)
			uv_cond_signal(&store->wake_readers);
		uv_mutex_unlock(&store->lock);
		read_all(reader.db, batch.first);
		uv_mutex_lock(&store->lock);
		tell_finished(store, &batch);
	}
	uv_mutex_unlock(&store->lock);
}

static void student_main(void *argument)
{
	struct store *store = argument;

	turn_long();
	uv_mutex_lock(&store->lock);
	for (;;) {
		struct queue batch = {.last = &batch.first};

		while (!store->studies.first && !store->wal_is_long && !store->closing)
			uv_cond_wait(&store->wake_student, &store->lock);
		bool brings_home = store->wal_is_long;
		struct store_job *job = queue_take(&store->studies);

		if (!job && !brings_home)
			break;
		store->wal_is_long = false;
		uv_mutex_unlock(&store->lock);
		if (brings_home)
			sqlite3_wal_checkpoint_v2(db_sqlite(store->checkpoint_db), NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
		if (job) {
			queue_add(&batch, job);
			read_all(store->student_db, job);
		}
		uv_mutex_lock(&store->lock);
		if (brings_home && store->bulk_waits) {
			store->bulk_waits = false;
			uv_cond_signal(&store->wake_writer);
		}
		if (job)
			tell_finished(store, &batch);
	}
	uv_mutex_unlock(&store->lock);
}

// After each commit, on the writer's thread.
static int on_wal(void *owner, sqlite3 *sqlite, const char *name, int pages)
{
	struct store *store = owner;

	(void)name;
	if (pages < WAL_PAGES_MAX)
		store->wal_next = WAL_PAGES_MAX;
	if (pages >= store->wal_next) { // without waiting: a reader that looks at old pages now, a backup, does not later
		sqlite3_busy_timeout(sqlite, 0);
		sqlite3_wal_checkpoint_v2(sqlite, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
		sqlite3_busy_timeout(sqlite, DB_BUSY_MS);
		store->wal_next = pages + WAL_PAGES;
	} else if (pages >= WAL_PAGES) {
		uv_mutex_lock(&store->lock);
		store->wal_is_long = true;
		store->bulk_waits = pages >= WAL_PAGES_BULK;
		uv_cond_signal(&store->wake_student);
		uv_mutex_unlock(&store->lock);
	}
	return SQLITE_OK;
}

static void look_no_more(struct store *store)
{
	if (store->looking)
		db_look_end(store->loop_db);
	store->looking = false;
}

// Who is answered now may ask at once for what the answer tells of: a look from before would not show it.
static void finish(struct store *store)
{
	look_no_more(store);
	uv_mutex_lock(&store->lock);
	struct store_job *job = store->finished.first;
	int64_t revision = store->revision;

	queue_init(&store->finished);
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

// The loop is about to wait: what it was given goes to the threads.
static void hand_over(struct store *store)
{
	if (!store->new_writes.first && !store->new_bulk.first && !store->new_reads.first && !store->new_studies.first)
		return;
	uv_mutex_lock(&store->lock);
	bool writes = queue_move(&store->writes, &store->new_writes), bulk = queue_move(&store->bulk, &store->new_bulk);

	if (writes || bulk)
		uv_cond_signal(&store->wake_writer);
	if (queue_move(&store->reads, &store->new_reads))
		uv_cond_signal(&store->wake_readers);
	if (queue_move(&store->studies, &store->new_studies))
		uv_cond_signal(&store->wake_student);
	uv_mutex_unlock(&store->lock);
}

static void on_prepare(uv_prepare_t *prepare)
{
	look_no_more(prepare->data);
	hand_over(prepare->data);
}

static int start_threads(struct store *store, const char *path, char why[200])
{
	int error = db_open(path, &store->seal, DB_WRITER, &store->writer_db, why);

	for (unsigned i = 0; !error && i < store->reader_count; i++)
		error = db_open(path, &store->seal, DB_READER, &store->reader_dbs[i], why);
	if (!error)
		error = db_open(path, &store->seal, DB_READER, &store->student_db, why);
	if (!error)
		error = db_open(path, &store->seal, DB_TOOL, &store->checkpoint_db, why);
	if (!error)
		error = db_open(path, &store->seal, DB_LOOP, &store->loop_db, why);
	if (error)
		return error;
	store->revision = store->told = db_revision(store->writer_db);
	sqlite3_wal_hook(db_sqlite(store->writer_db), on_wal, store);
	if (uv_thread_create(&store->writer, writer_main, store))
		return -EAGAIN;
	store->started = 1;
	if (uv_thread_create(&store->student, student_main, store))
		return -EAGAIN;
	store->started = 2;
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
	db_close(&store->student_db);
	db_close(&store->checkpoint_db);
	db_close(&store->loop_db);
	for (unsigned i = 0; i < store->reader_count; i++)
		db_close(&store->reader_dbs[i]);
	db_close(&store->writer_db); // the last one empties the WAL
	uv_cond_destroy(&store->wake_student);
	uv_cond_destroy(&store->wake_writer);
	uv_cond_destroy(&store->wake_readers);
	uv_mutex_destroy(&store->lock);
	seal_fini(&store->seal);
	free(store);
}

static void on_closed(uv_handle_t *handle)
{
	struct store *store = handle->data;

	if (--store->handles == 0)
		store_release(store);
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
	struct queue *queues[] = {&store->writes, &store->bulk, &store->reads, &store->studies, &store->finished,
		&store->new_writes, &store->new_bulk, &store->new_reads, &store->new_studies};

	for (size_t i = 0; i < array_len(queues); i++)
		queue_init(queues[i]);
	uv_mutex_init(&store->lock);
	uv_cond_init(&store->wake_writer);
	uv_cond_init(&store->wake_readers);
	uv_cond_init(&store->wake_student);
	int error = seal_of_database(path, &store->seal, why);

	if (error) {
		store_release(store);
		return error;
	}
	uv_async_init(loop, &store->async, on_async);
	uv_prepare_init(loop, &store->prepare);
	uv_prepare_start(&store->prepare, on_prepare);
	uv_unref((uv_handle_t *)&store->prepare);
	store->async.data = store->prepare.data = store;
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
	hand_over(store);
	uv_mutex_lock(&store->lock);
	store->closing = true;
	uv_cond_broadcast(&store->wake_writer);
	uv_cond_broadcast(&store->wake_readers);
	uv_cond_broadcast(&store->wake_student);
	uv_mutex_unlock(&store->lock);
	if (store->started > 0)
		uv_thread_join(&store->writer);
	if (store->started > 1)
		uv_thread_join(&store->student);
	for (unsigned i = 2; i < store->started; i++)
		uv_thread_join(&store->readers[i - 2]);
	finish(store);
	store->handles = 2;
	uv_close((uv_handle_t *)&store->prepare, on_closed);
	uv_close((uv_handle_t *)&store->async, on_closed);
}

static void give(struct queue *queue, struct store_job *job)
{
	job->abort = false;
	job->error = 0;
	queue_add(queue, job);
}

void store_read(struct store *store, struct store_job *job)
{
	give(&store->new_reads, job);
}

bool store_read_here(struct store *store, struct store_job *job)
{
	if (!store->looking && db_look_begin(store->loop_db))
		return false;
	store->looking = true;
	job->abort = false;
	job->error = 0;
	job->run(store->loop_db, job);
	job->done(job);
	return true;
}

void store_study(struct store *store, struct store_job *job)
{
	give(&store->new_studies, job);
}

void store_write(struct store *store, struct store_job *job)
{
	give(&store->new_writes, job);
}

void store_write_bulk(struct store *store, struct store_job *job)
{
	give(&store->new_bulk, job);
}

int64_t store_revision(const struct store *store)
{
	return store->told;
}
