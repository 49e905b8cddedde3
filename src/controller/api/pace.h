// SPDX-License-Identifier: Apache-2.0
// Slow clients. A connection that is silent ends by itself; one that sends or takes an octet now and then would not, and would keep its memory
// and one of the places for ever. So what a client does has a time: the one that is given, and more for each octet that came or goes.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum pace_state {
	PACE_IDLE = 1, // between requests, or in the head of one
	PACE_RECEIVING, // a body
	PACE_OURS, // we work, or it is a stream
	PACE_SENDING, // the client takes the answer
};

struct pace_connection {
	int fd;
	enum pace_state state;
	uint64_t since_ms;
	size_t octets; // that came, or are to go
	struct pace_connection *next, **link;
};

struct pace {
	uv_timer_t *timer;
	uint64_t allowed_ms, idle_ms;
	struct pace_connection *first;
};

// `allowed_ms` for what a client does; `idle_ms` is after how long the server ends a silent connection by itself. 0 or -ENOMEM.
int pace_init(struct pace *pace, uv_loop_t *loop, uint64_t allowed_ms, uint64_t idle_ms);
void pace_fini(struct pace *pace); // connections are closed by then
struct pace_connection *pace_open(struct pace *pace, int fd); // NULL when memory is out: then nobody looks at it
void pace_close(struct pace_connection *connection);
// What the connection does from `now_ms` on. NULL is fine.
void pace_set(struct pace_connection *connection, enum pace_state state, size_t octets, uint64_t now_ms);
