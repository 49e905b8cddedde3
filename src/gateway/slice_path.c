// SPDX-License-Identifier: Apache-2.0
// Whether a tunnel's packets may go past the slice's own stack, and where they leave it.
//
// All packets between a LAC and an LNS are one flow, so the Routing Policy says the same of each: it is asked here once, in both directions, instead
// of by nftables every time. What needs connection tracking (NAT, diverted flows) stays with the slice's stack.
#include "gateway/slice.h"

#include "gateway/dataplane/dataplane.h"
#include "gateway/policy.h"

#include <string.h>

static bool has_path(const struct policy *policy, const struct ip_end *lac, const struct ip_end *lns, struct dp_path *out)
{
	struct policy_packet packet = {.direction = RULE_UPLINK,
		.protocol = IPPROTO_UDP,
		.source = lac->addr,
		.destination = lns->addr,
		.source_port = lac->port,
		.destination_port = lns->port};
	struct policy_verdict verdict = policy_judge(policy, &packet);

	if (!verdict.forward || !verdict.target || verdict.target->is_nat || policy_diverts(verdict.rule))
		return false;
	packet = (struct policy_packet){.direction = RULE_DOWNLINK,
		.protocol = IPPROTO_UDP,
		.source = lns->addr,
		.destination = lac->addr,
		.source_port = lns->port,
		.destination_port = lac->port,
		.interface = verdict.target->interface};
	if (!policy_judge(policy, &packet).forward)
		return false;
	memcpy(out->interface, verdict.target->interface, sizeof(out->interface));
	out->mark = verdict.target->mark;
	return true;
}

bool slice_path(const struct vslice_config *vslice, const struct config *config, const struct ip_end *lac,
	const struct ip_end *lns, struct dp_path *out)
{
	struct policy *policy = NULL;
	bool found;

	*out = (struct dp_path){0};
	if (policy_new(vslice, config, &policy))
		return false;
	found = has_path(policy, lac, lns, out);
	policy_free(&policy);
	return found;
}
