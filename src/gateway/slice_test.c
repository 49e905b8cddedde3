// SPDX-License-Identifier: Apache-2.0
// Slices in a real kernel: real namespaces, real nft, real UDP. The process first leaves the host's network and mount namespaces, so nothing
// of the host is seen or touched; where it may not (no root), the test is skipped. iproute2 is used to build the world around the gateway
// and, on purpose, to look at what the gateway made: it shares no code with us.
//
// The world: the "underlay" is where the test runs. far1 and far2 are customers' data centres, each behind a veth pair whose near end
// (peer1, peer2) is in the underlay until a slice takes it. Both own the LNS's address 10.9.9.9.
#include "gateway/slice.h"

#include "base/clean.h"
#include "gateway/netns.h"
#include "gateway/slice_fixture.h"
#include "gateway/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>

#define GATEWAY "test"
#define WAIT_MS 5000

__attribute__((format(printf, 1, 2))) static int sh_try(const char *format, ...)
{
	char command[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return system(command);
}

#define sh(...)                                                                                                                  \
	do {                                                                                                                     \
		if (sh_try(__VA_ARGS__))                                                                                         \
			fail_msg("command failed: " __VA_ARGS__);                                                                \
	} while (0)

// What a command prints, one line.
__attribute__((format(printf, 1, 2))) static const char *out_of(const char *format, ...)
{
	static char line[512];
	char command[1024];
	va_list args;
	FILE *pipe;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	line[0] = 0;
	pipe = popen(command, "r");
	assert_non_null(pipe);
	if (!fgets(line, sizeof(line), pipe))
		line[0] = 0;
	pclose(pipe);
	line[strcspn(line, "\n")] = 0;
	return line;
}

struct world {
	uv_loop_t loop;
	uv_timer_t timeout;
	bool is_late;
	struct worker *worker;
	struct config *config;
};

// A slice and what it last said.
struct seen {
	struct slice *slice;
	unsigned applied; // times
	int error;
	char message[160];
	struct slice_target_status targets[4];
	size_t count;
};

static void on_applied(
	void *owner, struct slice *slice, int error, const char *message, const struct slice_target_status *targets, size_t count)
{
	struct seen *seen = owner;

	seen->applied++;
	seen->error = error;
	snprintf(seen->message, sizeof(seen->message), "%s", message);
	assert_true(count <= array_len(seen->targets));
	if (count)
		memcpy(seen->targets, targets, count * sizeof(*targets));
	seen->count = count;
}

static void on_timeout(uv_timer_t *timer)
{
	((struct world *)timer->data)->is_late = true;
}

// Turns the loop until the expression is true.
#define turn_until(world, expression)                                                                                            \
	do {                                                                                                                     \
		(world)->is_late = false;                                                                                        \
		uv_timer_start(&(world)->timeout, on_timeout, WAIT_MS, 0);                                                       \
		while (!(expression)) {                                                                                          \
			uv_run(&(world)->loop, UV_RUN_ONCE);                                                                     \
			if ((world)->is_late)                                                                                    \
				fail_msg("timed out waiting for " #expression);                                                  \
		}                                                                                                                \
		uv_timer_stop(&(world)->timeout);                                                                                \
	} while (0)

static void far_new(int number)
{
	sh("ip netns add far%d", number);
	sh("ip link add peer%d type veth peer name up0 netns far%d", number, number);
	sh("ip -n far%d link set lo up && ip -n far%d link set up0 up", number, number);
	sh("ip -n far%d addr add 192.168.%d.2/24 dev up0", number, number);
	sh("ip -n far%d addr add 10.9.9.9/32 dev lo && ip -n far%d addr add 10.66.6.6/32 dev lo", number, number);
	sh("ip -n far%d route add default via 192.168.%d.1", number, number);
}

static int world_new(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	uv_loop_init(&world->loop);
	uv_timer_init(&world->loop, &world->timeout);
	world->timeout.data = world;
	assert_int_equal(worker_new(&world->loop, &world->worker), 0);
	world->config = config_new();
	far_new(1);
	far_new(2);
	*state = world;
	return 0;
}

static void close_all(uv_handle_t *handle, void *data)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static int world_free(void **state)
{
	struct world *world = *state;

	worker_free(&world->worker);
	uv_walk(&world->loop, close_all, NULL);
	uv_run(&world->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world->loop), 0);
	config_free(&world->config);
	free(world);
	sh_try("for n in $(ip netns list | cut -d' ' -f1); do ip netns del $n; done; ip link del peer1 2>/dev/null; ip link del "
	       "peer2 2>/dev/null");
	assert_string_equal(out_of("ip -o link show | grep -c peer"), "0");
	return 0;
}

// VSlice `number` with LAC 10.1.1.1, LNS 10.9.9.9 and the Default Routing Policy 0xb0+number; target 0xa0+number on peer<number>.
static void put_vslice(struct world *world, unsigned number)
{
	fixture_put(world->config, "vslice", number,
		"{'moniker': 'motors', 'name': 'Motors', 'vsliceType': 'l2tp', 'defaultRoutingPolicy': $%x,"
		" 'lacs': [{'id': $c1, 'address': '10.1.1.1', 'port': 1701}], 'lnss': [{'id': $d1, 'address': '10.9.9.9', "
		"'port': 1701}]}",
		0xb0 + number);
}

static void put_target(struct world *world, unsigned vslice, unsigned peer)
{
	fixture_put(world->config, "routingTarget", 0xa0 + peer,
		"{'moniker': 'dc%u', 'vslice': $%x, 'routingTargetType': 'peering', 'peeringConfig': {'interface': 'peer%u',"
		" 'localAddress': '192.168.%u.1/24', 'gatewayAddress': '192.168.%u.2', 'remoteSubnets': '10.0.0.0/8'}}",
		peer, vslice, peer, peer, peer);
}

static void put_policy(struct world *world, unsigned vslice, const char *rules)
{
	fixture_put(world->config, "routingPolicy", 0xb0 + vslice, "{'moniker': 'main', 'vslice': $%x, 'rules': [%s]}", vslice,
		rules);
}

static void seen_new(struct world *world, unsigned vslice, struct seen *seen)
{
	struct slice_host host = {on_applied, seen};
	struct uuid id = fixture_id(vslice);

	*seen = (struct seen){0};
	assert_int_equal(
		slice_new(world->worker, GATEWAY, &id, config_vslice(world->config, &id)->moniker, &host, &seen->slice), 0);
}

static void seen_apply(struct world *world, unsigned vslice, struct seen *seen)
{
	struct uuid id = fixture_id(vslice);
	unsigned before = seen->applied;

	slice_apply(seen->slice, config_vslice(world->config, &id), world->config);
	turn_until(world, seen->applied > before);
	if (seen->error)
		fail_msg("slice_apply: %s", seen->message);
}

#define TO(rule, target) "{'id': $" #rule ", 'routingTarget': $" #target "}"

// The usual slice: one target, one rule that forwards everything to it.
static void usual(struct world *world, unsigned number, struct seen *seen)
{
	char rule[64];

	put_vslice(world, number);
	put_target(world, number, number);
	snprintf(rule, sizeof(rule), "{'id': $%x, 'routingTarget': $%x}", 0xe0 + number, 0xa0 + number);
	put_policy(world, number, rule);
	seen_new(world, number, seen);
	seen_apply(world, number, seen);
	assert_int_equal(seen->count, 1);
	if (!seen->targets[0].available)
		fail_msg("target: %s", seen->targets[0].message);
}

static void gone(struct world *world, struct seen *seen)
{
	slice_free(&seen->slice, false);
}

#define NS(number) "sg-test.motors.00000000000" #number

static void on_socket(void *owner, int fd)
{
	*(int *)owner = fd;
}

// The LAC's socket, as the gateway gets it.
static int lac_socket(struct world *world, struct seen *seen)
{
	struct ip_end address = {ip_addr_v4(0x0a010101), 1701};
	struct timeval second = {.tv_sec = 5};
	int fd = 0;

	slice_socket(seen->slice, &address, on_socket, &fd);
	turn_until(world, fd);
	assert_true(fd > 0);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	return fd;
}

// A socket of the other side, in a namespace made with `ip netns`.
static int far_socket(int number, const char *addr, uint16_t port)
{
	_cleanup_close_ int home = -1, ns = -1;
	struct timeval second = {.tv_sec = 5};
	struct ip_end end = {.port = port};
	struct sockaddr_storage sa;
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "far%d", number);
	assert_int_equal(ip_addr_parse(addr, &end.addr), 0);
	assert_int_equal(netns_self(&home), 0);
	assert_int_equal(netns_open(name, &ns), 0);
	assert_int_equal(netns_enter(ns), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, ip_end_to_sockaddr(&end, &sa)), 0);
	assert_int_equal(netns_enter(home), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	return fd;
}

static int send_text(int fd, const char *text, const char *addr, uint16_t port)
{
	struct ip_end end = {.port = port};
	struct sockaddr_storage sa;

	assert_int_equal(ip_addr_parse(addr, &end.addr), 0);
	return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&sa, ip_end_to_sockaddr(&end, &sa)) < 0 ? -errno : 0;
}

static const char *next_text(int fd)
{
	static char text[4096];
	ssize_t got = recv(fd, text, sizeof(text) - 1, 0);

	if (got < 0)
		fail_msg("nothing came: %s", strerror(errno));
	text[got] = 0;
	return text;
}

// Waits until a named counter of the slice has seen so many packets: one that was sent may be a moment on its way.
static void assert_counted(const char *ns, const char *counter, long wanted)
{
	uint64_t until = uv_hrtime() + (uint64_t)WAIT_MS * 1000000;
	long packets;

	do {
		packets = atol(
			out_of("ip netns exec %s nft list counter inet slicegate %s | grep -o 'packets [0-9]*' | cut -d' ' -f2",
				ns, counter));
	} while (packets < wanted && uv_hrtime() < until);
	assert_int_equal(packets, wanted);
}

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

struct counters {
	bool is_done;
	uint64_t packets[2];
	size_t count;
};

static void on_counters(void *owner, const struct slice_rule_counter *rows, size_t count)
{
	struct counters *out = owner;
	struct uuid e1 = fixture_id(0xe1), e2 = fixture_id(0xe2);

	out->is_done = true;
	out->count = count;
	for (size_t i = 0; i < count; i++) {
		if (uuid_equal(&rows[i].rule, &e1))
			out->packets[0] = rows[i].packets;
		if (uuid_equal(&rows[i].rule, &e2))
			out->packets[1] = rows[i].packets;
	}
}

static struct counters count_rules(struct world *world, struct seen *seen)
{
	struct counters out = {0};

	slice_rule_counters(seen->slice, on_counters, &out);
	turn_until(world, out.is_done);
	return out;
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
	seen_apply(world, 1, &one); // comes after it in the queue
	assert_true(one.targets[0].available);
	assert_int_not_equal(sh_try("test -e /run/netns/" NS(2)), 0);
	assert_int_not_equal(sh_try("test -e /run/netns/sg-test.half.000000000009"), 0);
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
	worker_submit(world->worker, &brake.job);
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

// Away from the host: own network, own mounts, own /run.
static bool leave_host(void)
{
	return !geteuid() && !unshare(CLONE_NEWNET | CLONE_NEWNS) && !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
		!mount("none", "/run", "tmpfs", 0, NULL) && !system("ip link set lo up && nft list tables >/dev/null");
}

#define in_world(test) cmocka_unit_test_setup_teardown(test, world_new, world_free)

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

	if (!leave_host()) {
		fprintf(stderr, "skipped: needs root, network namespaces and nftables\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
