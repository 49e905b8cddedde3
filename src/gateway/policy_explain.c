// SPDX-License-Identifier: Apache-2.0
// A verdict in words: which rule a packet hits, where it goes, and why.
#include "gateway/policy.h"

#include "gateway/target/target.h"

#include <stdarg.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void say(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, POLICY_WHY, format, args);
	va_end(args);
}

static const char *protocol_text(uint8_t protocol, char out[16])
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return "ICMP";
	}
	snprintf(out, 16, "protocol %u", protocol);
	return out;
}

static const char *end_text(const struct policy_packet *packet, bool source, char out[IP_END_TEXT])
{
	const struct ip_addr *addr = source ? &packet->source : &packet->destination;
	uint16_t port = source ? packet->source_port : packet->destination_port;

	if (!source && (packet->protocol == IPPROTO_TCP || packet->protocol == IPPROTO_UDP))
		return ip_end_text(&(struct ip_end){*addr, port}, out);
	return ip_addr_text(addr, out);
}

static bool explain_uplink(
	const struct policy_verdict *verdict, const struct policy_packet *packet, const struct config *config, char *why)
{
	const struct policy_rule *rule = verdict->rule;
	const struct target_config *target = verdict->target ? config_target(config, &verdict->target->id) : NULL;
	const struct ip_addr *to = policy_diverts(rule) ? &rule->divert : &packet->destination;
	char text[IP_END_TEXT], diverted[IP_END_TEXT + 16] = "";
	struct ip_end end = {*to, policy_diverts(rule) && rule->divert_port ? rule->divert_port : packet->destination_port};
	bool has_port = end.port && (packet->protocol == IPPROTO_TCP || packet->protocol == IPPROTO_UDP);

	if (has_port)
		ip_end_text(&end, text);
	else
		ip_addr_text(to, text);
	if (policy_diverts(rule))
		snprintf(diverted, sizeof(diverted), ", diverted to %s", text);
	if (!verdict->target) {
		say(why, "rule %zu forwards it to the SIM that has %s%s", rule->number, text, diverted);
		return true;
	}
	if (target && target_reaches(target, to)) {
		say(why, "rule %zu forwards it to Routing Target %s%s", rule->number, verdict->target->moniker, diverted);
		return true;
	}
	say(why, "rule %zu forwards it to Routing Target %s%s, whose remote subnets do not have %s", rule->number,
		verdict->target->moniker, diverted, text);
	return false;
}

bool policy_explain(const struct policy *policy, const struct policy_packet *packet, const struct config *config, char *why)
{
	struct policy_verdict verdict = policy_judge(policy, packet);
	const char *direction = packet->direction == RULE_UPLINK ? "uplink" : "downlink";
	char from[IP_END_TEXT], to[IP_END_TEXT], number[16];
	const char *protocol = protocol_text(packet->protocol, number);

	end_text(packet, true, from);
	end_text(packet, false, to);
	if (*policy->closed)
		say(why, "%s", policy->closed);
	else if (!verdict.rule && verdict.forward)
		say(why, "no downlink rule is needed: %s from the LNS %s to a LAC is let in", protocol, from);
	else if (!verdict.rule)
		say(why, "no %s rule of Routing Policy %s forwards %s from %s to %s", direction, policy->name, protocol, from,
			to);
	else if (!verdict.forward)
		say(why, "rule %zu of Routing Policy %s drops %s from %s to %s", verdict.rule->number, policy->name, protocol,
			from, to);
	else if (packet->direction == RULE_UPLINK)
		return explain_uplink(&verdict, packet, config, why);
	else
		say(why, "rule %zu lets it in", verdict.rule->number);
	return verdict.forward;
}
