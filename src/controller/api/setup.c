// SPDX-License-Identifier: Apache-2.0
// POST /l2tpSetups: a whole L2TP set-up in one transaction. The body nests what belongs together, each part as in a POST of its own:
//
//   {"vslice": {..., "l2tpAccessConcentrators": [...], "l2tpNetworkServers": [...]},
//    "routingTargets": [{...}], "routingPolicy": {...}, "endpointGroups": [{..., "endpoints": [{...}]}]}
//
// The set-up order (VSlice, Routing Target, Routing Policy, then the policy as the VSlice's default, then groups and endpoints) is
// kept inside; the references from one part to the one around it are filled in. A part whose surroundings are at fault is judged by its
// own members alone. Faults carry their place: "endpointGroups[0].endpoints[2].iccid: ...".
#include "controller/api/change.h"
#include "controller/api/ops.h"
#include "controller/store/audit.h"
#include "model/endpoint.h"
#include "model/group.h"
#include "model/policy.h"
#include "model/target.h"
#include "model/vslice.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TARGETS_MAX 16
#define GROUPS_MAX 100
#define ENDPOINTS_MAX 5000

struct setup {
	struct op *op;
	struct text made; // {"vslice": "id", ...}
	char vslice[UUID_TEXT], policy[UUID_TEXT];
	int error; // of the store
};

// A member of the body by its name in any letter case; gone from `body` afterwards.
static json_t *take_member(json_t *body, const char *name)
{
	const char *key;
	json_t *value;

	json_object_foreach(body, key, value)
	{
		if (strcasecmp(key, name) != 0)
			continue;
		json_incref(value);
		json_object_del(body, key);
		return value;
	}
	return NULL;
}

static void fill(json_t *body, const char *name, const char *value)
{
	json_t *given;

	if (!json_is_object(body))
		return;
	given = take_member(body, name); // a place that the body itself gives would be another one
	json_decref(given);
	json_object_set_new(body, name, json_string(value));
}

// Makes one object of a part of the body. `around` is whether what it refers to was made. True when it was stored; its id goes to `id`.
static bool make(
	struct setup *setup, const struct noun *noun, const json_t *body, const char *place, bool around, char id[UUID_TEXT])
{
	struct op *op = setup->op;
	struct ruling *ruling = &op->ruling;
	size_t faults = ruling->fault_count;
	void *object = object_new(noun);
	bool done = false;

	if (!object)
		abort();
	snprintf(ruling->prefix, sizeof(ruling->prefix), "%.90s", place);
	json_get_object(ruling, noun, body, object, JSON_CREATE);
	snprintf(ruling->prefix, sizeof(ruling->prefix), "%.90s", place);
	if (around)
		change_judge(op, noun, object, NULL);
	ruling->prefix[0] = '\0';
	if (around && ruling->fault_count == faults && !setup->error && !(setup->error = change_apply(op, noun, object, NULL))) {
		audit_change(op->db, op->actor.id, noun, NULL, object);
		snprintf(id, UUID_TEXT, "%s", ((struct object *)object)->id);
		done = true;
	}
	object_free(noun, object);
	return done;
}

static void name_made(struct setup *setup, const char *separator, const char *id)
{
	text_add(&setup->made, separator);
	text_json(&setup->made, id);
}

// A list of the body: absent is empty.
static size_t list_size(struct setup *setup, const json_t *list, const char *place, size_t max)
{
	if (!list || json_is_null(list))
		return 0;
	if (!json_is_array(list) || json_array_size(list) > max) {
		ruling_fault(&setup->op->ruling, place, "is not a list that is accepted; accepted: a list of at most %zu objects",
			max);
		return 0;
	}
	return json_array_size(list);
}

static bool make_vslice(struct setup *setup, json_t *body)
{
	json_t *vslice = take_member(body, "vslice");
	bool done = false;

	if (!vslice) {
		ruling_fault(&setup->op->ruling, "vslice", "is missing; give the members of the VSlice as an object");
	} else {
		fill(vslice, "vsliceType", "l2tp");
		done = make(setup, &noun_vslice, vslice, "vslice.", true, setup->vslice);
	}
	json_decref(vslice);
	name_made(setup, "{\"vslice\":", setup->vslice);
	return done;
}

static bool make_targets(struct setup *setup, json_t *body, bool around)
{
	json_t *targets = take_member(body, "routingTargets");
	size_t count = list_size(setup, targets, "routingTargets", TARGETS_MAX);
	char place[48], id[UUID_TEXT] = "";
	bool done = around;

	text_add(&setup->made, ",\"routingTargets\":[");
	for (size_t i = 0; i < count; i++) {
		json_t *target = json_array_get(targets, i);

		fill(target, "vslice", setup->vslice);
		snprintf(place, sizeof(place), "routingTargets[%zu].", i);
		done &= make(setup, &noun_target, target, place, around, id);
		name_made(setup, i ? "," : "", id);
	}
	text_char(&setup->made, ']');
	json_decref(targets);
	return done;
}

// The policy becomes the VSlice's default: without one an L2TP VSlice carries nothing.
static void set_default_policy(struct setup *setup)
{
	struct op *op = setup->op;
	void *before = NULL, *vslice = NULL;
	int error = db_get(op->db, &noun_vslice, setup->vslice, DB_SECRETS | DB_LEAN, &before);

	if (!error)
		error = db_get(op->db, &noun_vslice, setup->vslice, DB_SECRETS | DB_LEAN, &vslice);
	if (!error) {
		json_t *patch = json_pack("{s:s}", "defaultRoutingPolicy", setup->policy);
		size_t faults = op->ruling.fault_count;

		strcpy(op->ruling.prefix, "vslice.");
		json_get_object(&op->ruling, &noun_vslice, patch, vslice, JSON_MERGE);
		strcpy(op->ruling.prefix, "vslice.");
		change_judge(op, &noun_vslice, vslice, before);
		op->ruling.prefix[0] = '\0';
		if (op->ruling.fault_count == faults && !(error = change_apply(op, &noun_vslice, vslice, before)))
			audit_change(op->db, op->actor.id, &noun_vslice, before, vslice);
		json_decref(patch);
	}
	object_free(&noun_vslice, before);
	object_free(&noun_vslice, vslice);
	if (error)
		setup->error = error;
}

static void make_policy(struct setup *setup, json_t *body, bool vslice, bool targets)
{
	json_t *policy = take_member(body, "routingPolicy");

	if (!policy) {
		ruling_fault(&setup->op->ruling, "routingPolicy",
			"is missing; without a Default Routing Policy an L2TP VSlice carries nothing: give its members as an "
			"object");
	} else {
		fill(policy, "vslice", setup->vslice);
		if (make(setup, &noun_policy, policy, "routingPolicy.", vslice && targets, setup->policy))
			set_default_policy(setup);
	}
	json_decref(policy);
	name_made(setup, ",\"routingPolicy\":", setup->policy);
}

static void make_endpoints(
	struct setup *setup, const json_t *endpoints, size_t group, const char *group_id, bool around, bool *any)
{
	char place[80], id[UUID_TEXT] = "";

	snprintf(place, sizeof(place), "endpointGroups[%zu].endpoints", group);
	size_t count = list_size(setup, endpoints, place, ENDPOINTS_MAX);

	for (size_t i = 0; i < count; i++) {
		json_t *endpoint = json_array_get(endpoints, i);

		fill(endpoint, "endpointGroup", group_id);
		snprintf(place, sizeof(place), "endpointGroups[%zu].endpoints[%zu].", group, i);
		make(setup, &noun_endpoint, endpoint, place, around, id);
		name_made(setup, *any ? "," : "", id);
		*any = true;
	}
}

static void make_groups(struct setup *setup, json_t *body, bool around)
{
	json_t *groups = take_member(body, "endpointGroups"), *endpoints[GROUPS_MAX] = {NULL};
	char ids[GROUPS_MAX][UUID_TEXT], place[48];
	size_t count = list_size(setup, groups, "endpointGroups", GROUPS_MAX);
	bool made[GROUPS_MAX] = {false}, any = false;

	text_add(&setup->made, ",\"endpointGroups\":[");
	for (size_t i = 0; i < count; i++) {
		json_t *group = json_array_get(groups, i);

		ids[i][0] = '\0';
		endpoints[i] = json_is_object(group) ? take_member(group, "endpoints") : NULL;
		fill(group, "vslice", setup->vslice);
		snprintf(place, sizeof(place), "endpointGroups[%zu].", i);
		made[i] = make(setup, &noun_group, group, place, around, ids[i]);
		name_made(setup, i ? "," : "", ids[i]);
	}
	text_add(&setup->made, "],\"endpoints\":[");
	for (size_t i = 0; i < count; i++) {
		make_endpoints(setup, endpoints[i], i, ids[i], made[i], &any);
		json_decref(endpoints[i]);
	}
	text_add(&setup->made, "]}");
	json_decref(groups);
}

static void make_all(struct setup *setup, json_t *body)
{
	struct op *op = setup->op;
	const char *key;
	json_t *value;
	bool vslice = make_vslice(setup, body), targets = make_targets(setup, body, vslice);

	make_policy(setup, body, vslice, targets);
	make_groups(setup, body, vslice);
	json_object_foreach(body, key, value) ruling_fault(&op->ruling, key,
		"is not a member of an L2TP set-up; accepted: vslice, routingTargets, routingPolicy, endpointGroups");
	if (op->ruling.fault_count) {
		op_fail_ruling(op);
	} else if (setup->error) {
		op_fail_store(op, setup->error);
	} else {
		op_reply_begin(op);
		text_add(&op->reply, setup->made.bytes);
		op_reply_end(op);
	}
}

void op_l2tp_setup(struct op *op)
{
	struct setup setup = {.op = op};
	json_t *body = op_body(op);

	if (!body)
		return;
	if (!json_is_object(body)) {
		op_fail(op, 400, "body: is not an object; accepted: {vslice, routingTargets, routingPolicy, endpointGroups}");
	} else if (!op_answer_again(op)) {
		make_all(&setup, body);
		op_remember_answer(op);
	}
	text_fini(&setup.made);
	json_decref(body);
}
