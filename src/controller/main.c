// SPDX-License-Identifier: Apache-2.0
// slicegate-controller: the object model, the REST API, the store, the gateways' configuration.
//
// One process, one loop. HTTP, the gateways' streams and timers live on the loop; SQL runs on the store's threads (store/store.c).
// It needs no privilege and makes three files: the database, its key file beside it, and the administrator's token where there is none.
#include "base/clean.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/turn.h"
#include "controller/addresses.h"
#include "controller/api/api.h"
#include "controller/api/http.h"
#include "controller/api/token.h"
#include "controller/ask.h"
#include "controller/capture.h"
#include "controller/controller.h"
#include "controller/events/events.h"
#include "controller/events/reach.h"
#include "controller/link.h"
#include "controller/live.h"
#include "controller/maintenance.h"
#include "controller/store/plan.h"
#include "controller/store/store.h"
#include "controller/usage_keeper.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

LOG_CATEGORY(main);

static struct {
	struct opt_list listen;
	char *database, *admin_token_file, *tls_certificate, *tls_key, *web_root, *webhook_deny, *webhook_allow, *log;
	uint32_t readers, rate_limit;
	uint64_t request_ms;
	struct login_limits logins;
	struct event_options events;
	struct usage_limits usage;
	struct reach reach;
} config;

static const struct opt opts[] = {
	{"listen", OPT_LIST, &config.listen, "127.0.0.1:5050",
		"where the API and the gateway link are served; several may be given", .word = "ADDRESS:PORT|unix:PATH"},
	{"database", OPT_TEXT, &config.database, "slicegate.db",
		"the database; made where there is none, with its key in FILE.key", .word = "FILE"},
	{"admin-token-file", OPT_TEXT, &config.admin_token_file, NULL,
		"a platform owner's token: taken from the file, or made and written to it (mode 0600) where there is none",
		.word = "FILE"},
	{"tls-certificate", OPT_TEXT, &config.tls_certificate, NULL, "serve HTTPS with this certificate (PEM, with its chain)",
		.word = "FILE"},
	{"tls-key", OPT_TEXT, &config.tls_key, NULL, "the certificate's key (PEM)", .word = "FILE"},
	{"readers", OPT_U32, &config.readers, "2", "threads that read the store", .min = 1, .max = 8},
	{"rate-limit", OPT_U32, &config.rate_limit, "0", "requests a second that a token may make; 0 = no limit"},
	{"request-time", OPT_MS, &config.request_ms, "30s",
		"how long a request may take to come, and its answer to be taken, beside a second for each 16 KiB", .min = 1000},
	{"session-idle", OPT_MS, &config.logins.idle_ms, "30m", "how long a person stays signed in without a request",
		.min = 1000},
	{"session-time", OPT_MS, &config.logins.absolute_ms, "12h", "how long a person stays signed in at most", .min = 1000},
	{"events", OPT_U32, &config.events.keep, "1000000", "events that are kept; the oldest go first", .min = 100,
		.max = 100000000},
	{"event-days", OPT_U32, &config.events.keep_days, "30", "days that events are kept", .min = 1, .max = 3650},
	{"usage-hour-days", OPT_U32, &config.usage.hour_days, "14", "days that usage by the hour is kept", .min = 1, .max = 3650},
	{"usage-days", OPT_U32, &config.usage.days, "400", "days that usage by the day is kept", .min = 1, .max = 3650},
	{"webhook-give-up", OPT_U32, &config.events.give_up_s, "86400",
		"seconds that a webhook is tried before it becomes a dead letter", .min = 1, .max = 604800},
	{"webhook-retry-max", OPT_U32, &config.events.retry_max_s, "300", "seconds between two attempts of a webhook, at most",
		.min = 1, .max = 86400},
	{"webhook-deny", OPT_TEXT, &config.webhook_deny, REACH_DENY, "addresses that no webhook may reach", .word = "LIST"},
	{"webhook-allow", OPT_TEXT, &config.webhook_allow, NULL, "addresses that webhooks may reach although they are denied",
		.word = "LIST"},
	{"web-root", OPT_TEXT, &config.web_root, NULL,
		"serve the portal from this folder instead of the one in the program (development)", .word = "DIR"},
	{"log", OPT_TEXT, &config.log, "info", "what is logged: a level, or \"info,link=debug\"", .word = "LEVELS"},
};

static const struct opt_program program = {
	.name = "slicegate-controller",
	.usage = maintenance_usage,
	.about = maintenance_about,
	.words = true,
	.opts = opts,
	.count = array_len(opts),
};

static int token_read(const char *path, char token[TOKEN_CHARS + 1])
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	ssize_t len = read(fd, token, TOKEN_CHARS);

	token[len > 0 ? len : 0] = '\0';
	for (ssize_t i = 0; i < len; i++)
		if (!isxdigit((unsigned char)token[i]) || isupper((unsigned char)token[i]))
			return -EINVAL;
	return len == TOKEN_CHARS ? 0 : -EINVAL;
}

static int token_write(const char *path, const char *token)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char line[TOKEN_CHARS + 2];
	int len = snprintf(line, sizeof(line), "%s\n", token);

	if (fd < 0)
		return -errno;
	return write(fd, line, (size_t)len) == len && fsync(fd) == 0 ? 0 : -EIO;
}

// Before the loop runs: the store's threads are not needed yet.
static int adopt_admin_token(char why[200])
{
	char token[TOKEN_CHARS + 1];
	struct db *db = NULL;
	struct seal seal;
	int error = token_read(config.admin_token_file, token);

	if (error == -ENOENT) {
		token_make(token);
		error = token_write(config.admin_token_file, token);
	}
	if (error) {
		snprintf(why, 200, "--admin-token-file %.80s: %s", config.admin_token_file,
			error == -EINVAL ? "does not hold a token (32 of 0-9 and a-f); remove it and a new one is made"
					 : strerror(-error));
		return error;
	}
	if ((error = seal_of_database(config.database, &seal, why)))
		return error;
	error = db_open(config.database, &seal, DB_WRITER, &db, why);
	if (!error && (error = token_adopt(db, token)))
		snprintf(why, 200, "cannot store the administrator's token");
	db_close(&db);
	seal_fini(&seal);
	explicit_bzero(token, sizeof(token));
	return error;
}

static void on_request(void *owner, struct exchange *exchange)
{
	api_request(owner, exchange);
}

static void on_change(void *owner, int64_t revision)
{
	struct controller *controller = owner;

	link_changed(controller->link, revision);
	events_wake(controller->events);
	addresses_changed(controller->addresses, revision);
}

struct stopping {
	struct controller *controller;
	uv_signal_t signals[2];
	uv_timer_t timer;
	unsigned waited_ms;
	bool begun;
};

static void close_all(struct stopping *stopping)
{
	struct controller *controller = stopping->controller;

	uv_close((uv_handle_t *)&stopping->timer, NULL);
	for (int i = 0; i < 2; i++)
		uv_close((uv_handle_t *)&stopping->signals[i], NULL);
	store_close(&controller->store);
	events_stop(controller->events);
	http_server_free(&controller->http);
	events_free(&controller->events);
	usage_keeper_free(&controller->usage_keeper);
	captures_free(&controller->captures);
	asks_free(&controller->asks);
	link_free(&controller->link);
}

// Requests that are being worked on are answered first, for at most five seconds.
static void on_wait(uv_timer_t *timer)
{
	struct stopping *stopping = timer->data;

	stopping->waited_ms += 50;
	if (!http_server_pending(stopping->controller->http) || stopping->waited_ms >= 5000) {
		uv_timer_stop(timer);
		close_all(stopping);
	}
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct stopping *stopping = handle->data;

	if (stopping->begun)
		return;
	stopping->begun = true;
	log_info("stopping signal=%d", number);
	http_server_stop(stopping->controller->http);
	uv_timer_start(&stopping->timer, on_wait, 0, 50);
}

static int listen_all(struct controller *controller, char why[200])
{
	int error = 0;

	for (size_t i = 0; i < config.listen.count && !error; i++) {
		uint16_t port = 0;

		error = http_server_listen(
			controller->http, config.listen.items[i], config.tls_certificate, config.tls_key, &port, why);
		if (!error)
			log_info("listening address=%s port=%u", config.listen.items[i], port);
	}
	return error;
}

// The files of captures are beside the database.
static int captures_start(struct controller *controller)
{
	_cleanup_free_ char *path = strdup(config.database);
	char *slash = path ? strrchr(path, '/') : NULL;

	if (slash)
		*slash = 0;
	return captures_new(controller, slash == path ? "/" : slash ? path : ".", &controller->captures);
}

static int controller_start(struct controller *controller, char why[200])
{
	struct http_handler handler = {on_request, api_body_max, controller, config.request_ms};
	int error = config.admin_token_file ? adopt_admin_token(why) : 0;

	controller->started_ms = db_now_ms();
	controller->web_root = config.web_root;
	controller->logins = config.logins;
	config.events.reach = &config.reach;
	if (!error)
		error = reach_init(&config.reach, config.webhook_deny, config.webhook_allow, why);
	rate_init(&controller->rate, config.rate_limit);
	if (!error)
		error = live_new(&controller->live);
	if (!error)
		error = link_new(controller, &controller->link);
	if (!error)
		error = asks_new(controller, &controller->asks);
	if (!error)
		error = captures_start(controller);
	if (!error)
		error = events_new(controller, &config.events, &controller->events);
	if (!error)
		error = usage_keeper_new(controller, &config.usage, &controller->usage_keeper);
	if (!error)
		error = store_open(
			config.database, config.readers, &controller->loop, on_change, controller, &controller->store, why);
	if (!error) {
		link_changed(controller->link, store_revision(controller->store));
		error = addresses_new(controller, &controller->addresses);
	}
	if (!error) {
		events_start(controller->events);
		error = http_server_new(&controller->loop, &handler, &controller->http);
	}
	return error ? error : listen_all(controller, why);
}

int main(int argc, char **argv)
{
	static struct controller controller;
	static struct stopping stopping;
	char why[200] = "out of memory";

	struct opt_words words = {0};

	opt_parse_or_exit(&program, argc, argv, &words);
	if (log_set_levels(config.log)) {
		fprintf(stderr, "slicegate-controller: --log %s: is not a level\n", config.log);
		return 2;
	}
	umask(0077);
	signal(SIGPIPE, SIG_IGN);
	if (words.count) {
		int status = plans_init() ? 1 : maintenance_run(&words, config.database);

		plans_fini();
		vec_free(&words);
		opt_fini(&program);
		return status;
	}
	uv_loop_init(&controller.loop);
	if (plans_init() || controller_start(&controller, why)) {
		fprintf(stderr, "slicegate-controller: %s\n", why);
		return 1;
	}
	stopping.controller = &controller;
	stopping.timer.data = &stopping;
	uv_timer_init(&controller.loop, &stopping.timer);
	for (int i = 0; i < 2; i++) {
		uv_signal_init(&controller.loop, &stopping.signals[i]);
		stopping.signals[i].data = &stopping;
		uv_signal_start(&stopping.signals[i], on_signal, i ? SIGINT : SIGTERM);
	}
	log_info("ready version=%s database=%s", SLICEGATE_VERSION, config.database);
	turn_short();
	uv_run(&controller.loop, UV_RUN_DEFAULT);
	addresses_free(&controller.addresses);
	live_free(&controller.live);
	rate_fini(&controller.rate);
	reach_fini(&config.reach);
	uv_loop_close(&controller.loop);
	plans_fini();
	opt_fini(&program);
	return 0;
}
