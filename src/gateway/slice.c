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
#include "gateway/slice_spec.h"

#include "base/clean.h"
#include "base/log.h"
#include "gateway/links.h"
#include "gateway/nft.h"
#include "gateway/sims.h"
#include "gateway/target/bindings.h"
#include "gateway/target/underlay.h"
#include "gateway/udp.h"
#include "gateway/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(slice);

struct slice {
	struct slice *next, **link; // in the worker's list
	struct worker *worker;
	struct slice_host host;
	struct uuid vslice;
	struct slice_kernel *kernel; // the worker thread's
	struct slice_job *jobs; // on their way
	struct slice_job *waiting; // an apply that may not have begun
	size_t applies; // of the jobs
	VEC(struct slice_watch) watches;
	int nsid;
	VEC(struct slice_target_status) statuses; // as last told, with the two below
	int error;
	char message[POLICY_WHY];
	bool is_watched, is_looking;
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
			void (*done)(void *owner, const struct slice_rule_counter *rows, size_t count);
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

int slice_new(struct worker *worker, const char *gateway_name, const struct uuid *vslice, const char *moniker,
	const struct slice_host *host, struct slice **out)
{
	struct slice *slice = calloc(1, sizeof(*slice));
	struct slice_list *list = worker_slices(worker);
	int error;

	if (!slice)
		return -ENOMEM;
	error = slice_kernel_new(
		worker_underlay_fd(worker), worker_state_dir(worker), gateway_name, vslice, moniker, &slice->kernel);
	if (error) {
		free(slice);
		return error;
	}
	slice->worker = worker;
	slice->vslice = *vslice;
	slice->host = *host;
	slice->nsid = -1;
	slice->link = &list->first;
	slice->next = list->first;
	if (slice->next)
		slice->next->link = &slice->next;
	list->first = slice;
	*out = slice;
	return 0;
}

static struct slice_job *job_new(
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

// Takes a job that has come back off its slice's list, and gives the slice, or NULL when that is gone.
static struct slice *job_slice(struct slice_job *job)
{
	if (!job->slice)
		return NULL;
	*job->link = job->next;
	if (job->next)
		job->next->link = job->link;
	return job->slice;
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
}

static void apply_again(struct slice *slice);

// Whether what was heard since the last apply is news.
static void follow_events(struct slice *slice)
{
	bool again = false;

	if (slice->applies)
		return; // its end looks again
	vec_each (&slice->watches, watch) {
		again = again || (watch->has_come && !watch->is_there) ||
			(watch->has_changed && watch->is_running != watch->is_available);
		watch->has_come = watch->has_changed = false;
	}
	if (again)
		apply_again(slice);
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
	struct slice *slice = job_slice(job);
	struct slice_result *result = &job->apply.result;

	if (slice) {
		slice->applies--;
		if (slice->waiting == job)
			slice->waiting = NULL;
		slice->nsid = result->nsid;
		take_watches(slice, result);
		follow_events(slice);
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
	}
	worker_unlock(slice->worker);
	if (is_waiting) {
		slice_spec_free(&old);
		return;
	}
	job = job_new(slice, apply_run, apply_done);
	if (!job) {
		slice_spec_free(&spec);
		slice->host.on_applied(slice->host.owner, slice, -ENOMEM, "out of memory", NULL, 0);
		return;
	}
	job->apply.spec = spec;
	slice->waiting = job;
	slice->applies++;
	worker_submit(slice->worker, &job->job);
}

static void apply_again(struct slice *slice)
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
		if (!uuid_equal(&old->target, &now->target))
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
	struct slice *slice = job_slice(job);
	bool is_news = false, must_start = false;

	if (slice) {
		slice->is_looking = false;
		vec_each (&job->apply.result.targets, now) {
			is_news = take_look(slice, now) || is_news;
			must_start = must_start || now->must_start;
		}
		if (must_start && !slice->applies)
			apply_again(slice);
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
	job = job_new(slice, look_run, look_done);
	if (!job)
		return;
	slice->is_looking = true;
	worker_submit(slice->worker, &job->job);
}

static void socket_run(struct worker *worker, struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);
	int error = slice_kernel_enter(job->kernel);

	job->socket.fd = error;
	if (!error)
		error = job->socket.address.addr.family ? udp_open(&job->socket.address, &job->socket.fd)
							: sims_open(&job->socket.fd);
	if (error)
		job->socket.fd = error;
}

static void socket_done(struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	if (job_slice(job))
		job->socket.done(job->socket.owner, job->socket.fd);
	else if (job->socket.fd >= 0)
		close(job->socket.fd);
	free(job);
}

void slice_socket(struct slice *slice, const struct ip_end *address, void (*done)(void *owner, int fd), void *owner)
{
	struct slice_job *job = job_new(slice, socket_run, socket_done);

	if (!job) {
		done(owner, -ENOMEM);
		return;
	}
	job->socket.address = *address;
	job->socket.fd = -ECANCELED;
	job->socket.done = done;
	job->socket.owner = owner;
	worker_submit(slice->worker, &job->job);
}

void slice_sims(struct slice *slice, void (*done)(void *owner, int fd), void *owner)
{
	slice_socket(slice, &(struct ip_end){0}, done, owner);
}

static void members_run(struct worker *worker, struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	slice_kernel_members(job->kernel, job->members.rows, job->members.count, job->members.whole);
}

static void members_done(struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	(void)job_slice(job);
	free(job->members.rows);
	free(job);
}

void slice_members(struct slice *slice, const struct slice_member *rows, size_t count, bool whole)
{
	struct slice_member *copy = calloc(count ? count : 1, sizeof(*copy));
	struct slice_job *job = copy ? job_new(slice, members_run, members_done) : NULL;

	if (!job) {
		free(copy);
		return;
	}
	if (count)
		memcpy(copy, rows, count * sizeof(*copy));
	job->members.rows = copy;
	job->members.count = count;
	job->members.whole = whole;
	worker_submit(slice->worker, &job->job);
}

static void cable_run(struct worker *worker, struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	slice_kernel_cable(job->kernel, job->cable);
}

static void cable_done(struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	(void)job_slice(job);
	free(job);
}

void slice_cable(struct slice *slice, bool on)
{
	struct slice_job *job = job_new(slice, cable_run, cable_done);

	if (!job)
		return;
	job->cable = on;
	worker_submit(slice->worker, &job->job);
}

static void counters_run(struct worker *worker, struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	if (!slice_kernel_enter(job->kernel))
		nft_counters_get(&job->counters.rows);
}

static void counters_done(struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	if (job_slice(job))
		job->counters.done(job->counters.owner, job->counters.rows.rows.items, job->counters.rows.rows.count);
	vec_free(&job->counters.rows.rows);
	free(job);
}

void slice_rule_counters(
	struct slice *slice, void (*done)(void *owner, const struct slice_rule_counter *rows, size_t count), void *owner)
{
	struct slice_job *job = job_new(slice, counters_run, counters_done);

	if (!job) {
		done(owner, NULL, 0);
		return;
	}
	job->counters.done = done;
	job->counters.owner = owner;
	worker_submit(slice->worker, &job->job);
}

static void bindings_run(struct worker *worker, struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	job->bindings.error = slice_kernel_bindings(job->kernel, &job->bindings.query, &job->bindings.found);
}

static void bindings_done(struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	if (!job_slice(job))
		job->bindings.error = -ECANCELED;
	job->bindings.done(job->bindings.owner, job->bindings.error, &job->bindings.found);
	vec_free(&job->bindings.found.rows);
	free(job);
}

void slice_bindings(struct slice *slice, const struct binding_query *query,
	void (*done)(void *owner, int error, const struct bindings *bindings), void *owner)
{
	struct slice_job *job = job_new(slice, bindings_run, bindings_done);

	if (!job) {
		done(owner, -ENOMEM, NULL);
		return;
	}
	job->bindings.query = *query;
	job->bindings.done = done;
	job->bindings.owner = owner;
	worker_submit(slice->worker, &job->job);
}

static void free_run(struct worker *worker, struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	if (!job->keep)
		slice_kernel_remove(job->kernel);
	slice_kernel_free(&job->kernel);
}

static void free_done(struct worker_job *base)
{
	free(container_of(base, struct slice_job, job));
}

void slice_free(struct slice **slice_ptr, bool keep)
{
	struct slice *slice = *slice_ptr;
	struct slice_job *last;

	*slice_ptr = NULL;
	if (!slice)
		return;
	last = job_new(slice, free_run, free_done);
	for (struct slice_job *job = slice->jobs; job; job = job->next)
		job->slice = NULL;
	*slice->link = slice->next;
	if (slice->next)
		slice->next->link = slice->link;
	if (last) {
		last->keep = keep;
		worker_submit(slice->worker, &last->job);
	} else {
		log_err("message=\"out of memory: a slice's network namespace stays\"");
	}
	vec_free(&slice->watches);
	vec_free(&slice->statuses);
	free(slice);
}

struct underlay_job {
	struct worker_job job;
	VEC(struct ip_prefix) peers;
	struct natpool pool;
};

static void underlay_run(struct worker *worker, struct worker_job *base)
{
	struct underlay_job *job = container_of(base, struct underlay_job, job);

	underlay_set(worker_underlay_fd(worker), job->peers.items, job->peers.count, &job->pool);
}

static void underlay_done(struct worker_job *base)
{
	struct underlay_job *job = container_of(base, struct underlay_job, job);

	vec_free(&job->peers);
	natpool_fini(&job->pool);
	free(job);
}

void slice_underlay(struct worker *worker, const struct ip_prefix *peers, size_t count, const struct natpool *pool)
{
	static const struct addr_set all = {0};
	struct underlay_job *job = calloc(1, sizeof(*job));
	size_t missing;

	if (!job)
		return;
	for (size_t i = 0; i < count; i++) {
		struct ip_prefix *room = vec_add(&job->peers);

		if (room)
			*room = peers[i];
	}
	natpool_take(pool, &all, &job->pool, &missing);
	job->job.run = underlay_run;
	job->job.done = underlay_done;
	worker_submit(worker, &job->job);
}

struct sweep_job {
	struct worker_job job;
	char *gateway_name;
	VEC(struct uuid) claimed;
};

static void sweep_run(struct worker *worker, struct worker_job *base)
{
	struct sweep_job *job = container_of(base, struct sweep_job, job);

	slice_kernel_sweep(worker_underlay_fd(worker), job->gateway_name, job->claimed.items, job->claimed.count);
}

static void sweep_done(struct worker_job *base)
{
	struct sweep_job *job = container_of(base, struct sweep_job, job);

	vec_free(&job->claimed);
	free(job->gateway_name);
	free(job);
}

void slice_sweep(struct worker *worker, const char *gateway_name)
{
	struct sweep_job *job = calloc(1, sizeof(*job));
	bool complete = job && (job->gateway_name = strdup(gateway_name));

	for (struct slice *slice = worker_slices(worker)->first; complete && slice; slice = slice->next) {
		struct uuid *room = vec_add(&job->claimed);

		complete = room;
		if (room)
			*room = slice->vslice;
	}
	if (!complete) { // with half a list live slices would be swept
		if (job)
			sweep_done(&job->job);
		return;
	}
	job->job.run = sweep_run;
	job->job.done = sweep_done;
	worker_submit(worker, &job->job);
}

// Whether an event of `name` concerns the watch: its interface, or the lower one of its VLAN.
static bool names(const struct slice_watch *watch, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(watch->interface, name, len) && (!watch->interface[len] || watch->interface[len] == '.');
}

void slice_on_link(void *worker, int nsid, const char *name, bool is_there, bool is_running)
{
	for (struct slice *slice = worker_slices(worker)->first; slice; slice = slice->next) {
		if (nsid != LINKS_UNDERLAY && nsid != slice->nsid)
			continue;
		vec_each (&slice->watches, watch) {
			if (nsid == LINKS_UNDERLAY) {
				watch->has_come = watch->has_come || (is_there && names(watch, name));
			} else if (!strcmp(watch->interface, name)) {
				watch->has_changed = true;
				watch->is_running = is_running;
			}
		}
	}
}

void slice_on_links_end(void *worker)
{
	for (struct slice *slice = worker_slices(worker)->first; slice; slice = slice->next)
		follow_events(slice);
}

void slice_on_links_lost(void *worker)
{
	for (struct slice *slice = worker_slices(worker)->first; slice; slice = slice->next)
		if (slice->watches.count)
			apply_again(slice);
}
