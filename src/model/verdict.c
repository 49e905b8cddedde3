// SPDX-License-Identifier: Apache-2.0
#include "model/verdict.h"

#include "base/pattern.h"

#include <string.h>

bool pattern_holds(const char *pattern, const struct ip_addr *addr)
{
	struct addr_set set = {0};
	bool holds = !addr_set_parse(pattern, &set) && addr_set_has(&set, addr);

	addr_set_fini(&set);
	return holds;
}

static bool ports_hold(const char *pattern, uint16_t port)
{
	struct port_set set = {0};
	bool holds = !port_set_parse(pattern, &set) && port_set_has(&set, port);

	port_set_fini(&set);
	return holds;
}

static bool matches(const struct rule *rule, const struct packet *packet)
{
	if (!rule->enabled || rule->direction != (int64_t)packet->direction)
		return false;
	if (rule->regional_gateway.id && (!packet->gateway || strcmp(rule->regional_gateway.id, packet->gateway) != 0))
		return false;
	if (rule->protocol != FIELD_UNSET && rule->protocol != packet->protocol)
		return false;
	return pattern_holds(rule->source_ip, &packet->source) && pattern_holds(rule->destination_ip, &packet->destination) &&
		(!rule->source_port || ports_hold(rule->source_port, packet->source_port)) &&
		(!rule->destination_port || ports_hold(rule->destination_port, packet->destination_port));
}

const struct rule *policy_match(const struct policy *policy, const struct packet *packet)
{
	for (size_t i = 0; i < policy->rules.count; i++) {
		const struct rule *rule = field_rows_at(&noun_rule, &policy->rules, i);

		if (matches(rule, packet))
			return rule;
	}
	return NULL;
}

void target_ends(const struct target *target, const char **local, const char **remote)
{
	*local = *remote = NULL;
	if (target->type == TARGET_VPN) {
		*local = target->config.vpn.local_subnets;
		*remote = target->config.vpn.remote_subnets;
	} else if (target->type == TARGET_WIREGUARD) {
		*local = target->config.wireguard.local_subnets;
		*remote = target->config.wireguard.remote_subnets;
	} else if (target->type == TARGET_PEERING) {
		*remote = target->config.peering.remote_subnets;
	}
}
