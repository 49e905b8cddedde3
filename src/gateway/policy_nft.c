// SPDX-License-Identifier: Apache-2.0
// A compiled policy in nft's words. One table a slice:
//
//   forwarded  (prerouting, mangle)      packets that the slice forwards: not from a target, then the uplink verdict
//   output     (route, output, mangle)   the LAC's own sockets: the same verdict; the mark it sets has the packet routed again
//   input      (filter, input)           what the slice itself hears
//   cable      (filter, forward)         what goes to a LAC by the cable (lac_cable.c); behind that it is not judged or tracked once more
//   heard      what both let through: downlink rules, then the declared LNSs from the targets in use
//   uplink     the one verdict chain, made once and jumped to by both ways out
//   downlink   the downlink rules
//
// Connections are tracked only where the policy needs it (policy_tracks), so the usual L2TP slice never pays for it: an ICMP error is
// "related" when the packet it quotes is UDP from a declared LAC to a declared LNS, and that stands at fixed offsets (RFC 792: the IP header
// begins at octet 8). Where it does need it, there are besides
//
//   divert, divert-forwarded, divert-output   (nat) the uplink rules once more, for the first packet of a flow: a rule that diverts gives
//                                             the new destination, any other that matches ends the search
//   translate    (nat, postrouting)           what leaves by an Internet target takes its interface's address
//
// and a flow that a reflexive rule let through is marked in its connection: bit 31 = its answers may come in, bit 30 = its answers may go
// out, by the target whose mark stands in the rest. The counter "tracks" tells the next transaction that these chains are there.
// `flush table` empties the chains and leaves the counters; adding a counter that exists leaves its value. So the whole change is one
// transaction and no count is lost.
#include "gateway/policy_priv.h"

#include "base/clean.h"
#include "gateway/dataplane/dataplane.h"

#include <string.h>

static const char *const drop_counters[] = {
#define X(name) name,
	POLICY_DROP_LIST(X)
#undef X
};

char *policy_chains_name(const struct policy *policy, char out[POLICY_COUNTER_TEXT])
{
	snprintf(out, POLICY_COUNTER_TEXT, POLICY_CHAINS "%06x", policy->tag);
	return out;
}

char *policy_counter_name(const struct uuid *rule, char out[POLICY_COUNTER_TEXT])
{
	snprintf(out, POLICY_COUNTER_TEXT, "rule-%s", rule->text);
	return out;
}

static bool has_rule_counter(const struct policy *policy, const char *name)
{
	char text[POLICY_COUNTER_TEXT];

	vec_each (&policy->rules, rule)
		if (!strcmp(name, policy_counter_name(&rule->id, text)))
			return true;
	return false;
}

bool policy_wants_counter(const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < sizeof(drop_counters) / sizeof(drop_counters[0]); i++)
		if (!strcmp(name, drop_counters[i]))
			return true;
	if (!strcmp(name, TRACKS))
		return policy_tracks(policy);
	if (has_rule_counter(policy, name))
		return true;
	vec_each (&policy->groups, group) {
		char text[POLICY_COUNTER_TEXT];

		if (!strcmp(name, policy_chains_name(*group, text)) || has_rule_counter(*group, name))
			return true;
	}
	return false;
}

static void put_chains(const struct policy *policy, FILE *out)
{
	fputs("add table inet slicegate\n"
	      "add chain inet slicegate uplink\n"
	      "add chain inet slicegate downlink\n"
	      "add chain inet slicegate forwarded { type filter hook prerouting priority mangle; policy accept; }\n"
	      "add chain inet slicegate output { type route hook output priority mangle; policy accept; }\n"
	      "add chain inet slicegate heard\n"
	      "add chain inet slicegate input { type filter hook input priority filter; policy drop; }\n"
	      "add chain inet slicegate cable { type filter hook forward priority filter; policy accept; }\n"
	      "add chain inet slicegate untracked { type filter hook prerouting priority raw; policy accept; }\n",
		out);
	if (policy_tracks(policy))
		fputs("add chain inet slicegate divert\n"
		      "add chain inet slicegate divert-forwarded { type nat hook prerouting priority dstnat; policy accept; }\n"
		      "add chain inet slicegate divert-output { type nat hook output priority -100; policy accept; }\n"
		      "add chain inet slicegate translate { type nat hook postrouting priority srcnat; policy accept; }\n",
			out);
	fputs("flush table inet slicegate\n", out);
}

void policy_put_drop_counters(FILE *out)
{
	for (size_t i = 0; i < sizeof(drop_counters) / sizeof(drop_counters[0]); i++)
		fprintf(out, "add counter inet slicegate %s\n", drop_counters[i]);
}

void policy_put_rule_counters(const struct policy *policy, FILE *out)
{
	char name[POLICY_COUNTER_TEXT];

	vec_each (&policy->rules, rule)
		fprintf(out, "add counter inet slicegate %s\n", policy_counter_name(&rule->id, name));
}

static void put_counters(const struct policy *policy, const char *const *stale, size_t stale_count, FILE *out)
{
	policy_put_drop_counters(out);
	policy_put_rule_counters(policy, out);
	if (policy_tracks(policy))
		fputs("add counter inet slicegate " TRACKS "\n", out);
	for (size_t i = 0; i < stale_count; i++) {
		fprintf(out, "delete counter inet slicegate %s\n", stale[i]);
		if (!strcmp(stale[i], TRACKS))
			fputs("delete chain inet slicegate divert-forwarded\n"
			      "delete chain inet slicegate divert-output\n"
			      "delete chain inet slicegate divert\n"
			      "delete chain inet slicegate translate\n",
				out);
	}
}

static void put_protocol(const struct policy_rule *rule, FILE *out)
{
	static const char *const names[] = {[IPPROTO_TCP] = "tcp", [IPPROTO_UDP] = "udp"};
	bool ports = rule->source_ports.ranges.count || rule->destination_ports.ranges.count;
	const char *header = rule->protocol ? names[rule->protocol] : "th";

	if (rule->protocol == IPPROTO_ICMP)
		fputs(" meta l4proto { icmp, icmpv6 }", out);
	else if (rule->protocol && !ports)
		fprintf(out, " meta l4proto %s", header);
	else if (ports && !rule->protocol)
		fputs(" meta l4proto { tcp, udp }", out);
	if (rule->source_ports.ranges.count) {
		fprintf(out, " %s sport ", header);
		port_set_nft(&rule->source_ports, out);
	}
	if (rule->destination_ports.ranges.count) {
		fprintf(out, " %s dport ", header);
		port_set_nft(&rule->destination_ports, out);
	}
}

// What the rule matches, for one family (IP_NONE: for both, there are no addresses to match).
static void put_match(const struct policy_rule *rule, enum ip_family family, FILE *out)
{
	const char *header = family == IP_V6 ? "ip6" : "ip";

	if (rule->direction == RULE_DOWNLINK && rule->target)
		fprintf(out, " iifname \"%s\"", rule->target->interface);
	if (rule->family && !rule->source.ranges.count && !rule->destination.ranges.count)
		fprintf(out, " meta nfproto %s", family == IP_V6 ? "ipv6" : "ipv4");
	if (rule->source.ranges.count) {
		fprintf(out, " %s saddr ", header);
		addr_set_nft(&rule->source, family, out);
	}
	if (rule->destination.ranges.count) {
		fprintf(out, " %s daddr ", header);
		addr_set_nft(&rule->destination, family, out);
	}
	put_protocol(rule, out);
}

// ` ct mark set iifname map { "peer0" : 0x41.., ... }`: by which target the connection came, and with REFLEXIVE_OUT its answers go back.
void policy_put_way_back(const struct policy *policy, uint32_t flag, FILE *out)
{
	const char *separator = " ct mark set iifname map { ";

	vec_each (&policy->targets, target) {
		fprintf(out, "%s\"%s\" : 0x%08x", separator, target->interface, flag | target->mark);
		separator = ", ";
	}
	fputs(policy->targets.count ? " }" : "", out);
}

static void put_chain(const struct policy *policy, const char *chain, FILE *out)
{
	fprintf(out, "add rule inet slicegate %s", chain);
	if (policy->tag)
		fprintf(out, "-%06x", policy->tag);
}

static void put_rule_match(const struct policy *policy, const struct policy_rule *rule, enum ip_family family, FILE *out)
{
	put_chain(policy, rule->direction == RULE_UPLINK ? "uplink" : "downlink", out);
	put_match(rule, family, out);
	if (rule->to_sims)
		fprintf(out, " %s daddr @subnets%c", family == IP_V6 ? "ip6" : "ip", family == IP_V6 ? '6' : '4');
}

void policy_put_rule(const struct policy *policy, const struct policy_rule *rule, enum ip_family family, FILE *out)
{
	bool is_uplink = rule->direction == RULE_UPLINK;
	char name[POLICY_COUNTER_TEXT];

	if (rule->reflexive) { // the connection is marked by the side that began it, not by answers that a rule lets by
		put_rule_match(policy, rule, family, out);
		fputs(" ct direction original", out);
		if (is_uplink) // what answers from another SIM goes uplink too
			fprintf(out, " ct mark set 0x%08x", rule->to_sims ? REFLEXIVE_OUT : REFLEXIVE_IN);
		else
			policy_put_way_back(policy, REFLEXIVE_OUT, out);
		fputc('\n', out);
	}
	put_rule_match(policy, rule, family, out);
	fprintf(out, " counter name %s", policy_counter_name(&rule->id, name));
	if (rule->drop)
		fputs(" drop\n", out);
	else if (is_uplink && rule->target)
		fprintf(out, " meta mark set 0x%08x accept\n", rule->target->mark);
	else
		fputs(" accept\n", out);
}

void policy_put_divert(const struct policy *policy, const struct policy_rule *rule, enum ip_family family, FILE *out)
{
	char text[IP_ADDR_TEXT];

	if (rule->direction == RULE_DOWNLINK)
		return;
	put_chain(policy, "divert", out);
	put_match(rule, family, out);
	if (rule->to_sims)
		fprintf(out, " %s daddr @subnets%c", family == IP_V6 ? "ip6" : "ip", family == IP_V6 ? '6' : '4');
	if (!policy_diverts(rule)) {
		fputs(" return\n", out);
		return;
	}
	ip_addr_text(&rule->divert, text);
	if (rule->divert.family == IP_V4)
		fprintf(out, " dnat ip to %s", text);
	else
		fprintf(out, " dnat ip6 to [%s]", text);
	if (rule->divert_port && (rule->protocol == IPPROTO_TCP || rule->protocol == IPPROTO_UDP))
		fprintf(out, ":%u", rule->divert_port);
	fputc('\n', out);
}

// Each rule, once for each family that it can match.
void policy_each_rule(const struct policy *policy, FILE *out,
	void (*put)(const struct policy *, const struct policy_rule *, enum ip_family, FILE *))
{
	vec_each (&policy->rules, rule) {
		if (rule->never)
			continue;
		if (!rule->source.ranges.count && !rule->destination.ranges.count && !rule->to_sims && !rule->family) {
			put(policy, rule, IP_NONE, out);
			continue;
		}
		for (enum ip_family family = IP_V4; family <= IP_V6; family += IP_V6 - IP_V4)
			if ((!rule->family || rule->family == family) && addr_set_has_family(&rule->source, family) &&
				addr_set_has_family(&rule->destination, family))
				put(policy, rule, family, out);
	}
}

static bool is_in_use(const struct policy *policy, const struct policy_target *target)
{
	vec_each (&policy->rules, rule)
		if (rule->direction == RULE_UPLINK && !rule->never && !rule->drop && rule->target == target)
			return true;
	return false;
}

static bool any_in_use(const struct policy *policy)
{
	vec_each (&policy->targets, target)
		if (is_in_use(policy, target))
			return true;
	return false;
}

// The interfaces of all targets, or of those that an uplink rule forwards to: ` iifname { "peer0", "peer1" }`.
static void put_interfaces(const struct policy *policy, bool in_use, FILE *out)
{
	const char *separator = " iifname { ";

	vec_each (&policy->targets, target) {
		if (in_use && !is_in_use(policy, target))
			continue;
		fprintf(out, "%s\"%s\"", separator, target->interface);
		separator = ", ";
	}
	fputs(" }", out);
}

static bool has_v4(const struct ip_addr *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (addresses[i].family == IP_V4)
			return true;
	return false;
}

// `words` then the IPv4 addresses as a set: dotted, or as the 32-bit numbers that raw payload is compared with.
static void put_v4(const char *words, const struct ip_addr *addresses, size_t count, bool raw, FILE *out)
{
	const char *separator = " { ";

	fputs(words, out);
	for (size_t i = 0; i < count; i++) {
		char text[IP_ADDR_TEXT];

		if (addresses[i].family != IP_V4)
			continue;
		if (raw)
			fprintf(out, "%s0x%08x", separator, ip_addr_to_v4(&addresses[i]));
		else
			fprintf(out, "%s%s", separator, ip_addr_text(&addresses[i], text));
		separator = ", ";
	}
	fputs(" }", out);
}

static void put_lns_answers(const struct policy *policy, FILE *out)
{
	const struct ip_addr *lacs = policy->lacs.items, *lnss = policy->lnss.items;
	size_t lac_count = policy->lacs.count, lns_count = policy->lnss.count;

	if (*policy->closed || !policy->is_l2tp || !any_in_use(policy) || !has_v4(lacs, lac_count) || !has_v4(lnss, lns_count))
		return;
	fputs("add rule inet slicegate heard", out);
	put_interfaces(policy, true, out);
	put_v4(" meta l4proto udp ip saddr", lnss, lns_count, false, out);
	put_v4(" ip daddr", lacs, lac_count, false, out);
	fputs(" accept\nadd rule inet slicegate heard", out);
	put_interfaces(policy, true, out);
	fputs(" icmp type { destination-unreachable, time-exceeded, parameter-problem } @th,136,8 17", out);
	put_v4(" @th,160,32", lacs, lac_count, true, out);
	put_v4(" @th,192,32", lnss, lns_count, true, out);
	fputs(" accept\n", out);
}

// What comes back over NAT keeps the port that the translation chose, so it is known by its connection. Order: explicit downlink rules
// have been asked before.
static void put_tracked_answers(const struct policy *policy, FILE *out)
{
	bool any_divert = false;

	if (*policy->closed || !policy_tracks(policy))
		return;
	vec_each (&policy->rules, rule)
		any_divert = any_divert || policy_diverts(rule);
	fprintf(out, "add rule inet slicegate heard ct state established,related ct mark and 0x%08x != 0 accept\n", REFLEXIVE_IN);
	if (policy->is_l2tp && any_in_use(policy)) {
		// A diverted LNS answers from where it was diverted to, and errors quote translated packets.
		fputs("add rule inet slicegate heard", out);
		put_interfaces(policy, true, out);
		fprintf(out, " ct direction reply ct state established,related%s accept\n",
			any_divert ? "" : " meta l4proto { icmp, icmpv6 }");
	}
}

// The same source has the same public address as long as there are as many of them.
static void put_pool(const struct policy_target *target, FILE *out)
{
	fprintf(out, "add rule inet slicegate translate oifname \"%s\" snat ip to jhash ip saddr mod %zu seed 0x5347 map {",
		target->interface, target->pool->rows.count);
	for (size_t i = 0; i < target->pool->rows.count; i++) {
		struct ip_addr addr = ip_addr_v4(target->nat_base + target->pool->rows.items[i].position);
		char text[IP_ADDR_TEXT];

		fprintf(out, "%s %zu : %s", i ? "," : "", i, ip_addr_text(&addr, text));
	}
	fputs(" }\n", out);
}

void policy_put_nat(const struct policy *policy, FILE *out)
{
	vec_each (&policy->targets, target) {
		if (!target->is_nat)
			continue;
		if (target->pool && target->pool->rows.count)
			put_pool(target, out);
		else
			fprintf(out, "add rule inet slicegate translate oifname \"%s\" masquerade\n", target->interface);
	}
}

static void put_translations(const struct policy *policy, FILE *out)
{
	if (*policy->closed || !policy_tracks(policy))
		return;
	policy_each_rule(policy, out, policy_put_divert);
	fputs("add rule inet slicegate divert-output fib daddr type local accept\n"
	      "add rule inet slicegate divert-output jump divert\n"
	      "add rule inet slicegate divert-forwarded fib daddr type local accept\n",
		out);
	if (policy->targets.count) {
		fputs("add rule inet slicegate divert-forwarded", out);
		put_interfaces(policy, false, out);
		fputs(" accept\n", out);
	}
	fputs("add rule inet slicegate divert-forwarded jump divert\n", out);
	fputs("add rule inet slicegate untracked iifname \"" DP_LAC_WIRE "\" notrack\n", out);
	policy_put_nat(policy, out);
}

void policy_put_routers(const struct policy *policy, FILE *out)
{
	static const char *const ways[][3] = {{"output", "oifname", "daddr"}, {"input", "iifname", "saddr"}};
	char addr[IP_ADDR_TEXT];

	vec_each (&policy->targets, target)
		for (size_t way = 0; target->router.family && way < array_len(ways); way++)
			for (const char *end = "sport"; end; end = *end == 's' ? "dport" : NULL)
				fprintf(out, "add rule inet slicegate %s %s \"%s\" %s %s %s tcp %s 179 accept\n", ways[way][0],
					ways[way][1], target->interface, target->router.family == IP_V4 ? "ip" : "ip6",
					ways[way][2], ip_addr_text(&target->router, addr), end);
}

static void put_input(const struct policy *policy, FILE *out)
{
	fputs("add rule inet slicegate input iifname { \"lo\", \"" DP_LAC_WIRE "\" } accept\n"
	      "add rule inet slicegate input jump heard\n"
	      "add rule inet slicegate cable oifname \"" DP_LAC_INTERFACE "\" jump heard\n"
	      "add rule inet slicegate heard jump downlink\n",
		out);
	put_tracked_answers(policy, out);
	put_lns_answers(policy, out);
	fputs("add rule inet slicegate heard counter name drop-input drop\n", out);
}

void policy_nft(const struct policy *policy, const char *const *stale, size_t stale_count, FILE *out)
{
	if (!policy->is_l2tp) {
		policy_sims_nft(policy, stale, stale_count, out);
		return;
	}
	put_chains(policy, out);
	put_counters(policy, stale, stale_count, out);
	if (!*policy->closed)
		policy_each_rule(policy, out, policy_put_rule);
	if (!*policy->closed && policy_tracks(policy))
		fprintf(out,
			"add rule inet slicegate uplink ct direction reply ct mark and 0x%08x != 0 meta mark set ct mark and "
			"0x%08x "
			"accept\n",
			REFLEXIVE_OUT, MARK_BITS);
	fputs("add rule inet slicegate uplink counter name drop-unmatched drop\n"
	      "add rule inet slicegate output fib daddr type local accept\n",
		out);
	policy_put_routers(policy, out);
	fputs("add rule inet slicegate output jump uplink\n"
	      "add rule inet slicegate forwarded fib daddr type local accept\n",
		out);
	if (policy->targets.count) {
		fputs("add rule inet slicegate forwarded", out);
		put_interfaces(policy, false, out);
		fputs(" counter name drop-transit drop\n", out);
	}
	fputs("add rule inet slicegate forwarded jump uplink\n", out);
	put_input(policy, out);
	put_translations(policy, out);
}
