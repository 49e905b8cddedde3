// SPDX-License-Identifier: Apache-2.0
// The gateway as a whole: what every part of the control side may reach. There is one, made by main.c; everything runs on its loop.
//
// Ownership: the gateway owns vslices (the running form of the configured ones) and sessions. A vslice owns its LACs, a LAC its pairs
// (LAC, LNS) and through them the tunnels. A session owns its call; a tunnel knows the calls that it carries. The configuration belongs to the
// link and is looked up by id each time.
#pragma once

#include "base/log.h"
#include "base/map.h"
#include "base/metrics.h"
#include "base/pool.h"
#include "base/wheel.h"
#include "gateway/apns.h"
#include "gateway/config.h"
#include "gateway/dataplane/dataplane.h"
#include "gateway/keeper.h"
#include "gateway/link.h"
#include "gateway/refusal.h"
#include "gateway/report.h"
#include "gateway/sessions.h"
#include "gateway/slice.h"
#include "gateway/state.h"
#include "proto/l2tp/engine.h"
#include "proto/ppp/link.h"

struct access;
struct captures;
struct resume;
struct apply_round;
struct session;
struct vslice;

#define GATEWAY_COUNTERS(X)                                                                                                      \
	X(attach_requests, "attach_requests", "attach requests that reached session set-up")                                     \
	X(attach_accepted, "attach_accepted", "attaches answered with an address")                                               \
	X(attach_repeated, "attach_replaced", "attaches that took the place of an older session of the same SIM")                \
	X(sessions_ended, "sessions_ended", "sessions that were up and ended")                                                   \
	X(lns_failovers, "lns_failovers", "attaches that moved on to another LNS")                                               \
	X(sessions_to_rescue, "sessions_of_lost_tunnels", "sessions whose tunnel was lost and that waited for another")          \
	X(sessions_rescued, "sessions_rescued", "of those, sessions that kept their address on another tunnel")                  \
	X(tunnels_opened, "tunnels_opened", "tunnels that came up")                                                              \
	X(tunnels_lost, "tunnels_lost", "tunnels that went down or never came up")                                               \
	X(gtpu_error_indications, "gtpu_error_indications", "GTP-U Error Indications sent")                                      \
	X(unknown_peers, "gtp_unknown_peers", "GTP messages from outside gtpPeers")                                              \
	X(unknown_lns, "l2tp_unknown_lns", "L2TP control messages from undeclared addresses")                                    \
	X(unknown_tunnels, "l2tp_unknown_tunnels", "L2TP control messages for unknown tunnels")

struct gateway_counters {
#define X(member, name, help) uint64_t member;
	GATEWAY_COUNTERS(X)
#undef X
	uint64_t refused[REFUSAL_COUNT]; // attaches, by reason
	uint64_t ended[REFUSAL_COUNT]; // sessions that were up, by reason
};

// auto: XDP where it can be had, else the sockets; xdp: or no start at all; soft: the sockets.
enum gateway_dataplane { DATAPLANE_AUTO, DATAPLANE_XDP, DATAPLANE_SOFT };

struct gateway_options {
	char *name; // our moniker
	struct ip_addr gtp_address;
	char *state_dir;
	enum gateway_dataplane dataplane;
	uint32_t max_sessions, max_attaching;
	struct link_options link;
	uint64_t usage_ms; // how often usage is reported
	struct ip_addr dns[4]; // told to devices on VSlices that name none
	size_t dns_count;
};

// Tables of the state file.
enum gateway_table {
	TABLE_GATEWAY,
	TABLE_PEER,
	TABLE_HABIT,
	TABLE_TUNNEL,
	TABLE_SESSION,
	TABLE_MESSAGE,
	TABLE_APN,
	TABLE_SECRET,
	TABLE_IP6,
	GATEWAY_TABLES
};

struct gateway {
	uv_loop_t *loop;
	const struct gateway_options *options;
	struct wheel wheel;
	uv_timer_t *wheel_timer;
	uv_prepare_t *wheel_prepare;
	uint64_t now_ms; // monotonic, of this turn of the loop

	struct http *http;
	struct report *report;
	struct link *link;
	struct config *config; // the link's; NULL before the first one
	struct worker *worker;
	struct keeper *keeper; // NULL: sockets are not kept over a restart
	struct dp *dp;
	struct state *state;
	struct access *access;
	struct resume *resume; // NULL when there is nothing to resume any longer
	struct apply_round *applying; // of a configuration that is being taken (apply.c); else NULL
	struct captures *captures; // NULL while there are none

	struct strmap vslices; // by id
	struct sessions sessions;
	struct apns apns;
	struct pool session_pool, line_pool, call_pool, tunnel_pool;
	uint32_t attaching, established, tunnels;
	struct tunnel *touched; // tunnels that owe an acknowledgment at the end of this batch

	struct gateway_counters counters;
	struct histogram attach_times; // milliseconds from request to answer, of accepted attaches
	struct l2tp_counters l2tp_counters;
	struct ppp_counters ppp_counters;
	struct log_rate unknown_rate, trace_rate;
	char user_name[256]; // scratch of the credentials callback
	uint64_t started_wall_ms;
	size_t sync_cursor, usage_cursor, watch_cursor; // how far a round of each has come in the sessions
	size_t sync_told; // sessions told in this round of the sync
	uint8_t sync_round;
	bool syncing, stopping, keep, tunnels_stopped, stopped;
	void (*stop_done)(struct gateway *gateway);
	uint64_t stop_deadline_ms;
	struct timer status_timer, usage_timer, watch_timer, stop_timer;
};

int gateway_new(uv_loop_t *loop, const struct gateway_options *options, struct gateway **out);
// Tears everything down on the wire (drain), then `done` is called. `keep`: leaves sessions as they are for the next start.
void gateway_stop(struct gateway *gateway, bool keep, void (*done)(struct gateway *gateway));
void gateway_free(struct gateway **gateway);

// Each callback of the loop begins with it: libuv knows the time when it wakes, and before any of its own hooks runs. Without it an idle
// gateway would take the time of its last packet for now, and a request be as old as the idleness before it.
static inline void gateway_wake(struct gateway *gateway)
{
	gateway->now_ms = uv_now(gateway->loop);
}

// The socket of `name` that the keeper held for us, or a new one, which it holds from here on. 0 or -errno.
int gateway_socket(struct gateway *gateway, const char *name, const struct ip_end *address, int *fd);

struct vslice *gateway_vslice(const struct gateway *gateway, const struct uuid *id);
uint64_t wall_ms(void); // milliseconds since 1970
// Random octets from the kernel's generator, cheaply: a block is fetched at a time.
void random_fill(void *out, size_t len);
json_t *json_time(uint64_t wall_ms_); // RFC 3339, UTC
json_t *json_text(const char *text, size_t len); // what is not printable UTF-8 becomes '?'
