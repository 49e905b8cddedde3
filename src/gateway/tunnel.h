// SPDX-License-Identifier: Apache-2.0
// A tunnel of a LAC: the L2TP engine with its socket, timer, ids, durable record and reports.
#pragma once

#include "gateway/vslice.h"
#include "proto/l2tp/session.h"

// One L2TP session: kept apart from `struct session`, since a call that was given up lives on until the LNS has acknowledged its CDN, while the
// SIM may be on another LNS already.
struct call {
	struct l2tp_session l2tp;
	struct session *session; // NULL once given up
};

struct tunnel {
	struct l2tp_tunnel l2tp; // first
	struct tunnel *next; // of the pair
	struct tunnel *touched_next;
	struct pair *pair; // NULL when the pair is gone from the configuration
	struct lac *lac;
	struct profile *profile;
	struct uuid id;
	struct uuid lns_id;
	struct timer timer;
	struct dp_tunnel *dp;
	struct idset *session_ids;
	uint64_t since_wall_ms;
	uint32_t state_index;
	uint32_t messages[L2TP_WINDOW_MAX]; // records of unacknowledged messages
	char last_error[160];
	struct dp_counters flow_seen; // of the data plane, already counted for its rules
	enum dp_way way_told; // how its packets go, as last reported
	uint64_t unused_ms; // since when it has had no session
	bool is_touched, is_draining, gone;
	bool is_told; // its end was reported
	bool is_again; // it failed, and another address or secret may do: dial the same LNS again
};

extern const struct l2tp_ops tunnel_ops;

// A tunnel with room for one more session: an open one of the pair, or a new one that is being opened. 0 or -errno.
int tunnel_get(struct pair *pair, struct tunnel **out);
// A new tunnel, nothing sent yet.
int tunnel_new(struct pair *pair, const struct ip_end *peer, uint16_t local_id, struct tunnel **out);
void tunnel_free(struct tunnel *tunnel);
void tunnel_close(struct tunnel *tunnel, enum l2tp_stop result, const char *text);
// After any call into the engine: arms the timer.
void tunnel_settle(struct tunnel *tunnel);
// After the LNS or the way to it is known or has changed: tells the data plane.
void tunnel_follow_path(struct tunnel *tunnel);
// An acknowledgment may be owed: flushed at the end of the batch.
void tunnel_touch(struct tunnel *tunnel);
void tunnels_flush(struct gateway *gateway);
void tunnel_report(struct tunnel *tunnel);
struct tunnel *tunnel_find(const struct gateway *gateway, const struct uuid *id);

// Dials a call on the tunnel. 0 or -errno; `call->session` hears of it by session_on_call.
int tunnel_dial(struct tunnel *tunnel, struct session *session, const struct l2tp_call *wish, struct call **out);
// Gives a call up: CDN where needed, memory and id follow when the LNS has acknowledged. Sets *call to NULL.
void call_drop(struct call **call, enum l2tp_cdn result, enum l2tp_error error, const struct l2tp_disconnect *disconnect,
	const char *text);
// The same when the LNS ended it or the tunnel is gone: no CDN is owed.
static inline struct tunnel *call_tunnel(const struct call *call)
{
	return (struct tunnel *)call->l2tp.tunnel;
}
