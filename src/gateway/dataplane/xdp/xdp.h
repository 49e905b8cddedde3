// SPDX-License-Identifier: Apache-2.0
// What the files of the fast path share. Nothing outside xdp/ and its tests includes it.
#pragma once

#include "base/log.h"
#include "base/map.h"
#include "base/vec.h"
#include "gateway/dataplane/fast.h"
#include "gateway/dataplane/xdp/abi.h"

#include <pthread.h>

#define XDP_PATH 240

struct relay_bpf;

// Every map that is written or read through memory.
#define XDP_MAPPED(X)                                                                                                            \
	X(config, struct abi_config)                                                                                             \
	X(uplinks, struct abi_uplink)                                                                                            \
	X(uplink_counts, struct abi_count)                                                                                       \
	X(extras, struct abi_extra)                                                                                              \
	X(prefixes, uint64_t)                                                                                                    \
	X(downlinks, struct abi_downlink)                                                                                        \
	X(downlink_counts, struct abi_count)                                                                                     \
	X(limits, struct abi_limit)                                                                                              \
	X(tunnels, struct abi_tunnel)                                                                                            \
	X(hops, struct abi_hop)                                                                                                  \
	X(slices, struct abi_slice)                                                                                              \
	X(port_keys, struct abi_port)                                                                                            \
	X(tunnel_ids, struct abi_ids)                                                                                            \
	X(before, struct abi_stats)

// The programs and maps as they are in the kernel (objects.c).
struct xdp_objects {
	struct relay_bpf *skeleton;
	char pins[XDP_PATH], maps[XDP_PATH]; // directories; "" where nothing can be pinned
	uint32_t pages;
	bool is_old; // the maps were there: an earlier process left them
#define X(name, type) type *name;
	XDP_MAPPED(X)
#undef X
	size_t lens[16];
};

struct xdp_slice {
	uint32_t refs;
	int netns; // of the slice; -1: not known (yet) in this process
};

struct xdp_hop {
	uint32_t refs;
	uint32_t generation; // of this use of the place
	char interface[16]; // that it must leave by; "" any
	uint32_t port; // that it was last found to lead to: stays attached while its neighbour is not known
	bool is_cabled; // its interface is the cable, or takes no redirected frames, so that the cable is to be taken
	uint64_t probed_ms;
};

struct xdp_port {
	int link; // fd; -1: nothing is attached
	bool is_generic, is_old; // old: the program of an earlier process
	char name[16];
};

struct xdp_place { // a number that the maps use
	bool is_used, is_claimed; // not claimed: left by an earlier process, nobody has come for it yet
};

struct xdp_thread;
struct xdp_older;

struct fast {
	struct xdp_objects objects;
	struct fast_options options;
	bool is_settled, are_ways_swept;
	pthread_mutex_t lock; // for what the thread of port.c reads: hops, slices
	struct xdp_slice slices[ABI_SLICES];
	struct xdp_hop hops[ABI_HOPS];
	struct xdp_port ports[ABI_PORTS];
	struct map sgw_hops; // by address
	VEC(uint32_t) cable_places; // free ones, for Integrated sessions
	uint32_t hops_end, tunnels_end; // beyond what was ever used
	struct xdp_place *tunnel_places, *session_places, *page_places, leaf_places[ABI_LEAVES_MAX];
	struct xdp_place hop_places[ABI_HOPS], port_places[ABI_PORTS], slice_places[ABI_SLICES];
	struct xdp_thread *thread; // NULL in unit tests
	struct xdp_older *older; // maps of another layout, whose programs still run; NULL: none
};

// xdp.c
// A free place, number 1 and up, or 0.
uint32_t xdp_place_take(struct xdp_place *places, uint32_t count);
uint32_t xdp_be_addr(const struct ip_addr *addr);

// tunnel.c
void xdp_tunnel_clear(struct fast *fast, uint32_t place);
void xdp_slice_clear(struct fast *fast, uint32_t slice);
uint32_t *xdp_number(struct abi_ids *ids, uint32_t place);

// session.c
void xdp_session_clear(struct fast *fast, uint32_t slot);
// The pages of Integrated sessions, as an earlier process left them, are used on.
void xdp_session_settle(struct fast *fast);

// objects.c
int xdp_addresses_fd(const struct fast *fast);
int xdp_routes_fd(const struct fast *fast);
void xdp_objects_flow(const struct fast *fast, uint32_t tunnel, struct abi_flow *out); // of all CPUs together
void xdp_objects_flow_clear(const struct fast *fast, uint32_t tunnel);
int xdp_objects_open(struct fast *fast, char *why);
void xdp_objects_close(struct fast *fast, bool keep);
// From here on the programs of this process run; and maps of another layout are gone.
void xdp_objects_switch(struct fast *fast);
void xdp_objects_sweep(struct fast *fast);
void xdp_objects_stats(const struct fast *fast, struct abi_stats *out); // of all CPUs together
int xdp_program_access(const struct fast *fast); // fds
int xdp_program_target(const struct fast *fast);
// Loads the few instructions that say which slice a packet came in by, and go on with target_xdp. An fd or -errno.
int xdp_program_ingress(const struct fast *fast, uint32_t slice);
int xdp_ports_fd(const struct fast *fast);

// older.c: maps of another layout or size. What is moved from them comes on top of what is counted already.
int xdp_older_open(struct fast *fast, const char *path);
void xdp_older_move(struct fast *fast, uint32_t slot); // the session has been installed
void xdp_older_forget(struct fast *fast, uint32_t teid); // it ends
void xdp_older_prepare(struct fast *fast); // our programs are about to take over
void xdp_older_close(struct fast *fast); // they have: the last counts are moved
void xdp_older_free(struct fast *fast);

// route.c: the kernel's routing and neighbour tables, of the namespace that the thread was in at route_open.
struct route;
struct route_link {
	uint32_t ifindex;
	char name[16], kind[16];
	uint8_t mac[6];
	uint32_t mtu;
	uint32_t lower; // of a VLAN: the interface whose frames carry its tag
	uint16_t vlan; // 0: it is none
	bool is_up, is_ethernet;
};
int route_open(struct route **out);
void route_close(struct route **route);
int route_fd(const struct route *route); // readable when something has changed
void route_drain(struct route *route);
// How packets from saddr to daddr leave: the interface and the neighbour to send to. -ENETUNREACH and the like where there is no way.
int route_find(struct route *route, uint32_t daddr, uint32_t saddr, uint32_t mark, uint32_t *ifindex, uint32_t *neighbour);
// Its MAC address; -ENOENT when it is not known. `probe`: have the kernel find out whether it is still right.
int route_mac(struct route *route, uint32_t ifindex, uint32_t neighbour, bool probe, uint8_t mac[6]);
int route_link(struct route *route, uint32_t ifindex, struct route_link *out);
int route_link_named(struct route *route, const char *name, struct route_link *out);
// Every route of every table: what it is for, and where it leads. A gateway of IPv4 only; 0: none, or another.
struct route_row {
	uint8_t type, len; // RTN_*, bits
	bool is_v6;
	uint32_t table, ifindex, gateway;
	uint8_t to[16];
};
int route_dump(struct route *route, void (*each)(void *owner, const struct route_row *row), void *owner);
// Whether frames can be redirected to the interface: 1, 0, or -EOPNOTSUPP when this kernel does not say (before 6.3).
int route_takes_redirects(struct route *route, uint32_t ifindex);

// probe.c: the same of a veth, found out by a frame that is sent; in the interface's namespace. 1, 0 or -errno.
int xdp_probe(uint32_t ifindex, const char *interface);

// hop.c: next hops, by whom they lead to; daddr 0: whoever is at the other end of the interface, which is a slice's cable. 0: no room.
uint32_t xdp_hop_get(struct fast *fast, uint32_t slice, uint32_t mark, uint32_t saddr, uint32_t daddr, const char *interface);
// Takes over one that an earlier process left.
void xdp_hop_claim(struct fast *fast, uint32_t hop);
void xdp_hop_put(struct fast *fast, uint32_t hop);
// Writes what was found; `port` 0: nothing.
struct xdp_way {
	uint32_t port;
	uint8_t dmac[6], smac[6];
	uint16_t mtu, vlan; // vlan: be, 0 none
	bool is_cable;
};
void xdp_hop_write(struct fast *fast, uint32_t hop, const struct xdp_way *way);

// ways.c: routes past the slices' stacks. All of it is the thread's.
struct xdp_ways;
int xdp_ways_new(struct xdp_ways **out);
void xdp_ways_free(struct fast *fast, struct xdp_ways **ways, bool keep);
// Brings what the programs know of the routes of each such slice to what its kernel has now; `routes` by slice, NULL: it is not there.
void xdp_ways_look(struct fast *fast, struct xdp_ways *ways, struct route *const *routes);

// attach.c: programs on interfaces, by the number of their port; the thread is in the interface's namespace.
uint32_t xdp_port_find(const struct fast *fast, uint64_t netns, uint32_t ifindex); // 0: it is none
// Takes over what is pinned for the interface, or attaches: native where the driver has it, else generic. 0 or -errno.
int xdp_port_attach(struct fast *fast, uint32_t port, uint32_t slice, uint64_t netns, uint32_t ifindex);
void xdp_port_renew(struct fast *fast, uint32_t port); // the program of this process in place of an earlier one
void xdp_port_detach(struct fast *fast, uint32_t port);
void xdp_ports_unpin(struct fast *fast); // links of interfaces that are no port

// port.c: the thread that attaches, resolves and follows.
int xdp_thread_start(struct fast *fast, char *why);
void xdp_thread_stop(struct fast *fast, bool keep);
void xdp_thread_kick(struct fast *fast); // there is something new to resolve
void xdp_ports_sweep(struct fast *fast); // of earlier processes
