// SPDX-License-Identifier: Apache-2.0
// The policies of an Integrated slice in nft's words. One table a slice, and for each Routing Policy that an Endpoint Group has the chains
// uplink-TAG, downlink-TAG and divert-TAG:
//
//   forwarded  (prerouting, mangle)   what comes from the SIMs: never for the slice itself; the frame's source address tells whose policy it
//                                     is (dp_session_spec), and that one's uplink rules decide and mark
//   forward    (filter, forward)      what goes to the SIMs: answers, then the downlink rules of the SIM's policy. Here, since only behind the
//                                     translation is it known which SIM it is for. Nothing else passes: no target reaches another
//   input      (filter, input)        neighbours of the targets, and nobody else: the slice has no ears
//   output     (filter, output)       the same, and ICMP errors of the slice to its SIMs
//
// Which policy a downlink packet's SIM has is known when there is but one; otherwise the maps sims4 and sims6 tell, which the
// gateway fills as SIMs come and go. Connections, diverted flows and reflexive rules are as in policy_nft.c; a rule that forwards to other SIMs
// needs no target and lets nothing out but to the subnets.
#include "gateway/policy_priv.h"

#include "gateway/dataplane/dataplane.h"

#include <string.h>

#define NEIGHBOURS "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }"

static void put_chains(const struct policy *policy, FILE *out)
{
	fputs("add table inet slicegate\n"
	      "add set inet slicegate subnets4 { type ipv4_addr; flags interval; }\n"
	      "add set inet slicegate subnets6 { type ipv6_addr; flags interval; }\n"
	      "add map inet slicegate sims4 { type ipv4_addr : verdict; }\n"
	      "add map inet slicegate sims6 { type ipv6_addr : verdict; }\n"
	      "add chain inet slicegate to-sims\n"
	      "add chain inet slicegate forwarded { type filter hook prerouting priority mangle; policy accept; }\n"
	      "add chain inet slicegate forward { type filter hook forward priority filter; policy drop; }\n"
	      "add chain inet slicegate output { type filter hook output priority filter; policy drop; }\n"
	      "add chain inet slicegate input { type filter hook input priority filter; policy drop; }\n",
		out);
	if (policy_tracks(policy))
		fputs("add chain inet slicegate divert-forwarded { type nat hook prerouting priority dstnat; policy accept; }\n"
		      "add chain inet slicegate translate { type nat hook postrouting priority srcnat; policy accept; }\n",
			out);
	vec_each (&policy->groups, group)
		fprintf(out,
			"add chain inet slicegate uplink-%06x\nadd chain inet slicegate downlink-%06x\nadd chain inet slicegate "
			"divert-%06x\n",
			(*group)->tag, (*group)->tag, (*group)->tag);
	fputs("flush table inet slicegate\n"
	      "flush set inet slicegate subnets4\n"
	      "flush set inet slicegate subnets6\n",
		out);
}

// What an earlier transaction left there: a counter's name tells of the chains that went with it.
static void put_stale(const char *name, FILE *out)
{
	size_t prefix = strlen(POLICY_CHAINS);

	fprintf(out, "delete counter inet slicegate %s\n", name);
	if (!strcmp(name, TRACKS))
		fputs("delete chain inet slicegate divert-forwarded\n"
		      "delete chain inet slicegate translate\n",
			out);
	if (!strncmp(name, POLICY_CHAINS, prefix))
		fprintf(out,
			"delete chain inet slicegate uplink-%s\ndelete chain inet slicegate downlink-%s\ndelete chain inet "
			"slicegate "
			"divert-%s\n",
			name + prefix, name + prefix, name + prefix);
}

static void put_counters(const struct policy *policy, const char *const *stale, size_t stale_count, FILE *out)
{
	char name[POLICY_COUNTER_TEXT];
	bool has_gone = false;

	policy_put_drop_counters(out);
	vec_each (&policy->groups, group) {
		fprintf(out, "add counter inet slicegate %s\n", policy_chains_name(*group, name));
		policy_put_rule_counters(*group, out);
	}
	if (policy_tracks(policy))
		fputs("add counter inet slicegate " TRACKS "\n", out);
	for (size_t i = 0; i < stale_count; i++)
		has_gone = has_gone || !strncmp(stale[i], POLICY_CHAINS, strlen(POLICY_CHAINS));
	if (has_gone) // whose chains go may still be named by SIMs; the gateway says anew who has which
		fputs("flush map inet slicegate sims4\nflush map inet slicegate sims6\n", out);
	for (size_t i = 0; i < stale_count; i++)
		put_stale(stale[i], out);
}

static void put_subnets(const struct policy *policy, FILE *out)
{
	char text[IP_PREFIX_TEXT];

	vec_each (&policy->subnets, subnet)
		fprintf(out, "add element inet slicegate subnets%c { %s }\n", subnet->addr.family == IP_V6 ? '6' : '4',
			ip_prefix_text(subnet, text));
}

static void put_interfaces(const struct policy *policy, const char *direction, bool only_nat, FILE *out)
{
	const char *separator = " { ";

	fprintf(out, " %s", direction);
	vec_each (&policy->targets, target) {
		if (only_nat && !target->is_nat)
			continue;
		fprintf(out, "%s\"%s\"", separator, target->interface);
		separator = ", ";
	}
	fputs(" }", out);
}

static bool has_nat(const struct policy *policy)
{
	vec_each (&policy->targets, target)
		if (target->is_nat)
			return true;
	return false;
}

// The frame's source address to a chain of its policy; what has none goes on.
static void put_by_tag(const struct policy *policy, const char *from, const char *to, FILE *out)
{
	static const uint8_t mac[6] = DP_SIMS_MAC;
	const char *separator = " ether saddr vmap { ";

	if (!policy->groups.count)
		return;
	fprintf(out, "add rule inet slicegate %s", from);
	vec_each (&policy->groups, group) {
		uint32_t tag = (*group)->tag;

		fprintf(out, "%s%02x:%02x:%02x:%02x:%02x:%02x : jump %s-%06x", separator, mac[0], mac[1], mac[2], tag >> 16,
			tag >> 8 & 0xff, tag & 0xff, to, tag);
		separator = ", ";
	}
	fputs(" }\n", out);
}

static void put_forwarded(const struct policy *policy, FILE *out)
{
	fputs("add rule inet slicegate forwarded iifname != \"" DP_SLICE_INTERFACE "\" accept\n"
	      "add rule inet slicegate forwarded fib daddr type { local, anycast, broadcast, multicast } counter name drop-input "
	      "drop\n",
		out);
	put_by_tag(policy, "forwarded", "uplink", out);
	fputs("add rule inet slicegate forwarded counter name drop-unmatched drop\n", out);
}

// From a SIM by the target whose mark the packet has, or without one to other SIMs: what a target's table does not know would else go by the main one.
static void put_ways_out(const struct policy *policy, FILE *out)
{
	fputs("add rule inet slicegate forward iifname \"" DP_SLICE_INTERFACE
	      "\" meta mark . oifname { 0x00000000 . \"" DP_SLICE_INTERFACE "\"",
		out);
	vec_each (&policy->targets, target)
		fprintf(out, ", 0x%08x . \"%s\"", target->mark, target->interface);
	fputs(" } accept\n", out);
}

static void put_forward(const struct policy *policy, FILE *out)
{
	put_ways_out(policy, out);
	if (policy->targets.count) {
		fputs("add rule inet slicegate forward", out);
		put_interfaces(policy, "iifname", false, out);
		fputs(" oifname \"" DP_SLICE_INTERFACE "\" jump to-sims\n", out);
	}
	fputs("add rule inet slicegate forward counter name drop-transit drop\n", out);
	if (policy_tracks(policy) && policy->targets.count) { // who began is told to who reviews connections (flows.c)
		fputs("add rule inet slicegate to-sims ct state new", out);
		policy_put_way_back(policy, 0, out);
		fputc('\n', out);
	}
	if (policy_tracks(policy)) {
		fprintf(out,
			"add rule inet slicegate to-sims ct direction reply ct state established,related ct mark and 0x%08x != 0 "
			"accept\n",
			REFLEXIVE_IN);
	}
	if (has_nat(policy)) { // answers to what was translated: nothing else comes in by such a target
		fputs("add rule inet slicegate to-sims", out);
		put_interfaces(policy, "iifname", true, out);
		fputs(" ct direction reply ct state established,related accept\n", out);
	}
	if (policy->groups.count == 1)
		fprintf(out, "add rule inet slicegate to-sims jump downlink-%06x\n", policy->groups.items[0]->tag);
	else if (policy->groups.count)
		fputs("add rule inet slicegate to-sims ip daddr vmap @sims4\n"
		      "add rule inet slicegate to-sims ip6 daddr and ffff:ffff:ffff:ffff:: vmap @sims6\n",
			out);
	fputs("add rule inet slicegate to-sims counter name drop-unmatched drop\n", out);
}

static void put_own(const struct policy *policy, FILE *out)
{
	fputs("add rule inet slicegate input iifname \"lo\" accept\n"
	      "add rule inet slicegate output oifname \"lo\" accept\n"
	      "add rule inet slicegate output oifname \"" DP_SLICE_INTERFACE "\" meta l4proto { icmp, icmpv6 } accept\n",
		out);
	if (policy->targets.count) {
		fputs("add rule inet slicegate input", out);
		put_interfaces(policy, "iifname", false, out);
		fputs(" " NEIGHBOURS " accept\nadd rule inet slicegate output", out);
		put_interfaces(policy, "oifname", false, out);
		fputs(" " NEIGHBOURS " accept\n", out);
	}
	policy_put_routers(policy, out);
	fputs("add rule inet slicegate input counter name drop-input drop\n", out);
}

static void put_group(const struct policy *policy, const struct policy *group, FILE *out)
{
	if (policy_tracks(policy)) // by the way that the flow came from, whatever the rules say of new ones
		fprintf(out,
			"add rule inet slicegate uplink-%06x ct direction reply ct mark and 0x%08x != 0 meta mark set ct mark "
			"and 0x%08x "
			"accept\n",
			group->tag, REFLEXIVE_OUT, MARK_BITS);
	if (*group->closed)
		return;
	policy_each_rule(group, out, policy_put_rule);
	if (!policy_tracks(group))
		return;
	policy_each_rule(group, out, policy_put_divert);
}

static void put_translations(const struct policy *policy, FILE *out)
{
	if (!policy_tracks(policy))
		return;
	fputs("add rule inet slicegate divert-forwarded iifname != \"" DP_SLICE_INTERFACE "\" accept\n", out);
	put_by_tag(policy, "divert-forwarded", "divert", out);
	policy_put_nat(policy, out);
}

void policy_sims_nft(const struct policy *policy, const char *const *stale, size_t stale_count, FILE *out)
{
	put_chains(policy, out);
	put_counters(policy, stale, stale_count, out);
	put_subnets(policy, out);
	vec_each (&policy->groups, group)
		put_group(policy, *group, out);
	put_translations(policy, out);
	put_forwarded(policy, out);
	put_forward(policy, out);
	put_own(policy, out);
}
