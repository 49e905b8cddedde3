// SPDX-License-Identifier: Apache-2.0
// What gateways report, in memory: sessions, tunnels, the state of gateways and targets. A controller that starts knows none of it; gateways tell it anew when they have joined.
// Any thread may ask and tell; a lock inside keeps it whole.
#pragma once

#include "model/gateway.h"
#include "model/live.h"
#include "model/target.h"
#include "model/text.h"

#include <jansson.h>

struct live;

int live_new(struct live **out);
void live_free(struct live **live);

// Telling. Objects are taken over. Everything is of the gateway `gateway` (its id).
// `active_ms`: when the session was last known to have moved something, 0 when that is not known.
void live_put_session(struct live *live, struct session *session, int64_t active_ms);
void live_put_tunnel(struct live *live, struct tunnel *tunnel);
void live_drop_session(struct live *live, const char *id);
void live_drop_tunnel(struct live *live, const char *id);
void live_count_usage(
	struct live *live, const char *id, int64_t bytes_up, int64_t bytes_down, int64_t packets_up, int64_t packets_down);
void live_sync_begin(struct live *live, const char *gateway); // what is not put until the end is gone
void live_sync_end(struct live *live, const char *gateway);
// `public`: an object of what the customer must know of a target's end at the gateway (publicInstanceConfiguration); NULL = nothing.
void live_put_target(struct live *live, const char *target, enum target_status status, const char *message, const json_t *public);
struct live_traffic { // what went by a target
	int64_t packets_up, bytes_up, packets_down, bytes_down, refused;
};
void live_put_traffic(struct live *live, const char *target, const struct live_traffic *traffic);
// The status of a target as last told, TARGET_PENDING when nothing was.
enum target_status live_target_status(struct live *live, const char *target);
void live_put_rule(struct live *live, const char *rule, int64_t packets, int64_t bytes); // what a Routing Policy's rule matched
void live_put_slice(struct live *live, const char *vslice, bool ready, const char *message, const char *data_path);

struct live_gateway {
	int64_t last_seen_ms, started_ms, sessions, tunnels, config_revision, load_percent;
	unsigned streams; // open configuration streams
	char version[40], addresses[8][48], data_path[400];
	size_t address_count;
	char boot[64]; // of the gateway's process, and its last batch of reports that was taken
	int64_t sequence;
};
// Calls `change` on the state of a gateway, made where there was none.
void live_change_gateway(
	struct live *live, const char *gateway, void (*change)(struct live_gateway *state, void *context), void *context);

// Asking.
// The configuration revision that a gateway last said it has taken; 0 when nothing was heard from it yet.
int64_t live_config_revision(struct live *live, const char *gateway);
// Fills the members of an endpoint, a gateway, a target or a policy's rules that are live.
void live_fill(struct live *live, const struct noun *noun, void *object);
// Writes the objects of a page as JSON, separated by commas. 0, or -EINVAL with one line in `why` for a wrong filter or sort.
int live_list(struct live *live, const struct noun *noun, const char *customer, const char *filter, const char *sort,
	int64_t offset, int64_t limit, struct text *out, int64_t *total, char why[200]);
// Writes one object. False when there is none that the customer may see.
bool live_get(struct live *live, const struct noun *noun, const char *customer, const char *id, struct text *out);
// The gateway (id) of an endpoint's session or of a tunnel; false when there is none. `tunnel` false: `id` is an endpoint's.
bool live_gateway_of(struct live *live, bool tunnel, const char *customer, const char *id, char gateway[37]);
// Calls `look` with the session, or with NULL where there is none, while nothing changes.
void live_look_session(
	struct live *live, const char *id, void (*look)(const struct session *session, void *context), void *context);
// Likewise, of an endpoint.
void live_look_endpoint(
	struct live *live, const char *endpoint, void (*look)(const struct session *session, void *context), void *context);
// The sessions that live_sync_end would drop: calls `each` on every one.
void live_each_stale(
	struct live *live, const char *gateway, void (*each)(const struct session *session, void *context), void *context);
// A VSlice's tunnels and what was last heard from them, for readiness: calls `each` on every one.
void live_each_tunnel(
	struct live *live, const char *vslice, void (*each)(const struct tunnel *tunnel, void *context), void *context);
// What was last said of a VSlice's network. False when nothing was.
bool live_slice(struct live *live, const char *vslice, bool *ready, char message[200]);
void live_counts(struct live *live, int64_t *sessions, int64_t *tunnels, int64_t *gateways);
