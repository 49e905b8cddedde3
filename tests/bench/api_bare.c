// SPDX-License-Identifier: Apache-2.0
// A bare libmicrohttpd handler: what HTTP alone costs. It takes any request and answers as many octets as it is told, with the headers
// of the controller's answers. Usage: api_bare PORT OCTETS; ends at SIGTERM.
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reply {
	char *body;
	size_t len;
};

static enum MHD_Result answer(void *owner, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *upload, size_t *upload_size, void **state)
{
	const struct reply *reply = owner;
	static int begun;

	(void)url;
	(void)method;
	(void)version;
	(void)upload;
	if (!*state) {
		*state = &begun;
		return MHD_YES;
	}
	if (*upload_size) {
		*upload_size = 0;
		return MHD_YES;
	}
	struct MHD_Response *response = MHD_create_response_from_buffer(reply->len, reply->body, MHD_RESPMEM_MUST_COPY);

	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json; charset=utf-8");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, "\"1\"");
	enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);

	MHD_destroy_response(response);
	return result;
}

int main(int argc, char **argv)
{
	struct reply reply = {.len = argc == 3 ? strtoul(argv[2], NULL, 10) : 0};
	struct MHD_Daemon *daemon;
	sigset_t ends;
	int number;

	if (argc != 3 || !(reply.body = malloc(reply.len + 1))) {
		fprintf(stderr, "usage: api_bare PORT OCTETS\n");
		return 2;
	}
	memset(reply.body, 'x', reply.len);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD, (uint16_t)atoi(argv[1]), NULL, NULL, answer, &reply, MHD_OPTION_END);
	if (!daemon) {
		fprintf(stderr, "api_bare: port %s can't be used\n", argv[1]);
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	sigwait(&ends, &number);
	MHD_stop_daemon(daemon);
	free(reply.body);
	return 0;
}
