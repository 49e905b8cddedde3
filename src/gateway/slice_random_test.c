// SPDX-License-Identifier: Apache-2.0
// Random Routing Policies and random packets: what each rule counts in the kernel is what the evaluator in user space says, for packets of the
// slice's own sockets (output) and for forwarded ones (prerouting). Raw packets over a small universe of addresses, so that rules match often.
#include "gateway/slice_world_fixture.h"

#include "gateway/policy.h"

#include <netinet/ip.h>

#define POLICIES 25 // each way
#define RULES 20
#define PACKETS 2000 // a policy
#define FIRST_RULE 0xe00u

static uint32_t seed;

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

static void put_address_pattern(FILE *out)
{
	uint32_t net = any(3);

	switch (any(5)) {
	case 0:
		fprintf(out, "10.20.%u.%u", net, any(8));
		break;
	case 1:
		fprintf(out, "10.20.%u.0/24", net);
		break;
	case 2:
		fprintf(out, "10.20.%u.%u/31", net, any(4) * 2);
		break;
	case 3:
		fprintf(out, "10.20.%u.1-10.20.%u.%u", net, net, 2 + any(6));
		break;
	default:
		fprintf(out, "10.20.%u.%u,10.20.%u.4/30,10.20.0.0-10.20.0.2", net, any(8), any(3));
	}
}

static void put_port_pattern(FILE *out)
{
	if (any(2))
		fprintf(out, "%u", 1000 + any(8));
	else
		fprintf(out, "%u-%u,%u", 1000 + any(3), 1003 + any(3), 1007);
}

static void put_member(FILE *out, const char *name, void (*put)(FILE *out))
{
	if (any(2))
		return;
	fprintf(out, ", \"%s\": \"", name);
	put(out);
	fputc('"', out);
}

static void put_rule(FILE *out, unsigned number)
{
	static const char *const protocols[] = {"tcp", "udp", "icmp"};
	uint32_t protocol = any(4);

	fprintf(out,
		"{\"id\": \"%s\", \"ruleDirection\": \"%s\", \"ruleAction\": \"%s\", \"enabled\": %s, \"routingTarget\": \"%s\"",
		fixture_id(FIRST_RULE + number).text, any(8) ? "uplink" : "downlink", any(3) ? "forward" : "drop",
		any(8) ? "true" : "false", fixture_id(0xa1 + any(2)).text);
	put_member(out, "sourceIpPattern", put_address_pattern);
	put_member(out, "destinationIpPattern", put_address_pattern);
	if (protocol < array_len(protocols))
		fprintf(out, ", \"transportProtocol\": \"%s\"", protocols[protocol]);
	if (protocol != 2) {
		put_member(out, "sourcePortPattern", put_port_pattern);
		put_member(out, "destinationPortPattern", put_port_pattern);
	}
	fputc('}', out);
}

static void put_random_policy(struct world *world)
{
	struct uuid id = fixture_id(0xb1);
	char *text = NULL, why[160] = "";
	size_t len;
	FILE *out = open_memstream(&text, &len);
	json_t *data;

	fprintf(out, "{\"moniker\": \"random\", \"vslice\": \"%s\", \"rules\": [", fixture_id(1).text);
	for (unsigned i = 0; i < RULES; i++) {
		fputs(i ? ", " : "", out);
		put_rule(out, i);
	}
	fputs("]}", out);
	fclose(out);
	data = json_loads(text, 0, NULL);
	assert_non_null(data);
	assert_int_equal(config_put(world->config, "routingPolicy", id.text, data, why), 0);
	json_decref(data);
	free(text);
}

static struct policy_packet random_packet(void)
{
	static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_GRE};

	return (struct policy_packet){.direction = RULE_UPLINK,
		.protocol = protocols[any(4)],
		.source = ip_addr_v4(0x0a140000 + any(3) * 256 + any(8)),
		.destination = ip_addr_v4(0x0a140000 + any(3) * 256 + any(8)),
		.source_port = (uint16_t)(1000 + any(8)),
		.destination_port = (uint16_t)(1000 + any(8))};
}

// An IP packet with the first octets of its transport, which is all that rules look at.
static void send_raw(int fd, const struct policy_packet *packet)
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

static void on_tally(void *owner, const struct slice_rule_counter *rows, size_t count)
{
	struct tally *tally = owner;

	tally->is_done = true;
	for (size_t i = 0; i < count; i++)
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

	slice_rule_counters(seen->slice, on_tally, &tally);
	turn_until(world, tally.is_done);
	return tally;
}

// Sends PACKETS packets by `fd` and compares what the rules counted. Those on their way are waited for.
static uint64_t compare(struct world *world, struct seen *seen, int fd, uint32_t policy_seed)
{
	struct uuid id = fixture_id(1);
	struct policy *policy = NULL;
	struct tally wanted = {0}, before, now;
	uint64_t until;

	assert_int_equal(policy_new(config_vslice(world->config, &id), world->config, &policy), 0);
	assert_string_equal(policy->closed, "");
	before = take_tally(world, seen);
	for (unsigned i = 0; i < PACKETS; i++) {
		struct policy_packet packet = random_packet();
		struct policy_verdict verdict = policy_judge(policy, &packet);

		if (verdict.rule) {
			wanted.packets[verdict.rule->number - 1]++;
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
			fail_msg("seed %u: rule %u counted %llu packets, and should have %llu", policy_seed, rule + 1,
				(unsigned long long)(now.packets[rule] - before.packets[rule]),
				(unsigned long long)wanted.packets[rule]);
	policy_free(&policy);
	return wanted.sum;
}

static void run(struct world *world, const char *ns_name, struct seen *seen, uint32_t first_seed)
{
	int fd = raw_socket(ns_name);
	uint64_t matched = 0;

	for (uint32_t i = 0; i < POLICIES; i++) {
		seed = first_seed + i;
		put_random_policy(world);
		seen_apply(world, 1, seen);
		matched += compare(world, seen, fd, first_seed + i);
	}
	assert_in_range(matched, POLICIES * PACKETS / 4, POLICIES * PACKETS); // the universe is small enough for rules to match
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
	run(world, NS(1), &one, 1000);
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
	run(world, "far3", &one, 2000);
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
