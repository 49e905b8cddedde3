// SPDX-License-Identifier: Apache-2.0
#include "gateway/target/target.h"

#include "base/clean.h"
#include "gateway/netns.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const struct target_ops *target_ops_get(enum target_type type)
{
	static const struct target_ops *const types[] = {
		[TARGET_INTERNET] = &target_internet,
		[TARGET_PEERING] = &target_peering,
		[TARGET_VPN] = &target_vpn,
		[TARGET_WIREGUARD] = &target_wireguard,
	};

	return type < sizeof(types) / sizeof(types[0]) ? types[type] : NULL;
}

bool target_always(const struct target_config *config)
{
	return config;
}

static pthread_mutex_t shared = PTHREAD_MUTEX_INITIALIZER;

bool target_is_alone(const struct target_config *config)
{
	const struct target_ops *ops = target_ops_get(config->type);

	return ops && ops->is_alone && ops->is_alone(config);
}

static void begin(const struct target_config *config)
{
	if (target_is_alone(config))
		pthread_mutex_lock(&shared);
}

static void end(const struct target_config *config)
{
	if (target_is_alone(config))
		pthread_mutex_unlock(&shared);
}

void target_start(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	begin(spec->config);
	target_ops_get(spec->config->type)->start(env, spec, status);
	end(spec->config);
}

void target_stop(const struct target_env *env, const struct target_spec *spec)
{
	begin(spec->config);
	target_ops_get(spec->config->type)->stop(env, spec);
	end(spec->config);
}

void target_status(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status)
{
	begin(spec->config);
	target_ops_get(spec->config->type)->status(env, spec, status);
	end(spec->config);
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

int target_claim_link(struct nl *nl, const char *name)
{
	struct nl_link link;
	int error = nl_link_get(nl, name, &link);

	return error ? error : nl_alias_set(nl, link.index, TARGET_MADE_BY_US);
}

int target_link_give_back(const struct target_env *env, const struct nl_link *link)
{
	if (!strcmp(link->alias, TARGET_MADE_BY_US))
		return nl_link_del(env->inside, link->index);
	return nl_link_move(env->inside, link->index, env->underlay_fd);
}

void target_own_interface(const char *prefix, const struct uuid *id, char out[16])
{
	uint32_t hash = 2166136261u; // FNV-1a

	for (const char *c = id->text; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	snprintf(out, 16, "%.7s%08x", prefix, hash);
}

void target_own_stop(const struct target_env *env, const char *prefix, const struct target_spec *spec)
{
	struct nl_link link;
	char name[16];

	target_own_interface(prefix, &spec->config->id, name);
	if (!nl_link_get(env->inside, name, &link))
		nl_link_del(env->inside, link.index);
}

// A connected UDP socket knows, and sends nothing.
int target_underlay_address(const struct target_env *env, const struct ip_addr *peer, char out[IP_ADDR_TEXT])
{
	struct ip_end end = {*peer, 500}, self;
	struct sockaddr_storage sa;
	socklen_t len = ip_end_to_sockaddr(&end, &sa), got = sizeof(sa);
	_cleanup_close_ int fd = -1;
	int error = netns_enter(env->underlay_fd), back;

	if (!error) {
		fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (fd < 0 || connect(fd, (struct sockaddr *)&sa, len) || getsockname(fd, (struct sockaddr *)&sa, &got))
			error = -errno;
	}
	back = netns_enter(env->inside_fd);
	if (!error && !back && ip_end_from_sockaddr((struct sockaddr *)&sa, &self))
		error = -EINVAL;
	if (!error)
		ip_addr_text(&self.addr, out);
	return error ? error : back;
}

int target_routes_set(const struct target_env *env, const struct target_spec *spec, const struct nl_route *way,
	const struct prefix_list *remote)
{
	VEC(struct nl_route) routes = {0};
	struct nl_route *room = vec_add(&routes);
	int error;

	if (room)
		*room = (struct nl_route){.kind = NL_ROUTE_UNREACHABLE, .to.addr.family = IP_V4, .metric = TARGET_METRIC_LAST};
	if (way && !remote->rows.count && room && (room = vec_add(&routes)))
		*room = *way;
	for (size_t i = 0; way && room && i < remote->rows.count; i++)
		if ((room = vec_add(&routes))) {
			*room = *way;
			room->to = remote->rows.items[i];
		}
	error = room ? nl_routes_set(env->inside, spec->table, routes.items, routes.count) : -ENOMEM;
	vec_free(&routes);
	return error;
}

int target_sysctls(const char *interface)
{
	static const char *const off[] = {"rp_filter", "send_redirects", "accept_redirects"};
	int error = 0;

	for (size_t i = 0; !error && i < array_len(off); i++) {
		char path[64];

		snprintf(path, sizeof(path), "ipv4/conf/%s/%s", interface, off[i]);
		error = netns_sysctl(path, "0");
	}
	return error;
}

int target_spec_init(struct target_spec *spec, const struct target_config *config, uint32_t table)
{
	*spec = (struct target_spec){.table = table};
	return target_config_copy(config, &spec->config);
}

void target_spec_fini(struct target_spec *spec)
{
	natpool_fini(&spec->pool);
	target_config_free(&spec->config);
}

void target_unavailable(struct slice_target_status *status, const struct uuid *target, const char *format, ...)
{
	va_list args;

	*status = (struct slice_target_status){.target = *target};
	va_start(args, format);
	vsnprintf(status->message, sizeof(status->message), format, args);
	va_end(args);
}

void target_pending(struct slice_target_status *status, const struct uuid *target, const char *format, ...)
{
	va_list args;

	*status = (struct slice_target_status){.target = *target, .is_pending = true};
	va_start(args, format);
	vsnprintf(status->message, sizeof(status->message), format, args);
	va_end(args);
}

void target_available(struct slice_target_status *status, const struct uuid *target)
{
	*status = (struct slice_target_status){.target = *target, .available = true};
}
