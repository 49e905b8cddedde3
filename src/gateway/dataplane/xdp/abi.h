// SPDX-License-Identifier: Apache-2.0
// What the BPF programs and the gateway share: the layout of every map, asserted. Included by both, so only fixed-width types.
//
// Addresses, ports and protocol ids that go onto the wire are in network order (`be`), all else is in the machine's. A layout that changes
// raises ABI_VERSION: maps of another version are left to the programs that know them until the new ones have been filled (xdp.c).
#pragma once

#ifdef __bpf__
#include <linux/types.h>
typedef __u8 uint8_t;
typedef __u16 uint16_t;
typedef __u32 uint32_t;
typedef __u64 uint64_t;
#include <stdbool.h>
#else
#include <stdbool.h>
#include <stdint.h>
#endif

#define ABI_VERSION 1

#define ABI_HOP_NONE 0 // no hop has the number 0, nor has any leaf or page
#define ABI_LEAF 64 // tunnel ids in a leaf
#define ABI_LEAVES 128 // of a slice: tunnel ids of 8192 and more take the sockets
#define ABI_PAGE 1024 // session ids in a page
#define ABI_PAGES 64 // of a tunnel

#define ABI_SLICES 4096
#define ABI_HOPS 8192
#define ABI_PORTS 4096
#define ABI_TUNNELS 8192
#define ABI_LEAVES_MAX 8192 // in all
#define ABI_IDS 16

// One for all: where GTP-U comes in.
struct abi_config {
	uint32_t gtpu_addr; // be
	uint16_t gtpu_port; // be
	uint16_t reserved;
	uint32_t slot_mask; // a TEID's low bits are its slot
	uint32_t slots; // entries of `sessions` and `counters`
};

// RFC 2661 5.4: whether data messages of a session are numbered, and the next number. One word, so that the sockets and the programs may take
// numbers at once: ns stands in the upper half, where an overflow leaves the word.
struct abi_order {
	bool on, required;
	uint16_t ns;
};

#define ABI_ORDER_STEP 0x10000u

enum { ABI_FAMILY_V4 = 4, ABI_FAMILY_V6 = 6 };

// The fast path of one SIM, by the low bits of its TEID. Written under `seq`: odd while it changes, raised by 2 with every change.
struct abi_session {
	uint32_t seq;
	uint32_t teid; // 0: none here
	uint32_t peer_teid; // be
	uint32_t sgw; // be; its address
	uint8_t ue[8]; // the SIM's IPv4 address, or the prefix of its IPv6 addresses
	uint32_t tunnel;
	uint32_t hop; // to the SGW
	uint16_t session_id, peer_session_id; // of L2TP; the peer's is be
	uint16_t mtu; // greatest inner packet
	uint8_t family; // ABI_FAMILY_*
	uint8_t clamp; // TCP SYNs take the sockets, where their segment size is lowered
	uint8_t reserved;
	uint16_t sgw_port; // be
	struct abi_order order;
	uint8_t reserved_more[16];
};

// What was delivered to and dropped of one session. Only ever added to, by programs and sockets alike; never touched by a rule's change.
struct abi_counters {
	uint64_t uplink_packets, uplink_bytes, downlink_packets, downlink_bytes;
	uint64_t dropped;
	uint64_t busy_until_ns[2]; // struct fast_limit, by direction
	uint64_t reserved; // a cache line each
};

enum { ABI_ADDRESS_CONTROL = 1, ABI_LENGTH = 2, ABI_OPEN = 4 };

struct abi_tunnel {
	uint32_t seq;
	uint32_t slice; // where it belongs; 0: the place is free
	uint32_t lac, lns; // be
	uint16_t lac_port, lns_port; // be
	uint16_t id, peer_id; // the peer's is be
	uint32_t flags;
	uint32_t hop; // to the LNS
	uint32_t pages[ABI_PAGES]; // of `ids`
};

// The next hop and the way out to it. `seq` as in a session. The programs read the first 32 octets; the rest says whom the hop leads to, by
// which a gateway that was started again finds its hops.
struct abi_hop {
	uint32_t seq;
	uint32_t port; // of `ports`; 0: not known, the sockets go on
	uint8_t dmac[6], smac[6];
	uint16_t mtu; // of the outer packet, IP header included
	uint16_t is_used;
	uint32_t ifindex; // of that port; a tunnel's packets come in by it as well
	uint32_t reserved;
	uint32_t slice; // 0: the gateway's own namespace
	uint32_t mark; // of the packets that go there
	uint32_t saddr, daddr; // be
};

struct abi_slice {
	uint64_t netns; // the namespace's inode; 0: the place is free
	uint32_t leaves[ABI_LEAVES]; // of `tunnel_ids`
};

// A piece of an array of numbers (the kernel would round each up to 8 octets): number n stands in value n / ABI_IDS.
struct abi_ids {
	uint32_t at[ABI_IDS];
};

// An interface of a slice (or of the gateway's namespace, slice 0) that we take packets from and send to, by its number in `ports`.
struct abi_port {
	uint64_t netns; // inode; 0: the place is free
	uint32_t ifindex, slice;
};

// One for each CPU: what the programs did in all.
#define ABI_DROPS 32
struct abi_stats {
	uint64_t uplink_packets, uplink_bytes, downlink_packets, downlink_bytes;
	uint64_t passed; // IP data of GTP-U or L2TP left to the sockets
	uint64_t drops[ABI_DROPS]; // by enum dp_drop
};

_Static_assert(sizeof(struct abi_config) == 16, "abi");
_Static_assert(sizeof(struct abi_order) == 4, "abi");
_Static_assert(sizeof(struct abi_session) == 64 && __builtin_offsetof(struct abi_session, ue) == 16 &&
		__builtin_offsetof(struct abi_session, order) == 44,
	"abi");
_Static_assert(sizeof(struct abi_counters) == 64, "abi");
_Static_assert(sizeof(struct abi_tunnel) == 288 && __builtin_offsetof(struct abi_tunnel, pages) == 32, "abi");
_Static_assert(sizeof(struct abi_hop) == 48 && __builtin_offsetof(struct abi_hop, dmac) == 8, "abi");
_Static_assert(sizeof(struct abi_slice) == 520, "abi");
_Static_assert(sizeof(struct abi_ids) == 64 && sizeof(struct abi_port) == 16, "abi");
_Static_assert(sizeof(struct abi_stats) == 40 + 8 * ABI_DROPS, "abi");
