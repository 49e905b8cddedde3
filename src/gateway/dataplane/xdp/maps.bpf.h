// SPDX-License-Identifier: Apache-2.0
// The maps. Those whose size depends on --max-sessions are sized when they are opened (objects.c).
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "gateway/dataplane/xdp/abi.h"

#define MAPPED_ARRAY(name, entries)                                                                                              \
	struct {                                                                                                                 \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                                                \
		__uint(map_flags, BPF_F_MMAPABLE);                                                                               \
		__uint(max_entries, entries);                                                                                    \
		__type(key, uint32_t);                                                                                           \
		__type(value, type_of_##name);                                                                                   \
	} name SEC(".maps")

#define PERCPU_ARRAY(name, entries, of)                                                                                          \
	struct {                                                                                                                 \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                                                         \
		__uint(max_entries, entries);                                                                                    \
		__type(key, uint32_t);                                                                                           \
		__type(value, of);                                                                                               \
	} name SEC(".maps")

typedef struct abi_config type_of_config;
typedef struct abi_uplink type_of_uplinks;
typedef struct abi_downlink type_of_downlinks;
typedef struct abi_count type_of_uplink_counts;
typedef struct abi_count type_of_downlink_counts;
typedef struct abi_extra type_of_extras;
typedef uint64_t type_of_prefixes;
typedef struct abi_limit type_of_limits;
typedef struct abi_tunnel type_of_tunnels;
typedef struct abi_hop type_of_hops;
typedef struct abi_slice type_of_slices;
typedef struct abi_port type_of_port_keys;
typedef struct abi_ids type_of_tunnel_ids;
typedef struct abi_stats type_of_before;

MAPPED_ARRAY(config, 1);
MAPPED_ARRAY(uplinks, 1); // these four by slot
MAPPED_ARRAY(uplink_counts, 1);
MAPPED_ARRAY(extras, 1);
MAPPED_ARRAY(prefixes, 1);
MAPPED_ARRAY(downlinks, 1); // these two by place
MAPPED_ARRAY(downlink_counts, 1);
MAPPED_ARRAY(limits, ABI_LIMITS);
MAPPED_ARRAY(before, 1); // what programs of another layout had counted in all; no program reads it
MAPPED_ARRAY(tunnels, ABI_TUNNELS);
MAPPED_ARRAY(hops, ABI_HOPS);
MAPPED_ARRAY(slices, ABI_SLICES);
MAPPED_ARRAY(port_keys, ABI_PORTS);
MAPPED_ARRAY(tunnel_ids, (ABI_LEAF * ABI_LEAVES_MAX / ABI_IDS)); // leaf * ABI_LEAF + id -> place in `tunnels`

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct abi_address);
	__type(value, uint32_t);
} addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, ABI_ROUTES);
	__type(key, struct abi_route);
	__type(value, uint32_t);
} routes SEC(".maps");

PERCPU_ARRAY(stats, 1, struct abi_stats);
PERCPU_ARRAY(flows, ABI_TUNNELS, struct abi_flow);

// The slice that the packet under way came in by: written by the few instructions that are attached to an interface (port.c), which is all
// that differs from slice to slice.
PERCPU_ARRAY(ingress, 1, uint32_t);

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, ABI_PORTS);
	__type(key, uint32_t);
	__type(value, uint32_t);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, uint32_t);
} programs SEC(".maps");
