// SPDX-License-Identifier: Apache-2.0
// Slices, as the control thread holds them.
//
// A slice is two objects: `struct slice` here, and `struct slice_kernel`, which belongs to the worker thread and is freed by the slice's last
// job. What goes between them are jobs, done in the order they were asked for:
//
//   slice_apply      a new description. One that waits in the queue and has not begun is replaced by the newer one in its place, so a burst
//                    of changes costs two runs at most, and a socket asked for after slice_apply finds its LAC address
//   slice_socket     a socket made inside the namespace
//   slice_free       the namespace goes, or stays for the next gateway; jobs that come back later find no slice and end quietly
//   link events      a target's interface came, went or changed its carrier: the last description is applied again. Events that only
//                    say what is known already (our own doing, mostly) are not followed
#include "gateway/slice_priv.h"

#include "base/clean.h"
#include "base/log.h"
#include "gateway/netns.h"
#include "gateway/slice_names.h"
#include "gateway/target/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(slice);

int slice_new(struct worker *worker, const char *gateway_name, const struct uuid *vslice, const char *moniker,
	const struct slice_host *host, struct slice **out)
{
	struct slice *slice = calloc(1, sizeof(*slice));
	struct slice_list *list = worker_slices(worker);
	char name[NETNS_NAME];
	bool is_there;
	int error;

	if (!slice)
		return -ENOMEM;
	slice_name(list, gateway_name, vslice, moniker, name, &is_there);
	slice->lane = worker_lane_get(worker, slice_name_key(name));
	error = slice->lane
		? slice_kernel_new(worker_underlay_fd(worker), worker_state_dir(worker), name, is_there, &slice->kernel)
		: -ENOMEM;
	if (error) {
		worker_lane_put(worker, slice->lane);
		free(slice);
		return error;
	}
	slice->worker = worker;
	slice->host = *host;
	slice->nsid = -1;
	slice->seeking.slice = slice->news.slice = slice;
	slice->link = &list->first;
	slice->next = list->first;
	if (slice->next)
		slice->next->link = &slice->next;
	list->first = slice;
	*out = slice;
	return 0;
}

void slice_can_wait(struct slice *slice, bool can_wait)
{
	slice->can_wait = can_wait;
}

struct slice_job *slice_job_new(
	struct slice *slice, void (*run)(struct worker *, struct worker_job *), void (*done)(struct worker_job *))
{
	struct slice_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->job.run = run;
	job->job.done = done;
	job->slice = slice;
	job->kernel = slice->kernel;
	job->link = &slice->jobs;
	job->next = slice->jobs;
	if (job->next)
		job->next->link = &job->next;
	slice->jobs = job;
	return job;
}

struct slice *slice_job_end(struct slice_job *job)
{
	if (!job->slice)
		return NULL;
	*job->link = job->next;
	if (job->next)
		job->next->link = job->link;
	return job->slice;
}

void slice_submit(struct slice *slice, struct slice_job *job)
{
	worker_submit(slice->worker, slice->lane, &job->job);
}

// Once, when all that is going has gone.
static void slice_tidy(struct worker *worker)
{
	struct nl *underlay = NULL;

	if (!netns_enter(worker_underlay_fd(worker)) && !nl_new(&underlay))
		transfer_sweep(underlay, worker_underlay_fd(worker));
	nl_free(&underlay);
}

static void apply_run(struct worker *worker, struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);
	struct slice_spec *spec;

	worker_lock(worker);
	spec = job->apply.spec;
	job->apply.spec = NULL;
	job->apply.has_begun = true;
	worker_unlock(worker);
	slice_kernel_apply(job->kernel, spec, &job->apply.result);
	if (job->apply.result.has_let_go)
		worker_when_idle(worker, slice_tidy);
}

// The new watches keep what was heard of the same interface meanwhile.
static void take_watches(struct slice *slice, struct slice_result *result)
{
	vec_each (&result->watches, now)
		vec_each (&slice->watches, old)
			if (!strcmp(old->interface, now->interface)) {
				now->has_come = old->has_come;
				now->has_changed = old->has_changed;
				now->is_running = old->is_running;
			}
	vec_free(&slice->watches);
	slice->watches.items = result->watches.items;
	slice->watches.count = result->watches.count;
	slice->watches.room = result->watches.room;
	memset(&result->watches, 0, sizeof(result->watches));
}

static void tell(struct slice *slice)
{
	slice->host.on_applied(
		slice->host.owner, slice, slice->error, slice->message, slice->statuses.items, slice->statuses.count);
}

static void take_statuses(struct slice *slice, struct slice_result *result)
{
	vec_each (&result->targets, now)
		vec_each (&slice->statuses, old)
			if (now->is_unknown && uuid_equal(&old->target, &now->target))
				*now = *old;
	vec_free(&slice->statuses);
	slice->statuses.items = result->targets.items;
	slice->statuses.count = result->targets.count;
	slice->statuses.room = result->targets.room;
	memset(&result->targets, 0, sizeof(result->targets));
	slice->error = result->error;
	snprintf(slice->message, sizeof(slice->message), "%s", result->message);
}

static void apply_done(struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);
	struct slice *slice = slice_job_end(job);
	struct slice_result *result = &job->apply.result;

	if (slice) {
		slice->applies--;
		if (slice->waiting == job)
			slice->waiting = NULL;
		take_watches(slice, result);
		slice_listen(slice, result->nsid);
		slice_follow_events(slice);
		take_statuses(slice, result);
		tell(slice);
	}
	slice_spec_free(&job->apply.spec);
	vec_free(&result->watches);
	vec_free(&result->targets);
	free(job);
}

// Puts `spec` (taken; NULL = the last one again) into the apply that waits, or else into a new one.
static void submit_apply(struct slice *slice, struct slice_spec *spec)
{
	struct slice_job *job = slice->waiting;
	struct slice_spec *old = spec;
	bool is_waiting = false;

	worker_lock(slice->worker);
	if (job && !job->apply.has_begun) {
		is_waiting = true;
		old = job->apply.spec;
		job->apply.spec = spec ? spec : old;
		old = spec ? old : NULL;
		if (!slice->can_wait)
			worker_hurry(slice->worker, &job->job);
	}
	worker_unlock(slice->worker);
	if (is_waiting) {
		slice_spec_free(&old);
		return;
	}
	job = slice_job_new(slice, apply_run, apply_done);
	if (!job) {
		slice_spec_free(&spec);
		slice->host.on_applied(slice->host.owner, slice, -ENOMEM, "out of memory", NULL, 0);
		return;
	}
	job->apply.spec = spec;
	job->job.can_wait = slice->can_wait;
	slice->waiting = job;
	slice->applies++;
	slice_listen(slice, slice->nsid);
	slice_submit(slice, job);
}

void slice_apply_again(struct slice *slice)
{
	submit_apply(slice, NULL);
}

void slice_apply(struct slice *slice, const struct vslice_config *vslice, const struct config *config)
{
	struct slice_spec *spec = NULL;

	if (!slice_spec_new(vslice, config, &spec)) {
		slice->is_watched = false;
		vec_each (&spec->targets, target) {
			const struct target_ops *ops = target_ops_get(target->config->type);

			slice->is_watched = slice->is_watched || (ops->is_watched && ops->is_watched(target->config));
		}
	}
	if (!spec)
		slice->host.on_applied(slice->host.owner, slice, -ENOMEM, "out of memory", NULL, 0);
	else
		submit_apply(slice, spec);
}

static void look_run(struct worker *worker, struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	slice_kernel_look(job->kernel, &job->apply.result);
}

// Takes what a look found; whether that is news.
static bool take_look(struct slice *slice, const struct slice_target_status *now)
{
	bool is_news = false;

	vec_each (&slice->statuses, old) {
		if (now->is_unknown || !uuid_equal(&old->target, &now->target))
			continue;
		is_news = old->available != now->available || old->is_pending != now->is_pending ||
			strcmp(old->message, now->message) || strcmp(old->public_key, now->public_key) ||
			strcmp(old->routes, now->routes) || old->handshake_s != now->handshake_s || old->ike_up != now->ike_up ||
			old->child_up != now->child_up || old->mtu != now->mtu;
		*old = *now;
	}
	return is_news;
}

static void look_done(struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);
	struct slice *slice = slice_job_end(job);
	bool is_news = false, must_start = false;

	if (slice) {
		slice->is_looking = false;
		vec_each (&job->apply.result.targets, now) {
			is_news = take_look(slice, now) || is_news;
			must_start = must_start || now->must_start;
		}
		if (must_start && !slice->applies)
			slice_apply_again(slice);
		if (is_news)
			tell(slice);
	}
	vec_free(&job->apply.result.targets);
	free(job);
}

void slice_look(struct slice *slice)
{
	struct slice_job *job;

	if (!slice->is_watched || slice->is_looking || slice->applies)
		return;
	job = slice_job_new(slice, look_run, look_done);
	if (!job)
		return;
	job->job.can_wait = true;
	slice->is_looking = true;
	slice_submit(slice, job);
}

static void free_run(struct worker *worker, struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	if (!job->keep && slice_kernel_remove(job->kernel))
		worker_when_idle(worker, slice_tidy);
	slice_kernel_free(&job->kernel);
}

static void free_done(struct worker_job *base)
{
	free(container_of(base, struct slice_job, job));
}

static void free_unrun(struct slice_job *job)
{
	slice_kernel_free(&job->kernel);
	free(job);
}

void slice_free(struct slice **slice_ptr, bool keep)
{
	struct slice *slice = *slice_ptr;
	struct slice_job *last;

	*slice_ptr = NULL;
	if (!slice)
		return;
	last = slice_job_new(slice, free_run, free_done);
	for (struct slice_job *job = slice->jobs; job; job = job->next)
		job->slice = NULL;
	slice_listen_no_more(slice);
	*slice->link = slice->next;
	if (slice->next)
		slice->next->link = slice->link;
	if (last) {
		last->keep = keep;
		last->job.can_wait = true;
		slice_submit(slice, last);
	} else {
		log_err("message=\"out of memory: a slice's network namespace stays\"");
	}
	worker_lane_put(slice->worker, slice->lane);
	vec_free(&slice->watches);
	vec_free(&slice->statuses);
	free(slice);
}

struct sweep {
	struct worker *worker;
	VEC(struct slice_job *) jobs;
};

// One that nobody has a lane for is nobody's.
static void note_unclaimed(void *owner, const char *name)
{
	struct sweep *sweep = owner;
	struct slice_job *job, **room;

	if (worker_has_lane(sweep->worker, slice_name_key(name)))
		return;
	job = calloc(1, sizeof(*job));
	room = job ? vec_add(&sweep->jobs) : NULL;
	if (!room ||
		slice_kernel_new(worker_underlay_fd(sweep->worker), worker_state_dir(sweep->worker), name, true, &job->kernel)) {
		sweep->jobs.count -= room != NULL;
		free(job);
		return;
	}
	*room = job;
}

void slice_sweep(struct worker *worker, const char *gateway_name)
{
	struct sweep sweep = {.worker = worker};

	slice_names_each(gateway_name, note_unclaimed, &sweep);
	vec_each (&sweep.jobs, each) {
		struct slice_job *job = *each;
		struct worker_lane *lane = worker_lane_get(worker, slice_kernel_key(job->kernel));

		job->job.run = free_run;
		job->job.done = free_done;
		job->job.can_wait = true;
		if (lane)
			worker_submit(worker, lane, &job->job);
		else
			free_unrun(job);
		worker_lane_put(worker, lane);
	}
	vec_free(&sweep.jobs);
}
