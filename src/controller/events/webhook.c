// SPDX-License-Identifier: Apache-2.0
// Webhooks.
//
// Each handler with something ready has a courier. It takes what is due from the store (never more than its window of requests, each from
// another lane), posts it, and writes down how it ended; only then the lane's next event becomes ready. So the order of an endpoint's events is
// kept, what was not written down goes out again after a crash (at least once), and a receiver that is slow or dead costs its own window of
// open requests and nothing else: everything that waits, waits in the store.
//
// Any answer 2xx means taken. A failure is tried again with growing waits for a day, then the delivery is a dead letter. A failure that speaks
// of the receiver rather than of the event (no answer, 5xx, 429, not found, not allowed) also slows the whole courier down to one request at a
// time, with growing pauses, until one succeeds.
#include "controller/events/webhook.h"

#include "base/clean.h"
#include "base/http.h"
#include "base/log.h"
#include "controller/api/http.h"
#include "controller/events/delivery.h"
#include "controller/events/reach.h"
#include "model/json.h"

#include <errno.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

LOG_CATEGORY(webhook);

#define WINDOW 8
#define FETCH_MAX (2 * WINDOW)
#define HEADERS_MAX 8

struct attempt {
	struct store_job job;
	struct courier *courier;
	struct delivery *delivery;
	struct http_call *call; // NULL once it is answered
	bool is_taken, is_dead;
	int64_t due_ms;
	char error[160];
	struct attempt *next, **link;
};

struct courier {
	struct store_job job;
	struct webhooks *webhooks;
	char handler[UUID_TEXT];
	struct attempt *attempts;
	unsigned in_flight;
	int64_t failures; // of the receiver, in a row
	int64_t pause_until_ms, due_ms; // wall clock; due 0 = nothing that we know of
	bool busy; // a fetch is under way
	int64_t ended[WINDOW]; // what was written down meanwhile: the fetch may have looked before
	size_t ended_count;
	// What the fetch found.
	struct event_handler *config; // NULL = the handler is gone
	struct delivery *found[FETCH_MAX];
	size_t found_count, asked;
	int64_t next_ms;
	struct courier *next, **link;
};

struct probe { // a test that a person waits for
	struct webhooks *webhooks;
	struct exchange *exchange;
	struct http_call *call;
	char handler[UUID_TEXT];
	uint64_t started_ms;
	struct probe *next, **link;
};

struct due {
	char handler[UUID_TEXT];
	int64_t due_ms;
};

struct webhooks {
	struct store_job job; // the scan
	struct controller *controller;
	struct http *http;
	struct courier *couriers;
	struct probe *probes;
	uv_timer_t timer;
	bool scanning, scan_again, stopped;
	struct due *due;
	size_t due_count;
	int64_t give_up_ms, retry_max_ms;
	const struct reach *reach;
	struct event_counters counters;
};

static void courier_next(struct courier *courier);

int64_t webhook_backoff_ms(int64_t failures, int64_t max_ms, uint8_t chance)
{
	int64_t wait_ms = failures < 1 ? 1000 : failures > 20 ? max_ms : 1000ll << (failures - 1);

	if (wait_ms > max_ms)
		wait_ms = max_ms;
	return wait_ms - wait_ms * chance / 255 / 5;
}

void webhook_sign(const char *secret, int64_t seconds, const char *body, size_t len, char out[100])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct hmac_sha256_ctx hmac;
	char start[24];
	int used = snprintf(start, sizeof(start), "%lld.", (long long)seconds);

	hmac_sha256_set_key(&hmac, strlen(secret), (const uint8_t *)secret);
	hmac_sha256_update(&hmac, (size_t)used, (const uint8_t *)start);
	hmac_sha256_update(&hmac, len, (const uint8_t *)body);
	hmac_sha256_digest(&hmac, sizeof(digest), digest);
	explicit_bzero(&hmac, sizeof(hmac));
	used = snprintf(out, 100, "t=%lld,v1=", (long long)seconds);
	for (size_t i = 0; i < sizeof(digest); i++)
		used += snprintf(out + used, 100 - (size_t)used, "%02x", digest[i]);
}

static struct store *store_of(const struct webhooks *webhooks)
{
	return webhooks->stopped ? NULL : webhooks->controller->store; // NULL once it is being closed
}

static void on_timer(uv_timer_t *timer)
{
	struct webhooks *webhooks = timer->data;
	struct courier *next;

	for (struct courier *courier = webhooks->couriers; courier; courier = next) {
		next = courier->next;
		courier_next(courier);
	}
}

// To come back at a time, unless the timer is set for an earlier one.
static void come_back(struct webhooks *webhooks, int64_t at_ms)
{
	int64_t wait_ms = at_ms - db_now_ms();
	uint64_t left_ms = uv_is_active((uv_handle_t *)&webhooks->timer) ? uv_timer_get_due_in(&webhooks->timer) : UINT64_MAX;

	if (wait_ms < 1)
		wait_ms = 1;
	if ((uint64_t)wait_ms < left_ms)
		uv_timer_start(&webhooks->timer, on_timer, (uint64_t)wait_ms, 0);
}

// One request.

struct headers {
	char texts[HEADERS_MAX][160];
	char *authorization;
	const char *list[HEADERS_MAX + 2];
	size_t count;
};

__attribute__((format(printf, 2, 3))) static void header_add(struct headers *headers, const char *format, ...)
{
	char *text = headers->texts[headers->count];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(headers->texts[0]), format, args);
	va_end(args);
	headers->list[headers->count++] = text;
}

static bool may_dial(const void *owner, const struct ip_addr *addr)
{
	return reach_may(owner, addr);
}

static int post(struct webhooks *webhooks, const struct webhook_config *config, struct headers *headers, const struct text *body,
	void (*on_done)(void *owner, long status, const char *error), void *owner, struct http_call **out)
{
	struct http_request request = {.method = "POST",
		.url = config->url,
		.body = body->bytes,
		.body_len = body->len,
		.on_done = on_done,
		.owner = owner,
		.may_dial = may_dial,
		.dial_owner = webhooks->reach,
		.timeout_ms = (long)webhook_timeout_s(config) * 1000,
		.connect_timeout_ms = (long)webhook_timeout_s(config) * 1000};
	char signature[100];

	header_add(headers, "User-Agent: slicegate/" SLICEGATE_VERSION);
	if (config->signing_secret) {
		webhook_sign(config->signing_secret, db_now_ms() / 1000, body->bytes, body->len, signature);
		header_add(headers, "X-Slicegate-Signature: %s", signature);
	}
	if (config->bearer_token && asprintf(&headers->authorization, "Authorization: Bearer %s", config->bearer_token) > 0) {
		headers->list[headers->count++] = headers->authorization;
	} else if (config->username) {
		request.username = config->username;
		request.password = config->password ? config->password : "";
	}
	request.headers = headers->list;
	int error = body->failed ? -ENOMEM : http_start(webhooks->http, &request, out);

	if (headers->authorization)
		explicit_bzero(headers->authorization, strlen(headers->authorization));
	free(headers->authorization);
	return error;
}

// Does the failure speak of the receiver as a whole? Otherwise of this event only.
static bool is_of_receiver(long status)
{
	return status < 400 || status >= 500 || status == 401 || status == 403 || status == 404 || status == 408 || status == 429;
}

static void attempt_free(struct attempt *attempt)
{
	struct courier *courier = attempt->courier;

	if (courier->busy && courier->ended_count < WINDOW)
		courier->ended[courier->ended_count++] = attempt->delivery->sequence;
	*attempt->link = attempt->next;
	if (attempt->next)
		attempt->next->link = attempt->link;
	courier->in_flight--;
	http_cancel(&attempt->call);
	delivery_free(attempt->delivery);
	free(attempt);
}

static void outcome_run(struct db *db, struct store_job *job)
{
	struct attempt *attempt = container_of(job, struct attempt, job);
	const char *handler = attempt->courier->handler;
	int64_t sequence = attempt->delivery->sequence;
	int error = attempt->is_taken ? delivery_done(db, handler, sequence)
		: attempt->is_dead    ? delivery_dead(db, handler, sequence, attempt->error)
				      : delivery_failed(db, handler, sequence, attempt->error, attempt->due_ms);

	job->abort = error != 0;
}

static void outcome_done(struct store_job *job)
{
	struct attempt *attempt = container_of(job, struct attempt, job);
	struct courier *courier = attempt->courier;
	int64_t due_ms = attempt->is_taken || attempt->is_dead ? db_now_ms() : attempt->due_ms;

	if (job->error || job->abort) // it is ready still: not at once again
		courier->pause_until_ms = db_now_ms() + 1000;
	if (!courier->due_ms || due_ms < courier->due_ms)
		courier->due_ms = due_ms;
	attempt_free(attempt);
	courier_next(courier);
}

static void on_answer(void *owner, long status, const char *error)
{
	struct attempt *attempt = owner;
	struct courier *courier = attempt->courier;
	struct webhooks *webhooks = courier->webhooks;
	struct delivery *delivery = attempt->delivery;
	int64_t now_ms = db_now_ms();
	uint8_t chance = 0;

	attempt->call = NULL;
	attempt->is_taken = status >= 200 && status < 300 && !error;
	if (attempt->is_taken) {
		webhooks->counters.delivered++;
		courier->failures = 0;
	} else {
		(void)!getrandom(&chance, 1, 0);
		webhooks->counters.failed++;
		if (error)
			snprintf(attempt->error, sizeof(attempt->error), "%.150s", error);
		else
			snprintf(attempt->error, sizeof(attempt->error), "the receiver answered %ld", status);
		attempt->is_dead = now_ms - delivery->queued_ms >= webhooks->give_up_ms;
		webhooks->counters.dead += attempt->is_dead;
		attempt->due_ms = now_ms + webhook_backoff_ms(delivery->attempts + 1, webhooks->retry_max_ms, chance);
		if (error || is_of_receiver(status)) {
			courier->failures++;
			courier->pause_until_ms = now_ms + webhook_backoff_ms(courier->failures, webhooks->retry_max_ms, chance);
		}
		log_debug("failed handler=%s event=%lld attempt=%lld why=\"%s\"", courier->handler, (long long)delivery->sequence,
			(long long)delivery->attempts + 1, attempt->error);
	}
	if (!store_of(webhooks)) {
		attempt_free(attempt);
		return;
	}
	attempt->job = (struct store_job){.run = outcome_run, .done = outcome_done};
	store_write(store_of(webhooks), &attempt->job);
}

// Or was, when the fetch looked.
static bool is_in_flight(const struct courier *courier, int64_t sequence)
{
	for (const struct attempt *attempt = courier->attempts; attempt; attempt = attempt->next)
		if (attempt->delivery->sequence == sequence)
			return true;
	for (size_t i = 0; i < courier->ended_count; i++)
		if (courier->ended[i] == sequence)
			return true;
	return false;
}

// `delivery` is taken over.
static void attempt_start(struct courier *courier, struct delivery *delivery)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	struct headers headers = {0};
	struct text body = {0};

	if (!attempt)
		abort();
	attempt->courier = courier;
	attempt->delivery = delivery;
	attempt->next = courier->attempts;
	attempt->link = &courier->attempts;
	if (attempt->next)
		attempt->next->link = &attempt->next;
	courier->attempts = attempt;
	courier->in_flight++;
	json_put_object(&body, &noun_event, delivery->event, JSON_LINK);
	header_add(&headers, "X-Slicegate-Event: %s", delivery->event->type);
	header_add(&headers, "X-Slicegate-Delivery: %s", delivery->event->object.id);
	header_add(&headers, "X-Slicegate-Attempt: %lld", (long long)delivery->attempts + 1);
	if (post(courier->webhooks, &courier->config->config.webhook, &headers, &body, on_answer, attempt, &attempt->call))
		on_answer(attempt, 0, "the request could not be made");
	text_fini(&body);
}

// A handler's courier.

static void courier_free(struct courier *courier)
{
	*courier->link = courier->next;
	if (courier->next)
		courier->next->link = courier->link;
	free(courier);
}

static void fetch_run(struct db *db, struct store_job *job)
{
	struct courier *courier = container_of(job, struct courier, job);
	void *config;

	courier->found_count = 0;
	courier->next_ms = 0;
	if (db_get(db, &noun_event_handler, courier->handler, DB_SECRETS | DB_LEAN, &config))
		return;
	courier->config = config;
	courier->found_count = delivery_due(db, courier->handler, db_now_ms(), courier->found, courier->asked, &courier->next_ms);
}

static void fetch_done(struct store_job *job)
{
	struct courier *courier = container_of(job, struct courier, job);
	unsigned window = courier->failures ? 1 : WINDOW;

	courier->busy = false;
	if (!courier->due_ms || !courier->config) // set meanwhile: look again
		courier->due_ms = courier->found_count == courier->asked ? db_now_ms() : courier->next_ms;
	for (size_t i = 0; i < courier->found_count; i++) {
		struct delivery *delivery = courier->found[i];

		if (!courier->config || !store_of(courier->webhooks) || courier->in_flight >= window ||
			is_in_flight(courier, delivery->sequence))
			delivery_free(delivery);
		else
			attempt_start(courier, delivery);
	}
	object_free(&noun_event_handler, courier->config);
	courier->config = NULL;
	courier->found_count = courier->ended_count = 0;
	courier_next(courier);
}

static void courier_next(struct courier *courier)
{
	struct webhooks *webhooks = courier->webhooks;
	unsigned window = courier->failures ? 1 : WINDOW;
	int64_t now_ms = db_now_ms();

	if (courier->busy || courier->in_flight >= window || !store_of(webhooks))
		return;
	if (!courier->due_ms) {
		if (!courier->in_flight && !courier->failures)
			courier_free(courier);
		return;
	}
	int64_t at_ms = courier->due_ms > courier->pause_until_ms ? courier->due_ms : courier->pause_until_ms;

	if (at_ms > now_ms) {
		come_back(webhooks, at_ms);
		return;
	}
	courier->due_ms = 0;
	courier->busy = true;
	courier->ended_count = 0;
	courier->asked = WINDOW + courier->in_flight;
	courier->job = (struct store_job){.run = fetch_run, .done = fetch_done};
	store_read(store_of(webhooks), &courier->job);
}

static struct courier *courier_of(struct webhooks *webhooks, const char *handler)
{
	struct courier *courier = webhooks->couriers;

	while (courier && strcmp(courier->handler, handler) != 0)
		courier = courier->next;
	if (courier)
		return courier;
	if (!(courier = calloc(1, sizeof(*courier))))
		abort();
	courier->webhooks = webhooks;
	snprintf(courier->handler, sizeof(courier->handler), "%s", handler);
	courier->next = webhooks->couriers;
	courier->link = &webhooks->couriers;
	if (courier->next)
		courier->next->link = &courier->next;
	webhooks->couriers = courier;
	return courier;
}

// The scan: which handlers have something ready.

static void note_due(const char *handler, int64_t due_ms, void *context)
{
	struct webhooks *webhooks = context;
	struct due *due = realloc(webhooks->due, (webhooks->due_count + 1) * sizeof(*due));

	if (!due)
		return;
	webhooks->due = due;
	snprintf(due[webhooks->due_count].handler, UUID_TEXT, "%s", handler);
	due[webhooks->due_count++].due_ms = due_ms;
}

static void scan_run(struct db *db, struct store_job *job)
{
	struct webhooks *webhooks = container_of(job, struct webhooks, job);

	webhooks->due_count = 0;
	delivery_handlers(db, note_due, webhooks);
}

static void scan_done(struct store_job *job)
{
	struct webhooks *webhooks = container_of(job, struct webhooks, job);

	webhooks->scanning = false;
	for (size_t i = 0; i < webhooks->due_count; i++) {
		struct courier *courier = courier_of(webhooks, webhooks->due[i].handler);

		if (!courier->due_ms || webhooks->due[i].due_ms < courier->due_ms)
			courier->due_ms = webhooks->due[i].due_ms;
		courier_next(courier);
	}
	if (webhooks->scan_again)
		webhooks_wake(webhooks);
}

void webhooks_wake(struct webhooks *webhooks)
{
	webhooks->scan_again = webhooks->scanning;
	if (webhooks->scanning || !store_of(webhooks))
		return;
	webhooks->scanning = true;
	webhooks->job = (struct store_job){.run = scan_run, .done = scan_done};
	store_read(store_of(webhooks), &webhooks->job);
}

// The test.

static void probe_answer(struct probe *probe, int status, const char *message)
{
	struct exchange_answer answer = {.status = status};
	struct text body = {0};

	text_format(&body, "{\"success\":%s,\"messages\":[", status == 200 ? "true" : "false");
	text_json(&body, message);
	text_add(&body, "],\"data\":");
	text_json(&body, status == 200 ? probe->handler : NULL);
	text_char(&body, '}');
	answer.body = text_take(&body, &answer.len);
	exchange_reply(probe->exchange, &answer);
	*probe->link = probe->next;
	if (probe->next)
		probe->next->link = probe->link;
	http_cancel(&probe->call);
	free(probe);
}

static void on_probe_answer(void *owner, long status, const char *error)
{
	struct probe *probe = owner;
	bool is_taken = status >= 200 && status < 300 && !error;
	unsigned long ms = (unsigned long)(uv_now(&probe->webhooks->controller->loop) - probe->started_ms);
	char message[240];

	probe->call = NULL;
	if (error)
		snprintf(message, sizeof(message), "The receiver did not take it: %.150s", error);
	else
		snprintf(message, sizeof(message), "The receiver answered %ld after %lu ms%s", status, ms,
			is_taken ? "" : "; accepted: any status from 200 to 299");
	probe_answer(probe, is_taken ? 200 : 400, message);
}

void webhook_test(struct webhooks *webhooks, struct event_handler *handler, struct exchange *exchange)
{
	struct probe *probe = calloc(1, sizeof(*probe));
	struct headers headers = {0};
	struct text body = {0};

	if (!probe)
		abort();
	*probe = (struct probe){.webhooks = webhooks, .exchange = exchange, .next = webhooks->probes, .link = &webhooks->probes};
	snprintf(probe->handler, sizeof(probe->handler), "%s", handler->object.id);
	if (probe->next)
		probe->next->link = &probe->next;
	webhooks->probes = probe;
	probe->started_ms = uv_now(&webhooks->controller->loop);
	text_add(&body, "{\"message\":\"webhook test\"}");
	if (webhooks->stopped || post(webhooks, &handler->config.webhook, &headers, &body, on_probe_answer, probe, &probe->call))
		on_probe_answer(probe, 0, "the request could not be made");
	text_fini(&body);
	object_free(&noun_event_handler, handler);
}

void webhooks_count(const struct webhooks *webhooks, struct event_counters *counters)
{
	counters->delivered = webhooks->counters.delivered;
	counters->failed = webhooks->counters.failed;
	counters->dead = webhooks->counters.dead;
}

int webhooks_new(struct events *events, const struct event_options *options, struct webhooks **out)
{
	struct webhooks *webhooks = calloc(1, sizeof(*webhooks));

	if (!webhooks)
		return -ENOMEM;
	webhooks->controller = events_controller(events);
	webhooks->give_up_ms = (int64_t)options->give_up_s * 1000;
	webhooks->reach = options->reach;
	webhooks->retry_max_ms = (int64_t)options->retry_max_s * 1000;
	int error = http_new(&webhooks->controller->loop, &webhooks->http);

	if (error) {
		free(webhooks);
		return error;
	}
	uv_timer_init(&webhooks->controller->loop, &webhooks->timer);
	webhooks->timer.data = webhooks;
	*out = webhooks;
	return 0;
}

void webhooks_stop(struct webhooks *webhooks)
{
	webhooks->stopped = true;
	while (webhooks->probes)
		probe_answer(webhooks->probes, 503, "The controller is stopping; try again");
	while (webhooks->couriers) {
		while (webhooks->couriers->attempts)
			attempt_free(webhooks->couriers->attempts);
		courier_free(webhooks->couriers);
	}
	http_free(&webhooks->http);
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct webhooks *webhooks = handle->data;

	free(webhooks->due);
	free(webhooks);
}

void webhooks_free(struct webhooks **handle)
{
	struct webhooks *webhooks = *handle;

	if (!webhooks)
		return;
	*handle = NULL;
	if (!webhooks->stopped)
		webhooks_stop(webhooks);
	uv_close((uv_handle_t *)&webhooks->timer, on_timer_closed);
}
