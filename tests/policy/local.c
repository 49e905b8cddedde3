// SPDX-License-Identifier: Apache-2.0
// Random Routing Policies and the packets of an L2TP slice: what each rule counts in the kernel is what the reference says, for packets of the slice's
// own sockets (output) and for those that it would forward (prerouting).
#include "gateway/slice_world_fixture.h"

#include "random.h"

#include <netinet/ip.h>

#define RULES RANDOM_RULES
#define PACKETS 1000 // a policy
#define FIRST_RULE 0xe00u

static const char target1[] = "11111111-2222-4333-8444-0000000000a1", target2[] = "11111111-2222-4333-8444-0000000000a2";
static const char us[] = "11111111-2222-4333-8444-000000000099", another[] = "11111111-2222-4333-8444-000000000098";
static const char *const targets[] = {target1, target2};
static const struct random_kind kind = {.targets = targets, .target_count = 2, .gateway = us, .other_gateway = another};

static json_t *put_random_policy(struct world *world)
{
	json_t *policy = random_policy(&kind, fixture_id(1).text, FIRST_RULE, RULES);
	char why[160] = "";

	json_object_set_new(policy, "routingPolicyStatus", json_string("active"));
	assert_int_equal(config_put(world->config, "routingPolicy", fixture_id(0xb1).text, policy, why), 0);
	return policy;
}

static struct reference_packet some_packet(void)
{
	struct ip_addr from = random_server(IP_V4), to = random_server(IP_V4);
	struct reference_packet packet = random_packet(&from, &to);

	packet.is_uplink = true;
	return packet;
}

// An IP packet with the first octets of its transport, which is all that rules look at.
static void send_raw(int fd, const struct reference_packet *packet)
{
	struct {
		struct iphdr ip;
		uint8_t transport[20];
	} it = {.ip = {.version = 4, .ihl = 5, .ttl = 8, .protocol = packet->protocol, .tot_len = htons(sizeof(it))}};
	struct sockaddr_in to = {.sin_family = AF_INET};

	it.ip.saddr = htonl(ip_addr_to_v4(&packet->source));
	it.ip.daddr = to.sin_addr.s_addr = htonl(ip_addr_to_v4(&packet->destination));
	if (packet->protocol == IPPROTO_ICMP) {
		it.transport[0] = 8; // echo request
	} else {
		it.transport[0] = (uint8_t)(packet->source_port >> 8);
		it.transport[1] = (uint8_t)packet->source_port;
		it.transport[2] = (uint8_t)(packet->destination_port >> 8);
		it.transport[3] = (uint8_t)packet->destination_port;
		it.transport[5] = 20; // a UDP length
		it.transport[12] = 5 << 4; // a TCP header's length
	}
	if (sendto(fd, &it, sizeof(it), 0, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EPERM)
		fail_msg("sendto: %s", strerror(errno));
}

static int raw_socket(const char *ns_name)
{
	_cleanup_close_ int home = -1, ns = -1;
	int fd;

	assert_int_equal(netns_self(&home), 0);
	assert_int_equal(netns_open(ns_name, &ns), 0);
	assert_int_equal(netns_enter(ns), 0);
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	assert_int_equal(netns_enter(home), 0);
	assert_true(fd >= 0);
	return fd;
}

struct tally {
	uint64_t packets[RULES], sum;
	bool is_done;
};

static void on_tally(void *owner, const struct slice_counts *counts)
{
	const struct slice_rule_counter *rows = counts->rules;
	struct tally *tally = owner;

	tally->is_done = true;
	for (size_t i = 0; i < counts->rule_count; i++)
		for (unsigned rule = 0; rule < RULES; rule++) {
			struct uuid id = fixture_id(FIRST_RULE + rule);

			if (uuid_equal(&rows[i].rule, &id)) {
				tally->packets[rule] = rows[i].packets;
				tally->sum += rows[i].packets;
			}
		}
}

static struct tally take_tally(struct world *world, struct seen *seen)
{
	struct tally tally = {0};

	slice_counters(seen->slice, on_tally, &tally);
	turn_until(world, tally.is_done);
	return tally;
}

// Sends PACKETS packets by `fd` and compares what the rules counted. Those on their way are waited for.
static uint64_t compare(struct world *world, struct seen *seen, int fd, const json_t *policy, uint32_t seed)
{
	json_t *vslice = json_pack("{s:s}", "vsliceType", "l2tp");
	struct tally wanted = {0}, before = take_tally(world, seen), now;
	uint64_t until;

	for (unsigned i = 0; i < PACKETS; i++) {
		struct reference_packet packet = some_packet();
		struct reference_verdict verdict = reference_judge(vslice, policy, us, &packet);

		if (verdict.rule) {
			wanted.packets[verdict.rule - 1]++;
			wanted.sum++;
		}
		send_raw(fd, &packet);
	}
	until = uv_hrtime() + (uint64_t)WAIT_MS * 1000000;
	do
		now = take_tally(world, seen);
	while (now.sum - before.sum < wanted.sum && uv_hrtime() < until);
	for (unsigned rule = 0; rule < RULES; rule++)
		if (now.packets[rule] - before.packets[rule] != wanted.packets[rule])
			fail_msg("POLICY_SEED=%u: rule %u counted %llu packets, and should have %llu", seed, rule + 1,
				(unsigned long long)(now.packets[rule] - before.packets[rule]),
				(unsigned long long)wanted.packets[rule]);
	json_decref(vslice);
	return wanted.sum;
}

static void run(struct world *world, const char *ns_name, struct seen *seen)
{
	unsigned policies = random_packets(50000) / PACKETS / 2;
	uint32_t first = random_first_seed(1);
	int fd = raw_socket(ns_name);
	uint64_t matched = 0;

	uuid_set(&world->config->gateway_id, us);
	for (uint32_t i = 0; i < policies; i++) {
		json_t *policy;

		random_seed(first + i);
		policy = put_random_policy(world);
		seen_apply(world, 1, seen);
		matched += compare(world, seen, fd, policy, first + i);
		json_decref(policy);
	}
	printf("%u packets by %u policies from seed %u: %llu matched a rule\n", policies * PACKETS, policies, first,
		(unsigned long long)matched);
	assert_in_range(matched, policies * PACKETS / 4, policies * PACKETS); // the universe is small enough for rules to match
	close(fd);
}

static void put_world(struct world *world, struct seen *seen)
{
	put_vslice(world, 1);
	put_target(world, 1, 1);
	put_target(world, 1, 2);
	put_policy(world, 1, TO(e1, a1));
	seen_new(world, 1, seen);
	seen_apply(world, 1, seen);
	assert_int_equal(seen->count, 2);
	// What gets through is not answered: the counters would see the answers too.
	sh("for n in far1 far2; do ip netns exec $n nft 'table inet t { chain c { type filter hook prerouting priority raw; "
	   "drop; }; }'; done");
	sh("ip -n " NS(1) " neigh replace 192.168.1.2 lladdr 02:00:00:00:00:01 dev peer1 nud permanent");
	sh("ip -n " NS(1) " neigh replace 192.168.2.2 lladdr 02:00:00:00:00:02 dev peer2 nud permanent");
}

static void the_slices_own_packets(void **state)
{
	struct world *world = *state;
	struct seen one;

	put_world(world, &one);
	run(world, NS(1), &one);
	gone(world, &one);
}

static void forwarded_packets(void **state)
{
	struct world *world = *state;
	struct seen one;

	put_world(world, &one);
	sh("ip netns add far3 && ip link add sim0 netns " NS(1) " type veth peer name up0 netns far3");
	sh("ip -n far3 addr add 100.64.0.2/24 dev up0 && ip -n far3 link set up0 up && ip -n far3 link set lo up && ip -n far3 "
	   "route add default via 100.64.0.1");
	sh("ip -n " NS(1) " addr add 100.64.0.1/24 dev sim0 && ip -n " NS(1) " link set sim0 up");
	sh("ip -n far3 neigh replace 100.64.0.1 lladdr $(ip -n " NS(
		1) " -br link show sim0 | awk '{ print $3 }') dev up0 nud permanent");
	// The kernel looks for the way back to the source before it forwards.
	sh("ip -n " NS(1) " route add 10.20.0.0/16 dev sim0");
	run(world, "far3", &one);
	sh("ip -n " NS(1) " link del sim0");
	gone(world, &one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(the_slices_own_packets),
		in_world(forwarded_packets),
	};

	return run_in_worlds(tests);
}
