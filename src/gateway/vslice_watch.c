// SPDX-License-Identifier: Apache-2.0
#include "gateway/vslice_watch.h"

#include "base/clean.h"
#include "gateway/vslice.h"

#define TELL_ANYWAY 6 // rounds after which unchanged counters are told again: a controller that started anew has forgotten them

static uint64_t digest(const struct slice_rule_counter *rows, size_t count)
{
	uint64_t hash = 14695981039346656037u; // FNV-1a, by whole numbers

	for (size_t i = 0; i < count; i++)
		hash = (hash ^ (rows[i].packets + rows[i].bytes * 31 + i)) * 1099511628211u;
	return hash;
}

static void on_counters(void *owner, const struct slice_rule_counter *rows, size_t count)
{
	struct vslice *vslice = owner;
	uint64_t now = digest(rows, count);
	json_t *rules;

	if (!count || (now == vslice->rules_told && vslice->rules_silent++ < TELL_ANYWAY))
		return;
	vslice->rules_told = now;
	vslice->rules_silent = 0;
	rules = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(rules,
			json_pack("{s:s, s:I, s:I}", "rule", rows[i].rule.text, "packets", (json_int_t)rows[i].packets, "bytes",
				(json_int_t)rows[i].bytes));
	report_add(
		vslice->gateway->report, json_pack("{s:s, s:s, s:o}", "row", "rules", "vslice", vslice->id.text, "rules", rules));
}

static void on_watch_due(struct timer *timer, uint64_t now_ms)
{
	struct vslice *vslice = container_of(timer, struct vslice, watch_timer);

	if (vslice->ready && !vslice->stopping)
		slice_rule_counters(vslice->slice, on_counters, vslice);
	wheel_arm(&vslice->gateway->wheel, timer, now_ms + vslice->gateway->options->usage_ms);
}

void vslice_watch_start(struct vslice *vslice)
{
	vslice->watch_timer.fire = on_watch_due;
	wheel_arm(&vslice->gateway->wheel, &vslice->watch_timer, vslice->gateway->now_ms + vslice->gateway->options->usage_ms);
}

void vslice_watch_stop(struct vslice *vslice)
{
	wheel_disarm(&vslice->gateway->wheel, &vslice->watch_timer);
}
