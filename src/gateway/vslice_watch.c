// SPDX-License-Identifier: Apache-2.0
#include "gateway/vslice_watch.h"

#include "base/clean.h"
#include "gateway/integrated.h"
#include "gateway/report.h"
#include "gateway/tunnel.h"
#include "gateway/vslice.h"
#include "gateway/vslice_rules.h"

#define LOOK_MS 1000
#define TELL_ANYWAY 6 // rounds after which unchanged counters are told again: a controller that started anew has forgotten them

LOG_CATEGORY(vslice);

static uint64_t digest(const struct slice_rule_counter *rows, const struct slice_counts *counts)
{
	uint64_t hash = 14695981039346656037u; // FNV-1a, by whole numbers

	for (size_t i = 0; i < counts->rule_count; i++)
		hash = (hash ^ (rows[i].packets + rows[i].bytes * 31 + i)) * 1099511628211u;
	for (size_t i = 0; i < counts->target_count; i++)
		for (size_t way = 0; way < 2; way++)
			hash = (hash ^ (counts->targets[i].packets[way] + counts->targets[i].refused * 31 + i)) * 1099511628211u;
	return hash;
}

static json_t *rules_json(const struct slice_rule_counter *rows, size_t count)
{
	json_t *rules = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(rules,
			json_pack("{s:s, s:I, s:I}", "rule", rows[i].rule.text, "packets", (json_int_t)rows[i].packets, "bytes",
				(json_int_t)rows[i].bytes));
	return rules;
}

static json_t *traffic_json(const struct slice_traffic *rows, size_t count)
{
	json_t *targets = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(targets,
			json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "routingTarget", rows[i].target.text, "packetsUplink",
				(json_int_t)rows[i].packets[0], "bytesUplink", (json_int_t)rows[i].bytes[0], "packetsDownlink",
				(json_int_t)rows[i].packets[1], "bytesDownlink", (json_int_t)rows[i].bytes[1],
				"connectionsRefused", (json_int_t)rows[i].refused));
	return targets;
}

static void keep_traffic(struct vslice *vslice, const struct slice_counts *counts)
{
	struct slice_traffic *copy = calloc(counts->target_count + 1, sizeof(*copy));

	if (!copy)
		return;
	if (counts->target_count)
		memcpy(copy, counts->targets, counts->target_count * sizeof(*copy));
	for (size_t i = 0; i < counts->target_count; i++)
		for (size_t j = 0; j < vslice->traffic_count; j++)
			if (uuid_equal(&copy[i].target, &vslice->traffic[j].target) &&
				copy[i].refused > vslice->traffic[j].refused)
				log_warn("connections are refused for want of a port or of room vslice=%s connections=%llu",
					vslice->moniker, (unsigned long long)(copy[i].refused - vslice->traffic[j].refused));
	free(vslice->traffic);
	vslice->traffic = copy;
	vslice->traffic_count = counts->target_count;
}

static void on_counters(void *owner, const struct slice_counts *counts)
{
	_cleanup_free_ struct slice_rule_counter *rows = calloc(counts->rule_count + 1, sizeof(*rows));
	struct vslice *vslice = owner;
	uint64_t now;

	vslice_rules_gather(vslice);
	keep_traffic(vslice, counts);
	for (size_t i = 0; rows && i < counts->rule_count; i++) {
		rows[i] = counts->rules[i];
		vslice_rules_add(vslice, &rows[i]);
	}
	now = rows ? digest(rows, counts) : 0;
	if (!rows || counts->rule_count + counts->target_count == 0 ||
		(now == vslice->rules_told && vslice->rules_silent++ < TELL_ANYWAY))
		return;
	vslice->rules_told = now;
	vslice->rules_silent = 0;
	report_add(vslice->gateway->report,
		json_pack("{s:s, s:s, s:o, s:o}", "row", "rules", "vslice", vslice->id.text, "rules",
			rules_json(rows, counts->rule_count), "targets", traffic_json(counts->targets, counts->target_count)));
}

// How the slice's packets go: as the best of its tunnels do, or as the cable of its SIMs does.
static enum dp_way look_at_tunnels(struct vslice *vslice)
{
	enum dp_way best = DP_WAY_SOCKETS;
	struct tunnel *tunnel;

	for (size_t at = 0; (tunnel = map_next(&vslice->tunnels, &at));) {
		enum dp_way way = tunnel->dp ? dp_tunnel_way(tunnel->dp) : DP_WAY_SOCKETS;

		best = way > best ? way : best;
		if (way == tunnel->way_told)
			continue;
		tunnel->way_told = way;
		tunnel_report(tunnel);
	}
	return best;
}

static void set_cable(struct vslice *vslice, bool is_wanted)
{
	if (vslice->cable == (is_wanted ? CABLE_LAID : CABLE_NONE))
		return;
	vslice->cable = is_wanted ? CABLE_LAID : CABLE_NONE;
	slice_cable(vslice->slice, is_wanted);
}

void vslice_cable_for(struct tunnel *tunnel)
{
	if (tunnel->dp && dp_tunnel_wants_cable(tunnel->dp))
		set_cable(tunnel->lac->vslice, true);
}

// An earlier gateway's cable stays until all of its tunnels have been taken up, and any while there is no tunnel to ask.
static void follow_cable(struct vslice *vslice)
{
	bool is_asked = false, is_wanted = false;
	const struct tunnel *tunnel;

	for (size_t at = 0; !is_wanted && (tunnel = map_next(&vslice->tunnels, &at));) {
		is_asked = is_asked || tunnel->dp;
		is_wanted = tunnel->dp && dp_tunnel_wants_cable(tunnel->dp);
	}
	if (is_wanted || (is_asked && !vslice->gateway->resume))
		set_cable(vslice, is_wanted);
}

static void look_at_way(struct vslice *vslice)
{
	enum dp_way now = vslice->integrated ? integrated_way(vslice) : look_at_tunnels(vslice);

	if (now == vslice->way_told)
		return;
	log_info("packets go another way vslice=%s path=%s before=%s", vslice->moniker, dp_way_name(now),
		dp_way_name(vslice->way_told));
	vslice->way_told = now;
	vslice_report(vslice);
}

static void on_watch_due(struct timer *timer, uint64_t now_ms)
{
	struct vslice *vslice = container_of(timer, struct vslice, watch_timer);

	if (vslice->ready && !vslice->stopping) {
		slice_look(vslice->slice);
		follow_cable(vslice);
		look_at_way(vslice);
		if (now_ms >= vslice->rules_due_ms) {
			slice_counters(vslice->slice, on_counters, vslice);
			vslice->rules_due_ms = now_ms + vslice->gateway->options->usage_ms;
		}
	}
	wheel_arm(&vslice->gateway->wheel, timer, now_ms + LOOK_MS);
}

static const struct slice_target_status *find(const struct slice_target_status *rows, size_t count, const struct uuid *id)
{
	for (size_t i = 0; i < count; i++)
		if (uuid_equal(&rows[i].target, id))
			return &rows[i];
	return NULL;
}

static void tell_event(struct vslice *vslice, const struct slice_target_status *target, const char *type)
{
	report_add(vslice->gateway->report,
		json_pack("{s:s, s:s, s:s, s:s, s:{s:s, s:s}}", "row", "event", "eventType", type, "vslice", vslice->id.text,
			"routingTarget", target->target.text, "detail", "publicAddress", target->public_address, "message",
			target->message));
}

// The phases of a VPN. A gateway that adopts what an earlier one left finds them up, which is no event.
static void watch_phases(struct vslice *vslice, const struct slice_target_status *before, const struct slice_target_status *now)
{
	bool has_failed = !now->available && !now->is_pending && *now->message,
	     had_failed = !before->available && !before->is_pending;

	if (before->ike_up != now->ike_up)
		tell_event(vslice, now, now->ike_up ? "vpnikephase1up_v1" : "vpnikephase1down_v1");
	if (before->child_up != now->child_up) {
		tell_event(vslice, now, now->child_up ? "vpnchildsaphase2up_v1" : "vpnchildsaphase2down_v1");
		if (now->child_up)
			tell_event(vslice, now, "vpninitiationsucceeded_v1");
	} else if (has_failed && (!had_failed || strcmp(before->message, now->message))) {
		tell_event(vslice, now, "vpninitiationfailed_v1");
	}
}

void vslice_watch_targets(struct vslice *vslice, const struct slice_target_status *now, size_t count)
{
	struct slice_target_status *copy = calloc(count ? count : 1, sizeof(*copy));

	if (!copy)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct slice_target_status *before = find(vslice->targets, vslice->target_count, &now[i].target);
		const struct target_config *config =
			vslice->gateway->config ? config_target(vslice->gateway->config, &now[i].target) : NULL;

		copy[i] = now[i];
		if (before && !now[i].mtu)
			copy[i].mtu = before->mtu; // a target that is gone for now comes back as long as it was
		if (before && config && config->type == TARGET_VPN)
			watch_phases(vslice, before, &now[i]);
		if (before ? before->available == now[i].available : !now[i].available)
			continue;
		log_info("target %s vslice=%s target=%s message=\"%s\"", now[i].available ? "available" : "unavailable",
			vslice->moniker, config ? config->moniker : "-", now[i].message);
	}
	free(vslice->targets);
	vslice->targets = copy;
	vslice->target_count = count;
}

void vslice_watch_start(struct vslice *vslice)
{
	vslice->watch_timer.fire = on_watch_due;
	wheel_arm(&vslice->gateway->wheel, &vslice->watch_timer, vslice->gateway->now_ms + LOOK_MS);
}

void vslice_watch_stop(struct vslice *vslice)
{
	wheel_disarm(&vslice->gateway->wheel, &vslice->watch_timer);
}
