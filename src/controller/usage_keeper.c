// SPDX-License-Identifier: Apache-2.0
#include "controller/usage_keeper.h"

#include "base/clean.h"
#include "controller/store/store.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST_MS 60000
#define PERIOD_MS 3600000
#define PAUSE_MS 100 // between two portions, so that others have the writer

struct usage_keeper {
	struct controller *controller;
	const struct usage_limits *limits;
	uv_timer_t timer;
	struct store_job job;
	bool busy, more;
};

static void prune_run(struct db *db, struct store_job *job)
{
	struct usage_keeper *keeper = container_of(job, struct usage_keeper, job);

	keeper->more = usage_prune(db, keeper->limits, db_now_ms());
}

static void on_timer(uv_timer_t *timer);

static void prune_done(struct store_job *job)
{
	struct usage_keeper *keeper = container_of(job, struct usage_keeper, job);

	keeper->busy = false;
	if (keeper->controller->store)
		uv_timer_start(&keeper->timer, on_timer, keeper->more ? PAUSE_MS : PERIOD_MS, 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct usage_keeper *keeper = timer->data;

	if (keeper->busy || !keeper->controller->store)
		return;
	keeper->busy = true;
	keeper->job = (struct store_job){.run = prune_run, .done = prune_done};
	store_write(keeper->controller->store, &keeper->job);
}

int usage_keeper_new(struct controller *controller, const struct usage_limits *limits, struct usage_keeper **out)
{
	struct usage_keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		return -ENOMEM;
	keeper->controller = controller;
	keeper->limits = limits;
	uv_timer_init(&controller->loop, &keeper->timer);
	keeper->timer.data = keeper;
	uv_timer_start(&keeper->timer, on_timer, FIRST_MS, 0);
	*out = keeper;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void usage_keeper_free(struct usage_keeper **keeper)
{
	if (!*keeper)
		return;
	uv_close((uv_handle_t *)&(*keeper)->timer, on_closed);
	*keeper = NULL;
}
