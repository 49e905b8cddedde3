// SPDX-License-Identifier: Apache-2.0
// The loop of a simulator. Before it sleeps, all batches leave and the one timer is set to what the host wants next; so the host
// never deals with timers or flushing, whatever happened in this turn.

#include "sim/io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clean.h"
#include "sim/net.h"

#define LINE_MAX_LEN 1024
#define ANSWER_MAX 65536

struct client {
	uv_pipe_t pipe;
	struct io *io;
	char line[LINE_MAX_LEN];
	size_t len;
};

struct answer {
	uv_write_t request;
	char text[];
};

uint64_t io_ms(void)
{
	return uv_hrtime() / 1000000;
}

uint64_t io_us(void)
{
	return uv_hrtime() / 1000;
}

static void on_timer(uv_timer_t *timer)
{
	struct io *io = timer->data;

	io->host->tick(io->host->owner, io_ms());
}

static void before_sleep(uv_prepare_t *prepare)
{
	struct io *io = prepare->data;
	uint64_t next = io->host->next(io->host->owner), now_ms = io_ms();

	net_flush_all(io->nets);
	if (next == UINT64_MAX) {
		uv_timer_stop(&io->timer);
	} else {
		uv_update_time(&io->loop); // the wait counts from now, not from when this turn began
		uv_timer_start(&io->timer, on_timer, next > now_ms ? next - now_ms : 0, 0);
	}
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct io *io = handle->data;

	io->host->signal(io->host->owner, number);
}

int io_init(struct io *io, const struct io_host *host)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
	int error = uv_loop_init(&io->loop);

	if (error)
		return error;
	io->host = host;
	uv_prepare_init(&io->loop, &io->prepare);
	io->prepare.data = io;
	uv_prepare_start(&io->prepare, before_sleep);
	uv_timer_init(&io->loop, &io->timer);
	io->timer.data = io;
	for (size_t i = 0; i < array_len(numbers); i++) {
		uv_signal_init(&io->loop, &io->signals[i]);
		io->signals[i].data = io;
		uv_signal_start(&io->signals[i], on_signal, numbers[i]);
	}
	return 0;
}

int io_run(struct io *io)
{
	uv_run(&io->loop, UV_RUN_DEFAULT);
	return io->status;
}

void io_stop(struct io *io, int status)
{
	io->status = status;
	net_flush_all(io->nets);
	uv_stop(&io->loop);
}

static void close_handle(uv_handle_t *handle, void *)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void io_fini(struct io *io)
{
	if (io->control_path)
		unlink(io->control_path);
	free(io->control_path);
	uv_walk(&io->loop, close_handle, NULL);
	uv_run(&io->loop, UV_RUN_NOWAIT);
	uv_loop_close(&io->loop);
}

static void on_client_closed(uv_handle_t *handle)
{
	free(container_of(handle, struct client, pipe));
}

static void on_answered(uv_write_t *request, int)
{
	free(container_of(request, struct answer, request));
}

// One line, one answer, which ends with an empty line.
static void run_line(struct client *client, char *line)
{
	struct answer *answer = calloc(1, sizeof(*answer) + ANSWER_MAX);
	uv_buf_t buffer;
	size_t len;

	if (!answer)
		return;
	client->io->host->command(client->io->host->owner, line, answer->text, ANSWER_MAX - 2);
	len = strlen(answer->text);
	answer->text[len] = '\n';
	buffer = uv_buf_init(answer->text, (unsigned int)len + 1);
	if (uv_write(&answer->request, (uv_stream_t *)&client->pipe, &buffer, 1, on_answered) < 0)
		free(answer);
}

static void on_alloc(uv_handle_t *handle, size_t, uv_buf_t *buffer)
{
	struct client *client = container_of(handle, struct client, pipe);

	*buffer = uv_buf_init(client->line + client->len, (unsigned int)(sizeof(client->line) - 1 - client->len));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *)
{
	struct client *client = container_of(stream, struct client, pipe);
	char *end;

	if (count < 0) {
		uv_close((uv_handle_t *)stream, on_client_closed);
		return;
	}
	client->len += (size_t)count;
	client->line[client->len] = 0;
	while ((end = strchr(client->line, '\n'))) {
		*end = 0;
		run_line(client, client->line);
		client->len -= (size_t)(end + 1 - client->line);
		memmove(client->line, end + 1, client->len + 1);
	}
	if (client->len == sizeof(client->line) - 1) // no line is that long
		client->len = 0;
}

static void on_connect(uv_stream_t *server, int status)
{
	struct client *client = status < 0 ? NULL : calloc(1, sizeof(*client));

	if (!client)
		return;
	client->io = server->data;
	uv_pipe_init(server->loop, &client->pipe, 0);
	if (uv_accept(server, (uv_stream_t *)&client->pipe) < 0 ||
		uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read) < 0)
		uv_close((uv_handle_t *)&client->pipe, on_client_closed);
}

int io_listen(struct io *io, const char *path)
{
	int error;

	unlink(path);
	uv_pipe_init(&io->loop, &io->control, 0);
	io->control.data = io;
	error = uv_pipe_bind(&io->control, path);
	if (!error)
		error = uv_listen((uv_stream_t *)&io->control, 8, on_connect);
	if (!error)
		io->control_path = strdup(path);
	return error;
}

int io_tell(const char *path, int count, char **words)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char line[LINE_MAX_LEN] = "", answer[4096], last = '\n';
	size_t at = 0;
	ssize_t got;

	if (strlen(path) >= sizeof(to.sun_path)) {
		fprintf(stderr, "slicegate-sim: %s: too long for a socket's name\n", path);
		return 2;
	}
	strcpy(to.sun_path, path);
	for (int i = 0; i < count && at < sizeof(line); i++)
		at += (size_t)snprintf(line + at, sizeof(line) - at, "%s%s", words[i], i + 1 < count ? " " : "\n");
	if (at >= sizeof(line) || fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
		write(fd, line, at) != (ssize_t)at) {
		fprintf(stderr, "slicegate-sim: %s: %m\n", path);
		return 1;
	}
	while ((got = read(fd, answer, sizeof(answer))) > 0) {
		bool is_end = answer[got - 1] == '\n' && (got > 1 ? answer[got - 2] : last) == '\n'; // the empty line

		fwrite(answer, 1, (size_t)got - is_end, stdout);
		if (is_end)
			break;
		last = answer[got - 1];
	}
	return 0;
}
