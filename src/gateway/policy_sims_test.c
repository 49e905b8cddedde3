// SPDX-License-Identifier: Apache-2.0
// The policies of an Integrated slice: one for each Routing Policy of its groups, told apart by tags, as they are judged and as nft says them.
#include "gateway/policy.h"

#include "gateway/slice.h"
#include "gateway/slice_fixture.h"

#include <netinet/in.h>

// VSlice 1 with a subnet of each family, target a1 (peer0); groups 51 and 52 have policies b1 and b2, and policy b3 is nobody's.
static struct config *world(void)
{
	struct config *config = config_new();

	fixture_put(config, "vslice", 1,
		"{'moniker': 'fleet', 'vsliceType': 'integrated', 'ipAddressFamily': 'ipv4v6', 'subnets': ['100.64.0.0/16', "
		"'2001:db8::/48']}");
	fixture_put(config, "routingTarget", 0xa1,
		"{'moniker': 'dc1', 'vslice': $1, 'routingTargetType': 'peering',"
		" 'peeringConfig': {'interface': 'peer0', 'localAddress': '192.168.7.1/24'}}");
	fixture_put(config, "routingPolicy", 0xb1,
		"{'moniker': 'one', 'vslice': $1, 'rules': ["
		"{'id': $e1, 'ruleAction': 'drop', 'ruleDirection': 'uplink', 'destinationIpPattern': '100.64.9.0/24'},"
		"{'id': $e2, 'ruleAction': 'forward', 'ruleDirection': 'uplink', 'transportProtocol': 'icmp'},"
		"{'id': $e3, 'ruleAction': 'forward', 'ruleDirection': 'uplink', 'routingTarget': $a1, 'reflexive': true}]}");
	fixture_put(config, "routingPolicy", 0xb2,
		"{'moniker': 'two', 'vslice': $1, 'rules': ["
		"{'id': $e4, 'ruleAction': 'forward', 'ruleDirection': 'downlink', 'routingTarget': $a1}]}");
	fixture_put(config, "routingPolicy", 0xb3, "{'moniker': 'nobody', 'vslice': $1, 'rules': []}");
	fixture_put(config, "endpointGroup", 0x51, "{'moniker': 'g1', 'vslice': $1, 'routingPolicy': $b1}");
	fixture_put(config, "endpointGroup", 0x52, "{'moniker': 'g2', 'vslice': $1, 'routingPolicy': $b2}");
	fixture_put(config, "endpointGroup", 0x53, "{'moniker': 'g3', 'vslice': $1, 'routingPolicy': $b1}");
	return config;
}

static struct policy *compile(struct config *config)
{
	struct uuid id = fixture_id(1);
	struct policy *policy = NULL;

	assert_int_equal(policy_new(config_vslice(config, &id), config, &policy), 0);
	return policy;
}

static struct policy_verdict judge(const struct policy *policy, enum rule_direction direction, uint8_t protocol, const char *to)
{
	struct policy_packet packet = {.direction = direction, .protocol = protocol, .interface = "peer0"};

	assert_int_equal(ip_addr_parse(direction == RULE_UPLINK ? "100.64.0.2" : "10.0.0.1", &packet.source), 0);
	assert_int_equal(ip_addr_parse(to, &packet.destination), 0);
	return policy_judge(policy, &packet);
}

static char *words_of(const struct policy *policy, const char *const *stale, size_t count)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	policy_nft(policy, stale, count, out);
	fclose(out);
	return text;
}

static void each_policy_of_a_group_has_a_tag(void **state)
{
	struct config *config = world();
	struct policy *policy = compile(config);
	struct policy_tags tags = {0};
	struct uuid id = fixture_id(1);

	assert_int_equal(policy->groups.count, 2);
	assert_string_equal(policy->groups.items[0]->name, "one");
	assert_string_equal(policy->groups.items[1]->name, "two");
	assert_int_equal(policy_tags(&id, config, &tags), 0);
	assert_int_equal(tags.rows.count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(tags.rows.items[i].tag, policy->groups.items[i]->tag);
		assert_in_range(tags.rows.items[i].tag, 16, 0xffffff);
	}
	assert_int_not_equal(tags.rows.items[0].tag, tags.rows.items[1].tag);
	assert_false(judge(policy, RULE_UPLINK, IPPROTO_TCP, "10.0.0.1").forward); // the whole has no rules
	vec_free(&tags.rows);
	policy_free(&policy);
	config_free(&config);
}

static void a_rule_without_a_target_leads_to_other_sims_only(void **state)
{
	struct config *config = world();
	struct policy *policy = compile(config), *one = policy->groups.items[0];

	assert_true(judge(one, RULE_UPLINK, IPPROTO_ICMP, "100.64.0.3").forward);
	assert_null(judge(one, RULE_UPLINK, IPPROTO_ICMP, "100.64.0.3").target);
	assert_true(judge(one, RULE_UPLINK, IPPROTO_ICMPV6, "2001:db8:0:3::1").forward);
	assert_false(judge(one, RULE_UPLINK, IPPROTO_ICMP, "100.64.9.3").forward);
	assert_ptr_equal(judge(one, RULE_UPLINK, IPPROTO_ICMP, "10.0.0.1").target, &one->targets.items[0]);
	assert_non_null(judge(one, RULE_UPLINK, IPPROTO_TCP, "100.64.0.3").target); // the target's, wherever that leads
	policy_free(&policy);
	config_free(&config);
}

// A rule that diverts must not let anything go where it was going: what cannot be diverted is not the rule's, or is dropped.
static void what_cannot_be_diverted_goes_nowhere(void **state)
{
	struct config *config = world();
	struct policy *policy, *one;

	fixture_put(config, "routingPolicy", 0xb1,
		"{'moniker': 'one', 'vslice': $1, 'rules': ["
		"{'id': $e1, 'ruleDirection': 'uplink', 'transportProtocol': 'icmp', 'divertIp': '10.9.0.1'},"
		"{'id': $e2, 'ruleDirection': 'uplink', 'transportProtocol': 'tcp', 'divertIp': '100.64.0.9'},"
		"{'id': $e3, 'ruleDirection': 'uplink', 'transportProtocol': 'udp', 'routingTarget': $a1, 'divertIp': "
		"'10.9.0.1'}]}");
	policy = compile(config);
	one = policy->groups.items[0];
	assert_false(judge(one, RULE_UPLINK, IPPROTO_ICMP, "100.64.0.3").forward); // to another SIM, which 10.9.0.1 is not
	assert_true(judge(one, RULE_UPLINK, IPPROTO_TCP, "100.64.0.3").forward);
	assert_true(judge(one, RULE_UPLINK, IPPROTO_UDP, "10.0.0.1").forward);
	assert_null(judge(one, RULE_UPLINK, IPPROTO_UDP, "2001:db8::7").rule); // IPv6 cannot be sent there
	policy_free(&policy);
	config_free(&config);
}

// A target's table that does not know the destination leads on to the main one: to other SIMs, and to other targets' cables.
static void a_packet_leaves_by_its_rules_target_only(void **state)
{
	struct config *config = world();
	struct policy *policy = compile(config);
	char *text = words_of(policy, NULL, 0), wanted[200];

	snprintf(wanted, sizeof(wanted),
		"add rule inet slicegate forward iifname \"sims\" meta mark . oifname { 0x00000000 . \"sims\", 0x%08x . "
		"\"peer0\" } accept\n",
		policy->targets.items[0].mark);
	assert_non_null(strstr(text, wanted));
	assert_null(strstr(text, "forward iifname \"sims\" accept"));
	free(text);
	policy_free(&policy);
	config_free(&config);
}

static void whom_the_server_reaches_is_each_policys_own(void **state)
{
	struct config *config = world();
	struct policy *policy = compile(config);

	assert_false(judge(policy->groups.items[0], RULE_DOWNLINK, IPPROTO_TCP, "100.64.0.2").forward);
	assert_true(judge(policy->groups.items[1], RULE_DOWNLINK, IPPROTO_TCP, "100.64.0.2").forward);
	assert_false(judge(policy->groups.items[1], RULE_UPLINK, IPPROTO_TCP, "10.0.0.1").forward);
	policy_free(&policy);
	config_free(&config);
}

static void nft_tells_them_apart(void **state)
{
	struct config *config = world();
	struct policy *policy = compile(config);
	char *text = words_of(policy, NULL, 0), wanted[200];
	uint32_t one = policy->groups.items[0]->tag, two = policy->groups.items[1]->tag;

	snprintf(wanted, sizeof(wanted),
		"add rule inet slicegate forwarded ether saddr vmap { 02:53:47:%02x:%02x:%02x : jump uplink-%06x, ", one >> 16,
		one >> 8 & 0xff, one & 0xff, one);
	assert_non_null(strstr(text, wanted));
	snprintf(wanted, sizeof(wanted),
		"add rule inet slicegate uplink-%06x meta l4proto { icmp, icmpv6 } ip daddr @subnets4 counter", one);
	assert_non_null(strstr(text, wanted));
	assert_non_null(strstr(text, "add rule inet slicegate to-sims ip daddr vmap @sims4\n"));
	assert_non_null(strstr(text, "add element inet slicegate subnets6 { 2001:db8::/48 }\n"));
	snprintf(wanted, sizeof(wanted), "add rule inet slicegate downlink-%06x iifname \"peer0\" counter", two);
	assert_non_null(strstr(text, wanted));
	free(text);
	policy_free(&policy);
	config_free(&config);
}

static void chains_go_with_their_policy(void **state)
{
	static const char *const stale[] = {"chains-0000aa", "tracks"};
	struct config *config = world();
	struct policy *policy;
	char *text;

	config_delete(config, "endpointGroup", fixture_id(0x52).text);
	policy = compile(config);
	assert_int_equal(policy->groups.count, 1);
	text = words_of(policy, stale, 2);
	assert_non_null(strstr(text, "flush map inet slicegate sims4\n"));
	assert_true(
		strstr(text, "flush map inet slicegate sims4\n") < strstr(text, "delete chain inet slicegate downlink-0000aa\n"));
	assert_non_null(strstr(text, "add rule inet slicegate to-sims jump downlink-")); // one policy: nobody need be looked up
	assert_null(strstr(text, "vmap @sims4"));
	free(text);
	policy_free(&policy);
	config_free(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_policy_of_a_group_has_a_tag),
		cmocka_unit_test(a_rule_without_a_target_leads_to_other_sims_only),
		cmocka_unit_test(what_cannot_be_diverted_goes_nowhere),
		cmocka_unit_test(a_packet_leaves_by_its_rules_target_only),
		cmocka_unit_test(whom_the_server_reaches_is_each_policys_own),
		cmocka_unit_test(nft_tells_them_apart),
		cmocka_unit_test(chains_go_with_their_policy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
