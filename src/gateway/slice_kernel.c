// SPDX-License-Identifier: Apache-2.0
// What a slice is in the kernel, and how it gets there. Worker thread.
//
//   namespace     in /run/netns, its name from slice_names.h. One that is there already is adopted, whatever made it.
//   lo            the LAC addresses as /32, less those that a peering interface has as its own; and a default route of the main table. The
//                 LAC's socket needs some route before the output hook can choose the right one by mark; this one leads nowhere, since
//                 what has no mark was dropped by the verdict.
//   targets       each brings its interface and fills its routing table; the table's number is the target's mark
//   ip rules      fwmark M -> table M
//   nft           table inet slicegate (policy_nft.c)
//
// Order: what the new rules need comes before them, what only the old rules needed goes after them, so a policy edit that switches a live
// tunnel from one target to another finds both up. Forwarding is switched on last.
#include "gateway/slice_names.h"
#include "gateway/slice_spec.h"

#include "base/clean.h"
#include "base/log.h"
#include "gateway/cable.h"
#include "gateway/conntrack.h"
#include "gateway/dataplane/dataplane.h"
#include "gateway/flows.h"
#include "gateway/lac_cable.h"
#include "gateway/members.h"
#include "gateway/nft.h"
#include "gateway/sims.h"
#include "gateway/target/annex.h"
#include "gateway/target/bindings.h"
#include "gateway/target/transfer.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

LOG_CATEGORY(slice);

#define MAIN_METRIC 4278198272u

struct slice_kernel {
	int underlay_fd;
	const char *state_dir; // the worker's
	char name[NETNS_NAME]; // of the namespace
	bool is_there;
	struct slice_spec *applied; // NULL before the first time in this process
	uint64_t loaded; // digest of the policy that nft says; 0 = not known
	struct members *members; // which SIM has which policy, as nft knows it
	bool has_cable; // of an L2TP slice: slice_cable
	bool is_tidy; // what stands in the namespace is what `applied` says, nothing more
};

int slice_kernel_new(int underlay_fd, const char *state_dir, const char *name, bool is_there, struct slice_kernel **out)
{
	struct slice_kernel *kernel = calloc(1, sizeof(*kernel));

	if (!kernel)
		return -ENOMEM;
	kernel->underlay_fd = underlay_fd;
	kernel->state_dir = state_dir;
	kernel->is_there = is_there;
	snprintf(kernel->name, sizeof(kernel->name), "%s", name);
	*out = kernel;
	return 0;
}

const char *slice_kernel_key(const struct slice_kernel *kernel)
{
	return slice_name_key(kernel->name);
}

void slice_kernel_free(struct slice_kernel **kernel)
{
	if (*kernel)
		slice_spec_free(&(*kernel)->applied);
	if (*kernel)
		members_free(&(*kernel)->members);
	free(*kernel);
	*kernel = NULL;
}

void slice_kernel_members(struct slice_kernel *kernel, const struct slice_member *rows, size_t count, bool whole)
{
	char why[POLICY_WHY] = "";
	struct members_moves moved = {0};
	int error = slice_kernel_enter(kernel);

	if (!error && !kernel->members)
		error = members_new(&kernel->members);
	if (!error)
		error = members_set(kernel->members, rows, count, whole, &moved, why);
	if (!error && kernel->applied)
		error = flows_follow(kernel->applied->policy, &moved);
	vec_free(&moved.rows);
	if (error)
		log_warn("slice=%s message=\"who has which Routing Policy cannot be told\" error=\"%s\"", kernel->name,
			*why ? why : strerror(-error));
	netns_enter(kernel->underlay_fd);
}

void slice_kernel_traffic(struct slice_kernel *kernel, struct slice_traffics *out)
{
	struct conntrack_stats stats = {0};
	struct nl *nl = NULL;

	if (kernel->applied && !slice_kernel_enter(kernel) && !nl_new(&nl)) {
		conntrack_stats(&stats);
		vec_each (&kernel->applied->policy->targets, target) {
			struct nl_link link;
			struct slice_traffic *room = nl_link_get(nl, target->interface, &link) ? NULL : vec_add(&out->rows);

			if (room)
				*room = (struct slice_traffic){.target = target->id,
					.packets = {link.sent_packets, link.received_packets},
					.bytes = {link.sent_bytes, link.received_bytes},
					.refused = target->is_nat ? stats.no_room : 0};
		}
	}
	nl_free(&nl);
	netns_enter(kernel->underlay_fd);
}

int slice_kernel_bindings(struct slice_kernel *kernel, const struct binding_query *query, struct bindings *out)
{
	VEC(struct binding_link) links = {0};
	int error = slice_kernel_enter(kernel);

	if (kernel->applied)
		vec_each (&kernel->applied->policy->targets, target) {
			bool is_wanted = target->nat_base && (!query->target.text[0] || uuid_equal(&query->target, &target->id));
			struct binding_link *room = is_wanted ? vec_add(&links) : NULL;

			if (room)
				*room = (struct binding_link){target->id, target->nat_base};
		}
	if (!error && links.count)
		error = bindings_get(kernel->underlay_fd, links.items, links.count, query, out);
	vec_free(&links);
	netns_enter(kernel->underlay_fd);
	return error;
}

void slice_kernel_cable(struct slice_kernel *kernel, bool on)
{
	struct nl *nl = NULL;
	int error = slice_kernel_enter(kernel);

	kernel->has_cable = on;
	if (!error)
		error = nl_new(&nl);
	if (!error && !on)
		error = lac_cable_end(nl);
	else if (!error && kernel->applied)
		error = lac_cable_make(nl, kernel->applied->policy->lacs.items, kernel->applied->policy->lacs.count);
	if (error && error != -ENOENT)
		log_warn("slice=%s message=\"no cable to its LACs\" error=\"%s\"", kernel->name, strerror(-error));
	nl_free(&nl);
	netns_enter(kernel->underlay_fd);
}

int slice_kernel_enter(struct slice_kernel *kernel)
{
	_cleanup_close_ int fd = -1;
	int error = netns_open(kernel->name, &fd);

	return error ? error : netns_enter(fd);
}

static int fail(struct slice_result *result, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
static int fail(struct slice_result *result, int error, const char *format, ...)
{
	va_list args;
	size_t len;

	va_start(args, format);
	vsnprintf(result->message, sizeof(result->message), format, args);
	va_end(args);
	len = strlen(result->message);
	snprintf(result->message + len, sizeof(result->message) - len, ": %s", strerror(-error));
	return result->error = error;
}

// Opens both namespaces and leaves the thread in the slice's.
static int env_open(struct slice_kernel *kernel, struct target_env *env, bool *is_new, struct slice_result *result)
{
	int error = netns_enter(kernel->underlay_fd);

	*env = (struct target_env){
		.inside_fd = -1, .underlay_fd = kernel->underlay_fd, .name = kernel->name, .state_dir = kernel->state_dir};
	if (!error)
		error = netns_open_or_new(kernel->name, kernel->underlay_fd, &env->inside_fd, is_new);
	if (error)
		return fail(result, error, "the network namespace %s cannot be made", kernel->name);
	kernel->is_there = true;
	error = nl_new(&env->underlay);
	if (!error)
		error = nl_nsid(env->underlay, env->inside_fd, &result->nsid);
	if (!error)
		error = netns_enter(env->inside_fd);
	if (!error)
		error = nl_new(&env->inside);
	return error ? fail(result, error, "the network namespace %s cannot be used", kernel->name) : 0;
}

static void env_close(struct target_env *env)
{
	nl_free(&env->inside);
	nl_free(&env->underlay);
	if (env->inside_fd >= 0)
		close(env->inside_fd);
	netns_enter(env->underlay_fd);
}

static int set_sysctls(const struct slice_spec *spec, struct slice_result *result)
{
	const struct {
		const char *path, *value;
	} rows[] = {
		{"ipv4/conf/all/rp_filter", "0"}, // routes go by mark, the way back is judged by the policy
		{"ipv4/conf/default/rp_filter", "0"},
		{"ipv4/conf/all/send_redirects", "0"},
		{"ipv4/conf/default/send_redirects", "0"},
		{"ipv4/conf/all/accept_redirects", "0"},
		{"ipv4/conf/all/arp_announce", "2"}, // a neighbour is never asked in the name of a LAC address
		{"netfilter/nf_conntrack_timestamp", "1"}, // bindings.h
		{"netfilter/nf_conntrack_acct", "1"},
		{"ipv6/conf/all/disable_ipv6", spec->policy->is_l2tp ? "1" : "0"},
		{"ipv6/conf/default/disable_ipv6", spec->policy->is_l2tp ? "1" : "0"},
		{"netfilter/nf_conntrack_timestamp", "1"}, // bindings.h
		{"netfilter/nf_conntrack_acct", "1"},
	};

	for (size_t i = 0; i < array_len(rows); i++) {
		int error = netns_sysctl(rows[i].path, rows[i].value);

		if (error && error != -ENOENT) // a kernel without IPv6 has no such file
			return fail(result, error, "/proc/sys/net/%s cannot be written", rows[i].path);
	}
	return 0;
}

static bool is_target_address(const struct slice_spec *spec, const struct ip_addr *addr)
{
	vec_each (&spec->targets, target)
		if (target->config->type == TARGET_PEERING && ip_addr_equal(&target->config->peering.local, addr))
			return true;
	return false;
}

// The SIMs of an Integrated slice: an interface of their own, and the routes of their subnets by it.
static int set_sims(const struct slice_spec *spec, const struct target_env *env, struct slice_result *result)
{
	VEC(struct nl_route) routes = {0};
	struct nl_link sims;
	int error = sims_make(env->inside);

	if (!error)
		error = nl_link_get(env->inside, DP_SLICE_INTERFACE, &sims);
	if (error)
		return fail(result, error, "the interface toward the SIMs cannot be made");
	vec_each (&spec->policy->subnets, subnet) {
		struct nl_route *room = vec_add(&routes);
		const char *gateway = subnet->addr.family == IP_V4 ? DP_SLICE_GATEWAY4 : DP_SLICE_GATEWAY6;

		if (!room)
			error = -ENOMEM;
		else
			*room = (struct nl_route){
				.kind = NL_ROUTE_UNICAST, .to = *subnet, .link = sims.index, .metric = MAIN_METRIC};
		if (!error)
			error = ip_addr_parse(gateway, &room->gateway);
	}
	if (!error)
		error = nl_routes_set(env->inside, RT_TABLE_MAIN, routes.items, routes.count);
	vec_free(&routes);
	return error ? fail(result, error, "the routes to the SIMs' subnets cannot be set: %s", nl_error(env->inside)) : 0;
}

static int set_lo(const struct slice_spec *spec, const struct target_env *env, bool has_cable, struct slice_result *result)
{
	VEC(struct nl_addr) addrs = {0};
	struct nl_route nowhere = {.kind = NL_ROUTE_UNICAST, .to.addr.family = IP_V4, .metric = MAIN_METRIC};
	struct nl_link lo;
	int error = nl_link_get(env->inside, "lo", &lo);

	if (!error && !(lo.flags & IFF_UP))
		error = nl_link_up(env->inside, lo.index);
	vec_each (&spec->policy->lacs, lac) {
		struct nl_addr *room = is_target_address(spec, lac) ? NULL : vec_add(&addrs);

		if (room)
			*room = (struct nl_addr){.addr = *lac, .len = lac->family == IP_V4 ? 32 : 128};
	}
	if (!error)
		error = nl_addrs_set(env->inside, lo.index, addrs.items, addrs.count);
	vec_free(&addrs);
	if (error)
		return fail(result, error, "the LAC addresses cannot be set");
	if (!spec->policy->is_l2tp) // nothing of the slice's own goes out
		return set_sims(spec, env, result);
	nowhere.link = lo.index;
	error = nl_routes_set(env->inside, RT_TABLE_MAIN, &nowhere, 1);
	if (!error && has_cable)
		error = lac_cable_make(env->inside, spec->policy->lacs.items, spec->policy->lacs.count);
	return error ? fail(result, error, "the slice's default route, or its cable, cannot be set") : 0;
}

static int set_marks(const struct slice_spec *spec, const struct target_env *env, struct slice_result *result)
{
	VEC(uint32_t) marks = {0};
	int error = 0;

	vec_each (&spec->targets, target) {
		uint32_t *room = vec_add(&marks);

		if (room)
			*room = target->table;
		else
			error = -ENOMEM;
	}
	if (!error)
		error = nl_marks_set(env->inside, marks.items, marks.count);
	vec_free(&marks);
	return error ? fail(result, error, "the routing rules cannot be set") : 0;
}

static const struct target_spec *find_target(const struct slice_spec *spec, const struct uuid *id)
{
	if (spec)
		vec_each (&spec->targets, target)
			if (uuid_equal(&target->config->id, id))
				return target;
	return NULL;
}

static const struct target_spec *find_interface(const struct slice_spec *spec, const char *name)
{
	char there[16];

	vec_each (&spec->targets, target)
		if (!target_interface(target->config, there) && !strcmp(there, name))
			return target;
	return NULL;
}

static void watch(const struct target_env *env, const char *interface, bool is_available, struct slice_result *result)
{
	struct slice_watch *room = vec_add(&result->watches);
	struct nl_link link;

	if (!room)
		return;
	snprintf(room->interface, sizeof(room->interface), "%s", interface);
	room->is_available = is_available;
	room->is_there = is_available || !nl_link_get(env->inside, interface, &link);
}

static void note_mtu(const struct target_env *env, const struct target_spec *target, struct slice_target_status *status)
{
	char interface[16];
	struct nl_link link;

	if (!target_interface(target->config, interface) && !nl_link_get(env->inside, interface, &link))
		status->mtu = link.mtu;
}

static int start_targets(
	struct slice_kernel *kernel, const struct slice_spec *spec, const struct target_env *env, struct slice_result *result)
{
	vec_each (&spec->targets, target) {
		const struct target_ops *ops = target_ops_get(target->config->type);
		const struct target_spec *old = find_target(kernel->applied, &target->config->id), *first;
		struct slice_target_status *status = vec_add(&result->targets);
		char interface[16];

		if (!status)
			return fail(result, -ENOMEM, "the targets cannot be brought up");
		if (old && old != target && !ops->reconfigure(old, target)) {
			target_stop(env, old);
			result->has_let_go = true;
		}
		ops->interface(target->config, interface);
		first = find_interface(spec, interface);
		if (first != target) {
			target_unavailable(status, &target->config->id, "interface %s is already used by Routing Target %s",
				interface, first->config->moniker);
			continue;
		}
		target_start(env, target, status);
		note_mtu(env, target, status);
		watch(env, interface, status->available, result);
	}
	vec_each (&spec->unknown, id) {
		struct slice_target_status *status = vec_add(&result->targets);

		if (status)
			target_unavailable(
				status, id, "this gateway cannot bring up such a target, or its interface's name is not valid");
	}
	return 0;
}

// Targets that are no more. When it is not known what stands in the namespace (the first time in a process, and after a failure), whatever
// no target claims is given back. Whether there was any.
static bool stop_targets(struct slice_kernel *kernel, const struct slice_spec *spec, const struct target_env *env)
{
	struct nl_links links = {0};
	char interface[16];
	bool any = false;

	if (kernel->is_tidy) {
		vec_each (&kernel->applied->targets, old)
			if (!find_target(spec, &old->config->id) && !target_interface(old->config, interface) &&
				!find_interface(spec, interface)) {
				target_stop(env, old);
				any = true;
			}
		return any;
	}
	if (nl_links_get(env->inside, &links))
		return false;
	vec_each (&links.rows, link)
		if (!(link->flags & IFF_LOOPBACK) && !cable_owns(link->name) && !find_interface(spec, link->name)) {
			target_link_give_back(env, link);
			any = true;
		}
	vec_free(&links.rows);
	return any;
}

// Which addresses of its link stand for the public ones is known when the link is.
static void tell_nat(const struct slice_spec *spec, const struct slice_result *result)
{
	vec_each (&spec->policy->targets, out)
		vec_each (&result->targets, status)
			if (out->is_nat && uuid_equal(&out->id, &status->target)) {
				out->pool = status->nat_base ? &find_target(spec, &out->id)->pool : NULL;
				out->nat_base = status->nat_base;
			}
}

static int load_policy(struct slice_kernel *kernel, const struct slice_spec *spec, struct slice_result *result)
{
	const struct policy *was = kernel->applied ? kernel->applied->policy : NULL;
	bool tracked = policy_tracks(spec->policy) || (was && policy_tracks(was));
	int error = nft_load(spec->policy, &kernel->loaded, result->message), ended = 0;

	if (error > 0 && tracked) // without the former rules nothing is known of its connections
		ended = was ? flows_review(was, spec->policy, kernel->members) : conntrack_flush();
	if (error && was && was->groups.count == 1 && spec->policy->groups.count > 1 && !kernel->members)
		(void)members_new(&kernel->members);
	if (error) // chains may have gone, and SIMs with them
		members_forget(kernel->members, was && was->groups.count == 1 ? was->groups.items[0]->tag : 0);
	if (error < 0 && !*result->message)
		return fail(result, error, "the Routing Policy cannot be loaded");
	if (error < 0)
		return result->error = error;
	return ended ? fail(result, ended, "connections of the former Routing Policy cannot be ended") : 0;
}

static void apply(struct slice_kernel *kernel, struct slice_spec *spec, const struct target_env *env, struct slice_result *result)
{
	int error = set_sysctls(spec, result);

	if (!error)
		error = start_targets(kernel, spec, env, result);
	if (!error)
		error = set_lo(spec, env, kernel->has_cable, result);
	if (!error)
		error = set_marks(spec, env, result);
	tell_nat(spec, result);
	if (!error)
		error = load_policy(kernel, spec, result);
	if (!error) {
		result->has_let_go |= stop_targets(kernel, spec, env);
		error = netns_sysctl("ipv4/ip_forward", "1");
		if (!error && !spec->policy->is_l2tp && netns_sysctl("ipv6/conf/all/forwarding", "1") == -EACCES)
			error = -EACCES; // a kernel without IPv6 has no such file
		if (error)
			fail(result, error, "/proc/sys/net/ipv4/ip_forward cannot be written");
	}
	kernel->is_tidy = !error;
}

void slice_kernel_apply(struct slice_kernel *kernel, struct slice_spec *spec, struct slice_result *result)
{
	struct target_env env;
	bool is_new = false;

	*result = (struct slice_result){.nsid = -1};
	if (!spec)
		spec = kernel->applied;
	if (!spec) {
		result->error = -EINVAL;
		return;
	}
	if (!env_open(kernel, &env, &is_new, result)) {
		if (is_new)
			kernel->loaded = 0;
		apply(kernel, spec, &env, result);
	}
	env_close(&env);
	if (kernel->applied != spec) {
		slice_spec_free(&kernel->applied);
		kernel->applied = spec;
	}
	if (result->error)
		log_warn("slice=%s error=\"%s\"", kernel->name, result->message);
	else if (is_new)
		log_info("slice=%s message=\"network namespace made\"", kernel->name);
}

void slice_kernel_look(struct slice_kernel *kernel, struct slice_result *result)
{
	struct target_env env;
	bool is_new = false;

	*result = (struct slice_result){.nsid = -1};
	if (!kernel->applied)
		return;
	if (!env_open(kernel, &env, &is_new, result))
		vec_each (&kernel->applied->targets, target) {
			const struct target_ops *ops = target_ops_get(target->config->type);
			struct slice_target_status *status =
				ops->is_watched && ops->is_watched(target->config) ? vec_add(&result->targets) : NULL;

			if (!status)
				continue;
			target_status(&env, target, status);
			note_mtu(&env, target, status);
		}
	env_close(&env);
}

// Takes the namespace of that name down, with its interfaces saved. `has_daemons`: some may run for it; to look for them is to look at all processes.
static void remove_namespace(int underlay_fd, const char *name, bool has_daemons)
{
	struct target_env env = {.inside_fd = -1, .underlay_fd = underlay_fd};
	struct nl_links links = {0};
	int error;

	if (has_daemons)
		annex_end_all(name);
	error = netns_open(name, &env.inside_fd);
	if (!error && has_daemons)
		annex_end_daemons(env.inside_fd);
	if (!error)
		error = netns_enter(env.inside_fd);
	if (!error)
		error = nl_new(&env.inside);
	if (!error)
		error = nl_links_get(env.inside, &links);
	vec_each (&links.rows, link) {
		int kept = link->flags & IFF_LOOPBACK || cable_owns(link->name) ? 0 : target_link_give_back(&env, link);

		if (kept && kept != -EINVAL) // the kernel's own fallback devices cannot be moved, and need not be
			log_warn("slice=%s interface=%s message=\"cannot be given back\" error=\"%s\"", name, link->name,
				strerror(-kept));
	}
	vec_free(&links.rows);
	env_close(&env);
	if (error == -ENOENT)
		error = 0; // only a file, or nothing
	if (!error)
		error = netns_delete(name);
	if (error)
		log_warn("slice=%s message=\"network namespace cannot be removed\" error=\"%s\"", name, strerror(-error));
	else
		log_info("slice=%s message=\"network namespace removed\"", name);
}

bool slice_kernel_remove(struct slice_kernel *kernel)
{
	bool was_there = kernel->is_there, has_daemons = !kernel->is_tidy;

	if (!has_daemons)
		vec_each (&kernel->applied->targets, target)
			has_daemons = has_daemons || target_is_alone(target->config);
	if (was_there)
		remove_namespace(kernel->underlay_fd, kernel->name, has_daemons);
	kernel->is_there = false;
	return was_there;
}
