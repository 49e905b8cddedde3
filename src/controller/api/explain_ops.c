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
	char gateway[UUID_TEXT];
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

static void take_gateway(struct explaining *it)
{
	struct field_ref ref = {0};
	const char *name = text_of(it, "regionalGateway");

	if (name && *name) {
		field_text_set(&ref.moniker, name);
		if (!ruling_resolve(&it->op->ruling, &noun_gateway, NULL, &ref))
			ruling_fault(&it->op->ruling, "regionalGateway", "\"%.60s\" is no Regional Gateway", name);
	} else if (it->vslice && it->vslice->regional_gateway.id) {
		field_text_set(&ref.id, it->vslice->regional_gateway.id);
	}
	if (ref.id) {
		snprintf(it->gateway, sizeof(it->gateway), "%s", ref.id);
		it->packet.gateway = it->gateway;
	}
	free(ref.id);
	free(ref.moniker);
	free(ref.name);
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

// On an L2TP VSlice what a declared LNS sends to a declared LAC needs no downlink rule.
static bool is_lns_answer(const struct explaining *it)
{
	const struct packet *packet = &it->packet;
	bool from_lns = false, to_lac = false, any_forward = false;
	struct ip_addr addr;

	for (size_t i = 0; i < it->vslice->lnss.count; i++) {
		const struct lns *lns = field_rows_at(&noun_lns, &it->vslice->lnss, i);

		from_lns |= !ip_addr_parse(lns->address, &addr) && ip_addr_equal(&addr, &packet->source);
	}
	for (size_t i = 0; i < it->vslice->lacs.count; i++) {
		const struct lac *lac = field_rows_at(&noun_lac, &it->vslice->lacs, i);

		to_lac |= !ip_addr_parse(lac->address, &addr) && ip_addr_equal(&addr, &packet->destination);
	}
	for (size_t i = 0; i < it->policy->rules.count; i++) {
		const struct rule *rule = field_rows_at(&noun_rule, &it->policy->rules, i);

		any_forward |= rule->enabled && rule->direction == RULE_UPLINK && rule->action == RULE_FORWARD;
	}
	return packet->direction == RULE_DOWNLINK && packet->protocol == TRANSPORT_UDP && from_lns && to_lac && any_forward;
}

// Where a rule that forwards uplink sends it. True when the target leads there.
static bool judge_target(struct explaining *it, const struct rule *rule)
{
	struct ip_addr to = it->packet.destination;
	const char *local, *remote, *where = rule->divert_ip ? rule->divert_ip : text_of(it, "destinationIp");

	if (!rule->target.id && it->vslice->type == VSLICE_INTEGRATED) {
		for (size_t i = 0; i < it->vslice->subnets.count; i++)
			if (pattern_holds(it->vslice->subnets.items[i], &to)) {
				text_format(&it->reason, "rule %lld forwards it to the endpoint that has %s",
					(long long)rule->object.position, text_of(it, "destinationIp"));
				return true;
			}
		text_format(&it->reason, "rule %lld leads to the VSlice's other endpoints, and %s is in none of its subnets",
			(long long)rule->object.position, text_of(it, "destinationIp"));
		return false;
	}
	if (!rule->target.id || db_get(it->op->db, &noun_target, rule->target.id, DB_LEAN, (void **)&it->target)) {
		text_format(&it->reason, "rule %lld names no Routing Target", (long long)rule->object.position);
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
	*rule = NULL;
	if (it->policy->status != POLICY_ACTIVE) {
		text_add(&it->reason, "the Routing Policy is not active: everything is dropped");
		return false;
	}
	*rule = policy_match(it->policy, &it->packet);
	if (!*rule && is_lns_answer(it)) {
		text_add(&it->reason, "what a declared LNS sends to a declared LAC needs no downlink rule");
		return true;
	}
	if (!*rule) {
		text_format(&it->reason, "no %s rule matches, and no match drops",
			it->packet.direction == RULE_UPLINK ? "uplink" : "downlink");
		return false;
	}
	if ((*rule)->action == RULE_DROP) {
		text_format(&it->reason, "rule %lld drops it", (long long)(*rule)->object.position);
		return false;
	}
	if (it->packet.direction == RULE_UPLINK)
		return judge_target(it, *rule);
	text_format(&it->reason, "rule %lld lets it in", (long long)(*rule)->object.position);
	return true;
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
