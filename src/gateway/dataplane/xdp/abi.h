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

#ifndef ABI_NEXT
#define ABI_VERSION 4
#define ABI_ROOM
#define ABI_ROOM_LEN 0
#else // a version to come, for the story that exchanges the two: entries are wider, and what they hold stands elsewhere
#define ABI_VERSION 5
#define ABI_ROOM uint64_t room[4];
#define ABI_ROOM_LEN 32
#endif

#define ABI_LEAF 64 // tunnel ids in a leaf; no leaf, page, tunnel, hop or limit has the number 0
#define ABI_LEAVES 128 // of a slice: tunnel ids of 8192 and more take the sockets
#define ABI_PAGE 256 // places in a page of `downlinks`
#define ABI_PAGES 256 // of a tunnel, by session id

#define ABI_SLICES 4096
#define ABI_HOPS 8192
#define ABI_PORTS 4096
#define ABI_TUNNELS 8192
#define ABI_LEAVES_MAX 8192 // in all
#define ABI_IDS 16
#define ABI_LIMITS 1024

// One for all: where GTP-U comes in.
struct abi_config {
	uint32_t gtpu_addr; // be
	uint16_t gtpu_port; // be
	uint16_t vlan; // be; the tag that its packets come with (802.1Q); 0: none
	uint32_t slot_mask; // a TEID's low bits are its slot
	uint32_t slots; // entries of `uplinks` and of what goes by slot
};

// RFC 2661 5.4: whether data messages of a session are numbered, and the next number. One word, so that the sockets and the programs may take
// numbers at once: ns stands in the upper half, where an overflow leaves the word.
struct abi_order {
	bool on, required;
	uint16_t ns;
};

#define ABI_ORDER_STEP 0x10000u

enum { // flags of a session
	ABI_HAS_V6 = 1, // its prefix stands in `prefixes`
	ABI_HAS_MORE = 2, // addresses that only the sockets know
	ABI_NUMBERED = 4, // of a downlink: as the LNS's last message was
};

// A session has one half of a cache line for each direction; what both read seldom stands elsewhere. Written under `seq`: odd while it changes,
// raised by 2 with every change.

// From the SIM, by the low bits of the TEID ("slot").
struct abi_uplink {
	ABI_ROOM
	uint32_t seq;
	uint32_t teid; // 0: none here
	uint32_t sgw; // be; its address
	uint32_t ue4; // be; the SIM's IPv4 address; 0: it has none
	uint16_t tunnel; // 0: the sockets carry its packets
	uint16_t peer_session_id; // of L2TP; be
	uint16_t mtu; // greatest inner packet
	uint16_t tcp_mss; // greatest segment size of a SYN (20 less in IPv6); 0: left alone
	uint16_t limit; // of `limits`
	uint16_t flags;
	union {
		struct abi_order order; // of L2TP
		uint32_t tag; // of an Integrated session, as in struct dp_session_spec
	};
};

// To the SIM, by its "place": page of the tunnel * ABI_PAGE + low bits of the session id; of an Integrated session any place, found by address.
struct abi_downlink {
	ABI_ROOM
	uint32_t seq;
	uint32_t slot; // + 1; 0: none here
	uint32_t peer_teid; // be
	uint32_t ue4;
	uint16_t hop; // to the SGW
	uint16_t sgw_port; // be
	uint16_t tunnel, session_id; // that it is of
	uint16_t mtu, tcp_mss, limit, flags;
};

// What was delivered, by slot and by place. Only ever added to, by programs and sockets alike; never touched by a rule's change.
struct abi_count {
	uint64_t packets, bytes;
};

// By slot: what few packets need.
struct abi_extra {
	uint64_t dropped;
	uint64_t busy_until_ns[2]; // struct fast_limit, by direction
	ABI_ROOM
	uint32_t place; // of its downlink; 0: none
	uint32_t tunnel; // that it is of, even while the sockets carry it
};

// struct fast_limit.
struct abi_limit {
	uint64_t scale[2], burst_ns[2];
	uint8_t discard_percent[2];
	uint8_t reserved[30];
};
#define ABI_LIMIT_SHIFT 16

enum {
	ABI_ADDRESS_CONTROL = 1,
	ABI_LENGTH = 2,
	ABI_OPEN = 4,
	ABI_CHECKSUM = 8,
	ABI_DF_SET = 16,
	ABI_DF_COPY = 32,
	ABI_INTEGRATED = 64
};

// The far side of sessions: an L2TP tunnel, or (ABI_INTEGRATED) the network namespace of their slice.
struct abi_tunnel {
	uint32_t way_in; // as `way`: the interface whose packets to these SIMs may come past the stack
	uint32_t slice; // where it belongs; 0: the place is free
	uint32_t lac, lns; // be
	uint16_t lac_port, lns_port; // be
	uint16_t id, peer_id; // the peer's is be
	uint32_t flags;
	uint32_t hop; // to the LNS, or into the slice
	uint32_t dscp; // of the outer header: 0 the inner packet's, else 1 + this
	// Of a slice whose stack need not see these sessions' packets: the interface and the mark by which its routes lead out (port.c), and the
	// interface's number once `routes` has those. Else 0.
	char interface[16];
	uint32_t mark, way;
	uint32_t tag; // whose sessions they are, as in struct dp_session_spec
	uint16_t pages[ABI_PAGES]; // of `downlinks`
};

enum {
	ABI_HOP_PAST = 1, // past the slice's stack, where it is of a tunnel
	ABI_HOP_CABLE = 2, // to that stack, which routes, translates and counts its packets
};

// The next hop and the way out to it. `seq` as in a session. The programs read what stands up to `is_used`, and `daddr`; the rest says whom the
// hop leads to, by which a gateway that was started again finds its hops.
struct abi_hop {
	uint32_t seq;
	uint32_t port; // of `ports`; 0: not known, the sockets go on
	uint8_t dmac[6], smac[6];
	uint16_t mtu; // of the outer packet, IP header included
	uint16_t vlan; // the tag that its frames carry (802.1Q, be); 0: none
	uint32_t ifindex; // of that port; a tunnel's packets come in by it as well
	uint32_t is_used; // ABI_HOP_*
	uint32_t slice; // 0: the gateway's own namespace
	uint32_t mark; // of the packets that go there
	uint32_t saddr, daddr; // be; `daddr` 0: any neighbour of the interface, by `saddr`
};

// `wire`: the SIMs' end of an Integrated slice's cable (sims.c), an interface number; 0: it has none.
struct abi_slice {
	uint64_t netns; // the namespace's inode; 0: the place is free
	uint32_t wire, reserved;
	uint32_t leaves[ABI_LEAVES]; // of `tunnel_ids`
};

// A piece of an array of numbers (the kernel would round each up to 8 octets): number n stands in value n / ABI_IDS.
struct abi_ids {
	uint32_t at[ABI_IDS];
};

// Who in a slice has an address: the key of `addresses`, whose value is a place.
struct abi_address {
	uint64_t bytes; // the IPv6 prefix, or the IPv4 address in the first four octets
	uint32_t slice;
	uint32_t family;
};

enum { ABI_FAMILY_V4 = 4, ABI_FAMILY_V6 = 6 };

// The key of `routes`, longest prefix first; the value is a hop, 0: the slice's stack. IPv4 as ::ffff:a.b.c.d (RFC 4291 2.5.5.2).
struct abi_route {
	uint32_t bits; // of all that follows: 32 more than of the address
	uint32_t tunnel;
	uint8_t to[16];
};
#define ABI_ROUTES 65536

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

// One for each CPU and tunnel: outer packets that went past the slice's stack, and so past the counters of its Routing Policy.
struct abi_flow {
	uint64_t uplink_packets, uplink_bytes, downlink_packets, downlink_bytes;
};

_Static_assert(sizeof(struct abi_config) == 16, "abi");
_Static_assert(sizeof(struct abi_order) == 4, "abi");
_Static_assert(sizeof(struct abi_uplink) == ABI_ROOM_LEN + 32 &&
		__builtin_offsetof(struct abi_uplink, tunnel) == ABI_ROOM_LEN + 16 &&
		__builtin_offsetof(struct abi_uplink, order) == ABI_ROOM_LEN + 28,
	"abi");
_Static_assert(
	sizeof(struct abi_downlink) == ABI_ROOM_LEN + 32 && __builtin_offsetof(struct abi_downlink, hop) == ABI_ROOM_LEN + 16,
	"abi");
_Static_assert(
	sizeof(struct abi_count) == 16 && sizeof(struct abi_extra) == ABI_ROOM_LEN + 32 && sizeof(struct abi_limit) == 64, "abi");
_Static_assert(sizeof(struct abi_tunnel) == 576 && __builtin_offsetof(struct abi_tunnel, pages) == 64, "abi");
_Static_assert(sizeof(struct abi_hop) == 48 && __builtin_offsetof(struct abi_hop, dmac) == 8, "abi");
_Static_assert(sizeof(struct abi_slice) == 528 && __builtin_offsetof(struct abi_slice, leaves) == 16, "abi");
_Static_assert(sizeof(struct abi_ids) == 64 && sizeof(struct abi_port) == 16 && sizeof(struct abi_address) == 16 &&
		sizeof(struct abi_route) == 24,
	"abi");
_Static_assert(sizeof(struct abi_stats) == 40 + 8 * ABI_DROPS && sizeof(struct abi_flow) == 32, "abi");
