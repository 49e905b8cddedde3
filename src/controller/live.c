// SPDX-License-Identifier: Apache-2.0
#include "controller/live.h"

#include "base/log.h"
#include "base/map.h"
#include "controller/live_query.h"
#include "controller/store/db.h"
#include "model/endpoint.h"
#include "model/json.h"
#include "model/policy.h"
#include "model/vslice.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gateway_state {
	char id[40];
	struct live_gateway seen;
	bool syncing;
	int64_t sync_mark;
};

// What a gateway last said of a target, a rule or a slice.
struct said {
	char id[40];
	int64_t first, second; // status and port; packets and bytes; ready
	char message[200];
	char *public; // of a target: a JSON object, what its users must know of it; of a slice: how its packets go; owned
};

struct traffic {
	char id[40];
	struct live_traffic counted;
};

// The map's value: the object and when it was last put, to find what a sync did not name.
struct entry {
	void *object; // struct session or struct tunnel
	int64_t active_ms; // of a session: when it came, or its traffic was last counted
	int64_t mark;
};

struct live {
	pthread_rwlock_t lock;
	struct strmap sessions, by_endpoint, tunnels; // id -> struct entry
	struct strmap gateways;
	struct strmap targets, rules, slices; // id -> struct said
	struct strmap traffic; // id -> struct traffic
	int64_t mark;
};

int live_new(struct live **out)
{
	struct live *live = calloc(1, sizeof(*live));

	if (!live)
		return -ENOMEM;
	pthread_rwlock_init(&live->lock, NULL);
	*out = live;
	return 0;
}

static void entries_free(const struct noun *noun, struct strmap *map)
{
	struct entry *entry;

	for (size_t i = 0; (entry = strmap_next(map, &i));) {
		object_free(noun, entry->object);
		free(entry);
	}
	strmap_fini(map);
}

static void values_free(struct strmap *map)
{
	void *value;

	for (size_t i = 0; (value = strmap_next(map, &i));)
		free(value);
	strmap_fini(map);
}

static void said_free(struct strmap *map)
{
	struct said *said;

	for (size_t i = 0; (said = strmap_next(map, &i));)
		free(said->public);
	values_free(map);
}

void live_free(struct live **handle)
{
	struct live *live = *handle;
	if (!live)
		return;
	*handle = NULL;
	strmap_fini(&live->by_endpoint);
	entries_free(&noun_session, &live->sessions);
	entries_free(&noun_tunnel, &live->tunnels);
	values_free(&live->gateways);
	said_free(&live->targets);
	said_free(&live->slices);
	values_free(&live->rules);
	values_free(&live->traffic);
	pthread_rwlock_destroy(&live->lock);
	free(live);
}

static void entry_drop(struct live *live, const struct noun *noun, struct strmap *map, const char *id)
{
	struct entry *entry = strmap_get(map, id);

	if (!entry)
		return;
	if (noun == &noun_session) {
		const char *endpoint = ((struct session *)entry->object)->endpoint.id;

		if (endpoint && strmap_get(&live->by_endpoint, endpoint) == entry)
			strmap_del(&live->by_endpoint, endpoint);
	}
	strmap_del(map, id);
	object_free(noun, entry->object);
	free(entry);
}

static struct entry *entry_put(struct live *live, const struct noun *noun, struct strmap *map, void *object)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	entry_drop(live, noun, map, ((struct object *)object)->id);
	if (!entry || strmap_put(map, ((struct object *)object)->id, entry)) {
		free(entry);
		object_free(noun, object);
		return NULL;
	}
	entry->object = object;
	entry->mark = ++live->mark;
	return entry;
}

// Being told again is no activity.
static int64_t active_since(struct live *live, const struct session *session, int64_t active_ms)
{
	const struct entry *entry = strmap_get(&live->sessions, session->object.id);

	if (entry)
		return entry->active_ms;
	return active_ms ? active_ms : session->started_ms > 0 ? session->started_ms : db_now_ms();
}

void live_put_session(struct live *live, struct session *session, int64_t active_ms)
{
	pthread_rwlock_wrlock(&live->lock);
	active_ms = active_since(live, session, active_ms);
	struct entry *entry = entry_put(live, &noun_session, &live->sessions, session);

	if (entry)
		entry->active_ms = active_ms;
	if (entry && session->endpoint.id) {
		struct entry *old = strmap_get(&live->by_endpoint, session->endpoint.id);

		if (old) // its key is the old session's text
			strmap_del(&live->by_endpoint, session->endpoint.id);
		(void)strmap_put(&live->by_endpoint, session->endpoint.id, entry);
	}
	pthread_rwlock_unlock(&live->lock);
}

void live_put_tunnel(struct live *live, struct tunnel *tunnel)
{
	pthread_rwlock_wrlock(&live->lock);
	(void)entry_put(live, &noun_tunnel, &live->tunnels, tunnel);
	pthread_rwlock_unlock(&live->lock);
}

void live_drop_session(struct live *live, const char *id)
{
	pthread_rwlock_wrlock(&live->lock);
	entry_drop(live, &noun_session, &live->sessions, id);
	pthread_rwlock_unlock(&live->lock);
}

void live_drop_tunnel(struct live *live, const char *id)
{
	pthread_rwlock_wrlock(&live->lock);
	entry_drop(live, &noun_tunnel, &live->tunnels, id);
	pthread_rwlock_unlock(&live->lock);
}

void live_count_usage(
	struct live *live, const char *id, int64_t bytes_up, int64_t bytes_down, int64_t packets_up, int64_t packets_down)
{
	pthread_rwlock_wrlock(&live->lock);
	struct entry *entry = strmap_get(&live->sessions, id);

	if (entry) {
		struct session *session = entry->object;

		if (packets_up != session->packets_up || packets_down != session->packets_down)
			entry->active_ms = db_now_ms();
		session->bytes_up = bytes_up;
		session->bytes_down = bytes_down;
		session->packets_up = packets_up;
		session->packets_down = packets_down;
	}
	pthread_rwlock_unlock(&live->lock);
}

static struct gateway_state *gateway_state(struct live *live, const char *gateway)
{
	struct gateway_state *state = strmap_get(&live->gateways, gateway);

	if (state)
		return state;
	state = calloc(1, sizeof(*state));
	if (!state)
		abort();
	snprintf(state->id, sizeof(state->id), "%s", gateway);
	if (strmap_put(&live->gateways, state->id, state))
		abort();
	return state;
}

void live_change_gateway(
	struct live *live, const char *gateway, void (*change)(struct live_gateway *state, void *context), void *context)
{
	pthread_rwlock_wrlock(&live->lock);
	change(&gateway_state(live, gateway)->seen, context);
	pthread_rwlock_unlock(&live->lock);
}

void live_sync_begin(struct live *live, const char *gateway)
{
	pthread_rwlock_wrlock(&live->lock);
	struct gateway_state *state = gateway_state(live, gateway);

	state->syncing = true;
	state->sync_mark = live->mark;
	pthread_rwlock_unlock(&live->lock);
}

static bool is_stale(const struct noun *noun, const struct entry *entry, const struct gateway_state *state)
{
	const struct field_ref *gateway =
		noun == &noun_session ? &((struct session *)entry->object)->gateway : &((struct tunnel *)entry->object)->gateway;

	return entry->mark <= state->sync_mark && gateway->id && strcmp(gateway->id, state->id) == 0;
}

// The map must not change while it is walked: one more walk an object that goes.
static void drop_stale(struct live *live, const struct noun *noun, struct strmap *map, const struct gateway_state *state)
{
	struct entry *entry;
	size_t count = 0, room = map->count;
	char **ids = calloc(room + 1, sizeof(*ids));

	for (size_t i = 0; ids && (entry = strmap_next(map, &i));)
		if (is_stale(noun, entry, state))
			ids[count++] = strdup(((struct object *)entry->object)->id);
	for (size_t i = 0; i < count; i++) {
		entry_drop(live, noun, map, ids[i]);
		free(ids[i]);
	}
	free(ids);
}

void live_each_stale(
	struct live *live, const char *gateway, void (*each)(const struct session *session, void *context), void *context)
{
	struct entry *entry;

	pthread_rwlock_rdlock(&live->lock);
	struct gateway_state *state = strmap_get(&live->gateways, gateway);

	for (size_t i = 0; state && state->syncing && (entry = strmap_next(&live->sessions, &i));)
		if (is_stale(&noun_session, entry, state))
			each(entry->object, context);
	pthread_rwlock_unlock(&live->lock);
}

void live_look_session(
	struct live *live, const char *id, void (*look)(const struct session *session, void *context), void *context)
{
	pthread_rwlock_rdlock(&live->lock);
	struct entry *entry = strmap_get(&live->sessions, id);

	look(entry ? entry->object : NULL, context);
	pthread_rwlock_unlock(&live->lock);
}

void live_look_endpoint(
	struct live *live, const char *endpoint, void (*look)(const struct session *session, void *context), void *context)
{
	pthread_rwlock_rdlock(&live->lock);
	struct entry *entry = strmap_get(&live->by_endpoint, endpoint);

	look(entry ? entry->object : NULL, context);
	pthread_rwlock_unlock(&live->lock);
}

void live_sync_end(struct live *live, const char *gateway)
{
	pthread_rwlock_wrlock(&live->lock);
	struct gateway_state *state = gateway_state(live, gateway);

	if (state->syncing) {
		drop_stale(live, &noun_session, &live->sessions, state);
		drop_stale(live, &noun_tunnel, &live->tunnels, state);
	}
	state->syncing = false;
	pthread_rwlock_unlock(&live->lock);
}

static void say(
	struct live *live, struct strmap *map, const char *id, int64_t first, int64_t second, const char *message, char *public)
{
	if (strlen(id) >= sizeof((struct said){0}.id)) { // no id of ours
		free(public);
		return;
	}
	pthread_rwlock_wrlock(&live->lock);
	struct said *said = strmap_get(map, id);

	if (!said) {
		said = calloc(1, sizeof(*said));
		if (!said)
			abort();
		strcpy(said->id, id);
		if (strmap_put(map, said->id, said))
			abort();
	}
	said->first = first;
	said->second = second;
	snprintf(said->message, sizeof(said->message), "%s", message ? message : "");
	free(said->public);
	said->public = public;
	pthread_rwlock_unlock(&live->lock);
}

void live_put_target(struct live *live, const char *target, enum target_status status, const char *message, const json_t *public)
{
	say(live, &live->targets, target, status, 0, message, public ? json_dumps(public, JSON_COMPACT) : NULL);
}

enum target_status live_target_status(struct live *live, const char *target)
{
	pthread_rwlock_rdlock(&live->lock);
	const struct said *said = strmap_get(&live->targets, target);
	enum target_status status = said ? (enum target_status)said->first : TARGET_PENDING;

	pthread_rwlock_unlock(&live->lock);
	return status;
}

void live_put_rule(struct live *live, const char *rule, int64_t packets, int64_t bytes)
{
	say(live, &live->rules, rule, packets, bytes, NULL, NULL);
}

void live_put_traffic(struct live *live, const char *target, const struct live_traffic *counted)
{
	pthread_rwlock_wrlock(&live->lock);
	struct traffic *traffic = strmap_get(&live->traffic, target);

	if (!traffic && strlen(target) < sizeof(traffic->id)) {
		traffic = calloc(1, sizeof(*traffic));
		if (!traffic)
			abort();
		strcpy(traffic->id, target);
		if (strmap_put(&live->traffic, traffic->id, traffic))
			abort();
	}
	if (traffic)
		traffic->counted = *counted;
	pthread_rwlock_unlock(&live->lock);
}

void live_put_slice(struct live *live, const char *vslice, bool ready, const char *message, const char *data_path)
{
	say(live, &live->slices, vslice, ready, 0, message, data_path ? strdup(data_path) : NULL);
}

bool live_slice(struct live *live, const char *vslice, bool *ready, char message[200])
{
	pthread_rwlock_rdlock(&live->lock);
	const struct said *said = strmap_get(&live->slices, vslice);

	if (said) {
		*ready = said->first;
		strcpy(message, said->message);
	}
	pthread_rwlock_unlock(&live->lock);
	return said;
}

static void fill_endpoint(struct live *live, struct endpoint *endpoint)
{
	struct entry *entry = strmap_get(&live->by_endpoint, endpoint->object.id);
	struct text json = {0};

	if (!entry)
		return;
	struct session *session = entry->object;

	json_put_object(&json, &noun_session, session, JSON_READ);
	free(endpoint->session);
	endpoint->session = text_take(&json, NULL);
	field_text_set(&endpoint->ip_address, session->ip_address);
	field_text_set(&endpoint->ip_source, session->ip_source);
	if (entry->active_ms > endpoint->last_activity_ms) // FIELD_UNSET is less
		endpoint->last_activity_ms = entry->active_ms;
}

static void fill_gateway(struct live *live, struct gateway *gateway)
{
	struct gateway_state *state = strmap_get(&live->gateways, gateway->object.id);

	if (!state)
		return;
	const struct live_gateway *seen = &state->seen;

	gateway->status = seen->streams ? GATEWAY_CONNECTED : GATEWAY_DISCONNECTED;
	gateway->last_seen_ms = seen->last_seen_ms;
	gateway->started_ms = seen->started_ms ? seen->started_ms : FIELD_UNSET;
	gateway->sessions = seen->sessions;
	gateway->tunnels = seen->tunnels;
	gateway->config_revision = seen->config_revision;
	gateway->load_percent = seen->load_percent;
	if (*seen->version)
		field_text_set(&gateway->version, seen->version);
	if (*seen->data_path)
		field_text_set(&gateway->data_path, seen->data_path);
	for (size_t i = 0; i < seen->address_count; i++)
		field_texts_add(&gateway->addresses, seen->addresses[i]);
}

static void fill_target(struct live *live, struct target *target)
{
	const struct said *state = strmap_get(&live->targets, target->object.id);
	const struct traffic *traffic = strmap_get(&live->traffic, target->object.id);
	const struct live_traffic counted = traffic ? traffic->counted : (struct live_traffic){0};
	json_t *public;

	target->packets_up = counted.packets_up;
	target->bytes_up = counted.bytes_up;
	target->packets_down = counted.packets_down;
	target->bytes_down = counted.bytes_down;
	target->refused = counted.refused;
	if (!state)
		return;
	target->status = state->first;
	if (*state->message)
		field_text_set(&target->status_message, state->message);
	if (!state->public)
		return;
	free(target->public_instance);
	target->public_instance = strdup(state->public);
	public = json_loads(state->public, 0, NULL);
	if (json_is_string(json_object_get(public, "publicKey")))
		field_text_set(
			&target->config.wireguard.local_public_key, json_string_value(json_object_get(public, "publicKey")));
	json_decref(public);
}

static void fill_vslice(struct live *live, struct vslice *vslice)
{
	const struct said *state = strmap_get(&live->slices, vslice->object.id);

	if (state && state->public)
		field_text_set(&vslice->data_path, state->public);
}

static void fill_rules(struct live *live, struct policy *policy)
{
	for (size_t i = 0; i < policy->rules.count; i++) {
		struct rule *rule = field_rows_at(&noun_rule, &policy->rules, i);
		const struct said *state = strmap_get(&live->rules, rule->object.id);

		rule->packets = state ? state->first : 0;
		rule->bytes = state ? state->second : 0;
	}
}

void live_fill(struct live *live, const struct noun *noun, void *object)
{
	pthread_rwlock_rdlock(&live->lock);
	if (noun == &noun_endpoint) {
		fill_endpoint(live, object);
	} else if (noun == &noun_gateway) {
		fill_gateway(live, object);
	} else if (noun == &noun_policy) {
		fill_rules(live, object);
	} else if (noun == &noun_target) {
		fill_target(live, object);
	} else if (noun == &noun_vslice) {
		fill_vslice(live, object);
	}
	pthread_rwlock_unlock(&live->lock);
}

static bool is_seen(const void *object, const char *customer)
{
	const struct object *head = object;

	return !customer || (head->customer.id && strcmp(head->customer.id, customer) == 0);
}

int live_list(struct live *live, const struct noun *noun, const char *customer, const char *filter, const char *sort,
	int64_t offset, int64_t limit, struct text *out, int64_t *total, char why[200])
{
	struct strmap *map = noun == &noun_session ? &live->sessions : &live->tunnels;
	struct live_query query;
	struct entry *entry;
	int error = live_query_parse(noun, filter, sort, &query, why);

	if (error)
		return error;
	pthread_rwlock_rdlock(&live->lock);
	const void **found = calloc(map->count + 1, sizeof(*found));
	size_t count = 0;

	for (size_t i = 0; found && (entry = strmap_next(map, &i));)
		if (is_seen(entry->object, customer) && live_query_matches(&query, entry->object))
			found[count++] = entry->object;
	live_query_sort(&query, found, count);
	for (size_t i = (size_t)offset; i < count && i < (size_t)(offset + limit); i++) {
		text_add(out, i > (size_t)offset ? "," : "");
		json_put_object(out, noun, found[i], JSON_READ);
	}
	pthread_rwlock_unlock(&live->lock);
	*total = (int64_t)count;
	free(found);
	live_query_fini(&query);
	return 0;
}

bool live_get(struct live *live, const struct noun *noun, const char *customer, const char *id, struct text *out)
{
	pthread_rwlock_rdlock(&live->lock);
	struct entry *entry = strmap_get(noun == &noun_session ? &live->sessions : &live->tunnels, id);
	bool found = entry && is_seen(entry->object, customer);

	if (found)
		json_put_object(out, noun, entry->object, JSON_READ);
	pthread_rwlock_unlock(&live->lock);
	return found;
}

bool live_gateway_of(struct live *live, bool tunnel, const char *customer, const char *id, char gateway[37])
{
	pthread_rwlock_rdlock(&live->lock);
	struct entry *entry = strmap_get(tunnel ? &live->tunnels : &live->by_endpoint, id);
	bool found = entry && is_seen(entry->object, customer);

	if (found) {
		const struct field_ref *ref =
			tunnel ? &((struct tunnel *)entry->object)->gateway : &((struct session *)entry->object)->gateway;

		snprintf(gateway, 37, "%s", ref->id ? ref->id : "");
	}
	pthread_rwlock_unlock(&live->lock);
	return found;
}

void live_each_tunnel(
	struct live *live, const char *vslice, void (*each)(const struct tunnel *tunnel, void *context), void *context)
{
	struct entry *entry;

	pthread_rwlock_rdlock(&live->lock);
	for (size_t i = 0; (entry = strmap_next(&live->tunnels, &i));) {
		const struct tunnel *tunnel = entry->object;

		if (tunnel->vslice.id && strcmp(tunnel->vslice.id, vslice) == 0)
			each(tunnel, context);
	}
	pthread_rwlock_unlock(&live->lock);
}

void live_counts(struct live *live, int64_t *sessions, int64_t *tunnels, int64_t *gateways)
{
	struct gateway_state *state;

	pthread_rwlock_rdlock(&live->lock);
	*sessions = (int64_t)live->sessions.count;
	*tunnels = (int64_t)live->tunnels.count;
	*gateways = 0;
	for (size_t i = 0; (state = strmap_next(&live->gateways, &i));)
		*gateways += state->seen.streams > 0;
	pthread_rwlock_unlock(&live->lock);
}

int64_t live_config_revision(struct live *live, const char *gateway)
{
	pthread_rwlock_rdlock(&live->lock);
	const struct gateway_state *state = strmap_get(&live->gateways, gateway);
	int64_t revision = state ? state->seen.config_revision : 0;

	pthread_rwlock_unlock(&live->lock);
	return revision;
}
