// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clean.h"

static const struct histogram_shape shape = {.scale = 1e-6, .count = 3, .bounds = {1000, 1000000, 2500000}};

static struct stats {
	uint64_t heard, drops[2], sessions;
	struct histogram attach;
} stats = {.heard = 12345678901, .drops = {3, 4}, .sessions = 7, .attach.shape = &shape};

static const struct metric rows[] = {
	{"slicegate_heard", METRIC_COUNTER, "Messages \"heard\"", offsetof(struct stats, heard)},
	{"slicegate_drops", METRIC_COUNTER, "Drops", offsetof(struct stats, drops[0]), "reason", "short"},
	{"slicegate_drops", METRIC_COUNTER, "Drops", offsetof(struct stats, drops[1]), "reason", "a\"b\\c\nd"},
	{"slicegate_sessions", METRIC_GAUGE, "Sessions", offsetof(struct stats, sessions)},
	{"slicegate_attach_seconds", METRIC_HISTOGRAM, "Attach time", offsetof(struct stats, attach), "gtp", "2"},
};

static void test_text_is_open_metrics(void **state)
{
	static const char wanted[] = "# TYPE slicegate_heard counter\n"
				     "# HELP slicegate_heard Messages \\\"heard\\\"\n"
				     "slicegate_heard_total 12345678901\n"
				     "# TYPE slicegate_drops counter\n"
				     "# HELP slicegate_drops Drops\n"
				     "slicegate_drops_total{reason=\"short\"} 3\n"
				     "slicegate_drops_total{reason=\"a\\\"b\\\\c\\nd\"} 4\n"
				     "# TYPE slicegate_sessions gauge\n"
				     "# HELP slicegate_sessions Sessions\n"
				     "slicegate_sessions 7\n"
				     "# TYPE slicegate_attach_seconds histogram\n"
				     "# UNIT slicegate_attach_seconds seconds\n"
				     "# HELP slicegate_attach_seconds Attach time\n"
				     "slicegate_attach_seconds_bucket{gtp=\"2\",le=\"0.001\"} 2\n"
				     "slicegate_attach_seconds_bucket{gtp=\"2\",le=\"1.0\"} 3\n"
				     "slicegate_attach_seconds_bucket{gtp=\"2\",le=\"2.5\"} 3\n"
				     "slicegate_attach_seconds_bucket{gtp=\"2\",le=\"+Inf\"} 4\n"
				     "slicegate_attach_seconds_sum{gtp=\"2\"} 3.502\n"
				     "slicegate_attach_seconds_count{gtp=\"2\"} 4\n"
				     "# EOF\n";
	_cleanup_free_ char *text = NULL;
	struct metrics metrics;
	size_t len;

	histogram_observe(&stats.attach, 1000); // a bound is part of its bucket
	histogram_observe(&stats.attach, 1000);
	histogram_observe(&stats.attach, 1000000);
	histogram_observe(&stats.attach, 2500000);
	stats.attach.buckets[HISTOGRAM_BUCKETS] = stats.attach.buckets[2];
	stats.attach.buckets[2] = 0;
	metrics_init(&metrics);
	metrics_rows(&metrics, rows, array_len(rows), &stats);
	text = metrics_end(&metrics, &len);
	assert_string_equal(text, wanted);
	assert_int_equal(len, strlen(wanted));
}

static void test_past_all_bounds(void **state)
{
	struct histogram histogram = {.shape = &shape};

	histogram_observe(&histogram, 2500001);
	histogram_observe(&histogram, 0);
	assert_int_equal(histogram.buckets[HISTOGRAM_BUCKETS], 1);
	assert_int_equal(histogram.buckets[0], 1);
	assert_int_equal(histogram.sum, 2500001);
}

static void test_samples_with_labels_share_a_family(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct metrics metrics;
	size_t len;

	metrics_init(&metrics);
	metrics_sample(&metrics, "up", METRIC_GAUGE, "Up", 1, "vslice", "a", "lns", "192.0.2.1", NULL);
	metrics_sample(&metrics, "up", METRIC_GAUGE, "Up", 0.25, NULL);
	text = metrics_end(&metrics, &len);
	assert_string_equal(text, "# TYPE up gauge\n# HELP up Up\nup{vslice=\"a\",lns=\"192.0.2.1\"} 1\nup 0.25\n# EOF\n");
}

static void test_nothing_is_still_a_document(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct metrics metrics;
	size_t len;

	metrics_init(&metrics);
	text = metrics_end(&metrics, &len);
	assert_string_equal(text, "# EOF\n");
}

static void test_grows(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct metrics metrics;
	size_t len;

	metrics_init(&metrics);
	for (int i = 0; i < 10000; i++)
		metrics_sample(&metrics, "many", METRIC_COUNTER, "Many", i, "label", "value", NULL);
	text = metrics_end(&metrics, &len);
	assert_int_equal(len, strlen(text));
	assert_string_equal(text + len - strlen("} 9999\n# EOF\n"), "} 9999\n# EOF\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_open_metrics),
		cmocka_unit_test(test_past_all_bounds),
		cmocka_unit_test(test_samples_with_labels_share_a_family),
		cmocka_unit_test(test_nothing_is_still_a_document),
		cmocka_unit_test(test_grows),
	};

	return cmocka_run_group_tests_name("base/metrics", tests, NULL, NULL);
}
