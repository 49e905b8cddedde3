// SPDX-License-Identifier: Apache-2.0
// What the packet bench loads: the soft data plane with sessions installed, or a bare echo to measure it by.
//
//   bench_relay echo ADDRESS:PORT
//   bench_relay soft GTPU LAC SGW LNS SESSIONS     session i: TEID 0x100000 + i, tunnel 1, session i, SIM 10.0.0.0 + i (from 1)
//
// Writes "ready" when it listens and runs until its standard input ends.
#include "base/addr.h"
#include "gateway/dataplane/dataplane.h"
#include "gateway/udp.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOT 2048

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct ip_end end_of(const char *text)
{
	struct ip_end end = {0};
	char copy[IP_END_TEXT], *colon;

	snprintf(copy, sizeof(copy), "%s", text);
	colon = strrchr(copy, ':');
	if (!colon)
		die(text);
	*colon = 0;
	if (ip_addr_parse(copy, &end.addr))
		die(text);
	end.port = (uint16_t)strtoul(colon + 1, NULL, 10);
	return end;
}

static int open_at(const struct ip_end *end)
{
	int fd = -1, error = udp_open(end, &fd);

	if (error) {
		fprintf(stderr, "bind: %s\n", strerror(-error));
		exit(1);
	}
	return fd;
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

// poll, recvmmsg 64, sendmmsg of the same: as bare as it can be.
static int echo(const char *address)
{
	static uint8_t slots[UDP_BATCH][SLOT];
	struct sockaddr_in peers[UDP_BATCH];
	struct iovec iov[UDP_BATCH];
	struct mmsghdr messages[UDP_BATCH];
	struct ip_end end = end_of(address);
	struct pollfd polls[2] = {{.fd = open_at(&end), .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};

	for (unsigned i = 0; i < UDP_BATCH; i++) {
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = &peers[i],
			.msg_iov = &iov[i],
			.msg_iovlen = 1,
		};
	}
	ready();
	for (;;) {
		int got;

		poll(polls, 2, -1);
		if (polls[1].revents)
			return 0;
		for (unsigned i = 0; i < UDP_BATCH; i++) {
			iov[i] = (struct iovec){slots[i], SLOT};
			messages[i].msg_hdr.msg_namelen = sizeof(peers[i]);
		}
		got = recvmmsg(polls[0].fd, messages, UDP_BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < got; i++)
			iov[i].iov_len = messages[i].msg_len;
		for (int done = 0; done < got;) {
			int sent = sendmmsg(polls[0].fd, messages + done, (unsigned)(got - done), MSG_DONTWAIT);

			done += sent > 0 ? sent : 1;
		}
	}
}

static void on_gtpu(void *owner, const struct ip_end *peer, const uint8_t *datagram, size_t len)
{
}

static void on_l2tp_control(
	void *owner, struct dp_lac *lac, void *lac_owner, const struct ip_end *peer, const uint8_t *datagram, size_t len)
{
}

static void on_l2tp_frame(
	void *owner, struct dp_lac *lac, void *lac_owner, const struct ip_end *peer, const struct dp_l2tp_frame *frame)
{
}

static void on_stdin(uv_poll_t *poll, int status, int events)
{
	uv_stop(poll->loop);
}

static void must(int error, const char *what)
{
	if (error) {
		fprintf(stderr, "%s: %s\n", what, strerror(-error));
		exit(1);
	}
}

static int soft(char **args)
{
	struct dp_host host = {.on_gtpu = on_gtpu, .on_l2tp_control = on_l2tp_control, .on_l2tp_frame = on_l2tp_frame};
	struct ip_end gtpu = end_of(args[0]), lac_end = end_of(args[1]), sgw = end_of(args[2]), lns = end_of(args[3]);
	struct dp_framing framing = {.address_control = true};
	uint32_t sessions = (uint32_t)strtoul(args[4], NULL, 10);
	struct dp_session_spec spec = {.peer = sgw, .mtu = 1500};
	uv_poll_t poll;
	struct dp_lac *lac;
	uv_loop_t loop;
	struct dp *dp;

	uv_loop_init(&loop);
	must(dp_new(&loop, open_at(&gtpu), &host, sessions, &dp), "dp_new");
	must(dp_lac_new(dp, open_at(&lac_end), &lac_end, NULL, &lac), "dp_lac_new");
	for (uint32_t i = 1; i <= sessions; i++) {
		struct dp_session *session;

		if (i % 60000 == 1) // a tunnel for so many session ids
			must(dp_tunnel_new(
				     lac, (uint16_t)(1 + i / 60000), (uint16_t)(1 + i / 60000), &lns, &framing, &spec.tunnel),
				"tunnel");
		spec.local_teid = 0x10000000u + i;
		spec.peer_teid = i;
		spec.local_session_id = spec.peer_session_id = (uint16_t)(1 + (i - 1) % 60000);
		spec.ue = ip_addr_v4(0x0a000000u + i);
		must(dp_session_add(dp, &spec, &session), "dp_session_add");
	}
	uv_poll_init(&loop, &poll, STDIN_FILENO);
	uv_poll_start(&poll, UV_READABLE | UV_DISCONNECT, on_stdin);
	ready();
	uv_run(&loop, UV_RUN_DEFAULT);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "echo") == 0)
		return echo(argv[2]);
	if (argc == 7 && strcmp(argv[1], "soft") == 0)
		return soft(argv + 2);
	fprintf(stderr, "usage: bench_relay echo END | soft GTPU LAC SGW LNS SESSIONS\n");
	return 2;
}
