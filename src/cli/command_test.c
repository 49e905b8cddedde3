// SPDX-License-Identifier: Apache-2.0
// Whole commands against a server of canned answers on loopback: what was asked of the API, what was printed, the exit status.
#include "cli/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/vec.h"
#include "cli/help.h"

#define REQUESTS_MAX 4

struct reply {
	int status;
	const char *body;
};

static struct server {
	int fd;
	struct reply replies[REQUESTS_MAX + 1];
	char requests[REQUESTS_MAX][4096];
	size_t count;
	pthread_t thread;
	char url[64];
} server;

static void serve_one(int fd, char *request, const struct reply *reply)
{
	size_t len = 0, wanted = SIZE_MAX;
	char head[256];

	while (len < wanted && len < sizeof(server.requests[0]) - 1) {
		ssize_t got = read(fd, request + len, sizeof(server.requests[0]) - 1 - len);
		const char *end, *length;

		if (got <= 0)
			break;
		len += (size_t)got;
		request[len] = '\0';
		end = strstr(request, "\r\n\r\n");
		length = strstr(request, "Content-Length: ");
		if (end)
			wanted = (size_t)(end + 4 - request) + (length ? strtoul(length + 16, NULL, 10) : 0);
	}
	snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", reply->status,
		strlen(reply->body));
	assert_true(write(fd, head, strlen(head)) > 0);
	assert_true(write(fd, reply->body, strlen(reply->body)) >= 0);
}

static void *serve(void *context)
{
	for (server.count = 0; server.replies[server.count].body; server.count++) {
		int fd = accept(server.fd, NULL, NULL);

		if (fd < 0)
			break;
		serve_one(fd, server.requests[server.count], &server.replies[server.count]);
		close(fd);
	}
	return NULL;
}

// Runs one command against the replies and gives its exit status; what it printed is in `printed`.
static char printed[8192], said[CLI_ERROR_TEXT];

static int run(const struct reply *replies, const char *noun, const char *verb, char **words, const char *const *options)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct client client = {.url = server.url, .token = "0123456789abcdef0123456789abcdef", .timeout_ms = 5000};
	struct command command = {.client = &client, .noun = noun_of_word(noun), .words = words};
	socklen_t len = sizeof(sin);
	FILE *console = stdout;
	int result;

	memset(&server, 0, sizeof(server));
	for (size_t i = 0; i < REQUESTS_MAX && replies[i].body; i++)
		server.replies[i] = replies[i];
	server.fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(server.fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(server.fd, 8), 0);
	getsockname(server.fd, (struct sockaddr *)&sin, &len);
	snprintf(server.url, sizeof(server.url), "http://127.0.0.1:%u/", ntohs(sin.sin_port));
	assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
	while (words && words[command.word_count])
		command.word_count++;
	for (; options && *options; options += 2)
		*(struct option *)vec_add(&command.options) =
			(struct option){.name = options[0], .name_len = strlen(options[0]), .value = options[1]};
	memset(printed, 0, sizeof(printed));
	stdout = fmemopen(printed, sizeof(printed) - 1, "w");
	result = command_run(&command, verb_find(command.noun, verb));
	fclose(stdout);
	stdout = console;
	snprintf(said, sizeof(said), "%s", command.error);
	client_fini(&client);
	vec_free(&command.options);
	shutdown(server.fd, SHUT_RDWR);
	pthread_join(server.thread, NULL);
	close(server.fd);
	return result;
}

#define REPLIES(...) ((const struct reply[]){__VA_ARGS__, {0}})
#define WORDS(...) ((char *[]){__VA_ARGS__, NULL})
#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void assert_asked(size_t which, const char *line)
{
	char *end = strstr(server.requests[which], " HTTP/1.1\r\n");

	assert_non_null(end);
	*end = '\0';
	assert_string_equal(server.requests[which], line);
	*end = ' ';
}

static const char *body_asked(size_t which)
{
	return strstr(server.requests[which], "\r\n\r\n") + 4;
}

static void test_create(void **state)
{
	assert_int_equal(run(REPLIES({200, "{\"success\":true,\"messages\":[],\"data\":\"u1\"}"},
				     {200, "{\"success\":true,\"data\":{\"moniker\":\"v-1\"}}"}),
				 "vslice", "create", NULL, OPTIONS("name", "V 1", "vslice-type", "l2tp")),
		EXIT_DONE);
	assert_asked(0, "POST /api/v1/vslices");
	assert_string_equal(body_asked(0), "{\"name\":\"V 1\",\"vsliceType\":\"l2tp\"}");
	assert_non_null(strstr(server.requests[0], "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n"));
	assert_asked(1, "GET /api/v1/vslices/u1");
	assert_string_equal(printed, "VSlice v-1 created\n");
}

static void test_a_new_token_is_shown(void **state)
{
	assert_int_equal(
		run(REPLIES({200, "{\"success\":true,\"data\":\"u1\",\"token\":\"0123\",\"totalItems\":0}"}, {404, "{}"}),
			"api-token", "create", NULL, OPTIONS("name", "t")),
		EXIT_DONE);
	assert_string_equal(printed, "API token u1 created\ntoken  0123\n");
}

static void test_rows_go_below_their_owner(void **state)
{
	static const struct reply fine[] = {{200, "{\"success\":true,\"messages\":[],\"data\":\"u1\"}"}, {0}};

	assert_int_equal(run(fine, "lac", "create", NULL, OPTIONS("vslice", "v", "address", "10.0.0.1")), EXIT_DONE);
	assert_asked(0, "POST /api/v1/vslices/v/lacs");
	assert_string_equal(body_asked(0), "{\"address\":\"10.0.0.1\"}");
	assert_int_equal(run(fine, "rule", "delete", WORDS("r1"), OPTIONS("policy", "p")), EXIT_DONE);
	assert_asked(0, "DELETE /api/v1/routingpolicies/p/rules/r1");
	assert_int_equal(run(fine, "lns", "order", WORDS("b", "a"), OPTIONS("vslice", "v")), EXIT_DONE);
	assert_asked(0, "PUT /api/v1/vslices/v/lnss/order");
	assert_string_equal(body_asked(0), "[\"b\",\"a\"]");
	assert_int_equal(run(fine, "lac", "list", NULL, NULL), EXIT_USAGE);
	assert_string_equal(said, "--vslice is wanted: the VSlice that the L2TP Access Concentrator belongs to");
}

static void test_rows_without_moniker_have_numbers(void **state)
{
	static const struct reply list = {200, "{\"success\":true,\"data\":[{\"id\":\"r1\"},{\"id\":\"r2\"}]}"},
				  fine = {200, "{\"success\":true,\"data\":\"x\"}"};

	assert_int_equal(run(REPLIES(list, fine), "rule", "set", WORDS("2"), OPTIONS("policy", "p", "enabled", "no")), EXIT_DONE);
	assert_asked(0, "GET /api/v1/routingpolicies/p/rules?limit=1000");
	assert_asked(1, "PATCH /api/v1/routingpolicies/p/rules/r2");
	assert_int_equal(run(REPLIES(list, fine), "rule", "order", WORDS("2", "1"), OPTIONS("policy", "p")), EXIT_DONE);
	assert_string_equal(body_asked(1), "[\"r2\",\"r1\"]");
	assert_int_equal(run(REPLIES(list), "rule", "delete", WORDS("3"), OPTIONS("policy", "p")), EXIT_USAGE);
	assert_string_equal(said, "there is no rule 3");
}

static void test_set_is_a_patch(void **state)
{
	assert_int_equal(run(REPLIES({200, "{\"success\":true,\"messages\":[],\"data\":\"u1\"}"}), "vslice", "set", WORDS("v"),
				 OPTIONS("default-routing-policy", "p")),
		EXIT_DONE);
	assert_asked(0, "PATCH /api/v1/vslices/v");
	assert_string_equal(body_asked(0), "{\"defaultRoutingPolicy\":\"p\"}");
	assert_int_equal(run(REPLIES({500, ""}), "vslice", "set", WORDS("v"), NULL), EXIT_USAGE);
	assert_int_equal(server.count, 0);
}

static void test_list_asks_for_all_pages(void **state)
{
	assert_int_equal(
		run(REPLIES({200, "{\"success\":true,\"totalItems\":3,\"data\":[{\"moniker\":\"a\"},{\"moniker\":\"b\"}]}"},
			    {200, "{\"success\":true,\"totalItems\":3,\"data\":[{\"moniker\":\"c\"}]}"}),
			"operator-policy", "list", NULL, OPTIONS("filter", "name:x y", "sort", "asc(name)")),
		EXIT_DONE);
	assert_asked(0, "GET /api/v1/operatorpolicies?filter=name:x%20y&sortBy=asc(name)&limit=1000");
	assert_asked(1, "GET /api/v1/operatorpolicies?filter=name:x%20y&sortBy=asc(name)&limit=1000&offset=2");
	assert_string_equal(printed, "MONIKER  NAME\na        -\nb        -\nc        -\n");
}

static void test_list_ends_at_its_limit(void **state)
{
	assert_int_equal(
		run(REPLIES({200, "{\"success\":true,\"totalItems\":9,\"data\":[{\"moniker\":\"a\"},{\"moniker\":\"b\"}]}"}),
			"vslice", "list", NULL, OPTIONS("limit", "2", "offset", "5")),
		EXIT_DONE);
	assert_int_equal(server.count, 1);
	assert_asked(0, "GET /api/v1/vslices?limit=2&offset=5");
}

static void test_actions(void **state)
{
	assert_int_equal(
		run(REPLIES({200, "{\"success\":true,\"data\":\"t\"}"}), "tunnel", "restart", WORDS("t"), NULL), EXIT_DONE);
	assert_asked(0, "POST /api/v1/tunnels/t/restart");
	assert_int_equal(run(REPLIES({200,
				     "{\"success\":true,\"data\":[{\"startedAt\":\"T\",\"imsi\":\"1\",\"ok\":false,\"verdict\":"
				     "\"no LNS\",\"steps\":["
				     "{\"ms\":0,\"layer\":\"gtp\",\"direction\":\"in\",\"text\":\"Create\"},"
				     "{\"ms\":1500,\"layer\":\"gateway\",\"direction\":\"-\",\"text\":\"gave up\"}]}]}"}),
				 "endpoint", "attaches", WORDS("e"), NULL),
		EXIT_DONE);
	assert_asked(0, "GET /api/v1/endpoints/e/attaches");
	assert_string_equal(printed,
		"T  IMSI 1  FAILED: no LNS\n"
		"       0 ms  gtp      <-  Create\n"
		"    1500 ms  gateway      gave up\n");
}

static void test_failures_have_their_status(void **state)
{
	static const struct {
		struct reply reply;
		int status;
		const char *said;
	} rows[] = {
		{{400, "{\"success\":false,\"messages\":[\"name: is required\",\"dns:\\nbad\"]}"}, EXIT_REFUSED,
			"name: is required; dns: bad"},
		{{200, "{\"success\":false,\"messages\":[\"Record not found\"]}"}, EXIT_REFUSED, "Record not found"},
		{{401, "{\"success\":false,\"messages\":[\"no token\"]}"}, EXIT_NOT_ALLOWED, "no token"},
		{{403, "{\"success\":false,\"messages\":[]}"}, EXIT_NOT_ALLOWED, "refused with status 403"},
		{{404, "{\"success\":false,\"messages\":[\"Record not found\"]}"}, EXIT_NOT_FOUND, "Record not found"},
		{{409, "{\"success\":false,\"messages\":[\"in use\"]}"}, EXIT_CONFLICT, "in use"},
		{{412, "{\"success\":false,\"messages\":[\"changed\"]}"}, EXIT_CONFLICT, "changed"},
		{{500, "{\"success\":false,\"messages\":[\"broken\"]}"}, EXIT_UNREACHABLE, "broken"},
		{{200, "<html>"}, EXIT_UNREACHABLE, "status 200, and not an answer of this API"},
		{{204, ""}, EXIT_UNREACHABLE, "status 204, and not an answer of this API"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(run(REPLIES(rows[i].reply), "vslice", "show", WORDS("v"), NULL), rows[i].status);
		assert_string_equal(said, rows[i].said);
		assert_string_equal(printed, "");
	}
}

static void test_nobody_answers(void **state)
{
	assert_int_equal(run(REPLIES({0}), "vslice", "show", WORDS("v"), NULL), EXIT_UNREACHABLE);
	assert_non_null(strstr(said, "no answer from http://127.0.0.1:"));
}

static void test_wrong_words(void **state)
{
	assert_int_equal(run(REPLIES({0}), "vslice", "show", NULL, NULL), EXIT_USAGE);
	assert_string_equal(said, "which VSlice? Its moniker or id is wanted");
	assert_int_equal(run(REPLIES({0}), "vslice", "show", WORDS("a", "b"), NULL), EXIT_USAGE);
	assert_string_equal(said, "unexpected argument \"b\"");
	assert_int_equal(run(REPLIES({0}), "vslice", "show", WORDS("a"), OPTIONS("name", "x")), EXIT_USAGE);
	assert_string_equal(said, "show has no --name");
	assert_int_equal(run(REPLIES({0}), "vslice", "list", NULL, OPTIONS("name", "x")), EXIT_USAGE);
	assert_string_equal(said, "list has no --name; it has --filter, --sort-by, --limit and --offset");
	assert_int_equal(run(REPLIES({0}), "vslice", "list", NULL, OPTIONS("limit", "some")), EXIT_USAGE);
	assert_string_equal(said, "--limit: \"some\": a number from 1 is wanted");
}

static void test_wait_says_what_stands_in_the_way(void **state)
{
	assert_int_equal(run(REPLIES({200,
				     "{\"success\":true,\"data\":{\"readiness\":[{\"check\":\"p\",\"ok\":false,\"message\":\"no "
				     "policy\"}]}}"}),
				 "vslice", "wait", WORDS("v"), NULL),
		EXIT_TIME_OUT);
	assert_string_equal(said, "v is not ready: no policy");
	assert_int_equal(run(REPLIES({200, "{\"success\":true,\"data\":{\"readiness\":[{\"check\":\"p\",\"ok\":true}]}}"}),
				 "vslice", "wait", WORDS("v"), NULL),
		EXIT_DONE);
	assert_string_equal(printed, "VSlice v is ready\n");
}

static void test_help_names_every_member(void **state)
{
	for (size_t i = 0; nouns[i]; i++) {
		char *text = NULL;
		size_t len = 0;
		FILE *out = open_memstream(&text, &len);

		help_noun(out, nouns[i]);
		fclose(out);
		for (size_t f = 0; verb_find(nouns[i], "create") && f < nouns[i]->field_count; f++) {
			const struct field *field = &nouns[i]->fields[f];
			char option[96], wanted[104];

			snprintf(wanted, sizeof(wanted), "--%s ", name_as_option(field->name, option));
			if (!(field->flags & (FIELD_READ_ONLY | FIELD_HIDDEN)) && field->type != FIELD_OBJECT)
				assert_non_null(strstr(text, wanted));
		}
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_a_new_token_is_shown),
		cmocka_unit_test(test_rows_go_below_their_owner),
		cmocka_unit_test(test_rows_without_moniker_have_numbers),
		cmocka_unit_test(test_set_is_a_patch),
		cmocka_unit_test(test_list_asks_for_all_pages),
		cmocka_unit_test(test_list_ends_at_its_limit),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_failures_have_their_status),
		cmocka_unit_test(test_nobody_answers),
		cmocka_unit_test(test_wrong_words),
		cmocka_unit_test(test_wait_says_what_stands_in_the_way),
		cmocka_unit_test(test_help_names_every_member),
	};

	return cmocka_run_group_tests_name("cli/command", tests, NULL, NULL);
}
