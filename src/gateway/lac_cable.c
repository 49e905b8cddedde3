// SPDX-License-Identifier: Apache-2.0
// The cable (cable.c) of an L2TP slice whose tunnels need the slice's stack: NAT, decryption, connections that are tracked. "lac" is where the stack
// meets the programs, "lacw" where they stand.
//
//   uplink     the program of the access interface redirects L2TP, from the LAC to the LNS, into lacw; it comes out of lac, and the slice
//              forwards it as if the LAC were a host behind lac: policy, NAT and encryption have it
//   downlink   what arrives for a LAC, decrypted and translated back, is not for this namespace's sockets at first, but routed to lac. At lacw the
//              program takes the data of established sessions. What it does not (control, PPP, unknown sessions, fragments) it passes, and
//              behind lacw the LAC is local: its socket hears it, having been judged by the policy once, on its way into lac
//
// An address of this namespace comes in by an interface of it: accept_local. Only UDP makes the detour, so ARP and ICMP find the LAC where it is.
#include "gateway/lac_cable.h"

#include "gateway/cable.h"
#include "gateway/dataplane/dataplane.h"
#include "gateway/netns.h"

#include <errno.h>

static const struct cable cable = {.near = DP_LAC_INTERFACE, .far = DP_LAC_WIRE, .far_hears = true};

static int set_routes(struct nl *nl, int index, const struct ip_addr *lacs, size_t count)
{
	VEC(struct nl_route) routes = {0};
	struct ip_addr gateway;
	int error = ip_addr_parse(DP_SLICE_GATEWAY4, &gateway);

	if (!error)
		error = nl_neighbour_set(nl, index, &gateway, (const uint8_t *)DP_SIMS_MAC);
	for (size_t i = 0; i < count && !error; i++) {
		struct nl_route *room = lacs[i].family == IP_V4 ? vec_add(&routes) : NULL;

		if (room)
			*room = (struct nl_route){
				.kind = NL_ROUTE_UNICAST, .to = {.addr = lacs[i], .len = 32}, .gateway = gateway, .link = index};
		else if (lacs[i].family == IP_V4)
			error = -ENOMEM;
	}
	if (!error)
		error = nl_routes_set(nl, NL_TABLE_CABLE, routes.items, routes.count);
	vec_free(&routes);
	return error;
}

int lac_cable_make(struct nl *nl, const struct ip_addr *lacs, size_t count)
{
	struct nl_link near;
	int error = cable_make(nl, &cable, &near);

	if (!error)
		error = netns_sysctl("ipv4/conf/" DP_LAC_INTERFACE "/accept_local", "1");
	if (!error)
		error = set_routes(nl, near.index, lacs, count);
	return error ? error : nl_cable_rules_set(nl, DP_LAC_WIRE, true);
}

int lac_cable_end(struct nl *nl)
{
	struct nl_link near = {0};
	int error = nl_cable_rules_set(nl, DP_LAC_WIRE, false);

	if (!error)
		error = nl_link_get(nl, DP_LAC_INTERFACE, &near);
	if (!error)
		error = nl_link_del(nl, near.index);
	return error == -ENODEV ? 0 : error;
}
