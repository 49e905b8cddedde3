// SPDX-License-Identifier: Apache-2.0
#include "lab.h"

#include "base/subnet.h"
#include "gateway/conntrack.h"
#include "gateway/dataplane/dataplane.h"
#include "gateway/policy.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/if_ether.h>
#include <poll.h>

#define HEAD 14
#define FIRST_RULE 0xe00u
#define BUFFER (16 << 20)

const char *const lab_targets[LAB_FARS] = {
	"11111111-2222-4333-8444-0000000000a1",
	"11111111-2222-4333-8444-0000000000a2",
	"11111111-2222-4333-8444-0000000000a3",
	"11111111-2222-4333-8444-0000000000a4",
};
const char lab_gateway[] = "11111111-2222-4333-8444-000000000099", lab_other_gateway[] = "11111111-2222-4333-8444-000000000098";

int lab_frames_of(const char *ns_name, const char *interface)
{
	_cleanup_close_ int home = -1, ns = -1;
	struct sockaddr_ll name = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int on = 1, size = BUFFER, fd;

	assert_int_equal(netns_self(&home), 0);
	assert_int_equal(netns_open(ns_name, &ns), 0);
	assert_int_equal(netns_enter(ns), 0);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	name.sll_ifindex = (int)if_nametoindex(interface);
	assert_int_equal(setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(netns_enter(home), 0);
	return fd;
}

static void mac_of(const char *command, uint8_t mac[6])
{
	assert_int_equal(sscanf(out_of("%s", command), "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &mac[0], &mac[1], &mac[2], &mac[3],
				 &mac[4], &mac[5]),
		6);
}

// A network behind a target: a cable whose other end is ours alone, its stack hears nothing.
void lab_far_open(int number)
{
	sh("ip netns add net%d && ip link add cable%d type veth peer name up0 netns net%d", number, number, number);
	sh("ip netns exec net%d nft 'table inet t { chain c { type filter hook prerouting priority raw; drop; }; chain o { type "
	   "filter hook output "
	   "priority raw; drop; }; }'",
		number);
	sh("ip netns exec net%d ethtool -K up0 gro on", number); // redirected frames are taken
	sh("ip -n net%d link set up0 up && ip netns exec net%d sysctl -qw net.ipv6.conf.all.disable_ipv6=1", number, number);
}

static void put_targets(struct world *world)
{
	fixture_put(world->config, "vslice", 1,
		"{'moniker': 'motors', 'name': 'Motors', 'vsliceType': 'integrated', 'ipAddressFamily': 'ipv4v6',"
		" 'subnets': ['100.64.0.0/24', '100.64.8.0/24', '2001:db8:77::/48']}");
	for (unsigned i = 1; i <= 2; i++)
		fixture_put(world->config, "routingTarget", 0xa0 + i,
			"{'moniker': 'dc%u', 'vslice': $1, 'routingTargetType': 'peering', 'peeringConfig': {'interface': "
			"'cable%u',"
			" 'localAddress': '192.168.%u.1/24', 'gatewayAddress': '192.168.%u.2', 'remoteSubnets': ''}}",
			i, i, i, i);
	fixture_put(world->config, "routingTarget", 0xa3,
		"{'moniker': 'dc3', 'vslice': $1, 'routingTargetType': 'peering', 'peeringConfig': {'interface': 'cable3',"
		" 'localAddress': 'fd00:3::1/64', 'gatewayAddress': 'fd00:3::2', 'remoteSubnets': ''}}");
}

void lab_internet(struct lab *lab, bool is_there)
{
	if (is_there && !lab->has_internet)
		fixture_put(lab->world->config, "routingTarget", 0xa4,
			"{'moniker': 'net', 'vslice': $1, 'routingTargetType': 'internet'}");
	else if (!is_there && lab->has_internet)
		config_delete(lab->world->config, "routingTarget", fixture_id(0xa4).text);
	lab->has_internet = is_there;
}

// Nobody answers for neighbours, so they are told.
static void know_neighbours(struct lab *lab)
{
	char command[200];

	for (int i = 1; i <= 2; i++)
		sh("ip -n " NS(1) " neigh replace 192.168.%d.2 lladdr 02:00:00:00:00:0%d dev cable%d nud permanent", i, i, i);
	sh("ip -n " NS(1) " neigh replace fd00:3::2 lladdr 02:00:00:00:00:03 dev cable3 nud permanent");
	sh("ip neigh replace 203.0.113.2 lladdr 02:00:00:00:00:04 dev cable4 nud permanent");
	for (int i = 0; i < LAB_FARS; i++) {
		snprintf(command, sizeof(command), "ip %s -br link show cable%d | awk '{ print $3 }'", i < 3 ? "-n " NS(1) : "",
			i + 1);
		mac_of(command, lab->macs[i]);
	}
}

void lab_open(struct lab *lab, struct world *world)
{
	char name[8];

	*lab = (struct lab){.world = world,
		.vslice = json_pack("{s:s, s:o}", "vsliceType", "integrated", "subnets", json_loads(RANDOM_SUBNETS, 0, NULL))};
	for (int i = 1; i <= LAB_FARS; i++)
		lab_far_open(i);
	sh("ip addr add " LAB_PUBLIC "/24 dev cable4 && ip link set cable4 up && ip route add default via 203.0.113.2");
	put_targets(world);
	lab_internet(lab, true);
	uuid_set(&world->config->gateway_id, lab_gateway);
	seen_new(world, 1, &lab->slice);
	seen_apply(world, 1, &lab->slice);
	for (size_t i = 0; i < lab->slice.count; i++)
		if (!lab->slice.targets[i].available)
			fail_msg("target: %s", lab->slice.targets[i].message);
	know_neighbours(lab);
	for (int i = 0; i < LAB_FARS; i++) {
		snprintf(name, sizeof(name), "net%d", i + 1);
		lab->fds[i] = lab_frames_of(name, "up0");
	}
	lab->fds[LAB_SIMS] = 0;
	slice_sims(lab->slice.slice, on_socket, &lab->fds[LAB_SIMS]);
	turn_until(world, lab->fds[LAB_SIMS]);
	assert_true(lab->fds[LAB_SIMS] > 0);
}

void lab_close(struct lab *lab)
{
	for (int i = 0; i < LAB_PLACES; i++)
		close(lab->fds[i]);
	for (size_t i = 0; i < LAB_POLICIES; i++) {
		json_decref(lab->policies[i]);
		json_decref(lab->former[i]);
	}
	json_decref(lab->vslice);
	vec_free(&lab->sent);
	slice_free(&lab->slice.slice, false);
	sh("ip route del default; ip link del cable4");
}

size_t lab_policy_of(const struct lab *lab, size_t sim)
{
	return sim % lab->policy_count;
}

json_t *lab_policy(const struct lab *lab, size_t sim)
{
	return lab->policies[lab_policy_of(lab, sim)];
}

static void put_groups(struct lab *lab)
{
	struct config *config = lab->world->config;
	char why[160] = "";

	for (unsigned i = 0; i < LAB_POLICIES; i++) {
		struct uuid id = fixture_id(0xb1 + i);

		if (i >= lab->policy_count) {
			config_delete(config, "endpointGroup", fixture_id(0x51 + i).text);
			continue;
		}
		if (config_put(config, "routingPolicy", id.text, lab->policies[i], why))
			fail_msg("%s", why);
		fixture_put(
			config, "endpointGroup", 0x51 + i, "{'moniker': 'g%u', 'vslice': $1, 'routingPolicy': $%x}", i, 0xb1 + i);
	}
}

static void tell_members(struct lab *lab)
{
	struct slice_member rows[2 * RANDOM_SIMS];
	struct policy_tags tags = {0};
	struct uuid vslice = fixture_id(1);

	assert_int_equal(policy_tags(&vslice, lab->world->config, &tags), 0);
	vec_each (&tags.rows, row)
		for (unsigned i = 0; i < lab->policy_count; i++) {
			struct uuid id = fixture_id(0xb1 + i);

			if (uuid_equal(&row->policy, &id))
				lab->tags[i] = row->tag;
		}
	vec_free(&tags.rows);
	for (size_t i = 0; i < 2 * RANDOM_SIMS; i++) {
		enum ip_family family = i % 2 ? IP_V6 : IP_V4;
		struct ip_addr addr = random_sim(i / 2, family);

		rows[i] = (struct slice_member){family, subnet_number(&addr), lab->tags[lab_policy_of(lab, i / 2)]};
	}
	if (lab->policy_count > 1)
		slice_members(lab->slice.slice, rows, array_len(rows), true);
}

void lab_apply(struct lab *lab, json_t *policies[], size_t count)
{
	for (size_t i = 0; i < LAB_POLICIES; i++) {
		json_decref(lab->former[i]);
		lab->former[i] = lab->policies[i];
		lab->policies[i] = i < count ? policies[i] : NULL;
	}
	lab->policy_count = count;
	put_groups(lab);
	seen_apply(lab->world, 1, &lab->slice);
	tell_members(lab);
	if (lab->gtp)
		lab_gtp_apply(lab);
	(void)count_rules(lab->world, &lab->slice); // the worker has done what came before
}

void lab_forget_flows(struct lab *lab)
{
	_cleanup_close_ int home = -1, ns = -1;

	assert_int_equal(netns_self(&home), 0);
	assert_int_equal(conntrack_flush(), 0);
	assert_int_equal(netns_open(NS(1), &ns), 0);
	assert_int_equal(netns_enter(ns), 0);
	assert_int_equal(conntrack_flush(), 0);
	assert_int_equal(netns_enter(home), 0);
}

bool lab_carries(enum lab_place place, enum ip_family family)
{
	return place == LAB_SIMS || (place == LAB_FAR3) == (family == IP_V6);
}

enum lab_place lab_place_of(const char *target)
{
	for (int i = 0; target && i < LAB_FARS; i++)
		if (!strcmp(target, lab_targets[i]))
			return (enum lab_place)i;
	return LAB_SIMS;
}

static void put_head(struct lab *lab, enum lab_place from, size_t sim, bool is_v6, uint8_t *frame)
{
	uint32_t tag = lab->tags[lab_policy_of(lab, sim)];

	if (from == LAB_SIMS) {
		memcpy(frame, DP_SLICE_MAC, 6);
		memcpy(frame + 6, DP_SIMS_MAC, 3);
		frame[9] = (uint8_t)(tag >> 16);
		frame[10] = (uint8_t)(tag >> 8);
		frame[11] = (uint8_t)tag;
	} else {
		memcpy(frame, lab->macs[from], 6);
		memcpy(frame + 6, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)(from + 1)}, 6);
	}
	frame[12] = is_v6 ? 0x86 : 0x08;
	frame[13] = is_v6 ? 0xdd : 0x00;
}

static void fail_of(const struct lab *lab, const struct lab_sent *it, const char *phase, const char *what)
{
	static const char *const places[] = {"far1", "far2", "far3", "the Internet", "the SIMs", "nowhere"};
	char sent[160], got[160] = "";

	for (size_t i = 0; i < lab->policy_count; i++) {
		char *text = json_dumps(lab->policies[i], JSON_INDENT(1) | JSON_PRESERVE_ORDER);

		fprintf(stderr, "policy %zu (tag %06x): %s\n", i, lab->tags[i], text);
		free(text);
	}
	if (it->arrived != LAB_NOWHERE)
		wire_text(&it->got, got);
	fail_msg("POLICY_SEED=%u, %s: %s: %s, which belongs to %s, came to %s %s", lab->seed, phase, what,
		wire_text(&it->sent, sent), places[it->expected], places[it->arrived], got);
}

size_t lab_send(struct lab *lab, enum lab_place from, size_t sim, const struct wire_packet *packet, enum lab_place expected,
	const struct reference_packet *wanted, bool any_source)
{
	struct lab_sent *it = vec_add(&lab->sent);
	uint8_t frame[HEAD + WIRE_MAX];
	size_t len;

	assert_non_null(it);
	*it = (struct lab_sent){
		.sent = *packet, .expected = expected, .arrived = LAB_NOWHERE, .wanted = *wanted, .any_source = any_source};
	it->sent.number = (uint32_t)(lab->sent.count - 1);
	put_head(lab, from, sim, packet->packet.source.family == IP_V6, frame);
	len = wire_build(&it->sent, frame + HEAD);
	if (lab->gtp && from == LAB_SIMS)
		lab_gtp_send(lab, sim, frame + HEAD, len);
	else if (write(lab->fds[from], frame, HEAD + len) != (ssize_t)(HEAD + len))
		fail_msg("a frame cannot be sent: %s", strerror(errno));
	return it->sent.number;
}

static void take(struct lab *lab, enum lab_place place, const uint8_t *frame, size_t len, const char *phase)
{
	struct wire_packet packet;
	const char *fault = NULL;
	struct lab_sent *it;

	const uint8_t *inner = frame + HEAD;

	if (len <= HEAD)
		return;
	len -= HEAD;
	if (lab->gtp && place == LAB_SIMS)
		inner = lab_gtp_packet(frame, &len);
	if (!inner || !wire_parse(inner, len, &packet, &fault) || packet.number >= lab->sent.count)
		return; // what the stacks say among themselves
	it = &lab->sent.items[packet.number];
	if (it->arrived != LAB_NOWHERE)
		fail_of(lab, it, phase, "it came twice");
	it->got = packet;
	it->arrived = place;
	memcpy(it->came_from, frame + 6, 6);
	if (fault)
		fail_of(lab, it, phase, fault);
}

static void receive(struct lab *lab, const char *phase)
{
	uint8_t frame[2048];

	for (int place = 0; place < LAB_PLACES; place++) {
		ssize_t len;

		while ((len = recv(lab->fds[place], frame, sizeof(frame), MSG_DONTWAIT)) >= 0)
			take(lab, (enum lab_place)place, frame, (size_t)len, phase);
	}
}

static bool all_came(const struct lab *lab)
{
	for (size_t i = lab->settled; i < lab->sent.count; i++)
		if (lab->sent.items[i].expected != LAB_NOWHERE && lab->sent.items[i].arrived == LAB_NOWHERE)
			return false;
	return true;
}

static void check(struct lab *lab, const struct lab_sent *it, const char *phase)
{
	const struct reference_packet *got = &it->got.packet, *wanted = &it->wanted;
	bool has_ports = got->protocol == IPPROTO_TCP || got->protocol == IPPROTO_UDP;
	struct ip_addr public;

	if (it->arrived != it->expected)
		fail_of(lab, it, phase, "kernel and reference disagree");
	if (it->arrived == LAB_NOWHERE)
		return;
	ip_addr_parse(LAB_PUBLIC, &public);
	if (!ip_addr_equal(&got->destination, &wanted->destination) ||
		(has_ports && got->destination_port != wanted->destination_port))
		fail_of(lab, it, phase, "its destination is another");
	if (!ip_addr_equal(&got->source, it->any_source ? &public : &wanted->source))
		fail_of(lab, it, phase, "its source is another");
	if (!it->any_source && got->source_port != wanted->source_port)
		fail_of(lab, it, phase, "its source port is another");
}

void lab_settle(struct lab *lab, const char *phase)
{
	uint64_t until = uv_hrtime() + (uint64_t)WAIT_MS * 1000000;

	for (;;) {
		if (lab->gtp)
			uv_run(&lab->world->loop, UV_RUN_NOWAIT);
		receive(lab, phase);
		if (all_came(lab) || uv_hrtime() > until)
			break;
		poll(NULL, 0, 1);
	}
	receive(lab, phase);
	for (size_t i = lab->settled; i < lab->sent.count; i++)
		check(lab, &lab->sent.items[i], phase);
	lab->settled = lab->sent.count;
}

struct tally {
	uint64_t packets[LAB_POLICIES][RANDOM_RULES];
	bool is_done;
};

// The rule's place among all that the policies may have.
static unsigned number_of(const char *rule)
{
	return (unsigned)strtoul(rule + 24, NULL, 16) - FIRST_RULE;
}

static void on_tally(void *owner, const struct slice_counts *counts)
{
	const struct slice_rule_counter *rows = counts->rules;
	struct tally *tally = owner;

	tally->is_done = true;
	for (size_t i = 0; i < counts->rule_count; i++) {
		unsigned number = number_of(rows[i].rule.text);

		if (number < LAB_POLICIES * RANDOM_RULES)
			tally->packets[number / RANDOM_RULES][number % RANDOM_RULES] = rows[i].packets;
	}
}

static void add_past(void *owner, const struct uuid *rule, uint64_t packets)
{
	struct tally *tally = owner;
	unsigned number = number_of(rule->text);

	if (number < LAB_POLICIES * RANDOM_RULES)
		tally->packets[number / RANDOM_RULES][number % RANDOM_RULES] += packets;
}

static struct tally tally_now(struct lab *lab)
{
	struct tally tally = {0};

	slice_counters(lab->slice.slice, on_tally, &tally);
	turn_until(lab->world, tally.is_done);
	if (lab->gtp)
		lab_gtp_count(lab, add_past, &tally);
	return tally;
}

void lab_take_counts(struct lab *lab)
{
	struct tally now = tally_now(lab);

	memcpy(lab->counted, now.packets, sizeof(lab->counted));
}

void lab_count(struct lab *lab, const char *rule)
{
	unsigned number = number_of(rule);

	assert_true(number < LAB_POLICIES * RANDOM_RULES);
	lab->counted[number / RANDOM_RULES][number % RANDOM_RULES]++;
}

void lab_clear(struct lab *lab)
{
	vec_free(&lab->sent);
	lab->settled = 0;
}

static bool counts_differ(const struct lab *lab, const struct tally *now, size_t *policy, size_t *rule)
{
	for (*policy = 0; *policy < lab->policy_count; ++*policy)
		for (*rule = 0; *rule < RANDOM_RULES; ++*rule)
			if (now->packets[*policy][*rule] != lab->counted[*policy][*rule])
				return true;
	return false;
}

void lab_compare_counts(struct lab *lab, const char *phase)
{
	uint64_t until = uv_hrtime() + (uint64_t)WAIT_MS * 1000000;
	size_t policy, rule;
	struct tally now;

	do
		now = tally_now(lab);
	while (counts_differ(lab, &now, &policy, &rule) && uv_hrtime() < until);
	if (counts_differ(lab, &now, &policy, &rule))
		fail_msg("POLICY_SEED=%u, %s: rule %zu of policy %zu counted %lld packets more than it should", lab->seed, phase,
			rule + 1, policy, (long long)(now.packets[policy][rule] - lab->counted[policy][rule]));
}
