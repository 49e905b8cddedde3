// SPDX-License-Identifier: Apache-2.0
// VSlice rows and rules. The rules are the product's: what differs between Integrated and L2TP, one to five LNSs, and the order
// VSlice, Routing Target, Routing Policy, VSlice, in which the VSlice is touched twice. Each refusal says what to do instead.
#include "model/vslice.h"

#include "base/addr.h"
#include "model/policy.h"
#include "model/ruling.h"
#include "model/slug.h"
#include "model/words.h"

#include <stdio.h>
#include <string.h>

static const struct word vslice_types[] = {
	{VSLICE_INTEGRATED, "integrated", "Integrated", "the platform assigns the IP address and routes the traffic itself"},
	{VSLICE_L2TP, "l2tp", "L2TP", "traffic is tunnelled to the customer's LNS, which assigns the IP address"},
	{0},
};

static const struct word dns_modes[] = {
	{DNS_AUTO, "auto", "Automatic", "the platform's DNS servers"},
	{DNS_CUSTOM, "custom", "Custom", "the servers of dnsServers"},
	{0},
};

static const struct word families[] = {
	{IP_FAMILY_IPV4, "ipv4", "IPv4", "IPv4 only"},
	{IP_FAMILY_IPV6, "ipv6", "IPv6", "IPv6 only: a /64 prefix for each device"},
	{IP_FAMILY_IPV4V6, "ipv4v6", "IPv4v6", "both, for the devices that ask for both"},
	{0},
};

const struct word ip_allocations[] = {
	{IP_ALLOCATION_STATIC, "static", "Static", "an address sticks to the SIM once assigned"},
	{IP_ALLOCATION_POOLED, "pooled", "Pooled", "an address is held for the session only"},
	{IP_ALLOCATION_PPP, "ppp", "PPP", "the customer's LNS assigns the address (L2TP only)"},
	{0},
};

#define L2TP_ONLY .visible = {"vsliceType", "l2tp"}
#define INTEGRATED_ONLY .visible = {"vsliceType", "integrated"}

static const struct field vslice_fields[] = {
	OBJECT_FIELDS(100),
	{.name = "vsliceType",
		.type = FIELD_ENUM,
		.flags = FIELD_FIXED | FIELD_SUMMARY | FIELD_KEEP,
		FIELD_AT(struct vslice, type),
		.words = vslice_types,
		.initial = "integrated",
		.label = "Type",
		.link = "vsliceType",
		.help = "Who assigns the address and carries the traffic; chosen at creation"},
	{.name = "ipAddressFamily",
		.type = FIELD_ENUM,
		FIELD_AT(struct vslice, ip_address_family),
		.words = families,
		.initial = "ipv4",
		.label = "IP Address Family",
		.link = "ipAddressFamily",
		.help = "What its devices may have: IPv4, IPv6, or both"},
	{.name = "ipAllocationType",
		.type = FIELD_ENUM,
		.flags = FIELD_KEEP,
		FIELD_AT(struct vslice, ip_allocation),
		.words = ip_allocations,
		.fixed = {"vsliceType", "l2tp"},
		.fixed_to = "ppp",
		.label = "IP Allocation Type",
		.help = "How addresses are given out: static (default) or pooled; fixed to ppp on L2TP"},
	{.name = "subnetAddress",
		.type = FIELD_TEXT,
		.flags = FIELD_INPUT | FIELD_KEEP,
		FIELD_AT(struct vslice, subnet_address),
		.max = 43,
		.format = FORMAT_SUBNET,
		INTEGRATED_ONLY,
		.label = "Subnet",
		.help = "The first subnet; endpoints get their addresses from it, for example 100.64.0.0/16",
		.refusal = "the LNS assigns the addresses of an L2TP VSlice; leave it out"},
	{.name = "subnets",
		.type = FIELD_TEXTS,
		.flags = FIELD_KEEP,
		FIELD_AT(struct vslice, subnets),
		.max = 64,
		.format = FORMAT_SUBNET,
		INTEGRATED_ONLY,
		.shown = {"id", "*"},
		.label = "Subnets",
		.link = "subnets",
		.help = "All subnets, the first one first; more may be added at any time, and other VSlices may have the same",
		.refusal = "the LNS assigns the addresses of an L2TP VSlice; leave it out"},
	{.name = "dnsMode",
		.type = FIELD_ENUM,
		.flags = FIELD_KEEP,
		FIELD_AT(struct vslice, dns_mode),
		.words = dns_modes,
		.initial = "auto",
		.shown = {"vsliceType", "integrated"},
		.label = "DNS Mode",
		.link = "dnsMode",
		.help = "auto, or custom with at least one server in dnsServers"},
	{.name = "dnsServers",
		.type = FIELD_TEXTS,
		.flags = FIELD_KEEP,
		FIELD_AT(struct vslice, dns_servers),
		.max = 4,
		.format = FORMAT_ADDRESS,
		INTEGRATED_ONLY,
		.shown = {"dnsMode", "custom"},
		.label = "DNS Servers",
		.link = "dnsServers",
		.help = "DNS servers told to the devices when dnsMode is custom",
		.refusal = "the LNS names the DNS servers of an L2TP VSlice; leave it out"},
	{.name = "defaultRoutingPolicy",
		.type = FIELD_REF,
		.flags = FIELD_KEEP | FIELD_YIELDS,
		FIELD_AT(struct vslice, default_routing_policy),
		.noun = &noun_policy,
		L2TP_ONLY,
		.label = "Default Routing Policy",
		.link = "defaultRoutingPolicy",
		.help = "The policy that carries the tunnel; left blank at creation and set once the policy exists",
		.refusal = "on an integrated VSlice each Endpoint Group selects its Routing Policy; set routingPolicy there"},
	{.name = "regionalGateway",
		.type = FIELD_REF,
		.flags = FIELD_KEEP | FIELD_SUMMARY,
		FIELD_AT(struct vslice, regional_gateway),
		.noun = &noun_gateway,
		L2TP_ONLY,
		.required = {"vsliceType", "l2tp"},
		.label = "Regional Gateway",
		.help = "Where the tunnels start: each is between one Regional Gateway and one LNS",
		.refusal = "on an integrated VSlice each Endpoint Group selects it by its Regional Policy; set "
			   "regionalGatewayPolicy there"},
	{.name = "l2tpAccessConcentrators",
		.alias = "lacs",
		.type = FIELD_ROWS,
		.flags = FIELD_KEEP | FIELD_YIELDS,
		FIELD_AT(struct vslice, lacs),
		.max = 1024,
		.noun = &noun_lac,
		L2TP_ONLY,
		.label = "L2TP Access Concentrator(s)",
		.group = "L2TP Access Concentrator(s)",
		.link = "lacs",
		.help = "The platform's ends of the tunnels; each Endpoint Group uses one",
		.refusal = "only an L2TP VSlice has LACs; create one of vsliceType l2tp"},
	{.name = "l2tpNetworkServers",
		.alias = "lnss",
		.type = FIELD_ROWS,
		.flags = FIELD_KEEP,
		FIELD_AT(struct vslice, lnss),
		.max = VSLICE_LNS_MAX,
		.noun = &noun_lns,
		L2TP_ONLY,
		.label = "L2TP Network Server(s)",
		.group = "L2TP Network Server(s)",
		.link = "lnss",
		.help = "The customer's ends of the tunnels, one to five, in order of preference",
		.refusal = "only an L2TP VSlice has LNSs; create one of vsliceType l2tp"},
	{.name = "advancedSettings",
		.type = FIELD_OBJECT,
		.flags = FIELD_KEEP,
		FIELD_AT(struct vslice, settings),
		.noun = &noun_settings,
		L2TP_ONLY,
		.label = "Advanced Settings",
		.group = "Advanced Settings",
		.link = "advancedSettings",
		.help = "What must match the LNS for the tunnel and the PPP session to come up",
		.refusal = "only an L2TP VSlice has them; create one of vsliceType l2tp"},
	{.name = "leases",
		.type = FIELD_TEXTS,
		.flags = FIELD_READ_ONLY | FIELD_LIVE | FIELD_HIDDEN,
		FIELD_AT(struct vslice, leases),
		.label = "Leases",
		.link = "leases",
		.help = "The ranges that one gateway may give out"},
	{.name = "eventMap",
		.type = FIELD_REF,
		FIELD_AT(struct vslice, event_map),
		.noun = &noun_event_map,
		.label = "Event Map",
		.help = "Where its events go"},
	{.name = "endpointGroupCount",
		.type = FIELD_INT,
		.flags = FIELD_READ_ONLY | FIELD_SUMMARY,
		FIELD_AT(struct vslice, endpoint_groups),
		.sql = "(SELECT count(*) FROM endpoint_group g WHERE g.vslice = t.id)",
		.label = "Endpoint Groups",
		.help = "Endpoint Groups on the VSlice"},
	{.name = "endpointCount",
		.type = FIELD_INT,
		.flags = FIELD_READ_ONLY | FIELD_SUMMARY,
		FIELD_AT(struct vslice, endpoints),
		.sql = "(SELECT ifnull(sum(k.count), 0) FROM endpoint_group g JOIN user_count k ON k.id = g.id AND k.place = "
		       "'endpoint.endpoint_group' WHERE g.vslice = t.id)",
		.label = "Endpoints",
		.help = "Endpoints in those groups"},
	{.name = "dataPath",
		.type = FIELD_TEXT,
		.flags = FIELD_READ_ONLY | FIELD_LIVE,
		FIELD_AT(struct vslice, data_path),
		.label = "Data path",
		.help = "How its packets go: fast (BPF programs alone), stack (BPF programs and the slice's network stack, for "
			"NAT, "
			"tracking and rules) or sockets"},
	{.name = "readiness",
		.type = FIELD_RAW,
		.flags = FIELD_READ_ONLY | FIELD_LIVE,
		FIELD_AT(struct vslice, readiness),
		.label = "Readiness",
		.help = "What still blocks traffic: rows of {check, ok, message}"},
	CUSTOMER_FIELD,
	CHANGED_FIELD,
	DELIVERY_FIELDS,
};

// Rows without a moniker or a name get one, so that a reference to them reads well.
static void prepare_rows(const struct noun *noun, struct field_rows *rows, const struct field *address)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct object *row = field_rows_at(noun, rows, i);
		char slug[MONIKER_TEXT], base[MONIKER_TEXT];
		unsigned number = 2;

		snprintf(slug, sizeof(slug), "%s-%zu", noun->word, i + 1);
		slug_make(row->name, slug, base);
		strcpy(slug, base);
		if (!row->name && *field_text(address, row))
			field_text_set(&row->name, *field_text(address, row));
		if (row->moniker)
			continue;
		for (size_t other = 0; other < rows->count; other++) {
			const struct object *taken = field_rows_at(noun, rows, other);

			if (taken->moniker && strcmp(taken->moniker, slug) == 0) {
				slug_number(base, number++, slug);
				other = (size_t)-1; // from the start again
			}
		}
		field_text_set(&row->moniker, slug);
	}
}

static void vslice_prepare(struct ruling *ruling, void *object, const void *before)
{
	struct vslice *vslice = object;

	(void)ruling;
	(void)before;
	prepare_rows(&noun_lac, &vslice->lacs, field_find(&noun_lac, "address"));
	prepare_rows(&noun_lns, &vslice->lnss, field_find(&noun_lns, "address"));
	for (size_t i = 0; i < vslice->lnss.count; i++) {
		struct lns *lns = field_rows_at(&noun_lns, &vslice->lnss, i);

		lns->preference = (int64_t)i + 1;
	}
	if (vslice->ip_allocation == FIELD_UNSET)
		vslice->ip_allocation = vslice->type == VSLICE_L2TP ? IP_ALLOCATION_PPP : IP_ALLOCATION_STATIC;
	if (!vslice->subnet_address || vslice->type == VSLICE_L2TP)
		return;
	// subnetAddress is the first subnet: it takes that place in the list unless it stands in it already.
	for (size_t i = 0; i < vslice->subnets.count; i++)
		if (strcmp(vslice->subnets.items[i], vslice->subnet_address) == 0)
			return;
	if (vslice->subnets.count)
		field_text_set(&vslice->subnets.items[0], vslice->subnet_address);
	else
		field_texts_add(&vslice->subnets, vslice->subnet_address);
}

// Each family that the devices may have needs a subnet, and a subnet of another would be of no use.
static void check_families(struct ruling *ruling, const struct vslice *vslice)
{
	bool wants4 = vslice->ip_address_family != IP_FAMILY_IPV6, wants6 = vslice->ip_address_family != IP_FAMILY_IPV4;
	bool has4 = false, has6 = false;

	for (size_t i = 0; i < vslice->subnets.count; i++) {
		struct ip_prefix prefix;

		if (ip_prefix_parse(vslice->subnets.items[i], &prefix))
			return;
		has4 |= prefix.addr.family == IP_V4;
		has6 |= prefix.addr.family == IP_V6;
	}
	if (ruling_has(ruling, "subnets") || ruling_has(ruling, "subnetAddress"))
		return;
	if (wants4 != has4)
		ruling_fault(ruling, "subnets",
			wants4 ? "has no IPv4 prefix; ipAddressFamily asks for one"
			       : "has an IPv4 prefix, and ipAddressFamily is ipv6; set it to ipv4v6, or take the prefix out");
	if (wants6 != has6)
		ruling_fault(ruling, "subnets",
			wants6 ? "has no IPv6 prefix; ipAddressFamily asks for one, such as 2001:db8::/48"
			       : "has an IPv6 prefix, and ipAddressFamily is ipv4; set it to ipv4v6, or take the prefix out");
}

// Networks that can be no SIM's: they have a meaning of their own everywhere, or inside each VSlice.
static void check_reserved(struct ruling *ruling, const char *subnet)
{
	static const char *const reserved[][2] = {
		{"0.0.0.0/8", "\"this network\""},
		{"127.0.0.0/8", "loopback addresses"},
		{"169.254.0.0/16", "link-local addresses"},
		{"192.0.0.0/24", "what a VSlice's own interfaces use"},
		{"198.18.0.0/15", "the links between VSlices and the gateway"},
		{"224.0.0.0/3", "multicast addresses"},
		{"::/8", "special addresses"},
		{"fe80::/10", "link-local addresses"},
		{"ff00::/8", "multicast addresses"},
	};
	struct ip_prefix one, two;

	if (ip_prefix_parse(subnet, &one))
		return;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (!ip_prefix_parse(reserved[i][0], &two) && (ip_prefix_has(&one, &two.addr) || ip_prefix_has(&two, &one.addr)))
			ruling_fault(ruling, "subnets",
				"%s overlaps %s, which are %s; take another, such as a part of 100.64.0.0/10", subnet,
				reserved[i][0], reserved[i][1]);
}

static void check_integrated(struct ruling *ruling, const struct vslice *vslice)
{
	if (vslice->ip_allocation == IP_ALLOCATION_PPP)
		ruling_fault(ruling, "ipAllocationType",
			"ppp is for L2TP VSlices, where the LNS assigns the address; accepted: static, pooled");
	if (vslice->dns_mode == DNS_CUSTOM && !vslice->dns_servers.count && !ruling_has(ruling, "dnsServers"))
		ruling_fault(ruling, "dnsServers",
			"is empty while dnsMode is custom; give at least one server, or set dnsMode to auto");
	if (vslice->dns_mode == DNS_AUTO && vslice->dns_servers.count)
		ruling_fault(ruling, "dnsServers", "must be empty while dnsMode is auto; leave it out, or set dnsMode to custom");
	if (!vslice->subnets.count && !ruling_has(ruling, "subnetAddress") && !ruling_has(ruling, "subnets"))
		ruling_fault(ruling, "subnetAddress",
			"is missing (required when vsliceType is integrated); accepted: an IPv4 prefix such as 100.64.0.0/16, "
			"or an IPv6 prefix such as 2001:db8::/48");
	else
		check_families(ruling, vslice);
	for (size_t i = 0; i < vslice->subnets.count; i++)
		check_reserved(ruling, vslice->subnets.items[i]);
	for (size_t i = 0; i < vslice->subnets.count; i++)
		for (size_t j = 0; j < i; j++) {
			struct ip_prefix one, two;

			if (ip_prefix_parse(vslice->subnets.items[i], &one) == 0 &&
				ip_prefix_parse(vslice->subnets.items[j], &two) == 0 &&
				(ip_prefix_has(&one, &two.addr) || ip_prefix_has(&two, &one.addr)))
				ruling_fault(ruling, "subnets", "%s and %s overlap; the subnets of one VSlice must not",
					vslice->subnets.items[j], vslice->subnets.items[i]);
		}
}

// Two entries of one moniker could not be told apart in a reference.
static void check_monikers(struct ruling *ruling, const struct noun *noun, const char *list, const struct field_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		for (size_t j = 0; j < i; j++) {
			const struct object *one = field_rows_at(noun, rows, j), *two = field_rows_at(noun, rows, i);

			if (one->moniker && two->moniker && strcmp(one->moniker, two->moniker) == 0)
				ruling_fault(ruling, list, "entries %zu and %zu have the same moniker \"%s\"; change one", j + 1,
					i + 1, one->moniker);
		}
}

// A LAC that an Endpoint Group uses stays: nothing is silently detached.
static void check_lacs_gone(struct ruling *ruling, const struct vslice *vslice, const struct vslice *before)
{
	for (size_t i = 0; i < before->lacs.count; i++) {
		const struct lac *old = field_rows_at(&noun_lac, &before->lacs, i);
		bool stays = false;
		int64_t users;

		for (size_t j = 0; j < vslice->lacs.count && !stays; j++) {
			const struct lac *lac = field_rows_at(&noun_lac, &vslice->lacs, j);

			stays = lac->object.id && strcmp(lac->object.id, old->object.id) == 0;
		}
		if (stays || !(users = ruling_count(ruling, &noun_group, "l2tpAccessConcentrator", old->object.id)))
			continue;
		ruling_fault_of(ruling, RULING_CONFLICT, "l2tpAccessConcentrators",
			"LAC %s (%s) is used by %lld Endpoint Group(s); give them another LAC first, then take it away",
			old->object.moniker, old->address, (long long)users);
	}
}

// What holds between settings must hold for those that an LNS takes from the VSlice, too.
static void check_lns_settings(struct ruling *ruling, const struct vslice *vslice)
{
	char prefix[sizeof(ruling->prefix)];

	strcpy(prefix, ruling->prefix);
	for (size_t i = 0; i < vslice->lnss.count; i++) {
		const struct lns *lns = field_rows_at(&noun_lns, &vslice->lnss, i);
		struct l2tp_settings both;

		if (!settings_overlay(&vslice->settings, &lns->settings, &both))
			continue;
		snprintf(ruling->prefix, sizeof(ruling->prefix), "%.30sl2tpNetworkServers[%u].advancedSettings.", prefix,
			(unsigned)i);
		settings_rules(ruling, &both);
		strcpy(ruling->prefix, prefix);
	}
}

static void check_l2tp(struct ruling *ruling, const struct vslice *vslice, const struct vslice *before)
{
	if (vslice->ip_allocation != IP_ALLOCATION_PPP)
		ruling_fault(ruling, "ipAllocationType",
			"is fixed to ppp on an L2TP VSlice, where the LNS assigns the address; leave it out");
	if (vslice->dns_mode == DNS_CUSTOM)
		ruling_fault(ruling, "dnsMode",
			"custom does not apply here: the LNS names the DNS servers of an L2TP VSlice; leave it out");
	check_monikers(ruling, &noun_lac, "l2tpAccessConcentrators", &vslice->lacs);
	check_monikers(ruling, &noun_lns, "l2tpNetworkServers", &vslice->lnss);
	check_lns_settings(ruling, vslice);
	if (before)
		check_lacs_gone(ruling, vslice, before);
	for (size_t i = 0; i < vslice->lnss.count; i++)
		for (size_t j = 0; j < i; j++) {
			const struct lns *one = field_rows_at(&noun_lns, &vslice->lnss, j),
					 *two = field_rows_at(&noun_lns, &vslice->lnss, i);

			if (one->address && two->address && strcmp(one->address, two->address) == 0 && one->port == two->port)
				ruling_fault(ruling, "l2tpNetworkServers",
					"entries %zu and %zu are both %s port %lld; leave one out", j + 1, i + 1, one->address,
					(long long)one->port);
		}
}

// A Routing Policy is created against a VSlice and is the Default Routing Policy of that one only.
static void check_default_policy(struct ruling *ruling, const struct vslice *vslice)
{
	const struct policy *policy = ruling_load(ruling, &noun_policy, &vslice->default_routing_policy);

	if (!policy || (vslice->object.id && policy->vslice.id && strcmp(policy->vslice.id, vslice->object.id) == 0))
		return;
	if (!vslice->object.id)
		ruling_fault(ruling, "defaultRoutingPolicy",
			"leave it blank at creation: a Routing Policy is created against a VSlice, so create the VSlice first, "
			"then its Routing "
			"Target and Routing Policy, and set it then");
	else
		ruling_fault(ruling, "defaultRoutingPolicy",
			"Routing Policy \"%s\" was created against VSlice \"%s\"; create one on this VSlice and set that",
			policy->object.moniker, policy->vslice.moniker ? policy->vslice.moniker : "");
}

static void vslice_check(struct ruling *ruling, void *object, const void *before)
{
	const struct vslice *vslice = object;

	if (vslice->type == VSLICE_L2TP && vslice->ip_address_family != IP_FAMILY_IPV4)
		ruling_fault(ruling, "ipAddressFamily",
			"is not supported for now on an L2TP VSlice, where ipv6cp of the advancedSettings asks the LNS for IPv6; "
			"accepted: ipv4");
	if (vslice->type == VSLICE_L2TP)
		check_l2tp(ruling, vslice, before);
	else
		check_integrated(ruling, vslice);
	check_default_policy(ruling, vslice);
}

static void vslice_check_delete(struct ruling *ruling, const void *object)
{
	const struct vslice *vslice = object;
	int64_t groups = ruling_count(ruling, &noun_group, "vslice", vslice->object.id);

	if (groups)
		ruling_fault_of(ruling, RULING_CONFLICT, NULL,
			"VSlice \"%s\" is used by %lld Endpoint Group(s); delete them first, its policies and targets go along "
			"with it",
			vslice->object.moniker, (long long)groups);
}

const struct noun noun_vslice = {
	.word = "vslice",
	.title = "VSlice",
	.path = "vslices",
	.spelling = "vslices",
	.table = "vslice",
	.help = "An isolated network of one customer",
	.size = sizeof(struct vslice),
	NOUN_FIELDS(vslice_fields),
	.prepare = vslice_prepare,
	.check = vslice_check,
	.check_delete = vslice_check_delete,
};
