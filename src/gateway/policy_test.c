// SPDX-License-Identifier: Apache-2.0
// Policies as nft text, line by line, and the same policies evaluated in user space. That the kernel agrees is slice_test.c's business.
#include "gateway/policy.h"

#include "gateway/slice.h"
#include "gateway/slice_fixture.h"

#include <errno.h>

// VSlice 1 with LAC 10.1.1.1, LNSs 10.9.9.9 and 10.9.9.10, targets a1 (peer0) and a2 (peer1); policy p1 has `rules`.
static struct config *world(const char *rules)
{
	struct config *config = config_new();

	fixture_put(config, "vslice", 1,
		"{'moniker': 'motors', 'name': 'Motors', 'vsliceType': 'l2tp', 'defaultRoutingPolicy': $b1,"
		" 'lacs': [{'id': $c1, 'address': '10.1.1.1', 'port': 1701}],"
		" 'lnss': [{'id': $d1, 'address': '10.9.9.9', 'port': 1701, 'preference': 1},"
		"  {'id': $d2, 'address': '10.9.9.10', 'port': 1701, 'preference': 2}]}");
	fixture_put(config, "routingTarget", 0xa1,
		"{'moniker': 'dc1', 'vslice': $1, 'routingTargetType': 'peering',"
		" 'peeringConfig': {'interface': 'peer0', 'localAddress': '192.168.7.1/24', 'gatewayAddress': '192.168.7.2', "
		"'remoteSubnets': '10.9.0.0/16'}}");
	fixture_put(config, "routingTarget", 0xa2,
		"{'moniker': 'dc2', 'vslice': $1, 'routingTargetType': 'peering',"
		" 'peeringConfig': {'interface': 'peer1', 'localAddress': '192.168.8.1/24', 'gatewayAddress': '192.168.8.2', "
		"'remoteSubnets': ''}}");
	fixture_put(config, "routingTarget", 0xa9,
		"{'moniker': 'other', 'vslice': $2, 'routingTargetType': 'peering',"
		" 'peeringConfig': {'interface': 'peer9', 'localAddress': '192.168.9.1/24'}}");
	fixture_put(config, "routingPolicy", 0xb1, "{'moniker': 'main', 'vslice': $1, 'rules': [%s]}", rules);
	return config;
}

static struct policy *compile(struct config *config)
{
	struct uuid id = fixture_id(1);
	struct policy *policy = NULL;

	assert_int_equal(policy_new(config_vslice(config, &id), config, &policy), 0);
	return policy;
}

// The lines of the chain, joined by newlines, without the words that all have.
static char *chain_lines(struct policy *policy, const char *chain)
{
	static char lines[4096];
	char *text = NULL, *rest, *line, prefix[64];
	size_t len, used = 0;
	FILE *out = open_memstream(&text, &len);

	policy_nft(policy, NULL, 0, out);
	fclose(out);
	lines[0] = 0;
	rest = text;
	snprintf(prefix, sizeof(prefix), "add rule inet slicegate %s ", chain);
	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, prefix, strlen(prefix)))
			used += (size_t)snprintf(lines + used, sizeof(lines) - used, "%s\n", line + strlen(prefix));
	free(text);
	return lines;
}

static void assert_chain(const char *rules, const char *chain, const char *wanted)
{
	struct config *config = world(rules);
	struct policy *policy = compile(config);

	assert_string_equal(chain_lines(policy, chain), wanted);
	policy_free(&policy);
	config_free(&config);
}

#define ALL_TO_DC1 "{'id': $e1, 'ruleAction': 'forward', 'ruleDirection': 'uplink', 'routingTarget': $a1}"
#define RULE_E1 "rule-11111111-2222-4333-8444-0000000000e1"
#define RULE_E2 "rule-11111111-2222-4333-8444-0000000000e2"
#define LAST "counter name drop-unmatched drop\n"
#define MARK_A1 "0x01291bdc"
#define MARK_A2 "0x012c1be1"

// The marks (FNV-1a of the target's id, 24 bits, and bit 24) stand here as numbers on purpose: a gateway that computed others would, after an upgrade, renumber the routing tables of live slices.
static void one_rule_forwards_all(void **state)
{
	assert_chain(ALL_TO_DC1, "uplink", "counter name " RULE_E1 " meta mark set " MARK_A1 " accept\n" LAST);
}

static void patterns_in_nft_words(void **state)
{
	assert_chain("{'id': $e1, 'routingTarget': $a2, 'sourceIpPattern': '10.1.1.1', 'destinationIpPattern': "
		     "'10.9.9.0/24,10.8.0.1-10.8.0.9',"
		     " 'transportProtocol': 'udp', 'destinationPortPattern': '1701,2000-3000'}",
		"uplink",
		"ip saddr { 10.1.1.1 } ip daddr { 10.8.0.1-10.8.0.9, 10.9.9.0/24 } udp dport { 1701, 2000-3000 } counter "
		"name " RULE_E1 " meta mark set " MARK_A2 " accept\n" LAST);
	assert_chain("{'id': $e1, 'ruleAction': 'drop', 'sourcePortPattern': '53'}", "uplink",
		"meta l4proto { tcp, udp } th sport { 53 } counter name " RULE_E1 " drop\n" LAST);
	assert_chain("{'id': $e1, 'ruleAction': 'drop', 'transportProtocol': 'icmp'}", "uplink",
		"meta l4proto { icmp, icmpv6 } counter name " RULE_E1 " drop\n" LAST);
	assert_chain("{'id': $e1, 'ruleAction': 'drop', 'transportProtocol': 'tcp'}", "uplink",
		"meta l4proto tcp counter name " RULE_E1 " drop\n" LAST);
}

// A rule is said once a family; a v4 source and a v6 destination can never meet.
static void families_are_kept_apart(void **state)
{
	assert_chain("{'id': $e1, 'ruleAction': 'drop', 'destinationIpPattern': '10.0.0.1,2001:db8::1'}", "uplink",
		"ip daddr { 10.0.0.1 } counter name " RULE_E1 " drop\n"
		"ip6 daddr { 2001:db8::1 } counter name " RULE_E1 " drop\n" LAST);
	assert_chain("{'id': $e1, 'ruleAction': 'drop', 'sourceIpPattern': '10.0.0.1', 'destinationIpPattern': '2001:db8::1'}",
		"uplink", LAST);
}

static void order_and_disabled_rules(void **state)
{
	assert_chain("{'id': $e2, 'ruleAction': 'drop', 'destinationIpPattern': '10.9.9.9'}, {'id': $e3, 'enabled': false, "
		     "'routingTarget': $a2}, " ALL_TO_DC1,
		"uplink",
		"ip daddr { 10.9.9.9 } counter name " RULE_E2 " drop\n"
		"counter name " RULE_E1 " meta mark set " MARK_A1 " accept\n" LAST);
}

static void rules_of_another_gateway_match_nothing(void **state)
{
	struct config *config = world("{'id': $e1, 'routingTarget': $a1, 'regionalGateway': $f1}");
	struct policy *policy = compile(config);

	assert_string_equal(chain_lines(policy, "uplink"), LAST);
	policy_free(&policy);
	config->gateway_id = fixture_id(0xf1);
	policy = compile(config);
	assert_string_equal(chain_lines(policy, "uplink"), "counter name " RULE_E1 " meta mark set " MARK_A1 " accept\n" LAST);
	policy_free(&policy);
	config_free(&config);
}

#define INPUT "iifname { \"lo\", \"lacw\" } accept\njump heard\n"
#define HEARD "jump downlink\n"
#define INPUT_LAST "counter name drop-input drop\n"
#define ICMP_ERRORS                                                                                                              \
	"icmp type { destination-unreachable, time-exceeded, parameter-problem } @th,136,8 17 @th,160,32 { 0x0a010101 } "        \
	"@th,192,32 { 0x0a090909, 0x0a09090a }"

// An LNS said: try another (RFC 3193). It is heard as the LNS is, also when the controller writes the VSlice anew.
static void an_lns_that_was_named_is_heard(void **state)
{
	struct config *config = world(ALL_TO_DC1);
	struct uuid id = fixture_id(1);
	struct vslice_config *vslice = config_vslice(config, &id);
	struct ip_addr named;
	struct policy *policy;

	ip_addr_parse("10.9.9.77", &named);
	config_name_lns(vslice, &named);
	config_name_lns(vslice, &named);
	assert_int_equal(vslice->named.count, 1);
	policy = compile(config);
	assert_non_null(
		strstr(chain_lines(policy, "heard"), "ip saddr { 10.9.9.9, 10.9.9.10, 10.9.9.77 } ip daddr { 10.1.1.1 } accept"));
	policy_free(&policy);
	fixture_put(config, "vslice", 1, "{'moniker': 'motors', 'vsliceType': 'l2tp', 'lacs': [], 'lnss': []}");
	assert_int_equal(config_vslice(config, &id)->named.count, 1);
	config_free(&config);
}

// One uplink rule is enough for the LNS to be heard, and by the target which that rule names only.
static void lns_answers_come_by_targets_in_use(void **state)
{
	assert_chain(ALL_TO_DC1, "input", INPUT);
	assert_chain(ALL_TO_DC1, "cable", "oifname \"lac\" jump heard\n");
	assert_chain(ALL_TO_DC1, "heard",
		HEARD "iifname { \"peer0\" } meta l4proto udp ip saddr { 10.9.9.9, 10.9.9.10 } ip daddr { 10.1.1.1 } accept\n"
		      "iifname { \"peer0\" } " ICMP_ERRORS " accept\n" INPUT_LAST);
	assert_chain(ALL_TO_DC1, "forwarded",
		"fib daddr type local accept\niifname { \"peer0\", \"peer1\" } counter name drop-transit drop\njump uplink\n");
	assert_chain(ALL_TO_DC1, "output", "fib daddr type local accept\njump uplink\n");
	assert_chain("{'id': $e1, 'ruleAction': 'drop'}", "heard", HEARD INPUT_LAST);
}

static void downlink_rules_come_first(void **state)
{
	assert_chain("{'id': $e1, 'ruleDirection': 'downlink', 'ruleAction': 'drop', 'sourceIpPattern': '10.9.9.10', "
		     "'routingTarget': $a2}",
		"downlink", "iifname \"peer1\" ip saddr { 10.9.9.10 } counter name " RULE_E1 " drop\n");
	assert_chain("{'id': $e1, 'ruleDirection': 'downlink', 'transportProtocol': 'icmp'}", "downlink",
		"meta l4proto { icmp, icmpv6 } counter name " RULE_E1 " accept\n");
}

static void no_policy_drops_all(void **state)
{
	struct config *config = world(ALL_TO_DC1);
	struct uuid id = fixture_id(1);
	struct policy *policy;

	uuid_set(&config_vslice(config, &id)->default_policy, NULL);
	policy = compile(config);
	assert_string_equal(chain_lines(policy, "uplink"), LAST);
	assert_string_equal(chain_lines(policy, "heard"), HEARD INPUT_LAST);
	assert_string_equal(policy->closed, "no Default Routing Policy: create a Routing Policy on this VSlice and set it");
	policy_free(&policy);
	config_free(&config);
}

// Half a policy is worse than none: what is not understood might have been a drop.
static void what_is_not_understood_closes(void **state)
{
	static const struct {
		const char *rule, *closed;
	} rows[] = {
		{"{'id': $e1, 'ruleAction': 'drop', 'sourceIpPattern': 'lns.example'}",
			"rule 2: the source address pattern 'lns.example' is not understood"},
		{"{'id': $e1, 'ruleAction': 'drop', 'destinationPortPattern': '1-'}",
			"rule 2: the destination port pattern '1-' is not understood"},
		{"{'id': $e1, 'ruleAction': 'drop', 'transportProtocol': 'sctp'}", "rule 2: the protocol 'sctp' is not known"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char rules[512];
		struct config *config;
		struct policy *policy;

		snprintf(rules, sizeof(rules), "%s, %s", "{'id': $e2, 'routingTarget': $a1}", rows[i].rule);
		config = world(rules);
		policy = compile(config);
		assert_string_equal(policy->closed, rows[i].closed);
		assert_string_equal(chain_lines(policy, "uplink"), LAST);
		policy_free(&policy);
		config_free(&config);
	}
}

static void a_forward_to_nowhere_drops(void **state)
{
	assert_chain("{'id': $e1, 'routingTarget': $a9}, {'id': $e2, 'routingTarget': $a1}", "uplink", // a9 is another VSlice's
		"counter name " RULE_E1 " drop\ncounter name " RULE_E2 " meta mark set " MARK_A1 " accept\n" LAST);
}

#define DIVERTS                                                                                                                  \
	"{'id': $e1, 'ruleAction': 'drop', 'transportProtocol': 'tcp'}, {'id': $e2, 'routingTarget': $a1, 'transportProtocol': " \
	"'udp', 'divertIp': '10.9.0.1', 'divertPort': '1702'}"

// The verdict is on the packet as it came; the flow's first packet then gets its new destination.
static void a_rule_diverts(void **state)
{
	assert_chain(DIVERTS, "uplink",
		"meta l4proto tcp counter name " RULE_E1 " drop\n"
		"meta nfproto ipv4 meta l4proto udp counter name " RULE_E2 " meta mark set " MARK_A1 " accept\n"
		"ct direction reply ct mark and 0x40000000 != 0 meta mark set ct mark and 0x01ffffff accept\n" LAST);
	assert_chain(DIVERTS, "divert",
		"meta l4proto tcp return\n"
		"meta nfproto ipv4 meta l4proto udp dnat ip to 10.9.0.1:1702\n");
	assert_chain(DIVERTS, "divert-output", "fib daddr type local accept\njump divert\n");
	assert_chain(ALL_TO_DC1, "divert", "");
}

static void reflexive_rules_mark_their_flows(void **state)
{
	assert_chain("{'id': $e1, 'routingTarget': $a1, 'reflexive': true}", "uplink",
		"ct direction original ct mark set 0x80000000\n"
		"counter name " RULE_E1 " meta mark set " MARK_A1 " accept\n"
		"ct direction reply ct mark and 0x40000000 != 0 meta mark set ct mark and 0x01ffffff accept\n" LAST);
	assert_chain("{'id': $e1, 'ruleDirection': 'downlink', 'reflexive': true}", "downlink",
		"ct direction original ct mark set iifname map { \"peer0\" : 0x41291bdc, \"peer1\" : 0x412c1be1 }\n"
		"counter name " RULE_E1 " accept\n");
}

// The chains for translation go when they are not needed any longer.
static void nothing_is_tracked_without_need(void **state)
{
	static const char *const stale[] = {"tracks"};
	struct config *config = world(ALL_TO_DC1);
	struct policy *policy = compile(config);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_false(policy_tracks(policy));
	policy_nft(policy, stale, 1, out);
	fclose(out);
	assert_null(strstr(text, "type nat"));
	assert_null(strstr(text, " ct "));
	assert_non_null(strstr(text, "delete counter inet slicegate tracks\ndelete chain inet slicegate divert-forwarded\n"));
	free(text);
	policy_free(&policy);
	config_free(&config);
}

static void stale_counters_go_in_the_same_transaction(void **state)
{
	static const char *const stale[] = {"rule-gone"};
	struct config *config = world(ALL_TO_DC1);
	struct policy *policy = compile(config);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	policy_nft(policy, stale, 1, out);
	fclose(out);
	assert_non_null(strstr(text, "flush table inet slicegate\nadd counter inet slicegate drop-unmatched\n"));
	assert_non_null(strstr(text, "add counter inet slicegate " RULE_E1 "\ndelete counter inet slicegate rule-gone\n"));
	assert_true(policy_wants_counter(policy, RULE_E1));
	assert_true(policy_wants_counter(policy, "drop-input"));
	assert_false(policy_wants_counter(policy, RULE_E2));
	free(text);
	policy_free(&policy);
	config_free(&config);
}

static struct policy_packet packet(
	enum rule_direction direction, uint8_t protocol, const char *from, uint16_t from_port, const char *to, uint16_t to_port)
{
	struct policy_packet out = {.direction = direction,
		.protocol = protocol,
		.source_port = from_port,
		.destination_port = to_port,
		.interface = "peer0"};

	assert_int_equal(ip_addr_parse(from, &out.source), 0);
	assert_int_equal(ip_addr_parse(to, &out.destination), 0);
	return out;
}

static void explained(const char *rules, struct policy_packet it, bool forward, const char *words)
{
	struct config *config = world(rules);
	struct policy *policy = compile(config);
	char why[POLICY_WHY];

	assert_int_equal(policy_explain(policy, &it, config, why), forward);
	assert_string_equal(why, words);
	policy_free(&policy);
	config_free(&config);
}

static void a_verdict_is_explained(void **state)
{
	struct policy_packet up = packet(RULE_UPLINK, IPPROTO_UDP, "10.1.1.1", 1701, "10.9.9.9", 1701);
	struct policy_packet ping = packet(RULE_UPLINK, IPPROTO_ICMP, "10.1.1.1", 0, "10.9.9.9", 0);
	struct policy_packet down = packet(RULE_DOWNLINK, IPPROTO_UDP, "10.9.9.9", 4711, "10.1.1.1", 1701);
	struct policy_packet diverted_down = packet(RULE_DOWNLINK, IPPROTO_UDP, "10.9.0.1", 1702, "10.1.1.1", 1701);

	explained(DIVERTS, up, true, "rule 2 forwards it to Routing Target dc1, diverted to 10.9.0.1:1702");
	explained(DIVERTS, ping, false, "no uplink rule of Routing Policy main forwards ICMP from 10.1.1.1 to 10.9.9.9");
	explained(DIVERTS, diverted_down, true, "no downlink rule is needed: UDP from the LNS 10.9.0.1 to a LAC is let in");
	explained("{'id': $e1, 'routingTarget': $a1, 'divertIp': '198.51.100.7'}", up, false,
		"rule 1 forwards it to Routing Target dc1, diverted to 198.51.100.7:1701, whose remote subnets do not have "
		"198.51.100.7:1701");
	explained("{'id': $e1, 'ruleDirection': 'downlink', 'routingTarget': $a1}", down, true, "rule 1 lets it in");
	explained("{'id': $e1, 'ruleDirection': 'downlink', 'ruleAction': 'drop'}," ALL_TO_DC1, down, false,
		"rule 1 of Routing Policy main drops UDP from 10.9.9.9 to 10.1.1.1:1701");
}

static void judged_in_user_space(void **state)
{
	struct config *config = world("{'id': $e1, 'ruleAction': 'drop', 'destinationIpPattern': '10.9.9.10', "
				      "'transportProtocol': 'udp', 'destinationPortPattern': '1701'},"
				      "{'id': $e2, 'routingTarget': $a1, 'destinationIpPattern': '10.9.9.0/24'},"
				      "{'id': $e3, 'ruleDirection': 'downlink', 'ruleAction': 'drop', 'sourcePortPattern': '9'}");
	struct policy *policy = compile(config);
	struct policy_packet it = packet(RULE_UPLINK, IPPROTO_UDP, "10.1.1.1", 1701, "10.9.9.9", 1701);
	struct policy_verdict verdict = policy_judge(policy, &it);

	assert_true(verdict.forward);
	assert_string_equal(verdict.target->moniker, "dc1");
	assert_int_equal(verdict.rule->number, 2);
	it = packet(RULE_UPLINK, IPPROTO_UDP, "10.1.1.1", 1701, "10.9.9.10", 1701);
	verdict = policy_judge(policy, &it);
	assert_false(verdict.forward);
	assert_int_equal(verdict.rule->number, 1);
	it = packet(RULE_UPLINK, IPPROTO_TCP, "10.1.1.1", 1701, "10.9.9.10", 1701);
	assert_true(policy_judge(policy, &it).forward);
	it = packet(RULE_UPLINK, IPPROTO_UDP, "10.1.1.1", 1701, "10.9.8.9", 1701);
	assert_null(policy_judge(policy, &it).rule);
	it = packet(RULE_DOWNLINK, IPPROTO_UDP, "10.9.9.9", 4711, "10.1.1.1", 1701);
	assert_true(policy_judge(policy, &it).forward);
	it.interface = "peer1";
	assert_false(policy_judge(policy, &it).forward);
	it = packet(RULE_DOWNLINK, IPPROTO_UDP, "10.9.9.9", 9, "10.1.1.1", 1701);
	assert_false(policy_judge(policy, &it).forward);
	it = packet(RULE_DOWNLINK, IPPROTO_UDP, "10.9.9.8", 1701, "10.1.1.1", 1701);
	assert_false(policy_judge(policy, &it).forward);
	policy_free(&policy);
	config_free(&config);
}

static void assert_reaches(const char *rules, bool reaches, const char *words)
{
	struct config *config = world(rules);
	struct uuid id = fixture_id(1);
	struct ip_addr lac = ip_addr_v4(0x0a010101);
	struct ip_end lns = {ip_addr_v4(0x0a090909), 1701};
	char why[160] = "";

	assert_int_equal(slice_reaches(config_vslice(config, &id), config, &lac, &lns, why), reaches);
	assert_string_equal(why, words);
	config_free(&config);
}

static void reaching_an_lns_in_words(void **state)
{
	assert_reaches(ALL_TO_DC1, true, "rule 1 forwards it to Routing Target dc1");
	assert_reaches("", false, "no uplink rule of Routing Policy main forwards UDP from 10.1.1.1 to 10.9.9.9:1701");
	assert_reaches("{'id': $e1, 'ruleAction': 'drop'}", false,
		"rule 1 of Routing Policy main drops UDP from 10.1.1.1 to 10.9.9.9:1701");
	assert_reaches("{'id': $e1, 'routingTarget': $a2}", true, "rule 1 forwards it to Routing Target dc2");
	assert_reaches("{'id': $e1, 'routingTarget': $a1, 'sourcePortPattern': '1700'}", false,
		"no uplink rule of Routing Policy main forwards UDP from 10.1.1.1 to 10.9.9.9:1701");
}

static void reaching_needs_a_route(void **state)
{
	struct config *config = world(ALL_TO_DC1);
	struct uuid id = fixture_id(1);
	struct ip_addr lac = ip_addr_v4(0x0a010101);
	struct ip_end far = {ip_addr_v4(0xc0000201), 1701}, on_link = {ip_addr_v4(0xc0a80709), 1701};
	char why[160];

	assert_false(slice_reaches(config_vslice(config, &id), config, &lac, &far, why));
	assert_string_equal(why, "rule 1 forwards it to Routing Target dc1, whose remote subnets do not have 192.0.2.1:1701");
	assert_true(slice_reaches(config_vslice(config, &id), config, &lac, &on_link, why));
	config_free(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_rule_forwards_all),
		cmocka_unit_test(patterns_in_nft_words),
		cmocka_unit_test(families_are_kept_apart),
		cmocka_unit_test(order_and_disabled_rules),
		cmocka_unit_test(rules_of_another_gateway_match_nothing),
		cmocka_unit_test(lns_answers_come_by_targets_in_use),
		cmocka_unit_test(an_lns_that_was_named_is_heard),
		cmocka_unit_test(downlink_rules_come_first),
		cmocka_unit_test(no_policy_drops_all),
		cmocka_unit_test(what_is_not_understood_closes),
		cmocka_unit_test(a_forward_to_nowhere_drops),
		cmocka_unit_test(a_rule_diverts),
		cmocka_unit_test(reflexive_rules_mark_their_flows),
		cmocka_unit_test(nothing_is_tracked_without_need),
		cmocka_unit_test(a_verdict_is_explained),
		cmocka_unit_test(stale_counters_go_in_the_same_transaction),
		cmocka_unit_test(judged_in_user_space),
		cmocka_unit_test(reaching_an_lns_in_words),
		cmocka_unit_test(reaching_needs_a_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
