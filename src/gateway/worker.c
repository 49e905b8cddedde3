// SPDX-License-Identifier: Apache-2.0
#include "gateway/worker.h"

#include "base/clean.h"
#include "base/log.h"
#include "gateway/links.h"
#include "gateway/netns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(worker);

struct job_queue {
	struct worker_job *first, **last;
};

struct worker {
	uv_loop_t *loop;
	uv_thread_t thread;
	uv_mutex_t lock; // of the queues, of `stopping`, and what worker_lock is used for
	uv_cond_t wake;
	uv_async_t *async; // outlives the worker by one turn of the loop
	struct job_queue todo, finished;
	bool stopping;
	int underlay_fd;
	const char *state_dir;
	struct slice_list slices;
};

static void queue_add(struct job_queue *queue, struct worker_job *job)
{
	job->next = NULL;
	*queue->last = job;
	queue->last = &job->next;
}

static struct worker_job *queue_take_all(struct job_queue *queue)
{
	struct worker_job *first = queue->first;

	*queue = (struct job_queue){.last = &queue->first};
	return first;
}

static void worker_main(void *data)
{
	struct worker *worker = data;

	uv_mutex_lock(&worker->lock);
	while (worker->todo.first || !worker->stopping) {
		struct worker_job *job = worker->todo.first;

		if (!job) {
			uv_cond_wait(&worker->wake, &worker->lock);
			continue;
		}
		worker->todo.first = job->next;
		if (!worker->todo.first)
			worker->todo.last = &worker->todo.first;
		uv_mutex_unlock(&worker->lock);
		job->run(worker, job);
		if (netns_enter(worker->underlay_fd))
			log_err("message=\"cannot go back to the gateway's network namespace\" error=%s", strerror(errno));
		uv_mutex_lock(&worker->lock);
		queue_add(&worker->finished, job);
		uv_async_send(worker->async);
	}
	uv_mutex_unlock(&worker->lock);
}

static void finish(struct worker *worker)
{
	struct worker_job *job;

	uv_mutex_lock(&worker->lock);
	job = queue_take_all(&worker->finished);
	uv_mutex_unlock(&worker->lock);
	while (job) {
		struct worker_job *next = job->next;

		job->done(job);
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
	free(worker);
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
	worker->todo.last = &worker->todo.first;
	worker->finished.last = &worker->finished.first;
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
		error = uv_thread_create(&worker->thread, worker_main, worker);
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
	uv_mutex_lock(&worker->lock);
	worker->stopping = true;
	uv_cond_signal(&worker->wake);
	uv_mutex_unlock(&worker->lock);
	uv_thread_join(&worker->thread);
	finish(worker);
	undo(worker, 4);
}

void worker_submit(struct worker *worker, struct worker_job *job)
{
	uv_mutex_lock(&worker->lock);
	queue_add(&worker->todo, job);
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
