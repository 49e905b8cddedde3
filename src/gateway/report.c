// SPDX-License-Identifier: Apache-2.0
#include "gateway/report.h"

#include "base/map.h"
#include "gateway/jsonget.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD 12 // room for a row's kind
#define TO_THE_HOUR 13 // of "2030-01-31T12:34:56Z"
#define TO_THE_DAY 10

// Rows wait as text: a third of the memory of what they were made from.
struct row {
	struct row *next;
	char word[WORD];
	uint64_t in_hour, in_day; // of usage: whose it is, and when
	size_t len;
	char text[];
};

struct report {
	struct row *first, **last;
	size_t count, max, in_batch; // rows of the batch that is out
	uint64_t sequence, lost;
	bool off;
	char scratch[4096]; // most rows fit
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
	for (; *words; words++)
		if (!strcmp(row->word, *words))
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

static uint64_t period_of(const struct row *row, bool by_day)
{
	return by_day ? row->in_day : row->in_hour;
}

// Usage is told in totals: of one session and one hour (or day) the last row says it all. Gives how many of the others went.
static size_t merge_usage(struct report *report, bool by_day)
{
	struct row **link = &report->first;
	size_t at = 0, dropped = 0;
	struct map last = {0};

	for (struct row *row = report->first; row; row = row->next)
		if (row->in_hour && map_put(&last, period_of(row, by_day), row))
			break; // without memory less is merged
	while (*link) {
		struct row *row = *link, *later = row->in_hour ? map_get(&last, period_of(row, by_day)) : NULL;

		if (at++ >= report->in_batch && later && later != row) {
			row_drop(report, link);
			dropped++;
		} else {
			link = &row->next;
		}
	}
	map_fini(&last);
	return dropped;
}

static void make_room(struct report *report)
{
	static const char *const traces[] = {"attach", NULL};
	static const char *const repeated[] = {"session", "tunnel", "slice", "rules", "status", NULL};
	size_t dropped;

	if (report->count < report->max)
		return;
	merge_usage(report, false);
	if (report->count < report->max - report->max / 8)
		return;
	dropped = drop_kinds(report, traces);
	if (!dropped)
		dropped = drop_kinds(report, repeated);
	report->lost += dropped;
	if (!dropped)
		merge_usage(report, true);
	if (report->count >= report->max - report->max / 8)
		report->max +=
			report->max / 4; // only ends, events and a row of usage a day are left: they are worth their memory
}

static uint64_t period_key(const json_t *json, int time_chars)
{
	char text[80];
	int len = snprintf(
		text, sizeof(text), "%s %.*s", jsonget_text(json, "session", ""), time_chars, jsonget_text(json, "time", ""));

	return hash_bytes(text, (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1) | 1; // never 0
}

static struct row *row_new(struct report *report, const json_t *json)
{
	size_t len = json_dumpb(json, report->scratch, sizeof(report->scratch), JSON_COMPACT);
	struct row *row = malloc(sizeof(*row) + len + 1);

	if (!row)
		return NULL;
	row->next = NULL;
	snprintf(row->word, sizeof(row->word), "%s", jsonget_text(json, "row", ""));
	row->len = len + 1;
	row->in_hour = row->in_day = 0;
	if (strcmp(row->word, "usage") == 0) {
		row->in_hour = period_key(json, TO_THE_HOUR);
		row->in_day = period_key(json, TO_THE_DAY);
	}
	if (len <= sizeof(report->scratch))
		memcpy(row->text, report->scratch, len);
	else
		json_dumpb(json, row->text, len, JSON_COMPACT);
	row->text[len] = '\n';
	return row;
}

void report_add(struct report *report, json_t *json)
{
	struct row *row;

	if (!json)
		return;
	make_room(report);
	row = report->off ? NULL : row_new(report, json);
	json_decref(json);
	if (!row)
		return;
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
	for (struct row *row = report->first; row && count < report->in_batch; row = row->next, count++)
		fwrite(row->text, 1, row->len, file);
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
