// SPDX-License-Identifier: Apache-2.0
#include "judges.h"

#include "model/json.h"
#include "model/ruling.h"
#include "model/verdict.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

struct judge {
	struct policy *policy;
	struct vslice *vslice;
};

// References are by id here; a store would have made that of them.
static void complete(struct field_ref *ref)
{
	if (ref->moniker && !ref->id)
		ref->id = strdup(ref->moniker);
}

struct judge *judge_of_controller_new(const json_t *vslice, const json_t *policy)
{
	struct judge *judge = calloc(1, sizeof(*judge));
	struct ruling ruling = {0};

	judge->policy = object_new(&noun_policy);
	judge->vslice = object_new(&noun_vslice);
	json_get_object(&ruling, &noun_policy, (json_t *)policy, judge->policy, JSON_CREATE);
	ruling_fini(&ruling);
	ruling = (struct ruling){0};
	json_get_object(&ruling, &noun_vslice, (json_t *)vslice, judge->vslice, JSON_CREATE);
	ruling_fini(&ruling);
	for (size_t i = 0; i < judge->policy->rules.count; i++) {
		struct rule *rule = field_rows_at(&noun_rule, &judge->policy->rules, i);

		rule->object.position = (int64_t)i + 1;
		complete(&rule->target);
		complete(&rule->regional_gateway);
	}
	return judge;
}

void judge_of_controller_free(struct judge **judge)
{
	object_free(&noun_policy, (*judge)->policy);
	object_free(&noun_vslice, (*judge)->vslice);
	free(*judge);
	*judge = NULL;
}

static int64_t protocol_of(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return TRANSPORT_TCP;
	case IPPROTO_UDP:
		return TRANSPORT_UDP;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return TRANSPORT_ICMP;
	}
	return FIELD_UNSET;
}

struct judged judge_of_controller(struct judge *judge, const struct reference_packet *packet)
{
	const struct packet own = {.direction = packet->is_uplink ? RULE_UPLINK : RULE_DOWNLINK,
		.protocol = protocol_of(packet->protocol),
		.source = packet->source,
		.destination = packet->destination,
		.source_port = packet->source_port,
		.destination_port = packet->destination_port,
		.gateway = judges_gateway,
		.from = packet->from};
	const struct verdict verdict = policy_verdict(judge->policy, judge->vslice, &own);
	struct judged out = {.forward = verdict.forward};

	out.rule = verdict.rule ? (size_t)verdict.rule->object.position : 0;
	if (verdict.forward && packet->is_uplink && verdict.rule->target.id)
		strcpy(out.target, verdict.rule->target.id);
	return out;
}
