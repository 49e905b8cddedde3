// SPDX-License-Identifier: Apache-2.0
// The Internet target: a transfer link to the underlay. What leaves takes the link's address (the slice's table, policy_nft.c), then the
// underlay's own; nothing comes in but answers.
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

static void found(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	struct ip_addr anywhere = ip_addr_v4(0xc0000201); // RFC 5737: nobody's, so the default route's

	target_available(status, &spec->config->id);
	target_underlay_address(env, &anywhere, status->public_address);
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
	struct transfer transfer;
	char name[16], why[160] = "";
	int error;

	internet_interface(spec->config, name);
	error = transfer_start(env, &spec->config->id, name, &transfer, why);
	if (!error)
		error = target_sysctls(name);
	if (!error)
		error = set_routes(env, spec, &transfer);
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
