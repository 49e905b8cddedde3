// SPDX-License-Identifier: Apache-2.0
// libcurl asks for sockets and one timer (CURLMOPT_SOCKETFUNCTION, CURLMOPT_TIMERFUNCTION); libuv gives both. Finished transfers are
// reported from the loop, never from inside a libcurl callback, so on_done may start or cancel calls.
#include "base/http.h"

#include "base/clean.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct http {
	uv_loop_t *loop;
	CURLM *multi;
	uv_timer_t *timer;
	struct http_call *calls;
};

struct http_call {
	struct http *http;
	struct http_call *next, **link;
	CURL *easy;
	struct curl_slist *headers;
	char *body;
	struct http_request request;
	char error[CURL_ERROR_SIZE], refused[96];
};

struct watch { // one socket of libcurl
	uv_poll_t poll;
	struct http *http;
	curl_socket_t fd;
};

static void call_free(struct http_call *call)
{
	*call->link = call->next;
	if (call->next)
		call->next->link = call->link;
	curl_multi_remove_handle(call->http->multi, call->easy);
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	free(call->body);
	free(call);
}

static void reap(struct http *http)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left))) {
		struct http_call *call = NULL;
		CURLcode result = message->data.result;
		char error[CURL_ERROR_SIZE + 64] = "";
		struct http_request request;
		long status = 0;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
		curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
		if (result != CURLE_OK)
			snprintf(error, sizeof(error), "%s",
				call->refused[0]	 ? call->refused
					: call->error[0] ? call->error
							 : curl_easy_strerror(result));
		request = call->request;
		call_free(call);
		request.on_done(request.owner, status, error[0] ? error : NULL);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct http *http = timer->data;
	int running;

	curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	reap(http);
}

static int set_timer(CURLM *multi, long timeout_ms, void *owner)
{
	struct http *http = owner;

	(void)multi;
	if (timeout_ms < 0)
		uv_timer_stop(http->timer);
	else
		uv_timer_start(http->timer, on_timer, (uint64_t)timeout_ms, 0);
	return 0;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;
	struct http *http = watch->http;
	int flags = 0, running;

	if (status < 0)
		flags = CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(http->multi, watch->fd, flags, &running);
	reap(http);
}

static void free_handle(uv_handle_t *handle)
{
	free(handle);
}

static void watch_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *owner, void *socket_owner)
{
	struct http *http = owner;
	struct watch *watch = socket_owner;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (watch) {
			curl_multi_assign(http->multi, fd, NULL);
			uv_poll_stop(&watch->poll);
			uv_close((uv_handle_t *)&watch->poll, watch_closed);
		}
		return 0;
	}
	if (!watch) {
		watch = calloc(1, sizeof(*watch));
		if (!watch || uv_poll_init_socket(http->loop, &watch->poll, fd)) {
			free(watch);
			return -1;
		}
		watch->poll.data = watch;
		watch->http = http;
		watch->fd = fd;
		curl_multi_assign(http->multi, fd, watch);
	}
	if (what != CURL_POLL_OUT)
		events |= UV_READABLE;
	if (what != CURL_POLL_IN)
		events |= UV_WRITABLE;
	return uv_poll_start(&watch->poll, events, on_poll) ? -1 : 0;
}

int http_new(uv_loop_t *loop, struct http **out)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http)
		return -ENOMEM;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	http->loop = loop;
	http->multi = curl_multi_init();
	http->timer = calloc(1, sizeof(*http->timer));
	if (!http->multi || !http->timer || uv_timer_init(loop, http->timer)) {
		curl_multi_cleanup(http->multi);
		free(http->timer);
		free(http);
		return -ENOMEM;
	}
	http->timer->data = http;
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	*out = http;
	return 0;
}

void http_free(struct http **out)
{
	struct http *http = *out;

	if (!http)
		return;
	while (http->calls)
		call_free(http->calls);
	curl_multi_cleanup(http->multi);
	uv_timer_stop(http->timer);
	uv_close((uv_handle_t *)http->timer, free_handle);
	free(http);
	*out = NULL;
}

static size_t on_write(char *bytes, size_t size, size_t count, void *owner)
{
	struct http_call *call = owner;

	if (call->request.on_data && call->request.on_data(call->request.owner, bytes, size * count))
		return 0;
	return size * count;
}

// In place of libcurl's own socket(): the one moment at which the address is known and nothing was sent yet.
static curl_socket_t open_socket(void *owner, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_call *call = owner;
	char text[IP_ADDR_TEXT] = "unknown";
	struct ip_end end;

	(void)purpose;
	bool is_ip = ip_end_from_sockaddr(&address->addr, &end) == 0;

	if (is_ip && call->request.may_dial(call->request.dial_owner, &end.addr))
		return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	snprintf(call->refused, sizeof(call->refused), "the address %s may not be dialled",
		is_ip ? ip_addr_text(&end.addr, text) : text);
	return CURL_SOCKET_BAD;
}

static void call_setup(struct http_call *call, const struct http_request *request)
{
	CURL *easy = call->easy;
	char line[512];

	curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); // whatever the environment says: controller and gateway talk directly
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout_ms ? request->connect_timeout_ms : 5000L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, request->timeout_ms);
	if (request->may_dial) {
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
		curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call);
	}
	if (request->unix_socket)
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
	if (request->body) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->body);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
		snprintf(line, sizeof(line), "Content-Type: %s",
			request->content_type ? request->content_type : "application/json");
		call->headers = curl_slist_append(call->headers, line);
		call->headers = curl_slist_append(call->headers, "Expect:");
	}
	if (request->token) {
		snprintf(line, sizeof(line), "Authorization: Bearer %s", request->token);
		call->headers = curl_slist_append(call->headers, line);
	}
	for (const char *const *header = request->headers; header && *header; header++)
		call->headers = curl_slist_append(call->headers, *header);
	if (request->username) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME, request->username);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, request->password);
	}
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
}

int http_start(struct http *http, const struct http_request *request, struct http_call **out)
{
	struct http_call *call = calloc(1, sizeof(*call));

	if (!call)
		return -ENOMEM;
	call->easy = curl_easy_init();
	call->body = request->body ? malloc(request->body_len + 1) : NULL;
	if (!call->easy || (request->body && !call->body)) {
		curl_easy_cleanup(call->easy);
		free(call->body);
		free(call);
		return -ENOMEM;
	}
	if (call->body)
		memcpy(call->body, request->body, request->body_len);
	call->http = http;
	call->request = *request;
	call_setup(call, request);
	call->next = http->calls;
	call->link = &http->calls;
	if (call->next)
		call->next->link = &call->next;
	http->calls = call;
	if (curl_multi_add_handle(http->multi, call->easy) != CURLM_OK) {
		call_free(call);
		return -EIO;
	}
	if (out)
		*out = call;
	return 0;
}

void http_cancel(struct http_call **call)
{
	if (!*call)
		return;
	call_free(*call);
	*call = NULL;
}
