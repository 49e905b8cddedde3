// SPDX-License-Identifier: Apache-2.0
#include "controller/ask.h"

#include "base/log.h"
#include "controller/api/http.h"
#include "controller/controller.h"
#include "controller/link.h"
#include "controller/store/uuid.h"
#include "model/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(ask);

#define PATIENCE_MS 5000
#define AT_ONCE 8 // of one gateway

struct ask {
	struct ask *next;
	struct asks *asks;
	struct exchange *exchange; // NULL once it is answered
	char query[UUID_TEXT], gateway[UUID_TEXT];
	int64_t offset, limit;
	uv_timer_t timer;
};

struct asks {
	struct controller *controller;
	struct ask *first;
};

int asks_new(struct controller *controller, struct asks **out)
{
	struct asks *asks = calloc(1, sizeof(*asks));

	if (!asks)
		return -ENOMEM;
	asks->controller = controller;
	*out = asks;
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void ask_end(struct ask *ask)
{
	for (struct ask **link = &ask->asks->first; *link; link = &(*link)->next)
		if (*link == ask) {
			*link = ask->next;
			break;
		}
	uv_close((uv_handle_t *)&ask->timer, on_closed);
}

void asks_free(struct asks **asks)
{
	while (*asks && (*asks)->first)
		ask_end((*asks)->first);
	free(*asks);
	*asks = NULL;
}

static void fail(struct exchange *exchange, int status, const char *message)
{
	static const struct exchange_header later = {"Retry-After", "1"};
	struct exchange_answer answer = {.status = status, .headers = &later, .header_count = status == 429};
	struct text body = {0};

	text_add(&body, "{\"success\":false,\"messages\":[");
	text_json(&body, message);
	text_add(&body, "],\"data\":null}");
	answer.body = text_take(&body, &answer.len);
	exchange_reply(exchange, &answer);
}

static void on_late(uv_timer_t *timer)
{
	struct ask *ask = timer->data;

	log_info("gateway=%s query=%s message=\"no answer\"", ask->gateway, ask->query);
	fail(ask->exchange, 504, "The Regional Gateway did not answer in time; try again");
	ask_end(ask);
}

static unsigned waiting_for(const struct asks *asks, const char *gateway)
{
	unsigned count = 0;

	for (const struct ask *ask = asks->first; ask; ask = ask->next)
		count += strcmp(ask->gateway, gateway) == 0;
	return count;
}

void asks_send(struct asks *asks, const char *gateway, json_t *command, struct exchange *exchange, int64_t offset, int64_t limit)
{
	struct ask *ask = waiting_for(asks, gateway) < AT_ONCE ? calloc(1, sizeof(*ask)) : NULL;

	if (!ask) {
		json_decref(command);
		fail(exchange, 429, "The Regional Gateway has enough to answer just now; try again");
		return;
	}
	*ask = (struct ask){.next = asks->first, .asks = asks, .exchange = exchange, .offset = offset, .limit = limit};
	asks->first = ask;
	snprintf(ask->gateway, sizeof(ask->gateway), "%s", gateway);
	uuid_make(ask->query);
	uv_timer_init(&asks->controller->loop, &ask->timer);
	ask->timer.data = ask;
	json_object_set_new(command, "query", json_string(ask->query));
	json_object_set_new(command, "offset", json_integer(offset));
	json_object_set_new(command, "limit", json_integer(limit));
	if (link_command_row(asks->controller->link, gateway, command)) {
		uv_timer_start(&ask->timer, on_late, PATIENCE_MS, 0);
	} else {
		fail(exchange, 409, "The Regional Gateway that knows is not connected");
		ask_end(ask);
	}
	json_decref(command);
}

void asks_answer(struct asks *asks, const char *gateway, const char *query, const json_t *rows, int64_t total, const char *error)
{
	struct exchange_answer answer = {.status = 200};
	struct ask *ask = asks->first;
	struct text body = {0};
	char *text;

	while (ask && (strcmp(ask->query, query) != 0 || strcmp(ask->gateway, gateway) != 0))
		ask = ask->next;
	if (!ask)
		return; // too late, or of a controller before this one
	text = error ? NULL : json_dumps(rows, JSON_COMPACT);
	if (text) {
		text_format(&body,
			"{\"success\":true,\"messages\":[],\"data\":%s,\"totalItems\":%lld,\"limit\":%lld,\"offset\":%lld}", text,
			(long long)total, (long long)ask->limit, (long long)ask->offset);
		answer.body = text_take(&body, &answer.len);
		exchange_reply(ask->exchange, &answer);
	} else {
		fail(ask->exchange, 409, error ? error : "The Regional Gateway's answer was not understood");
	}
	free(text);
	ask_end(ask);
}
