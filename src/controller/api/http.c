// SPDX-License-Identifier: Apache-2.0
// The HTTP server.
//
// Each listening socket is a libmicrohttpd daemon without a thread of its own: its epoll descriptor is polled by the loop, and
// MHD_run is called when it is readable or its timeout is over. A request whose body is complete is given to the handler; if that does
// not answer at once, the connection is suspended until it does. So a slow store job costs a suspended connection and nothing else. An
// endless answer is a response from a callback that suspends its connection while there is nothing to send.
#include "controller/api/http.h"

#include "base/addr.h"
#include "base/clean.h"
#include "base/log.h"
#include "controller/api/http_bind.h"
#include "controller/api/pace.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

LOG_CATEGORY(http);

#define LISTEN_MAX 8
#define CONNECTIONS_MAX 4096
#define CONNECTION_MEMORY (24 * 1024) // head of a request included; the library clears it for each, and with it the CPU's cache
#define IDLE_SECONDS 60
#define STREAM_QUEUED (64 * 1024)
#define BODIES_MAX (256 * 1024 * 1024) // of all requests together: who sends them is not known yet

struct listener {
	struct http_server *server;
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer;
	char *unix_path, *certificate, *key;
	int fd;
	bool run_again; // a connection was resumed
};

struct http_server {
	uv_loop_t *loop;
	struct http_handler handler;
	struct listener listeners[LISTEN_MAX];
	size_t count;
	unsigned pending, handles;
	size_t bodies; // octets of bodies that are held
	struct pace pace;
	struct exchange *streams;
	bool stopping, freeing;
};

struct exchange {
	struct http_server *server;
	struct listener *listener;
	struct MHD_Connection *connection;
	struct pace_connection *pace;
	char address[IP_ADDR_TEXT], *path;
	const char *method; // the library's
	char *body;
	size_t len, room, max;
	bool too_large, suspended, given, answered;
	struct MHD_Response *response;
	int status;
	// Of a stream:
	bool is_stream, ending;
	struct exchange_source source;
	char *out;
	size_t out_at, out_len, out_room;
	struct exchange *next, **link;
};

static void listener_run(struct listener *listener);
static void on_timer(uv_timer_t *timer);

static void set_pace(struct exchange *exchange, enum pace_state state, size_t octets)
{
	pace_set(exchange->pace, state, octets, uv_now(exchange->server->loop));
}

static void exchange_free(struct exchange *exchange)
{
	exchange->server->bodies -= exchange->room;
	free(exchange->path);
	free(exchange->body);
	free(exchange->out);
	if (exchange->response)
		MHD_destroy_response(exchange->response);
	if (exchange->link) {
		*exchange->link = exchange->next;
		if (exchange->next)
			exchange->next->link = exchange->link;
	}
	free(exchange);
}

static void resume(struct exchange *exchange)
{
	if (!exchange->suspended)
		return;
	exchange->suspended = false;
	MHD_resume_connection(exchange->connection);
	// Not from within here: this may be called by the daemon itself.
	exchange->listener->run_again = true;
	uv_timer_start(&exchange->listener->timer, on_timer, 0, 0);
}

static int body_add(struct exchange *exchange, const char *bytes, size_t len)
{
	if (exchange->too_large || exchange->len + len > exchange->max) {
		exchange->too_large = true;
		return 0;
	}
	if (exchange->len + len + 1 > exchange->room) {
		size_t room = exchange->room ? exchange->room * 2 : 4096;

		while (room < exchange->len + len + 1)
			room *= 2;
		if (exchange->server->bodies + room > BODIES_MAX) {
			exchange->too_large = true;
			return 0;
		}
		char *body = realloc(exchange->body, room);

		if (!body)
			return -ENOMEM;
		exchange->body = body;
		exchange->server->bodies += room - exchange->room;
		exchange->room = room;
	}
	memcpy(exchange->body + exchange->len, bytes, len);
	exchange->len += len;
	exchange->body[exchange->len] = '\0';
	return 0;
}

static struct exchange *exchange_new(
	struct listener *listener, struct MHD_Connection *connection, const char *path, const char *method)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));
	struct http_server *server = listener->server;

	if (!exchange || !(exchange->path = strdup(path))) {
		free(exchange);
		return NULL;
	}
	exchange->server = server;
	exchange->listener = listener;
	exchange->connection = connection;
	exchange->pace = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	set_pace(exchange, PACE_RECEIVING, 0);
	// Of the answer to a HEAD the library sends the head only.
	exchange->method = strcmp(method, "HEAD") == 0 ? "GET" : method;
	exchange->max = server->handler.body_max(server->handler.owner, method, path);
	return exchange;
}

static enum MHD_Result on_access(void *context, struct MHD_Connection *connection, const char *path, const char *method,
	const char *version, const char *bytes, size_t *len, void **state)
{
	struct listener *listener = context;
	struct exchange *exchange = *state;

	(void)version;
	if (!exchange) {
		*state = exchange = exchange_new(listener, connection, path, method);
		return exchange ? MHD_YES : MHD_NO;
	}
	if (*len) {
		int error = body_add(exchange, bytes, *len);

		if (exchange->pace)
			exchange->pace->octets += *len;
		*len = 0;
		return error ? MHD_NO : MHD_YES;
	}
	if (exchange->response && !exchange->answered) {
		exchange->answered = true;
		return MHD_queue_response(connection, (unsigned)exchange->status, exchange->response);
	}
	if (exchange->given)
		return MHD_YES;
	exchange->given = true;
	set_pace(exchange, PACE_OURS, 0);
	listener->server->pending++;
	listener->server->handler.on_request(listener->server->handler.owner, exchange);
	if (exchange->response) { // at once: to suspend a connection and wake it up again costs as much as a whole small request
		exchange->answered = true;
		return MHD_queue_response(connection, (unsigned)exchange->status, exchange->response);
	}
	exchange->suspended = true;
	MHD_suspend_connection(connection);
	return MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *state;

	(void)context;
	(void)connection;
	(void)code;
	if (!exchange)
		return;
	*state = NULL;
	set_pace(exchange, PACE_IDLE, 0);
	if (exchange->is_stream && exchange->source.on_closed)
		exchange->source.on_closed(exchange->source.owner);
	exchange_free(exchange);
}

static void on_connection(
	void *context, struct MHD_Connection *connection, void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	struct listener *listener = context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*socket_context = pace_open(&listener->server->pace,
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
	else if (*socket_context)
		pace_close(*socket_context);
}

const char *exchange_method(const struct exchange *exchange)
{
	return exchange->method;
}

const char *exchange_path(const struct exchange *exchange)
{
	return exchange->path;
}

const char *exchange_query(struct exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *exchange_header(struct exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

const char *exchange_cookie(struct exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->connection, MHD_COOKIE_KIND, name);
}

bool exchange_is_secure(const struct exchange *exchange)
{
	return exchange->listener->certificate;
}

const char *exchange_address(struct exchange *exchange)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct ip_end end;

	if (exchange->listener->unix_path || !info || ip_end_from_sockaddr(info->client_addr, &end))
		return "unix";
	ip_addr_text(&end.addr, exchange->address);
	return exchange->address;
}

const char *exchange_body(const struct exchange *exchange, size_t *len)
{
	*len = exchange->len;
	return exchange->body;
}

bool exchange_is_too_large(const struct exchange *exchange)
{
	return exchange->too_large;
}

void exchange_reply(struct exchange *exchange, const struct exchange_answer *answer)
{
	const char *borrowed = answer->borrowed ? answer->borrowed : "";
	struct MHD_Response *response = MHD_create_response_from_buffer(answer->len,
		answer->body ? answer->body : (char *)borrowed, answer->body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);

	if (response) {
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
			answer->content_type ? answer->content_type : "application/json; charset=utf-8");
		MHD_add_response_header(
			response, MHD_HTTP_HEADER_CACHE_CONTROL, answer->cache_control ? answer->cache_control : "no-store");
		if (answer->content_encoding)
			MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, answer->content_encoding);
		for (size_t i = 0; i < answer->header_count; i++)
			MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
		if (answer->etag)
			MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, answer->etag);
		if (answer->allow)
			MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
		if (answer->status == 401)
			MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
	} else {
		free(answer->body);
	}
	exchange->response = response;
	exchange->status = answer->status;
	set_pace(exchange, PACE_SENDING, answer->len);
	exchange->server->pending--;
	resume(exchange);
}

static ssize_t on_read(void *context, uint64_t position, char *bytes, size_t max)
{
	struct exchange *exchange = context;
	size_t left = exchange->out_len - exchange->out_at;

	(void)position;
	if (!left) {
		exchange->out_at = exchange->out_len = 0;
		if (exchange->ending)
			return MHD_CONTENT_READER_END_OF_STREAM;
		if (exchange->source.on_drained)
			exchange->source.on_drained(exchange->source.owner);
		left = exchange->out_len;
		if (!left && exchange->ending) // it was that which ended it
			return MHD_CONTENT_READER_END_OF_STREAM;
	}
	if (!left) {
		exchange->suspended = true;
		MHD_suspend_connection(exchange->connection);
		return 0;
	}
	if (left > max)
		left = max;
	memcpy(bytes, exchange->out + exchange->out_at, left);
	exchange->out_at += left;
	return (ssize_t)left;
}

// What waits longest of a stream waits with us, not in the kernel, where nothing can go before it any more.
static void keep_kernel_queue_short(struct exchange *exchange)
{
	int fd = MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
	    octets = STREAM_QUEUED;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &octets, sizeof(octets)); // a Unix socket's is short anyway
}

void exchange_stream(struct exchange *exchange, const struct exchange_source *source)
{
	struct http_server *server = exchange->server;

	keep_kernel_queue_short(exchange);

	exchange->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 32 * 1024, on_read, exchange, NULL);
	exchange->status = 200;
	server->pending--;
	exchange->is_stream = true;
	exchange->source = *source;
	exchange->next = server->streams;
	exchange->link = &server->streams;
	if (exchange->next)
		exchange->next->link = &exchange->next;
	server->streams = exchange;
	if (exchange->response) {
		MHD_add_response_header(exchange->response, MHD_HTTP_HEADER_CONTENT_TYPE,
			source->content_type ? source->content_type : "application/x-ndjson");
		MHD_add_response_header(exchange->response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	}
	resume(exchange);
}

void exchange_feed(struct exchange *exchange, const char *bytes, size_t len)
{
	if (!len)
		return;
	if (exchange->out_at && exchange->out_at == exchange->out_len)
		exchange->out_at = exchange->out_len = 0;
	if (exchange->out_len + len > exchange->out_room) {
		size_t room = exchange->out_room ? exchange->out_room : 4096;

		while (room < exchange->out_len + len)
			room *= 2;
		char *out = realloc(exchange->out, room);

		if (!out) {
			exchange_end(exchange);
			return;
		}
		exchange->out = out;
		exchange->out_room = room;
	}
	memcpy(exchange->out + exchange->out_len, bytes, len);
	exchange->out_len += len;
	resume(exchange);
}

size_t exchange_unsent(const struct exchange *exchange)
{
	return exchange->out_len - exchange->out_at;
}

void exchange_end(struct exchange *exchange)
{
	exchange->ending = true;
	resume(exchange);
}

static void on_timer(uv_timer_t *timer)
{
	listener_run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	listener_run(poll->data);
}

static void listener_run(struct listener *listener)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	listener->run_again = false;
	MHD_run(listener->daemon);
	if (listener->run_again)
		uv_timer_start(&listener->timer, on_timer, 0, 0);
	else if (MHD_get_timeout(listener->daemon, &wait_ms) == MHD_YES)
		uv_timer_start(&listener->timer, on_timer, wait_ms, 0);
	else
		uv_timer_stop(&listener->timer);
}

static char *file_read(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = fd < 0 ? NULL : calloc(1, 65536);
	ssize_t len = text ? read(fd, text, 65535) : -1;

	if (len <= 0) {
		free(text);
		return NULL;
	}
	return text;
}

// What libmicrohttpd has to say is about one client's connection: of no interest but to who looks for it.
static void on_daemon_log(void *context, const char *format, va_list args)
{
	char line[300];

	(void)context;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	log_debug("daemon message=\"%s\"", line);
}

// %XX in paths and queries. %00 stays as it is: our texts would end there, and something else would be meant than was asked for.
static size_t unescape(void *context, struct MHD_Connection *connection, char *text)
{
	char *out = text;

	(void)context;
	(void)connection;
	for (const char *at = text; *at; out++) {
		unsigned code = 0;

		if (*at == '%' && isxdigit((unsigned char)at[1]) && isxdigit((unsigned char)at[2]) &&
			sscanf(at + 1, "%2x", &code) == 1 && code) {
			*out = (char)code;
			at += 3;
		} else {
			*out = *at++;
		}
	}
	*out = '\0';
	return (size_t)(out - text);
}

static struct MHD_Daemon *daemon_start(struct listener *listener)
{
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (listener->certificate ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{listener->certificate ? MHD_OPTION_HTTPS_MEM_CERT : MHD_OPTION_END, 0, listener->certificate},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, listener->key},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, "SECURE256:+SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
		{MHD_OPTION_END, 0, NULL},
	};

	return MHD_start_daemon(flags, 0, NULL, NULL, on_access, listener, MHD_OPTION_EXTERNAL_LOGGER, on_daemon_log, NULL,
		MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL, MHD_OPTION_LISTEN_SOCKET, listener->fd, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, listener, MHD_OPTION_NOTIFY_CONNECTION, on_connection, listener, MHD_OPTION_CONNECTION_TIMEOUT,
		IDLE_SECONDS, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_MEMORY, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

int http_server_listen(
	struct http_server *server, const char *address, const char *certificate, const char *key, uint16_t *port, char why[200])
{
	struct listener *listener = &server->listeners[server->count];

	if (server->count == LISTEN_MAX) {
		snprintf(why, 200, "--listen may be given %d times at most", LISTEN_MAX);
		return -E2BIG;
	}
	*listener = (struct listener){.server = server};
	int fd = http_bind(address, port, &listener->unix_path, why);

	if (fd < 0)
		return fd;
	listener->fd = fd;
	if (certificate && !listener->unix_path) {
		listener->certificate = file_read(certificate);
		listener->key = file_read(key);
		if (!listener->certificate || !listener->key) {
			snprintf(why, 200, "cannot read the certificate %.60s or its key %.60s", certificate,
				key ? key : "(no --tls-key)");
			close(fd);
			return -EINVAL;
		}
	}
	if (listen(fd, 512) < 0 || !(listener->daemon = daemon_start(listener))) {
		snprintf(why, 200, "cannot serve HTTP on %.80s%s", address,
			listener->certificate ? ": is the certificate PEM, and the key the one that belongs to it?" : "");
		close(fd);
		return -EIO;
	}
	int epoll = MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;

	uv_poll_init(server->loop, &listener->poll, epoll);
	uv_timer_init(server->loop, &listener->timer);
	listener->poll.data = listener->timer.data = listener;
	uv_poll_start(&listener->poll, UV_READABLE, on_poll);
	server->count++;
	server->handles += 2;
	return 0;
}

int http_server_new(uv_loop_t *loop, const struct http_handler *handler, struct http_server **out)
{
	struct http_server *server = calloc(1, sizeof(*server));

	if (!server)
		return -ENOMEM;
	server->loop = loop;
	server->handler = *handler;
	int error = pace_init(&server->pace, loop, handler->request_ms, IDLE_SECONDS * 1000);

	if (error)
		free(server);
	else
		*out = server;
	return error;
}

unsigned http_server_pending(const struct http_server *server)
{
	return server->pending;
}

void http_server_stop(struct http_server *server)
{
	server->stopping = true;
	for (size_t i = 0; i < server->count; i++) {
		int fd = MHD_quiesce_daemon(server->listeners[i].daemon);

		if (fd >= 0)
			close(fd);
	}
	for (struct exchange *stream = server->streams; stream; stream = stream->next)
		exchange_end(stream);
	for (size_t i = 0; i < server->count; i++)
		listener_run(&server->listeners[i]);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct http_server *server = ((struct listener *)handle->data)->server;

	if (--server->handles)
		return;
	for (size_t i = 0; i < server->count; i++) {
		free(server->listeners[i].unix_path);
		free(server->listeners[i].certificate);
		free(server->listeners[i].key);
	}
	free(server);
}

void http_server_free(struct http_server **handle)
{
	struct http_server *server = *handle;

	if (!server)
		return;
	*handle = NULL;
	for (struct exchange *stream = server->streams; stream; stream = stream->next)
		exchange_end(stream);
	pace_fini(&server->pace);
	if (!server->count)
		free(server);
	else
		for (size_t i = 0; i < server->count; i++) {
			struct listener *listener = &server->listeners[i];

			uv_poll_stop(&listener->poll);
			MHD_stop_daemon(listener->daemon);
			if (listener->unix_path)
				unlink(listener->unix_path);
			uv_close((uv_handle_t *)&listener->poll, on_handle_closed);
			uv_close((uv_handle_t *)&listener->timer, on_handle_closed);
		}
}
