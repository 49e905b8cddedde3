// SPDX-License-Identifier: Apache-2.0
// nftables counts what its rules match, but packets on the fast path meet no rule: the policy was asked about them once (slice_path.c). The data plane
// counts them by tunnel, and here that is added to the two rules which let the tunnel by. What a rule has counted stays when tunnels go; after
// a restart only what live tunnels carried is still known.
#include "gateway/vslice_rules.h"

#include "base/clean.h"
#include "gateway/integrated.h"
#include "gateway/tunnel.h"
#include "gateway/vslice.h"

struct carried {
	VEC(struct slice_rule_counter) rows;
};

static void carry(struct vslice *vslice, const struct uuid *rule, uint64_t packets, uint64_t bytes)
{
	struct slice_rule_counter *row;

	if (!*rule->text || !packets)
		return;
	if (!vslice->carried)
		vslice->carried = calloc(1, sizeof(*vslice->carried));
	if (!vslice->carried)
		return;
	vec_each (&vslice->carried->rows, each)
		if (uuid_equal(&each->rule, rule)) {
			each->packets += packets;
			each->bytes += bytes;
			return;
		}
	row = vec_add(&vslice->carried->rows);
	if (row)
		*row = (struct slice_rule_counter){*rule, packets, bytes};
}

void vslice_rules_carry(
	struct vslice *vslice, const struct uuid rules[2], const struct dp_counters *now, struct dp_counters *seen)
{
	carry(vslice, &rules[0], now->uplink_packets - seen->uplink_packets, now->uplink_bytes - seen->uplink_bytes);
	carry(vslice, &rules[1], now->downlink_packets - seen->downlink_packets, now->downlink_bytes - seen->downlink_bytes);
	*seen = *now;
}

void vslice_rules_gather_tunnel(struct tunnel *tunnel)
{
	struct dp_counters now;

	if (!tunnel->pair || !tunnel->dp)
		return;
	dp_tunnel_flow(tunnel->dp, &now);
	vslice_rules_carry(tunnel->lac->vslice, tunnel->pair->path_rules, &now, &tunnel->flow_seen);
}

void vslice_rules_gather(struct vslice *vslice)
{
	integrated_ways_gather(vslice);
	for (struct lac *lac = vslice->lacs; lac; lac = lac->next)
		for (struct pair *pair = lac->pairs; pair; pair = pair->next)
			for (struct tunnel *tunnel = pair->tunnels; tunnel; tunnel = tunnel->next)
				vslice_rules_gather_tunnel(tunnel);
}

void vslice_rules_add(const struct vslice *vslice, struct slice_rule_counter *counter)
{
	if (vslice->carried)
		vec_each (&vslice->carried->rows, each)
			if (uuid_equal(&each->rule, &counter->rule)) {
				counter->packets += each->packets;
				counter->bytes += each->bytes;
			}
}

void vslice_rules_free(struct vslice *vslice)
{
	if (vslice->carried)
		vec_free(&vslice->carried->rows);
	free(vslice->carried);
	vslice->carried = NULL;
}
