// SPDX-License-Identifier: Apache-2.0
// The packet bench's load: sends packets at one side, takes them at the other, and never has more than a window of them under way, so
// that none is lost for want of room and the relay always has work.
//
//   bench_load KIND OCTETS PACKETS SESSIONS FROM TO VIA      FROM and TO are [netns/]ADDRESS:PORT, VIA the relay's ADDRESS:PORT
//   bench_load bare OCTETS PACKETS 1 FROM TO VIA TEID SIM
//   KIND: up (G-PDUs from FROM, L2TP at TO), down (L2TP from FROM, G-PDUs at TO), echo (G-PDUs from FROM and back), bare (G-PDUs of one session from
//   FROM, their packets at TO)
//
// OCTETS is the inner packet's size. Writes one line: sent, received, octets of a datagram received, nanoseconds.
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define WINDOW 512 // well below net.core.netdev_max_backlog
#define WINDOW_BARE 128 // what another's socket has room for
#define SLOT 2048

struct load {
	char kind;
	uint32_t sessions, random;
	size_t inner, len, window;
	uint32_t teid, sim, to_addr; // of "bare"; be but for the first
	uint16_t to_port; // be
	struct sockaddr_in via;
	int from, to;
	uint8_t out[BATCH][SLOT], in[BATCH][SLOT];
	struct iovec out_iov[BATCH], in_iov[BATCH];
	struct mmsghdr out_messages[BATCH], in_messages[BATCH];
};

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in end_of(const char *text)
{
	struct sockaddr_in end = {.sin_family = AF_INET};
	char copy[64], *colon;

	snprintf(copy, sizeof(copy), "%s", text);
	colon = strrchr(copy, ':');
	if (!colon)
		die(text);
	*colon = 0;
	if (inet_pton(AF_INET, copy, &end.sin_addr) != 1)
		die(text);
	end.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	return end;
}

static int open_at(const char *text)
{
	const char *slash = strchr(text, '/');
	struct sockaddr_in end = end_of(slash ? slash + 1 : text);
	int fd, size = 16 << 20;

	if (slash) {
		char path[256];
		int netns;

		snprintf(path, sizeof(path), "/run/netns/%.*s", (int)(slash - text), text);
		netns = open(path, O_RDONLY | O_CLOEXEC);
		if (netns < 0 || setns(netns, CLONE_NEWNET) < 0)
			die(path);
		close(netns);
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&end, sizeof(end)) < 0)
		die(text);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return fd;
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

// A G-PDU whose packet a network stack will forward.
static void fill_bare(struct load *load, uint8_t *datagram)
{
	uint8_t *ip = datagram + 8;
	uint32_t sum = 0;

	put32(datagram + 4, load->teid);
	memcpy(ip + 12, &load->sim, 4);
	memcpy(ip + 16, &load->to_addr, 4);
	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~(sum + (sum >> 16)) & 0xffff);
	put16(ip + 20, 4096);
	memcpy(ip + 22, &load->to_port, 2);
	put16(ip + 24, (uint32_t)load->inner - 20);
}

// A datagram whole but for the session: UDP in IPv4 in GTP-U or L2TP.
static void fill(struct load *load, uint8_t *datagram)
{
	uint8_t *ip = datagram + (load->kind == 'd' ? 10 : 8);

	memset(datagram, 0, SLOT);
	if (load->kind == 'd') {
		memcpy(datagram, "\0\2\0\1\0\0\xff\3\0\x21", 10);
	} else {
		memcpy(datagram, "\x30\xff", 2);
		put16(datagram + 2, (uint32_t)load->inner);
	}
	memcpy(ip, "\x45\0\0\0\0\1\0\0\x40\x11\0\0\xc0\xa8\1\1\xc0\xa8\1\1", 20);
	put16(ip + 2, (uint32_t)load->inner);
	load->len = (size_t)(ip - datagram) + load->inner;
	if (load->kind == 'b')
		fill_bare(load, datagram);
}

static void address(struct load *load, uint8_t *datagram)
{
	uint32_t session;

	if (load->kind == 'b')
		return;
	load->random = load->random * 1664525u + 1013904223u;
	session = 1 + (uint32_t)((uint64_t)load->random * load->sessions >> 32);
	if (load->kind == 'd') {
		put16(datagram + 2, 1 + session / 60000);
		put16(datagram + 4, 1 + (session - 1) % 60000);
		put32(datagram + 10 + 16, 0x0a000000u + session);
	} else {
		put32(datagram + 4, 0x10000000u + session);
		put32(datagram + 8 + 12, 0x0a000000u + session);
	}
}

static void prepare(struct load *load)
{
	for (unsigned i = 0; i < BATCH; i++) {
		fill(load, load->out[i]);
		load->out_iov[i] = (struct iovec){load->out[i], load->len};
		load->in_iov[i] = (struct iovec){load->in[i], SLOT};
		load->out_messages[i].msg_hdr = (struct msghdr){
			.msg_name = &load->via, .msg_namelen = sizeof(load->via), .msg_iov = &load->out_iov[i], .msg_iovlen = 1};
		load->in_messages[i].msg_hdr = (struct msghdr){.msg_iov = &load->in_iov[i], .msg_iovlen = 1};
	}
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t drain(struct load *load, int timeout_ms)
{
	struct pollfd poll_of = {.fd = load->to, .events = POLLIN};
	int got = recvmmsg(load->to, load->in_messages, BATCH, MSG_DONTWAIT, NULL);

	if (got > 0)
		return (uint64_t)got;
	if (timeout_ms && poll(&poll_of, 1, timeout_ms) > 0)
		return drain(load, 0);
	return 0;
}

static void run(struct load *load, uint64_t packets)
{
	uint64_t sent = 0, got = 0, start = now_ns(), end;

	while (got < packets) {
		uint64_t more;

		while (sent < packets && sent - got + BATCH <= load->window) {
			unsigned count = packets - sent < BATCH ? (unsigned)(packets - sent) : BATCH;
			int done;

			for (unsigned i = 0; i < count; i++)
				address(load, load->out[i]);
			done = sendmmsg(load->from, load->out_messages, count, 0);
			if (done < 0)
				die("sendmmsg");
			sent += (uint64_t)done;
		}
		more = drain(load, 1000);
		if (more == 0)
			break; // what has not come in a second is lost
		got += more;
	}
	end = now_ns();
	printf("%lu %lu %u %lu\n", sent, got, load->in_messages[0].msg_len, end - start);
}

int main(int argc, char **argv)
{
	static struct load load;

	if (argc != 8 && argc != 10) {
		fprintf(stderr, "usage: bench_load up|down|echo|bare OCTETS PACKETS SESSIONS FROM TO VIA [TEID SIM]\n");
		return 2;
	}
	load.kind = argv[1][0];
	load.inner = strtoul(argv[2], NULL, 10);
	load.sessions = (uint32_t)strtoul(argv[4], NULL, 10);
	load.random = 1;
	load.window = load.kind == 'b' ? WINDOW_BARE : WINDOW;
	if (argc == 10) {
		struct sockaddr_in to = end_of(strchr(argv[6], '/') ? strchr(argv[6], '/') + 1 : argv[6]);

		load.teid = (uint32_t)strtoul(argv[8], NULL, 10);
		load.sim = inet_addr(argv[9]);
		load.to_addr = to.sin_addr.s_addr;
		load.to_port = to.sin_port;
	}
	load.from = open_at(argv[5]);
	load.to = load.kind == 'e' ? load.from : open_at(argv[6]);
	load.via = end_of(argv[7]);
	prepare(&load);
	run(&load, strtoull(argv[3], NULL, 10));
	return 0;
}
