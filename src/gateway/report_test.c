// SPDX-License-Identifier: Apache-2.0
#include "gateway/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void add(struct report *report, const char *word, int number)
{
	report_add(report, json_pack("{s:s, s:i}", "row", word, "n", number));
}

static size_t lines_of(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void a_batch_comes_again_until_it_is_taken(void **state)
{
	struct report *report;
	uint64_t sequence, again;
	char *one, *two;

	(void)state;
	assert_int_equal(report_new(100, &report), 0);
	assert_null(report_batch(report, "gw", "boot", 10, &sequence));
	for (int i = 0; i < 5; i++)
		add(report, "event", i);
	one = report_batch(report, "gw", "boot", 3, &sequence);
	add(report, "event", 5);
	two = report_batch(report, "gw", "boot", 3, &again);
	assert_string_equal(one, two);
	assert_int_equal(sequence, again);
	assert_int_equal(lines_of(one), 4);
	free(one);
	free(two);
	report_taken(report, sequence + 1); // of another batch: nothing happens
	assert_int_equal(report_waiting(report), 6);
	report_taken(report, sequence);
	assert_int_equal(report_waiting(report), 3);
	one = report_batch(report, "gw", "boot", 3, &again);
	assert_int_equal(again, sequence + 1);
	assert_non_null(strstr(one, "\"n\":3"));
	free(one);
	report_free(&report);
}

static void a_full_spool_gives_up_what_a_sync_repeats(void **state)
{
	struct report *report;
	uint64_t sequence;

	(void)state;
	assert_int_equal(report_new(4, &report), 0);
	add(report, "attach", 0);
	add(report, "sessionEnd", 1);
	add(report, "session", 2);
	add(report, "session", 3);
	add(report, "sessionEnd", 4); // the trace goes
	assert_int_equal(report_lost(report), 1);
	add(report, "sessionEnd", 5); // then the sessions
	assert_int_equal(report_lost(report), 3);
	for (int i = 6; i < 20; i++)
		add(report, "sessionEnd", i);
	assert_int_equal(report_lost(report), 3); // ends never
	assert_int_equal(report_waiting(report), 17);
	free(report_batch(report, "gw", "boot", 100, &sequence));
	report_taken(report, sequence);
	assert_int_equal(report_waiting(report), 0);
	report_free(&report);
}

static void use(struct report *report, const char *session, const char *time, int number)
{
	report_add(report, json_pack("{s:s, s:s, s:s, s:i}", "row", "usage", "session", session, "time", time, "n", number));
}

static void usage_is_merged_and_never_lost(void **state)
{
	char time[32], *text;
	struct report *report;
	uint64_t sequence;

	(void)state;
	assert_int_equal(report_new(64, &report), 0);
	use(report, "a", "2030-01-01T00:10:00Z", 1);
	free(report_batch(report, "gw", "boot", 1, &sequence)); // it is on its way
	for (int i = 0; i < 3 * 24 * 60; i++) { // three days without the controller, two sessions, told each minute
		snprintf(time, sizeof(time), "2030-01-%02dT%02d:%02d:00Z", 2 + i / 1440, i / 60 % 24, i % 60);
		use(report, "a", time, 1000000 + i);
		use(report, "b", time, 2000000 + i);
	}
	add(report, "event", 7);
	assert_in_range(report_waiting(report), 1 + 2 + 1, 200);
	assert_int_equal(report_lost(report), 0);
	report_taken(report, sequence);
	text = report_batch(report, "gw", "boot", 1000, &sequence);
	for (int day = 1; day <= 3; day++) { // the last total of each day is there
		snprintf(time, sizeof(time), "\"n\":%d}", 1000000 + day * 1440 - 1);
		assert_non_null(strstr(text, time));
		time[4] = '2';
		assert_non_null(strstr(text, time));
	}
	assert_non_null(strstr(text, "\"n\":7}"));
	free(text);
	report_free(&report);
}

static void what_is_on_its_way_is_not_forgotten(void **state)
{
	struct report *report;
	uint64_t sequence, again;
	char *text;

	(void)state;
	assert_int_equal(report_new(100, &report), 0);
	add(report, "session", 0);
	free(report_batch(report, "gw", "boot", 1, &sequence));
	add(report, "session", 1);
	add(report, "sessionEnd", 2);
	report_forget_live(report);
	text = report_batch(report, "gw", "boot", 10, &again);
	assert_int_equal(again, sequence);
	assert_non_null(strstr(text, "\"n\":0"));
	free(text);
	report_taken(report, sequence);
	text = report_batch(report, "gw", "boot", 10, &again);
	assert_null(strstr(text, "\"n\":1"));
	assert_non_null(strstr(text, "\"n\":2"));
	free(text);
	report_free(&report);
}

static void nobody_to_report_to(void **state)
{
	struct report *report;

	(void)state;
	assert_int_equal(report_new(100, &report), 0);
	report_off(report);
	add(report, "session", 0);
	assert_int_equal(report_waiting(report), 0);
	report_free(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_comes_again_until_it_is_taken),
		cmocka_unit_test(a_full_spool_gives_up_what_a_sync_repeats),
		cmocka_unit_test(usage_is_merged_and_never_lost),
		cmocka_unit_test(what_is_on_its_way_is_not_forgotten),
		cmocka_unit_test(nobody_to_report_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
