// SPDX-License-Identifier: Apache-2.0
// POST /routingpolicies/{id}/explain: which rule a packet hits, where it goes, and why. With `routingPolicyRules` in the body the question is
// asked of those rules instead of the stored ones, judged as a write of them would be, and nothing is stored. POST /routingpolicies/explain
// asks the same of a policy that is not stored at all: its `vslice` is in the body too.
#include "controller/api/ops.h"

#include "controller/api/op.h"
#include "controller/live.h"
#include "model/verdict.h"
#include "model/vslice.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct explaining {
	struct op *op;
	json_t *body;
	struct policy *policy;
	struct vslice *vslice;
	struct target *target;
	struct packet packet;
	char gateway[UUID_TEXT], from[UUID_TEXT];
	struct text reason;
};

static const struct word protocols[] = {
	{TRANSPORT_TCP, "tcp", "TCP", NULL}, {TRANSPORT_UDP, "udp", "UDP", NULL}, {TRANSPORT_ICMP, "icmp", "ICMP", NULL}, {0}};
static const struct word directions[] = {
	{RULE_UPLINK, "uplink", "uplink", NULL}, {RULE_DOWNLINK, "downlink", "downlink", NULL}, {0}};

static const char *text_of(const struct explaining *it, const char *name)
{
	return json_string_value(json_object_get(it->body, name));
}

static void take_address(struct explaining *it, const char *name, struct ip_addr *out)
{
	const char *text = text_of(it, name);

	if (!text || ip_addr_parse(text, out))
		ruling_fault(&it->op->ruling, name, "is not an address; accepted: the packet's, such as 192.0.2.1");
}

static void take_port(struct explaining *it, const char *name, uint16_t *out)
{
	const json_t *value = json_object_get(it->body, name);
	char *end = NULL;
	long port = json_is_integer(value) ? (long)json_integer_value(value)
		: json_is_string(value)	   ? strtol(json_string_value(value), &end, 10)
					   : 0;

	if (value && !json_is_null(value) && (port < 0 || port > 65535 || (end && *end)))
		ruling_fault(&it->op->ruling, name, "is not a port; accepted: 0 to 65535");
	*out = (uint16_t)port;
}

static int64_t take_word(
	struct explaining *it, const char *name, const struct word *words, int64_t otherwise, const char *accepted)
{
	const char *text = text_of(it, name);
	const struct word *word = text ? word_find(words, text) : NULL;

	if (text && *text && !word)
		ruling_fault(&it->op->ruling, name, "\"%.20s\" is not accepted; accepted: %s", text, accepted);
	return word ? word->key : otherwise;
}

// A name in the body as an id; false when there is none.
static bool take_name(struct explaining *it, const char *name, const struct noun *noun, char out[UUID_TEXT])
{
	const char *text = text_of(it, name), *owner = noun == &noun_target && it->vslice ? it->vslice->object.id : NULL;
	struct field_ref ref = {0};
	bool is_there;

	if (!text || !*text)
		return false;
	field_text_set(&ref.moniker, text);
	is_there = ruling_resolve(&it->op->ruling, noun, owner, &ref);
	if (is_there)
		snprintf(out, UUID_TEXT, "%s", ref.id);
	else
		ruling_fault(&it->op->ruling, name, "\"%.60s\" is no %s", text, noun->title);
	free(ref.id);
	free(ref.moniker);
	free(ref.name);
	return is_there;
}

static void take_gateway(struct explaining *it)
{
	if (take_name(it, "regionalGateway", &noun_gateway, it->gateway))
		it->packet.gateway = it->gateway;
	else if (it->vslice)
		it->packet.gateway = it->vslice->regional_gateway.id;
}

static void take_packet(struct explaining *it)
{
	struct packet *packet = &it->packet;

	packet->direction = (enum rule_direction)take_word(it, "ruleDirection", directions, RULE_UPLINK, "uplink, downlink");
	packet->protocol = take_word(it, "transportProtocol", protocols, FIELD_UNSET, "tcp, udp, icmp; absent = another one");
	take_address(it, "sourceIp", &packet->source);
	take_address(it, "destinationIp", &packet->destination);
	take_port(it, "sourcePort", &packet->source_port);
	take_port(it, "destinationPort", &packet->destination_port);
	take_gateway(it);
	if (packet->direction == RULE_DOWNLINK && take_name(it, "routingTarget", &noun_target, it->from))
		packet->from = it->from;
}

// The rules of the body in place of the stored ones.
static void take_rules(struct explaining *it, const char *id)
{
	json_t *rules = json_object_get(it->body, "routingPolicyRules"), *merge;
	void *before = NULL;

	if (!rules || db_get(it->op->db, &noun_policy, id, DB_SECRETS | DB_LEAN, &before))
		return;
	merge = json_pack("{s:O}", "routingPolicyRules", rules);
	json_get_object(&it->op->ruling, &noun_policy, merge, it->policy, JSON_MERGE);
	object_judge(&it->op->ruling, &noun_policy, it->policy, before);
	json_decref(merge);
	object_free(&noun_policy, before);
}

// A policy that is not stored: the rules of the body on the VSlice of the body.
static int take_unsaved(struct explaining *it)
{
	json_t *body = json_pack("{s:s, s:s, s:O*, s:O*}", "name", "unsaved", "routingPolicyStatus", "active", "vslice",
		json_object_get(it->body, "vslice"), "routingPolicyRules", json_object_get(it->body, "routingPolicyRules"));

	it->policy = object_new(&noun_policy);
	json_get_object(&it->op->ruling, &noun_policy, body, it->policy, JSON_CREATE);
	object_judge(&it->op->ruling, &noun_policy, it->policy, NULL);
	json_decref(body);
	return it->policy->vslice.id ? db_get(it->op->db, &noun_vslice, it->policy->vslice.id, DB_LEAN, (void **)&it->vslice) : 0;
}

// Where a rule that forwards uplink sends it. True when the target leads there.
static bool judge_target(struct explaining *it, const struct rule *rule)
{
	struct ip_addr to = it->packet.destination;
	const char *local, *remote, *where = rule->divert_ip ? rule->divert_ip : text_of(it, "destinationIp");

	if (!rule->target.id) {
		text_format(&it->reason, "rule %lld forwards it to the endpoint that has %s", (long long)rule->object.position,
			where);
		return true;
	}
	if (db_get(it->op->db, &noun_target, rule->target.id, DB_LEAN, (void **)&it->target)) {
		text_format(&it->reason, "rule %lld leads to a Routing Target that is gone", (long long)rule->object.position);
		return false;
	}
	live_fill(it->op->controller->live, &noun_target, it->target);
	if (rule->divert_ip)
		ip_addr_parse(rule->divert_ip, &to);
	target_ends(it->target, &local, &remote);
	text_format(&it->reason, "rule %lld forwards it to Routing Target %s", (long long)rule->object.position,
		it->target->object.moniker);
	if (rule->divert_ip)
		text_format(&it->reason, ", diverted to %s", where);
	if (rule->divert_ip && rule->divert_port)
		text_format(&it->reason, " port %s", rule->divert_port);
	if (!pattern_holds(remote, &to)) {
		text_format(&it->reason, ", whose remote subnets do not have %s", where);
		return false;
	}
	if (it->target->status == TARGET_UNAVAILABLE)
		text_format(&it->reason, ", which is unavailable%s%s", it->target->status_message ? ": " : "",
			it->target->status_message ? it->target->status_message : "");
	return true;
}

static bool judge(struct explaining *it, const struct rule **rule)
{
	const struct verdict verdict = policy_verdict(it->policy, it->vslice, &it->packet);
	long long place;

	*rule = verdict.rule;
	if (it->policy->status != POLICY_ACTIVE) {
		text_add(&it->reason, "the Routing Policy is not active: everything is dropped");
		return false;
	}
	if (verdict.is_lns_answer) {
		text_add(&it->reason, "what a declared LNS sends to a declared LAC needs no downlink rule");
		return true;
	}
	if (!verdict.rule) {
		text_format(&it->reason, "no %s rule matches, and no match drops",
			it->packet.direction == RULE_UPLINK ? "uplink" : "downlink");
		return false;
	}
	place = (long long)verdict.rule->object.position;
	if (verdict.rule->action == RULE_DROP) {
		text_format(&it->reason, "rule %lld drops it", place);
	} else if (!verdict.forward) {
		text_format(&it->reason, "rule %lld forwards it to nowhere: it %s", place,
			verdict.rule->divert_ip ? "diverts to where it does not lead" : "names no Routing Target");
	} else if (it->packet.direction == RULE_UPLINK) {
		return judge_target(it, verdict.rule);
	} else {
		text_format(&it->reason, "rule %lld lets it in", place);
	}
	return verdict.forward;
}

static void put_ref(struct text *out, const struct object *object)
{
	text_add(out, "{\"id\":");
	text_json(out, object->id);
	text_add(out, ",\"moniker\":");
	text_json(out, object->moniker);
	text_add(out, ",\"name\":");
	text_json(out, object->name);
	text_char(out, '}');
}

static void reply(struct explaining *it)
{
	const struct rule *rule;
	bool forwards = judge(it, &rule);
	struct text *out = &it->op->reply;

	op_reply_begin(it->op);
	text_format(out, "{\"verdict\":\"%s\",\"rule\":", forwards ? "forward" : "drop");
	if (rule) {
		text_add(out, "{\"id\":");
		text_json(out, rule->object.id);
		text_format(out, ",\"precedence\":%lld,\"description\":", (long long)rule->object.position);
		text_json(out, rule->description);
		text_char(out, '}');
	} else {
		text_add(out, "null");
	}
	text_add(out, ",\"routingTarget\":");
	if (it->target)
		put_ref(out, &it->target->object);
	else
		text_add(out, "null");
	text_add(out, ",\"reason\":");
	char *reason = text_take(&it->reason, NULL);

	text_json(out, reason);
	free(reason);
	text_char(out, '}');
	op_reply_end(it->op);
}

static int take_stored(struct explaining *it)
{
	char id[UUID_TEXT];
	int error;

	if (!op_find(it->op, id))
		return -ECANCELED;
	error = db_get(it->op->db, &noun_policy, id, DB_LEAN, (void **)&it->policy);
	if (!error)
		error = db_get(it->op->db, &noun_vslice, it->policy->vslice.id, DB_LEAN, (void **)&it->vslice);
	if (!error)
		take_rules(it, id);
	return error;
}

static void explain(struct op *op, int (*take_policy)(struct explaining *it))
{
	struct explaining it = {.op = op};
	int error;

	op->noun = &noun_policy;
	it.body = op_body(op);
	if (!it.body)
		return;
	error = take_policy(&it);
	if (!error)
		take_packet(&it);
	if (error && error != -ECANCELED)
		op_fail_store(op, error);
	else if (!error && op->ruling.fault_count)
		op_fail_ruling(op);
	else if (!error)
		reply(&it);
	object_free(&noun_policy, it.policy);
	object_free(&noun_vslice, it.vslice);
	object_free(&noun_target, it.target);
	text_fini(&it.reason);
	json_decref(it.body);
}

void op_policy_explain(struct op *op)
{
	explain(op, take_stored);
}

void op_policy_explain_unsaved(struct op *op)
{
	explain(op, take_unsaved);
}
