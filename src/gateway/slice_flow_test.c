// SPDX-License-Identifier: Apache-2.0
// Flows that the kernel tracks for a slice: diverted, reflexive.
#include "gateway/slice_world_fixture.h"

// The socket goes on speaking to the LNS's own address, and hears it from there.
static void a_rule_diverts_a_live_flow(void **state)
{
	struct world *world = *state;
	struct seen one;
	int lac, lns, other;

	usual(world, 1, &one);
	lac = lac_socket(world, &one);
	lns = far_socket(1, "10.9.9.9", 1701);
	other = far_socket(1, "10.66.6.6", 1702);
	assert_int_equal(send_text(lac, "straight", "10.9.9.9", 1701), 0);
	assert_string_equal(next_text(lns), "straight");
	put_policy(world, 1,
		"{'id': $e1, 'routingTarget': $a1, 'transportProtocol': 'udp', 'divertIp': '10.66.6.6', 'divertPort': '1702'}");
	seen_apply(world, 1, &one);
	assert_int_equal(send_text(lac, "diverted", "10.9.9.9", 1701), 0);
	assert_string_equal(next_text(other), "diverted");
	assert_int_equal(send_text(other, "answer", "10.1.1.1", 1701), 0);
	assert_string_equal(next_text_from(lac, "10.9.9.9", 1701), "answer");
	put_policy(world, 1, TO(e1, a1));
	seen_apply(world, 1, &one);
	assert_int_equal(send_text(lac, "straight again", "10.9.9.9", 1701), 0);
	assert_string_equal(next_text(lns), "straight again");
	assert_string_equal(out_of("ip netns exec " NS(1) " nft list table inet slicegate | grep -c 'type nat'"), "0");
	close(lac);
	close(lns);
	close(other);
	gone(world, &one);
}

static void answers_of_a_reflexive_rule_come_in(void **state)
{
	struct world *world = *state;
	struct seen one;
	int lac, far;

	usual(world, 1, &one);
	lac = lac_socket(world, &one);
	far = far_socket(1, "10.66.6.6", 5000); // no LNS of anybody
	assert_int_equal(send_text(lac, "question", "10.66.6.6", 5000), 0);
	assert_string_equal(next_text(far), "question");
	assert_int_equal(send_text(far, "not heard", "10.1.1.1", 1701), 0);
	assert_counted(NS(1), "drop-input", 1);
	put_policy(world, 1, "{'id': $e1, 'routingTarget': $a1, 'reflexive': true}");
	seen_apply(world, 1, &one);
	assert_int_equal(send_text(far, "nobody asked", "10.1.1.1", 1701), 0);
	assert_counted(NS(1), "drop-input", 2);
	assert_int_equal(send_text(lac, "question", "10.66.6.6", 5000), 0);
	assert_string_equal(next_text(far), "question");
	assert_int_equal(send_text(far, "heard", "10.1.1.1", 1701), 0);
	assert_string_equal(next_text(lac), "heard");
	// An explicit downlink drop is asked first.
	put_policy(world, 1,
		"{'id': $e2, 'ruleDirection': 'downlink', 'ruleAction': 'drop'}, {'id': $e1, 'routingTarget': $a1, 'reflexive': "
		"true}");
	seen_apply(world, 1, &one);
	assert_int_equal(send_text(lac, "question", "10.66.6.6", 5000), 0);
	assert_string_equal(next_text(far), "question");
	assert_int_equal(send_text(far, "dropped", "10.1.1.1", 1701), 0);
	assert_counted(NS(1), "rule-11111111-2222-4333-8444-0000000000e2", 1);
	close(lac);
	close(far);
	gone(world, &one);
}

// The other way round: a downlink rule lets a question in, and its answer goes out by the target that it came from, with no uplink rule.
static void answers_to_a_reflexive_downlink_rule_go_out(void **state)
{
	struct world *world = *state;
	struct seen one;

	usual(world, 1, &one);
	put_policy(world, 1, "{'id': $e2, 'ruleDirection': 'downlink', 'transportProtocol': 'icmp'}");
	seen_apply(world, 1, &one);
	assert_int_not_equal(sh_try("ip netns exec far1 ping -c1 -W1 -I 10.9.9.9 10.1.1.1 >/dev/null"), 0);
	put_policy(world, 1, "{'id': $e2, 'ruleDirection': 'downlink', 'transportProtocol': 'icmp', 'reflexive': true}");
	seen_apply(world, 1, &one);
	sh("ip netns exec far1 ping -c1 -W2 -I 10.9.9.9 10.1.1.1 >/dev/null");
	assert_int_not_equal(sh_try("ip netns exec " NS(1) " ping -c1 -W1 -I 10.1.1.1 10.9.9.9 >/dev/null"), 0);
	gone(world, &one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(a_rule_diverts_a_live_flow),
		in_world(answers_of_a_reflexive_rule_come_in),
		in_world(answers_to_a_reflexive_downlink_rule_go_out),
	};

	return run_in_worlds(tests);
}
