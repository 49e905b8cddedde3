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

static bool is_sims(const struct vslice *vslice, const struct ip_addr *addr)
{
	for (size_t i = 0; i < vslice->subnets.count; i++)
		if (pattern_holds(vslice->subnets.items[i], addr))
			return true;
	return false;
}

static bool ports_match(const struct rule *rule, const struct packet *packet)
{
	if (!rule->source_port && !rule->destination_port)
		return true;
	if (packet->protocol != TRANSPORT_TCP && packet->protocol != TRANSPORT_UDP)
		return false;
	return (!rule->source_port || ports_hold(rule->source_port, packet->source_port)) &&
		(!rule->destination_port || ports_hold(rule->destination_port, packet->destination_port));
}

// What a rule that forwards asks of the packet besides, so that it can go where the rule says.
static bool way_matches(const struct rule *rule, const struct vslice *vslice, const struct packet *packet)
{
	struct ip_addr divert;

	if (packet->direction == RULE_DOWNLINK)
		return !rule->target.id || !packet->from || !strcmp(rule->target.id, packet->from);
	if (rule->action != RULE_FORWARD)
		return true;
	if (rule->divert_ip && !ip_addr_parse(rule->divert_ip, &divert) && divert.family != packet->destination.family)
		return false;
	return rule->target.id || vslice->type != VSLICE_INTEGRATED || is_sims(vslice, &packet->destination);
}

static bool matches(const struct rule *rule, const struct vslice *vslice, const struct packet *packet)
{
	if (!rule->enabled || rule->direction != (int64_t)packet->direction)
		return false;
	if (rule->regional_gateway.id && (!packet->gateway || strcmp(rule->regional_gateway.id, packet->gateway) != 0))
		return false;
	if (rule->protocol != FIELD_UNSET && rule->protocol != packet->protocol)
		return false;
	return way_matches(rule, vslice, packet) && pattern_holds(rule->source_ip, &packet->source) &&
		pattern_holds(rule->destination_ip, &packet->destination) && ports_match(rule, packet);
}

// A forward needs somewhere to go.
static bool leads_somewhere(const struct rule *rule, const struct vslice *vslice)
{
	struct ip_addr divert;

	if (rule->action != RULE_FORWARD || (rule->direction == RULE_DOWNLINK && rule->divert_ip))
		return false;
	if (rule->direction == RULE_DOWNLINK || rule->target.id)
		return true;
	return vslice->type == VSLICE_INTEGRATED &&
		(!rule->divert_ip || (!ip_addr_parse(rule->divert_ip, &divert) && is_sims(vslice, &divert)));
}

static bool is_address(const char *text, const struct ip_addr *addr)
{
	struct ip_addr it;

	return text && !ip_addr_parse(text, &it) && ip_addr_equal(&it, addr);
}

// On an L2TP VSlice what a declared LNS, or where it is diverted to, sends to a declared LAC by a target in use needs no downlink rule.
static bool is_lns_answer(const struct policy *policy, const struct vslice *vslice, const struct packet *packet)
{
	bool from_lns = false, to_lac = false, any_forward = false;

	if (vslice->type != VSLICE_L2TP || packet->direction != RULE_DOWNLINK || packet->protocol != TRANSPORT_UDP)
		return false;
	for (size_t i = 0; i < vslice->lnss.count; i++)
		from_lns |= is_address(((struct lns *)field_rows_at(&noun_lns, &vslice->lnss, i))->address, &packet->source);
	for (size_t i = 0; i < vslice->lacs.count; i++)
		to_lac |= is_address(((struct lac *)field_rows_at(&noun_lac, &vslice->lacs, i))->address, &packet->destination);
	for (size_t i = 0; i < policy->rules.count; i++) {
		const struct rule *rule = field_rows_at(&noun_rule, &policy->rules, i);
		bool is_here =
			!rule->regional_gateway.id || (packet->gateway && !strcmp(rule->regional_gateway.id, packet->gateway));

		if (!rule->enabled || !is_here || rule->direction != RULE_UPLINK || !leads_somewhere(rule, vslice))
			continue;
		any_forward |= !packet->from || !strcmp(rule->target.id, packet->from);
		from_lns |= is_address(rule->divert_ip, &packet->source);
	}
	return from_lns && to_lac && any_forward;
}

struct verdict policy_verdict(const struct policy *policy, const struct vslice *vslice, const struct packet *packet)
{
	struct verdict verdict = {0};

	if (policy->status != POLICY_ACTIVE)
		return verdict;
	for (size_t i = 0; i < policy->rules.count; i++) {
		const struct rule *rule = field_rows_at(&noun_rule, &policy->rules, i);

		if (matches(rule, vslice, packet))
			return (struct verdict){.forward = leads_somewhere(rule, vslice), .rule = rule};
	}
	verdict.forward = verdict.is_lns_answer = is_lns_answer(policy, vslice, packet);
	return verdict;
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
