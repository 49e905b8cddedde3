// SPDX-License-Identifier: Apache-2.0
#include "base/opt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/clean.h"
#include "base/vec.h"

static struct config {
	char *name, *secret;
	struct opt_list peers;
	bool once;
	uint16_t port;
	uint32_t count;
	uint64_t big, hello_ms;
	int64_t offset;
	int format;
	struct ip_addr address;
	struct ip_prefix prefix;
	struct ip_end listen;
} config;

static const char *const formats[] = {"table", "json", "yaml", NULL};
static const struct opt opts[] = {
	{"name", OPT_TEXT, &config.name, "nobody", "a name", .env = "OPT_TEST_NAME"},
	{"secret", OPT_TEXT, &config.secret, .help = "a secret"},
	{"peer", OPT_LIST, &config.peers, "default-peer", "peers"},
	{"once", OPT_FLAG, &config.once, .help = "end by itself", .letter = '1'},
	{"port", OPT_U16, &config.port, "1701", "a port"},
	{"count", OPT_U32, &config.count, "5", "a count", .min = 1, .max = 10},
	{"big", OPT_U64, &config.big, .help = "big"},
	{"offset", OPT_INT, &config.offset, "-3", "signed"},
	{"hello", OPT_MS, &config.hello_ms, "60s", "interval", .min = 1000, .max = 3600000},
	{"output", OPT_CHOICE, &config.format, "table", "format", .choices = formats, .letter = 'o'},
	{"address", OPT_ADDR, &config.address, "127.0.0.1", "address"},
	{"prefix", OPT_PREFIX, &config.prefix, .help = "prefix"},
	{"listen", OPT_END, &config.listen, "127.0.0.1:5050", "listen"},
};
static const struct opt_program program = {.name = "opt_test", .opts = opts, .count = array_len(opts)};
static const struct opt_program with_words = {.name = "opt_test", .opts = opts, .count = array_len(opts), .words = true};

static char error[OPT_ERROR_TEXT];
static struct opt_words words;

static int parse_as(const struct opt_program *as, const char *const *line)
{
	char *argv[16] = {"opt_test"};
	int argc = 1;

	while (line[argc - 1]) {
		argv[argc] = (char *)line[argc - 1];
		argc++;
	}
	return opt_parse(as, argc, argv, &words, error);
}

#define parse(...) parse_as(&program, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define parse_words(...) parse_as(&with_words, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static int tear_down(void **state)
{
	opt_fini(&program);
	vec_free(&words);
	config = (struct config){0};
	unsetenv("OPT_TEST_NAME");
	return 0;
}

static void test_defaults(void **state)
{
	char text[IP_END_TEXT];

	assert_int_equal(parse(), 0);
	assert_string_equal(config.name, "nobody");
	assert_null(config.secret);
	assert_int_equal(config.peers.count, 1);
	assert_int_equal(config.port, 1701);
	assert_int_equal(config.count, 5);
	assert_int_equal(config.offset, -3);
	assert_int_equal(config.hello_ms, 60000);
	assert_string_equal(ip_end_text(&config.listen, text), "127.0.0.1:5050");
	assert_false(config.once);
}

static void test_every_kind_from_the_line(void **state)
{
	char text[IP_END_TEXT];

	assert_int_equal(parse("--name=a=b", "--peer", "x, y", "--peer=z", "--once", "--port", "0x10", "--big", "9000000000",
				 "--offset=-9", "--hello", "1.5s", "-ojson", "--listen", "[::1]:80"),
		0);
	assert_string_equal(config.name, "a=b");
	assert_int_equal(config.peers.count, 3);
	assert_string_equal(config.peers.items[1], "y");
	assert_string_equal(config.peers.items[2], "z");
	assert_true(config.once);
	assert_int_equal(config.port, 16);
	assert_true(config.big == 9000000000);
	assert_int_equal(config.offset, -9);
	assert_int_equal(config.hello_ms, 1500);
	assert_int_equal(config.format, 1);
	assert_string_equal(ip_end_text(&config.listen, text), "[::1]:80");
}

static void test_addresses_and_prefixes(void **state)
{
	char text[IP_PREFIX_TEXT];

	assert_int_equal(parse("--address", "2001:db8::1", "--prefix", "10.0.0.0/8", "-o", "yaml", "-1"), 0);
	assert_string_equal(ip_addr_text(&config.address, text), "2001:db8::1");
	assert_string_equal(ip_prefix_text(&config.prefix, text), "10.0.0.0/8");
	assert_int_equal(config.format, 2);
	assert_true(config.once);
}

static void test_mistakes_are_one_clear_line(void **state)
{
	static const struct {
		const char *line[4];
		const char *wanted;
	} rows[] = {
		{{"--bogus"}, "unknown option --bogus; see --help"},
		{{"-x"}, "unknown option -x; see --help"},
		{{"--name"}, "--name: a value is wanted"},
		{{"word"}, "unexpected argument \"word\"; see --help"},
		{{"--port", "70000"}, "--port: \"70000\": a number from 0 to 65535 is wanted"},
		{{"--port", "12x"}, "--port: \"12x\": a number from 0 to 65535 is wanted"},
		{{"--port", ""}, "--port: \"\": a number from 0 to 65535 is wanted"},
		{{"--port", "-1"}, "--port: \"-1\": a number from 0 to 65535 is wanted"},
		{{"--count", "11"}, "--count: \"11\": a number from 1 to 10 is wanted"},
		{{"--hello", "10ms"}, "--hello: \"10ms\": from 1000 ms to 3600000 ms is accepted"},
		{{"--hello", "soon"}, "--hello: \"soon\": a time such as 250ms, 1.5s, 2m or 1h is wanted"},
		{{"--output", "xml"}, "--output: \"xml\": one of table, json, yaml is wanted"},
		{{"--once=maybe"}, "--once: \"maybe\": yes or no is wanted"},
		{{"--address", "here"}, "--address: \"here\": an IP address is wanted"},
		{{"--prefix", "10.0.0.1/8"}, "--prefix: \"10.0.0.1/8\": a prefix such as 192.0.2.0/24 is wanted"},
		{{"--listen", "127.0.0.1"}, "--listen: \"127.0.0.1\": an address and a port such as 192.0.2.1:5050 is wanted"},
		{{"--listen", "::1:80"}, "--listen: \"::1:80\": an address and a port such as 192.0.2.1:5050 is wanted"},
		{{"--config", "/nonexistent"}, "--config: /nonexistent: No such file or directory"},
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		assert_int_equal(parse_as(&program, rows[i].line), -EINVAL);
		assert_string_equal(error, rows[i].wanted);
	}
}

static void test_words_and_double_dash(void **state)
{
	assert_int_equal(parse_words("vslice", "--once", "list", "--", "--name", "-"), 0);
	assert_int_equal(words.count, 4);
	assert_string_equal(words.items[0], "vslice");
	assert_string_equal(words.items[1], "list");
	assert_string_equal(words.items[2], "--name");
	assert_string_equal(words.items[3], "-");
	assert_true(config.once);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static char path[] = "/tmp/opt_test.XXXXXX";

static int make_file(void **state)
{
	strcpy(path, "/tmp/opt_test.XXXXXX");
	close(mkstemp(path));
	return 0;
}

static int drop_file(void **state)
{
	unlink(path);
	return tear_down(state);
}

static void test_file_under_environment_under_line(void **state)
{
	write_file(path,
		"# a comment\n"
		"name = from file # why\n"
		"\n"
		"  secret=\"a # b\"\n"
		"peer = one\n"
		"peer = two, three\r\n"
		"port = 7\n"
		"once = yes\n"
		"count = 2");
	assert_int_equal(parse("--port", "8", "--config", path), 0);
	assert_string_equal(config.name, "from file");
	assert_string_equal(config.secret, "a # b");
	assert_int_equal(config.peers.count, 3); // the default is gone
	assert_string_equal(config.peers.items[2], "three");
	assert_int_equal(config.port, 8);
	assert_true(config.once);
	assert_int_equal(config.count, 2);
	setenv("OPT_TEST_NAME", "from environment", 1);
	assert_int_equal(parse("--config", path), 0);
	assert_string_equal(config.name, "from environment");
	assert_int_equal(parse("--config", path, "--name=from line", "--peer=only"), 0);
	assert_string_equal(config.name, "from line");
	assert_int_equal(config.peers.count, 1);
	assert_string_equal(config.peers.items[0], "only");
}

static void test_file_mistakes_name_the_line(void **state)
{
	char wanted[200];

	write_file(path, "name = x\nbogus = 1\n");
	assert_int_equal(parse("--config", path), -EINVAL);
	snprintf(wanted, sizeof(wanted), "%s:2: unknown option \"bogus\"", path);
	assert_string_equal(error, wanted);
	write_file(path, "\n\nport = many\n");
	assert_int_equal(parse("--config", path), -EINVAL);
	snprintf(wanted, sizeof(wanted), "%s:3: port: \"many\": a number from 0 to 65535 is wanted", path);
	assert_string_equal(error, wanted);
	write_file(path, "port\n");
	assert_int_equal(parse("--config", path), -EINVAL);
	snprintf(wanted, sizeof(wanted), "%s:1: \"name = value\" is wanted", path);
	assert_string_equal(error, wanted);
}

static void test_required(void **state)
{
	static const struct opt must[] = {{"secret", OPT_TEXT, &config.secret, .required = true}};
	static const struct opt_program strict = {.name = "opt_test", .opts = must, .count = 1};

	assert_int_equal(parse_as(&strict, (const char *const[]){NULL}), -EINVAL);
	assert_string_equal(error, "--secret is required; see --help");
	assert_int_equal(parse_as(&strict, (const char *const[]){"--secret=x", NULL}), 0);
}

static void test_help_lists_all_with_defaults(void **state)
{
	char text[8192];
	int saved = dup(STDOUT_FILENO), fds[2];
	ssize_t len;

	assert_int_equal(pipe(fds), 0);
	fflush(stdout);
	dup2(fds[1], STDOUT_FILENO);
	assert_int_equal(parse("--bogus", "--help"), -EINVAL); // what comes before --help must be right
	assert_int_equal(parse("--port", "nonsense", "--help"), 1);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fds[1]);
	len = read(fds[0], text, sizeof(text) - 1);
	close(fds[0]);
	assert_true(len > 0);
	text[len] = '\0';
	for (size_t i = 0; i < array_len(opts); i++) {
		char option[64];

		snprintf(option, sizeof(option), "--%s", opts[i].name);
		assert_non_null(strstr(text, option));
	}
	assert_non_null(strstr(text, "-o, --output table|json|yaml"));
	assert_non_null(strstr(text, "(default 127.0.0.1:5050)"));
	assert_non_null(strstr(text, "[OPT_TEST_NAME]"));
	assert_non_null(strstr(text, "--config FILE"));
}

static void test_times(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = {{"0", 0}, {"5", 5000}, {"250ms", 250}, {"1.5s", 1500}, {"2m", 120000}, {"2 min", 120000}, {"1h", 3600000},
		{"1d", 86400000}};
	static const char *const bad[] = {"", "s", "-1s", "1x", "1.2.3s", "1e5s", "inf", "nan", "99999999999999d"};
	uint64_t ms;

	for (size_t i = 0; i < array_len(good); i++) {
		assert_int_equal(opt_ms_parse(good[i].text, &ms), 0);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < array_len(bad); i++)
		assert_int_equal(opt_ms_parse(bad[i], &ms), -EINVAL);
}

static void test_one_value(void **state)
{
	assert_int_equal(opt_set(&program, "port", "99", error), 0);
	assert_int_equal(config.port, 99);
	assert_int_equal(opt_set(&program, "port", "x", error), -EINVAL);
	assert_string_equal(error, "port: \"x\": a number from 0 to 65535 is wanted");
	assert_int_equal(opt_set(&program, "nothing", "x", error), -EINVAL);
	assert_string_equal(error, "unknown option \"nothing\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_defaults, tear_down),
		cmocka_unit_test_teardown(test_every_kind_from_the_line, tear_down),
		cmocka_unit_test_teardown(test_addresses_and_prefixes, tear_down),
		cmocka_unit_test_teardown(test_mistakes_are_one_clear_line, tear_down),
		cmocka_unit_test_teardown(test_words_and_double_dash, tear_down),
		cmocka_unit_test_setup_teardown(test_file_under_environment_under_line, make_file, drop_file),
		cmocka_unit_test_setup_teardown(test_file_mistakes_name_the_line, make_file, drop_file),
		cmocka_unit_test_teardown(test_required, tear_down),
		cmocka_unit_test_teardown(test_help_lists_all_with_defaults, tear_down),
		cmocka_unit_test(test_times),
		cmocka_unit_test_teardown(test_one_value, tear_down),
	};

	return cmocka_run_group_tests_name("base/opt", tests, NULL, NULL);
}
