// SPDX-License-Identifier: Apache-2.0
#include "gateway/status.h"

#include "base/clean.h"
#include "base/metrics.h"
#include "gateway/access.h"
#include "gateway/health.h"
#include "gateway/session.h"

#include <errno.h>
#include <malloc.h>
#include <microhttpd.h>
#include <stdio.h>

LOG_CATEGORY(status);

#define TIMEOUT_S 10

struct status {
	struct gateway *gateway;
	struct MHD_Daemon *daemon;
	uv_poll_t *poll;
};

static const struct metric counter_rows[] = {
#define X(member, name, help) {"slicegate_" name, METRIC_COUNTER, help, offsetof(struct gateway, counters.member), NULL, NULL},
	GATEWAY_COUNTERS(X)
#undef X
		{"slicegate_attach_seconds", METRIC_HISTOGRAM, "time from an attach request to its answer, of accepted ones",
			offsetof(struct gateway, attach_times), NULL, NULL},
};

static void add_refusals(struct metrics *metrics, const struct gateway *gateway)
{
	for (enum refusal i = REFUSED_NONE + 1; i < REFUSAL_COUNT; i++)
		metrics_sample(metrics, "slicegate_attach_refused", METRIC_COUNTER, "attaches refused, by reason",
			(double)gateway->counters.refused[i], "reason", refusal_name(i), NULL);
	for (enum refusal i = REFUSED_NONE + 1; i < REFUSAL_COUNT; i++)
		metrics_sample(metrics, "slicegate_sessions_ended_by", METRIC_COUNTER,
			"sessions that were up and ended, by reason", (double)gateway->counters.ended[i], "reason",
			refusal_name(i), NULL);
}

static double sessions_on(const struct pair *pair)
{
	return pair_sessions(pair);
}

static double on_hold(const struct pair *pair)
{
	return pair_is_held(pair);
}

static void add_lnss(struct metrics *metrics, const struct gateway *gateway, const char *name, const char *help,
	double (*value)(const struct pair *pair))
{
	const struct vslice *vslice;

	for (size_t at = 0; (vslice = strmap_next(&gateway->vslices, &at));) {
		for (const struct lac *lac = vslice->lacs; lac; lac = lac->next) {
			for (const struct pair *pair = lac->pairs; pair; pair = pair->next) {
				char lac_text[IP_END_TEXT], lns_text[IP_END_TEXT];

				metrics_sample(metrics, name, METRIC_GAUGE, help, value(pair), "vslice", vslice->moniker, "lac",
					ip_end_text(&lac->address, lac_text), "lns", ip_end_text(&pair->lns, lns_text), NULL);
			}
		}
	}
}

enum {
	TARGET_IS_AVAILABLE,
	TARGET_PACKETS_UP,
	TARGET_PACKETS_DOWN,
	TARGET_BYTES_UP,
	TARGET_BYTES_DOWN,
	TARGET_REFUSED,
	TARGET_FIGURES
};

static const struct {
	const char *name, *help, *direction;
	enum metric_kind kind;
} target_figures[] = {
	[TARGET_IS_AVAILABLE] = {"slicegate_target_available", "1 while traffic can flow by a Routing Target", NULL,
		METRIC_GAUGE},
	[TARGET_PACKETS_UP] = {"slicegate_target_packets", "packets by a Routing Target", "uplink", METRIC_COUNTER},
	[TARGET_PACKETS_DOWN] = {"slicegate_target_packets", "packets by a Routing Target", "downlink", METRIC_COUNTER},
	[TARGET_BYTES_UP] = {"slicegate_target_bytes", "octets by a Routing Target", "uplink", METRIC_COUNTER},
	[TARGET_BYTES_DOWN] = {"slicegate_target_bytes", "octets by a Routing Target", "downlink", METRIC_COUNTER},
	[TARGET_REFUSED] = {"slicegate_nat_refused", "connections for which NAT had no port left, or the kernel no room", NULL,
		METRIC_COUNTER},
};

static const struct slice_traffic *traffic_of(const struct vslice *vslice, const struct uuid *target)
{
	static const struct slice_traffic none = {0};

	for (size_t i = 0; i < vslice->traffic_count; i++)
		if (uuid_equal(&vslice->traffic[i].target, target))
			return &vslice->traffic[i];
	return &none;
}

static void add_target(
	struct metrics *metrics, const struct vslice *vslice, const struct slice_target_status *status, unsigned what)
{
	const struct target_config *target = config_target(vslice->gateway->config, &status->target);
	const struct slice_traffic *traffic = traffic_of(vslice, &status->target);
	const double figures[TARGET_FIGURES] = {status->available, (double)traffic->packets[0], (double)traffic->packets[1],
		(double)traffic->bytes[0], (double)traffic->bytes[1], (double)traffic->refused};

	if (target && (what != TARGET_REFUSED || target->type == TARGET_INTERNET))
		metrics_sample(metrics, target_figures[what].name, target_figures[what].kind, target_figures[what].help,
			figures[what], "vslice", vslice->moniker, "target", target->moniker,
			target_figures[what].direction ? "direction" : NULL, target_figures[what].direction, NULL);
}

static void add_targets(struct metrics *metrics, const struct gateway *gateway)
{
	const struct vslice *vslice;

	for (unsigned what = 0; gateway->config && what < TARGET_FIGURES; what++)
		for (size_t at = 0; (vslice = strmap_next(&gateway->vslices, &at));)
			for (size_t i = 0; i < vslice->target_count; i++)
				add_target(metrics, vslice, &vslice->targets[i], what);
}

static void add_gauges(struct metrics *metrics, const struct gateway *gateway)
{
	metrics_sample(metrics, "slicegate_sessions", METRIC_GAUGE, "sessions that are up", gateway->established, NULL);
	metrics_sample(metrics, "slicegate_attaching", METRIC_GAUGE, "attaches under way", gateway->attaching, NULL);
	metrics_sample(metrics, "slicegate_tunnels", METRIC_GAUGE, "tunnels in any state", gateway->tunnels, NULL);
	metrics_sample(metrics, "slicegate_reports_waiting", METRIC_GAUGE, "reports that the controller has not taken yet",
		(double)report_waiting(gateway->report), NULL);
	metrics_sample(metrics, "slicegate_reports_lost", METRIC_COUNTER, "reports given up because too many waited",
		(double)report_lost(gateway->report), NULL);
	metrics_sample(metrics, "slicegate_state_records", METRIC_GAUGE, "session records in the state file",
		state_live(gateway->state, TABLE_SESSION), NULL);
	metrics_sample(metrics, "slicegate_controller_up", METRIC_GAUGE, "1 while the link to the controller is up",
		link_is_up(gateway->link), NULL);
	metrics_sample(metrics, "slicegate_config_revision", METRIC_GAUGE, "revision of the configuration in use",
		gateway->config ? (double)gateway->config->revision : 0, NULL);
}

// All but the timers and the ids of tunnels are 0 when the last session has gone; what stays then has been lost.
static void add_held(struct metrics *metrics, const struct gateway *gateway)
{
	const struct vslice *vslice;
	uint32_t tunnel_ids = 0;

	for (size_t at = 0; (vslice = strmap_next(&gateway->vslices, &at));)
		tunnel_ids += idset_live(vslice->tunnel_ids);
	const struct {
		const char *what;
		double count;
	} rows[] = {
		{"sessions", (double)gateway->session_pool.live},
		{"calls", (double)gateway->call_pool.live},
		{"tunnel_ids", tunnel_ids},
		{"teids", dp_teids(gateway->dp)},
		{"message_records", state_live(gateway->state, TABLE_MESSAGE)},
		{"secret_records", state_live(gateway->state, TABLE_SECRET)},
		{"apn_records", state_live(gateway->state, TABLE_APN)},
		{"timers", (double)gateway->wheel.armed},
	};

	for (size_t i = 0; i < array_len(rows); i++)
		metrics_sample(metrics, "slicegate_held", METRIC_GAUGE,
			"memory, ids and timers in use, whatever the state of what uses them", rows[i].count, "what",
			rows[i].what, NULL);
	metrics_sample(
		metrics, "slicegate_heap_bytes", METRIC_GAUGE, "memory in use by the heap", (double)mallinfo2().uordblks, NULL);
}

static void add_fast_path(struct metrics *metrics, const struct gateway *gateway)
{
	struct dp_fast_status fast;

	dp_fast_status(gateway->dp, &fast);
	metrics_sample(metrics, "slicegate_fast_path", METRIC_GAUGE,
		"1 while BPF programs stand before the sockets, and on which interfaces", fast.is_on, "interfaces", fast.words,
		NULL);
	metrics_sample(metrics, "slicegate_fast_packets", METRIC_COUNTER, "user packets that the BPF programs delivered",
		(double)fast.totals.uplink_packets, "direction", "uplink", NULL);
	metrics_sample(metrics, "slicegate_fast_packets", METRIC_COUNTER, "user packets that the BPF programs delivered",
		(double)fast.totals.downlink_packets, "direction", "downlink", NULL);
	metrics_sample(metrics, "slicegate_fast_passed", METRIC_COUNTER, "user packets that the BPF programs left to the sockets",
		(double)fast.passed, NULL);
}

static void add_dataplane(struct metrics *metrics, const struct gateway *gateway)
{
	struct dp_counters totals;

	dp_totals(gateway->dp, &totals);
	metrics_sample(metrics, "slicegate_packets", METRIC_COUNTER, "user packets delivered", (double)totals.uplink_packets,
		"direction", "uplink", NULL);
	metrics_sample(metrics, "slicegate_packets", METRIC_COUNTER, "user packets delivered", (double)totals.downlink_packets,
		"direction", "downlink", NULL);
	metrics_sample(metrics, "slicegate_bytes", METRIC_COUNTER, "octets of user packets delivered",
		(double)totals.uplink_bytes, "direction", "uplink", NULL);
	metrics_sample(metrics, "slicegate_bytes", METRIC_COUNTER, "octets of user packets delivered",
		(double)totals.downlink_bytes, "direction", "downlink", NULL);
	add_fast_path(metrics, gateway);
	for (enum dp_drop i = 0; i < DP_DROP_COUNT; i++)
		metrics_sample(metrics, "slicegate_packet_drops", METRIC_COUNTER, "user packets dropped, by reason",
			(double)dp_drops(gateway->dp, i), "reason", dp_drop_name(i), NULL);
}

static void add_engines(struct metrics *metrics, const struct gateway *gateway)
{
	const struct gtp_stats *gtp = gtp_endpoint_stats(gateway->access->endpoint);

	for (enum l2tp_counter i = 0; i < L2TP_COUNTERS; i++)
		metrics_sample(metrics, "slicegate_l2tp", METRIC_COUNTER, "what the L2TP engine counts",
			(double)gateway->l2tp_counters.at[i], "what", l2tp_counter_name(i), NULL);
#define X(member, name, help)                                                                                                    \
	metrics_sample(metrics, "slicegate_ppp", METRIC_COUNTER, "what the PPP engine counts",                                   \
		(double)gateway->ppp_counters.member, "what", name, NULL);
	PPP_COUNTERS(X)
#undef X
	for (enum gtp_drop i = 0; i < GTP_DROP_COUNT; i++)
		metrics_sample(metrics, "slicegate_gtp_drops", METRIC_COUNTER, "GTP-C messages dropped, by reason",
			(double)gtp->drops[i], "reason", gtp_drop_name(i), NULL);
	metrics_sample(metrics, "slicegate_gtp_messages", METRIC_COUNTER, "GTP-C messages", (double)gtp->received, "direction",
		"received", NULL);
	metrics_sample(metrics, "slicegate_gtp_messages", METRIC_COUNTER, "GTP-C messages", (double)gtp->sent, "direction",
		"sent", NULL);
	metrics_sample(metrics, "slicegate_gtp_repeats_answered", METRIC_COUNTER, "repeated requests answered from the cache",
		(double)gtp->repeated, NULL);
}

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *type, char *text, size_t len,
	enum MHD_ResponseMemoryMode mode)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(len, text, mode);
	enum MHD_Result result = MHD_NO;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result reply_metrics(struct gateway *gateway, struct MHD_Connection *connection)
{
	struct metrics metrics;
	size_t len;
	char *text;

	metrics_init(&metrics);
	add_gauges(&metrics, gateway);
	add_held(&metrics, gateway);
	add_lnss(&metrics, gateway, "slicegate_lns_sessions", "sessions of a LAC on an LNS", sessions_on);
	add_targets(&metrics, gateway);
	add_lnss(&metrics, gateway, "slicegate_lns_on_hold", "1 while a LAC passes over an LNS that failed", on_hold);
	metrics_rows(&metrics, counter_rows, array_len(counter_rows), gateway);
	add_refusals(&metrics, gateway);
	add_dataplane(&metrics, gateway);
	add_engines(&metrics, gateway);
	text = metrics_end(&metrics, &len);
	if (!text)
		return MHD_NO;
	return reply(connection, MHD_HTTP_OK, METRICS_CONTENT_TYPE, text, len, MHD_RESPMEM_MUST_FREE);
}

// Healthy: configured, and every slice that should be there is.
static enum MHD_Result reply_health(struct gateway *gateway, struct MHD_Connection *connection)
{
	bool ok = gateway->config && gateway->config->revision && !gateway->stopping;
	struct vslice *vslice;
	char text[128];
	int len;

	for (size_t at = 0; (vslice = strmap_next(&gateway->vslices, &at));)
		ok = ok && (vslice->ready || vslice->stopping);
	len = snprintf(text, sizeof(text), "{\"healthy\":%s,\"controller\":%s,\"sessions\":%u,\"tunnels\":%u}\n",
		ok ? "true" : "false", link_is_up(gateway->link) ? "true" : "false", gateway->established, gateway->tunnels);
	return reply(connection, ok ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, "application/json", text, (size_t)len,
		MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result on_http(void *owner, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *upload, size_t *upload_size, void **state)
{
	static char not_found[] = "/metrics and /health are here\n";
	struct status *status = owner;

	(void)version;
	(void)upload;
	if (*upload_size) {
		*upload_size = 0;
		return MHD_YES;
	}
	(void)state;
	if (strcmp(method, "GET") || (strcmp(url, "/metrics") && strcmp(url, "/health")))
		return reply(
			connection, MHD_HTTP_NOT_FOUND, "text/plain", not_found, sizeof(not_found) - 1, MHD_RESPMEM_PERSISTENT);
	return !strcmp(url, "/metrics") ? reply_metrics(status->gateway, connection) : reply_health(status->gateway, connection);
}

static void on_poll(uv_poll_t *poll, int error, int events)
{
	struct status *status = poll->data;

	(void)error;
	(void)events;
	MHD_run(status->daemon);
}

static void poll_closed(uv_handle_t *handle)
{
	free(handle);
}

int status_new(struct gateway *gateway, const struct ip_end *address, struct status **out)
{
	struct status *status = calloc(1, sizeof(*status));
	const union MHD_DaemonInfo *info;
	struct sockaddr_storage sa;
	char text[IP_END_TEXT];

	if (!status)
		return -ENOMEM;
	ip_end_to_sockaddr(address, &sa);
	status->gateway = gateway;
	status->poll = calloc(1, sizeof(*status->poll));
	status->daemon = MHD_start_daemon(MHD_USE_EPOLL, address->port, NULL, NULL, on_http, status, MHD_OPTION_SOCK_ADDR,
		(struct sockaddr *)&sa, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_S, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)32, MHD_OPTION_END);
	info = status->daemon ? MHD_get_daemon_info(status->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!status->poll || !info || uv_poll_init(gateway->loop, status->poll, info->epoll_fd)) {
		if (status->daemon)
			MHD_stop_daemon(status->daemon);
		free(status->poll);
		free(status);
		return log_err_r(-EADDRINUSE, "metrics can't be served address=%s", ip_end_text(address, text));
	}
	status->poll->data = status;
	uv_poll_start(status->poll, UV_READABLE, on_poll);
	*out = status;
	return 0;
}

void status_free(struct status **out)
{
	struct status *status = *out;

	if (!status)
		return;
	uv_poll_stop(status->poll);
	uv_close((uv_handle_t *)status->poll, poll_closed);
	MHD_stop_daemon(status->daemon);
	free(status);
	*out = NULL;
}
