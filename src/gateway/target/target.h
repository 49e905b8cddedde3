// SPDX-License-Identifier: Apache-2.0
// Routing Targets: one vtable, one folder a type.
//
// A target is an interface of the slice's namespace with addresses and a routing table of its own. The slice brings its targets up and
// down, and points the policy's marks at their tables; a target only knows how its kind of interface comes to be. Everything here that
// takes a `struct target_env` runs on a worker thread, inside the slice's namespace.
#pragma once

#include "gateway/config.h"
#include "gateway/netlink.h"
#include "gateway/slice.h"

#define TARGET_METRIC 100
#define TARGET_METRIC_LAST 4278198272u // after every route that could be learned

struct target_env {
	struct nl *inside, *underlay; // netlink of the slice and of the namespace that the gateway lives in
	int inside_fd, underlay_fd; // the namespaces themselves
	const char *name; // of the slice's namespace
	const char *state_dir; // for what a target must keep to itself: keys, sockets of its daemon
};

// A target as the worker holds it: a copy, independent of the configuration.
struct target_spec {
	struct target_config *config;
	uint32_t table; // its routing table's number
	struct natpool pool; // of an Internet target: the public addresses that it takes; empty = the underlay's own
	size_t missing; // public addresses that it names and the gateway does not have
};

struct target_ops {
	const char *name; // the API's word for the type
	// Whether its status changes without an event of its interface, so that it is asked from time to time. NULL = never.
	bool (*is_watched)(const struct target_config *config);
	// The name that the interface has inside the slice. 0, or -EINVAL when the configuration names none that could exist.
	int (*interface)(const struct target_config *config, char out[16]);
	// Whether the target's routes lead to `addr`.
	bool (*reaches)(const struct target_config *config, const struct ip_addr *addr);
	// Brings the target up, or corrects what differs where it is up already (an earlier gateway's work is adopted). The status is filled
	// in either way. Called again on every change of the slice.
	void (*start)(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status);
	// Whether start with `now` is enough to get from `old` to `now` (taken), or `old` must be stopped first (restart me).
	bool (*reconfigure)(const struct target_spec *old, const struct target_spec *now);
	void (*stop)(const struct target_env *env, const struct target_spec *spec);
	// What can be seen now, without changing anything.
	void (*status)(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status);
	// Whether it touches what slices share, such as a daemon: then no other such target is touched meanwhile. NULL = never.
	bool (*is_alone)(const struct target_config *config);
};

extern const struct target_ops target_internet, target_peering, target_vpn, target_wireguard;

bool target_always(const struct target_config *config); // for is_watched, is_alone

// NULL for a type that this gateway does not have.
const struct target_ops *target_ops_get(enum target_type type);
bool target_is_alone(const struct target_config *config); // as the member of the vtable; only such a target has daemons
// As the members of the vtable, from as many threads as one likes.
void target_start(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status);
void target_stop(const struct target_env *env, const struct target_spec *spec);
void target_status(const struct target_env *env, const struct target_spec *spec, struct slice_target_status *status);
// As the member of the vtable; -EOPNOTSUPP for a type that this gateway does not have.
int target_interface(const struct target_config *config, char out[16]);
bool target_reaches(const struct target_config *config, const struct ip_addr *addr);
// A name that the kernel takes for an interface and that is safe in nft's text.
bool target_interface_is_valid(const char *name);

// The alias by which links that the gateway made itself are known: they are not anybody's to get back.
#define TARGET_MADE_BY_US "slicegate"
int target_claim_link(struct nl *nl, const char *name); // gives it that alias
// Moves a link of the slice back to the gateway's namespace; one that the gateway made is deleted. 0 or -errno.
int target_link_give_back(const struct target_env *env, const struct nl_link *link);

// The name of an interface that the gateway makes for the target: the prefix and eight digits of its id's hash.
void target_own_interface(const char *prefix, const struct uuid *id, char out[16]);
// Removes it.
void target_own_stop(const struct target_env *env, const char *prefix, const struct target_spec *spec);
// The address that the underlay speaks to `peer` from. The thread is in the slice before and after. 0 or -errno.
int target_underlay_address(const struct target_env *env, const struct ip_addr *peer, char out[IP_ADDR_TEXT]);
// The target's table: `way` to each of the `remote` prefixes (none of them: to everything of the family of its `to`), and an end, so that a
// marked packet never falls through to another table. `way` NULL: only the end. 0 or -errno.
int target_routes_set(const struct target_env *env, const struct target_spec *spec, const struct nl_route *way,
	const struct prefix_list *remote);
int target_sysctls(const char *interface); // what every interface of a target is set to; 0 or -errno

int target_spec_init(struct target_spec *spec, const struct target_config *config, uint32_t table); // copies; 0 or -ENOMEM
void target_spec_fini(struct target_spec *spec);
__attribute__((format(printf, 3, 4))) void target_unavailable(
	struct slice_target_status *status, const struct uuid *target, const char *format, ...);
__attribute__((format(printf, 3, 4))) void target_pending(
	struct slice_target_status *status, const struct uuid *target, const char *format, ...);
void target_available(struct slice_target_status *status, const struct uuid *target);
