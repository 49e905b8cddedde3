// SPDX-License-Identifier: Apache-2.0
// A gateway reports states, again and again, and sends what was not acknowledged twice; an event is what is new in them. So a row is held
// against the live state, and what it seems to tell is noted under a name (`source`, or `state` with a value) that the store knows already
// when it was told before, also by a controller that has been restarted since and whose live state was empty.
#include "controller/events/event_source.h"

#include "base/clean.h"
#include "base/log.h"
#include "model/json.h"
#include "model/target.h"
#include "model/vslice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(event_source);

#define NOTES_MAX 100000

struct event_note *event_notes_add(struct event_notes *notes, enum event_kind kind)
{
	if (notes->count == notes->room) {
		size_t room = notes->room ? notes->room * 2 : 8;
		struct event_note *items = room <= NOTES_MAX ? realloc(notes->items, room * sizeof(*items)) : NULL;

		if (!items)
			return NULL;
		notes->items = items;
		notes->room = room;
	}
	struct event_note *note = &notes->items[notes->count++];

	*note = (struct event_note){.kind = kind};
	return note;
}

void event_notes_fini(struct event_notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		free(notes->items[i].detail);
	free(notes->items);
	*notes = (struct event_notes){0};
}

static const char *text_of(const json_t *row, const char *name)
{
	return json_string_value(json_object_get(row, name));
}

// An id is kept only when it can be one.
static void set_id(char out[UUID_TEXT], const char *id)
{
	if (id && strlen(id) < UUID_TEXT)
		strcpy(out, id);
}

static int64_t time_of(const json_t *row, const char *name)
{
	const char *text = text_of(row, name);
	int64_t ms;

	return text && json_time_parse(text, &ms) == 0 ? ms : 0;
}

// The members of the row that are named, as the detail; `id_as` is what the row's own id is called there.
static char *detail_of(const json_t *row, const char *id_as, const char *const *names)
{
	json_t *detail = json_object();

	if (id_as)
		json_object_set(detail, id_as, json_object_get(row, "id"));
	for (; *names; names++) {
		json_t *value = json_object_get(row, *names);

		if (value && !json_is_null(value))
			json_object_set(detail, *names, value);
	}
	char *text = json_dumps(detail, JSON_COMPACT);

	json_decref(detail);
	return text;
}

static const char *const session_members[] = {"imsi", "imei", "apn", "rat", "servingNetwork", "gtpVersion", "gtpPeer", "tunnel",
	"lns", "ipAddress", "mtu", "startedAt", "attachMs", NULL};
static const char *const end_members[] = {
	"imsi", "reason", "cause", "bytesUplink", "bytesDownlink", "packetsUplink", "packetsDownlink", NULL};
static const char *const failure_members[] = {
	"imsi", "apn", "verdict", "resultCode", "errorCode", "disconnectCause", "lns", "startedAt", NULL};

struct noting {
	struct event_notes *notes;
	struct live *live;
	const char *gateway, *place;
	const json_t *row;
	const struct session *session; // as it was until now, or NULL
};

static struct event_note *note_of(struct noting *noting, enum event_kind kind)
{
	struct event_note *note = event_notes_add(noting->notes, kind);

	if (!note)
		return NULL;
	set_id(note->gateway, noting->gateway);
	set_id(note->endpoint, text_of(noting->row, "endpoint"));
	set_id(note->vslice, text_of(noting->row, "vslice"));
	return note;
}

static bool differs(const char *before, const char *now)
{
	return now && *now && (!before || strcmp(before, now) != 0);
}

static void look_at_session(const struct session *session, void *context)
{
	struct noting *noting = context;
	const char *id = text_of(noting->row, "id"), *network = text_of(noting->row, "servingNetwork"),
		   *imei = text_of(noting->row, "imei");
	bool is_changed = session &&
		(differs(session->ip_address, text_of(noting->row, "ipAddress")) ||
			differs(session->rat, text_of(noting->row, "rat")) || differs(session->serving_network, network) ||
			differs(session->lns, text_of(noting->row, "lns")));

	if (!text_of(noting->row, "endpoint") || (session && !is_changed))
		return;
	struct event_note *note = note_of(noting, session ? EVENT_DATA_SESSION_MODIFIED : EVENT_DATA_SESSION_CREATED);

	if (!note)
		return;
	snprintf(note->network, sizeof(note->network), "%s", network ? network : "");
	snprintf(note->imei, sizeof(note->imei), "%s", imei ? imei : "");
	note->detail = detail_of(noting->row, "sessionId", session_members);
	if (session) {
		snprintf(note->source, sizeof(note->source), "%s", noting->place);
		return;
	}
	note->started_ms = time_of(noting->row, "startedAt");
	note->time_ms = note->started_ms;
	snprintf(note->source, sizeof(note->source), "session/%.40s/up", id);
}

static void on_session(struct noting *noting)
{
	const char *id = text_of(noting->row, "id");

	if (id)
		live_look_session(noting->live, id, look_at_session, noting);
}

static void on_session_end(struct noting *noting)
{
	const char *id = text_of(noting->row, "id");
	struct event_note *note = id && text_of(noting->row, "endpoint") ? note_of(noting, EVENT_DATA_SESSION_DELETED) : NULL;

	if (!note)
		return;
	note->detail = detail_of(noting->row, "sessionId", end_members);
	snprintf(note->source, sizeof(note->source), "session/%.40s/down", id);
}

static void on_attach(struct noting *noting)
{
	const char *endpoint = text_of(noting->row, "endpoint"), *started = text_of(noting->row, "startedAt");

	if (!endpoint || !json_is_false(json_object_get(noting->row, "ok")))
		return;
	struct event_note *note = note_of(noting, EVENT_DATA_SESSION_CREATE_FAILED);

	if (!note)
		return;
	note->time_ms = time_of(noting->row, "startedAt");
	note->detail = detail_of(noting->row, NULL, failure_members);
	snprintf(note->source, sizeof(note->source), "attach/%.40s/%.40s", endpoint, started ? started : noting->place);
}

// What a gateway tells as an event. Those that are made here from its other rows are not taken from it as well.
static void on_event(struct noting *noting)
{
	const char *type = text_of(noting->row, "eventType");
	const struct word *word = type ? word_find(event_words, type) : NULL;
	static const enum event_kind own[] = {EVENT_DATA_SESSION_CREATED, EVENT_DATA_SESSION_CREATE_FAILED,
		EVENT_DATA_SESSION_DELETED, EVENT_DATA_SESSION_MODIFIED, EVENT_L2TP_SESSION_UP, EVENT_L2TP_SESSION_DOWN,
		EVENT_L2TP_SESSION_FAILED, EVENT_TARGET_AVAILABLE, EVENT_TARGET_UNAVAILABLE, EVENT_GATEWAY_UP,
		EVENT_GATEWAY_DOWN};

	if (!word) {
		log_warn("unknown type=%.60s gateway=%s", type ? type : "-", noting->gateway);
		return;
	}
	for (size_t i = 0; i < array_len(own); i++)
		if ((int)own[i] == word->key)
			return;
	struct event_note *note = note_of(noting, (enum event_kind)word->key);
	const json_t *detail = json_object_get(noting->row, "detail");

	if (!note)
		return;
	set_id(note->target, text_of(noting->row, "routingTarget"));
	note->time_ms = time_of(noting->row, "time");
	note->detail = json_is_object(detail) ? json_dumps(detail, JSON_COMPACT) : NULL;
	snprintf(note->source, sizeof(note->source), "%s", noting->place);
}

static void on_slice(struct noting *noting)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(noting->row, "targets"), i, item)
	{
		const char *id = text_of(item, "routingTarget"), *status = text_of(item, "status"),
			   *message = text_of(item, "message");
		bool up = status && strcmp(status, "available") == 0, down = status && strcmp(status, "unavailable") == 0;

		if (!id || strlen(id) >= UUID_TEXT || (!up && !down))
			continue;
		if (live_target_status(noting->live, id) == (up ? TARGET_AVAILABLE : TARGET_UNAVAILABLE))
			continue;
		struct event_note *note = note_of(noting, up ? EVENT_TARGET_AVAILABLE : EVENT_TARGET_UNAVAILABLE);
		struct text detail = {0};

		if (!note)
			return;
		set_id(note->target, id);
		snprintf(note->state, sizeof(note->state), "target/%s", id);
		snprintf(note->value, sizeof(note->value), "%s", up ? "available" : "unavailable");
		text_add(&detail, "{\"message\":");
		text_json(&detail, message ? message : "");
		text_char(&detail, '}');
		note->detail = text_take(&detail, NULL);
	}
}

void event_note_row(struct event_notes *notes, struct live *live, const char *gateway, const char *place, const json_t *row)
{
	static const struct {
		const char *row;
		void (*note)(struct noting *noting);
	} kinds[] = {{"session", on_session}, {"sessionEnd", on_session_end}, {"attach", on_attach}, {"event", on_event},
		{"slice", on_slice}};
	struct noting noting = {notes, live, gateway, place, row, NULL};
	const char *word = text_of(row, "row");

	for (size_t i = 0; word && i < array_len(kinds); i++)
		if (strcmp(kinds[i].row, word) == 0)
			kinds[i].note(&noting);
}

static void look_at_lost(const struct session *session, void *context)
{
	struct noting *noting = context;
	struct event_note *note = session->endpoint.id ? event_notes_add(noting->notes, EVENT_DATA_SESSION_DELETED) : NULL;

	if (!note)
		return;
	set_id(note->gateway, noting->gateway);
	set_id(note->endpoint, session->endpoint.id);
	set_id(note->vslice, session->vslice.id);
	snprintf(note->source, sizeof(note->source), "session/%.40s/down", session->object.id);
	json_t *detail = json_pack("{s:s, s:s*, s:s, s:I, s:I}", "sessionId", session->object.id, "imsi", session->imsi, "reason",
		"the gateway has lost it", "bytesUplink", (json_int_t)(session->bytes_up == FIELD_UNSET ? 0 : session->bytes_up),
		"bytesDownlink", (json_int_t)(session->bytes_down == FIELD_UNSET ? 0 : session->bytes_down));

	note->detail = json_dumps(detail, JSON_COMPACT);
	json_decref(detail);
}

void event_note_lost(struct event_notes *notes, struct live *live, const char *gateway)
{
	struct noting noting = {.notes = notes, .live = live, .gateway = gateway};

	live_each_stale(live, gateway, look_at_lost, &noting);
}

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static struct event_draft draft_of(const struct event_note *note)
{
	return (struct event_draft){.kind = note->kind,
		.time_ms = note->time_ms,
		.endpoint = or_null(note->endpoint),
		.target = or_null(note->target),
		.vslice = or_null(note->vslice),
		.gateway = or_null(note->gateway),
		.source = or_null(note->source),
		.detail = note->detail};
}

// On an L2TP VSlice a data session is an L2TP session too.
static int add_l2tp(struct db *db, const struct event_note *note)
{
	enum event_kind kind = note->kind == EVENT_DATA_SESSION_CREATED ? EVENT_L2TP_SESSION_UP
		: note->kind == EVENT_DATA_SESSION_DELETED		? EVENT_L2TP_SESSION_DOWN
		: note->kind == EVENT_DATA_SESSION_CREATE_FAILED	? EVENT_L2TP_SESSION_FAILED
									: 0;
	sqlite3_stmt *statement = kind
		? db_statement(db,
			  "SELECT vslice_type FROM vslice WHERE id = coalesce(?1, (SELECT g.vslice FROM endpoint e JOIN "
			  "endpoint_group g ON g.id = e.endpoint_group WHERE e.id = ?2))")
		: NULL;
	struct event_draft draft = draft_of(note);
	char source[140];

	if (!statement)
		return 0;
	sqlite3_bind_text(statement, 1, draft.vslice, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, draft.endpoint, -1, SQLITE_STATIC);
	bool is_l2tp = sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0) == VSLICE_L2TP;

	sqlite3_reset(statement);
	if (!is_l2tp)
		return 0;
	snprintf(source, sizeof(source), "l2tp/%s", note->source);
	draft.kind = kind;
	draft.source = source;
	return event_add(db, &draft);
}

// Tells that what is kept of the endpoint is another now; `was` the first time is no event.
static int add_change(
	struct db *db, const struct event_note *note, enum event_kind kind, const char *what, const char *was, const char *now)
{
	struct event_draft draft = draft_of(note);
	_cleanup_free_ char *detail = NULL;

	if (asprintf(&detail, "{\"%s\":\"%.20s\",\"previous\":\"%.20s\"}", what, now, was) < 0)
		return -ENOMEM;
	draft.kind = kind;
	draft.source = NULL;
	draft.detail = detail;
	return event_add(db, &draft);
}

static bool is_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

static int add_moves(struct db *db, const struct event_note *note)
{
	char name[60], before[60];
	int added = 0, count = 0;

	snprintf(name, sizeof(name), "network/%s", note->endpoint);
	if (is_digits(note->network) && event_state_change(db, name, note->network, before) && *before) {
		count = add_change(db, note, EVENT_SERVING_OPERATOR_CHANGED, "servingNetwork", before, note->network);
		if (count >= 0 && strncmp(before, note->network, 3) != 0) {
			char was[4], now[4];

			snprintf(was, sizeof(was), "%.3s", before);
			snprintf(now, sizeof(now), "%.3s", note->network);
			added = add_change(db, note, EVENT_COUNTRY_CHANGED, "mcc", was, now);
		}
	}
	if (count < 0 || added < 0)
		return count < 0 ? count : added;
	count += added;
	snprintf(name, sizeof(name), "imei/%s", note->endpoint);
	if (is_digits(note->imei) && event_state_change(db, name, note->imei, before) && *before) {
		added = add_change(db, note, EVENT_IMEI_CHANGED, "imei", before, note->imei);
		count = added < 0 ? added : count + added;
	}
	return count;
}

// A gateway serves many: the customers whose VSlices it holds are told, and the platform's owners.
static int add_for_all(struct db *db, const struct event_note *note)
{
	char customers[256][UUID_TEXT];
	int count = 0, added = 0;
	sqlite3_stmt *statement = db_statement(db,
		"SELECT customer FROM vslice WHERE regional_gateway = ?1 UNION SELECT customer FROM api_token WHERE scope = 1 "
		"LIMIT 256");

	if (!statement)
		return -EIO;
	sqlite3_bind_text(statement, 1, note->gateway, -1, SQLITE_STATIC);
	while (count < 256 && sqlite3_step(statement) == SQLITE_ROW)
		snprintf(customers[count++], UUID_TEXT, "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_reset(statement);
	for (int i = 0; i < count; i++) {
		struct event_draft draft = draft_of(note);

		draft.customer = customers[i];
		int result = event_add(db, &draft);

		if (result < 0)
			return result;
		added += result;
	}
	return added;
}

static int store_note(struct db *db, const struct event_note *note, int64_t pruned_ms)
{
	struct event_draft draft = draft_of(note);
	char before[60];
	int count, more;

	if (note->started_ms && note->started_ms <= pruned_ms) // told of by an event that is gone meanwhile
		return 0;
	if (*note->state && !event_state_change(db, note->state, note->value, before))
		return 0;
	if (note->kind == EVENT_GATEWAY_UP || note->kind == EVENT_GATEWAY_DOWN)
		return add_for_all(db, note);
	count = event_add(db, &draft);
	if (count <= 0)
		return count;
	more = add_l2tp(db, note);
	if (more >= 0 && *note->endpoint) {
		count += more;
		more = add_moves(db, note);
	}
	return more < 0 ? more : count + more;
}

int event_notes_store(struct db *db, struct event_notes *notes, uint64_t *stored)
{
	int64_t pruned_ms = event_state_number(db, "pruned");

	for (size_t i = 0; i < notes->count; i++) {
		int count = store_note(db, &notes->items[i], pruned_ms);

		if (count < 0)
			return count;
		*stored += (uint64_t)count;
	}
	return 0;
}

int event_endpoint_changed(struct db *db, const struct endpoint *endpoint, const struct endpoint *before)
{
	static const struct {
		enum event_kind kind;
		const char *word;
	} kinds[] = {
		[ENDPOINT_UNALLOCATED] = {EVENT_STATUS_UNALLOCATED, "unallocated"},
		[ENDPOINT_PENDING] = {EVENT_STATUS_PENDING, "pending"},
		[ENDPOINT_PROVISIONAL] = {EVENT_STATUS_PROVISIONAL, "provisional"},
		[ENDPOINT_AUTO_ACTIVATE] = {EVENT_STATUS_AUTO_ACTIVATE, "auto-activate"},
		[ENDPOINT_ACTIVE] = {EVENT_STATUS_ACTIVE, "active"},
		[ENDPOINT_SUSPENDED] = {EVENT_STATUS_SUSPENDED, "suspended"},
		[ENDPOINT_TERMINATED] = {EVENT_STATUS_TERMINATED, "terminated"},
	};
	const char *was =
		before && before->status > 0 && before->status < (int64_t)array_len(kinds) ? kinds[before->status].word : NULL;
	char detail[120];

	if (endpoint->status <= 0 || endpoint->status >= (int64_t)array_len(kinds) ||
		(before && before->status == endpoint->status))
		return 0;
	snprintf(detail, sizeof(detail), "{\"status\":\"%s\"%s%s%s}", kinds[endpoint->status].word, was ? ",\"previous\":\"" : "",
		was ? was : "", was ? "\"" : "");
	struct event_draft draft = {.kind = kinds[endpoint->status].kind,
		.customer = endpoint->object.customer.id,
		.endpoint = endpoint->object.id,
		.detail = detail};
	int count = event_add(db, &draft);

	return count < 0 ? count : 0;
}
