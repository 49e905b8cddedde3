// SPDX-License-Identifier: Apache-2.0
#include "judges.h"

#include "gateway/config.h"
#include "gateway/policy.h"

#include <stdlib.h>
#include <string.h>

#define VSLICE "11111111-2222-4333-8444-000000000001"
#define POLICY "11111111-2222-4333-8444-0000000000b1"
#define GROUP "11111111-2222-4333-8444-000000000051"

const char judges_gateway[] = "11111111-2222-4333-8444-000000000099",
	   judges_other_gateway[] = "11111111-2222-4333-8444-000000000098";

struct judge {
	struct config *config;
	struct policy *whole, *rules;
	bool is_bad;
};

static void put(struct judge *judge, const char *kind, const char *id, json_t *data)
{
	char why[160];

	judge->is_bad = judge->is_bad || !data || config_put(judge->config, kind, id, data, why);
	json_decref(data);
}

struct judge *judge_of_gateway_new(const json_t *vslice, const json_t *policy, const char *const *targets, size_t count)
{
	struct judge *judge = calloc(1, sizeof(*judge));
	json_t *own = json_copy((json_t *)vslice);
	struct uuid id;

	judge->config = config_new();
	uuid_set(&judge->config->gateway_id, judges_gateway);
	json_object_set_new(own, "moniker", json_string("slice"));
	json_object_set_new(own, "defaultRoutingPolicy", json_string(POLICY));
	put(judge, "vslice", VSLICE, own);
	for (size_t i = 0; i < count; i++)
		put(judge, "routingTarget", targets[i],
			json_pack("{s:s, s:s, s:s, s:{s:s+, s:s, s:s}}", "moniker", "dc", "vslice", VSLICE, "routingTargetType",
				"peering", "peeringConfig", "interface", "cable", targets[i] + 34, "localAddress",
				"192.168.7.1/24", "remoteSubnets", ""));
	put(judge, "routingPolicy", POLICY, json_copy((json_t *)policy));
	put(judge, "endpointGroup", GROUP,
		json_pack("{s:s, s:s, s:s}", "moniker", "g", "vslice", VSLICE, "routingPolicy", POLICY));
	uuid_set(&id, VSLICE);
	if (judge->is_bad || policy_new(config_vslice(judge->config, &id), judge->config, &judge->whole))
		abort();
	judge->rules = judge->whole->groups.count ? judge->whole->groups.items[0] : judge->whole;
	return judge;
}

void judge_of_gateway_free(struct judge **judge)
{
	policy_free(&(*judge)->whole);
	config_free(&(*judge)->config);
	free(*judge);
	*judge = NULL;
}

struct judged judge_of_gateway(struct judge *judge, const struct reference_packet *packet)
{
	struct policy_packet own = {.direction = packet->is_uplink ? RULE_UPLINK : RULE_DOWNLINK,
		.protocol = packet->protocol,
		.source = packet->source,
		.destination = packet->destination,
		.source_port = packet->source_port,
		.destination_port = packet->destination_port};
	struct policy_verdict verdict;
	struct judged out = {0};
	struct uuid from;

	if (packet->from) {
		uuid_set(&from, packet->from);
		own.interface = policy_target(judge->rules, &from)->interface;
	}
	verdict = policy_judge(judge->rules, &own);
	out.forward = verdict.forward;
	out.rule = verdict.rule ? verdict.rule->number : 0;
	if (verdict.target)
		strcpy(out.target, verdict.target->id.text);
	policy_explain(judge->rules, &own, judge->config, out.why);
	return out;
}
