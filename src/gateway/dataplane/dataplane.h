// SPDX-License-Identifier: Apache-2.0
// The data plane's one interface. soft/ is its implementation on UDP sockets, everywhere; xdp/ stands before the same sockets where the kernel lets it.
//
// A data plane moves user packets between GTP-U tunnels on the one side and, on the other, L2TP sessions or (Integrated VSlices) the network
// namespace of a slice, for the sessions that the control side has installed. What it does not know (control messages, PPP frames that are not
// IP, unknown ids) it hands up by the callbacks of `struct dp_host`. All calls are made on the control thread; nothing here blocks. Bytes
// passed to a callback are borrowed for the call.
#pragma once

#include "base/addr.h"
#include "gateway/dataplane/drops.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct dp; // the data plane of one gateway
struct dp_lac; // the UDP socket of one LAC (address, port) inside its slice
struct dp_tunnel; // one established (or opening) L2TP tunnel of a dp_lac
struct dp_slice; // where the sessions of one Integrated VSlice meet its network namespace
struct dp_session; // the installed fast path of one SIM

// A parsed L2TP data message (RFC 2661 3.1) whose payload the data plane does not carry itself.
struct dp_l2tp_frame {
	uint16_t tunnel_id, session_id; // ours
	const uint8_t *ppp; // the PPP frame, Address and Control (if any) included
	size_t len;
};

enum dp_direction { DP_UPLINK, DP_DOWNLINK }; // from the SIM, to the SIM

// A datagram that is shown to a capture; borrowed for the call.
struct dp_seen {
	struct dp_lac *lac; // of an L2TP data message; NULL: GTP-U
	void *lac_owner;
	bool is_sent;
	const struct ip_end *peer;
	uint32_t teid; // ours, of the installed session; 0: none
	uint16_t tunnel_id, session_id; // of L2TP, ours
	const uint8_t *datagram;
	size_t len;
};

struct dp_host {
	// A GTP-U message that is not a G-PDU for an installed session: Echo, Error Indication, End Marker, G-PDU with unknown TEID.
	void (*on_gtpu)(void *owner, const struct ip_end *peer, const uint8_t *datagram, size_t len);
	// A whole L2TP control datagram (T=1) on a LAC's socket.
	void (*on_l2tp_control)(
		void *owner, struct dp_lac *lac, void *lac_owner, const struct ip_end *peer, const uint8_t *datagram, size_t len);
	// A data message of any session, installed or not, whose PPP protocol is not carried by the fast path; IPv6 (0x0057) of one that is not
	// installed yet, since the LNS's router advertisement comes before its prefix is known.
	void (*on_l2tp_frame)(
		void *owner, struct dp_lac *lac, void *lac_owner, const struct ip_end *peer, const struct dp_l2tp_frame *frame);
	// An IPv6 packet of an installed session that the control side has to see; may be NULL. Of an L2TP session a copy of each downlink router
	// advertisement (ICMPv6 134) and DHCPv6 answer (from UDP port 547), which went to the SIM all the same. Of an Integrated session each
	// uplink packet of link-local scope (router and neighbour solicitations, DHCPv6), which goes nowhere else.
	void (*on_inner6)(void *owner, uint32_t local_teid, enum dp_direction direction, const uint8_t *packet, size_t len);
	// While captures run (dp_watch): each datagram of a watched session and each PPP frame, as it comes in and as it leaves. May be NULL.
	void (*on_seen)(void *owner, const struct dp_seen *seen);
	// A batch from the sockets is done (a good moment to flush delayed acknowledgements).
	void (*on_batch_end)(void *owner);
	void *owner;
};

struct dp_framing { // how we send to this LNS; everything legal is accepted
	bool address_control; // send FF 03
	bool length; // send the L bit
	bool udp_checksum; // on data; control always has one
	uint8_t df; // enum dp_df: Don't Fragment of the outer packet
	uint8_t dscp; // of the outer packet: DP_DSCP_COPY, or DP_DSCP_FIXED(0 to 63)
};

enum dp_df { DP_DF_CLEAR = 0, DP_DF_COPY, DP_DF_SET };
#define DP_DSCP_COPY 0 // the inner packet's
#define DP_DSCP_FIXED(dscp) ((uint8_t)((dscp) + 1))

struct dp_limit { // of one direction
	uint64_t rate_bps; // bits a second of inner packets; a burst of 100 ms (3000 octets at least) passes at once; 0: no limit
	uint8_t discard_percent; // of packets, at random: to test devices
};

// Where packets leave the slice, when nothing of the slice's stack needs to see them (no NAT, no tracking): the fast path may then take them past
// it. Without one, or with an empty interface, tunnels go by the sockets and Integrated sessions by the slice's stack. A tunnel whose packets have
// to take the stack has DP_LAC_WIRE for its interface, and no mark.
struct dp_path {
	char interface[16];
	uint32_t mark; // the Routing Target's
};

struct dp_session_spec {
	uint32_t local_teid; // ours, uplink G-PDUs carry it
	uint32_t peer_teid; // downlink
	struct ip_end peer; // the SGW's or SGSN's GTP-U address
	struct dp_tunnel *tunnel; // of an L2TP session, with its ids; NULL: an Integrated one
	uint16_t local_session_id, peer_session_id;
	struct dp_slice *slice; // of an Integrated session; NULL: an L2TP one
	// The SIM's addresses: uplink packets with another source are dropped and counted, downlink ones with another destination too. Over L2TP
	// IPv6 of link-local scope passes both ways as well, where there is a prefix.
	struct ip_addr ue; // IPv4, or IP_NONE
	struct ip_prefix ue6; // IPv6, a /64; len 0: none
	struct ip_prefix ue6_delegated; // to the SIM's own network by DHCPv6 (RFC 8415 6.3); len 0: none. Only over L2TP
	struct dp_limit limits[2]; // by enum dp_direction
	uint32_t tag; // 24 bits, of an Integrated session: in its uplink frames' Ethernet source (DP_SIMS_MAC), for rules to see
	struct dp_path path; // of an Integrated session: where its packets may go past the slice's stack
	uint16_t mtu; // greatest inner packet in either direction, octets
	uint16_t tcp_mss; // greatest segment that an IPv4 SYN may ask for in either direction (20 less for IPv6); 0: left alone
	bool sequencing; // we sent the Sequencing Required AVP: always Ns; else the LNS decides by what it sends (RFC 2661 5.4)
};

struct dp_counters {
	uint64_t uplink_packets, uplink_bytes, downlink_packets, downlink_bytes; // inner packets and octets delivered
	uint64_t dropped;
};

const char *dp_drop_name(enum dp_drop reason);

// `gtpu_fd`: a bound UDP socket on the gateway's GTP-U address (taken). 0 or -errno.
int dp_new(uv_loop_t *loop, int gtpu_fd, const struct dp_host *host, uint32_t max_sessions, struct dp **out);
void dp_free(struct dp **dp);
// What arrives at the GTP-U socket waits there meanwhile.
void dp_pause(struct dp *dp, bool on);

// Puts the fast path (xdp/) before the sockets: call it before anything is installed. `gateway`: its pinned objects carry this name. 0 or -errno,
// and in `why` (size DP_WHY) what is missing; the sockets do it all then. What an earlier process left running goes on, and is claimed by whatever
// is installed again with the same ids; the rest goes at dp_fast_settle.
#define DP_WHY 200
int dp_fast_start(struct dp *dp, const char *gateway, const struct ip_end *gtpu, char *why);
void dp_fast_settle(struct dp *dp);
void dp_fast_forget(const char *gateway); // where there is to be none: takes down what an earlier process left running
// From now on the sockets do it all; `keep`: the kernel goes on with what is installed, for the next process to take over.
void dp_fast_stop(struct dp *dp, bool keep);
struct dp_fast_status {
	bool is_on;
	struct dp_counters totals; // by the fast path alone; dp_totals has them too
	uint64_t passed; // user packets that it left to the sockets
	char words[400]; // which path, on which interfaces
};
void dp_fast_status(const struct dp *dp, struct dp_fast_status *out);

// `fd`: a UDP socket bound to the LAC's address and port inside the slice's namespace (taken).
int dp_lac_new(struct dp *dp, int fd, const struct ip_end *address, void *lac_owner, struct dp_lac **out);
void dp_lac_free(struct dp_lac **lac); // its tunnels must be gone
// Queues a datagram (control, or a PPP frame already in L2TP) on the LAC's socket; sent at the end of the loop's turn at the latest. Copied.
int dp_lac_send(struct dp_lac *lac, const struct ip_end *peer, const uint8_t *datagram, size_t len);
// Queues a GTP-U message (Echo, Error Indication, End Marker) from the GTP-U address. Copied.
int dp_gtpu_send(struct dp *dp, const struct ip_end *peer, const uint8_t *datagram, size_t len);

// Tunnel ids are unique within a LAC's slice. `peer` is the LNS's end point, data from another is dropped.
int dp_tunnel_new(struct dp_lac *lac, uint16_t local_id, uint16_t peer_id, const struct ip_end *peer,
	const struct dp_framing *framing, struct dp_tunnel **out);
void dp_tunnel_set_peer(struct dp_tunnel *tunnel, uint16_t peer_id, const struct ip_end *peer);
void dp_tunnel_set_framing(struct dp_tunnel *tunnel, const struct dp_framing *framing);
void dp_tunnel_set_path(struct dp_tunnel *tunnel, const struct dp_path *path);
// How packets of a tunnel, or of an Integrated slice, go at present.
enum dp_way {
	DP_WAY_SOCKETS, // by the sockets
	DP_WAY_STACK, // by the programs to and from the slice's network stack, over the cable
	DP_WAY_FAST, // by the programs alone, past that stack
};
const char *dp_way_name(enum dp_way way); // one word, for reports
enum dp_way dp_tunnel_way(const struct dp_tunnel *tunnel);
// Whether its packets would take the slice's stack, if there were the cable that lac_cable.c lays.
bool dp_tunnel_wants_cable(const struct dp_tunnel *tunnel);
enum dp_way dp_slice_way(const struct dp_slice *slice, const struct dp_path *path, uint32_t tag); // of its sessions with these
// The same of an Integrated slice's sessions with this path and tag.
void dp_slice_flow(const struct dp_slice *slice, const struct dp_path *path, uint32_t tag, struct dp_counters *out);
// Outer packets and octets that the programs took past the slice's stack, where the counters of the Routing Policy's rules do not see them.
void dp_tunnel_flow(const struct dp_tunnel *tunnel, struct dp_counters *out);
void dp_tunnel_free(struct dp_tunnel **tunnel); // its sessions must be gone
// Sends one PPP frame (protocol + packet, no Address/Control) of a session, installed or not; header and framing as the tunnel's, Ns as the
// session's when its LNS sequences data (RFC 2661 5.4). Always with Address/Control when it is LCP (RFC 1661 6.6). Queued, copied.
int dp_tunnel_send_ppp(struct dp_tunnel *tunnel, uint16_t local_session_id, uint16_t peer_session_id, uint16_t ppp_protocol,
	const uint8_t *packet, size_t len);
// Forgets what is kept for a session id that was never installed (its Ns): call it when such a session ends.
void dp_tunnel_forget(struct dp_tunnel *tunnel, uint16_t local_session_id);

// An Integrated slice hears its SIMs and reaches them through its interface DP_SLICE_INTERFACE (sims.c makes it): its routes for the SIMs' subnets
// lead there by these gateways ("on link"), and what comes in by it is from a SIM and has that SIM's own address as its source.
#define DP_SLICE_INTERFACE "sims"
#define DP_SLICE_WIRE "simw" // its other end
#define DP_SLICE_GATEWAY4 "192.0.0.2"
#define DP_SLICE_GATEWAY6 "fe80::2"
// Frames on it, and on the cable of an L2TP slice: what the slice's side and the other side have for an Ethernet address.
#define DP_SLICE_MAC "\x02\x53\x47\x00\x00\x01"
#define DP_SIMS_MAC "\x02\x53\x47\x00\x00\x02" // 02:53:47:tt:tt:tt from a session with a tag
// The cable of an L2TP slice, for tunnels whose packets take its stack: what the stack sends to a LAC goes by it.
#define DP_LAC_INTERFACE "lac"
#define DP_LAC_WIRE "lacw" // its other end, where the programs stand
// `fd`: a socket that reads and writes such frames, whole, one at a time (taken): the packet socket on the interface's other end. 0 or -errno.
int dp_slice_new(struct dp *dp, int fd, struct dp_slice **out);
void dp_slice_free(struct dp_slice **slice); // its sessions must be gone
// Sends a packet of ours (a router advertisement) to the SIM of an Integrated session, whatever its addresses. Queued, copied.
int dp_session_send(struct dp_session *session, const uint8_t *packet, size_t len);

// 0, -EEXIST (the TEID, the session id, or in a slice the SIM's address), -EINVAL, -ENOSPC, -ENOMEM
int dp_session_add(struct dp *dp, const struct dp_session_spec *spec, struct dp_session **out);
// Of the same TEID, tunnel or slice, and session ids; peer, addresses, MTU, limits may change; counters stay.
int dp_session_update(struct dp_session *session, const struct dp_session_spec *spec);
void dp_session_del(struct dp_session **session, struct dp_counters *last); // `last` may be NULL
// Whether there is a capture at all; a session's packets are shown, and all take the sockets, while it is watched.
void dp_watch(struct dp *dp, bool on);
void dp_session_watch(struct dp_session *session, bool on);
void dp_session_counters(const struct dp_session *session, struct dp_counters *out);
void dp_session_restore_counters(struct dp_session *session, const struct dp_counters *from); // after a restart
uint64_t dp_drops(const struct dp *dp, enum dp_drop reason);
void dp_totals(const struct dp *dp, struct dp_counters *out);
// Allocates an uplink TEID for `max_sessions` (index in the low bits, random above, never 0, rests before reuse). 0 or -ENOSPC.
int dp_teid_take(struct dp *dp, uint64_t now_ms, uint32_t *out);
int dp_teid_claim(struct dp *dp, uint32_t teid); // recovered at start
uint32_t dp_teids(const struct dp *dp); // that are out
uint32_t dp_teid_slots(
	const struct dp *dp); // a power of two: the low bits of a TEID are its index, and no other has it meanwhile
void dp_teid_give(struct dp *dp, uint32_t teid, uint64_t now_ms);
