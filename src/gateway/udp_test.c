// SPDX-License-Identifier: Apache-2.0
#include "gateway/udp.h"

#include "base/clean.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

// A loop with up to three sockets on loopback; what arrives is written down.
struct node {
	struct udp *udp;
	int fd;
	struct ip_end end;
	uint32_t got, batches;
	size_t last_len;
	uint8_t last[256];
	uint8_t all[256]; // first octets, in order of arrival
	struct ip_end last_peer;
	struct node *forward_to; // every datagram goes on from here, borrowed, with four octets put in front of it
	struct ip_end forward_peer;
	bool free_at_first;
};

struct lab {
	uv_loop_t loop;
	uv_timer_t guard;
	struct node a, b, c;
	uint32_t wanted; // at c
};

// How many calls of sendmmsg still find the kernel's buffer full (linked with --wrap).
static unsigned no_room;

int __real_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	if (!no_room)
		return __real_sendmmsg(fd, messages, count, flags);
	no_room--;
	errno = EAGAIN;
	return -1;
}

static void on_datagram(void *owner, const struct ip_end *peer, uint8_t *datagram, size_t len)
{
	struct node *node = owner;

	node->all[node->got++ % sizeof(node->all)] = datagram[0];
	node->last_len = len;
	node->last_peer = *peer;
	memcpy(node->last, datagram, len < sizeof(node->last) ? len : sizeof(node->last));
	if (node->forward_to) {
		memcpy(datagram - 4, "head", 4);
		assert_int_equal(udp_send_borrowed(node->forward_to->udp, &node->forward_peer, datagram - 4, len + 4, false), 0);
	}
	if (node->free_at_first)
		udp_free(&node->udp);
}

static void on_batch_end(void *owner)
{
	((struct node *)owner)->batches++;
}

static void node_open(struct lab *lab, struct node *node)
{
	struct udp_host host = {.on_datagram = on_datagram, .on_batch_end = on_batch_end, .owner = node};
	struct ip_end any = {.addr = ip_addr_v4(INADDR_LOOPBACK)};
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);

	assert_int_equal(udp_open(&any, &node->fd), 0);
	assert_int_equal(getsockname(node->fd, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(ip_end_from_sockaddr((struct sockaddr *)&name, &node->end), 0);
	assert_int_equal(udp_new(&lab->loop, node->fd, &host, &node->udp), 0);
}

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_int_equal(uv_loop_init(&lab->loop), 0);
	uv_timer_init(&lab->loop, &lab->guard);
	node_open(lab, &lab->a);
	node_open(lab, &lab->b);
	node_open(lab, &lab->c);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	udp_free(&lab->a.udp);
	udp_free(&lab->b.udp);
	udp_free(&lab->c.udp);
	uv_close((uv_handle_t *)&lab->guard, NULL);
	uv_run(&lab->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&lab->loop), 0);
	free(lab);
	return 0;
}

static void on_guard(uv_timer_t *guard)
{
	uv_stop(guard->loop);
}

// Turns the loop until `node` has `count` datagrams; five seconds are the bound of a failure.
static void run_until(struct lab *lab, const struct node *node, uint32_t count)
{
	uint64_t start = uv_hrtime();

	uv_timer_start(&lab->guard, on_guard, 20, 20);
	while (node->got < count && uv_hrtime() - start < 5000000000ull)
		uv_run(&lab->loop, UV_RUN_ONCE);
	uv_timer_stop(&lab->guard);
	assert_int_equal(node->got, count);
}

static void queued_datagrams_leave_at_the_end_of_the_turn(void **state)
{
	struct lab *lab = *state;
	char text[4] = "one";

	assert_int_equal(udp_send(lab->a.udp, &lab->b.end, text, 3, true), 0);
	memcpy(text, "bad", 3); // the queue has its own copy
	assert_int_equal(udp_send(lab->a.udp, &lab->b.end, "two!", 4, true), 0);
	run_until(lab, &lab->b, 2);
	assert_int_equal(lab->b.last_len, 4);
	assert_memory_equal(lab->b.last, "two!", 4);
	assert_true(ip_end_equal(&lab->b.last_peer, &lab->a.end));
	assert_int_equal(udp_send_errors(lab->a.udp), 0);
}

static void forwards_in_place_through_another_socket(void **state)
{
	struct lab *lab = *state;

	lab->b.forward_to = &lab->a; // in by b, out by a to c
	lab->b.forward_peer = lab->c.end;
	for (uint32_t i = 0; i < 200; i++) {
		assert_int_equal(udp_send(lab->c.udp, &lab->b.end, &i, sizeof(i), true), 0);
		if (i % 50 == 49)
			udp_flush(lab->c.udp);
	}
	run_until(lab, &lab->c, 200);
	assert_int_equal(lab->c.last_len, 8);
	assert_memory_equal(lab->c.last, "head", 4);
	assert_int_equal(lab->c.last[4], 199);
	assert_true(ip_end_equal(&lab->c.last_peer, &lab->a.end));
	assert_true(lab->b.batches >= 4 && lab->b.batches <= 200);
}

static void a_full_queue_leaves_at_once(void **state)
{
	struct lab *lab = *state;
	static uint8_t big[60000];

	for (unsigned i = 0; i < 20; i++) // more than the copy room holds
		assert_int_equal(udp_send(lab->a.udp, &lab->b.end, big, sizeof(big), true), 0);
	run_until(lab, &lab->b, 20);
	assert_int_equal(lab->b.last_len, sizeof(big));
	for (unsigned i = 0; i < 1000; i++) // more than there are entries
		assert_int_equal(udp_send(lab->a.udp, &lab->c.end, big, 100, true), 0);
	run_until(lab, &lab->c, 1000);
	assert_int_equal(udp_send(lab->a.udp, &lab->c.end, big, 65536, true), -EMSGSIZE);
}

static void copies_wait_for_room_and_borrowed_ones_do_not(void **state)
{
	struct lab *lab = *state;
	static const char order[] = "134";
	uint8_t octet;

	no_room = 1;
	assert_int_equal(udp_send(lab->a.udp, &lab->b.end, "1", 1, true), 0);
	assert_int_equal(udp_send_borrowed(lab->a.udp, &lab->b.end, "2", 1, true), 0);
	assert_int_equal(udp_send(lab->a.udp, &lab->b.end, "3", 1, false), 0);
	udp_flush(lab->a.udp);
	assert_int_equal(no_room, 0);
	assert_int_equal(udp_send_errors(lab->a.udp), 1);
	assert_int_equal(udp_send(lab->a.udp, &lab->b.end, "4", 1, true), 0);
	udp_flush(lab->a.udp); // may not overtake
	assert_int_equal(recv(lab->b.fd, &octet, 1, MSG_DONTWAIT), -1); // all of them wait
	run_until(lab, &lab->b, 3);
	assert_memory_equal(lab->b.all, order, 3);
	for (unsigned i = 0; i < 300; i++) { // the backlog is bounded
		no_room = 1;
		assert_int_equal(udp_send(lab->a.udp, &lab->c.end, "x", 1, true), 0);
		udp_flush(lab->a.udp);
	}
	no_room = 0;
	assert_int_equal(udp_send_errors(lab->a.udp), 1 + 300 - 256);
	run_until(lab, &lab->c, 256);
}

static void the_checksum_is_set_by_datagram(void **state)
{
	struct lab *lab = *state;
	struct ip_end any = {.addr = ip_addr_v4(INADDR_LOOPBACK)};
	_cleanup_close_ int raw = socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
	struct sockaddr_storage local;
	static const bool want[] = {true, false, false, true, false};
	unsigned seen = 0;
	uint8_t packet[64];

	if (raw < 0)
		skip(); // needs root
	assert_int_equal(bind(raw, (struct sockaddr *)&local, ip_end_to_sockaddr(&any, &local)), 0);
	for (size_t i = 0; i < array_len(want); i++)
		assert_int_equal(udp_send(lab->a.udp, &lab->b.end, &(uint8_t){(uint8_t)i}, 1, want[i]), 0);
	udp_flush(lab->a.udp);
	while (seen < array_len(want)) {
		ssize_t len = recv(raw, packet, sizeof(packet), MSG_DONTWAIT);

		assert_true(len > 0);
		if (len != 29 || (packet[22] << 8 | packet[23]) != lab->b.end.port)
			continue; // another test of this machine
		assert_int_equal(packet[28], seen);
		assert_int_equal((packet[26] | packet[27]) != 0, want[seen]);
		seen++;
	}
}

static void refused_datagrams_are_counted_and_the_rest_goes_on(void **state)
{
	struct lab *lab = *state;
	struct ip_end nowhere = {.addr = ip_addr_v4(0xffffffff), .port = 9}; // broadcast without SO_BROADCAST: EACCES

	assert_int_equal(udp_send(lab->a.udp, &lab->b.end, "1", 1, true), 0);
	assert_int_equal(udp_send(lab->a.udp, &nowhere, "2", 1, true), 0);
	assert_int_equal(udp_send(lab->a.udp, &lab->b.end, "3", 1, true), 0);
	run_until(lab, &lab->b, 2);
	assert_int_equal(lab->b.last[0], '3');
	assert_int_equal(udp_send_errors(lab->a.udp), 1);
	assert_int_equal(udp_send(lab->a.udp, &(struct ip_end){0}, "x", 1, true), -EAFNOSUPPORT);
}

static void a_socket_may_be_freed_by_its_own_callback(void **state)
{
	struct lab *lab = *state;

	lab->b.free_at_first = true;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(udp_send(lab->a.udp, &lab->b.end, "x", 1, true), 0);
	assert_int_equal(udp_send(lab->a.udp, &lab->c.end, "y", 1, true), 0);
	run_until(lab, &lab->c, 1);
	run_until(lab, &lab->b, 1);
	assert_null(lab->b.udp);
	assert_int_equal(lab->b.batches, 0);
}

static void the_last_words_of_a_freed_socket_are_sent(void **state)
{
	struct lab *lab = *state;

	assert_int_equal(udp_send(lab->a.udp, &lab->b.end, "bye", 3, true), 0);
	udp_free(&lab->a.udp);
	run_until(lab, &lab->b, 1);
	assert_memory_equal(lab->b.last, "bye", 3);
}

static void ipv6_is_no_different(void **state)
{
	struct lab *lab = *state;
	struct node node = {0};
	struct udp_host host = {.on_datagram = on_datagram, .on_batch_end = on_batch_end, .owner = &node};
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);

	assert_int_equal(ip_addr_parse("::1", &node.end.addr), 0);
	if (udp_open(&node.end, &node.fd) == -EADDRNOTAVAIL)
		skip(); // a machine without IPv6
	assert_int_equal(getsockname(node.fd, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(ip_end_from_sockaddr((struct sockaddr *)&name, &node.end), 0);
	assert_int_equal(udp_new(&lab->loop, node.fd, &host, &node.udp), 0);
	assert_int_equal(udp_send(node.udp, &node.end, "six", 3, true), 0);
	run_until(lab, &node, 1);
	assert_memory_equal(node.last, "six", 3);
	assert_true(ip_end_equal(&node.last_peer, &node.end));
	udp_free(&node.udp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(queued_datagrams_leave_at_the_end_of_the_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(forwards_in_place_through_another_socket, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_queue_leaves_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(copies_wait_for_room_and_borrowed_ones_do_not, setup, teardown),
		cmocka_unit_test_setup_teardown(the_checksum_is_set_by_datagram, setup, teardown),
		cmocka_unit_test_setup_teardown(refused_datagrams_are_counted_and_the_rest_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(a_socket_may_be_freed_by_its_own_callback, setup, teardown),
		cmocka_unit_test_setup_teardown(the_last_words_of_a_freed_socket_are_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(ipv6_is_no_different, setup, teardown),
	};

	return cmocka_run_group_tests_name("udp", tests, NULL, NULL);
}
