// SPDX-License-Identifier: Apache-2.0
// Whether a tunnel's packets may go past the slice's own stack, and where they leave it.
//
// All packets between a LAC and an LNS are one flow, so the Routing Policy says the same of each: it is asked here once, in both directions, instead
// of by nftables every time. What needs connection tracking (NAT, diverted flows) goes through the slice's stack, by its cable (lac_cable.c), and
// so does what the policy lets out only.
#include "gateway/slice.h"

#include "gateway/dataplane/dataplane.h"
#include "gateway/policy.h"

#include <string.h>

static bool has_path(const struct policy *policy, const struct ip_end *lac, const struct ip_end *lns, struct dp_path *out,
	struct uuid rules[2])
{
	const struct policy_packet up = {.direction = RULE_UPLINK,
		.protocol = IPPROTO_UDP,
		.source = lac->addr,
		.destination = lns->addr,
		.source_port = lac->port,
		.destination_port = lns->port};
	const struct policy_verdict uplink = policy_judge(policy, &up);

	if (!uplink.forward || !uplink.target)
		return false;
	strcpy(out->interface, DP_LAC_WIRE);
	if (uplink.target->is_nat || policy_diverts(uplink.rule))
		return false;

	const struct policy_packet down = {.direction = RULE_DOWNLINK,
		.protocol = IPPROTO_UDP,
		.source = lns->addr,
		.destination = lac->addr,
		.source_port = lns->port,
		.destination_port = lac->port,
		.interface = uplink.target->interface};
	const struct policy_verdict downlink = policy_judge(policy, &down);

	if (!downlink.forward)
		return false;
	memcpy(out->interface, uplink.target->interface, sizeof(out->interface));
	out->mark = uplink.target->mark;
	rules[0] = uplink.rule->id;
	if (downlink.rule && downlink.rule->direction == RULE_DOWNLINK)
		rules[1] = downlink.rule->id;
	return true;
}

bool slice_path(const struct vslice_config *vslice, const struct config *config, const struct ip_end *lac,
	const struct ip_end *lns, struct dp_path *out, struct uuid rules[2])
{
	struct policy *policy = NULL;
	bool found;

	*out = (struct dp_path){0};
	rules[0] = rules[1] = (struct uuid){0};
	if (policy_new(vslice, config, &policy))
		return false;
	found = has_path(policy, lac, lns, out, rules);
	policy_free(&policy);
	return found;
}

// The first rule of that direction, when it forwards whatever there is.
static const struct policy_rule *open_rule(const struct policy *policy, enum rule_direction direction)
{
	vec_each (&policy->rules, rule) {
		if (rule->direction != direction || rule->never)
			continue;
		if (rule->drop || rule->reflexive || rule->to_sims || rule->divert.family || rule->protocol ||
			rule->source.ranges.count || rule->destination.ranges.count || rule->source_ports.ranges.count ||
			rule->destination_ports.ranges.count)
			return NULL;
		return rule;
	}
	return NULL;
}

static bool has_sims_path(const struct policy *policy, struct dp_path *out, struct uuid rules[2])
{
	const struct policy_rule *up = open_rule(policy, RULE_UPLINK), *down = open_rule(policy, RULE_DOWNLINK);

	if (*policy->closed || !up || !up->target || up->target->is_nat || !down || (down->target && down->target != up->target))
		return false;
	memcpy(out->interface, up->target->interface, sizeof(out->interface));
	out->mark = up->target->mark;
	rules[0] = up->id;
	rules[1] = down->id;
	return true;
}

bool slice_sims_path(const struct vslice_config *vslice, const struct config *config, const struct uuid *policy,
	struct dp_path *out, struct uuid rules[2])
{
	struct policy *whole = NULL;
	bool found = false;

	*out = (struct dp_path){0};
	rules[0] = rules[1] = (struct uuid){0};
	if (policy_new(vslice, config, &whole))
		return false;
	vec_each (&whole->groups, group)
		found = found ||
			(uuid_equal(&(*group)->id, policy) && !policy_tracks(whole) && has_sims_path(*group, out, rules));
	policy_free(&whole);
	return found;
}
