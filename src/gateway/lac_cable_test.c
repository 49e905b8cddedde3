// SPDX-License-Identifier: Apache-2.0
// The cable of an L2TP slice, with the test in the place of the BPF program: what is put into lacw leaves by the target, what comes back for the LAC is
// seen there whole, and the LAC's socket hears it behind. Each trap that the kernel has laid on this way is stepped on.
#include "gateway/slice_world_fixture.h"

#include "gateway/dataplane/dataplane.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <netinet/ip.h>
#include <netinet/udp.h>

#define HEADERS (sizeof(struct ethhdr) + sizeof(struct iphdr) + sizeof(struct udphdr))
#define PUBLIC "192.168.1.1" // of the gateway's host

struct frame {
	uint8_t align[2], octets[4000]; // so that IP stands at a multiple of four
	size_t len;
} __attribute__((aligned(4)));

static uint16_t sum_of(const void *data, size_t len, uint32_t sum)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

// As the programs write it: from the LAC to the LNS, without a UDP checksum.
static struct frame frame_of(const char *text)
{
	struct ethhdr eth = {.h_proto = htons(ETH_P_IP)};
	size_t len = strlen(text);
	struct iphdr ip = {.version = 4,
		.ihl = 5,
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.tot_len = htons((uint16_t)(sizeof(ip) + sizeof(struct udphdr) + len)),
		.saddr = inet_addr("10.1.1.1"),
		.daddr = inet_addr("10.9.9.9")};
	struct udphdr udp = {.source = htons(1701), .dest = htons(1701), .len = htons((uint16_t)(sizeof(struct udphdr) + len))};
	struct frame out = {.len = HEADERS + len};

	memcpy(eth.h_dest, DP_SLICE_MAC, 6);
	memcpy(eth.h_source, DP_SIMS_MAC, 6);
	ip.check = htons((uint16_t)~sum_of(&ip, sizeof(ip), 0));
	memcpy(out.octets, &eth, sizeof(eth));
	memcpy(out.octets + sizeof(eth), &ip, sizeof(ip));
	memcpy(out.octets + sizeof(eth) + sizeof(ip), &udp, sizeof(udp));
	memcpy(out.octets + HEADERS, text, len);
	return out;
}

static int wire_open(void)
{
	_cleanup_close_ int home = -1, ns = -1;
	struct timeval second = {.tv_sec = 5};
	struct sockaddr_ll name = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
	int fd, on = 1;

	assert_int_equal(netns_self(&home), 0);
	assert_int_equal(netns_open(NS(1), &ns), 0);
	assert_int_equal(netns_enter(ns), 0);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	name.sll_ifindex = (int)if_nametoindex(DP_LAC_WIRE);
	assert_true(name.sll_ifindex);
	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)), 0);
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	assert_int_equal(netns_enter(home), 0);
	return fd;
}

static void wire_send(int wire, const char *text)
{
	struct frame frame = frame_of(text);

	assert_int_equal(send(wire, frame.octets, frame.len, 0), frame.len);
}

// The next frame out of the cable: of a packet from the LNS to the LAC, with its checksum complete.
static const char *wire_next(int wire)
{
	static struct frame frame;
	struct iphdr *ip = (struct iphdr *)(frame.octets + sizeof(struct ethhdr));
	ssize_t got = recv(wire, frame.octets, sizeof(frame.octets) - 1, 0);
	size_t len;

	if (got < (ssize_t)HEADERS)
		fail_msg("nothing came out of the cable");
	len = ntohs(ip->tot_len) - sizeof(*ip);
	assert_int_equal(ip->daddr, inet_addr("10.1.1.1"));
	assert_int_equal(ip->saddr, inet_addr("10.9.9.9"));
	assert_memory_equal(frame.octets, DP_SIMS_MAC, 6);
	if (!(ip->frag_off & htons(IP_MF | IP_OFFMASK)))
		assert_int_equal(sum_of(ip + 1, len, (uint32_t)IPPROTO_UDP + (uint32_t)len + sum_of(&ip->saddr, 8, 0)), 0xffff);
	frame.octets[got] = 0;
	return (const char *)frame.octets + HEADERS;
}

static void lay(struct world *world, struct seen *seen, bool on)
{
	slice_cable(seen->slice, on);
	(void)count_rules(world, seen); // jobs are done in order
}

// A slice whose target is the Internet, where the LNS is; the gateway's host has one public address.
static void on_the_internet(struct world *world, struct seen *seen)
{
	sh("ip addr replace " PUBLIC "/24 dev peer1 && ip link set peer1 up && ip route replace 10.9.9.9 via 192.168.1.2");
	put_vslice(world, 1);
	fixture_put(world->config, "routingTarget", 0xa1, "{'moniker': 'net', 'vslice': $1, 'routingTargetType': 'internet'}");
	put_policy(world, 1, TO(e1, a1));
	seen_new(world, 1, seen);
	seen_apply(world, 1, seen);
	if (!seen->targets[0].available)
		fail_msg("target: %s", seen->targets[0].message);
	lay(world, seen, true);
}

static const char *long_text(size_t len)
{
	static char text[3400];

	assert_true(len < sizeof(text));
	memset(text, 'x', len);
	text[len] = 0;
	return text;
}

// The port that the LNS sees us come from.
static uint16_t heard_from(int fd, const char *text)
{
	static char heard[4096];
	struct sockaddr_in from = {0};
	socklen_t len = sizeof(from);
	ssize_t got = recvfrom(fd, heard, sizeof(heard) - 1, 0, (struct sockaddr *)&from, &len);

	if (got < 0)
		fail_msg("nothing came: %s", strerror(errno));
	heard[got] = 0;
	assert_string_equal(heard, text);
	assert_string_equal(inet_ntoa(from.sin_addr), PUBLIC);
	return ntohs(from.sin_port);
}

// What the socket sends and what the programs send are one connection, and what comes back is in it once: behind the cable, where its addresses are
// those of before the translation, it would be a connection of its own, and get another port.
static void data_and_control_are_one_flow(void **state)
{
	struct world *world = *state;
	struct seen one;
	int lac, lns, wire;
	uint16_t port;

	on_the_internet(world, &one);
	lac = lac_socket(world, &one);
	lns = far_socket(1, "10.9.9.9", 1701);
	wire = wire_open();
	wire_send(wire, "data");
	port = heard_from(lns, "data");
	assert_int_equal(send_text(lac, "control", "10.9.9.9", 1701), 0);
	assert_int_equal(heard_from(lns, "control"), port);
	assert_int_equal(send_text(lns, "answer", PUBLIC, port), 0);
	assert_string_equal(wire_next(wire), "answer");
	assert_string_equal(next_text_from(lac, "10.9.9.9", 1701), "answer");
	assert_string_equal(out_of("ip netns exec " NS(1) " grep -c dport=1701 /proc/net/nf_conntrack"), "1");
	assert_int_equal(count_rules(world, &one).packets[0], 2);
	close(lac);
	close(lns);
	close(wire);
	gone(world, &one);
}

// Longer than the target's 1500 octets, both ways: the stack cuts, and nothing that comes in pieces is lost.
static void longer_than_the_target(void **state)
{
	struct world *world = *state;
	struct seen one;
	int lac, lns, wire;
	uint16_t port;

	on_the_internet(world, &one);
	lac = lac_socket(world, &one);
	lns = far_socket(1, "10.9.9.9", 1701);
	wire = wire_open();
	wire_send(wire, long_text(3300));
	port = heard_from(lns, long_text(3300));
	assert_int_equal(send_text(lns, long_text(3000), PUBLIC, port), 0);
	assert_string_equal(next_text_from(lac, "10.9.9.9", 1701), long_text(3000));
	(void)wire_next(wire);
	close(lac);
	close(lns);
	close(wire);
	gone(world, &one);
}

// Judged before it gets to the cable, and not let in behind it.
static void the_policy_stands_before_the_cable(void **state)
{
	struct world *world = *state;
	struct seen one;
	int lac, lns, other, wire;

	usual(world, 1, &one);
	lay(world, &one, true);
	lac = lac_socket(world, &one);
	lns = far_socket(1, "10.9.9.9", 1701);
	other = far_socket(1, "10.66.6.6", 1701);
	wire = wire_open();
	assert_int_equal(send_text(other, "not an LNS", "10.1.1.1", 1701), 0);
	assert_counted(NS(1), "drop-input", 1);
	assert_int_equal(send_text(lns, "the LNS", "10.1.1.1", 1701), 0);
	assert_string_equal(wire_next(wire), "the LNS");
	assert_string_equal(next_text(lac), "the LNS");
	assert_counted(NS(1), "drop-input", 1);
	put_policy(world, 1, "{'id': $e2, 'ruleDirection': 'downlink', 'ruleAction': 'drop'}, {'id': $e1, 'ruleAction': 'drop'}");
	seen_apply(world, 1, &one);
	assert_int_equal(send_text(lns, "dropped", "10.1.1.1", 1701), 0);
	assert_counted(NS(1), "rule-11111111-2222-4333-8444-0000000000e2", 1);
	wire_send(wire, "dropped too");
	assert_counted(NS(1), "rule-11111111-2222-4333-8444-0000000000e1", 1);
	close(lac);
	close(lns);
	close(other);
	close(wire);
	gone(world, &one);
}

// A program finds redirects taken (GRO), whole checksums and whole packets; ARP and ICMP find the LAC without the detour.
static void the_cable_is_as_programs_need_it(void **state)
{
	struct world *world = *state;
	struct seen one;
	int lac, lns;

	usual(world, 1, &one);
	lay(world, &one, true);
	assert_string_equal(out_of("ip netns exec " NS(1) " ethtool -k lac | grep -cE '^\\s*(tx-checksumming|tx-tcp-segmentation|"
							  "generic-segmentation-offload): off|^generic-receive-offload: on'"),
		"4");
	put_policy(world, 1,
		TO(e1, a1) ", {'id': $e2, 'ruleDirection': 'downlink', 'transportProtocol': 'icmp', 'reflexive': true}");
	seen_apply(world, 1, &one);
	sh("ip -n far1 route replace 10.1.1.1 dev up0 && ip netns exec far1 ping -c1 -W2 -I 10.9.9.9 10.1.1.1 >/dev/null");
	lay(world, &one, true);
	lay(world, &one, false);
	assert_string_equal(out_of("ip -n " NS(1) " -o link show type veth | grep -c lac"), "0");
	lac = lac_socket(world, &one);
	lns = far_socket(1, "10.9.9.9", 1701);
	assert_int_equal(send_text(lns, "without", "10.1.1.1", 1701), 0);
	assert_string_equal(next_text(lac), "without");
	lay(world, &one, true);
	assert_int_equal(send_text(lns, "with", "10.1.1.1", 1701), 0);
	assert_string_equal(next_text(lac), "with");
	close(lac);
	close(lns);
	gone(world, &one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(data_and_control_are_one_flow),
		in_world(longer_than_the_target),
		in_world(the_policy_stands_before_the_cable),
		in_world(the_cable_is_as_programs_need_it),
	};

	return run_in_worlds(tests);
}
