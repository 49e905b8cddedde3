// SPDX-License-Identifier: Apache-2.0
// Endpoint Group rows and rules: on an L2TP VSlice a group binds to one LAC; on an integrated one it selects policy and gateway.
#include "model/group.h"

#include "model/policy.h"
#include "model/ruling.h"
#include "model/vslice.h"
#include "model/words.h"

#include <string.h>
#include <strings.h>

static const struct field group_fields[] = {
	OBJECT_FIELDS(50),
	{.name = "vslice",
		.type = FIELD_REF,
		.flags = FIELD_REQUIRED | FIELD_FIXED | FIELD_SUMMARY,
		FIELD_AT(struct group, vslice),
		.noun = &noun_vslice,
		.label = "VSlice",
		.link = "vslice",
		.help = "The VSlice that its endpoints are in; chosen at creation"},
	{.name = "l2tpAccessConcentrator",
		.alias = "lac",
		.type = FIELD_REF,
		.flags = FIELD_KEEP | FIELD_SUMMARY,
		FIELD_AT(struct group, lac),
		.noun = &noun_lac,
		.scope = "vslice",
		.visible = {"vslice.vsliceType", "l2tp"},
		.required = {"vslice.vsliceType", "l2tp"},
		.label = "L2TP Access Concentrator",
		.link = "lac",
		.help = "The LAC that carries the group's sessions: id, moniker, name, or address of a LAC of the VSlice",
		.refusal = "the VSlice is integrated and has no LACs; leave it out"},
	{.name = "routingPolicy",
		.type = FIELD_REF,
		FIELD_AT(struct group, routing_policy),
		.noun = &noun_policy,
		.visible = {"vslice.vsliceType", "integrated"},
		.label = "Routing Policy",
		.link = "routingPolicy",
		.help = "The policy that its endpoints' traffic follows",
		.refusal =
			"on an L2TP VSlice the Routing Policy is selected on the VSlice; set its defaultRoutingPolicy instead"},
	{.name = "regionalGatewayPolicy",
		.type = FIELD_REF,
		FIELD_AT(struct group, regional_policy),
		.noun = &noun_regional_policy,
		.visible = {"vslice.vsliceType", "integrated"},
		.initial = "automatic",
		.label = "Regional Gateway",
		.link = "regionalGatewayPolicy",
		.help = "Which Regional Gateway serves its endpoints; automatic = the nearest",
		.refusal = "on an L2TP VSlice the Regional Gateway is fixed on the VSlice; set its regionalGateway instead"},
	{.name = "ipAllocationType",
		.type = FIELD_ENUM,
		.flags = FIELD_KEEP,
		FIELD_AT(struct group, ip_allocation),
		.words = ip_allocations,
		.fixed = {"vslice.vsliceType", "l2tp"},
		.fixed_to = "ppp",
		.label = "IP Allocation Type",
		.link = "ipAllocationType",
		.help = "As on the VSlice when absent; fixed to ppp on L2TP"},
	{.name = "steeringProfile",
		.type = FIELD_REF,
		FIELD_AT(struct group, steering_profile),
		.noun = &noun_operator_policy,
		.label = "Operator Policy",
		.link = "steeringProfile",
		.help = "Which networks its endpoints may use"},
	{.name = "eventMap",
		.type = FIELD_REF,
		FIELD_AT(struct group, event_map),
		.noun = &noun_event_map,
		.label = "Event Map",
		.help = "Where its events go"},
	{.name = "endpointsAssigned",
		.type = FIELD_INT,
		.flags = FIELD_READ_ONLY | FIELD_SUMMARY,
		FIELD_AT(struct group, endpoints),
		.sql = "(SELECT ifnull(sum(k.count), 0) FROM user_count k WHERE k.id = t.id AND k.place = "
		       "'endpoint.endpoint_group')",
		.label = "Endpoints",
		.help = "Endpoints in the group"},
	CUSTOMER_FIELD,
	CHANGED_FIELD,
	DELIVERY_FIELDS,
};

// Does what the client wrote mean the object referred to?
static bool means(const struct field_ref *written, const struct field_ref *object)
{
	const char *text = written->id ? written->id : written->moniker;

	return text && object->id &&
		(strcasecmp(text, object->id) == 0 || (object->moniker && strcasecmp(text, object->moniker) == 0));
}

// What an L2TP VSlice decides may be repeated on its groups: it is not stored there.
static void group_prepare(struct ruling *ruling, void *object, const void *before)
{
	struct group *group = object;
	const struct vslice *vslice;

	(void)before;
	ruling_resolve(ruling, &noun_vslice, NULL, &group->vslice);
	if (!(vslice = ruling_load(ruling, &noun_vslice, &group->vslice)))
		return;
	if (group->ip_allocation == FIELD_UNSET)
		group->ip_allocation = vslice->ip_allocation;
	if (vslice->type != VSLICE_L2TP)
		return;
	if (means(&group->routing_policy, &vslice->default_routing_policy))
		field_clear(field_find(&noun_group, "routingPolicy"), group);
	if (means(&group->regional_policy, &vslice->regional_gateway))
		field_clear(field_find(&noun_group, "regionalGatewayPolicy"), group);
}

static void group_check(struct ruling *ruling, void *object, const void *before)
{
	const struct group *group = object;
	const struct vslice *vslice = ruling_load(ruling, &noun_vslice, &group->vslice);
	const struct policy *policy = ruling_load(ruling, &noun_policy, &group->routing_policy);

	(void)before;
	if (!vslice)
		return;
	if (vslice->type == VSLICE_L2TP && group->ip_allocation != IP_ALLOCATION_PPP)
		ruling_fault(ruling, "ipAllocationType",
			"is fixed to ppp on an L2TP VSlice, where the LNS assigns the address; leave it out");
	if (vslice->type == VSLICE_INTEGRATED && group->ip_allocation == IP_ALLOCATION_PPP)
		ruling_fault(ruling, "ipAllocationType", "ppp is for L2TP VSlices; accepted: static, pooled");
	if (policy && strcmp(policy->vslice.id, vslice->object.id) != 0)
		ruling_fault(ruling, "routingPolicy",
			"Routing Policy \"%s\" was created against another VSlice; name one of VSlice \"%s\"",
			policy->object.moniker, vslice->object.moniker);
}

const struct noun noun_group = {
	.word = "endpoint-group",
	.title = "Endpoint Group",
	.path = "endpointgroups",
	.spelling = "EndpointGroups",
	.table = "endpoint_group",
	.help = "The configuration that its Endpoints inherit",
	.size = sizeof(struct group),
	NOUN_FIELDS(group_fields),
	.prepare = group_prepare,
	.check = group_check,
};
