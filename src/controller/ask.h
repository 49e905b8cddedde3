// SPDX-License-Identifier: Apache-2.0
// Questions to a gateway: a command goes down its stream, and the answer comes with its next report. The client waits meanwhile, for a few seconds.
// All on the loop.
#pragma once

#include <jansson.h>
#include <stdint.h>

struct asks;
struct controller;
struct exchange;

int asks_new(struct controller *controller, struct asks **out); // 0 or -ENOMEM
void asks_free(struct asks **asks); // after the HTTP server is gone

// `command` (taken): its members, to which `query` is added. The exchange is answered with a page of the list that the gateway tells: 200, 409 when
// it is not connected, 429 when it has enough to answer, 504 when it takes too long.
void asks_send(struct asks *asks, const char *gateway, json_t *command, struct exchange *exchange, int64_t offset, int64_t limit);
// What the gateway says to a question: `rows` (an array; borrowed) of `total`, or `error`.
void asks_answer(struct asks *asks, const char *gateway, const char *query, const json_t *rows, int64_t total, const char *error);
