// SPDX-License-Identifier: Apache-2.0
// The Internet target: a transfer link to the underlay. What leaves takes the link's address (the slice's table, policy_nft.c), then the
// underlay's own; nothing comes in but answers. With public addresses it takes one of the link's that stands for one of them (natpool.h).
#include "gateway/target/target.h"
#include "gateway/target/transfer.h"

#include "base/log.h"
#include "gateway/netns.h"

#include <errno.h>
#include <linux/if.h>
#include <stdio.h>
#include <string.h>

LOG_CATEGORY(internet);

static int internet_interface(const struct target_config *config, char out[16])
{
	target_own_interface("net", &config->id, out);
	return 0;
}

static bool internet_reaches(const struct target_config *config, const struct ip_addr *addr)
{
	(void)config;
	return addr->family == IP_V4;
}

// The only one, or those of which a SIM's is one.
static void found(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	struct ip_addr anywhere = ip_addr_v4(0xc0000201), only; // RFC 5737: nobody's, so the default route's
	uint32_t nat_base = status->nat_base;

	target_available(status, &spec->config->id);
	status->nat_base = nat_base;
	if (!spec->pool.rows.count) {
		target_underlay_address(env, &anywhere, status->public_address);
	} else if (spec->pool.rows.count == 1) {
		only = ip_addr_v4(spec->pool.rows.items[0].addr);
		ip_addr_text(&only, status->public_address);
	} else {
		natpool_text(&spec->pool, status->public_addresses, sizeof(status->public_addresses));
	}
	if (spec->missing)
		snprintf(status->message, sizeof(status->message), "%zu of its public addresses are not this gateway's",
			spec->missing);
}

static int set_routes(const struct target_env *env, const struct target_spec *spec, const struct transfer *transfer)
{
	static const struct prefix_list everything = {0};
	struct nl_route way = {.kind = NL_ROUTE_UNICAST,
		.to.addr.family = IP_V4,
		.gateway = transfer->outer,
		.link = transfer->link.index,
		.metric = TARGET_METRIC};

	return target_routes_set(env, spec, &way, &everything);
}

static void internet_start(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	struct transfer transfer = {0};
	char name[16], why[160] = "";
	int error;

	*status = (struct slice_target_status){.target = spec->config->id};
	internet_interface(spec->config, name);
	if (spec->missing && !spec->pool.rows.count) {
		target_routes_set(env, spec, NULL, NULL);
		target_unavailable(status, &spec->config->id, "none of its public addresses is this gateway's");
		return;
	}
	error = transfer_start(env, &spec->config->id, name, &transfer, why);
	if (!error)
		error = target_sysctls(name);
	if (!error)
		error = set_routes(env, spec, &transfer);
	status->nat_base = transfer.nat_base;
	if (!error && spec->pool.rows.count)
		error = transfer_pool(env, &transfer);
	if (!error) {
		found(env, spec, status);
		return;
	}
	target_routes_set(env, spec, NULL, NULL);
	target_unavailable(status, &spec->config->id, "%s", *why ? why : strerror(-error));
}

static bool internet_reconfigure(const struct target_spec *old, const struct target_spec *now)
{
	return old->table == now->table;
}

static void internet_stop(const struct target_env *env, const struct target_spec *spec)
{
	target_own_stop(env, "net", spec);
}

static void internet_status(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	struct nl_link link;
	char name[16];

	internet_interface(spec->config, name);
	if (nl_link_get(env->inside, name, &link) || !(link.flags & IFF_LOWER_UP))
		target_unavailable(status, &spec->config->id, "the transfer link to the underlay is down");
	else
		found(env, spec, status);
}

const struct target_ops target_internet = {
	.name = "internet",
	.interface = internet_interface,
	.reaches = internet_reaches,
	.start = internet_start,
	.reconfigure = internet_reconfigure,
	.stop = internet_stop,
	.status = internet_status,
};
