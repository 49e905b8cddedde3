// SPDX-License-Identifier: Apache-2.0
// Endpoint rows and rules. Several IMSIs are one unit; pending becomes active when the endpoint joins a group; terminated is final.
#include "model/endpoint.h"

#include "base/subnet.h"
#include "model/account.h"
#include "model/group.h"
#include "model/ruling.h"
#include "model/vslice.h"

#include <string.h>

static const struct word endpoint_statuses[] = {
	{ENDPOINT_UNALLOCATED, "unallocated", "Unallocated", "on no account"},
	{ENDPOINT_PENDING, "pending", "Pending", "in no group, no traffic; becomes active when it joins one"},
	{ENDPOINT_PROVISIONAL, "provisional", "Provisional", "being provisioned"},
	{ENDPOINT_AUTO_ACTIVATE, "auto-activate", "Auto-activate", "becomes active at its first attach"},
	{ENDPOINT_ACTIVE, "active", "Active", "in a group; may attach"},
	{ENDPOINT_SUSPENDED, "suspended", "Suspended", "may not attach until it is made active again"},
	{ENDPOINT_TERMINATED, "terminated", "Terminated", "for good"},
	{0},
};

static const struct field endpoint_fields[] = {
	{.name = "id",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct endpoint, object.id),
		.label = "Id",
		.help = "The endpoint's UUID, given by the platform"},
	{.name = "moniker",
		.type = FIELD_TEXT,
		.flags = FIELD_KEEP,
		FIELD_AT(struct endpoint, object.moniker),
		.min = 1,
		.max = 30,
		.format = FORMAT_MONIKER,
		.label = "Moniker",
		.help = "The name in paths; the ICCID when absent"},
	{.name = "name",
		.type = FIELD_TEXT,
		.flags = FIELD_SUMMARY | FIELD_KEEP,
		FIELD_AT(struct endpoint, object.name),
		.min = 1,
		.max = 50,
		.label = "Name",
		.link = "name",
		.help = "The name that people see; the ICCID when absent"},
	{.name = "iccid",
		.type = FIELD_TEXT,
		.flags = FIELD_REQUIRED | FIELD_FIXED | FIELD_UNIQUE | FIELD_SUMMARY,
		FIELD_AT(struct endpoint, iccid),
		.min = 18,
		.max = 22,
		.format = FORMAT_ICCID,
		.label = "ICCID",
		.link = "iccid",
		.help = "The SIM's serial number, 18 to 22 digits, the last one the check digit"},
	{.name = "imsis",
		.type = FIELD_TEXTS,
		.flags = FIELD_REQUIRED | FIELD_UNIQUE | FIELD_SUMMARY,
		FIELD_AT(struct endpoint, imsis),
		.min = 1,
		.max = 4,
		.format = FORMAT_IMSI,
		.label = "IMSIs",
		.link = "imsis",
		.help = "The SIM's subscriber identities, 14 or 15 digits each, unique on the platform"},
	{.name = "msisdn",
		.type = FIELD_TEXT,
		FIELD_AT(struct endpoint, msisdn),
		.min = 5,
		.max = 15,
		.format = FORMAT_DIGITS,
		.label = "MSISDN",
		.link = "msisdn",
		.help = "The telephone number, digits only"},
	{.name = "endpointGroup",
		.type = FIELD_REF,
		.flags = FIELD_SUMMARY | FIELD_COUNTED,
		FIELD_AT(struct endpoint, group),
		.noun = &noun_group,
		.label = "Endpoint Group",
		.link = "endpointGroup",
		.help = "The group that configures it; outside a group it carries no traffic"},
	{.name = "endpointStatus",
		.alias = "status",
		.type = FIELD_ENUM,
		.flags = FIELD_KEEP | FIELD_SUMMARY,
		FIELD_AT(struct endpoint, status),
		.words = endpoint_statuses,
		.label = "Status",
		.link = "status",
		.help = "Its state; active when absent and in a group, else pending"},
	{.name = "reference",
		.type = FIELD_TEXT,
		FIELD_AT(struct endpoint, reference),
		.max = 100,
		.label = "Reference",
		.help = "The customer's own reference"},
	{.name = "tags",
		.type = FIELD_TEXTS,
		FIELD_AT(struct endpoint, tags),
		.max = 32,
		.label = "Tags",
		.help = "Words to find it by"},
	{.name = "staticIpAddress",
		.type = FIELD_TEXT,
		FIELD_AT(struct endpoint, static_ip),
		.max = 15,
		.format = FORMAT_IPV4,
		.label = "Static IP address",
		.help = "Its IPv4 address on an integrated VSlice with static allocation; the platform chooses one when absent"},
	{.name = "assignedIpAddress",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct endpoint, assigned_ip),
		.max = 15,
		.label = "Assigned IP address",
		.link = "address",
		.help = "The IPv4 address that is kept for it on an integrated VSlice with static allocation"},
	{.name = "assignedIpv6Prefix",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct endpoint, assigned_prefix),
		.max = 43,
		.label = "Assigned IPv6 prefix",
		.link = "prefix",
		.help = "The /64 that is kept for it, likewise"},
	{.name = "pppUsername",
		.type = FIELD_TEXT,
		.flags = FIELD_KEEP,
		FIELD_AT(struct endpoint, ppp_username),
		.min = 1,
		.max = 128,
		.format = FORMAT_TEMPLATE,
		.label = "PPP user name",
		.link = "pppUsername",
		.help = "The name it gives to the LNS; the VSlice's template when absent"},
	{.name = "pppPassword",
		.type = FIELD_TEXT,
		.flags = FIELD_SECRET | FIELD_KEEP,
		FIELD_AT(struct endpoint, ppp_password),
		.min = 1,
		.max = 128,
		.label = "PPP password",
		.link = "pppPassword",
		.help = "The password it gives to the LNS; the VSlice's when absent"},
	{.name = "vslice",
		.type = FIELD_REF,
		.flags = FIELD_READ_ONLY,
		FIELD_AT(struct endpoint, vslice),
		.noun = &noun_vslice,
		.sql = "(SELECT g.vslice FROM endpoint_group g WHERE g.id = t.endpoint_group)",
		.label = "VSlice",
		.link = "vslice",
		.help = "The group's VSlice"},
	{.name = "session",
		.type = FIELD_RAW,
		.flags = FIELD_READ_ONLY | FIELD_LIVE,
		FIELD_AT(struct endpoint, session),
		.label = "Session",
		.help = "The live session, or null"},
	{.name = "ipAddress",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY | FIELD_LIVE | FIELD_SUMMARY,
		FIELD_AT(struct endpoint, ip_address),
		.label = "IP address",
		.help = "The address of the live session"},
	{.name = "ipSource",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY | FIELD_LIVE,
		FIELD_AT(struct endpoint, ip_source),
		.label = "IP source",
		.help = "Who gave the address: lns or platform"},
	{.name = "lastActivity",
		.type = FIELD_TIME,
		.flags = FIELD_READ_ONLY,
		.sql = "(SELECT u.active_ms FROM usage_subject u WHERE u.id = t.id)",
		FIELD_AT(struct endpoint, last_activity_ms),
		.label = "Last activity",
		.help = "When it was last heard of"},
	CUSTOMER_FIELD,
	CHANGED_FIELD,
	DELIVERY_FIELDS,
};

static void endpoint_prepare(struct ruling *ruling, void *object, const void *before)
{
	struct endpoint *endpoint = object;
	const struct endpoint *old = before;
	bool joins = (endpoint->group.id || endpoint->group.moniker) && !(old && old->group.id);
	bool leaves = !endpoint->group.id && !endpoint->group.moniker && old && old->group.id;

	(void)ruling;
	if (!endpoint->object.name)
		field_text_set(&endpoint->object.name, endpoint->iccid);
	if (!endpoint->object.moniker)
		field_text_set(&endpoint->object.moniker, endpoint->iccid);
	if (endpoint->status == FIELD_UNSET)
		endpoint->status = joins ? ENDPOINT_ACTIVE : ENDPOINT_PENDING;
	if (joins && endpoint->status == ENDPOINT_PENDING)
		endpoint->status = ENDPOINT_ACTIVE;
	if (leaves && endpoint->status == ENDPOINT_ACTIVE)
		endpoint->status = ENDPOINT_PENDING;
}

// An address that somebody reserves lies in a subnet of the VSlice, and is none of those that the network itself needs.
static void check_in_subnet(struct ruling *ruling, const struct vslice *vslice, const char *address)
{
	enum ip_family family;
	uint64_t number;

	if (subnet_parse(address, &family, &number))
		return;
	for (size_t i = 0; i < vslice->subnets.count; i++) {
		struct subnet_range range;
		struct ip_prefix prefix;

		if (!ip_prefix_parse(vslice->subnets.items[i], &prefix) && !subnet_range(&prefix, &range) &&
			subnet_range_has(&range, family, number))
			return;
	}
	ruling_fault(ruling, "staticIpAddress",
		"%s is not an address that VSlice \"%s\" can give: it is in none of its subnets, or is the network's, the "
		"gateway's "
		"(the first one) or the broadcast address",
		address, vslice->object.moniker ? vslice->object.moniker : "");
}

static void endpoint_check(struct ruling *ruling, void *object, const void *before)
{
	const struct endpoint *endpoint = object, *old = before;
	const struct group *group = ruling_load(ruling, &noun_group, &endpoint->group);
	const struct vslice *vslice = group ? ruling_load(ruling, &noun_vslice, &group->vslice) : NULL;
	bool in_group = endpoint->group.id || endpoint->group.moniker;

	if (old && old->status == ENDPOINT_TERMINATED && endpoint->status != ENDPOINT_TERMINATED)
		ruling_fault(ruling, "endpointStatus", "terminated is final; create another Endpoint");
	if ((endpoint->status == ENDPOINT_ACTIVE || endpoint->status == ENDPOINT_AUTO_ACTIVATE) && !in_group &&
		!ruling_has(ruling, "endpointGroup"))
		ruling_fault(ruling, "endpointStatus", "an Endpoint outside a group carries no traffic; set endpointGroup too");
	if (endpoint->static_ip && vslice && vslice->type == VSLICE_L2TP)
		ruling_fault(ruling, "staticIpAddress",
			"does not apply here: the LNS assigns the addresses of an L2TP VSlice; leave it out");
	else if (endpoint->static_ip && vslice && group->ip_allocation != IP_ALLOCATION_STATIC)
		ruling_fault(ruling, "staticIpAddress",
			"the group allocates addresses per session; set its ipAllocationType to static first");
	else if (endpoint->static_ip && vslice && !ruling_has(ruling, "staticIpAddress"))
		check_in_subnet(ruling, vslice, endpoint->static_ip);
}

const struct noun noun_endpoint = {
	.word = "endpoint",
	.title = "Endpoint",
	.path = "endpoints",
	.spelling = "Endpoints",
	.table = "endpoint",
	.help = "A SIM: its identities, its group and its state",
	.size = sizeof(struct endpoint),
	.flags = NOUN_BULK,
	.write_role = ROLE_OPERATOR,
	NOUN_FIELDS(endpoint_fields),
	.prepare = endpoint_prepare,
	.check = endpoint_check,
};
