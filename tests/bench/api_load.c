// SPDX-License-Identifier: Apache-2.0
// A load of HTTP requests over kept connections, and how long each took.
//
// Usage: api_load PORT CONNECTIONS SECONDS RATE TOKEN METHOD PATHS [BODIES]
//   RATE 0: each connection sends its next request when it has the answer (a closed loop: requests a second). It never sleeps: to wake it would
//     cost a server that is slower than it, and spare one that is faster
//   RATE n: n requests a second in all, at their times; how long one took counts from when it was due, sent or not (an open loop: delays)
//   PATHS, BODIES: files of lines, taken in turn; without BODIES none is sent
// Ends early at SIGTERM or when stdin is closed ("-" as SECONDS). Prints one line of JSON.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64
#define ANSWER_MAX (4 << 20)
#define TIMES_MAX (16 << 20)

struct lines {
	char **items;
	size_t count, next;
};

struct connection {
	int fd;
	char *in;
	size_t len;
	uint64_t due_ns; // of the request under way, or of the next
	bool busy;
};

static struct {
	struct connection connections[CONNECTIONS_MAX];
	struct lines paths, bodies;
	const char *token, *method;
	float *times_ms;
	size_t count, failed, octets;
	int last_failure;
} load;

static volatile sig_atomic_t ended;

static void on_end(int number)
{
	(void)number;
	ended = 1;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void lines_read(struct lines *lines, const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0, items = 0;

	if (!file)
		die(path);
	while (getline(&line, &room, file) > 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (lines->count == items) {
			items = items ? items * 2 : 1024;
			if (!(lines->items = realloc(lines->items, items * sizeof(*lines->items))))
				die("lines");
		}
		lines->items[lines->count++] = strdup(line);
	}
	free(line);
	fclose(file);
}

static const char *lines_next(struct lines *lines)
{
	return lines->items[lines->next++ % lines->count];
}

static void connection_open(struct connection *connection, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int on = 1;

	connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connection->fd < 0 || connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die("connect");
	setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (!connection->in && !(connection->in = malloc(ANSWER_MAX)))
		die("malloc");
	connection->len = 0;
}

static void send_request(struct connection *connection)
{
	static char request[1 << 20];
	const char *body = load.bodies.count ? lines_next(&load.bodies) : "";
	size_t body_len = strlen(body);
	int len = snprintf(request, sizeof(request),
		"%s %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n%sContent-Length: %zu\r\n\r\n%s", load.method,
		lines_next(&load.paths), load.token, body_len ? "Content-Type: application/json\r\n" : "", body_len, body);

	for (int at = 0; at < len;) {
		ssize_t sent = send(connection->fd, request + at, (size_t)(len - at), MSG_NOSIGNAL);

		if (sent < 0)
			die("send");
		at += (int)sent;
	}
	connection->busy = true;
}

// True when the whole answer is there.
static bool take_answer(struct connection *connection)
{
	ssize_t got = recv(connection->fd, connection->in + connection->len, ANSWER_MAX - connection->len - 1, 0);

	if (got <= 0)
		die("recv");
	connection->len += (size_t)got;
	connection->in[connection->len] = '\0';
	char *end = strstr(connection->in, "\r\n\r\n"), *length = strcasestr(connection->in, "Content-Length:");

	if (!end || !length || connection->len < (size_t)(end + 4 - connection->in) + strtoul(length + 15, NULL, 10))
		return false;
	int status = atoi(connection->in + 9);

	if (status != 200) {
		if (!load.failed)
			fprintf(stderr, "api_load: %.600s\n", connection->in);
		load.failed++;
		load.last_failure = status;
	}
	load.octets = connection->len - (size_t)(end + 4 - connection->in);
	connection->len = 0;
	connection->busy = false;
	if (load.count < TIMES_MAX)
		load.times_ms[load.count++] = (float)((double)(now_ns() - connection->due_ns) / 1e6);
	return true;
}

static int by_time(const void *a, const void *b)
{
	float left = *(const float *)a, right = *(const float *)b;

	return (left > right) - (left < right);
}

static void run(size_t connections, double seconds, double rate, bool until_closed)
{
	struct pollfd polls[CONNECTIONS_MAX + 1];
	uint64_t start = now_ns(), interval = rate > 0 ? (uint64_t)(1e9 / rate) : 0, next_due = start;

	while (!ended && (until_closed || (double)(now_ns() - start) < seconds * 1e9)) {
		uint64_t now = now_ns();

		for (size_t i = 0; i < connections; i++) {
			struct connection *connection = &load.connections[i];

			if (!connection->busy && (!interval || next_due <= now)) {
				connection->due_ns = interval ? next_due : now;
				next_due += interval;
				send_request(connection);
			}
			polls[i] = (struct pollfd){connection->fd, connection->busy ? POLLIN : 0, 0};
		}
		polls[connections] = (struct pollfd){until_closed ? STDIN_FILENO : -1, POLLIN, 0};
		struct timespec wait = {0,
			!interval		 ? 0
				: next_due > now ? (long)(next_due - now > 900000000 ? 900000000 : next_due - now)
						 : 100000000};

		if (ppoll(polls, connections + 1, &wait, NULL) < 0 && errno != EINTR)
			die("poll");
		ended |= polls[connections].revents != 0;
		for (size_t i = 0; i < connections; i++)
			if (polls[i].revents)
				take_answer(&load.connections[i]);
	}
	seconds = (double)(now_ns() - start) / 1e9;
	qsort(load.times_ms, load.count, sizeof(*load.times_ms), by_time);
#define AT(part) (load.count ? (double)load.times_ms[(size_t)((double)(load.count - 1) * (part))] : 0)
	printf("{\"requests\":%zu,\"failed\":%zu,\"status\":%d,\"seconds\":%.3f,\"rate\":%.0f,\"octets\":%zu,\"p50\":%.3f,"
	       "\"p99\":%.3f,"
	       "\"max\":%.3f}\n",
		load.count, load.failed, load.last_failure, seconds, (double)load.count / seconds, load.octets, AT(0.5), AT(0.99),
		AT(1));
}

int main(int argc, char **argv)
{
	size_t connections = argc > 7 ? strtoul(argv[2], NULL, 10) : 0;

	if (!connections || connections > CONNECTIONS_MAX) {
		fprintf(stderr, "usage: api_load PORT CONNECTIONS SECONDS RATE TOKEN METHOD PATHS [BODIES]\n");
		return 2;
	}
	signal(SIGTERM, on_end);
	load.token = argv[5];
	load.method = argv[6];
	lines_read(&load.paths, argv[7]);
	if (argc > 8)
		lines_read(&load.bodies, argv[8]);
	if (!(load.times_ms = malloc(TIMES_MAX * sizeof(*load.times_ms))))
		die("malloc");
	for (size_t i = 0; i < connections; i++)
		connection_open(&load.connections[i], (uint16_t)atoi(argv[1]));
	run(connections, atof(argv[3]), atof(argv[4]), strcmp(argv[3], "-") == 0);
	return 0;
}
