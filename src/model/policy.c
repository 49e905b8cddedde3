// SPDX-License-Identifier: Apache-2.0
// Routing Policy rows and rules. Rules stand in the order in which they are written; PUT replaces the whole list, also while in use.
#include "model/policy.h"

#include "model/ruling.h"
#include "model/target.h"
#include "model/verdict.h"
#include "model/vslice.h"

#include <stdio.h>
#include <string.h>

static const struct word rule_actions[] = {
	{RULE_FORWARD, "forward", "Forward", "send it to the routing target"},
	{RULE_DROP, "drop", "Drop", "discard it"},
	{0},
};

static const struct word rule_directions[] = {
	{RULE_UPLINK, "uplink", "Uplink", "from the VSlice"},
	{RULE_DOWNLINK, "downlink", "Downlink", "to the VSlice"},
	{0},
};

static const struct word transport_protocols[] = {
	{TRANSPORT_TCP, "tcp", "TCP", NULL},
	{TRANSPORT_UDP, "udp", "UDP", NULL},
	{TRANSPORT_ICMP, "icmp", "ICMP", NULL},
	{0},
};

static const struct word policy_statuses[] = {
	{POLICY_ACTIVE, "active", "Active", "its rules hold"},
	{POLICY_INACTIVE, "inactive", "Inactive", "nothing matches: all traffic is dropped"},
	{0},
};

// Bit rates an endpoint may be held to. The keys are stored.
const struct word rate_limits[] = {
	{1, "unlimited", "Unlimited", NULL},
	{2, "1kbits", "1 kbit/s", NULL},
	{3, "2kbits", "2 kbit/s", NULL},
	{4, "5kbits", "5 kbit/s", NULL},
	{5, "10kbits", "10 kbit/s", NULL},
	{6, "20kbits", "20 kbit/s", NULL},
	{7, "50kbits", "50 kbit/s", NULL},
	{8, "64kbits", "64 kbit/s", NULL},
	{9, "100kbits", "100 kbit/s", NULL},
	{10, "128kbits", "128 kbit/s", NULL},
	{11, "256kbits", "256 kbit/s", NULL},
	{12, "512kbits", "512 kbit/s", NULL},
	{13, "1mbits", "1 Mbit/s", NULL},
	{14, "2mbits", "2 Mbit/s", NULL},
	{15, "5mbits", "5 Mbit/s", NULL},
	{16, "10mbits", "10 Mbit/s", NULL},
	{17, "20mbits", "20 Mbit/s", NULL},
	{18, "50mbits", "50 Mbit/s", NULL},
	{19, "100mbits", "100 Mbit/s", NULL},
	{0},
};

static const struct field rule_fields[] = {
	{.name = "id",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct rule, object.id),
		.label = "Id",
		.link = "id",
		.help = "The rule's UUID, given by the platform"},
	{.name = "routingPolicyId",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct rule, policy.id),
		.sql = "t.owner",
		.label = "Routing Policy",
		.help = "The policy that the rule is part of"},
	{.name = "precedence",
		.type = FIELD_INT,
		.flags = FIELD_READ_ONLY | FIELD_SUMMARY,
		FIELD_AT(struct rule, object.position),
		.sql = "t.position",
		.label = "Precedence",
		.link = "precedence",
		.help = "Its place in the list: the first rule that matches decides"},
	{.name = "description",
		.type = FIELD_TEXT,
		.flags = FIELD_SUMMARY,
		FIELD_AT(struct rule, description),
		.max = 200,
		.initial = "",
		.label = "Description",
		.link = "description",
		.help = "What the rule is for"},
	{.name = "ruleAction",
		.type = FIELD_ENUM,
		.flags = FIELD_REQUIRED | FIELD_SUMMARY,
		FIELD_AT(struct rule, action),
		.words = rule_actions,
		.label = "Action",
		.link = "ruleAction",
		.help = "What happens to traffic that matches"},
	{.name = "ruleDirection",
		.type = FIELD_ENUM,
		.flags = FIELD_REQUIRED | FIELD_SUMMARY,
		FIELD_AT(struct rule, direction),
		.words = rule_directions,
		.label = "Direction",
		.link = "ruleDirection",
		.help = "Which traffic it looks at"},
	{.name = "sourceIpPattern",
		.type = FIELD_TEXT,
		FIELD_AT(struct rule, source_ip),
		.max = 1000,
		.format = FORMAT_ADDRESSES,
		.label = "Source",
		.link = "sourceIpPattern",
		.help = "Addresses, prefixes or ranges, separated by commas; absent = any"},
	{.name = "destinationIpPattern",
		.type = FIELD_TEXT,
		FIELD_AT(struct rule, destination_ip),
		.max = 1000,
		.format = FORMAT_ADDRESSES,
		.label = "Destination",
		.link = "destinationIpPattern",
		.help = "Addresses, prefixes or ranges, separated by commas; absent = any"},
	{.name = "transportProtocol",
		.type = FIELD_ENUM,
		FIELD_AT(struct rule, protocol),
		.words = transport_protocols,
		.label = "Protocol",
		.link = "transportProtocol",
		.help = "Absent = any"},
	{.name = "sourcePortPattern",
		.type = FIELD_TEXT,
		FIELD_AT(struct rule, source_port),
		.max = 64,
		.format = FORMAT_PORTS,
		.label = "Source port",
		.link = "sourcePortPattern",
		.help = "A port, a range, or several: \"80,8000-8100\"; needs tcp or udp"},
	{.name = "destinationPortPattern",
		.type = FIELD_TEXT,
		FIELD_AT(struct rule, destination_port),
		.max = 64,
		.format = FORMAT_PORTS,
		.label = "Destination port",
		.link = "destinationPortPattern",
		.help = "A port, a range, or several: \"80,8000-8100\"; needs tcp or udp"},
	{.name = "divertIp",
		.type = FIELD_TEXT,
		FIELD_AT(struct rule, divert_ip),
		.max = 15,
		.format = FORMAT_IPV4,
		.label = "Divert to",
		.link = "divertIp",
		.help = "Sends what matches to this address instead"},
	{.name = "divertPort",
		.type = FIELD_TEXT,
		FIELD_AT(struct rule, divert_port),
		.max = 5,
		.format = FORMAT_PORTS,
		.label = "Divert to port",
		.link = "divertPort",
		.help = "Sends what matches to this port instead; needs divertIp"},
	{.name = "routingTarget",
		.type = FIELD_REF,
		.flags = FIELD_SUMMARY,
		FIELD_AT(struct rule, target),
		.noun = &noun_target,
		.label = "Routing Target",
		.link = "routingTarget",
		.help = "Where matching traffic goes; a target of the same VSlice. An uplink rule of an Integrated VSlice that "
			"forwards without one "
			"leads to the VSlice's other endpoints"},
	{.name = "reflexive",
		.type = FIELD_BOOL,
		FIELD_AT(struct rule, reflexive),
		.initial = "false",
		.label = "Reflexive",
		.link = "reflexive",
		.help = "Whether the answers to matching traffic are let back in"},
	{.name = "enabled",
		.type = FIELD_BOOL,
		.flags = FIELD_SUMMARY,
		FIELD_AT(struct rule, enabled),
		.initial = "true",
		.label = "Enabled",
		.link = "enabled",
		.help = "A rule that is not enabled matches nothing"},
	{.name = "regionalGateway",
		.type = FIELD_REF,
		FIELD_AT(struct rule, regional_gateway),
		.noun = &noun_gateway,
		.label = "Regional Gateway",
		.link = "regionalGateway",
		.help = "The rule holds at this gateway only; absent = at all"},
	{.name = "packets",
		.type = FIELD_INT,
		.flags = FIELD_READ_ONLY | FIELD_LIVE,
		FIELD_AT(struct rule, packets),
		.label = "Packets",
		.help = "Packets that it decided, since the gateway's network of the VSlice was made"},
	{.name = "bytes",
		.type = FIELD_INT,
		.flags = FIELD_READ_ONLY | FIELD_LIVE,
		FIELD_AT(struct rule, bytes),
		.unit = "octets",
		.label = "Octets",
		.help = "Octets of these packets"},
};

static const struct field edge_fields[] = {
	{.name = "moniker",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED,
		FIELD_AT(struct edge_service, object.moniker),
		.max = 30,
		.format = FORMAT_MONIKER,
		.label = "Moniker",
		.help = "remoteaccessproxy, endpointmonitor"},
	{.name = "name",
		.type = FIELD_TEXT,
		FIELD_AT(struct edge_service, object.name),
		.max = 100,
		.label = "Name",
		.help = "The service's name"},
	{.name = "description",
		.type = FIELD_TEXT,
		FIELD_AT(struct edge_service, description),
		.max = 200,
		.label = "Description",
		.help = "What the service does"},
	{.name = "iconShape",
		.type = FIELD_TEXT,
		FIELD_AT(struct edge_service, icon_shape),
		.max = 50,
		.label = "Icon",
		.help = "The icon's shape"},
	{.name = "available",
		.type = FIELD_BOOL,
		FIELD_AT(struct edge_service, available),
		.initial = "false",
		.label = "Available",
		.help = "Whether the platform offers it"},
	{.name = "enabled",
		.type = FIELD_BOOL,
		FIELD_AT(struct edge_service, enabled),
		.initial = "false",
		.label = "Enabled",
		.help = "Whether the policy uses it"},
	{.name = "hasInstance",
		.type = FIELD_BOOL,
		FIELD_AT(struct edge_service, has_instance),
		.initial = "false",
		.label = "Has instance",
		.help = "Whether an instance serves it"},
	{.name = "edgeServiceInstanceIds",
		.type = FIELD_TEXTS,
		FIELD_AT(struct edge_service, instances),
		.max = 16,
		.label = "Instances",
		.help = "The instances that serve it"},
};

static const struct field policy_fields[] = {
	OBJECT_FIELDS(150),
	{.name = "vslice",
		.type = FIELD_REF,
		.flags = FIELD_REQUIRED | FIELD_FIXED | FIELD_OWNED | FIELD_SUMMARY,
		FIELD_AT(struct policy, vslice),
		.noun = &noun_vslice,
		.label = "VSlice",
		.link = "vslice",
		.help = "The VSlice that it was created against; chosen at creation"},
	{.name = "routingPolicyStatus",
		.type = FIELD_ENUM,
		.flags = FIELD_SUMMARY,
		FIELD_AT(struct policy, status),
		.words = policy_statuses,
		.initial = "active",
		.label = "Status",
		.link = "routingPolicyStatus",
		.help = "Whether its rules hold"},
	{.name = "routingPolicyRules",
		.alias = "rules",
		.type = FIELD_ROWS,
		FIELD_AT(struct policy, rules),
		.max = 1000,
		.noun = &noun_rule,
		.label = "Rules",
		.group = "Rules",
		.link = "rules",
		.help = "In order; the first that matches decides; no match drops"},
	{.name = "routingPolicyEdgeServices",
		.type = FIELD_ROWS,
		.flags = FIELD_KEEP,
		FIELD_AT(struct policy, edge_services),
		.max = 16,
		.noun = &noun_edge_service,
		.label = "Edge services",
		.group = "Edge services",
		.help = "Services on the way"},
	{.name = "rateLimitUplink",
		.alias = "rateLimitUplinkMoniker",
		.type = FIELD_ENUM,
		FIELD_AT(struct policy, rate_uplink),
		.words = rate_limits,
		.initial = "unlimited",
		.label = "Uplink rate limit",
		.link = "rateLimitUplink",
		.help = "The most that one endpoint may send"},
	{.name = "rateLimitDownlink",
		.alias = "rateLimitDownlinkMoniker",
		.type = FIELD_ENUM,
		FIELD_AT(struct policy, rate_downlink),
		.words = rate_limits,
		.initial = "unlimited",
		.label = "Downlink rate limit",
		.link = "rateLimitDownlink",
		.help = "The most that one endpoint may receive"},
	{.name = "packetDiscardUplinkPercentage",
		.type = FIELD_INT,
		FIELD_AT(struct policy, discard_uplink),
		.min = 0,
		.max = 100,
		.initial = "0",
		.label = "Uplink discard",
		.link = "packetDiscardUplinkPercentage",
		.unit = "percent",
		.help = "Share of uplink packets to discard, to test devices"},
	{.name = "packetDiscardDownlinkPercentage",
		.type = FIELD_INT,
		FIELD_AT(struct policy, discard_downlink),
		.min = 0,
		.max = 100,
		.initial = "0",
		.label = "Downlink discard",
		.link = "packetDiscardDownlinkPercentage",
		.unit = "percent",
		.help = "Share of downlink packets to discard, to test devices"},
	CUSTOMER_FIELD,
	CHANGED_FIELD,
	DELIVERY_FIELDS,
};

static void rule_check(struct ruling *ruling, void *object, const void *before)
{
	const struct rule *rule = object;
	bool has_ports = rule->protocol == TRANSPORT_TCP || rule->protocol == TRANSPORT_UDP;

	(void)before;
	if (rule->source_port && !has_ports)
		ruling_fault(ruling, "sourcePortPattern", "needs transportProtocol tcp or udp; set it, or leave the port out");
	if (rule->destination_port && !has_ports)
		ruling_fault(
			ruling, "destinationPortPattern", "needs transportProtocol tcp or udp; set it, or leave the port out");
	if (rule->divert_ip && rule->action == RULE_FORWARD && rule->direction == RULE_DOWNLINK)
		ruling_fault(ruling, "divertIp", "is for uplink rules; leave it out, or change ruleDirection");
	if (rule->divert_port && (strpbrk(rule->divert_port, ",-") || !has_ports || !rule->divert_ip))
		ruling_fault(ruling, "divertPort", "is one port and needs divertIp and transportProtocol tcp or udp");
}

// Without a target a rule leads to the VSlice's other endpoints, and so must what it diverts to.
static void check_divert(struct ruling *ruling, const struct vslice *vslice, const struct rule *rule, size_t at)
{
	struct ip_addr to;
	char name[64];

	if (!vslice || vslice->type != VSLICE_INTEGRATED || rule->action != RULE_FORWARD || rule->direction != RULE_UPLINK ||
		rule->target.id || rule->target.moniker || !rule->divert_ip || ip_addr_parse(rule->divert_ip, &to))
		return;
	for (size_t i = 0; i < vslice->subnets.count; i++)
		if (pattern_holds(vslice->subnets.items[i], &to))
			return;
	snprintf(name, sizeof(name), "routingPolicyRules[%zu].divertIp", at);
	ruling_fault(
		ruling, name, "is in none of the VSlice's subnets; name a routingTarget, or divert to an endpoint's address");
}

// What is forwarded goes somewhere. Only the endpoints of an Integrated VSlice have each other behind the gateway.
static void check_forwards(struct ruling *ruling, const struct policy *policy, const struct rule *rule, size_t at)
{
	const struct vslice *vslice = ruling_load(ruling, &noun_vslice, &policy->vslice);
	bool is_integrated = vslice && vslice->type == VSLICE_INTEGRATED;
	char name[64];

	check_divert(ruling, vslice, rule, at);
	if (rule->action != RULE_FORWARD || rule->target.id || rule->target.moniker ||
		(is_integrated && rule->direction == RULE_UPLINK))
		return;
	snprintf(name, sizeof(name), "routingPolicyRules[%zu].routingTarget", at);
	if (!ruling_has(ruling, name))
		ruling_fault(ruling, name,
			"is missing (required when ruleAction is forward); accepted: a Routing Target of the same VSlice");
}

static void policy_check(struct ruling *ruling, void *object, const void *before)
{
	const struct policy *policy = object;

	(void)before;
	for (size_t i = 0; i < policy->rules.count; i++) {
		const struct rule *rule = field_rows_at(&noun_rule, &policy->rules, i);
		const struct target *target = ruling_load(ruling, &noun_target, &rule->target);
		char name[64];

		check_forwards(ruling, policy, rule, i);
		if (!target || !policy->vslice.id || strcmp(target->vslice.id, policy->vslice.id) == 0)
			continue;
		snprintf(name, sizeof(name), "routingPolicyRules[%zu].routingTarget", i);
		ruling_fault(ruling, name,
			"Routing Target \"%s\" belongs to VSlice \"%s\"; name one of the policy's own VSlice \"%s\"",
			target->object.moniker, target->vslice.moniker ? target->vslice.moniker : "",
			policy->vslice.moniker ? policy->vslice.moniker : "");
	}
}

// The Default Routing Policy of a VSlice that has Endpoint Groups carries their traffic.
static void policy_check_delete(struct ruling *ruling, const void *object)
{
	const struct policy *policy = object;
	const struct vslice *vslice = ruling_load(ruling, &noun_vslice, &policy->vslice);
	const char *standard = vslice ? vslice->default_routing_policy.id : NULL;
	int64_t groups = vslice ? ruling_count(ruling, &noun_group, "vslice", vslice->object.id) : 0;

	if (standard && strcmp(standard, policy->object.id) == 0 && groups)
		ruling_fault_of(ruling, RULING_CONFLICT, NULL,
			"Routing Policy \"%s\" is the Default Routing Policy of VSlice \"%s\", which has %lld Endpoint Group(s); "
			"set another "
			"Default Routing Policy there first",
			policy->object.moniker, vslice->object.moniker, (long long)groups);
}

const struct noun noun_rule = {
	.word = "rule",
	.title = "rule",
	.path = "rules",
	.table = "routing_policy_rule",
	.help = "One rule of a Routing Policy",
	.size = sizeof(struct rule),
	.flags = NOUN_ROW,
	.owner = &noun_policy,
	NOUN_FIELDS(rule_fields),
	.check = rule_check,
};

const struct noun noun_edge_service = {
	.word = "edge-service",
	.title = "edge service",
	.path = "edgeservices",
	.table = "routing_policy_edge_service",
	.help = "A service on the way of a Routing Policy",
	.size = sizeof(struct edge_service),
	.flags = NOUN_ROW,
	.owner = &noun_policy,
	NOUN_FIELDS(edge_fields),
};

const struct noun noun_policy = {
	.word = "routing-policy",
	.title = "Routing Policy",
	.path = "routingpolicies",
	.spelling = "RoutingPolicies",
	.table = "routing_policy",
	.help = "Ordered rules, first match wins, that forward a VSlice's traffic to its Routing Targets or drop it",
	.size = sizeof(struct policy),
	NOUN_FIELDS(policy_fields),
	.check = policy_check,
	.check_delete = policy_check_delete,
};
