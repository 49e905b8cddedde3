// SPDX-License-Identifier: Apache-2.0
// An Integrated slice in a namespace of its own: SIMs' packets go through its stack and back, octet by octet as any SIM would check them.
#include "gateway/sims.h"

#include "base/clean.h"
#include "gateway/dataplane/dataplane.h"
#include "gateway/udp.h"

#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define SERVER "192.0.2.9"
#define SERVER6 "2001:db8:9::9"
#define PORT 5000

struct lab {
	uv_loop_t loop;
	struct dp *dp;
	struct dp_slice *slice;
	struct dp_session *one, *two;
	struct ip_end gtpu_end, sgw_end;
	int sgw, server, server6;
	unsigned solicitations;
};

static void sh(const char *command)
{
	if (system(command))
		fail_msg("%s", command);
}

static struct ip_end end_of(const char *addr, uint16_t port)
{
	struct ip_end end = {.port = port};

	assert_int_equal(ip_addr_parse(addr, &end.addr), 0);
	return end;
}

static int open_at(struct ip_end end)
{
	int fd;

	assert_int_equal(udp_open(&end, &fd), 0);
	return fd;
}

static void on_inner6(void *owner, uint32_t local_teid, enum dp_direction direction, const uint8_t *packet, size_t len)
{
	struct lab *lab = owner;

	assert_int_equal(direction, DP_UPLINK);
	assert_int_equal(local_teid, 0x5a000001);
	assert_int_equal(packet[40], 133);
	assert_int_equal(len, 48);
	lab->solicitations++;
}

static void session_open(struct lab *lab, uint32_t teid, const char *ue, const char *ue6, struct dp_session **out)
{
	struct dp_session_spec spec = {
		.local_teid = teid, .peer_teid = teid, .peer = lab->sgw_end, .slice = lab->slice, .mtu = 1400, .tag = 0x010203};

	assert_int_equal(ip_addr_parse(ue, &spec.ue), 0);
	assert_int_equal(ip_prefix_parse(ue6, &spec.ue6), 0);
	assert_int_equal(dp_session_add(lab->dp, &spec, out), 0);
}

static int setup(void **state)
{
	struct dp_host host = {.on_inner6 = on_inner6};
	struct lab *lab = calloc(1, sizeof(*lab));
	int fd;

	sh("ip link set lo up; ip addr replace " SERVER "/32 dev lo; ip addr replace " SERVER6 "/128 dev lo;"
	   "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0");
	host.owner = lab;
	uv_loop_init(&lab->loop);
	lab->gtpu_end = end_of("127.0.0.1", 2152);
	lab->sgw_end = end_of("127.0.0.2", 2152);
	lab->sgw = open_at(lab->sgw_end);
	lab->server = open_at(end_of(SERVER, PORT));
	lab->server6 = open_at(end_of(SERVER6, PORT));
	assert_int_equal(dp_new(&lab->loop, open_at(lab->gtpu_end), &host, 16, &lab->dp), 0);
	assert_int_equal(sims_open(&fd), 0);
	assert_int_equal(dp_slice_new(lab->dp, fd, &lab->slice), 0);
	sh("ip route add 10.0.0.0/24 via " DP_SLICE_GATEWAY4 " dev sims onlink;"
	   "ip route add 2001:db8::/48 via " DP_SLICE_GATEWAY6 " dev sims onlink");
	session_open(lab, 0x5a000001, "10.0.0.1", "2001:db8:0:1::/64", &lab->one);
	session_open(lab, 0x5a000002, "10.0.0.2", "2001:db8:0:2::/64", &lab->two);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	dp_session_del(&lab->one, NULL);
	dp_session_del(&lab->two, NULL);
	dp_slice_free(&lab->slice);
	dp_free(&lab->dp);
	uv_run(&lab->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&lab->loop), 0);
	close(lab->sgw);
	close(lab->server);
	close(lab->server6);
	free(lab);
	sh("ip link del sims");
	return 0;
}

static uint32_t sum_of(uint32_t sum, const uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

// UDP over IPv4 or IPv6, from the SIM; gives its length.
static size_t datagram_of(uint8_t *out, const struct ip_addr *from, const struct ip_addr *to, const char *text)
{
	size_t head = from->family == IP_V4 ? 20 : 40, payload = strlen(text), len = 8 + payload, bytes = head == 20 ? 4 : 16;
	uint8_t *udp = out + head;

	memset(out, 0, head + len);
	if (head == 20) {
		memcpy(out, (uint8_t[]){0x45, 0xb8, 0, 0, 0, 1, 0, 0, 64, 17}, 10);
		put16(out + 2, head + len);
		memcpy(out + 12, from->bytes, 4);
		memcpy(out + 16, to->bytes, 4);
		put16(out + 10, (uint16_t)~sum_of(0, out, 20));
	} else {
		memcpy(out, (uint8_t[]){0x60, 0, 0, 0, 0, 0, 17, 64}, 8);
		put16(out + 4, len);
		memcpy(out + 8, from->bytes, 16);
		memcpy(out + 24, to->bytes, 16);
	}
	put16(udp, 4000);
	put16(udp + 2, PORT);
	put16(udp + 4, len);
	memcpy(udp + 8, text, payload);
	put16(udp + 6, (uint16_t)~sum_of(sum_of(sum_of(17 + (uint32_t)len, from->bytes, bytes), to->bytes, bytes), udp, len));
	return head + len;
}

static void uplink(struct lab *lab, uint32_t teid, const uint8_t *packet, size_t len)
{
	uint8_t frame[2048] = {0x30, 255};
	struct sockaddr_storage to;

	put16(frame + 2, len);
	put16(frame + 4, teid >> 16);
	put16(frame + 6, teid & 0xffff);
	memcpy(frame + 8, packet, len);
	assert_int_equal(
		sendto(lab->sgw, frame, 8 + len, 0, (struct sockaddr *)&to, ip_end_to_sockaddr(&lab->gtpu_end, &to)), 8 + len);
}

// What comes to a socket; turns the loop until then. 0: nothing within two seconds.
static size_t receive(struct lab *lab, int fd, uint8_t *out, size_t room, struct sockaddr_storage *from)
{
	socklen_t from_len = sizeof(*from);
	uint64_t start = uv_hrtime();

	while (uv_hrtime() - start < 2000000000ull) {
		ssize_t len = recvfrom(fd, out, room, MSG_DONTWAIT, (struct sockaddr *)from, &from_len);

		if (len >= 0)
			return (size_t)len;
		uv_run(&lab->loop, UV_RUN_NOWAIT);
		poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 1);
	}
	return 0;
}

// There and back: the server hears the SIM's own address, and the SIM's SGW gets a whole answer with a right checksum.
static void echo(struct lab *lab, int server, const char *sim, const char *address)
{
	struct ip_end from = end_of(sim, 4000), to = end_of(address, PORT), heard;
	uint8_t packet[2048], *udp;
	struct sockaddr_storage name;
	size_t len = datagram_of(packet, &from.addr, &to.addr, "from the SIM"), head = from.addr.family == IP_V4 ? 20 : 40;

	uplink(lab, 0x5a000001, packet, len);
	assert_int_equal(receive(lab, server, packet, sizeof(packet), &name), 12);
	assert_int_equal(ip_end_from_sockaddr((struct sockaddr *)&name, &heard), 0);
	assert_true(ip_end_equal(&heard, &from));
	assert_int_equal(sendto(server, "to the SIM", 10, 0, (struct sockaddr *)&name, ip_end_to_sockaddr(&heard, &name)), 10);
	len = receive(lab, lab->sgw, packet, sizeof(packet), &name);
	assert_int_equal(len, 8 + head + 8 + 10);
	assert_memory_equal(packet, ((uint8_t[]){0x30, 255, 0, (uint8_t)(len - 8), 0x5a, 0, 0, 1}), 8);
	udp = packet + 8 + head;
	assert_int_equal(get16(udp), PORT);
	assert_memory_equal(udp + 8, "to the SIM", 10);
	len = head == 20 ? 4 : 16;
	assert_int_equal(sum_of(sum_of(sum_of(17 + 18, to.addr.bytes, len), from.addr.bytes, len), udp, 18), 0xffff);
}

static void a_sim_talks_to_a_server_in_its_slice(void **state)
{
	struct lab *lab = *state;
	struct dp_counters counters;

	echo(lab, lab->server, "10.0.0.1", SERVER);
	echo(lab, lab->server6, "2001:db8:0:1::77", SERVER6);
	dp_session_counters(lab->one, &counters);
	assert_int_equal(counters.uplink_packets, 2);
	assert_int_equal(counters.downlink_packets, 2);
	assert_int_equal(counters.dropped, 0);
}

static void two_sims_talk_through_the_slice(void **state)
{
	struct lab *lab = *state;
	struct ip_addr from = end_of("10.0.0.1", 0).addr, to = end_of("10.0.0.2", 0).addr;
	uint8_t packet[2048];
	struct sockaddr_storage name;
	size_t len = datagram_of(packet, &from, &to, "hello");

	uplink(lab, 0x5a000001, packet, len);
	assert_int_equal(receive(lab, lab->sgw, packet, sizeof(packet), &name), 8 + len);
	assert_memory_equal(packet + 4, ((uint8_t[]){0x5a, 0, 0, 2}), 4);
	assert_int_equal(packet[8 + 8], 63); // it went through a router
	assert_int_equal(packet[8 + 1], 0xb8); // and kept its class
}

static void who_is_not_there_hears_nothing(void **state)
{
	struct lab *lab = *state;
	struct ip_addr from = end_of("10.0.0.1", 0).addr, to = end_of("10.0.0.99", 0).addr;
	uint64_t start = uv_hrtime();
	uint8_t packet[2048];
	size_t len = datagram_of(packet, &from, &to, "hello");

	uplink(lab, 0x5a000001, packet, len);
	while (!dp_drops(lab->dp, DP_DROP_INNER_UNKNOWN_DESTINATION) && uv_hrtime() - start < 2000000000ull)
		uv_run(&lab->loop, UV_RUN_NOWAIT);
	assert_int_equal(dp_drops(lab->dp, DP_DROP_INNER_UNKNOWN_DESTINATION), 1);
}

static void a_router_solicitation_goes_up(void **state)
{
	struct lab *lab = *state;
	uint8_t packet[48] = {0x60, 0, 0, 0, 0, 8, 58, 255, 0xfe, 0x80, [23] = 1, [24] = 0xff, 2, [39] = 2, 133};
	uint8_t advertisement[56] = {0x60, 0, 0, 0, 0, 16, 58, 255, 0xfe, 0x80, [23] = 1, [24] = 0xff, 2, [39] = 1, 134};
	uint64_t start = uv_hrtime();
	struct sockaddr_storage name;
	uint8_t out[2048];

	uplink(lab, 0x5a000001, packet, sizeof(packet));
	while (!lab->solicitations && uv_hrtime() - start < 2000000000ull)
		uv_run(&lab->loop, UV_RUN_NOWAIT);
	assert_int_equal(lab->solicitations, 1);
	assert_int_equal(dp_session_send(lab->one, advertisement, sizeof(advertisement)), 0);
	assert_int_equal(receive(lab, lab->sgw, out, sizeof(out), &name), 8 + sizeof(advertisement));
	assert_memory_equal(out + 8, advertisement, sizeof(advertisement));
}

// A gateway that was killed: its keeper has the socket, the next one finds the interface and its routes, and what came meanwhile.
static void what_came_meanwhile_is_delivered(void **state)
{
	struct lab *lab = *state;
	struct ip_end sim = end_of("10.0.0.1", 4000);
	struct sockaddr_storage name;
	struct dp_slice *slice;
	uint8_t out[2048];
	int kept, again;

	assert_int_equal(sims_open(&kept), 0);
	assert_int_equal(sendto(lab->server, "meanwhile", 9, 0, (struct sockaddr *)&name, ip_end_to_sockaddr(&sim, &name)), 9);
	assert_int_equal(receive(lab, lab->sgw, out, sizeof(out), &name), 8 + 28 + 9);
	assert_int_equal(dp_slice_new(lab->dp, kept, &slice), 0); // the held one: the same packet waits in it
	for (unsigned turn = 0; turn < 3; turn++)
		uv_run(&lab->loop, UV_RUN_NOWAIT);
	assert_int_equal(dp_drops(lab->dp, DP_DROP_INNER_UNKNOWN_DESTINATION), 1); // it has no sessions of its own in this test
	dp_slice_free(&slice);
	assert_int_equal(sims_open(&again), 0);
	close(again);
	echo(lab, lab->server, "10.0.0.1", SERVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_sim_talks_to_a_server_in_its_slice, setup, teardown),
		cmocka_unit_test_setup_teardown(two_sims_talk_through_the_slice, setup, teardown),
		cmocka_unit_test_setup_teardown(who_is_not_there_hears_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_router_solicitation_goes_up, setup, teardown),
		cmocka_unit_test_setup_teardown(what_came_meanwhile_is_delivered, setup, teardown),
	};

	if (unshare(CLONE_NEWNET)) {
		fprintf(stderr, "skipped: no network namespace can be made\n");
		return 77;
	}
	return cmocka_run_group_tests_name("sims", tests, NULL, NULL);
}
