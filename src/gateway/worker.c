// SPDX-License-Identifier: Apache-2.0
#include "gateway/worker.h"

#include "base/clean.h"
#include "base/log.h"
#include "gateway/links.h"
#include "gateway/netns.h"
#include "gateway/slice_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(worker);

#define THREADS_MIN 4 // some wait for the kernel while others work
#define THREADS_MAX 8 // most of what the kernel does for us is done under one lock of its own

struct job_queue {
	struct worker_job *first, **last;
};

enum pace { PACE_NOW, PACE_LATER, PACES };

struct worker_lane {
	char key[32];
	size_t slices, jobs; // that hold it: those that have not come back (control thread)
	struct job_queue todo;
	size_t urgent; // of those, jobs that cannot wait
	bool is_busy, is_listed;
	enum pace pace; // of the list that it is in
	struct worker_lane *next, *before;
};

struct lane_list {
	struct worker_lane *first, *last;
};

struct worker {
	uv_loop_t *loop;
	uv_thread_t threads[THREADS_MAX];
	unsigned thread_count;
	uv_mutex_t lock; // of all down to `stopping`, and what worker_lock is used for
	uv_cond_t wake;
	uv_async_t *async; // outlives the worker by one turn of the loop
	struct lane_list ready[PACES];
	struct job_queue later; // a job that is to be alone, and whatever came after it
	struct job_queue finished;
	unsigned running;
	bool is_alone; // what is running has no lane
	void (*tidy)(struct worker *worker);
	bool stopping;
	int underlay_fd;
	const char *state_dir;
	struct strmap lanes; // by key (control thread)
	struct slice_list slices;
};

static void queue_init(struct job_queue *queue)
{
	*queue = (struct job_queue){.last = &queue->first};
}

static void queue_add(struct job_queue *queue, struct worker_job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
}

static struct worker_job *queue_take(struct job_queue *queue)
{
	struct worker_job *job = queue->first;

	queue->first = job->next;
	if (!queue->first)
		queue->last = &queue->first;
	return job;
}

static void unlist(struct worker *worker, struct worker_lane *lane)
{
	struct lane_list *list = &worker->ready[lane->pace];

	*(lane->before ? &lane->before->next : &list->first) = lane->next;
	*(lane->next ? &lane->next->before : &list->last) = lane->before;
	lane->is_listed = false;
}

// Puts the lane where its jobs belong now. The lock is held, as in all down to worker_main.
static void list(struct worker *worker, struct worker_lane *lane)
{
	enum pace pace = lane->urgent ? PACE_NOW : PACE_LATER;
	struct lane_list *to = &worker->ready[pace];

	if (lane->is_busy || !lane->todo.first || (lane->is_listed && lane->pace == pace))
		return;
	if (lane->is_listed)
		unlist(worker, lane);
	lane->next = NULL;
	lane->before = to->last;
	*(to->last ? &to->last->next : &to->first) = lane;
	to->last = lane;
	lane->pace = pace;
	lane->is_listed = true;
	uv_cond_signal(&worker->wake);
}

static void add_to_lane(struct worker *worker, struct worker_job *job)
{
	queue_add(&job->lane->todo, job);
	job->is_in_lane = true;
	job->lane->urgent += !job->can_wait;
	list(worker, job->lane);
}

static struct worker_job *take_from_lane(struct worker *worker, struct worker_lane *lane)
{
	struct worker_job *job = queue_take(&lane->todo);

	unlist(worker, lane);
	job->is_in_lane = false;
	lane->urgent -= !job->can_wait;
	lane->is_busy = true;
	return job;
}

static void run_job(struct worker *worker, struct worker_job *job)
{
	uv_mutex_unlock(&worker->lock);
	job->run(worker, job);
	if (netns_enter(worker->underlay_fd))
		log_err("message=\"cannot go back to the gateway's network namespace\" error=%s", strerror(errno));
	uv_mutex_lock(&worker->lock);
	if (job->lane) {
		job->lane->is_busy = false;
		list(worker, job->lane);
	}
	queue_add(&worker->finished, job);
	uv_async_send(worker->async);
}

static void run_alone(struct worker *worker)
{
	void (*tidy)(struct worker *) = worker->tidy;

	worker->is_alone = true;
	if (worker->later.first) {
		run_job(worker, queue_take(&worker->later));
	} else {
		worker->tidy = NULL;
		uv_mutex_unlock(&worker->lock);
		tidy(worker);
		uv_mutex_lock(&worker->lock);
	}
	worker->is_alone = false;
	while (worker->later.first && worker->later.first->lane)
		add_to_lane(worker, queue_take(&worker->later));
	uv_cond_broadcast(&worker->wake);
}

static struct worker_lane *next_lane(const struct worker *worker)
{
	return worker->ready[PACE_NOW].first ? worker->ready[PACE_NOW].first : worker->ready[PACE_LATER].first;
}

static bool can_work(const struct worker *worker)
{
	if (worker->is_alone)
		return false;
	return next_lane(worker) || (!worker->running && (worker->later.first || worker->tidy));
}

// Does one thing. False when there is nothing that could be done now.
static bool work(struct worker *worker)
{
	struct worker_lane *lane = next_lane(worker);

	if (!can_work(worker))
		return false;
	worker->running++;
	if (lane)
		run_job(worker, take_from_lane(worker, lane));
	else
		run_alone(worker);
	worker->running--;
	if (!worker->running) // something may have waited for that
		uv_cond_broadcast(&worker->wake);
	return true;
}

static void worker_main(void *data)
{
	struct worker *worker = data;

	uv_mutex_lock(&worker->lock);
	while (work(worker) || worker->running || !worker->stopping)
		if (!can_work(worker) && (worker->running || !worker->stopping))
			uv_cond_wait(&worker->wake, &worker->lock);
	uv_cond_broadcast(&worker->wake);
	uv_mutex_unlock(&worker->lock);
}

static void lane_let_go(struct worker *worker, struct worker_lane *lane)
{
	if (lane->slices || lane->jobs)
		return;
	strmap_del(&worker->lanes, lane->key);
	free(lane);
}

static void finish(struct worker *worker)
{
	struct worker_job *job;

	uv_mutex_lock(&worker->lock);
	job = worker->finished.first;
	queue_init(&worker->finished);
	uv_mutex_unlock(&worker->lock);
	while (job) {
		struct worker_job *next = job->next;
		struct worker_lane *lane = job->lane;

		job->done(job);
		if (lane) {
			lane->jobs--;
			lane_let_go(worker, lane);
		}
		job = next;
	}
}

static void on_async(uv_async_t *async)
{
	finish(async->data);
}

static void on_async_closed(uv_handle_t *handle)
{
	free(handle);
}

static void stop_threads(struct worker *worker)
{
	uv_mutex_lock(&worker->lock);
	worker->stopping = true;
	uv_cond_broadcast(&worker->wake);
	uv_mutex_unlock(&worker->lock);
	for (unsigned i = 0; i < worker->thread_count; i++)
		uv_thread_join(&worker->threads[i]);
}

// What worker_new has made so far, in the order of making; `made` counts the steps.
static void undo(struct worker *worker, int made)
{
	if (made > 3)
		links_free(&worker->slices.links);
	if (made > 2)
		uv_close((uv_handle_t *)worker->async, on_async_closed);
	else
		free(worker->async);
	if (made > 1)
		uv_cond_destroy(&worker->wake);
	if (made > 0)
		uv_mutex_destroy(&worker->lock);
	if (worker->underlay_fd >= 0)
		close(worker->underlay_fd);
	slice_names_forget(&worker->slices);
	map_fini(&worker->slices.by_nsid);
	strmap_fini(&worker->lanes);
	free(worker);
}

static int start_threads(struct worker *worker)
{
	unsigned wanted = uv_available_parallelism();
	int error = 0;

	wanted = wanted < THREADS_MIN ? THREADS_MIN : wanted > THREADS_MAX ? THREADS_MAX : wanted;
	while (!error && worker->thread_count < wanted) {
		error = uv_thread_create(&worker->threads[worker->thread_count], worker_main, worker);
		worker->thread_count += !error;
	}
	return worker->thread_count ? 0 : error;
}

int worker_new(uv_loop_t *loop, struct worker **out)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	struct links_host links = {slice_on_link, slice_on_links_end, slice_on_links_lost, worker};
	int made = 0, error;

	if (!worker)
		return -ENOMEM;
	worker->loop = loop;
	worker->underlay_fd = -1;
	worker->state_dir = "/run";
	queue_init(&worker->later);
	queue_init(&worker->finished);
	worker->async = calloc(1, sizeof(*worker->async));
	error = worker->async ? netns_self(&worker->underlay_fd) : -ENOMEM;
	if (!error && !(error = uv_mutex_init(&worker->lock)))
		made++;
	if (!error && !(error = uv_cond_init(&worker->wake)))
		made++;
	if (!error && !(error = uv_async_init(loop, worker->async, on_async))) {
		worker->async->data = worker;
		made++;
	}
	if (!error && !(error = links_new(loop, &links, &worker->slices.links)))
		made++;
	if (!error)
		error = start_threads(worker);
	if (error)
		undo(worker, made);
	else
		*out = worker;
	return error;
}

void worker_free(struct worker **worker_ptr)
{
	struct worker *worker = *worker_ptr;

	*worker_ptr = NULL;
	if (!worker)
		return;
	stop_threads(worker);
	finish(worker);
	undo(worker, 4);
}

struct worker_lane *worker_lane_get(struct worker *worker, const char *key)
{
	struct worker_lane *lane = strmap_get(&worker->lanes, key);

	if (!lane) {
		lane = calloc(1, sizeof(*lane));
		if (!lane)
			return NULL;
		snprintf(lane->key, sizeof(lane->key), "%s", key);
		queue_init(&lane->todo);
		if (strmap_put(&worker->lanes, lane->key, lane)) {
			free(lane);
			return NULL;
		}
	}
	lane->slices++;
	return lane;
}

bool worker_has_lane(const struct worker *worker, const char *key)
{
	const struct worker_lane *lane = strmap_get(&worker->lanes, key);

	return lane && lane->slices;
}

void worker_lane_put(struct worker *worker, struct worker_lane *lane)
{
	if (!lane)
		return;
	lane->slices--;
	lane_let_go(worker, lane);
}

void worker_submit(struct worker *worker, struct worker_lane *lane, struct worker_job *job)
{
	job->lane = lane;
	if (lane)
		lane->jobs++;
	uv_mutex_lock(&worker->lock);
	if (lane && !worker->later.first) {
		add_to_lane(worker, job);
	} else {
		queue_add(&worker->later, job);
		uv_cond_signal(&worker->wake);
	}
	uv_mutex_unlock(&worker->lock);
}

void worker_hurry(struct worker *worker, struct worker_job *job)
{
	if (!job->can_wait)
		return;
	job->can_wait = false;
	if (job->is_in_lane) {
		job->lane->urgent++;
		list(worker, job->lane);
	}
}

void worker_when_idle(struct worker *worker, void (*tidy)(struct worker *worker))
{
	uv_mutex_lock(&worker->lock);
	worker->tidy = tidy;
	uv_cond_signal(&worker->wake);
	uv_mutex_unlock(&worker->lock);
}

void worker_lock(struct worker *worker)
{
	uv_mutex_lock(&worker->lock);
}

void worker_unlock(struct worker *worker)
{
	uv_mutex_unlock(&worker->lock);
}

int worker_underlay_fd(const struct worker *worker)
{
	return worker->underlay_fd;
}

void worker_keep_in(struct worker *worker, const char *state_dir)
{
	worker->state_dir = state_dir;
}

const char *worker_state_dir(const struct worker *worker)
{
	return worker->state_dir;
}

struct slice_list *worker_slices(struct worker *worker)
{
	return &worker->slices;
}
