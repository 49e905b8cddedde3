// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

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

LOG_CATEGORY(alpha);

static struct log_category beta = {.name = "beta"};
static struct log_category alpha_too = {.name = "alpha"};

// What one call wrote to standard error.
static char written[8192];
static int saved, pipe_fds[2];

static void capture(void)
{
	fflush(stderr);
	saved = dup(STDERR_FILENO);
	assert_int_equal(pipe2(pipe_fds, O_NONBLOCK), 0);
	dup2(pipe_fds[1], STDERR_FILENO);
}

static const char *captured(void)
{
	ssize_t len = read(pipe_fds[0], written, sizeof(written) - 1);

	written[len > 0 ? len : 0] = '\0';
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return written;
}

static void test_line_has_time_level_category(void **state)
{
	int year, month, day, hour, minute, second, ms, end = 0;

	assert_int_equal(log_set_levels("info"), 0);
	capture();
	log_info("tunnel up vslice=%s sessions=%d", "vantiq", 3);
	captured();
	assert_int_equal(
		sscanf(written, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ %n", &year, &month, &day, &hour, &minute, &second, &ms, &end), 7);
	assert_int_equal(end, 25);
	assert_string_equal(written + end, "info alpha tunnel up vslice=vantiq sessions=3\n");
}

static void test_levels_are_global_and_by_category(void **state)
{
	assert_int_equal(log_set_levels("warn,beta=debug"), 0);
	assert_false(log_enabled(&log_category_, LOG_LEVEL_INFO));
	assert_true(log_enabled(&log_category_, LOG_LEVEL_WARN));
	assert_true(log_enabled(&beta, LOG_LEVEL_DEBUG));
	// A new specification is the whole truth: beta follows the global level again.
	assert_int_equal(log_set_levels("info,alpha=error"), 0);
	assert_false(log_enabled(&beta, LOG_LEVEL_DEBUG));
	assert_true(log_enabled(&beta, LOG_LEVEL_INFO));
	assert_false(log_enabled(&log_category_, LOG_LEVEL_WARN));
	assert_int_equal(alpha_too.level, LOG_LEVEL_ERROR);
}

static void test_bad_levels_change_nothing(void **state)
{
	static const char *const specs[] = {
		"", "loud", "info,", "info,gamma=debug", "info,beta=loud", "beta=", "=info", "warn,beta"};

	assert_int_equal(log_set_levels("error,beta=debug"), 0);
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		assert_int_equal(log_set_levels(specs[i]), -EINVAL);
		assert_false(log_enabled(&log_category_, LOG_LEVEL_WARN));
		assert_true(log_enabled(&beta, LOG_LEVEL_DEBUG));
	}
}

static void test_quiet_levels_write_nothing(void **state)
{
	assert_int_equal(log_set_levels("info"), 0);
	capture();
	log_debug("nobody hears");
	assert_string_equal(captured(), "");
}

static void test_a_peer_cannot_make_lines(void **state)
{
	capture();
	log_warn("host=%s", "evil\n2026-01-01T00:00:00.000Z error alpha fake\x1b[2J");
	captured();
	assert_ptr_equal(strchr(written, '\n'), written + strlen(written) - 1);
	assert_null(strchr(written, '\x1b'));
}

static void test_long_lines_are_cut_with_a_mark(void **state)
{
	char text[5000];
	size_t len;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	capture();
	log_err("%s", text);
	captured();
	len = strlen(written);
	assert_in_range(len, 1000, 2048);
	assert_string_equal(written + len - 6, "xx...\n");
}

static void test_errno_survives(void **state)
{
	capture();
	errno = ENOENT;
	log_err("open: %m");
	assert_int_equal(errno, ENOENT);
	captured();
	assert_non_null(strstr(written, "No such file"));
	capture();
	assert_int_equal(log_err_r(-EINVAL, "x=%d", 1), -EINVAL);
	captured();
}

static void test_rate_holds_back_and_counts(void **state)
{
	struct log_rate rate = {0};

	assert_true(log_rate_ok(&rate, 5000, 2));
	assert_int_equal(rate.held, 0);
	assert_true(log_rate_ok(&rate, 5100, 2));
	for (int i = 0; i < 10; i++)
		assert_false(log_rate_ok(&rate, 5200, 2));
	assert_true(log_rate_ok(&rate, 6000, 2));
	assert_int_equal(rate.held, 10);
	assert_true(log_rate_ok(&rate, 6000, 2));
	assert_int_equal(rate.held, 0);
	assert_false(log_rate_ok(&rate, 6999, 2));
	assert_int_equal(rate.held, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line_has_time_level_category),
		cmocka_unit_test(test_levels_are_global_and_by_category),
		cmocka_unit_test(test_bad_levels_change_nothing),
		cmocka_unit_test(test_quiet_levels_write_nothing),
		cmocka_unit_test(test_a_peer_cannot_make_lines),
		cmocka_unit_test(test_long_lines_are_cut_with_a_mark),
		cmocka_unit_test(test_errno_survives),
		cmocka_unit_test(test_rate_holds_back_and_counts),
	};

	log_register(&beta);
	log_register(&alpha_too);
	return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
