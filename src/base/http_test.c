// SPDX-License-Identifier: Apache-2.0
// The client against a server of canned answers on loopback, in a thread of its own.
#include "base/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct fixture {
	uv_loop_t loop;
	struct http *http;
	pthread_t thread;
	int listener;
	const char *answer; // NULL: takes the request and says nothing
	char asked[4096], url[64], unix_path[64];
	// What the callbacks saw.
	char data[4096], error[300];
	unsigned done;
	long status;
	int data_result;
	struct http_call *call;

} fixture;

static void *serve(void *context)
{
	int fd = accept(fixture.listener, NULL, NULL);
	size_t len = 0;

	if (fd < 0)
		return NULL;
	while (len < sizeof(fixture.asked) - 1) {
		ssize_t got = read(fd, fixture.asked + len, sizeof(fixture.asked) - 1 - len);
		const char *length, *end;

		if (got <= 0)
			break;
		len += (size_t)got;
		end = strstr(fixture.asked, "\r\n\r\n");
		length = strstr(fixture.asked, "Content-Length: ");
		if (end && len >= (size_t)(end + 4 - fixture.asked) + (length ? strtoul(length + 16, NULL, 10) : 0))
			break;
	}
	if (fixture.answer)
		assert_true(write(fd, fixture.answer, strlen(fixture.answer)) > 0);
	else
		while (read(fd, &len, 1) > 0) // until the client goes
			;
	close(fd);
	return NULL;
}

static int set_up(void **state)
{
	fixture = (struct fixture){.listener = -1};
	assert_int_equal(uv_loop_init(&fixture.loop), 0);
	assert_int_equal(http_new(&fixture.loop, &fixture.http), 0);
	return 0;
}

static int tear_down(void **state)
{
	http_free(&fixture.http);
	assert_null(fixture.http);
	http_free(&fixture.http);
	uv_run(&fixture.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&fixture.loop), 0); // nothing of the client is left on it
	if (fixture.listener >= 0) {
		shutdown(fixture.listener, SHUT_RDWR);
		pthread_join(fixture.thread, NULL);
		close(fixture.listener);
	}
	if (fixture.unix_path[0])
		unlink(fixture.unix_path);
	return 0;
}

static void listen_on(const struct sockaddr *sa, socklen_t len, const char *answer)
{
	struct sockaddr_in sin = {0};
	socklen_t sin_len = sizeof(sin);

	fixture.answer = answer;
	fixture.listener = socket(sa->sa_family, SOCK_STREAM, 0);
	assert_int_equal(bind(fixture.listener, sa, len), 0);
	assert_int_equal(listen(fixture.listener, 1), 0);
	if (sa->sa_family == AF_INET)
		getsockname(fixture.listener, (struct sockaddr *)&sin, &sin_len);
	snprintf(fixture.url, sizeof(fixture.url), "http://127.0.0.1:%u/a/b?c=d", ntohs(sin.sin_port));
	assert_int_equal(pthread_create(&fixture.thread, NULL, serve, NULL), 0);
}

static void answer_with(const char *answer)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	listen_on((struct sockaddr *)&sin, sizeof(sin), answer);
}

static int on_data(void *owner, const char *bytes, size_t len)
{
	struct fixture *f = owner;

	snprintf(f->data + strlen(f->data), sizeof(f->data) - strlen(f->data), "%.*s", (int)len, bytes);
	return f->data_result;
}

static void on_done(void *owner, long status, const char *error)
{
	struct fixture *f = owner;

	f->done++;
	f->status = status;
	snprintf(f->error, sizeof(f->error), "%s", error ? error : "");
	f->call = NULL;
}

static void start(struct http_request request)
{
	request.method = request.method ? request.method : "GET";
	request.url = request.url ? request.url : fixture.url;
	request.on_data = on_data;
	request.on_done = on_done;
	request.owner = &fixture;
	assert_int_equal(http_start(fixture.http, &request, &fixture.call), 0);
}

static void run_until_done(void)
{
	while (!fixture.done && uv_run(&fixture.loop, UV_RUN_ONCE))
		;
	assert_int_equal(fixture.done, 1);
}

static void test_get(void **state)
{
	answer_with("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	start((struct http_request){.token = "t0ken"});
	assert_int_equal(fixture.done, 0); // never from inside http_start
	run_until_done();
	assert_int_equal(fixture.done, 1);
	assert_int_equal(fixture.status, 200);
	assert_string_equal(fixture.error, "");
	assert_string_equal(fixture.data, "hello");
	assert_ptr_equal(strstr(fixture.asked, "GET /a/b?c=d HTTP/1.1\r\n"), fixture.asked);
	assert_non_null(strstr(fixture.asked, "\r\nAuthorization: Bearer t0ken\r\n"));
}

static void test_post_copies_its_body(void **state)
{
	char body[] = "{\"a\":1}";

	answer_with("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n");
	start((struct http_request){.method = "POST", .body = body, .body_len = 7});
	memset(body, 'x', sizeof(body) - 1);
	run_until_done();
	assert_int_equal(fixture.status, 400);
	assert_string_equal(fixture.error, ""); // a refusal is an answer
	assert_string_equal(strstr(fixture.asked, "\r\n\r\n"), "\r\n\r\n{\"a\":1}");
	assert_non_null(strstr(fixture.asked, "\r\nContent-Type: application/json\r\n"));
	assert_null(strstr(fixture.asked, "Expect:"));
}

static void test_unix_socket(void **state)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	snprintf(fixture.unix_path, sizeof(fixture.unix_path), "/tmp/http_test.%d", getpid());
	strcpy(sun.sun_path, fixture.unix_path);
	listen_on((struct sockaddr *)&sun, sizeof(sun), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
	start((struct http_request){.url = "http://localhost/x", .unix_socket = fixture.unix_path});
	run_until_done();
	assert_int_equal(fixture.status, 200);
	assert_string_equal(fixture.data, "ok");
}

static void test_nobody_there(void **state)
{
	start((struct http_request){.url = "http://127.0.0.1:1/"});
	run_until_done();
	assert_int_equal(fixture.status, 0);
	assert_string_not_equal(fixture.error, "");
}

static void test_cut_short(void **state)
{
	answer_with("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhel");
	start((struct http_request){0});
	run_until_done();
	assert_string_equal(fixture.data, "hel");
	assert_string_not_equal(fixture.error, "");
}

static void test_silence_times_out(void **state)
{
	answer_with(NULL);
	start((struct http_request){.timeout_ms = 50});
	run_until_done();
	assert_int_equal(fixture.status, 0);
	assert_string_not_equal(fixture.error, "");
}

static void test_owner_may_end_it(void **state)
{
	fixture.data_result = -1;
	answer_with("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	start((struct http_request){0});
	run_until_done();
	assert_string_not_equal(fixture.error, "");
}

static void test_cancelled_calls_say_nothing(void **state)
{
	answer_with(NULL);
	start((struct http_request){0});
	for (int i = 0; i < 3; i++)
		uv_run(&fixture.loop, UV_RUN_NOWAIT);
	http_cancel(&fixture.call);
	assert_null(fixture.call);
	http_cancel(&fixture.call);
	assert_int_equal(fixture.done, 0);
}

static void test_free_takes_running_calls_along(void **state)
{
	answer_with(NULL);
	start((struct http_request){0});
	start((struct http_request){0});
	uv_run(&fixture.loop, UV_RUN_NOWAIT);
	// tear_down frees the client; its callbacks must not come any more.
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_get, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_post_copies_its_body, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unix_socket, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nobody_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cut_short, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_silence_times_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_owner_may_end_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cancelled_calls_say_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_free_takes_running_calls_along, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("base/http", tests, NULL, NULL);
}
