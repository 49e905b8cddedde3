// SPDX-License-Identifier: Apache-2.0
// The peering target: an interface of the gateway's host (hardware, a VLAN "if.N", or one end of a veth pair) that is moved into the slice,
// given the local address and, in the target's table, the routes to the remote subnets.
//
// With BGP (bgp.h) the peer's routes are learned into the same table, and the target is available while the peer is there.
//
// The interface is the slice's alone while it is there, and goes back to the gateway's namespace when the target or the slice ends. A VLAN
// that the host does not have is made on its lower interface, tagged as ours by its alias, and simply ends with the target.
#include "gateway/target/peering/peering.h"
#include "gateway/target/peering/bgp.h"
#include "gateway/target/target.h"

#include "base/clean.h"
#include "base/log.h"

#include <errno.h>
#include <linux/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

LOG_CATEGORY(peering);

static int peering_interface(const struct target_config *config, char out[16])
{
	if (!target_interface_is_valid(config->peering.interface))
		return -EINVAL;
	memcpy(out, config->peering.interface, 16);
	return 0;
}

struct ip_prefix peering_network(const struct peering_config *peering)
{
	struct ip_prefix prefix = {.addr = peering->local, .len = peering->local_len};

	for (size_t bit = prefix.len; bit < 128; bit++)
		prefix.addr.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return prefix;
}

static bool peering_reaches(const struct target_config *config, const struct ip_addr *addr)
{
	const struct peering_config *peering = &config->peering;
	struct ip_prefix local = peering_network(peering);

	if (addr->family != peering->local.family)
		return false;
	vec_each (&peering->remote_subnets.rows, prefix)
		if (ip_prefix_has(prefix, addr))
			return true;
	return !peering->remote_subnets.rows.count || peering->bgp.local_as || ip_prefix_has(&local, addr);
}

// "eth1.100" -> 100, and "eth1" to `lower`; 0 when it is not such a name.
static uint16_t vlan_of(const char *name, char lower[16])
{
	const char *dot = strrchr(name, '.');
	char *end;
	unsigned long id;

	if (!dot || dot == name || dot[1] < '1' || dot[1] > '9')
		return 0;
	id = strtoul(dot + 1, &end, 10);
	if (*end || id > 4094)
		return 0;
	snprintf(lower, 16, "%.*s", (int)(dot - name), name);
	return (uint16_t)id;
}

// The interface is in neither namespace: a VLAN can be made, anything else is missing.
static int bring_vlan(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	const char *name = spec->config->peering.interface;
	char lower[16];
	uint16_t id = vlan_of(name, lower);
	struct nl_link link;
	int error;

	if (!id) {
		target_unavailable(status, &spec->config->id, "interface %s is not in the gateway's namespace", name);
		return -ENODEV;
	}
	if (nl_link_get(env->underlay, lower, &link)) {
		target_unavailable(status, &spec->config->id,
			"interface %s, for VLAN %u of it, is not in the gateway's namespace", lower, id);
		return -ENODEV;
	}
	error = nl_vlan_new(env->underlay, link.index, id, name, env->inside_fd);
	if (!error)
		error = target_claim_link(env->inside, name);
	if (error == -EOPNOTSUPP)
		target_unavailable(
			status, &spec->config->id, "this kernel has no VLAN support (module 8021q): %s cannot be made", name);
	else if (error)
		target_unavailable(status, &spec->config->id, "VLAN %s cannot be made: %s", name, strerror(-error));
	return error;
}

static int bring_link(
	const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status, struct nl_link *link)
{
	const char *name = spec->config->peering.interface;
	int error = nl_link_get(env->inside, name, link);

	if (error != -ENODEV)
		return error;
	error = nl_link_get(env->underlay, name, link);
	if (!error && nl_has_default_route(env->underlay, link->index)) {
		target_unavailable(
			status, &spec->config->id, "interface %s carries the gateway's own default route: it is not taken", name);
		return -EBUSY;
	}
	error = error ? bring_vlan(env, spec, status) : nl_link_move(env->underlay, link->index, env->inside_fd);
	return error ? error : nl_link_get(env->inside, name, link);
}

static int set_addresses(const struct target_env *env, const struct peering_config *peering, int link)
{
	struct nl_addr addr = {.addr = peering->local, .len = peering->local_len};

	return nl_addrs_set(env->inside, link, &addr, 1);
}

// The target's table: what lies behind the interface, and an end, so that a marked packet never falls through to another table.
// `link` is 0 while there is no interface.
static int set_routes(const struct target_env *env, const struct target_spec *spec, int link)
{
	const struct peering_config *peering = &spec->config->peering;
	struct nl_route base = {.kind = NL_ROUTE_UNICAST, .gateway = peering->gateway, .link = link, .metric = TARGET_METRIC};
	VEC(struct nl_route) routes = {0};
	struct nl_route *room = vec_add(&routes);
	int error = room ? 0 : -ENOMEM;

	if (room)
		*room = (struct nl_route){.kind = NL_ROUTE_UNREACHABLE, .to.addr.family = IP_V4, .metric = TARGET_METRIC_LAST};
	if (link && !error && (room = vec_add(&routes)))
		*room = (struct nl_route){
			.kind = NL_ROUTE_UNICAST, .to = peering_network(peering), .link = link, .metric = TARGET_METRIC - 1};
	for (size_t i = 0; link && room && i < peering->remote_subnets.rows.count; i++)
		if (peering->remote_subnets.rows.items[i].addr.family == peering->local.family && (room = vec_add(&routes))) {
			*room = base;
			room->to = peering->remote_subnets.rows.items[i];
		}
	if (link && room && !peering->remote_subnets.rows.count && !peering->bgp.local_as && (room = vec_add(&routes))) {
		*room = base;
		room->to.addr.family = peering->local.family;
	}
	error = room ? nl_routes_set(env->inside, spec->table, routes.items, routes.count) : -ENOMEM;
	vec_free(&routes);
	return error;
}

static void judge_link(const struct nl_link *link, const struct target_spec *spec, struct slice_target_status *status)
{
	if (!(link->flags & IFF_LOWER_UP))
		target_unavailable(status, &spec->config->id, "interface %s has no carrier (the other end is down)", link->name);
	else
		target_available(status, &spec->config->id);
}

static int bring_up(
	const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status, const char **step)
{
	const struct peering_config *peering = &spec->config->peering;
	struct nl_link link;
	int error;

	*step = "be moved into the slice";
	error = bring_link(env, spec, status, &link);
	if (error)
		return error;
	*step = "be set up";
	error = target_sysctls(link.name);
	if (!error && !(link.flags & IFF_UP))
		error = nl_link_up(env->inside, link.index);
	if (error)
		return error;
	*step = "take its address";
	error = set_addresses(env, peering, link.index);
	if (error)
		return error;
	*step = "get its routes";
	error = set_routes(env, spec, link.index);
	if (!error)
		error = nl_link_get(env->inside, link.name, &link);
	if (!error)
		judge_link(&link, spec, status);
	return error;
}

static void peering_start(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	const struct peering_config *peering = &spec->config->peering;
	const char *step = NULL, *words;
	char name[16];
	int error;

	*status = (struct slice_target_status){.target = spec->config->id};
	if (peering_interface(spec->config, name)) {
		target_unavailable(status, &spec->config->id, "'%s' cannot be an interface of a slice", peering->interface);
		return;
	}
	if (!peering->local.family || peering->local_len > (peering->local.family == IP_V4 ? 32 : 128) ||
		(peering->gateway.family && peering->gateway.family != peering->local.family)) {
		target_unavailable(status, &spec->config->id,
			"localAddress is not an address with its prefix length, or gatewayAddress is of another family");
		return;
	}
	error = bring_up(env, spec, status, &step);
	if (!error) {
		bgp_start(env, spec, status);
		return;
	}
	words = nl_error(env->inside);
	if (!status->message[0])
		target_unavailable(
			status, &spec->config->id, "interface %s cannot %s: %s", name, step, *words ? words : strerror(-error));
	set_routes(env, spec, 0);
}

static bool peering_reconfigure(const struct target_spec *old, const struct target_spec *now)
{
	return !strcmp(old->config->peering.interface, now->config->peering.interface) && old->table == now->table;
}

static void peering_stop(const struct target_env *env, const struct target_spec *spec)
{
	struct nl_link link;
	int error;

	bgp_stop(env, spec);
	if (nl_link_get(env->inside, spec->config->peering.interface, &link))
		return;
	error = target_link_give_back(env, &link);
	if (error)
		log_warn("target=%s interface=%s message=\"cannot be given back\" error=\"%s\"", spec->config->moniker, link.name,
			strerror(-error));
}

static void peering_status(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	struct nl_link link;

	if (nl_link_get(env->inside, spec->config->peering.interface, &link))
		target_unavailable(
			status, &spec->config->id, "interface %s is not in the slice", spec->config->peering.interface);
	else
		judge_link(&link, spec, status);
	if (status->available)
		bgp_look(env, spec, status);
}

static bool peering_is_watched(const struct target_config *config)
{
	return config->peering.bgp.local_as;
}

const struct target_ops target_peering = {
	.name = "peering",
	.is_watched = peering_is_watched,
	.interface = peering_interface,
	.reaches = peering_reaches,
	.start = peering_start,
	.reconfigure = peering_reconfigure,
	.stop = peering_stop,
	.status = peering_status,
	.is_alone = peering_is_watched,
};
