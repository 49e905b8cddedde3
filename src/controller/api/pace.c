// SPDX-License-Identifier: Apache-2.0
#include "controller/api/pace.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#define LOOK_MS 1000
#define OCTETS_PER_MS 16 // 16 KiB/s is slow enough for anybody

static bool is_late(const struct pace *pace, const struct pace_connection *connection, uint64_t now_ms)
{
	uint64_t ms = now_ms - connection->since_ms;

	switch (connection->state) {
	case PACE_OURS:
		return false;
	case PACE_IDLE:
		return ms > pace->allowed_ms + pace->idle_ms;
	default:
		return ms > pace->allowed_ms + connection->octets / OCTETS_PER_MS;
	}
}

// The server finds the end of the connection by itself then, as if the client had left.
static void on_timer(uv_timer_t *timer)
{
	struct pace *pace = timer->data;
	uint64_t now_ms = uv_now(timer->loop);

	for (struct pace_connection *connection = pace->first; connection; connection = connection->next)
		if (is_late(pace, connection, now_ms))
			shutdown(connection->fd, SHUT_RDWR);
}

int pace_init(struct pace *pace, uv_loop_t *loop, uint64_t allowed_ms, uint64_t idle_ms)
{
	*pace = (struct pace){.allowed_ms = allowed_ms, .idle_ms = idle_ms, .timer = calloc(1, sizeof(uv_timer_t))};
	if (!pace->timer)
		return -ENOMEM;
	uv_timer_init(loop, pace->timer);
	pace->timer->data = pace;
	uv_timer_start(pace->timer, on_timer, LOOK_MS, LOOK_MS);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle);
}

void pace_fini(struct pace *pace)
{
	if (!pace->timer)
		return;
	uv_timer_stop(pace->timer);
	uv_close((uv_handle_t *)pace->timer, on_closed);
	pace->timer = NULL;
}

struct pace_connection *pace_open(struct pace *pace, int fd)
{
	struct pace_connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->fd = fd;
	pace_set(connection, PACE_IDLE, 0, uv_now(pace->timer->loop));
	connection->next = pace->first;
	connection->link = &pace->first;
	if (connection->next)
		connection->next->link = &connection->next;
	pace->first = connection;
	return connection;
}

void pace_close(struct pace_connection *connection)
{
	*connection->link = connection->next;
	if (connection->next)
		connection->next->link = connection->link;
	free(connection);
}

void pace_set(struct pace_connection *connection, enum pace_state state, size_t octets, uint64_t now_ms)
{
	if (!connection)
		return;
	connection->state = state;
	connection->octets = octets;
	connection->since_ms = now_ms;
}
