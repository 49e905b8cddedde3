// SPDX-License-Identifier: Apache-2.0
// For tests of slices in a real kernel: real namespaces, real nft, real UDP. The process first leaves the host's network and mount
// namespaces, so nothing of the host is seen or touched; where it may not (no root), the test is skipped. iproute2 is used to build the
// world around the gateway and, on purpose, to look at what the gateway made: it shares no code with us.
//
// The world: the "underlay" is where the test runs. far1 and far2 are customers' data centres, each behind a veth pair whose near end
// (peer1, peer2) is in the underlay until a slice takes it. Both own the LNS's address 10.9.9.9.
#pragma once

#include "gateway/slice.h"

#include "base/clean.h"
#include "gateway/netns.h"
#include "gateway/slice_fixture.h"
#include "gateway/worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>

#define GATEWAY "test"
#define WAIT_MS 20000

__attribute__((format(printf, 1, 2))) static inline int sh_try(const char *format, ...)
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
__attribute__((format(printf, 1, 2))) static inline const char *out_of(const char *format, ...)
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

static inline void on_applied(
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

static inline void on_timeout(uv_timer_t *timer)
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

static inline void far_new(int number)
{
	sh("ip netns add far%d", number);
	sh("ip link add peer%d type veth peer name up0 netns far%d", number, number);
	sh("ip -n far%d link set lo up && ip -n far%d link set up0 up", number, number);
	sh("ip -n far%d addr add 192.168.%d.2/24 dev up0", number, number);
	sh("ip -n far%d addr add 10.9.9.9/32 dev lo && ip -n far%d addr add 10.66.6.6/32 dev lo", number, number);
	sh("ip -n far%d route add default via 192.168.%d.1", number, number);
}

static inline int world_new(void **state)
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

static inline void close_all(uv_handle_t *handle, void *data)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static inline int world_free(void **state)
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
static inline void put_vslice(struct world *world, unsigned number)
{
	fixture_put(world->config, "vslice", number,
		"{'moniker': 'motors', 'name': 'Motors', 'vsliceType': 'l2tp', 'defaultRoutingPolicy': $%x,"
		" 'lacs': [{'id': $c1, 'address': '10.1.1.1', 'port': 1701}], 'lnss': [{'id': $d1, 'address': '10.9.9.9', "
		"'port': 1701}]}",
		0xb0 + number);
}

static inline void put_target(struct world *world, unsigned vslice, unsigned peer)
{
	fixture_put(world->config, "routingTarget", 0xa0 + peer,
		"{'moniker': 'dc%u', 'vslice': $%x, 'routingTargetType': 'peering', 'peeringConfig': {'interface': 'peer%u',"
		" 'localAddress': '192.168.%u.1/24', 'gatewayAddress': '192.168.%u.2', 'remoteSubnets': '10.0.0.0/8'}}",
		peer, vslice, peer, peer, peer);
}

static inline void put_policy(struct world *world, unsigned vslice, const char *rules)
{
	fixture_put(world->config, "routingPolicy", 0xb0 + vslice, "{'moniker': 'main', 'vslice': $%x, 'rules': [%s]}", vslice,
		rules);
}

static inline void seen_new(struct world *world, unsigned vslice, struct seen *seen)
{
	struct slice_host host = {on_applied, seen};
	struct uuid id = fixture_id(vslice);

	*seen = (struct seen){0};
	assert_int_equal(
		slice_new(world->worker, GATEWAY, &id, config_vslice(world->config, &id)->moniker, &host, &seen->slice), 0);
}

static inline void seen_apply(struct world *world, unsigned vslice, struct seen *seen)
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
static inline void usual(struct world *world, unsigned number, struct seen *seen)
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

static inline void gone(struct world *world, struct seen *seen)
{
	slice_free(&seen->slice, false);
}

#define NS(number) "sg-test.motors.00000000000" #number

static inline void on_socket(void *owner, int fd)
{
	*(int *)owner = fd;
}

// The LAC's socket, as the gateway gets it.
static inline int lac_socket(struct world *world, struct seen *seen)
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
static inline int far_socket(int number, const char *addr, uint16_t port)
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

static inline int send_text(int fd, const char *text, const char *addr, uint16_t port)
{
	struct ip_end end = {.port = port};
	struct sockaddr_storage sa;

	assert_int_equal(ip_addr_parse(addr, &end.addr), 0);
	return sendto(fd, text, strlen(text), 0, (struct sockaddr *)&sa, ip_end_to_sockaddr(&end, &sa)) < 0 ? -errno : 0;
}

static inline const char *next_text(int fd)
{
	static char text[4096];
	ssize_t got = recv(fd, text, sizeof(text) - 1, 0);

	if (got < 0)
		fail_msg("nothing came: %s", strerror(errno));
	text[got] = 0;
	return text;
}

// The next one, which must come from there.
static inline const char *next_text_from(int fd, const char *addr, uint16_t port)
{
	static char text[4096];
	struct sockaddr_in from = {0};
	socklen_t len = sizeof(from);
	ssize_t got = recvfrom(fd, text, sizeof(text) - 1, 0, (struct sockaddr *)&from, &len);

	if (got < 0)
		fail_msg("nothing came: %s", strerror(errno));
	text[got] = 0;
	assert_string_equal(inet_ntoa(from.sin_addr), addr);
	assert_int_equal(ntohs(from.sin_port), port);
	return text;
}

// Waits until a named counter of the slice has seen so many packets: one that was sent may be a moment on its way.
static inline void assert_counted(const char *ns, const char *counter, long wanted)
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

struct counters {
	bool is_done;
	uint64_t packets[2];
	size_t count;
};

static inline void on_counters(void *owner, const struct slice_counts *counts)
{
	const struct slice_rule_counter *rows = counts->rules;
	size_t count = counts->rule_count;
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

static inline struct counters count_rules(struct world *world, struct seen *seen)
{
	struct counters out = {0};

	slice_counters(seen->slice, on_counters, &out);
	turn_until(world, out.is_done);
	return out;
}

// Away from the host: own network, own mounts, own /run.
static inline bool leave_host(void)
{
	return !geteuid() && !unshare(CLONE_NEWNET | CLONE_NEWNS) && !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
		!mount("none", "/run", "tmpfs", 0, NULL) && !system("ip link set lo up && nft list tables >/dev/null");
}

// The end of main: the tests in a world of their own, or 77 for "skipped".
#define run_in_worlds(tests)                                                                                                     \
	(leave_host() ? cmocka_run_group_tests(tests, NULL, NULL)                                                                \
		      : (fprintf(stderr, "skipped: needs root, network namespaces and nftables\n"), 77))
#define in_world(test) cmocka_unit_test_setup_teardown(test, world_new, world_free)
