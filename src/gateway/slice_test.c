// SPDX-License-Identifier: Apache-2.0
// What passes a slice and what does not.
#include "gateway/slice_world_fixture.h"

static void udp_goes_both_ways(void **state)
{
	struct world *world = *state;
	struct seen one;
	int lac, lns, other_port, stranger;

	usual(world, 1, &one);
	lac = lac_socket(world, &one);
	lns = far_socket(1, "10.9.9.9", 1701);
	other_port = far_socket(1, "10.9.9.9", 40000);
	stranger = far_socket(1, "10.66.6.6", 1701);
	assert_int_equal(send_text(lac, "SCCRQ", "10.9.9.9", 1701), 0);
	assert_string_equal(next_text(lns), "SCCRQ");
	// The LNS may open the tunnel itself and answer from another port; nobody else is heard, though the route is there.
	assert_int_equal(send_text(stranger, "from a stranger", "10.1.1.1", 1701), 0);
	assert_int_equal(send_text(other_port, "SCCRP", "10.1.1.1", 1701), 0);
	assert_string_equal(next_text(lac), "SCCRP");
	assert_counted(NS(1), "drop-input", 1);
	assert_string_equal(out_of("ip -n " NS(1) " -o addr show dev lo to 10.1.1.1 | wc -l"), "1");
	close(lac);
	close(lns);
	close(other_port);
	close(stranger);
	gone(world, &one);
}

static void big_packets_are_fragmented_and_joined(void **state)
{
	struct world *world = *state;
	char big[3001];
	struct seen one;
	int lac, lns;

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	usual(world, 1, &one);
	lac = lac_socket(world, &one);
	lns = far_socket(1, "10.9.9.9", 1701);
	assert_int_equal(send_text(lac, big, "10.9.9.9", 1701), 0);
	assert_string_equal(next_text(lns), big);
	assert_int_equal(send_text(lns, big, "10.1.1.1", 1701), 0);
	assert_string_equal(next_text(lac), big);
	close(lac);
	close(lns);
	gone(world, &one);
}

static void nothing_passes_without_a_policy(void **state)
{
	struct world *world = *state;
	struct uuid id = fixture_id(1);
	struct seen one;
	int lac, lns;

	put_vslice(world, 1);
	put_target(world, 1, 1);
	uuid_set(&config_vslice(world->config, &id)->default_policy, NULL);
	seen_new(world, 1, &one);
	seen_apply(world, 1, &one);
	lac = lac_socket(world, &one);
	lns = far_socket(1, "10.9.9.9", 1701);
	assert_int_equal(send_text(lac, "x", "10.9.9.9", 1701), -EPERM);
	assert_counted(NS(1), "drop-unmatched", 1);
	assert_int_equal(send_text(lns, "x", "10.1.1.1", 1701), 0);
	assert_counted(NS(1), "drop-input", 1);
	// The policy is set while the socket lives: from then on it works.
	put_vslice(world, 1);
	put_policy(world, 1, TO(e1, a1));
	seen_apply(world, 1, &one);
	assert_int_equal(send_text(lac, "now", "10.9.9.9", 1701), 0);
	assert_string_equal(next_text(lns), "now");
	close(lac);
	close(lns);
	gone(world, &one);
}

static void first_match_wins(void **state)
{
	struct world *world = *state;
	struct seen one;
	int lac, lns;

	usual(world, 1, &one);
	lac = lac_socket(world, &one);
	lns = far_socket(1, "10.9.9.9", 1701);
	put_policy(world, 1,
		"{'id': $e2, 'ruleAction': 'drop', 'transportProtocol': 'udp', 'destinationPortPattern': '1-1700,1702'}," TO(
			e1, a1));
	seen_apply(world, 1, &one);
	assert_int_equal(send_text(lac, "x", "10.9.9.9", 1702), -EPERM);
	assert_int_equal(send_text(lac, "y", "10.9.9.9", 1701), 0);
	assert_string_equal(next_text(lns), "y");
	assert_counted(NS(1), "rule-11111111-2222-4333-8444-0000000000e2", 1);
	close(lac);
	close(lns);
	gone(world, &one);
}

static void downlink_drop_wins(void **state)
{
	struct world *world = *state;
	struct seen one;
	int lac, lns, other;

	usual(world, 1, &one);
	lac = lac_socket(world, &one);
	lns = far_socket(1, "10.9.9.9", 1701);
	other = far_socket(1, "10.9.9.9", 4000);
	put_policy(world, 1,
		"{'id': $e2, 'ruleAction': 'drop', 'ruleDirection': 'downlink', 'sourcePortPattern': '4000'}," TO(e1, a1));
	seen_apply(world, 1, &one);
	assert_int_equal(send_text(other, "dropped", "10.1.1.1", 1701), 0);
	assert_int_equal(send_text(lns, "passed", "10.1.1.1", 1701), 0);
	assert_string_equal(next_text(lac), "passed");
	assert_counted(NS(1), "rule-11111111-2222-4333-8444-0000000000e2", 1);
	close(lac);
	close(lns);
	close(other);
	gone(world, &one);
}

// The socket stays, its packets take the other way from the next one on, and the rule goes on counting.
static void a_live_tunnel_is_switched_to_another_target(void **state)
{
	struct world *world = *state;
	struct counters counters;
	struct seen one;
	int lac, lns1, lns2;

	put_target(world, 1, 2);
	put_vslice(world, 1);
	put_target(world, 1, 1);
	put_policy(world, 1, TO(e1, a1) "," TO(e2, a2));
	seen_new(world, 1, &one);
	seen_apply(world, 1, &one);
	assert_int_equal(one.count, 2);
	lac = lac_socket(world, &one);
	lns1 = far_socket(1, "10.9.9.9", 1701);
	lns2 = far_socket(2, "10.9.9.9", 1701);
	assert_int_equal(send_text(lac, "first", "10.9.9.9", 1701), 0);
	assert_string_equal(next_text(lns1), "first");
	put_policy(world, 1, TO(e1, a2));
	seen_apply(world, 1, &one);
	assert_int_equal(send_text(lac, "second", "10.9.9.9", 1701), 0);
	assert_string_equal(next_text(lns2), "second");
	// Only the new way's LNS is heard now.
	assert_int_equal(send_text(lns1, "old way", "10.1.1.1", 1701), 0);
	assert_int_equal(send_text(lns2, "new way", "10.1.1.1", 1701), 0);
	assert_string_equal(next_text(lac), "new way");
	counters = count_rules(world, &one);
	assert_int_equal(counters.count, 1);
	assert_int_equal(counters.packets[0], 2);
	close(lac);
	close(lns1);
	close(lns2);
	gone(world, &one);
}

static void two_slices_with_the_same_numbers(void **state)
{
	struct world *world = *state;
	struct seen one, two;
	int lac1, lac2, lns1, lns2;

	usual(world, 1, &one);
	usual(world, 2, &two);
	lac1 = lac_socket(world, &one);
	lac2 = lac_socket(world, &two);
	lns1 = far_socket(1, "10.9.9.9", 1701);
	lns2 = far_socket(2, "10.9.9.9", 1701);
	assert_int_equal(send_text(lac1, "of slice 1", "10.9.9.9", 1701), 0);
	assert_int_equal(send_text(lac2, "of slice 2", "10.9.9.9", 1701), 0);
	assert_string_equal(next_text(lns1), "of slice 1");
	assert_string_equal(next_text(lns2), "of slice 2");
	assert_int_equal(send_text(lns2, "to slice 2", "10.1.1.1", 1701), 0);
	assert_int_equal(send_text(lns1, "to slice 1", "10.1.1.1", 1701), 0);
	assert_string_equal(next_text(lac1), "to slice 1");
	assert_string_equal(next_text(lac2), "to slice 2");
	close(lac1);
	close(lac2);
	close(lns1);
	close(lns2);
	gone(world, &one);
	gone(world, &two);
}

// The third way in: packets that the slice forwards. They meet the same verdict, and what comes from a target goes nowhere but to the slice.
static void forwarded_packets_meet_the_same_verdict(void **state)
{
	struct world *world = *state;
	struct seen one;
	int user, lns, far;

	usual(world, 1, &one);
	put_policy(world, 1,
		"{'id': $e1, 'routingTarget': $a1, 'sourceIpPattern': '100.64.0.0/24', 'destinationIpPattern': '10.9.9.9'}");
	seen_apply(world, 1, &one);
	sh("ip netns add far3 && ip link add sim0 netns " NS(1) " type veth peer name up0 netns far3");
	sh("ip -n far3 addr add 100.64.0.2/24 dev up0 && ip -n far3 link set up0 up && ip -n far3 link set lo up && ip -n far3 "
	   "route add default via 100.64.0.1");
	sh("ip -n " NS(1) " addr add 100.64.0.1/24 dev sim0 && ip -n " NS(1) " link set sim0 up");
	user = far_socket(3, "100.64.0.2", 5000);
	lns = far_socket(1, "10.9.9.9", 1701);
	far = far_socket(1, "10.66.6.6", 1701);
	assert_int_equal(send_text(user, "not allowed", "10.66.6.6", 1701), 0);
	assert_int_equal(send_text(user, "allowed", "10.9.9.9", 1701), 0);
	assert_string_equal(next_text(lns), "allowed");
	assert_counted(NS(1), "drop-unmatched", 1);
	assert_counted(NS(1), "rule-11111111-2222-4333-8444-0000000000e1", 1);
	assert_int_equal(send_text(far, "transit", "100.64.0.2", 5000), 0);
	assert_counted(NS(1), "drop-transit", 1);
	close(user);
	close(lns);
	close(far);
	sh("ip -n " NS(1) " link del sim0");
	gone(world, &one);
}

static void icmp_errors_of_our_own_packets_are_heard(void **state)
{
	struct world *world = *state;
	struct seen one;
	int lac, on = 1, error = 0;
	socklen_t len = sizeof(error);
	char byte;

	usual(world, 1, &one);
	lac = lac_socket(world, &one);
	assert_int_equal(setsockopt(lac, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)), 0);
	assert_int_equal(send_text(lac, "nobody listens there", "10.9.9.9", 1701), 0); // port unreachable comes back
	assert_true(recv(lac, &byte, 1, 0) < 0);
	assert_int_equal(errno, ECONNREFUSED);
	assert_int_equal(getsockopt(lac, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	assert_counted(NS(1), "drop-input", 0);
	// An echo request is not an error of anything.
	assert_int_not_equal(sh_try("ip netns exec far1 ping -c1 -W1 -I 10.9.9.9 10.1.1.1 >/dev/null"), 0);
	assert_counted(NS(1), "drop-input", 1);
	close(lac);
	gone(world, &one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(udp_goes_both_ways),
		in_world(big_packets_are_fragmented_and_joined),
		in_world(nothing_passes_without_a_policy),
		in_world(first_match_wins),
		in_world(downlink_drop_wins),
		in_world(a_live_tunnel_is_switched_to_another_target),
		in_world(two_slices_with_the_same_numbers),
		in_world(forwarded_packets_meet_the_same_verdict),
		in_world(icmp_errors_of_our_own_packets_are_heard),
	};

	return run_in_worlds(tests);
}
