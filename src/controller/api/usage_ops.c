// SPDX-License-Identifier: Apache-2.0
// Usage by hour or by day: of an endpoint, an Endpoint Group, a VSlice, or all of the customer's. Every interval is told, those in which
// nothing was moved too, so that what draws them need not fill gaps.
#include "controller/api/http.h"
#include "controller/api/op.h"
#include "controller/api/ops.h"
#include "controller/store/usage.h"
#include "model/usage.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#define HOURS_DEFAULT 24
#define DAYS_DEFAULT 30

struct range {
	enum usage_span span;
	int64_t from_ms, to_ms; // whole intervals
};

static bool take_time(struct op *op, const char *name, int64_t *out)
{
	const char *text = exchange_query(op->exchange, name);
	char day[32];

	if (!text || !*text)
		return true;
	if (strlen(text) == 10) { // a day alone
		snprintf(day, sizeof(day), "%sT00:00:00Z", text);
		text = day;
	}
	if (json_time_parse(text, out) == 0 && *out >= 0)
		return true;
	op_fail(op, 400, "%s: \"%.40s\" is not accepted; accepted: a time as 2026-01-31T12:00:00Z, or a day as 2026-01-31", name,
		exchange_query(op->exchange, name));
	return false;
}

static bool take_range(struct op *op, struct range *range)
{
	const char *interval = exchange_query(op->exchange, "interval");
	int64_t from_ms = FIELD_UNSET, to_ms = db_now_ms();

	*range = (struct range){.span = !interval || strcasecmp(interval, "day") == 0 ? USAGE_DAY : USAGE_HOUR};
	if (interval && strcasecmp(interval, "hour") != 0 && strcasecmp(interval, "day") != 0) {
		op_fail(op, 400, "interval: \"%.20s\" is not accepted; accepted: hour, day", interval);
		return false;
	}
	if (!take_time(op, "from", &from_ms) || !take_time(op, "to", &to_ms))
		return false;
	int64_t length_ms = usage_span_ms(range->span);

	range->to_ms = (to_ms + length_ms - 1) / length_ms * length_ms;
	if (from_ms == FIELD_UNSET)
		from_ms = range->to_ms - (range->span == USAGE_DAY ? DAYS_DEFAULT : HOURS_DEFAULT) * length_ms;
	range->from_ms = from_ms < 0 ? 0 : from_ms / length_ms * length_ms;
	if (range->from_ms < range->to_ms)
		return true;
	op_fail(op, 400, "to: must be later than from");
	return false;
}

static void put_interval(struct op *op, const char *id, enum usage_span span, int64_t from_ms)
{
	struct usage usage = {.from_ms = from_ms, .to_ms = from_ms + usage_span_ms(span)};
	time_t from = (time_t)(from_ms / 1000);
	struct usage_sum sum;
	struct tm utc;
	char name[40];

	usage_sum(op->db, id, span, from_ms, &sum);
	strftime(name, sizeof(name), "%FT%TZ", gmtime_r(&from, &utc));
	usage.object.id = name;
	usage.bytes_up = sum.bytes_up;
	usage.bytes_down = sum.bytes_down;
	usage.sessions = sum.sessions;
	json_put_object(&op->reply, &noun_usage, &usage, JSON_READ);
}

static void put_usage(struct op *op, const char *id)
{
	struct range range;
	int64_t offset, limit;

	if (!take_range(op, &range) || !op_paging(op, &offset, &limit))
		return;
	int64_t length_ms = usage_span_ms(range.span), total = (range.to_ms - range.from_ms) / length_ms;

	op_reply_begin(op);
	text_char(&op->reply, '[');
	for (int64_t i = offset; i < total && i < offset + limit; i++) {
		text_add(&op->reply, i > offset ? "," : "");
		put_interval(op, id, range.span, range.from_ms + i * length_ms);
	}
	text_char(&op->reply, ']');
	op_reply_end_list(op, total, limit, offset);
}

void op_usage(struct op *op)
{
	char id[UUID_TEXT];

	if (op_find(op, id))
		put_usage(op, id);
}

void op_usage_list(struct op *op)
{
	put_usage(op, op->actor.customer);
}

void op_usage_get(struct op *op)
{
	int64_t from_ms;

	if (json_time_parse(op->segments[1], &from_ms) || from_ms < 0 || from_ms % USAGE_HOUR_MS) {
		op_fail(op, 404, "Record not found");
		return;
	}
	op_reply_begin(op);
	put_interval(op, op->actor.customer, from_ms % USAGE_DAY_MS ? USAGE_HOUR : USAGE_DAY, from_ms);
	op_reply_end(op);
}
