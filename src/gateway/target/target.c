// SPDX-License-Identifier: Apache-2.0
#include "gateway/target/target.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct target_ops *target_ops_get(enum target_type type)
{
	static const struct target_ops *const types[] = {
		[TARGET_PEERING] = &target_peering,
	};

	return type < sizeof(types) / sizeof(types[0]) ? types[type] : NULL;
}

int target_interface(const struct target_config *config, char out[16])
{
	const struct target_ops *ops = target_ops_get(config->type);

	return ops ? ops->interface(config, out) : -EOPNOTSUPP;
}

bool target_reaches(const struct target_config *config, const struct ip_addr *addr)
{
	const struct target_ops *ops = target_ops_get(config->type);

	return ops && ops->reaches(config, addr);
}

bool target_interface_is_valid(const char *name)
{
	size_t len = strlen(name);

	return len && len < 16 && strcmp(name, "lo") && strcmp(name, ".") && strcmp(name, "..") &&
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@") == len;
}

int target_link_give_back(const struct target_env *env, const struct nl_link *link)
{
	if (!strcmp(link->alias, TARGET_MADE_BY_US))
		return nl_link_del(env->inside, link->index);
	return nl_link_move(env->inside, link->index, env->underlay_fd);
}

int target_spec_init(struct target_spec *spec, const struct target_config *config, uint32_t table)
{
	struct target_config *copy = malloc(sizeof(*copy));

	if (!copy)
		return -ENOMEM;
	*copy = *config;
	copy->moniker = strdup(config->moniker ? config->moniker : "");
	memset(&copy->peering.remote_subnets, 0, sizeof(copy->peering.remote_subnets));
	*spec = (struct target_spec){.config = copy, .table = table};
	vec_each (&config->peering.remote_subnets, prefix) {
		struct ip_prefix *room = vec_add(&copy->peering.remote_subnets);

		if (!room)
			break;
		*room = *prefix;
	}
	if (copy->moniker && copy->peering.remote_subnets.count == config->peering.remote_subnets.count)
		return 0;
	target_spec_fini(spec);
	return -ENOMEM;
}

void target_spec_fini(struct target_spec *spec)
{
	if (!spec->config)
		return;
	vec_free(&spec->config->peering.remote_subnets);
	free(spec->config->moniker);
	free(spec->config);
	spec->config = NULL;
}

void target_unavailable(struct slice_target_status *status, const struct uuid *target, const char *format, ...)
{
	va_list args;

	*status = (struct slice_target_status){.target = *target};
	va_start(args, format);
	vsnprintf(status->message, sizeof(status->message), format, args);
	va_end(args);
}

void target_available(struct slice_target_status *status, const struct uuid *target)
{
	*status = (struct slice_target_status){.target = *target, .available = true};
}
