// SPDX-License-Identifier: Apache-2.0
// From the configuration to a slice's description, and what can be said of it without the kernel.
#include "gateway/slice_spec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int add_targets(struct slice_spec *spec, const struct vslice_config *vslice, const struct config *config)
{
	const struct target_config *config_row;

	vec_each (&spec->policy->targets, target) {
		const struct target_config *source = config_target(config, &target->id);
		struct target_spec *room = vec_add(&spec->targets);

		if (!room || target_spec_init(room, source, target->mark))
			return -ENOMEM;
		if (target->is_nat &&
			natpool_take(&config->public_addresses, &source->internet.addresses, &room->pool, &room->missing))
			return -ENOMEM;
	}
	for (config_row = config_target_first(config, &vslice->id); config_row; config_row = config_row->sibling.next) {
		struct uuid *room;

		if (policy_target(spec->policy, &config_row->id))
			continue;
		room = vec_add(&spec->unknown);
		if (!room)
			return -ENOMEM;
		*room = config_row->id;
	}
	return 0;
}

int slice_spec_new(const struct vslice_config *vslice, const struct config *config, struct slice_spec **out)
{
	struct slice_spec *spec = calloc(1, sizeof(*spec));
	int error;

	if (!spec)
		return -ENOMEM;
	error = policy_new(vslice, config, &spec->policy);
	if (!error)
		error = add_targets(spec, vslice, config);
	if (error)
		slice_spec_free(&spec);
	else
		*out = spec;
	return error;
}

void slice_spec_free(struct slice_spec **spec_ptr)
{
	struct slice_spec *spec = *spec_ptr;

	*spec_ptr = NULL;
	if (!spec)
		return;
	vec_each (&spec->targets, target)
		target_spec_fini(target);
	vec_free(&spec->targets);
	vec_free(&spec->unknown);
	policy_free(&spec->policy);
	free(spec);
}

static uint16_t lac_port(const struct vslice_config *vslice, const struct ip_addr *lac)
{
	vec_each (&vslice->lacs, row)
		if (ip_addr_equal(&row->address.addr, lac))
			return row->address.port;
	return 1701; // RFC 2661 8.1
}

static struct policy_packet tunnel_packet(const struct vslice_config *vslice, const struct ip_addr *lac, const struct ip_end *lns)
{
	return (struct policy_packet){.direction = RULE_UPLINK,
		.protocol = IPPROTO_UDP,
		.source = *lac,
		.destination = lns->addr,
		.source_port = lac_port(vslice, lac),
		.destination_port = lns->port};
}

void slice_way(const struct vslice_config *vslice, const struct config *config, const struct ip_addr *lac,
	const struct ip_end *lns, struct uuid *target)
{
	struct policy_packet packet = tunnel_packet(vslice, lac, lns);
	struct policy_verdict verdict;
	struct policy *policy = NULL;

	uuid_set(target, NULL);
	if (policy_new(vslice, config, &policy))
		return;
	verdict = policy_judge(policy, &packet);
	if (verdict.forward && verdict.target)
		*target = verdict.target->id;
	policy_free(&policy);
}

bool slice_reaches(const struct vslice_config *vslice, const struct config *config, const struct ip_addr *lac,
	const struct ip_end *lns, char *why)
{
	struct policy_packet packet = tunnel_packet(vslice, lac, lns);
	struct policy *policy = NULL;
	bool reaches;

	if (policy_new(vslice, config, &policy)) {
		snprintf(why, POLICY_WHY, "out of memory");
		return false;
	}
	reaches = policy_explain(policy, &packet, config, why);
	policy_free(&policy);
	return reaches;
}
