// SPDX-License-Identifier: Apache-2.0
#include "gateway/report.h"

#include "gateway/jsonget.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct row {
	struct row *next;
	json_t *json;
};

struct report {
	struct row *first, **last;
	size_t count, max, in_batch; // rows of the batch that is out
	uint64_t sequence, lost;
	bool off;
};

int report_new(size_t max_rows, struct report **out)
{
	struct report *report = calloc(1, sizeof(*report));

	if (!report)
		return -ENOMEM;
	report->last = &report->first;
	report->max = max_rows;
	*out = report;
	return 0;
}

static void row_drop(struct report *report, struct row **link)
{
	struct row *row = *link;

	*link = row->next;
	if (report->last == &row->next)
		report->last = link;
	json_decref(row->json);
	free(row);
	report->count--;
}

void report_free(struct report **report)
{
	if (!*report)
		return;
	while ((*report)->first)
		row_drop(*report, &(*report)->first);
	free(*report);
	*report = NULL;
}

void report_off(struct report *report)
{
	report->off = true;
}

bool report_is_on(const struct report *report)
{
	return !report->off;
}

size_t report_waiting(const struct report *report)
{
	return report->count;
}

uint64_t report_lost(const struct report *report)
{
	return report->lost;
}

static bool is_one_of(const struct row *row, const char *const *words)
{
	const char *word = jsonget_text(row->json, "row", "");

	for (; *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

// Drops rows of these kinds that are not in the batch under way; gives how many.
static size_t drop_kinds(struct report *report, const char *const *words)
{
	struct row **link = &report->first;
	size_t at = 0, dropped = 0;

	while (*link) {
		if (at++ >= report->in_batch && is_one_of(*link, words)) {
			row_drop(report, link);
			dropped++;
		} else {
			link = &(*link)->next;
		}
	}
	return dropped;
}

void report_forget_live(struct report *report)
{
	static const char *const live[] = {"session", "tunnel", "slice", "sync", "status", NULL};

	drop_kinds(report, live);
}

static void make_room(struct report *report)
{
	static const char *const traces[] = {"attach", NULL};
	static const char *const repeated[] = {"session", "tunnel", "slice", "status", NULL};
	size_t dropped;

	if (report->count < report->max)
		return;
	dropped = drop_kinds(report, traces);
	if (!dropped)
		dropped = drop_kinds(report, repeated);
	report->lost += dropped;
	report->max += dropped ? 0 : report->max / 4; // only ends and usage are left: they are worth their memory
}

void report_add(struct report *report, json_t *json)
{
	struct row *row;

	if (!json)
		return;
	make_room(report);
	row = report->off ? NULL : calloc(1, sizeof(*row));
	if (!row) {
		json_decref(json);
		return;
	}
	row->json = json;
	*report->last = row;
	report->last = &row->next;
	report->count++;
}

char *report_batch(struct report *report, const char *gateway, const char *boot, size_t max, uint64_t *sequence)
{
	size_t size = 0, count = 0;
	char *text = NULL;
	FILE *file;

	if (!report->first)
		return NULL;
	if (!report->in_batch) {
		report->in_batch = report->count < max ? report->count : max;
		report->sequence++;
	}
	*sequence = report->sequence;
	file = open_memstream(&text, &size);
	if (!file)
		return NULL;
	fprintf(file, "{\"row\":\"reports\",\"gateway\":\"%s\",\"boot\":\"%s\",\"sequence\":%llu,\"count\":%zu}\n", gateway, boot,
		(unsigned long long)report->sequence, report->in_batch);
	for (struct row *row = report->first; row && count < report->in_batch; row = row->next, count++) {
		json_dumpf(row->json, file, JSON_COMPACT);
		fputc('\n', file);
	}
	fclose(file);
	return text;
}

void report_taken(struct report *report, uint64_t sequence)
{
	if (sequence != report->sequence)
		return;
	for (; report->in_batch; report->in_batch--)
		row_drop(report, &report->first);
}
