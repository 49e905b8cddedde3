// SPDX-License-Identifier: Apache-2.0
// How slices come, change, are adopted and go, and what becomes of their interfaces.
#include "gateway/slice_world_fixture.h"

// Deleting the namespace with the veth in it would destroy the veth.
static void interfaces_go_back_when_the_slice_ends(void **state)
{
	struct world *world = *state;
	struct seen one;

	usual(world, 1, &one);
	assert_int_not_equal(sh_try("ip link show peer1 >/dev/null 2>&1"), 0);
	assert_string_equal(out_of("ip netns list | grep -c sg-"), "1");
	gone(world, &one);
	worker_free(&world->worker); // finishes what is queued
	sh("ip link show peer1 >/dev/null");
	assert_string_equal(out_of("ip netns list | grep -c sg-"), "0");
	sh("ip link set peer1 up"); // still a pair
	assert_string_equal(out_of("ip -n far1 -o link show up0 | grep -c LOWER_UP"), "1");
	assert_int_equal(worker_new(&world->loop, &world->worker), 0);
}

static void a_name_taken_meanwhile_does_not_lose_the_interface(void **state)
{
	struct world *world = *state;
	struct seen one;

	usual(world, 1, &one);
	sh("ip link add peer1 type veth peer name peer1x");
	gone(world, &one);
	worker_free(&world->worker);
	assert_string_equal(out_of("ip -o link show | grep -c 'dev[0-9]*@'"), "1");
	sh("ip link del dev0 2>/dev/null || ip link del dev1");
	assert_int_equal(worker_new(&world->loop, &world->worker), 0);
}

static void a_removed_target_gives_its_interface_back(void **state)
{
	struct world *world = *state;
	struct seen one;

	usual(world, 1, &one);
	put_target(world, 1, 2);
	seen_apply(world, 1, &one);
	assert_int_equal(one.count, 2);
	assert_int_not_equal(sh_try("ip link show peer2 >/dev/null 2>&1"), 0);
	assert_string_equal(out_of("ip -n " NS(1) " rule | grep -c fwmark"), "2");
	config_delete(world->config, "routingTarget", fixture_id(0xa2).text);
	seen_apply(world, 1, &one);
	assert_int_equal(one.count, 1);
	sh("ip link show peer2 >/dev/null");
	assert_string_equal(out_of("ip -n " NS(1) " rule | grep -c fwmark"), "1");
	// The routes of its table went too: what is left is peer1's table, the main default and what the kernel makes.
	assert_string_equal(out_of("ip -n " NS(1) " route show table all | grep -v 'table local' | grep -c 'proto 115'"), "4");
	gone(world, &one);
}

static void the_interface_of_a_target_can_be_changed(void **state)
{
	struct world *world = *state;
	struct seen one;

	usual(world, 1, &one);
	fixture_put(world->config, "routingTarget", 0xa1,
		"{'moniker': 'dc1', 'vslice': $1, 'routingTargetType': 'peering', 'peeringConfig': {'interface': 'peer2',"
		" 'localAddress': '192.168.2.1/24', 'gatewayAddress': '192.168.2.2', 'remoteSubnets': '10.0.0.0/8'}}");
	seen_apply(world, 1, &one);
	assert_true(one.targets[0].available);
	sh("ip link show peer1 >/dev/null");
	assert_string_equal(out_of("ip -n " NS(1) " route show table all 10.0.0.0/8 | cut -d' ' -f1-5"),
		"10.0.0.0/8 via 192.168.2.2 dev peer2");
	gone(world, &one);
}

// What the slice's namespace and its nft table look like, as two sums.
static const char *looks(void)
{
	return out_of("(ip -n " NS(1) " route show table all; ip -n " NS(1) " rule; ip -n " NS(1) " -o addr; ip netns exec " NS(
		1) " nft -a list ruleset) | grep -v packets | md5sum");
}

// Another apply of the same writes nothing: no event of links, addresses, routes or rules is seen between two that the test makes itself.
static void applying_again_changes_nothing(void **state)
{
	struct world *world = *state;
	struct seen one;
	char before[512];
	int mtu = 60000;

	usual(world, 1, &one);
	snprintf(before, sizeof(before), "%s", looks());
	sh("ip -n " NS(1) " monitor link address route rule >> /run/changes & echo $! > /run/monitor");
	for (int i = 0; i < 1000 && sh_try("test -s /run/changes"); i++) // the monitor listens from some moment on
		sh("ip -n " NS(1) " link set lo mtu %d", ++mtu);
	sh("while ! grep -q 'mtu %d' /run/changes; do :; done; : > /run/changes", mtu);
	seen_apply(world, 1, &one);
	sh("ip -n " NS(1) " link set lo mtu 65000");
	sh("while ! grep -q 'mtu 65000' /run/changes; do :; done; kill $(cat /run/monitor)");
	assert_string_equal(out_of("head -n1 /run/changes | grep -o 'mtu [0-9]*'"), "mtu 65000");
	assert_string_equal(before, looks());
	gone(world, &one);
}

static void a_missing_interface_is_taken_when_it_comes(void **state)
{
	struct world *world = *state;
	struct seen one;
	int lac;

	put_vslice(world, 1);
	put_target(world, 1, 3);
	put_policy(world, 1, TO(e1, a3));
	seen_new(world, 1, &one);
	seen_apply(world, 1, &one);
	assert_false(one.targets[0].available);
	assert_string_equal(one.targets[0].message, "interface peer3 is not in the gateway's namespace");
	lac = lac_socket(world, &one);
	assert_int_equal(send_text(lac, "x", "10.9.9.9", 1701), -EHOSTUNREACH); // not by another way
	sh("ip link add peer3 type veth peer name peer3x && ip link set peer3x up");
	turn_until(world, one.targets[0].available);
	assert_int_equal(send_text(lac, "x", "10.9.9.9", 1701), 0);
	// The other end goes: no carrier, and the status follows.
	sh("ip link set peer3x down");
	turn_until(world, !one.targets[0].available);
	assert_string_equal(one.targets[0].message, "interface peer3 has no carrier (the other end is down)");
	sh("ip link set peer3x up");
	turn_until(world, one.targets[0].available);
	sh("ip link del peer3x");
	turn_until(world, !one.targets[0].available);
	assert_string_equal(one.targets[0].message, "interface peer3 is not in the gateway's namespace");
	close(lac);
	gone(world, &one);
}

static void one_interface_serves_one_slice(void **state)
{
	struct world *world = *state;
	struct seen one, two;

	usual(world, 1, &one);
	put_vslice(world, 2);
	put_policy(world, 2, TO(e2, a3));
	fixture_put(world->config, "routingTarget", 0xa3,
		"{'moniker': 'same', 'vslice': $2, 'routingTargetType': 'peering', 'peeringConfig': {'interface': 'peer1', "
		"'localAddress': '192.168.1.1/24'}}");
	seen_new(world, 2, &two);
	seen_apply(world, 2, &two);
	assert_false(two.targets[0].available);
	gone(world, &one); // gives it back, and the other slice takes it by itself
	turn_until(world, two.targets[0].available);
	gone(world, &two);
}

static void the_hosts_way_out_is_not_taken(void **state)
{
	struct world *world = *state;
	struct seen one;

	sh("ip addr add 192.168.1.1/24 dev peer1 && ip link set peer1 up && ip route add default via 192.168.1.2");
	put_vslice(world, 1);
	put_target(world, 1, 1);
	seen_new(world, 1, &one);
	seen_apply(world, 1, &one);
	assert_false(one.targets[0].available);
	assert_string_equal(one.targets[0].message, "interface peer1 carries the gateway's own default route: it is not taken");
	gone(world, &one);
}

static void vlans_are_made_or_explained(void **state)
{
	struct world *world = *state;
	struct seen one;

	put_vslice(world, 1);
	fixture_put(world->config, "routingTarget", 0xa1,
		"{'moniker': 'dc1', 'vslice': $1, 'routingTargetType': 'peering', 'peeringConfig': {'interface': 'peer1.100', "
		"'localAddress': '192.168.1.1/24'}}");
	sh("ip link set peer1 up");
	seen_new(world, 1, &one);
	seen_apply(world, 1, &one);
	if (one.targets[0].available) {
		assert_string_equal(out_of("ip -n " NS(1) " -d link show peer1.100 | grep -o 'id 100'"), "id 100");
		config_delete(world->config, "routingTarget", fixture_id(0xa1).text);
		seen_apply(world, 1, &one);
		assert_int_not_equal(sh_try("ip link show peer1.100 >/dev/null 2>&1"), 0);
	} else {
		assert_string_equal(
			one.targets[0].message, "this kernel has no VLAN support (module 8021q): peer1.100 cannot be made");
	}
	gone(world, &one);
}

// A gateway that was killed: its slices stand, and the next one takes them over as they are.
static void a_restarted_gateway_adopts(void **state)
{
	struct world *world = *state;
	struct seen one;
	char before[512];
	int lac, lns;

	usual(world, 1, &one);
	put_target(world, 1, 2);
	seen_apply(world, 1, &one);
	lac = lac_socket(world, &one);
	lns = far_socket(1, "10.9.9.9", 1701);
	assert_int_equal(send_text(lac, "before", "10.9.9.9", 1701), 0);
	assert_string_equal(next_text(lns), "before");
	slice_free(&one.slice, true);
	worker_free(&world->worker);
	snprintf(before, sizeof(before), "%s",
		out_of("ip -n " NS(1) " -o link show peer1 | cut -d: -f1; ip -n " NS(
			1) " route show table all | grep -v peer2 | md5sum"));
	// While it is down the socket that a keeper holds goes on working, and a target is deleted, and the VSlice renamed.
	assert_int_equal(send_text(lac, "meanwhile", "10.9.9.9", 1701), 0);
	assert_string_equal(next_text(lns), "meanwhile");
	config_delete(world->config, "routingTarget", fixture_id(0xa2).text);
	fixture_put(world->config, "vslice", 1,
		"{'moniker': 'renamed', 'name': 'Motors', 'vsliceType': 'l2tp', 'defaultRoutingPolicy': $b1,"
		" 'lacs': [{'id': $c1, 'address': '10.1.1.1', 'port': 1701}], 'lnss': [{'id': $d1, 'address': '10.9.9.9', "
		"'port': 1701}]}");
	assert_int_equal(worker_new(&world->loop, &world->worker), 0);
	seen_new(world, 1, &one);
	seen_apply(world, 1, &one);
	assert_true(one.targets[0].available);
	assert_string_equal(out_of("ip netns list | grep -c sg-"), "1");
	assert_string_equal(before,
		out_of("ip -n " NS(1) " -o link show peer1 | cut -d: -f1; ip -n " NS(
			1) " route show table all | grep -v peer2 | md5sum"));
	sh("ip link show peer2 >/dev/null"); // given back by one who had not taken it
	assert_int_equal(send_text(lac, "after", "10.9.9.9", 1701), 0);
	assert_string_equal(next_text(lns), "after");
	assert_int_equal(count_rules(world, &one).packets[0], 3);
	close(lac);
	close(lns);
	gone(world, &one);
}

// With nothing changed meanwhile not even the rules are written again: they keep their handles.
static void an_unchanged_slice_is_adopted_untouched(void **state)
{
	struct world *world = *state;
	struct seen one;
	char before[512];

	usual(world, 1, &one);
	slice_free(&one.slice, true);
	worker_free(&world->worker);
	snprintf(before, sizeof(before), "%s", looks());
	assert_int_equal(worker_new(&world->loop, &world->worker), 0);
	seen_new(world, 1, &one);
	seen_apply(world, 1, &one);
	assert_true(one.targets[0].available);
	assert_string_equal(before, looks());
	put_policy(world, 1, TO(e2, a1));
	seen_apply(world, 1, &one);
	assert_string_not_equal(before, looks());
	assert_string_equal(out_of("ip netns exec " NS(1) " nft list counters table inet slicegate | grep -c made-"), "1");
	gone(world, &one);
}

static void the_sweep_takes_what_nobody_claims(void **state)
{
	struct world *world = *state;
	struct seen one, two;

	usual(world, 1, &one);
	usual(world, 2, &two);
	sh("ip netns add sg-test-2.motors.000000000002 && ip netns add sg-other && touch /run/netns/sg-test.half.000000000009");
	slice_free(&two.slice, true);
	slice_sweep(world->worker, GATEWAY);
	sh("for i in $(seq 500); do test -e /run/netns/" NS(
		2) " -o -e /run/netns/sg-test.half.000000000009 || exit 0; sleep 0.01; done; exit 1");
	seen_apply(world, 1, &one);
	assert_true(one.targets[0].available);
	sh("ip link show peer2 >/dev/null");
	sh("test -e /run/netns/sg-test-2.motors.000000000002 && test -e /run/netns/sg-other"); // another gateway's, and anybody's
	gone(world, &one);
}

static void an_older_table_is_replaced(void **state)
{
	struct world *world = *state;
	struct seen one;

	put_vslice(world, 1);
	put_target(world, 1, 1);
	put_policy(world, 1, TO(e1, a1));
	sh("ip netns add " NS(1) " && ip netns exec " NS(1) " nft add table inet slicegate");
	sh("ip netns exec " NS(1) " nft 'add chain inet slicegate input { type filter hook forward priority 0; }'");
	seen_new(world, 1, &one);
	seen_apply(world, 1, &one);
	assert_string_equal(out_of("ip netns exec " NS(1) " nft list chain inet slicegate input | grep -c 'hook input'"), "1");
	gone(world, &one);
}

struct brake {
	struct worker_job job;
	uv_sem_t go;
};

static void brake_run(struct worker *worker, struct worker_job *job)
{
	uv_sem_wait(&container_of(job, struct brake, job)->go);
}

static void brake_done(struct worker_job *job)
{
	uv_sem_destroy(&container_of(job, struct brake, job)->go);
}

// While the worker is busy calls coalesce: one run, with what was asked for last.
static void a_burst_of_changes_ends_with_the_last(void **state)
{
	struct world *world = *state;
	struct brake brake = {.job = {.run = brake_run, .done = brake_done}};
	struct uuid id = fixture_id(1);
	struct seen one;

	usual(world, 1, &one);
	one.applied = 0;
	uv_sem_init(&brake.go, 0);
	worker_submit(world->worker, NULL, &brake.job);
	for (unsigned i = 0; i < 50; i++) {
		put_policy(world, 1, i % 2 ? TO(e1, a1) : TO(e2, a1));
		slice_apply(one.slice, config_vslice(world->config, &id), world->config);
	}
	uv_sem_post(&brake.go);
	assert_int_equal(count_rules(world, &one).count, 1);
	assert_int_equal(one.applied, 1);
	assert_string_equal(out_of("ip netns exec " NS(1) " nft list counters table inet slicegate | grep -c e1"), "1");
	gone(world, &one);
}

static void never(void *owner, int fd)
{
	fail_msg("called after slice_free");
}

static void a_freed_slice_calls_nobody(void **state)
{
	struct world *world = *state;
	struct ip_end address = {ip_addr_v4(0x0a010101), 1701};
	struct uuid id = fixture_id(1);
	struct seen one;
	unsigned before;

	usual(world, 1, &one);
	before = one.applied;
	slice_apply(one.slice, config_vslice(world->config, &id), world->config);
	slice_socket(one.slice, &address, never, NULL);
	gone(world, &one);
	worker_free(&world->worker);
	assert_int_equal(one.applied, before);
	assert_string_equal(out_of("ip netns list | grep -c sg-"), "0");
	assert_int_equal(worker_new(&world->loop, &world->worker), 0);
}

static void a_socket_without_its_address_is_refused(void **state)
{
	struct world *world = *state;
	struct ip_end address = {ip_addr_v4(0x0a010102), 1701};
	struct seen one;
	int fd = 0;

	usual(world, 1, &one);
	slice_socket(one.slice, &address, on_socket, &fd);
	turn_until(world, fd);
	assert_int_equal(fd, -EADDRNOTAVAIL);
	gone(world, &one);
}

// The peering's own address as LAC address: once, where the peering has it.
static void a_lac_may_have_the_peerings_address(void **state)
{
	struct world *world = *state;
	struct ip_end address = {ip_addr_v4(0xc0a80101), 1701};
	struct seen one;
	int fd = 0, lns;

	usual(world, 1, &one);
	fixture_put(world->config, "vslice", 1,
		"{'moniker': 'motors', 'name': 'Motors', 'vsliceType': 'l2tp', 'defaultRoutingPolicy': $b1,"
		" 'lacs': [{'id': $c1, 'address': '192.168.1.1', 'port': 1701}], 'lnss': [{'id': $d1, 'address': '10.9.9.9', "
		"'port': 1701}]}");
	seen_apply(world, 1, &one);
	assert_string_equal(out_of("ip -n " NS(1) " -o addr show to 192.168.1.1 | wc -l"), "1");
	assert_string_equal(out_of("ip -n " NS(1) " -o addr show to 10.1.1.1 | wc -l"), "0");
	slice_socket(one.slice, &address, on_socket, &fd);
	turn_until(world, fd);
	lns = far_socket(1, "10.9.9.9", 1701);
	assert_int_equal(send_text(fd, "x", "10.9.9.9", 1701), 0);
	assert_string_equal(next_text(lns), "x");
	close(fd);
	close(lns);
	gone(world, &one);
}

// The sysctls are the slice's, not those of where the gateway lives, and the other way round.
static void sysctls_are_of_the_slice(void **state)
{
	struct world *world = *state;
	struct seen one;

	sh("echo 0 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv4/conf/default/rp_filter");
	usual(world, 1, &one);
	assert_string_equal(out_of("ip netns exec " NS(1) " cat /proc/sys/net/ipv4/ip_forward"), "1");
	assert_string_equal(out_of("ip netns exec " NS(1) " cat /proc/sys/net/ipv4/conf/peer1/rp_filter"), "0");
	assert_string_equal(out_of("cat /proc/sys/net/ipv4/ip_forward"), "0");
	assert_string_equal(out_of("cat /proc/sys/net/ipv4/conf/default/rp_filter"), "1");
	gone(world, &one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(interfaces_go_back_when_the_slice_ends),
		in_world(a_name_taken_meanwhile_does_not_lose_the_interface),
		in_world(a_removed_target_gives_its_interface_back),
		in_world(the_interface_of_a_target_can_be_changed),
		in_world(applying_again_changes_nothing),
		in_world(a_missing_interface_is_taken_when_it_comes),
		in_world(one_interface_serves_one_slice),
		in_world(the_hosts_way_out_is_not_taken),
		in_world(vlans_are_made_or_explained),
		in_world(a_restarted_gateway_adopts),
		in_world(an_unchanged_slice_is_adopted_untouched),
		in_world(the_sweep_takes_what_nobody_claims),
		in_world(an_older_table_is_replaced),
		in_world(a_burst_of_changes_ends_with_the_last),
		in_world(a_freed_slice_calls_nobody),
		in_world(a_socket_without_its_address_is_refused),
		in_world(a_lac_may_have_the_peerings_address),
		in_world(sysctls_are_of_the_slice),
	};

	return run_in_worlds(tests);
}
