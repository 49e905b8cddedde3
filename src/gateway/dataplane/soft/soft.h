// SPDX-License-Identifier: Apache-2.0
// What the files of the socket data plane share. Nothing outside soft/ includes it.
#pragma once

#include "base/map.h"
#include "base/vec.h"
#include "gateway/dataplane/fast.h"
#include "gateway/dataplane/soft/parse.h"
#include "gateway/udp.h"

#define SOFT_BLOCK 64 // session ids in a block of a tunnel
#define SOFT_LEAF 256 // tunnel ids in a leaf of a LAC
#define SOFT_HEAD_MAX 16 // octets of the greatest header put before a packet: L2TP 12, PPP 4
#define SOFT_MTU_MIN 68 // RFC 791: every link carries this

_Static_assert(SOFT_HEAD_MAX <= UDP_HEADROOM, "a header must fit before a received packet");

enum soft_kind { SOFT_NONE, SOFT_L2TP, SOFT_INTEGRATED };

// A slot of the table of sessions: free, resting, taken (it has a TEID) or installed (it has a kind). The first 64 octets are all that forwarding
// reads of a packet that is as it should be.
struct dp_session {
	uint32_t teid; // 0: free
	uint32_t peer_teid;
	union {
		struct dp_tunnel *tunnel;
		struct dp_slice *slice;
	};
	uint8_t kind; // enum soft_kind
	bool has_v4 : 1, has_v6 : 1;
	bool is_watched : 1; // shown to a capture; the fast path leaves it to the sockets
	uint8_t delegated_len; // bits; 0: none
	uint8_t ue4[4], ue6[8]; // the SIM's address, its prefix
	union {
		struct ip_end peer;
		struct { // while free
			uint32_t previous, next; // index + 1
			uint32_t given_ms; // low bits
		} rest;
	};
	uint16_t mtu, tcp_mss;
	uint16_t peer_id; // the LNS's id of the L2TP session
	uint16_t limit; // of dp->limits; 0: none
	struct fast_order order; // RFC 2661 5.4; without the Sequencing Required AVP the LNS switches it by what it sends
	union {
		uint16_t id; // ours, of L2TP
		uint32_t tag; // of an Integrated session
	};
	uint32_t icmp_ms; // when the last ICMP error about it was made (low bits)
	uint32_t cable; // of an Integrated session: soft_slice_way
	uint8_t delegated[8];
};

_Static_assert(offsetof(struct dp_session, id) == 64 && sizeof(struct dp_session) <= 88, "memory per session");

// What a slot has counted, and when its limits pass the next packet, where the fast path has no memory for that: by slot, and only touched then.
struct soft_tally {
	struct dp_counters counters;
	uint64_t busy_until_ns[2];
};

struct soft_entry {
	uint32_t slot; // index + 1 of the installed session; 0: none
	struct fast_order order; // while there is none
};

struct soft_block {
	struct soft_entry entries[SOFT_BLOCK];
};

struct dp_tunnel {
	struct dp_lac *lac;
	struct ip_end peer;
	uint16_t id, peer_id;
	struct dp_framing framing;
	uint16_t block_count;
	uint32_t installed;
	struct soft_block **blocks; // by session id / SOFT_BLOCK
	uint32_t fast; // its number in the fast path; 0: none
	struct dp_path path;
	bool has_path; // was ever told one: until then the fast path keeps that of an earlier process
};

struct soft_leaf {
	struct dp_tunnel *tunnels[SOFT_LEAF];
};

struct dp_lac {
	struct dp *dp;
	struct udp *udp;
	struct ip_end address;
	void *owner;
	uint32_t tunnels;
	uint32_t slice; // its number in the fast path
	struct dp_lac *next, **link; // in dp->lacs
	struct soft_leaf *leaves[65536 / SOFT_LEAF]; // by tunnel id / SOFT_LEAF
};

#define SOFT_BATCH 64 // frames read at once from a slice
#define SOFT_FRAME_ROOM (UDP_HEADROOM + 4096)

struct soft_way {
	struct dp_path path;
	uint32_t tag; // whose; of those with a path
	uint32_t fast; // its cable's number in the fast path; 0: none
};

struct dp_slice {
	struct dp *dp;
	uv_poll_t poll;
	int fd;
	bool closed;
	uint32_t slice; // its number in the fast path; 0: none
	VEC(struct soft_way) ways; // that its sessions have, the first for those without
	struct map by_v4, by_v6; // sessions by the SIM's address, by its prefix
};

#define SOFT_LIMITS 1024

struct soft_limit { // what some sessions have in common
	uint32_t refs;
	struct fast_limit fast;
};

struct dp {
	uv_loop_t *loop;
	struct udp *gtpu;
	struct dp_host host;
	struct dp_session *slots; // mapped: only slots that were used cost memory
	struct soft_tally *tallies; // likewise, by slot
	uint32_t slot_count; // a power of two: a TEID's low bits are its slot's index
	uint32_t fresh; // slots from here on were never used
	uint32_t rest_first, rest_last; // index + 1; slots given back, the oldest first
	uint32_t live, max_sessions; // TEIDs out
	struct dp_lac *lacs;
	struct dp_counters totals;
	uint64_t drops[DP_DROP_COUNT];
	bool is_watching; // there are captures
	struct fast *fast; // NULL: the sockets are all there is
	uint32_t shared_slots; // the first so many slots have their counters and sequence in the fast path
	uint64_t icmp_second;
	uint32_t icmp_used; // ICMP errors made in that second
	struct soft_limit limits[SOFT_LIMITS]; // by what they say; 0 is nobody's
	uint8_t *frames; // SOFT_BATCH of SOFT_FRAME_ROOM octets, for all slices; NULL: none yet
};

static inline uint32_t soft_slot(const struct dp *dp, const struct dp_session *session)
{
	return (uint32_t)(session - dp->slots);
}

// Whether what a session counts, and its sequence, stand in memory that it shares with the fast path, where all that changes them is atomic.
static inline bool soft_is_shared(const struct dp *dp, const struct dp_session *session)
{
	return soft_slot(dp, session) < dp->shared_slots;
}

static inline struct fast_order *soft_order(struct dp *dp, struct dp_session *session)
{
	return soft_is_shared(dp, session) ? fast_order(dp->fast, soft_slot(dp, session)) : &session->order;
}

static inline struct dp *soft_dp(const struct dp_session *session)
{
	return session->kind == SOFT_INTEGRATED ? session->slice->dp : session->tunnel->lac->dp;
}

// soft.c
// The entry of one of our session ids, its block made when there is none; NULL when memory is out.
struct soft_entry *soft_entry_make(struct dp_tunnel *tunnel, uint16_t session_id);

// count.c
void soft_count(struct dp *dp, struct dp_session *session, enum dp_direction direction, uint64_t packets, uint64_t octets);
void soft_count_dropped(struct dp *dp, struct dp_session *session, uint64_t packets);
void soft_tally_clear(struct dp *dp, const struct dp_session *session);
uint64_t *soft_busy_until(struct dp *dp, struct dp_session *session, enum dp_direction direction);

// teid.c
int soft_slots_map(struct dp *dp);
void soft_slots_unmap(struct dp *dp);

// forward.c
void soft_recv_gtpu(struct dp *dp, const struct ip_end *peer, uint8_t *datagram, size_t len);
void soft_recv_l2tp(struct dp_lac *lac, const struct ip_end *peer, uint8_t *datagram, size_t len);
void soft_drop(struct dp *dp, struct dp_session *session, enum dp_drop reason);
// Puts the header before `packet` (SOFT_HEAD_MAX octets there are overwritten) and queues it; borrowed when it stands in a received buffer.
void soft_send(struct dp_session *session, enum dp_direction direction, uint8_t *packet, size_t len, bool borrowed);
// How an L2TP data message leaves; `packet` is the inner packet, NULL for PPP control.
unsigned soft_how(const struct dp_framing *framing, const uint8_t *packet);
// Writes the L2TP data header and the PPP protocol so that they end before `payload`; gives their first octet.
uint8_t *soft_l2tp_head(const struct dp_tunnel *tunnel, struct fast_order *order, uint16_t peer_session_id, uint16_t protocol,
	uint8_t *payload, size_t len);

// A packet from an Integrated session's slice.
void soft_recv_slice(struct dp_slice *slice, uint8_t *packet, size_t len);

// slice.c
int soft_slice_send(struct dp_session *session, uint8_t *packet, size_t len); // 14 octets before it are overwritten
uint32_t soft_slice_way(struct dp_slice *slice, const struct dp_path *path, uint32_t tag); // the number of its cable; 0: none
int soft_slice_join(struct dp_session *session); // 0, -EEXIST, -ENOMEM
void soft_slice_leave(struct dp_session *session);
struct dp_session *soft_slice_find(const struct dp_slice *slice, const struct inner_in *inner); // by destination

void soft_frames_unmap(struct dp *dp);

// limit.c
// The number of a limit that says this, counted; 0: none is needed, or (-ENOSPC in `error`) there is no room.
uint16_t soft_limit_get(struct dp *dp, const struct dp_limit limits[2], int *error);
void soft_limit_put(struct dp *dp, uint16_t limit);
// Whether a packet of `len` octets may pass; if not, it has been dropped and counted.
bool soft_limit_passes(struct dp *dp, struct dp_session *session, enum dp_direction direction, size_t len);

// show.c: to the host's captures; called while dp->is_watching only.
void soft_show_gtpu(struct dp *dp, const struct dp_session *session, bool is_sent, const uint8_t *datagram, size_t len);
// `session` NULL: none is installed under this id.
void soft_show_l2tp(const struct dp_tunnel *tunnel, const struct dp_session *session, uint16_t session_id, bool is_sent,
	const uint8_t *datagram, size_t len);

// mss.c
// Lowers the segment size that a TCP SYN asks for; other packets are left alone.
void soft_clamp_mss(uint8_t *packet, const struct inner_in *inner, uint16_t tcp_mss);

// toobig.c
// A packet longer than the session's MTU: fragments it (true: all of it was queued) or drops it and tells its sender.
bool soft_too_big(struct dp_session *session, enum dp_direction direction, const uint8_t *packet, const struct inner_in *inner);
