// SPDX-License-Identifier: Apache-2.0
// Compiling and evaluating a Routing Policy.
//
// A rule's packet is looked at from the slice: uplink is what leaves by a Routing Target (on an L2TP slice the LAC's UDP to the LNS, on
// an Integrated slice the SIM's packets), downlink is what a target brings. Each target has a mark; its packets are marked by the verdict
// and an `ip rule` sends each mark to the routing table of the same number. The mark is made from the target's id, so it is the same in
// every run of the gateway and a policy edit never renumbers live flows.
#include "gateway/policy.h"

#include "gateway/target/target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAG_MASK 0xffffffu
#define TAG_FIRST 16 // those below are the data plane's own
#define MARK_SPACE 0x01000000u // keeps clear of the kernel's own tables (253 to 255) and of small hand-made marks

static uint32_t mark_of(const struct uuid *id)
{
	uint32_t hash = 2166136261u; // FNV-1a

	for (const char *c = id->text; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	return hash >> 8;
}

static int target_order(const void *a, const void *b)
{
	return strcmp(((const struct policy_target *)a)->id.text, ((const struct policy_target *)b)->id.text);
}

static bool mark_is_taken(const struct policy *policy, size_t before, uint32_t mark)
{
	for (size_t i = 0; i < before; i++)
		if (policy->targets.items[i].mark == mark)
			return true;
	return false;
}

static int compile_targets(struct policy *policy, const struct vslice_config *vslice, const struct config *config)
{
	const struct target_config *target;

	for (target = config_target_first(config, &vslice->id); target; target = target->sibling.next) {
		struct policy_target *out;
		char interface[16];

		if (target_interface(target, interface))
			continue; // a target without a usable interface is as good as none; its status says so
		out = vec_add(&policy->targets);
		if (!out)
			return -ENOMEM;
		out->id = target->id;
		snprintf(out->moniker, sizeof(out->moniker), "%s", target->moniker ? target->moniker : "?");
		memcpy(out->interface, interface, sizeof(out->interface));
		out->is_nat = target->type == TARGET_INTERNET;
		if (target->type == TARGET_PEERING)
			out->router = target->peering.bgp.peer;
	}
	if (policy->targets.count)
		qsort(policy->targets.items, policy->targets.count, sizeof(*policy->targets.items), target_order);
	for (size_t i = 0; i < policy->targets.count; i++) {
		uint32_t mark = mark_of(&policy->targets.items[i].id);

		while (mark_is_taken(policy, i, MARK_SPACE | mark))
			mark = (mark + 1) % MARK_SPACE;
		policy->targets.items[i].mark = MARK_SPACE | mark;
	}
	return 0;
}

// 0, -ENOMEM, or -EINVAL with what is not understood in policy->closed.
static int compile_patterns(struct policy *policy, const struct rule_config *rule, struct policy_rule *out)
{
	const struct {
		const char *name, *text;
		int error;
	} patterns[] = {
		{"source address", rule->source, addr_set_parse(rule->source, &out->source)},
		{"destination address", rule->destination, addr_set_parse(rule->destination, &out->destination)},
		{"source port", rule->source_port, port_set_parse(rule->source_port, &out->source_ports)},
		{"destination port", rule->destination_port, port_set_parse(rule->destination_port, &out->destination_ports)},
	};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		if (patterns[i].error == -EINVAL)
			snprintf(policy->closed, sizeof(policy->closed), "rule %zu: the %s pattern '%s' is not understood",
				out->number, patterns[i].name, patterns[i].text);
		if (patterns[i].error)
			return patterns[i].error;
	}
	return 0;
}

static int compile_protocol(struct policy *policy, const struct rule_config *rule, struct policy_rule *out)
{
	static const struct {
		const char *name;
		uint8_t number;
	} protocols[] = {{"", 0}, {"any", 0}, {"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {"icmp", IPPROTO_ICMP}};

	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (strcmp(rule->protocol ? rule->protocol : "", protocols[i].name))
			continue;
		out->protocol = protocols[i].number;
		if (out->protocol == IPPROTO_ICMP && (out->source_ports.ranges.count || out->destination_ports.ranges.count))
			out->never = true;
		return 0;
	}
	snprintf(policy->closed, sizeof(policy->closed), "rule %zu: the protocol '%s' is not known", out->number, rule->protocol);
	return -EINVAL;
}

static bool is_sims(const struct policy *policy, const struct ip_addr *addr)
{
	vec_each (&policy->subnets, subnet)
		if (ip_prefix_has(subnet, addr))
			return true;
	return false;
}

// What cannot be diverted as the rule says must not go where it was going: it is dropped, or not the rule's.
static void compile_divert(const struct policy *policy, const struct rule_config *rule, struct policy_rule *out)
{
	out->divert = rule->divert;
	out->divert_port = rule->divert_port;
	if (!rule->divert.family || out->drop)
		return;
	if (out->direction == RULE_DOWNLINK) // what a slice hears itself cannot be heard by another
		out->drop = true;
	else
		out->family = (enum ip_family)rule->divert.family;
	if (out->to_sims && !is_sims(policy, &rule->divert)) // to other SIMs, and it is none
		out->drop = true;
}

static int compile_rule(struct policy *policy, const struct rule_config *rule, size_t number, const struct config *config)
{
	struct policy_rule *out = vec_add(&policy->rules);
	int error;

	if (!out)
		return -ENOMEM;
	out->id = rule->id;
	out->number = number;
	out->direction = rule->direction;
	out->drop = rule->action == RULE_DROP;
	error = compile_patterns(policy, rule, out);
	if (!error)
		error = compile_protocol(policy, rule, out);
	if (error)
		return error;
	out->target = policy_target(policy, &rule->target);
	out->to_sims = policy->tag && out->direction == RULE_UPLINK && !out->drop && uuid_is_none(&rule->target);
	if (out->direction == RULE_UPLINK && !out->target && !out->to_sims)
		out->drop = true; // a forward to nowhere
	compile_divert(policy, rule, out);
	out->reflexive = rule->reflexive && !out->drop;
	if (out->direction == RULE_DOWNLINK && !uuid_is_none(&rule->target) && !out->target)
		out->never = true;
	if (!uuid_is_none(&rule->regional_gateway) && !uuid_equal(&rule->regional_gateway, &config->gateway_id))
		out->never = true;
	return 0;
}

static int add_address(void *vec, const struct ip_addr *addr)
{
	VEC(struct ip_addr) *addresses = vec;
	struct ip_addr *room;

	vec_each (addresses, it)
		if (ip_addr_equal(it, addr))
			return 0;
	room = vec_add(addresses);
	if (!room)
		return -ENOMEM;
	*room = *addr;
	return 0;
}

static int compile_subnets(struct policy *policy, const struct vslice_config *vslice)
{
	vec_each (&vslice->subnets.rows, subnet) {
		struct ip_prefix *room = vec_add(&policy->subnets);

		if (!room)
			return -ENOMEM;
		*room = *subnet;
	}
	return 0;
}

static int compile_peers(struct policy *policy, const struct vslice_config *vslice)
{
	int error = 0;

	policy->is_l2tp = vslice->type == VSLICE_L2TP;
	vec_each (&vslice->lacs, lac)
		error = error ? error : add_address(&policy->lacs, &lac->address.addr);
	vec_each (&vslice->lnss, lns)
		error = error ? error : add_address(&policy->lnss, &lns->address.addr);
	vec_each (&vslice->named, address)
		error = error ? error : add_address(&policy->lnss, address);
	return error ? error : compile_subnets(policy, vslice);
}

static int compile_source(struct policy *policy, const struct policy_config *source, const struct config *config)
{
	int error = 0;

	policy->name = strdup(source->moniker ? source->moniker : "?");
	if (!policy->name)
		return -ENOMEM;
	if (!source->active)
		snprintf(policy->closed, sizeof(policy->closed), "Routing Policy %s is not active", policy->name);
	for (size_t i = 0; !error && i < source->rules.count; i++)
		if (source->rules.items[i].enabled)
			error = compile_rule(policy, &source->rules.items[i], i + 1, config);
	return error == -EINVAL ? 0 : error; // policy->closed tells
}

static int compile_rules(struct policy *policy, const struct vslice_config *vslice, const struct config *config)
{
	const struct policy_config *source = NULL;

	if (!uuid_is_none(&vslice->default_policy))
		source = config_policy(config, &vslice->default_policy);
	if (source && uuid_equal(&source->vslice, &vslice->id))
		return compile_source(policy, source, config);
	snprintf(policy->closed, sizeof(policy->closed),
		"no Default Routing Policy: create a Routing Policy on this VSlice and set it");
	return 0;
}

static int tag_order(const void *a, const void *b)
{
	return strcmp(((const struct policy_tag *)a)->policy.text, ((const struct policy_tag *)b)->policy.text);
}

static bool has_tag(const struct policy_tags *tags, size_t before, uint32_t tag)
{
	for (size_t i = 0; i < before; i++)
		if (tags->rows.items[i].tag == tag)
			return true;
	return false;
}

static int tags_add(struct policy_tags *tags, const struct uuid *policy)
{
	struct policy_tag *room;

	vec_each (&tags->rows, row)
		if (uuid_equal(&row->policy, policy))
			return 0;
	room = vec_add(&tags->rows);
	if (!room)
		return -ENOMEM;
	room->policy = *policy;
	return 0;
}

int policy_tags(const struct uuid *vslice, const struct config *config, struct policy_tags *out)
{
	const struct group_config *group;
	struct policy_tags tags = {0};
	int error = 0;

	for (group = config_group_first(config, vslice); !error && group; group = group->sibling.next) {
		const struct policy_config *policy = config_policy(config, &group->policy);

		if (policy && uuid_equal(&policy->vslice, vslice))
			error = tags_add(&tags, &policy->id);
	}
	if (error) {
		vec_free(&tags.rows);
		return error;
	}
	if (tags.rows.count)
		qsort(tags.rows.items, tags.rows.count, sizeof(*tags.rows.items), tag_order);
	for (size_t i = 0; i < tags.rows.count; i++) {
		uint32_t tag = mark_of(&tags.rows.items[i].policy) & TAG_MASK;

		while (tag < TAG_FIRST || has_tag(&tags, i, tag))
			tag = (tag + 1) & TAG_MASK;
		tags.rows.items[i].tag = tag;
	}
	*out = tags;
	return 0;
}

static int compile_group(
	struct policy *whole, const struct policy_tag *tag, const struct vslice_config *vslice, const struct config *config)
{
	struct policy *policy = calloc(1, sizeof(*policy)), **room = policy ? vec_add(&whole->groups) : NULL;
	int error;

	if (!room) {
		free(policy);
		return -ENOMEM;
	}
	*room = policy;
	policy->id = tag->policy;
	policy->tag = tag->tag;
	error = compile_targets(policy, vslice, config);
	if (!error)
		error = compile_subnets(policy, vslice);
	return error ? error : compile_source(policy, config_policy(config, &tag->policy), config);
}

static int compile_groups(struct policy *policy, const struct vslice_config *vslice, const struct config *config)
{
	struct policy_tags tags = {0};
	int error = policy_tags(&vslice->id, config, &tags);

	vec_each (&tags.rows, tag)
		error = error ? error : compile_group(policy, tag, vslice, config);
	vec_free(&tags.rows);
	snprintf(policy->closed, sizeof(policy->closed), "each Endpoint Group has its own Routing Policy");
	return error;
}

int policy_new(const struct vslice_config *vslice, const struct config *config, struct policy **out)
{
	struct policy *policy = calloc(1, sizeof(*policy));
	int error;

	if (!policy)
		return -ENOMEM;
	error = compile_targets(policy, vslice, config);
	if (!error)
		error = compile_peers(policy, vslice);
	if (!error)
		error = vslice->type == VSLICE_L2TP ? compile_rules(policy, vslice, config)
						    : compile_groups(policy, vslice, config);
	if (error)
		policy_free(&policy);
	else
		*out = policy;
	return error;
}

void policy_free(struct policy **policy_ptr)
{
	struct policy *policy = *policy_ptr;

	*policy_ptr = NULL;
	if (!policy)
		return;
	vec_each (&policy->rules, rule) {
		addr_set_fini(&rule->source);
		addr_set_fini(&rule->destination);
		port_set_fini(&rule->source_ports);
		port_set_fini(&rule->destination_ports);
	}
	vec_free(&policy->rules);
	vec_free(&policy->targets);
	vec_free(&policy->lacs);
	vec_free(&policy->lnss);
	vec_free(&policy->subnets);
	vec_each (&policy->groups, group)
		policy_free(group);
	vec_free(&policy->groups);
	free(policy->name);
	free(policy);
}

const struct policy_target *policy_target(const struct policy *policy, const struct uuid *id)
{
	vec_each (&policy->targets, target)
		if (uuid_equal(&target->id, id))
			return target;
	return NULL;
}

bool policy_tracks(const struct policy *policy)
{
	vec_each (&policy->targets, target)
		if (target->is_nat)
			return true;
	vec_each (&policy->rules, rule)
		if (!rule->never && !rule->drop && (rule->reflexive || rule->divert.family))
			return true;
	vec_each (&policy->groups, group)
		if (policy_tracks(*group))
			return true;
	return false;
}

static bool has_ports(const struct policy_rule *rule)
{
	return rule->source_ports.ranges.count || rule->destination_ports.ranges.count;
}

static bool protocol_matches(const struct policy_rule *rule, uint8_t protocol)
{
	if (rule->protocol == IPPROTO_ICMP)
		return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
	if (rule->protocol)
		return protocol == rule->protocol;
	return !has_ports(rule) || protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

static bool rule_matches(const struct policy *policy, const struct policy_rule *rule, const struct policy_packet *packet)
{
	if (rule->never || rule->direction != packet->direction || !protocol_matches(rule, packet->protocol))
		return false;
	if (rule->direction == RULE_DOWNLINK && rule->target &&
		(!packet->interface || strcmp(rule->target->interface, packet->interface)))
		return false;
	if (rule->family && rule->family != packet->destination.family)
		return false;
	if (!addr_set_has(&rule->source, &packet->source) || !addr_set_has(&rule->destination, &packet->destination))
		return false;
	if (rule->to_sims && !is_sims(policy, &packet->destination))
		return false;
	return !has_ports(rule) ||
		(port_set_has(&rule->source_ports, packet->source_port) &&
			port_set_has(&rule->destination_ports, packet->destination_port));
}

static bool is_lns_answer(const struct policy *policy, const struct policy_packet *packet)
{
	bool from_lns = false, to_lac = false;

	vec_each (&policy->lnss, lns)
		from_lns = from_lns || ip_addr_equal(lns, &packet->source);
	vec_each (&policy->rules, rule)
		from_lns = from_lns || (policy_diverts(rule) && ip_addr_equal(&rule->divert, &packet->source));
	vec_each (&policy->lacs, lac)
		to_lac = to_lac || ip_addr_equal(lac, &packet->destination);
	if (!policy->is_l2tp || !from_lns || !to_lac || packet->protocol != IPPROTO_UDP)
		return false;
	vec_each (&policy->rules, rule)
		if (rule->direction == RULE_UPLINK && !rule->drop && !rule->never && rule->target && packet->interface &&
			!strcmp(rule->target->interface, packet->interface))
			return true;
	return false;
}

struct policy_verdict policy_judge(const struct policy *policy, const struct policy_packet *packet)
{
	if (*policy->closed)
		return (struct policy_verdict){0};
	vec_each (&policy->rules, rule)
		if (rule_matches(policy, rule, packet))
			return (struct policy_verdict){.forward = !rule->drop,
				.rule = rule,
				.target = packet->direction == RULE_UPLINK && !rule->drop ? rule->target : NULL};
	return (struct policy_verdict){.forward = packet->direction == RULE_DOWNLINK && is_lns_answer(policy, packet)};
}
