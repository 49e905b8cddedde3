// SPDX-License-Identifier: Apache-2.0
// A batch of reports is taken whole on a store thread, where the references in it can be looked up, and told to the live state. What of
// it must last, usage, attaches and events, is gathered meanwhile and stored by one write job, together with the batch's (boot, sequence). Then it
// is acknowledged. The gateway sends a batch again until it is; it is taken once, whoever was restarted in between.
#include "controller/link_report.h"

#include "base/clean.h"
#include "base/log.h"
#include "base/vec.h"
#include "controller/addresses.h"
#include "controller/api/http.h"
#include "controller/api/op.h"
#include "controller/api/token.h"
#include "controller/ask.h"
#include "controller/events/events.h"
#include "controller/link_name.h"
#include "controller/live.h"
#include "controller/store/attach.h"
#include "controller/store/usage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

LOG_CATEGORY(report);

// It has few addresses of a VSlice left to give out.
struct pool_want {
	char vslice[UUID_TEXT];
	enum ip_family family;
};

struct attach_told {
	char id[40]; // of the endpoint, or of the LNS that was tested
	char *trace; // JSON, owned
};

struct report {
	struct store_job job;
	struct controller *controller;
	struct exchange *exchange;
	struct db *db;
	struct actor actor;
	char *token;
	char gateway[UUID_TEXT];
	char boot[64];
	int64_t sequence, sent, taken, unknown;
	struct event_notes notes; // what is new in it
	uint64_t stored; // of these
	VEC(struct usage_told) usage;
	VEC(struct attach_told) attaches;
	VEC(struct pool_want) wants;
	VEC(json_t *) answers; // to what was asked, completed
	size_t row; // how many were looked at
	bool is_new;
	int status;
	char why[240];
};

static const char *text_of(const json_t *row, const char *name)
{
	return json_string_value(json_object_get(row, name));
}

static int64_t number_of(const json_t *row, const char *name)
{
	const json_t *value = json_object_get(row, name);

	return json_is_integer(value) ? json_integer_value(value) : json_is_real(value) ? (int64_t)json_real_value(value) : 0;
}

static int64_t time_of(const json_t *row, const char *name)
{
	const char *text = text_of(row, name);
	int64_t ms;

	return text && json_time_parse(text, &ms) == 0 ? ms : FIELD_UNSET;
}

// Takes the members of a live noun from a row of the same names.
static void take_members(struct report *report, const struct noun *noun, const json_t *row, void *object)
{
	for (size_t i = 0; i < noun->field_count; i++) {
		const struct field *field = &noun->fields[i];
		const json_t *value = json_object_get(row, field->link), *item;
		size_t at;

		switch (field->type) {
		case FIELD_TEXT:
			field_text_set(field_text(field, object), json_string_value(value));
			break;
		case FIELD_INT:
			*field_int(field, object) = json_is_number(value) ? number_of(row, field->link) : FIELD_UNSET;
			break;
		case FIELD_TIME:
			*field_int(field, object) = time_of(row, field->link);
			break;
		case FIELD_ENUM: {
			const struct word *word =
				json_is_string(value) ? word_find(field->words, json_string_value(value)) : NULL;

			*field_int(field, object) = word ? word->key : FIELD_UNSET;
			break;
		}
		case FIELD_REF:
			field_text_set(&field_ref(field, object)->id, json_string_value(value));
			link_name(report->db, field->noun, field_ref(field, object), &((struct object *)object)->customer.id);
			break;
		case FIELD_TEXTS:
			json_array_foreach(value, at, item) if (json_is_string(item))
				field_texts_add(field_texts(field, object), json_string_value(item));
			break;
		case FIELD_RAW:
			*field_text(field, object) = json_is_object(value) ? json_dumps(value, JSON_COMPACT) : NULL;
			break;
		default:
			break;
		}
	}
}

// What a row says of a session's totals.
static void gather_usage(struct report *report, const json_t *row, const char *session, bool ends)
{
	const char *endpoint = text_of(row, "endpoint");
	struct usage_told *told =
		session && endpoint && strlen(session) < sizeof(told->session) && strlen(endpoint) < sizeof(told->endpoint)
		? vec_add(&report->usage)
		: NULL;

	if (!told)
		return;
	*told = (struct usage_told){
		.bytes_up = number_of(row, "bytesUplink"), .bytes_down = number_of(row, "bytesDownlink"), .ends = ends};
	strcpy(told->session, session);
	strcpy(told->endpoint, endpoint);
	told->started_ms = time_of(row, "startedAt");
	told->time_ms = time_of(row, "time");
}

static void set_gateway(struct report *report, struct field_ref *ref)
{
	field_text_set(&ref->id, report->gateway);
	link_name(report->db, &noun_gateway, ref, NULL);
}

static bool has_id(const json_t *row)
{
	const char *id = text_of(row, "id");

	return id && strlen(id) < 64;
}

static void on_session(struct report *report, const json_t *row)
{
	struct session *session = has_id(row) ? object_new(&noun_session) : NULL;

	if (!session)
		return;
	take_members(report, &noun_session, row, session);
	set_gateway(report, &session->gateway);
	live_put_session(report->controller->live, session, usage_session_active_ms(report->db, session->object.id));
	gather_usage(report, row, text_of(row, "id"), false);
}

static void on_tunnel(struct report *report, const json_t *row)
{
	struct tunnel *tunnel = has_id(row) ? object_new(&noun_tunnel) : NULL;

	if (!tunnel)
		return;
	take_members(report, &noun_tunnel, row, tunnel);
	set_gateway(report, &tunnel->gateway);
	live_put_tunnel(report->controller->live, tunnel);
}

static void on_session_end(struct report *report, const json_t *row)
{
	if (has_id(row))
		live_drop_session(report->controller->live, text_of(row, "id"));
	gather_usage(report, row, text_of(row, "id"), true);
}

static void on_tunnel_end(struct report *report, const json_t *row)
{
	if (has_id(row))
		live_drop_tunnel(report->controller->live, text_of(row, "id"));
}

static void on_usage(struct report *report, const json_t *row)
{
	const char *id = text_of(row, "session");

	if (id)
		live_count_usage(report->controller->live, id, number_of(row, "bytesUplink"), number_of(row, "bytesDownlink"),
			number_of(row, "packetsUplink"), number_of(row, "packetsDownlink"));
	gather_usage(report, row, id, false);
}

static void on_sync(struct report *report, const json_t *row)
{
	const char *phase = text_of(row, "phase");

	if (phase && strcmp(phase, "begin") == 0)
		live_sync_begin(report->controller->live, report->gateway);
	if (!phase || strcmp(phase, "end") != 0)
		return;
	event_note_lost(&report->notes, report->controller->live, report->gateway);
	live_sync_end(report->controller->live, report->gateway);
}

static void set_status(struct live_gateway *state, void *context)
{
	const json_t *row = context, *addresses = json_object_get(row, "addresses"), *item;
	const char *version = text_of(row, "version"), *path = text_of(row, "dataPath");
	size_t i;

	snprintf(state->version, sizeof(state->version), "%s", version ? version : "");
	snprintf(state->data_path, sizeof(state->data_path), "%s", path ? path : "");
	state->started_ms = time_of(row, "startedAt");
	state->sessions = number_of(row, "sessions");
	state->tunnels = number_of(row, "tunnels");
	state->load_percent = (int64_t)(json_number_value(json_object_get(row, "load")) * 100 + 0.5);
	state->config_revision = number_of(row, "configRevision");
	state->address_count = 0;
	json_array_foreach(addresses, i, item) if (json_is_string(item) && state->address_count < array_len(state->addresses))
		snprintf(state->addresses[state->address_count++], sizeof(state->addresses[0]), "%s", json_string_value(item));
}

static void on_status(struct report *report, const json_t *row)
{
	live_change_gateway(report->controller->live, report->gateway, set_status, (void *)row);
}

static void on_slice(struct report *report, const json_t *row)
{
	static const struct {
		const char *word;
		enum target_status status;
	} statuses[] = {{"pending", TARGET_PENDING}, {"available", TARGET_AVAILABLE}, {"unavailable", TARGET_UNAVAILABLE}};
	const json_t *targets = json_object_get(row, "targets"), *item;
	const char *vslice = text_of(row, "vslice");
	size_t i;

	if (vslice)
		live_put_slice(report->controller->live, vslice, json_is_true(json_object_get(row, "ready")),
			text_of(row, "message"), text_of(row, "dataPath"));
	json_array_foreach(targets, i, item)
	{
		const char *id = text_of(item, "routingTarget"), *word = text_of(item, "status");

		for (size_t s = 0; id && word && s < array_len(statuses); s++)
			if (strcmp(statuses[s].word, word) == 0)
				live_put_target(report->controller->live, id, statuses[s].status, text_of(item, "message"),
					json_object_get(item, "public"));
	}
}

static void on_rules(struct report *report, const json_t *row)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(row, "rules"), i, item)
	{
		const char *id = text_of(item, "rule");

		if (id && strlen(id) < UUID_TEXT)
			live_put_rule(report->controller->live, id, number_of(item, "packets"), number_of(item, "bytes"));
	}
	json_array_foreach(json_object_get(row, "targets"), i, item)
	{
		const char *id = text_of(item, "routingTarget");
		const struct live_traffic traffic = {number_of(item, "packetsUplink"), number_of(item, "bytesUplink"),
			number_of(item, "packetsDownlink"), number_of(item, "bytesDownlink"),
			number_of(item, "connectionsRefused")};

		if (id)
			live_put_traffic(report->controller->live, id, &traffic);
	}
}

// A SIM that no endpoint of the gateway has may be another gateway's: gateways know their own only. The row is completed with the
// endpoint, so that its attaches and events tell, and with where it should have come.
static void find_stray(struct report *report, json_t *row)
{
	static const char sql[] =
		"SELECT e.id, v.moniker, g.moniker, h.moniker FROM endpoint_imsis i JOIN endpoint e ON e.id = i.owner "
		"JOIN regional_gateway h ON h.id = ?2 LEFT JOIN endpoint_group p ON p.id = e.endpoint_group "
		"LEFT JOIN vslice v ON v.id = p.vslice LEFT JOIN regional_gateway g ON g.id = v.regional_gateway WHERE i.value = "
		"?1";
	const char *word = text_of(row, "row"), *imsi = text_of(row, "imsi");
	sqlite3_stmt *statement;

	if (!word || strcmp(word, "attach") != 0 || !imsi || text_of(row, "endpoint") ||
		json_is_true(json_object_get(row, "ok")) || !(statement = db_statement(report->db, sql)))
		return;
	sqlite3_bind_text(statement, 1, imsi, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, report->gateway, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) == SQLITE_ROW) {
		const char *id = (const char *)sqlite3_column_text(statement, 0);
		const char *vslice = (const char *)sqlite3_column_text(statement, 1);
		const char *gateway = (const char *)sqlite3_column_text(statement, 2);
		const char *here = (const char *)sqlite3_column_text(statement, 3);

		if (!vslice)
			json_object_set_new(
				row, "verdict", json_string("the endpoint is in no Endpoint Group: assign it to one"));
		else if (gateway && strcmp(gateway, here) != 0)
			json_object_set_new(row, "verdict",
				json_sprintf(
					"the SIM arrived at Regional Gateway \"%s\", but its VSlice \"%s\" is served by Regional "
					"Gateway \"%s\": the mobile network must send it there, or the VSlice must name this one",
					here, vslice, gateway));
		if (!vslice || (gateway && strcmp(gateway, here) != 0))
			json_object_set_new(row, "endpoint", json_string(id));
	}
	sqlite3_reset(statement);
}

static void gather_attach(struct report *report, const char *endpoint, char *trace)
{
	struct attach_told *told = vec_add(&report->attaches);

	if (!told) {
		free(trace);
		return;
	}
	snprintf(told->id, sizeof(told->id), "%s", endpoint);
	told->trace = trace;
}

// What the VSlice's readiness shows of its last dial.
static void note_dial(struct report *report, const json_t *row, const char *vslice)
{
	json_t *dial = json_pack("{s:b, s:O, s:O}", "ok", json_is_true(json_object_get(row, "ok")), "verdict",
		json_object_get(row, "verdict"), "startedAt", json_object_get(row, "startedAt"));
	char *text = dial ? json_dumps(dial, JSON_COMPACT) : NULL;

	json_decref(dial);
	if (text)
		gather_attach(report, vslice, text);
}

static void on_attach(struct report *report, const json_t *row)
{
	const char *endpoint = text_of(row, "endpoint");
	const char *vslice = text_of(row, "vslice");
	json_t *copy = endpoint && strlen(endpoint) < 40 ? json_deep_copy(row) : NULL;

	if (vslice && strlen(vslice) < 40)
		note_dial(report, row, vslice);
	if (!copy)
		return;
	json_object_del(copy, "row");
	json_object_del(copy, "vslice");
	char *text = json_dumps(copy, JSON_COMPACT);

	json_decref(copy);
	if (text)
		gather_attach(report, endpoint, text);
}

static void on_event(struct report *report, const json_t *row)
{
	char *detail = json_dumps(json_object_get(row, "detail"), JSON_COMPACT);

	log_debug("event type=%s gateway=%s endpoint=%s vslice=%s detail=%.300s",
		text_of(row, "eventType") ? text_of(row, "eventType") : "-", report->gateway,
		text_of(row, "endpoint") ? text_of(row, "endpoint") : "-", text_of(row, "vslice") ? text_of(row, "vslice") : "-",
		detail ? detail : "{}");
	free(detail);
}

static void on_pool(struct report *report, const json_t *row)
{
	const char *vslice = text_of(row, "vslice"), *family = text_of(row, "family");
	struct pool_want *want = vslice && family && strlen(vslice) < UUID_TEXT ? vec_add(&report->wants) : NULL;

	if (!want)
		return;
	strcpy(want->vslice, vslice);
	want->family = strcmp(family, "ipv6") == 0 ? IP_V6 : IP_V4;
}

static void on_nat_bindings(struct report *report, const json_t *row)
{
	json_t *copy = text_of(row, "query") ? json_deep_copy(row) : NULL, **room = copy ? vec_add(&report->answers) : NULL;

	if (!room) {
		json_decref(copy);
		return;
	}
	link_name_rows(report->db, json_object_get(copy, "bindings"));
	*room = copy;
}

static const struct {
	const char *row;
	void (*take)(struct report *report, const json_t *row);
} kinds[] = {
	{"session", on_session},
	{"sessionEnd", on_session_end},
	{"usage", on_usage},
	{"tunnel", on_tunnel},
	{"tunnelEnd", on_tunnel_end},
	{"status", on_status},
	{"slice", on_slice},
	{"rules", on_rules},
	{"pool", on_pool},
	{"attach", on_attach},
	{"event", on_event},
	{"natBindings", on_nat_bindings},
	{"sync", on_sync},
};

static void take_row(struct report *report, const json_t *row)
{
	const char *word = text_of(row, "row");
	char place[100];

	find_stray(report, (json_t *)row);
	snprintf(place, sizeof(place), "%s/%lld/%zu", report->boot, (long long)report->sequence, report->row++);
	event_note_row(&report->notes, report->controller->live, report->gateway, place, row);
	for (size_t i = 0; word && i < array_len(kinds); i++)
		if (strcmp(kinds[i].row, word) == 0) {
			kinds[i].take(report, row);
			report->taken++;
			return;
		}
	report->unknown++; // of a newer gateway: counted, not refused
}

static int fail(struct report *report, int status, const char *why)
{
	report->status = status;
	snprintf(report->why, sizeof(report->why), "%s", why);
	return -EINVAL;
}

static int identify(struct report *report, const json_t *header)
{
	const char *name = text_of(header, "gateway"), *boot = text_of(header, "boot"), *row = text_of(header, "row");

	if (!row || strcmp(row, "reports") != 0 || !name || !boot || !json_is_integer(json_object_get(header, "sequence")))
		return fail(report, 400,
			"line 1: must be {\"row\":\"reports\",\"gateway\":MONIKER,\"boot\":TEXT,\"sequence\":N,\"count\":K}");
	if (!report->token || token_check(report->db, report->token, &report->actor))
		return fail(report, 401, "Unknown, disabled or expired token; ask for another");
	if (db_find(report->db, &noun_gateway, NULL, NULL, name, report->gateway))
		return fail(report, 404, "gateway: no Regional Gateway of this name; open the configuration stream first");
	if ((report->actor.scope != TOKEN_OWNER || report->actor.role < ROLE_ADMINISTRATOR) &&
		(report->actor.scope != TOKEN_GATEWAY || strcmp(report->actor.gateway, report->gateway) != 0))
		return fail(report, 403, "gateway: the token is for another Regional Gateway; use its own token");
	snprintf(report->boot, sizeof(report->boot), "%s", boot);
	report->sequence = number_of(header, "sequence");
	report->sent = number_of(header, "count");
	return 0;
}

static void check_sequence(struct live_gateway *state, void *context)
{
	struct report *report = context;

	state->last_seen_ms = db_now_ms();
	report->is_new = strcmp(state->boot, report->boot) != 0 || report->sequence > state->sequence;
}

static void note_sequence(struct live_gateway *state, void *context)
{
	const struct report *report = context;

	snprintf(state->boot, sizeof(state->boot), "%s", report->boot);
	state->sequence = report->sequence;
}

// Each line as JSON to `each`; false at the first that is not an object.
static bool each_line(struct report *report, const char *body, size_t len, bool skip_first,
	void (*each)(struct report *report, const json_t *row))
{
	size_t line = 0;

	for (const char *at = body, *end = body + len; at < end; line++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((stop ? stop : end) - at);

		if (size && !(skip_first && line == 0)) {
			json_t *row = json_loadb(at, size, JSON_REJECT_DUPLICATES, NULL);

			if (!json_is_object(row)) {
				json_decref(row);
				snprintf(report->why, sizeof(report->why), "line %zu: is not a JSON object", line + 1);
				report->status = 400;
				return false;
			}
			if (each)
				each(report, row);
			json_decref(row);
		}
		at += size + 1;
	}
	return true;
}

static void run(struct db *db, struct store_job *job)
{
	struct report *report = container_of(job, struct report, job);
	size_t len;
	const char *body = exchange_body(report->exchange, &len), *stop = body ? memchr(body, '\n', len) : NULL;
	json_t *header = body ? json_loadb(body, stop ? (size_t)(stop - body) : len, JSON_REJECT_DUPLICATES, NULL) : NULL;

	report->db = db;
	report->status = 200;
	if (exchange_is_too_large(report->exchange))
		fail(report, 413, "body: is too large; send smaller batches");
	// A batch is taken whole or not at all: all lines are read before the first is told.
	else if (!identify(report, header) && each_line(report, body, len, true, NULL)) {
		live_change_gateway(report->controller->live, report->gateway, check_sequence, report);
		report->is_new = report->is_new && usage_batch_is_new(db, report->gateway, report->boot, report->sequence);
		if (report->is_new)
			each_line(report, body, len, true, take_row);
		if (report->unknown)
			log_warn("gateway=%s unknown_rows=%lld", report->gateway, (long long)report->unknown);
	}
	json_decref(header);
}

static void answer_report(struct report *report, int error)
{
	struct exchange_answer answer = {.status = error ? 500 : report->status};
	struct text reply = {0};

	if (answer.status == 200) {
		text_format(&reply, "{\"success\":true,\"messages\":[],\"data\":{\"acknowledged\":%lld}}",
			(long long)report->sequence);
	} else {
		text_add(&reply, "{\"success\":false,\"messages\":[");
		text_json(&reply, report->why);
		text_add(&reply, "],\"data\":null}");
	}
	answer.body = text_take(&reply, &answer.len);
	exchange_reply(report->exchange, &answer);
	if (report->token)
		explicit_bzero(report->token, strlen(report->token));
	free(report->token);
	event_notes_fini(&report->notes);
	vec_free(&report->wants);
	vec_each (&report->answers, said)
		json_decref(*said);
	vec_free(&report->answers);
	vec_free(&report->usage);
	vec_each (&report->attaches, told)
		free(told->trace);
	vec_free(&report->attaches);
	free(report);
}

static void keep_run(struct db *db, struct store_job *job)
{
	struct report *report = container_of(job, struct report, job);
	int error = 0;

	if (!usage_batch_is_new(db, report->gateway, report->boot, report->sequence))
		return;
	for (size_t i = 0; i < report->usage.count && !error; i++)
		error = usage_count(db, &report->usage.items[i]);
	for (size_t i = 0; i < report->attaches.count && !error; i++)
		error = attach_add(db, report->attaches.items[i].id, report->attaches.items[i].trace);
	if (!error)
		error = event_notes_store(db, &report->notes, &report->stored);
	if (!error)
		error = usage_batch_taken(db, report->gateway, report->boot, report->sequence);
	job->abort = error;
}

static void keep_done(struct store_job *job)
{
	struct report *report = container_of(job, struct report, job);
	int error = job->error ? job->error : job->abort ? -EIO : 0;

	if (error) {
		log_err("reports not stored gateway=%s sequence=%lld", report->gateway, (long long)report->sequence);
	} else {
		live_change_gateway(report->controller->live, report->gateway, note_sequence, report);
		events_noted(report->controller->events, report->stored);
	}
	answer_report(report, error);
}

// What must last is stored before the batch is acknowledged.
static void done(struct store_job *job)
{
	struct report *report = container_of(job, struct report, job);

	vec_each (&report->answers, answer)
		asks_answer(report->controller->asks, report->gateway, text_of(*answer, "query"),
			json_object_get(*answer, "bindings"), number_of(*answer, "total"), text_of(*answer, "error"));
	vec_each (&report->wants, want)
		addresses_want(report->controller->addresses, want->vslice, want->family, report->gateway);
	if (job->error || report->status != 200 || (!report->notes.count && !report->usage.count && !report->attaches.count)) {
		if (!job->error && report->status == 200)
			live_change_gateway(report->controller->live, report->gateway, note_sequence, report);
		answer_report(report, job->error);
	} else if (report->controller->store) {
		report->job = (struct store_job){.run = keep_run, .done = keep_done};
		store_write(report->controller->store, &report->job);
	} else { // it is being closed: the gateway sends the batch again
		answer_report(report, -ESHUTDOWN);
	}
}

void link_report(struct controller *controller, struct exchange *exchange)
{
	const char *authorization = exchange_header(exchange, "Authorization");
	struct report *report = calloc(1, sizeof(*report));

	if (!report)
		abort();
	report->job = (struct store_job){.run = run, .done = done};
	report->controller = controller;
	report->exchange = exchange;
	if (authorization && strncasecmp(authorization, "Bearer ", 7) == 0)
		report->token = strdup(authorization + 7);
	store_read(controller->store, &report->job);
}
