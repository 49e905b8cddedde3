// SPDX-License-Identifier: Apache-2.0
// The fast path before the sockets. soft/ tells it what is installed and shares counters and sequence numbers with it; what it does not
// take, the sockets do. xdp/ implements it.
#pragma once

#include "gateway/dataplane/dataplane.h"

struct fast;

struct fast_options {
	const char *gateway; // its pinned objects carry this name
	struct ip_end gtpu; // IPv4
	uint32_t slots, slot_mask;
};

#define FAST_WHY 200

// A session as the fast path needs it. `tunnel` is what fast_tunnel_new or fast_cable_new gave.
struct fast_session {
	uint32_t teid, peer_teid;
	struct ip_end sgw;
	bool has_v4, has_v6, has_more; // more: a delegated prefix, which the sockets know
	bool is_held; // the sockets carry its packets for now
	uint8_t ue4[4], ue6[8]; // the address, the prefix
	uint32_t tunnel;
	uint32_t tag; // of an Integrated session
	uint16_t session_id, peer_session_id, mtu;
	uint16_t tcp_mss; // as in struct dp_session_spec
	uint16_t limit; // by fast_limit_set; 0: none
	bool sequencing, is_numbered; // required; on at present
	uint16_t ns;
};

// A limit of both directions (enum dp_direction) as programs and sockets apply it: each octet pushes the session's time (struct fast_counters) on by
// `scale` / 2^FAST_LIMIT_SHIFT ns; a packet that comes when that is more than `burst_ns` ahead is dropped. scale 0: no limit.
struct fast_limit {
	uint64_t scale[2], burst_ns[2];
	uint8_t discard_percent[2], spare[6]; // no octet is hidden: equal limits are equal octets
};
#define FAST_LIMIT_SHIFT 16

// What programs and sockets count of one session, in memory that both add to.
struct fast_count {
	uint64_t packets, bytes;
};

struct fast_extra {
	uint64_t dropped;
	uint64_t busy_until_ns[2]; // of the limits, by direction
};

// The number of the next data message of a session, and whether there are numbers at all; shared with the programs.
struct fast_order {
	bool on, required;
	uint16_t ns;
};

// 0 or -errno, and in `why` (size FAST_WHY) what is missing, in words. Finds and takes over what an earlier process left running.
int fast_new(const struct fast_options *options, struct fast **out, char *why);
// `keep`: everything goes on in the kernel, for the next process to take over; else it is taken down.
void fast_free(struct fast **fast, bool keep);
// Takes down what an earlier process left running under this name.
void fast_forget(const char *gateway);
// All that is to be taken over has been: what nobody claimed goes, and the programs of this version take the place of the earlier ones.
void fast_settle(struct fast *fast);
// Words for the log and for people: how it runs and on which interfaces.
void fast_describe(struct fast *fast, char *out, size_t size);

// The slice that the socket is in, 0 when there is no room. Each call is undone by one of fast_slice_put.
uint32_t fast_slice_get(struct fast *fast, int socket_fd);
void fast_slice_put(struct fast *fast, uint32_t slice);

// An L2TP tunnel. 0 when it cannot be carried (IPv6 outside, no room): its sessions are the sockets'.
uint32_t fast_tunnel_new(struct fast *fast, uint32_t slice, const struct ip_end *lac, uint16_t id);
void fast_tunnel_set(
	struct fast *fast, uint32_t tunnel, uint16_t peer_id, const struct ip_end *lns, const struct dp_framing *framing);
// Where its packets leave the slice; an empty interface: nowhere but through the sockets.
void fast_tunnel_path(struct fast *fast, uint32_t tunnel, const struct dp_path *path);
// The same for an Integrated slice, whose interface sims.c has made: 0 when there is no room.
// `path`: where the packets of the sessions that have it (and this tag) may go past the slice's stack; an empty interface: nowhere.
uint32_t fast_cable_new(struct fast *fast, uint32_t slice, const struct dp_path *path, uint32_t tag);
bool fast_cable_has_way(struct fast *fast, uint32_t tunnel); // whether they do, at present
bool fast_tunnel_is_known(struct fast *fast, uint32_t tunnel); // whether its next hop is: the programs carry its packets
// How an L2TP tunnel's packets go or would: over the cable (DP_LAC_WIRE), because its path says so or leads to where no frame can be redirected to.
bool fast_tunnel_is_cabled(struct fast *fast, uint32_t tunnel);
// Outer packets that the programs took past the slice's stack, by a tunnel or a cable.
void fast_tunnel_flow(struct fast *fast, uint32_t tunnel, struct dp_counters *out);
void fast_tunnel_free(struct fast *fast, uint32_t tunnel);

// Installs or changes; `slot` is below fast_slots. A session that an earlier process had installed keeps its counters and numbers.
void fast_session_set(struct fast *fast, uint32_t slot, const struct fast_session *session);
void fast_session_del(struct fast *fast, uint32_t slot);

// `number` is below 1024. Changed only when no session has it.
void fast_limit_set(struct fast *fast, uint16_t number, const struct fast_limit *limit);

uint32_t fast_slots(const struct fast *fast);
// By slot; they live as long as the session is installed. A downlink count is NULL where the programs have no room for it.
struct fast_count *fast_count(struct fast *fast, uint32_t slot, enum dp_direction direction);
struct fast_extra *fast_extra(struct fast *fast, uint32_t slot);
struct fast_order *fast_order(struct fast *fast, uint32_t slot);
// What the fast path alone did. `drops` has room for DP_DROP_COUNT.
void fast_totals(struct fast *fast, struct dp_counters *out, uint64_t *passed, uint64_t *drops);
