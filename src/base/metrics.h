// SPDX-License-Identifier: Apache-2.0
// Metrics in the OpenMetrics text format 1.0, written from tables into a buffer that grows.
//
//	static const struct metric rows[] = {
//		{"slicegate_gtp_messages", METRIC_COUNTER, "GTP messages heard", offsetof(struct stats, heard)},
//		{"slicegate_drops", METRIC_COUNTER, "Packets dropped", offsetof(struct stats, drops[DROP_SHORT]), "reason", "short"},
//		{"slicegate_drops", METRIC_COUNTER, "Packets dropped", offsetof(struct stats, drops[DROP_TEID]), "reason", "unknown-teid"},
//	};
//	metrics_init(&m); metrics_rows(&m, rows, array_len(rows), &stats); text = metrics_end(&m, &len);
//
// Values are uint64_t members (or struct histogram). Rows of one family (one name) stand together.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define METRICS_CONTENT_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

enum metric_kind { METRIC_COUNTER = 1, METRIC_GAUGE, METRIC_HISTOGRAM };

#define HISTOGRAM_BUCKETS 16

// Counts of observations by upper bound. `bounds` rises; observations are in the unit of the name, times `scale`
// (observe microseconds with bounds in microseconds and scale 1e-6 for a family in seconds).
struct histogram_shape {
	double scale;
	unsigned count; // bounds used, HISTOGRAM_BUCKETS at most
	uint64_t bounds[HISTOGRAM_BUCKETS];
};

struct histogram {
	const struct histogram_shape *shape;
	uint64_t buckets[HISTOGRAM_BUCKETS + 1]; // the last: past all bounds
	uint64_t sum;
};

void histogram_observe(struct histogram *histogram, uint64_t value);

struct metric {
	const char *name; // without the _total of a counter
	enum metric_kind kind;
	const char *help;
	size_t offset; // of the value in the object
	const char *label, *label_value; // NULL: none
};

struct metrics {
	char *text;
	size_t len, room;
	const char *family; // the one that is being written
	bool failed; // memory ran out
};

void metrics_init(struct metrics *metrics);
// All rows, their values taken from `object`.
void metrics_rows(struct metrics *metrics, const struct metric *rows, size_t count, const void *object);
// One sample with any labels: pairs of name and value, then NULL. The family's lines come by themselves before its first sample.
void metrics_sample(struct metrics *metrics, const char *name, enum metric_kind kind, const char *help, double value, ...)
	__attribute__((sentinel));
// The whole text, with its end mark, owned by the caller; `*len` its length. NULL when memory ran out.
char *metrics_end(struct metrics *metrics, size_t *len);
