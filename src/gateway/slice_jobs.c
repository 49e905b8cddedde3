// SPDX-License-Identifier: Apache-2.0
// What else is asked of a slice: sockets inside it, which policy its SIMs have, what its rules counted; and of what all slices share.
#include "gateway/slice_priv.h"

#include "base/clean.h"
#include "gateway/sims.h"
#include "gateway/target/bindings.h"
#include "gateway/target/underlay.h"
#include "gateway/udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

	if (slice_job_end(job))
		job->socket.done(job->socket.owner, job->socket.fd);
	else if (job->socket.fd >= 0)
		close(job->socket.fd);
	free(job);
}

void slice_socket(struct slice *slice, const struct ip_end *address, void (*done)(void *owner, int fd), void *owner)
{
	struct slice_job *job = slice_job_new(slice, socket_run, socket_done);

	if (!job) {
		done(owner, -ENOMEM);
		return;
	}
	job->socket.address = *address;
	job->socket.fd = -ECANCELED;
	job->socket.done = done;
	job->socket.owner = owner;
	slice_submit(slice, job);
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

	(void)slice_job_end(job);
	free(job->members.rows);
	free(job);
}

void slice_members(struct slice *slice, const struct slice_member *rows, size_t count, bool whole)
{
	struct slice_member *copy = calloc(count ? count : 1, sizeof(*copy));
	struct slice_job *job = copy ? slice_job_new(slice, members_run, members_done) : NULL;

	if (!job) {
		free(copy);
		return;
	}
	if (count)
		memcpy(copy, rows, count * sizeof(*copy));
	job->members.rows = copy;
	job->members.count = count;
	job->members.whole = whole;
	slice_submit(slice, job);
}

static void cable_run(struct worker *worker, struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	slice_kernel_cable(job->kernel, job->cable);
}

static void cable_done(struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	(void)slice_job_end(job);
	free(job);
}

void slice_cable(struct slice *slice, bool on)
{
	struct slice_job *job = slice_job_new(slice, cable_run, cable_done);

	if (!job)
		return;
	job->cable = on;
	slice_submit(slice, job);
}

static void counters_run(struct worker *worker, struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	if (!slice_kernel_enter(job->kernel))
		nft_counters_get(&job->counters.rows);
	slice_kernel_traffic(job->kernel, &job->counters.traffic);
}

static void counters_done(struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	const struct slice_counts counts = {job->counters.rows.rows.items, job->counters.traffic.rows.items,
		job->counters.rows.rows.count, job->counters.traffic.rows.count};

	if (slice_job_end(job))
		job->counters.done(job->counters.owner, &counts);
	vec_free(&job->counters.rows.rows);
	vec_free(&job->counters.traffic.rows);
	free(job);
}

void slice_counters(struct slice *slice, void (*done)(void *owner, const struct slice_counts *counts), void *owner)
{
	struct slice_job *job = slice_job_new(slice, counters_run, counters_done);

	if (!job) {
		done(owner, &(const struct slice_counts){0});
		return;
	}
	job->job.can_wait = true;
	job->counters.done = done;
	job->counters.owner = owner;
	slice_submit(slice, job);
}

static void bindings_run(struct worker *worker, struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	job->bindings.error = slice_kernel_bindings(job->kernel, &job->bindings.query, &job->bindings.found);
}

static void bindings_done(struct worker_job *base)
{
	struct slice_job *job = container_of(base, struct slice_job, job);

	if (!slice_job_end(job))
		job->bindings.error = -ECANCELED;
	job->bindings.done(job->bindings.owner, job->bindings.error, &job->bindings.found);
	vec_free(&job->bindings.found.rows);
	free(job);
}

void slice_bindings(struct slice *slice, const struct binding_query *query,
	void (*done)(void *owner, int error, const struct bindings *bindings), void *owner)
{
	struct slice_job *job = slice_job_new(slice, bindings_run, bindings_done);

	if (!job) {
		done(owner, -ENOMEM, NULL);
		return;
	}
	job->bindings.query = *query;
	job->bindings.done = done;
	job->bindings.owner = owner;
	slice_submit(slice, job);
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
	worker_submit(worker, NULL, &job->job);
}
