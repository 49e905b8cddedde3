// SPDX-License-Identifier: Apache-2.0
#include "base/metrics.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {
	[METRIC_COUNTER] = "counter",
	[METRIC_GAUGE] = "gauge",
	[METRIC_HISTOGRAM] = "histogram",
};

void metrics_init(struct metrics *metrics)
{
	*metrics = (struct metrics){0};
}

static void put(struct metrics *metrics, const char *text, size_t len)
{
	if (metrics->failed)
		return;
	if (metrics->len + len + 1 > metrics->room) {
		size_t room = metrics->room ? metrics->room : 4096;
		char *grown;

		while (room < metrics->len + len + 1)
			room *= 2;
		grown = realloc(metrics->text, room);
		if (!grown) {
			metrics->failed = true;
			return;
		}
		metrics->text = grown;
		metrics->room = room;
	}
	memcpy(metrics->text + metrics->len, text, len);
	metrics->len += len;
	metrics->text[metrics->len] = '\0';
}

static void put_text(struct metrics *metrics, const char *text)
{
	put(metrics, text, strlen(text));
}

// A help or label text: backslash, line feed and double quote are escaped.
static void put_escaped(struct metrics *metrics, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			put(metrics, "\\n", 2);
		else if (*text == '"' || *text == '\\')
			put(metrics, (char[]){'\\', *text}, 2);
		else
			put(metrics, text, 1);
	}
}

static void put_number(struct metrics *metrics, double value)
{
	char text[32];

	// Whole numbers stand as such: a counter past a million must not turn into 1e+06.
	if (value >= -9e15 && value <= 9e15 && value == (double)(int64_t)value)
		snprintf(text, sizeof(text), "%" PRId64, (int64_t)value);
	else
		snprintf(text, sizeof(text), "%.9g", value);
	put_text(metrics, text);
}

static void put_family(struct metrics *metrics, const char *name, enum metric_kind kind, const char *help)
{
	static const char *const units[] = {"seconds", "bytes", "ratio"};

	if (metrics->family && strcmp(metrics->family, name) == 0)
		return;
	metrics->family = name;
	put_text(metrics, "# TYPE ");
	put_text(metrics, name);
	put_text(metrics, " ");
	put_text(metrics, kind_names[kind]);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const char *last = strrchr(name, '_');

		if (!last || strcmp(last + 1, units[i]) != 0)
			continue;
		put_text(metrics, "\n# UNIT ");
		put_text(metrics, name);
		put_text(metrics, " ");
		put_text(metrics, units[i]);
	}
	put_text(metrics, "\n# HELP ");
	put_text(metrics, name);
	put_text(metrics, " ");
	put_escaped(metrics, help);
	put_text(metrics, "\n");
}

static void put_label(struct metrics *metrics, bool first, const char *label, const char *value)
{
	put_text(metrics, first ? "{" : ",");
	put_text(metrics, label);
	put_text(metrics, "=\"");
	put_escaped(metrics, value);
	put_text(metrics, "\"");
}

static void put_value(struct metrics *metrics, bool labels, double value)
{
	put_text(metrics, labels ? "} " : " ");
	put_number(metrics, value);
	put_text(metrics, "\n");
}

static void put_sample(struct metrics *metrics, const struct metric *row, const char *suffix, const char *bound, double value)
{
	put_text(metrics, row->name);
	put_text(metrics, suffix);
	if (row->label)
		put_label(metrics, true, row->label, row->label_value);
	if (bound)
		put_label(metrics, !row->label, "le", bound);
	put_value(metrics, row->label || bound, value);
}

static void put_histogram(struct metrics *metrics, const struct metric *row, const struct histogram *histogram)
{
	const struct histogram_shape *shape = histogram->shape;
	uint64_t count = 0;

	for (unsigned i = 0; i < shape->count; i++) {
		char bound[32];

		count += histogram->buckets[i];
		snprintf(bound, sizeof(bound), "%.9g", (double)shape->bounds[i] * shape->scale);
		// "1" alone would be the same bound as "1.0" of another exporter, but not the same text.
		if (!strpbrk(bound, ".e"))
			strcat(bound, ".0");
		put_sample(metrics, row, "_bucket", bound, (double)count);
	}
	count += histogram->buckets[HISTOGRAM_BUCKETS];
	put_sample(metrics, row, "_bucket", "+Inf", (double)count);
	put_sample(metrics, row, "_sum", NULL, (double)histogram->sum * shape->scale);
	put_sample(metrics, row, "_count", NULL, (double)count);
}

void metrics_rows(struct metrics *metrics, const struct metric *rows, size_t count, const void *object)
{
	for (const struct metric *row = rows; row < rows + count; row++) {
		const void *value = (const char *)object + row->offset;

		put_family(metrics, row->name, row->kind, row->help);
		if (row->kind == METRIC_HISTOGRAM)
			put_histogram(metrics, row, value);
		else
			put_sample(metrics, row, row->kind == METRIC_COUNTER ? "_total" : "", NULL,
				(double)*(const uint64_t *)value);
	}
}

void metrics_sample(struct metrics *metrics, const char *name, enum metric_kind kind, const char *help, double value, ...)
{
	bool labels = false;
	const char *label;
	va_list args;

	put_family(metrics, name, kind, help);
	put_text(metrics, name);
	if (kind == METRIC_COUNTER)
		put_text(metrics, "_total");
	va_start(args, value);
	while ((label = va_arg(args, const char *))) {
		put_label(metrics, !labels, label, va_arg(args, const char *));
		labels = true;
	}
	va_end(args);
	put_value(metrics, labels, value);
}

char *metrics_end(struct metrics *metrics, size_t *len)
{
	char *text;

	put_text(metrics, "# EOF\n");
	text = metrics->text;
	*len = metrics->len;
	if (metrics->failed) {
		free(text);
		text = NULL;
		*len = 0;
	}
	metrics_init(metrics);
	return text;
}

void histogram_observe(struct histogram *histogram, uint64_t value)
{
	const struct histogram_shape *shape = histogram->shape;
	unsigned i = 0;

	while (i < shape->count && value > shape->bounds[i])
		i++;
	histogram->buckets[i < shape->count ? i : HISTOGRAM_BUCKETS]++;
	histogram->sum += value;
}
