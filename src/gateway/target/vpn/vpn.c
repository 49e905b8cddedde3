// SPDX-License-Identifier: Apache-2.0
// The VPN target: IKEv2 with a preshared key by strongSwan's charon. It runs in the target's annex: its sockets, its associations and its
// routes meet neither the slice's addresses nor another target's, so two slices may have the same peer and the same subnets.
//
// Where the kernel has ESP, an XFRM interface made in the annex, where the associations stay, is moved into the slice:
//
//   slice  vpnXXXXXXXX ....(ESP).... annex: charon  out ---- underlay ---- the peer
//
// Where it has none, ESP is charon's own (kernel-libipsec), and the target's interface is a cable to the annex:
//
//   slice  vpnXXXXXXXX ---- slice  annex: charon, ipsec0  out ---- underlay ---- the peer
//
// What the policy sends here then goes over the cable, by charon's own route (its table 220) into ipsec0, and as UDP-encapsulated ESP over the
// transfer link. charon wants an address of the local side to name as the source of that route; the slice has the same address, so what comes
// out of ipsec0 is routed by a table of its own, asked before "local", back over the cable.
//
// Available means that a CHILD_SA is installed. charon re-establishes by itself (DPD, close, rekey); where the peer refused us it is asked to
// try again every five seconds.
#include "gateway/target/target.h"
#include "gateway/target/vpn/charon.h"

#include "base/clean.h"
#include "base/log.h"
#include "gateway/netns.h"
#include "gateway/target/program.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

LOG_CATEGORY(vpn);

#define PREFIX "vpn"
#define BACK_TABLE 100 // of the annex: from ipsec0 to the slice
#define MTU 1400 // 1500 less IP, UDP, ESP and its padding; libipsec's TUN has 1400 too
#define IF_ID 1 // the only one of its annex

static int vpn_interface(const struct target_config *config, char out[16])
{
	target_own_interface(PREFIX, &config->id, out);
	return 0;
}

static const struct prefix_list *remote_of(const struct target_config *config)
{
	const struct vpn_config *vpn = &config->vpn;

	return vpn->remote_subnets.rows.count ? &vpn->remote_subnets : &vpn->remote_domain;
}

static bool vpn_reaches(const struct target_config *config, const struct ip_addr *addr)
{
	const struct prefix_list *remote = remote_of(config);

	vec_each (&remote->rows, prefix)
		if (ip_prefix_has(prefix, addr))
			return true;
	return !remote->rows.count && addr->family == IP_V4;
}

static struct ip_addr first_host(const struct ip_prefix *prefix)
{
	struct ip_addr addr = prefix->addr;

	if (prefix->addr.family == IP_V4 && prefix->len < 31)
		addr = ip_addr_v4((ip_addr_to_v4(&addr) & ~(0xffffffffu >> prefix->len)) + 1);
	return addr;
}

static bool is_cable(const struct nl_link *link)
{
	return !strcmp(link->kind, "veth");
}

static int set_way_out(struct annex *annex)
{
	struct nl_route out = {.kind = NL_ROUTE_UNICAST,
		.to.addr.family = IP_V4,
		.gateway = annex->transfer.outer,
		.link = annex->transfer.link.index,
		.metric = TARGET_METRIC};

	return nl_routes_set(annex->env.inside, RT_TABLE_MAIN, &out, 1);
}

// Addresses of the local side for charon, and the way back to the slice.
static int set_way_back(struct annex *annex, const struct target_config *config)
{
	const struct prefix_list *local = charon_selectors(&config->vpn.local_domain, &config->vpn.local_subnets);
	struct nl_route back = {.kind = NL_ROUTE_UNICAST,
		.to.addr.family = IP_V4,
		.gateway = ip_addr_v4(ANNEX_SLICE_SIDE),
		.link = annex->inner.index,
		.metric = TARGET_METRIC};
	VEC(struct nl_addr) addrs = {0};
	struct nl_link lo;
	int error = nl_link_get(annex->env.inside, "lo", &lo);

	vec_each (&local->rows, prefix) {
		struct nl_addr *room = prefix->len ? vec_add(&addrs) : NULL;

		if (room)
			*room = (struct nl_addr){.addr = first_host(prefix), .len = 32};
	}
	if (!error)
		error = nl_addrs_set(annex->env.inside, lo.index, addrs.items, addrs.count);
	vec_free(&addrs);
	if (!error)
		error = nl_routes_set(annex->env.inside, BACK_TABLE, &back, 1);
	return error ? error : nl_local_after(annex->env.inside, "ipsec0", BACK_TABLE);
}

static int set_slice_routes(const struct target_env *env, const struct target_spec *spec, const struct nl_link *link)
{
	struct nl_route way = {.kind = NL_ROUTE_UNICAST, .to.addr.family = IP_V4, .link = link->index, .metric = TARGET_METRIC};

	if (is_cable(link))
		way.gateway = ip_addr_v4(ANNEX_OWN_SIDE);
	return target_routes_set(env, spec, &way, remote_of(spec->config));
}

// The interface in the slice: the kernel's ESP, or where it has none (or an earlier gateway found none) a cable.
static int bring_link(const struct target_env *env, const char *name, struct annex *annex, struct nl_link *link)
{
	int error = nl_link_get(env->inside, name, link);

	if (error == -ENODEV) {
		error = nl_xfrm_new(annex->env.inside, name, IF_ID);
		if (!error)
			error = nl_link_get(annex->env.inside, name, link);
		if (!error)
			error = nl_link_move(annex->env.inside, link->index, env->inside_fd);
		if (!error)
			error = target_claim_link(env->inside, name);
		if (error == -EOPNOTSUPP)
			error = annex_lay_cable(env, name, annex);
	} else if (!error && is_cable(link)) {
		error = annex_lay_cable(env, name, annex);
	}
	if (!error)
		error = nl_link_get(env->inside, name, link);
	return error || link->flags & IFF_UP ? error : nl_link_up(env->inside, link->index);
}

// Our address toward the peer, which is our name too unless there is another. 0 or -errno.
static int identify(
	struct charon *charon, const struct target_env *env, const struct target_config *config, char address[IP_ADDR_TEXT])
{
	int error = target_underlay_address(env, &config->vpn.remote, address);

	snprintf(charon->identity, sizeof(charon->identity), "%s",
		*config->vpn.local_id ? config->vpn.local_id
			: error	      ? ""
				      : address);
	return error;
}

static int bring_up(const struct target_env *env, const struct target_spec *spec, char *why)
{
	const struct target_config *config = spec->config;
	struct charon charon;
	struct nl_link link = {0};
	struct annex annex;
	char name[16], address[IP_ADDR_TEXT];
	int error;

	charon_init(&charon, env, config);
	vpn_interface(config, name);
	error = identify(&charon, env, config, address);
	if (error) {
		snprintf(why, 160, "the gateway has no route to the peer: %s", strerror(-error));
		return error;
	}
	error = annex_open(env, &config->id, name, &annex, why);
	if (!error)
		error = bring_link(env, name, &annex, &link);
	charon.if_id = is_cable(&link) ? 0 : IF_ID;
	if (!error)
		error = set_way_out(&annex);
	if (!error && is_cable(&link))
		error = set_way_back(&annex, config);
	if (!error)
		error = charon_start(&charon, &annex, config, why);
	annex_close(env, &annex);
	if (!error)
		error = target_sysctls(name);
	if (!error && link.mtu != MTU)
		error = nl_mtu_set(env->inside, link.index, MTU);
	return error ? error : set_slice_routes(env, spec, &link);
}

static bool daemon_runs(const struct target_env *env, const char *interface)
{
	_cleanup_close_ int fd = -1;
	char name[NETNS_NAME];

	snprintf(name, sizeof(name), "%s.%s", interface, env->name);
	return !netns_open(name, &fd) && annex_find(fd, "charon-systemd");
}

static void vpn_status(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	const struct uuid *id = &spec->config->id;
	char why[160] = "", peer[IP_ADDR_TEXT], name[16];
	struct charon charon = {0};

	vpn_interface(spec->config, name);
	charon_init(&charon, env, spec->config);
	identify(&charon, env, spec->config, status->public_address);
	ip_addr_text(&spec->config->vpn.remote, peer);
	switch (charon_look(&charon, spec->config, why)) {
	case CHARON_UP:
		target_available(status, id);
		status->child_up = true;
		break;
	case CHARON_STARTING:
		target_pending(status, id, "the IKE daemon is starting");
		break;
	case CHARON_BUSY:
		target_pending(status, id, "the IKE daemon does not answer in time");
		status->is_unknown = true;
		break;
	case CHARON_DOWN:
		if (*why)
			target_unavailable(status, id, "%s: %s", peer, why);
		else
			target_pending(status, id, "calling the peer %s", peer);
		break;
	case CHARON_GONE:
		target_pending(status, id, "the IKE daemon is starting");
		status->must_start = !daemon_runs(env, name);
		break;
	}
	status->ike_up = charon.ike_up;
}

static void vpn_start(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	char why[160] = "";
	int error;

	*status = (struct slice_target_status){.target = spec->config->id};
	if (!*spec->config->vpn.secret) {
		target_unavailable(status, &spec->config->id, "there is no preshared key: set presharedKey");
		return;
	}
	error = bring_up(env, spec, why);
	if (!error) {
		vpn_status(env, spec, status);
		status->must_start = false;
		return;
	}
	target_routes_set(env, spec, NULL, NULL);
	target_unavailable(status, &spec->config->id, "%s", *why ? why : strerror(-error));
}

static bool vpn_reconfigure(const struct target_spec *old, const struct target_spec *now)
{
	return old->table == now->table;
}

static void vpn_stop(const struct target_env *env, const struct target_spec *spec)
{
	struct charon charon;
	char name[16];

	vpn_interface(spec->config, name);
	annex_end(env->name, name);
	target_own_stop(env, PREFIX, spec);
	charon_init(&charon, env, spec->config);
	charon_forget(&charon);
}

const struct target_ops target_vpn = {
	.name = "vpn",
	.is_watched = target_always,
	.interface = vpn_interface,
	.reaches = vpn_reaches,
	.start = vpn_start,
	.reconfigure = vpn_reconfigure,
	.stop = vpn_stop,
	.status = vpn_status,
	.is_alone = target_always,
};
