// SPDX-License-Identifier: Apache-2.0
// The gateway's life: it is put together here, takes configuration and commands from the link, tells its state at intervals, and is taken down.
//
// One thread, one loop. `now_ms` is the time of this turn of the loop; all timers of sessions and tunnels are in one wheel that drives one
// uv_timer. What the kernel is to do goes through the worker (slice.h).
#include "gateway/gateway.h"

#include "base/clean.h"
#include "gateway/access.h"
#include "gateway/apply.h"
#include "gateway/capture/capture.h"
#include "gateway/integrated.h"
#include "gateway/jsonget.h"
#include "gateway/lnstest.h"
#include "gateway/natquery.h"
#include "gateway/records.h"
#include "gateway/resume.h"
#include "gateway/session.h"
#include "gateway/session_ip6.h"
#include "gateway/udp.h"

#include <errno.h>
#include <stdio.h>

LOG_CATEGORY(gateway);

static const struct histogram_shape attach_shape = {
	.scale = 1e-3,
	.count = 13,
	.bounds = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 1500, 2500, 5000},
};

#define STATUS_MS 5000
#define SYNC_PIECE 500
#define STOP_PIECE 500
#define STOP_LIMIT_MS 3000
#define REPORT_ROWS 200000

struct vslice *gateway_vslice(const struct gateway *gateway, const struct uuid *id)
{
	return strmap_get(&gateway->vslices, id->text);
}

static void on_wheel_due(uv_timer_t *timer)
{
	struct gateway *gateway = timer->data;

	gateway_wake(gateway);
	wheel_run(&gateway->wheel, gateway->now_ms);
	tunnels_flush(gateway);
	if (gateway->stopped)
		gateway->stop_done(gateway); // it may free the gateway: last
}

// Before the loop sleeps: wake up when the wheel's next timer is due.
static void on_prepare(uv_prepare_t *prepare)
{
	struct gateway *gateway = prepare->data;
	uint64_t due = wheel_next(&gateway->wheel), now_ms;

	uv_update_time(gateway->loop);
	now_ms = uv_now(gateway->loop);
	if (due == WHEEL_NEVER)
		uv_timer_stop(gateway->wheel_timer);
	else
		uv_timer_start(gateway->wheel_timer, on_wheel_due, due > now_ms ? due - now_ms : 0, 0);
}

static void report_status(struct gateway *gateway)
{
	char address[IP_ADDR_TEXT];
	struct dp_fast_status fast;
	double load;

	if (!report_is_on(gateway->report))
		return;
	load = (double)(gateway->established + gateway->attaching) / gateway->options->max_sessions;
	dp_fast_status(gateway->dp, &fast);
	report_add(gateway->report,
		json_pack("{s:s, s:s, s:s, s:o, s:[s], s:I, s:I, s:f, s:I}", "row", "status", "dataPath", fast.words, "version",
			SLICEGATE_VERSION, "startedAt", json_time(gateway->started_wall_ms), "addresses",
			ip_addr_text(&gateway->options->gtp_address, address), "sessions", (json_int_t)gateway->established,
			"tunnels", (json_int_t)gateway->tunnels, "load", load, "configRevision",
			(json_int_t)(gateway->config ? gateway->config->revision : 0)));
	link_kick(gateway->link);
}

static void on_status_due(struct timer *timer, uint64_t now_ms)
{
	struct gateway *gateway = container_of(timer, struct gateway, status_timer);

	report_status(gateway);
	wheel_arm(&gateway->wheel, timer, now_ms + STATUS_MS);
}

static void on_watch_due(struct timer *timer, uint64_t now_ms)
{
	struct gateway *gateway = container_of(timer, struct gateway, watch_timer);

	session_watch_some(gateway);
	wheel_arm(&gateway->wheel, timer, now_ms + SESSION_WATCH_MS);
}

// Usage of all sessions, in pieces: a round through the whole map every `usage_ms`.
static void on_usage_due(struct timer *timer, uint64_t now_ms)
{
	struct gateway *gateway = container_of(timer, struct gateway, usage_timer);
	struct session *session;
	size_t cursor = gateway->usage_cursor, done = 0;

	while (done < SYNC_PIECE && (session = sessions_next(&gateway->sessions, &cursor))) {
		done++;
		if (session->state != SESSION_UP)
			continue;
		session_report_usage(session);
	}
	gateway->usage_cursor = done < SYNC_PIECE ? 0 : cursor;
	link_kick(gateway->link);
	wheel_arm(&gateway->wheel, timer, now_ms + (gateway->usage_cursor ? 20 : gateway->options->usage_ms));
}

static void tell_tunnels(struct gateway *gateway)
{
	struct vslice *vslice;
	struct tunnel *tunnel;

	for (size_t i = 0; (vslice = strmap_next(&gateway->vslices, &i));) {
		vslice_report(vslice);
		for (size_t j = 0; (tunnel = map_next(&vslice->tunnels, &j));)
			tunnel_report(tunnel);
	}
}

static void begin_sync(void *owner)
{
	struct gateway *gateway = owner;

	gateway_wake(gateway);
	gateway->syncing = true;
	gateway->sync_cursor = gateway->sync_told = 0;
	gateway->sync_round++;
	report_add(gateway->report, json_pack("{s:s, s:s}", "row", "sync", "phase", "begin"));
	report_status(gateway);
	tell_tunnels(gateway);
}

// A piece of the sync. Sessions come and go and move in the map meanwhile: rounds are made until one finds nobody who was not told.
static void fill(void *owner)
{
	struct gateway *gateway = owner;
	struct session *session;
	size_t told = 0;

	if (!gateway->syncing)
		return;
	while (told < SYNC_PIECE && (session = sessions_next(&gateway->sessions, &gateway->sync_cursor))) {
		if (session->state != SESSION_UP || session->sync_round == gateway->sync_round)
			continue;
		session_report(session);
		told++;
	}
	gateway->sync_told += told;
	if (told == SYNC_PIECE)
		return;
	gateway->syncing = gateway->sync_told;
	gateway->sync_cursor = gateway->sync_told = 0;
	if (!gateway->syncing)
		report_add(gateway->report, json_pack("{s:s, s:s}", "row", "sync", "phase", "end"));
}

// The controller waits to hear that its change has arrived (readiness shows it).
static void on_config(void *owner, struct config *config, bool all, const struct config_change *changes, size_t count)
{
	gateway_wake(owner);
	apply_config(owner, config, all, changes, count);
	if (((struct gateway *)owner)->link)
		report_status(owner);
}

static void on_command(void *owner, const char *command, const json_t *row)
{
	struct gateway *gateway = owner;
	struct tunnel *tunnel;
	struct uuid id;

	gateway_wake(gateway);
	uuid_set(&id, jsonget_text(row, "tunnel", jsonget_text(row, "endpoint", jsonget_text(row, "lns", ""))));
	log_info("command=%s object=%s", command, id.text);
	if (!strcmp(command, "detach")) {
		apply_detach(gateway, &id, "detached by the administrator");
		return;
	}
	if (!strcmp(command, "capture")) {
		capture_start(gateway, row);
		return;
	}
	if (!strcmp(command, "captureStop")) {
		capture_stop(gateway, jsonget_text(row, "capture", ""));
		return;
	}
	if (!strcmp(command, "testLns")) {
		lnstest_run(gateway, &id);
		return;
	}
	if (!strcmp(command, "natBindings")) {
		natquery_run(gateway, row);
		return;
	}
	tunnel = tunnel_find(gateway, &id);
	if (!tunnel)
		return;
	if (!strcmp(command, "restartTunnel"))
		tunnel_close(tunnel, L2TP_STOP_clear, "restarted by the administrator");
	else if (!strcmp(command, "drainTunnel"))
		tunnel->is_draining = true;
}

static void handle_closed(uv_handle_t *handle)
{
	free(handle);
}

static int handles_new(struct gateway *gateway)
{
	gateway->wheel_timer = calloc(1, sizeof(*gateway->wheel_timer));
	gateway->wheel_prepare = calloc(1, sizeof(*gateway->wheel_prepare));
	if (!gateway->wheel_timer || !gateway->wheel_prepare)
		return -ENOMEM;
	uv_timer_init(gateway->loop, gateway->wheel_timer);
	uv_prepare_init(gateway->loop, gateway->wheel_prepare);
	gateway->wheel_timer->data = gateway->wheel_prepare->data = gateway;
	uv_prepare_start(gateway->wheel_prepare, on_prepare);
	return 0;
}

static void on_dp_gtpu(void *owner, const struct ip_end *peer, const uint8_t *datagram, size_t len)
{
	gateway_wake(owner);
	access_on_gtpu(owner, peer, datagram, len);
}

static void on_dp_control(
	void *owner, struct dp_lac *dp_lac, void *lac, const struct ip_end *peer, const uint8_t *datagram, size_t len)
{
	(void)dp_lac;
	gateway_wake(owner);
	lac_on_control(lac, peer, datagram, len);
}

static void on_dp_frame(
	void *owner, struct dp_lac *dp_lac, void *lac, const struct ip_end *peer, const struct dp_l2tp_frame *frame)
{
	(void)dp_lac;
	gateway_wake(owner);
	lac_on_frame(lac, peer, frame);
}

static void on_dp_inner6(void *owner, uint32_t local_teid, enum dp_direction direction, const uint8_t *packet, size_t len)
{
	struct gateway *gateway = owner;
	struct session *session = session_find(gateway, local_teid);

	gateway_wake(gateway);
	if (session && direction == DP_DOWNLINK)
		session_on_inner6(session, packet, len);
	else if (session && session->vslice->integrated)
		integrated_on_inner6(session, packet, len);
}

static void on_dp_seen(void *owner, const struct dp_seen *seen)
{
	struct gateway *gateway = owner;

	gateway_wake(gateway);
	if (gateway->captures)
		capture_seen(gateway, seen);
}

static void on_dp_batch_end(void *owner)
{
	tunnels_flush(owner);
}

int gateway_socket(struct gateway *gateway, const char *name, const struct ip_end *address, int *fd)
{
	char whole[KEEPER_NAME], text[IP_END_TEXT];
	int error;

	snprintf(whole, sizeof(whole), "%s %s", name, ip_end_text(address, text));
	if (keeper_take(gateway->keeper, whole, fd) == 0)
		return 0;
	error = udp_open(address, fd);
	if (!error)
		keeper_put(gateway->keeper, whole, *fd);
	return error;
}

// Before any thread, since it forks, and before the state file, whose lock would go along.
static void keeper_start(struct gateway *gateway)
{
	int error = keeper_new(gateway->options->state_dir, &gateway->keeper);

	if (error)
		log_warn("sockets are not kept over a restart error=%s", strerror(-error));
}

// The fast path, where the kernel has it and nobody forbids it; else aloud, why not.
static int fast_start(struct gateway *gateway, const struct ip_end *address)
{
	char why[DP_WHY] = "--dataplane soft";
	int error = gateway->options->dataplane == DATAPLANE_SOFT
		? -ECANCELED
		: dp_fast_start(gateway->dp, gateway->options->name, address, why);

	if (error)
		dp_fast_forget(gateway->options->name);
	if (!error)
		log_info("dataplane=xdp");
	else if (gateway->options->dataplane == DATAPLANE_XDP)
		return log_err_r(error, "--dataplane xdp can't be had why=\"%s\"", why);
	else
		log_info("dataplane=soft message=\"the sockets carry all packets\" why=\"%s\"", why);
	return 0;
}

static int dp_start(struct gateway *gateway)
{
	const struct dp_host host = {.on_gtpu = on_dp_gtpu,
		.on_l2tp_control = on_dp_control,
		.on_l2tp_frame = on_dp_frame,
		.on_inner6 = on_dp_inner6,
		.on_seen = on_dp_seen,
		.on_batch_end = on_dp_batch_end,
		.owner = gateway};
	struct ip_end address = {.addr = gateway->options->gtp_address, .port = GTP_U_PORT};
	char text[IP_END_TEXT];
	int fd, error = gateway_socket(gateway, "gtp-u", &address, &fd);

	if (error)
		return log_err_r(error, "the GTP-U address can't be used address=%s error=%s", ip_end_text(&address, text),
			strerror(-error));
	error = dp_new(gateway->loop, fd, &host, gateway->options->max_sessions, &gateway->dp);
	if (!error)
		error = sessions_init(&gateway->sessions, gateway->dp);
	return error ? error : fast_start(gateway, &address);
}

// Our restart counter rises whenever sessions were lost (TS 23.007 18), and only then.
static int state_start(struct gateway *gateway, uint8_t *restart_counter, enum state_start *start)
{
	struct state_table_spec specs[GATEWAY_TABLES];
	char path[4096];
	struct gateway_record record;
	const struct gateway_record *old;
	uint32_t index = 0;
	int error;

	records_specs(gateway->options->max_sessions, specs);
	snprintf(path, sizeof(path), "%s/state", gateway->options->state_dir);
	error = state_open(path, specs, GATEWAY_TABLES, start, &gateway->state);
	if (error)
		return log_err_r(error, "the state file can't be used path=%s error=\"%s\"", path,
			error == -EBUSY ? "another gateway uses it" : strerror(-error));
	old = state_get(gateway->state, TABLE_GATEWAY, 0);
	memset(&record, 0, sizeof(record));
	if (old && *start == STATE_RESUME)
		record.restart_counter = old->restart_counter;
	else
		record.restart_counter = (uint8_t)(old ? old->restart_counter + 1 : (int)(wall_ms() / 1000));
	if (!old && state_take(gateway->state, TABLE_GATEWAY, &index))
		return -ENOSPC;
	state_put(gateway->state, TABLE_GATEWAY, index, &record);
	*restart_counter = record.restart_counter;
	return 0;
}

static int parts_start(struct gateway *gateway)
{
	const struct link_host host = {
		.on_config = on_config, .on_command = on_command, .on_sync = begin_sync, .on_fill = fill, .owner = gateway};
	enum state_start start = STATE_FRESH;
	uint8_t restart_counter = 0;
	int error;

	error = handles_new(gateway);
	if (!error)
		keeper_start(gateway);
	if (!error)
		error = state_start(gateway, &restart_counter, &start);
	if (!error)
		error = dp_start(gateway);
	if (!error)
		error = access_new(gateway, restart_counter, &gateway->access);
	if (error)
		return error;
	access_restore_peers(gateway->access);
	error = resume_new(gateway, start == STATE_RESUME, &gateway->resume);
	if (!error && !gateway->resume)
		dp_fast_settle(gateway->dp); // nothing is to be taken over
	if (!error)
		error = apns_init(&gateway->apns, gateway->state);
	if (!error)
		state_settle(gateway->state); // what another boot left has been cleared
	if (!error)
		error = worker_new(gateway->loop, &gateway->worker);
	if (!error)
		worker_keep_in(gateway->worker, gateway->options->state_dir);
	if (!error)
		error = report_new(REPORT_ROWS, &gateway->report);
	if (!error)
		error = http_new(gateway->loop, &gateway->http);
	if (!error)
		error = link_new(gateway->loop, gateway->http, &gateway->options->link, &host, gateway->report, &gateway->link);
	return error;
}

int gateway_new(uv_loop_t *loop, const struct gateway_options *options, struct gateway **out)
{
	struct gateway *gateway = calloc(1, sizeof(*gateway));
	int error;

	if (!gateway)
		return -ENOMEM;
	gateway->loop = loop;
	gateway->options = options;
	uv_update_time(loop);
	gateway->now_ms = uv_now(loop);
	gateway->started_wall_ms = wall_ms();
	wheel_init(&gateway->wheel, gateway->now_ms);
	pool_init(&gateway->session_pool, sizeof(struct session));
	pool_init(&gateway->line_pool, sizeof(struct line));
	pool_init(&gateway->call_pool, sizeof(struct call));
	pool_init(&gateway->tunnel_pool, sizeof(struct tunnel));
	gateway->attach_times.shape = &attach_shape;
	gateway->status_timer.fire = on_status_due;
	gateway->usage_timer.fire = on_usage_due;
	gateway->watch_timer.fire = on_watch_due;
	error = parts_start(gateway);
	if (error) {
		gateway_free(&gateway);
		return error;
	}
	wheel_arm(&gateway->wheel, &gateway->status_timer, gateway->now_ms + STATUS_MS);
	wheel_arm(&gateway->wheel, &gateway->usage_timer, gateway->now_ms + options->usage_ms);
	wheel_arm(&gateway->wheel, &gateway->watch_timer, gateway->now_ms + SESSION_WATCH_MS);
	*out = gateway;
	return 0;
}

static bool tunnels_are_quiet(const struct gateway *gateway)
{
	struct vslice *vslice;
	struct tunnel *tunnel;

	for (size_t i = 0; (vslice = strmap_next(&gateway->vslices, &i));)
		for (size_t j = 0; (tunnel = map_next(&vslice->tunnels, &j));)
			if (!tunnel->gone && !l2tp_channel_idle(&tunnel->l2tp.channel))
				return false;
	return true;
}

// In pieces: first every session, then the tunnels, then a short wait for their acknowledgments.
static void on_stop_due(struct timer *timer, uint64_t now_ms)
{
	struct gateway *gateway = container_of(timer, struct gateway, stop_timer);
	struct session *session;
	struct vslice *vslice;
	size_t done = 0;

	for (size_t at = 0; done < STOP_PIECE && (session = sessions_next(&gateway->sessions, &at)); done++)
		session_end(session, REFUSED_SHUTDOWN, SESSION_TELL_BOTH, NULL);
	if (!done && !gateway->tunnels_stopped) {
		for (size_t i = 0; (vslice = strmap_next(&gateway->vslices, &i));)
			vslice_stop(vslice);
		gateway->tunnels_stopped = true;
	}
	gateway->stopped = gateway->tunnels_stopped && (tunnels_are_quiet(gateway) || now_ms >= gateway->stop_deadline_ms);
	if (!gateway->stopped)
		wheel_arm(&gateway->wheel, timer, now_ms + 10);
}

void gateway_stop(struct gateway *gateway, bool keep, void (*done)(struct gateway *gateway))
{
	if (gateway->stopping)
		return;
	gateway->stopping = true;
	gateway->keep = keep;
	if (keep) {
		done(gateway);
		return;
	}
	gateway->stop_done = done;
	gateway->stop_timer.fire = on_stop_due;
	gateway->stop_deadline_ms = gateway->now_ms + STOP_LIMIT_MS + gateway->established / 2;
	wheel_arm(&gateway->wheel, &gateway->stop_timer, gateway->now_ms);
}

// What is still there goes without a word; with `keep` its records stay.
static void drop_sessions(struct gateway *gateway)
{
	struct session *session;

	for (size_t at = 0; (session = sessions_next(&gateway->sessions, &at));) {
		if (gateway->keep) {
			session->state_index = NO_RECORD;
			session->apn = NULL; // its record stays too
		}
		session_end(session, REFUSED_SHUTDOWN, SESSION_TELL_NOBODY, NULL);
	}
}

static void drop_vslices(struct gateway *gateway)
{
	struct vslice *vslice;
	struct tunnel *tunnel;

	for (size_t i = 0; (vslice = strmap_next(&gateway->vslices, &i)); i = 0) {
		for (size_t j = 0; gateway->keep && (tunnel = map_next(&vslice->tunnels, &j));) {
			tunnel->state_index = NO_RECORD;
			for (size_t k = 0; k < array_len(tunnel->messages); k++)
				tunnel->messages[k] = NO_RECORD;
		}
		vslice_free(vslice, gateway->keep);
	}
	strmap_fini(&gateway->vslices);
}

void gateway_free(struct gateway **out)
{
	struct gateway *gateway = *out;
	bool is_stopped;

	if (!gateway)
		return;
	is_stopped = gateway->stopping && !gateway->keep;
	gateway->stopping = true;
	if (gateway->report)
		report_off(gateway->report);
	if (gateway->keep && gateway->dp)
		dp_fast_stop(gateway->dp, true);
	captures_free(gateway);
	apply_forget(gateway);
	drop_sessions(gateway);
	drop_vslices(gateway);
	resume_free(&gateway->resume);
	link_free(&gateway->link);
	http_free(&gateway->http);
	report_free(&gateway->report);
	access_free(&gateway->access);
	worker_free(&gateway->worker);
	dp_free(&gateway->dp);
	keeper_free(&gateway->keeper, !is_stopped);
	apns_fini(&gateway->apns);
	state_close(&gateway->state);
	sessions_fini(&gateway->sessions);
	pool_fini(&gateway->session_pool);
	pool_fini(&gateway->line_pool);
	pool_fini(&gateway->call_pool);
	pool_fini(&gateway->tunnel_pool);
	if (gateway->wheel_timer)
		uv_close((uv_handle_t *)gateway->wheel_timer, handle_closed);
	if (gateway->wheel_prepare)
		uv_close((uv_handle_t *)gateway->wheel_prepare, handle_closed);
	free(gateway);
	*out = NULL;
}
