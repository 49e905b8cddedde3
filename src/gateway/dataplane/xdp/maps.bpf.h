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

typedef struct abi_config type_of_config;
typedef struct abi_session type_of_sessions;
typedef struct abi_counters type_of_counters;
typedef struct abi_tunnel type_of_tunnels;
typedef struct abi_hop type_of_hops;
typedef struct abi_slice type_of_slices;
typedef struct abi_port type_of_port_keys;
typedef struct abi_ids type_of_tunnel_ids;
typedef struct abi_ids type_of_ids;

MAPPED_ARRAY(config, 1);
MAPPED_ARRAY(sessions, 1);
MAPPED_ARRAY(counters, 1);
MAPPED_ARRAY(tunnels, ABI_TUNNELS);
MAPPED_ARRAY(hops, ABI_HOPS);
MAPPED_ARRAY(slices, ABI_SLICES);
MAPPED_ARRAY(port_keys, ABI_PORTS);
MAPPED_ARRAY(tunnel_ids, (ABI_LEAF * ABI_LEAVES_MAX / ABI_IDS)); // leaf * ABI_LEAF + id -> place in `tunnels`
MAPPED_ARRAY(ids, (ABI_PAGE / ABI_IDS)); // page * ABI_PAGE + id -> slot + 1

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct abi_stats);
} stats SEC(".maps");

// The slice that the packet under way came in by: written by the few instructions that are attached to an interface (port.c), which is all
// that differs from slice to slice.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, uint32_t);
} ingress SEC(".maps");

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
