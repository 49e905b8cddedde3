// SPDX-License-Identifier: Apache-2.0
// The REST API under /api/v1, for people's tools, Terraform, the CLI and the portal alike.
//
// A request is matched against the route table on the loop, becomes a struct op, runs on a store thread (one transaction) and is
// answered on the loop. Nouns come from the model's registry: a new noun needs no new row here.
#include "controller/api/api.h"

#include "base/clean.h"
#include "base/metrics.h"
#include "controller/api/http.h"
#include "controller/api/op.h"
#include "controller/api/ops.h"
#include "controller/api/session.h"
#include "controller/capture.h"
#include "controller/events/events.h"
#include "controller/link.h"
#include "controller/live.h"
#include "controller/portal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BODY_MAX (1024 * 1024)
#define IMPORT_MAX (64 * 1024 * 1024)
#define REPORTS_MAX (32 * 1024 * 1024)
#define SEGMENTS_MAX 6

const struct route routes[] = {
	{"POST", "login", OP_WRITE, op_login, "login", "Sign in with email and password; the answer sets a cookie",
		.is_open = true},
	{"POST", "logout", OP_WRITE, op_logout, "logout", "End the session", ROLE_ANYBODY, .reads = true},
	{"GET", "me", OP_READ, op_me, "me", "Who is asking, for which customer, and with which role", ROLE_ANYBODY},
	{"POST", "me/password", OP_WRITE, op_password, "change-password", "Change one's own password", ROLE_VIEWER},
	{"GET", "schema", OP_READ, op_schema, "schema", "The field tables of all nouns, for forms"},
	{"GET", "openapi.json", OP_READ, op_openapi, "openapi", "This description"},
	{"GET", "apitokens/verify", OP_READ, op_verify, "verify-token", "Whether the token is valid", ROLE_ANYBODY},
	{"POST", "endpoints/{id}/detach", OP_WRITE, op_endpoint_detach, "detach-endpoint", "End the live session of an Endpoint",
		ROLE_OPERATOR},
	{"GET", "endpoints/{id}/attaches", OP_READ, op_endpoint_attaches, "list-endpoint-attaches",
		"The last attaches of an Endpoint, step by step"},
	{"GET", "endpoints/{id}/usage", OP_READ, op_usage, "list-endpoint-usage",
		"Octets and sessions of an Endpoint, by hour or by day"},
	{"GET", "endpointgroups/{id}/usage", OP_READ, op_usage, "list-endpoint-group-usage",
		"Octets and sessions of an Endpoint Group, by hour or by day"},
	{"GET", "vslices/{id}/usage", OP_READ, op_usage, "list-vslice-usage",
		"Octets and sessions of a VSlice, by hour or by day"},
	{"GET", "routingtargets/{id}/natbindings", OP_READ, op_target_bindings, "list-routing-target-nat-bindings",
		"Who has which public address and port of an Internet target just now, and toward whom"},
	{"GET", "endpoints/{id}/natbindings", OP_READ, op_endpoint_bindings, "list-endpoint-nat-bindings",
		"Which public addresses and ports an Endpoint has just now, and toward whom"},
	{"POST", "routingpolicies/explain", OP_READ, op_policy_explain_unsaved, "explain-unsaved-routing-policy",
		"Which rule of a Routing Policy that is not stored a packet would hit, where it would go, and why", ROLE_VIEWER,
		.reads = true},
	{"POST", "routingpolicies/{id}/explain", OP_READ, op_policy_explain, "explain-routing-policy",
		"Which rule a packet hits, where it would go, and why; of the stored rules or of those in the body", ROLE_VIEWER,
		.reads = true},
	{"POST", "tunnels/{id}/restart", OP_WRITE, op_tunnel_restart, "restart-tunnel", "Close a tunnel and open it again",
		ROLE_OPERATOR},
	{"POST", "tunnels/{id}/drain", OP_WRITE, op_tunnel_drain, "drain-tunnel", "Let a tunnel take no new sessions",
		ROLE_OPERATOR},
	{"POST", "vslices/{id}/lnss/{row}/test", OP_WRITE, op_lns_test, "test-lns", "Dial an LNS with no SIM, from each LAC",
		ROLE_OPERATOR},
	{"GET", "vslices/{id}/lnss/{row}/tests", OP_READ, op_lns_tests, "list-lns-tests",
		"What the last tests of an LNS found, step by step"},
	{"GET", "vslices/{id}/lnsconfig", OP_READ, op_lns_config, "get-lns-config",
		"What the customer's LNS must be told, as the configuration of one kind of LNS"},
	{"POST", "endpoints/import", OP_READ, op_endpoint_import, "import-endpoints",
		"Create many Endpoints, all or none, from CSV or NDJSON", ROLE_OPERATOR},
	{"GET", "endpoints/export", OP_READ, op_endpoint_export, "export-endpoints", "All Endpoints as CSV or NDJSON (format)"},
	{"POST", "l2tpSetups", OP_WRITE, op_l2tp_setup, "create-l2tp-setup", "Create a whole L2TP set-up in one transaction"},
	{"GET", "events/stream", OP_READ, op_event_stream, "stream-events", "Live events, as Server-Sent Events"},
	{"POST", "eventhandlers/{id}/test", OP_WRITE, op_handler_test, "test-event-handler",
		"Post a test to an Event Handler's receiver and tell what it answered", ROLE_OPERATOR},
	{"POST", "eventhandlers/{id}/replay", OP_WRITE, op_handler_replay, "replay-event-handler",
		"Tell an Event Handler again: its dead letters, or what happened since a cursor (since)", ROLE_OPERATOR},
	{"GET", "eventhandlers/{id}/deadletters", OP_READ, op_handler_dead_letters, "list-event-handler-dead-letters",
		"What an Event Handler's receiver did not take in time"},
	{"POST", "captures", OP_WRITE, op_capture_create, "create", "Capture the packets of an Endpoint, a Tunnel or an LNS",
		ROLE_OPERATOR},
	{"DELETE", "captures/{id}", OP_WRITE, op_capture_delete, "delete", "Stop a Capture and forget its file", ROLE_OPERATOR},
	{"POST", "captures/{id}/stop", OP_WRITE, op_capture_stop, "stop-capture", "Stop a Capture; its file stays",
		ROLE_OPERATOR},
	{"GET", "captures/{id}/download", OP_READ, op_capture_download, "download-capture",
		"The pcapng file; of a Capture that runs it grows as packets come", ROLE_OPERATOR},
	{"PUT", "{noun}/{id}/{rows}/order", OP_WRITE, op_rows_order, "order", "Put the entries of a list into a new order"},
	{"GET", "{live}", OP_READ, op_live_list, "list", "List each {noun}"},
	{"GET", "{live}/{id}", OP_READ, op_live_get, "get", "Read one {noun}"},
	{"GET", "{noun}", OP_READ, op_list, "list", "List each {noun}"},
	{"POST", "{noun}", OP_WRITE, op_create, "create", "Create a {noun}"},
	{"GET", "{noun}/{id}", OP_READ, op_get, "get", "Read one {noun}"},
	{"PUT", "{noun}/{id}", OP_WRITE, op_replace, "replace", "Replace a {noun}"},
	{"PATCH", "{noun}/{id}", OP_WRITE, op_merge, "change", "Change members of a {noun} (RFC 7396)"},
	{"DELETE", "{noun}/{id}", OP_WRITE, op_delete, "delete", "Delete a {noun}"},
	{"GET", "{noun}/{id}/{rows}", OP_READ, op_rows_list, "list", "List each {noun}"},
	{"POST", "{noun}/{id}/{rows}", OP_WRITE, op_rows_create, "create", "Add a {noun}"},
	{"GET", "{noun}/{id}/{rows}/{row}", OP_READ, op_rows_get, "get", "Read one {noun}"},
	{"PUT", "{noun}/{id}/{rows}/{row}", OP_WRITE, op_rows_replace, "replace", "Replace a {noun}"},
	{"PATCH", "{noun}/{id}/{rows}/{row}", OP_WRITE, op_rows_merge, "change", "Change members of a {noun} (RFC 7396)"},
	{"DELETE", "{noun}/{id}/{rows}/{row}", OP_WRITE, op_rows_delete, "delete", "Delete a {noun}"},
};
const size_t route_count = array_len(routes);

// `named` is what the first segment names.
static bool segment_matches(
	const char *pattern, size_t len, const char *segment, const struct noun *named, const struct noun **noun)
{
	const struct field *list;

	if (pattern[0] != '{')
		return strlen(segment) == len && strncasecmp(pattern, segment, len) == 0;
	if (strncmp(pattern, "{noun}", len) == 0 || strncmp(pattern, "{live}", len) == 0) {
		*noun = named;
		return *noun && !((*noun)->flags & NOUN_LIVE) == (pattern[1] == 'n');
	}
	if (strncmp(pattern, "{rows}", len) == 0)
		return *noun && noun_row_by_path(*noun, segment, &list);
	return *segment;
}

static bool route_matches(
	const struct route *route, char **segments, size_t count, const struct noun *named, const struct noun **noun)
{
	const char *pattern = route->pattern;
	size_t at = 0;

	for (*noun = NULL; *pattern; at++) {
		size_t len = strcspn(pattern, "/");

		if (at == count || !segment_matches(pattern, len, segments[at], named, noun))
			return false;
		pattern += len + (pattern[len] == '/');
	}
	if (at == count && !*noun)
		*noun = named;
	return at == count;
}

static void answer(struct exchange *exchange, int status, const char *message, const char *allow)
{
	static const struct exchange_header later = {"Retry-After", "1"};
	struct exchange_answer reply = {.status = status, .allow = allow, .headers = &later, .header_count = status == 429};
	struct text body = {0};

	text_add(&body, "{\"success\":false,\"messages\":[");
	text_json(&body, message);
	text_add(&body, "],\"data\":null}");
	reply.body = text_take(&body, &reply.len);
	exchange_reply(exchange, &reply);
}

static bool is_json(struct exchange *exchange)
{
	const char *type = exchange_header(exchange, "Content-Type");
	size_t len;

	exchange_body(exchange, &len);
	return !type || !len || strncasecmp(type, "application/json", 16) == 0 ||
		strncasecmp(type, "application/merge-patch+json", 28) == 0;
}

static bool is_within_rate(struct controller *controller, struct exchange *exchange)
{
	const char *token = exchange_header(exchange, "Authorization");

	if (!token)
		token = exchange_cookie(exchange, SESSION_COOKIE);
	if (rate_take(&controller->rate, token, uv_now(&controller->loop)))
		return true;
	controller->limited++;
	answer(exchange, 429, "Too many requests with this token; send them more slowly", NULL);
	return false;
}

static void route_request(struct controller *controller, struct exchange *exchange, char *path, char **segments, size_t count)
{
	const struct noun *named = noun_by_path(segments[0]), *noun;
	const char *method = exchange_method(exchange);
	char allow[60] = "";

	for (size_t i = 0; i < route_count; i++) {
		if (!route_matches(&routes[i], segments, count, named, &noun))
			continue;
		if (strcasecmp(routes[i].method, method) == 0) {
			if (routes[i].kind == OP_WRITE && !is_json(exchange)) {
				answer(exchange, 415, "Content-Type: is not accepted; send application/json", NULL);
				free(path);
			} else {
				op_start(controller, exchange, &routes[i], noun, path, segments, count);
			}
			return;
		}
		snprintf(allow + strlen(allow), sizeof(allow) - strlen(allow), "%s%s", *allow ? ", " : "", routes[i].method);
	}
	if (*allow)
		answer(exchange, 405, "This path does not know the method; see the Allow header", allow);
	else
		answer(exchange, 404, "No such path; GET /api/v1/openapi.json lists all", NULL);
	free(path);
}

static void serve_health(struct exchange *exchange)
{
	struct exchange_answer reply = {.status = 200};

	reply.body = strdup("{\"status\":\"ok\",\"version\":\"" SLICEGATE_VERSION "\"}");
	reply.len = strlen(reply.body);
	exchange_reply(exchange, &reply);
}

static void serve_metrics(struct controller *controller, struct exchange *exchange)
{
	struct exchange_answer reply = {.status = 200, .content_type = METRICS_CONTENT_TYPE};
	struct event_counters events = events_counters(controller->events);
	int64_t sessions, tunnels, gateways;
	struct metrics metrics;

	live_counts(controller->live, &sessions, &tunnels, &gateways);
	metrics_init(&metrics);
	metrics_sample(&metrics, "slicegate_controller_requests", METRIC_COUNTER, "API requests answered",
		(double)controller->requests, NULL);
	metrics_sample(&metrics, "slicegate_controller_failures", METRIC_COUNTER,
		"API requests answered with a status of 500 or more", (double)controller->failures, NULL);
	metrics_sample(&metrics, "slicegate_controller_limited_requests", METRIC_COUNTER,
		"API requests refused for the rate limit", (double)controller->limited, NULL);
	metrics_sample(&metrics, "slicegate_controller_pending_requests", METRIC_GAUGE, "API requests without an answer yet",
		(double)http_server_pending(controller->http), NULL);
	metrics_sample(&metrics, "slicegate_controller_gateways", METRIC_GAUGE, "Connected gateways", (double)gateways, NULL);
	metrics_sample(&metrics, "slicegate_controller_sessions", METRIC_GAUGE, "Live sessions reported", (double)sessions, NULL);
	metrics_sample(&metrics, "slicegate_controller_tunnels", METRIC_GAUGE, "Live tunnels reported", (double)tunnels, NULL);
	metrics_sample(&metrics, "slicegate_controller_events", METRIC_COUNTER, "Events stored from reports",
		(double)events.stored, NULL);
	metrics_sample(&metrics, "slicegate_controller_webhooks_delivered", METRIC_COUNTER, "Webhooks that the receiver took",
		(double)events.delivered, NULL);
	metrics_sample(&metrics, "slicegate_controller_webhooks_failed", METRIC_COUNTER, "Attempts of webhooks that failed",
		(double)events.failed, NULL);
	metrics_sample(
		&metrics, "slicegate_controller_webhooks_dead", METRIC_COUNTER, "Webhooks given up", (double)events.dead, NULL);
	metrics_sample(&metrics, "slicegate_controller_event_streams", METRIC_GAUGE, "Live event streams open",
		(double)events.streams, NULL);
	reply.body = metrics_end(&metrics, &reply.len);
	exchange_reply(exchange, &reply);
}

void api_request(struct controller *controller, struct exchange *exchange)
{
	static const char base[] = "/api/v1/";
	const char *path = exchange_path(exchange);
	char *segments[SEGMENTS_MAX], *rest, *part;
	size_t count = 0;

	if (strcmp(path, "/health") == 0) {
		serve_health(exchange);
		return;
	}
	if (strcmp(path, "/metrics") == 0) {
		serve_metrics(controller, exchange);
		return;
	}
	if (portal_request(controller->web_root, exchange))
		return;
	if (link_request(controller->link, exchange) || !is_within_rate(controller, exchange))
		return;
	char *copy = strncasecmp(path, base, sizeof(base) - 1) == 0 ? strdup(path + sizeof(base) - 1) : NULL;

	for (rest = copy; copy && (part = strsep(&rest, "/"));)
		if (*part && count < SEGMENTS_MAX)
			segments[count++] = part;
	if (!count) {
		answer(exchange, 404, "No such path; the API is under /api/v1", NULL);
		free(copy);
		return;
	}
	route_request(controller, exchange, copy, segments, count);
}

size_t api_body_max(void *owner, const char *method, const char *path)
{
	(void)owner;
	(void)method;
	if (strcasecmp(path, "/api/v1/endpoints/import") == 0)
		return IMPORT_MAX;
	if (strncmp(path, "/gateway/v1/captures/", 21) == 0)
		return CAPTURE_PIECE_MAX;
	return strcmp(path, "/gateway/v1/reports") == 0 ? REPORTS_MAX : BODY_MAX;
}
